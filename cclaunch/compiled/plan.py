"""
Working out what ``cclaunch.hot.gather`` reads: config, profiles and state into a plan, a directory into a place.

Cold: runs when a source has changed, or on the first launch of a release. A broken file never stops a launch: the plan
is then made of the defaults, or the profile of its trouble, and carries the sentence to say.
"""

import contextlib
import os
import time
from collections.abc import Iterable

from cclaunch import __version__, otel
from cclaunch.config.model import Config, load_config
from cclaunch.config.state import State, load_state, state_path
from cclaunch.errors import CclaunchError, ConfigError
from cclaunch.files.sweeping import sweep
from cclaunch.hot.paths import Directories
from cclaunch.hot.plan import Place, Plan
from cclaunch.hot.reading import read_small, stamp
from cclaunch.hot.records import FORMAT, place_file, place_key, plan_key, write_records
from cclaunch.place.file import read_place_file
from cclaunch.place.repository import git_directory, repository
from cclaunch.profiles.disk import load_profile, profile_names, profile_path, profiles_directory, resolve_profile
from cclaunch.profiles.model import Profile

YOUNG_NS = 10_000_000
"""A source changed within the last 10 ms may change again under the same time stamp: not trusted, so not cached."""

Records = list[list[str]]


def compile_plan(where: Directories, home: str, *, write: bool = True) -> Plan:
    """
    Return the plan made from config, state and profiles in *where*, and keep it in the cache when *write* says so.

    *home* is what ``~`` stands for in a profile.
    """
    config_path = where.config + "/config.toml"
    sources = source_records([config_path, state_path(where), profiles_directory(where)])
    warnings = []
    config, state = Config(), State()
    try:
        config = load_config(config_path)
    except ConfigError as error:
        warnings.append(f"{error.message}; the defaults are used")
    try:
        state = load_state(where)
    except CclaunchError as error:
        warnings.append(f"{error.message}; no profile is active and nothing is bound")
    records = [[FORMAT, plan_key(__version__, where.config)], *sources, *plan_records(config)]
    records += [["setting", "active", state.active], ["setting", "backend", state.backend or config.stack.backend]]
    records += [["bind", path, name] for path, name in state.bindings.items()]
    profiles = [record for name in profile_names(where) for record in profile_records(where, name, home)]
    records += profiles
    records += [["warning", text] for text in warnings]
    read = [["source", *record[3:]] for record in profiles if record[2] == "sources"]
    if write and settled([*sources, *read]):
        keep(where.cache + "/plan", records)
    return Plan(records)


def profile_records(where: Directories, name: str, home: str) -> Records:
    """Return the records of the profile *name*, or of what is wrong with it."""
    paths = [profile_path(where, name)]
    marks = [stamp(paths[0])]  # taken before the reading: a change in between makes the plan stale, not wrong
    parts: Records = []
    try:
        if parent := load_profile(where, name).extends:
            paths.append(profile_path(where, parent))
            marks.append(stamp(paths[1]))
        parts = _parts(resolve_profile(where, name).profile, home)
    except CclaunchError as error:
        parts = [["trouble", "", error.message]]
    parts += [["sources", path, mark] for path, mark in zip(paths, marks, strict=True)]
    return [["profile", name, *part] for part in parts]


def _parts(profile: Profile, home: str) -> Records:
    parts = [["attributes", key, value] for key, value in profile.attributes.items()]
    parts += [["privacy", otel.PRIVACY[key], "1" if on else "0"] for key, on in profile.privacy.items()]
    if directory := profile.claude_config_dir:
        tilde = directory == "~" or directory.startswith("~/")
        parts.append(["config_dir", "", home + directory[1:] if tilde else directory])
    return parts


def plan_records(config: Config) -> Records:
    """Return the records of *config*: what ``Plan`` is read from."""
    protocol = config.telemetry.protocol
    port = "{grpc}" if protocol == "grpc" else "{http}"
    routes = {
        otel.ENABLE: "1",
        otel.METRICS_EXPORTER: "otlp",
        otel.LOGS_EXPORTER: "otlp",
        otel.TRACES_EXPORTER: "none",
        otel.PROTOCOL: protocol,
        otel.ENDPOINT: f"http://127.0.0.1:{port}",
        otel.TEMPORALITY: "cumulative",
    }
    settings = {
        "backend": config.stack.backend,
        "wait": str(config.stack.wait),
        "on_failure": config.stack.on_failure,
        "routing": config.telemetry.routing,
        "protocol": protocol,
        "grpc": str(config.ports.grpc),
        "http": str(config.ports.http),
        "metrics": str(config.ports.metrics),
        "attributes_name": otel.RESOURCE_ATTRIBUTES,
        "temporality_name": otel.TEMPORALITY,
        "config_dir_name": otel.CONFIG_DIR,
        "asked": " ".join(name for name in ("branch", "host") if getattr(config.telemetry, name)),
    }
    records = [["route", name, value] for name, value in routes.items()]
    records += [["privacy", name, "1" if getattr(config.privacy, key) else "0"] for key, name in otel.PRIVACY.items()]
    records += [["setting", name, value] for name, value in settings.items()]
    records.append(["displaced_prefixes", *otel.ROUTING_PREFIXES])
    records.append(["displaced_names", *otel.ROUTING_NAMES])
    return records


def compile_place(where: Directories, directory: str, home: str, *, asked: str = "", write: bool = True) -> Place:
    """
    Return what *directory* says, and keep it in the cache when *write* says so.

    Args:
        where: Our directories.
        directory: A real path.
        home: The home directory, where the search for ``.cclaunch.toml`` ends at the latest.
        asked: The automatic attributes that were asked for beside the usual: words of ``branch`` and ``host``.
        write: Whether the cache may be written.
    """
    name, paths = repository(directory)
    stated = read_place_file(directory, home, os.geteuid() if hasattr(os, "geteuid") else -1)
    automatic = [("vcs.repository.name", name)]
    if "branch" in asked.split():
        head = git_directory(directory) + "/HEAD"
        paths = [*paths, head]
        automatic.append(("vcs.ref.head.name", _branch(head)))
    if "host" in asked.split():
        automatic.append(("host.name", os.uname().nodename))
    sources = source_records(dict.fromkeys([*paths, *stated.sources]))
    records = [[FORMAT, place_key(directory, asked)], *sources, ["file", stated.path, stated.profile]]
    records += [["attribute", key, value] for key, value in automatic if value]
    records += [["stated", key, value] for key, value in stated.attributes.items()]
    records += [["warning", stated.trouble]] if stated.trouble else []
    if write and settled(sources):
        keep(place_file(where.cache, place_key(directory, asked)), records)
        sweep(where.cache)
    return Place(records)


def _branch(head: str) -> str:
    """Return the branch that git's *head* file names; empty for a detached one or none."""
    text = (read_small(head, 4096) or b"").decode("utf-8", "replace").strip()
    return text.removeprefix("ref: refs/heads/") if text.startswith("ref: refs/heads/") else ""


def source_records(paths: Iterable[str]) -> Records:
    """Return a ``source`` record for each of *paths*: its stamp, as it is now."""
    return [["source", path, stamp(path)] for path in paths]


def settled(sources: Records) -> bool:
    """Say whether all *sources* are old enough that a change to come would show in their stamps."""
    now = time.time_ns()
    for _, path, _ in sources:
        with contextlib.suppress(OSError):
            if now - os.stat(path).st_ctime_ns < YOUNG_NS:
                return False
    return True


def keep(path: str, records: Records) -> None:
    """Write the compiled file whole or not at all; a cache that cannot be written is no reason to speak."""
    temporary = f"{path}.{os.getpid()}"
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(write_records(records).encode("utf-8", "surrogateescape"))
        os.replace(temporary, path)
