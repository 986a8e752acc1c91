"""
The place: what this directory says of the work that is done in it.

Which files are to be watched is known only when they have been read, and what is changed behind a reading must not stay for
ever. So a place that is kept is read twice, and stamped in between.
"""

import os

from cclaunch.compiled.keep import Records, keep, settled, source_records
from cclaunch.files.sweeping import sweep
from cclaunch.hot.paths import Paths
from cclaunch.hot.plan import Place
from cclaunch.hot.records import FORMAT, place_file, place_key
from cclaunch.place.file import read_place_file
from cclaunch.place.repository import branch, repository


def compile_place(paths: Paths, directory: str, home: str, *, asked: str = "", write: bool = True) -> Place:
    """
    Return what *directory* says, and keep it in the cache when *write* says so.

    Args:
        paths: Our directories.
        directory: A real path.
        home: The home directory, where the search for ``.cclaunch.toml`` ends at the latest.
        asked: The automatic attributes that are wanted beside the repository: words of ``branch`` and ``host``.
        write: Whether the cache may be written.
    """
    said, watched = _read(directory, home, asked.split())
    if not write:
        return Place(said)
    sources = source_records(watched)
    said, again = _read(directory, home, asked.split())
    if again == watched and settled(sources):
        key = place_key(directory, asked)
        keep(place_file(paths.cache, key), [[FORMAT, key], *sources, *said])
        sweep(paths.cache)
    return Place(said)


def _read(directory: str, home: str, asked: list[str]) -> tuple[Records, list[str]]:
    """Return what *directory* says, as records, and the paths whose change can change that."""
    name, read = repository(directory)
    stated = read_place_file(directory, home, os.geteuid() if hasattr(os, "geteuid") else -1)
    automatic = [("vcs.repository.name", name)]
    if "branch" in asked:
        head, sources = branch(directory)
        read = [*read, *sources]
        automatic.append(("vcs.ref.head.name", head))
    if "host" in asked:
        automatic.append(("host.name", os.uname().nodename))
    records = [["file", stated.path, stated.profile]]
    records += [["attribute", key, value] for key, value in automatic if value]
    records += [["stated", key, value] for key, value in stated.attributes.items()]
    records += [["warning", stated.trouble]] if stated.trouble else []
    return records, list(dict.fromkeys([*read, *stated.sources]))
