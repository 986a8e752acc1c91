"""
The named volumes of the stack: those for files are made anew with their container, those with data are never touched.

Except by `stack down --volumes`, and then only what carries our labels.
"""

from cclaunch.backends.docker.connect import WORK_S, translated
from cclaunch.backends.docker.model import DATA_FORMAT, FORMAT, OWNER, RENAME, Connection, Volume
from cclaunch.errors import NotOurs, StackError


def ensure(on: Connection, volume: Volume, *, in_use: bool = False) -> None:
    """
    Have *volume*: a data volume stays as it is, one for files is made anew, unless it is *in_use*.

    Raises:
        NotOurs: Somebody else's has the name.
        StackError: It is of another release, or cannot be made.
    """
    import docker.errors

    with translated(doing=f"make the volume {volume.name}"):
        try:
            labels = on.api.inspect_volume(volume.name).get("Labels") or {}
        except docker.errors.NotFound:
            on.api.create_volume(volume.name, labels=dict(volume.labels))
            return
        if labels.get(OWNER) != on.stack.owner:
            raise NotOurs(f"the volume {volume.name} exists and was not made by this cclaunch", hint=RENAME)
        if volume.kind == "config" and in_use:
            return
        if volume.kind == "config":
            on.api.remove_volume(volume.name)
            on.api.create_volume(volume.name, labels=dict(volume.labels))
        elif labels.get(FORMAT) != DATA_FORMAT:
            raise StackError(
                f"the volume {volume.name} is of another release of cclaunch "
                f"(format {labels.get(FORMAT) or 'unknown'}; this one knows {DATA_FORMAT})",
                hint="use that release, or set docker.project in config.toml to begin beside it",
            )


def names(on: Connection, kind: str) -> list[str]:
    """Return the names of our volumes of *kind*, also those of services that no longer run."""
    filters = {"label": [*on.filters["label"], f"cclaunch.kind={kind}"]}
    with translated(doing="list the volumes"):
        return [str(one["Name"]) for one in on.api.volumes(filters=filters)["Volumes"] or []]


def remove_volumes(on: Connection, kind: str) -> list[str]:
    """Remove our volumes of *kind* and return their names. Raises StackError when one is in use."""
    found = names(on, kind)
    for name in found:
        with translated(doing=f"remove the volume {name}"):
            on.api.remove_volume(name)
    return found


def sizes(on: Connection, seconds: float = WORK_S) -> dict[str, int]:
    """Return the bytes in our data volumes by volume; without those that the engine does not know in time."""
    url = f"{on.api.base_url}/v{on.api.api_version}/system/df"
    with translated(doing="measure the volumes"):
        found = on.api.get(url, params={"type": "volume"}, timeout=seconds).json().get("Volumes") or []
    ours = set(names(on, "data"))
    sizes = {str(one["Name"]): int((one.get("UsageData") or {}).get("Size", -1)) for one in found if one["Name"] in ours}
    return {name: size for name, size in sizes.items() if size >= 0}
