"""
What a launch has to know, already worked out: the plan (config and state) and the place (this directory).

Reading TOML and walking a repository cost more than the launch itself, so both are compiled into
flat files of the cache and only *read* here. Each names its sources with a stamp; one source that
differs makes the file stale, and then ``cclaunch.compile`` (cold) makes it anew. The TOML stays the
one source of truth, and the cache may be deleted at any time.

Hot: this module imports nothing that the interpreter has not loaded already.
"""

import sys

from cclaunch import __version__
from cclaunch.hot.compose import Place, Plan, Ports, Profile, Selection, select

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows has the same functions under another name
    import os as system  # type: ignore[no-redef]

FORMAT = "cclaunch-compiled-4"
RECORD = "\x1e"
FIELD = "\x1f"
SIZE_LIMIT = 1 << 20
BLOCK = 1 << 20
STATE_PLACE = "state"
"""Claude's state file among the places of its settings."""

REPOSITORY_PLACES = ("project", "local")
"""Places of its settings that come with a repository."""

REPOSITORY_LIMIT = 256 << 10
"""Bytes of such a file that are read: what somebody else wrote may not cost a launch more than 100 ms."""

SETTINGS_LIMIT = 256 << 20
"""Bytes of one of claude's settings files: its ``.claude.json`` alone may hold megabytes."""
ESCAPED_ENV = (b'"\\u0065', b'"e\\u006', b'"en\\u0076"')
"""How a member called ``env`` begins when its name holds an escape; of claude's own making is none of them."""

MISSING = "-"
END = "end"
DAMAGED = (ValueError, IndexError, KeyError, TypeError, AttributeError)
"""What it may come to when a compiled file is not what we wrote: it is made anew."""

APP = "cclaunch"


class Directories:
    """Where our files live; four absolute paths: *config*, *state*, *cache* and *data*."""

    __slots__ = ("cache", "config", "data", "state")

    def __init__(self, config: str, state: str, cache: str, data: str) -> None:
        self.config = config
        self.state = state
        self.cache = cache
        self.data = data


def home(environ: "dict[str, str]") -> str:
    """Return the home directory: ``HOME``, else the password database's, as platformdirs does."""
    found = environ.get("HOME")
    if found:
        return found
    import os.path  # cold: a HOME that is not set is rare

    return os.path.expanduser("~")


def directories(environ: "dict[str, str]") -> Directories:
    """
    Return our directories for *environ*.

    A cheap copy of platformdirs' rule for Linux and macOS (a test holds one to the other); Windows
    asks platformdirs itself. ``CCLAUNCH_CONFIG_DIR`` and ``CCLAUNCH_DATA_DIR`` win.
    """
    if sys.platform == "win32":
        import platformdirs

        found = platformdirs.PlatformDirs(APP, appauthor=False)
        paths = [found.user_config_dir, found.user_state_dir, found.user_cache_dir, found.user_data_dir]
    elif sys.platform == "darwin":
        base = home(environ) + "/Library/"
        support = _xdg(environ, "XDG_DATA_HOME", base + "Application Support")
        paths = [
            _xdg(environ, "XDG_CONFIG_HOME", base + "Application Support"),
            _xdg(environ, "XDG_STATE_HOME", base + "Application Support"),
            _xdg(environ, "XDG_CACHE_HOME", base + "Caches"),
            support,
        ]
    else:
        base = home(environ) + "/"
        paths = [
            _xdg(environ, "XDG_CONFIG_HOME", base + ".config"),
            _xdg(environ, "XDG_STATE_HOME", base + ".local/state"),
            _xdg(environ, "XDG_CACHE_HOME", base + ".cache"),
            _xdg(environ, "XDG_DATA_HOME", base + ".local/share"),
        ]
    config = environ.get("CCLAUNCH_CONFIG_DIR") or paths[0]
    data = environ.get("CCLAUNCH_DATA_DIR") or paths[3]
    return Directories(config, paths[1], paths[2], data)


def _xdg(environ: "dict[str, str]", name: str, default: str) -> str:
    value = environ.get(name, "").strip()
    return (value or default) + "/" + APP


def doubtful(where: Directories, base: str, owners: "tuple[int, ...]") -> "list[str]":
    """
    Return those of our directories, and of the ones above them, that somebody else may change.

    One of ours is doubtful when it is not one of *owners*' or when its group or others may write in it; one above it, up
    to *base* (HOME), as well, unless the sticky bit keeps them from what is not theirs. Windows has neither.
    """
    if sys.platform == "win32":
        return []
    found, seen = [], {base.rstrip("/"), ""}
    for path in (where.config, where.state, where.cache, where.data):
        safe = 0
        while path not in seen:
            seen.add(path)
            try:
                about = system.stat(path)
            except (OSError, ValueError):  # it is not there: nothing is read from it
                break
            if about.st_uid not in owners or (about.st_mode & 0o022 and not about.st_mode & safe):
                found.append(path)
            path, safe = path.rpartition("/")[0], 0o1000
    return found


def read_small(path: str, limit: int = SIZE_LIMIT) -> "bytes | None":
    """
    Return the bytes of a regular file of at most *limit* bytes, or None when there is none to be had.

    Opened non-blocking: a FIFO or a device in the place of a file of ours must not hang a launch. A file that says it is
    empty and is not is one of the kernel's (``/proc``), and may be endless: no more than one byte of it is read.
    """
    try:
        handle = system.open(path, system.O_RDONLY | getattr(system, "O_NONBLOCK", 0) | getattr(system, "O_CLOEXEC", 0))
    except (OSError, ValueError):
        return None
    try:
        found = system.fstat(handle)
        if found.st_mode & 0o170000 != 0o100000 or found.st_size > limit:
            return None
        data = system.read(handle, found.st_size + 1)
        if len(data) == found.st_size:
            return data  # one byte more was asked for: this is all
        if not found.st_size:
            return None
        while len(data) <= limit and (part := system.read(handle, BLOCK)):  # it grows
            data += part
        return data if len(data) <= limit else None
    except OSError:
        return None
    finally:
        system.close(handle)


def stamp(path: str) -> str:
    """Return what tells one version of *path* from another: times in ns, size and inode; ``-`` when it is missing."""
    try:
        found = system.stat(path)
    except (OSError, ValueError):
        return MISSING
    if found.st_mode & 0o170000 == 0o040000:  # a directory: its entries count, and they move its mtime
        return f"d{found.st_ctime_ns}.{found.st_mtime_ns}.{found.st_ino}"
    return f"{found.st_ctime_ns}.{found.st_mtime_ns}.{found.st_size}.{found.st_ino}"


def write_records(records: "list[list[str]]") -> str:
    """Return the text of a compiled file. A record is a list of fields; separators inside a field are dropped."""
    whole = [*records, [END]]
    return RECORD.join(FIELD.join(field.replace(RECORD, "").replace(FIELD, "") for field in record) for record in whole)


def read_compiled(path: str, key: str) -> "list[list[str]] | None":
    """
    Return the records of the compiled file at *path*, or None when it is missing, stale or not ours.

    *key* is what the file must have been made for (our version and options, or the directory).
    """
    data = read_small(path)
    if data is None:
        return None
    try:
        records = [record.split(FIELD) for record in data.decode("utf-8", "surrogateescape").split(RECORD)]
    except ValueError:
        return None
    if records[0] != [FORMAT, key] or records.pop() != [END]:
        return None
    for record in records:
        if record[0] == "source" and (len(record) != 3 or stamp(record[1]) != record[2]):
            return None
    return records


def place_file(cache: str, directory: str) -> str:
    """Return the cache file of *directory*: named by a hash, because a path can be longer than a file name may be."""
    from _blake2 import blake2b  # hashlib would cost a millisecond

    return f"{cache}/places/{blake2b(directory.encode('utf-8', 'surrogateescape'), digest_size=16).hexdigest()}"


def gather(
    where: Directories, environ: "dict[str, str]", directory: str, named: str, write: bool
) -> "tuple[Plan, Place, Selection]":
    """
    Return plan, place and the profile in force, each read from the cache if what it was made from is still the same.

    Args:
        where: Our directories.
        environ: What we were started with.
        directory: Where we are, a real path; empty when it was removed under us.
        named: The NAME of ``+NAME``, or an empty string.
        write: Whether the cache may be written.
    """
    plan = _plan(where)
    if plan is not None:
        place = _place(where, environ, directory, plan.settings["asked"], write)
        selection = select(plan, place, environ, directory, named)
        chosen = plan.profiles.get(selection.asked)
        if chosen is None or is_current(chosen):
            return plan, place, selection
    from cclaunch.compile import compile_plan

    plan = compile_plan(where, home(environ), write=write)
    place = _place(where, environ, directory, plan.settings["asked"], write)
    return plan, place, select(plan, place, environ, directory, named)


def _plan(where: Directories) -> "Plan | None":
    records = read_compiled(where.cache + "/plan", plan_key(__version__, where.config))
    try:
        plan = None if records is None else Plan(records)
        return plan if plan is not None and plan.settings["asked"] is not None else None
    except DAMAGED:
        return None


def _place(where: Directories, environ: "dict[str, str]", directory: str, asked: str, write: bool) -> Place:
    if not directory:
        return Place([])
    key = place_key(directory, asked)
    records = read_compiled(place_file(where.cache, key), key)
    try:
        if records is not None:
            return Place(records)
    except DAMAGED:
        pass
    from cclaunch.compile import compile_place

    return compile_place(where, directory, home(environ), asked=asked, write=write)


def gather_claims(
    plan: Plan, where: Directories, directory: str, selection: Selection, environ: "dict[str, str]", write: bool
) -> "list[list[str]]":
    """Return what claude's settings files say here, as ``read_claims`` does; worked out anew when it must be."""
    chosen = plan.profiles.get(selection.name)
    config_dir = chosen.config_dir if chosen else ""
    if not config_dir and (name := plan.settings["config_dir_name"]) in environ:
        config_dir = environ[name] if environ[name].startswith("/") else f"{directory}/{environ[name]}"
    try:
        claims = read_claims(where.cache, directory, config_dir)
    except DAMAGED:
        claims = None
    if claims is not None:
        return claims
    from cclaunch.claims import compile_claims

    found = compile_claims(where, plan, directory, config_dir, home(environ), write=write)
    return [list(claim) for claim in found]


def place_key(directory: str, asked: str) -> str:
    """Return the key of a directory's compiled place; *asked* names the attributes that were asked for beside the usual."""
    return f"{asked} {directory}" if asked else directory


def claims_key(directory: str, config_dir: str) -> str:
    """Return the key of what claude's settings files say in *directory*, with its own files in *config_dir*."""
    return f"settings {len(config_dir)} {config_dir} {directory}"


def read_claims(cache: str, directory: str, config_dir: str) -> "list[list[str]] | None":
    """
    Return [place, path, variable, value] of each thing that claude's settings files say and that matters to a launch.

    None when they must be worked out anew. Claude itself writes one of these files all the time: as long as it still
    mentions none of our variables, that does not count as a change, and it is only searched, never parsed.
    """
    key = claims_key(directory, config_dir)
    records = read_compiled(place_file(cache, key), key)
    if records is None:
        return None
    claims, marks = [], []
    for kind, *fields in records:
        if kind == "marks":
            marks = [mark.encode("ascii") for mark in fields]
        elif kind == "claim":
            claims.append(fields)
        elif kind == "settings":
            place, path, mark, said = fields
            if stamp(path) != mark and (said or mentions(path, marks, place)):
                return None
    return claims


def settings_limit(place: str) -> int:
    """Return how many bytes a settings file of *place* may have to be read; a larger one is overridden unread."""
    return REPOSITORY_LIMIT if place in REPOSITORY_PLACES else SETTINGS_LIMIT


def mentions(path: str, marks: "list[bytes]", place: str) -> bool:
    """
    Say whether the file at *path* may say something that matters: it holds one of *marks*, or cannot be read.

    Of claude's state file, which may have megabytes, only the texts behind ``"env"`` are searched.
    """
    data = read_small(path, settings_limit(place))
    if data is None:
        return stamp(path) != MISSING
    if place != STATE_PLACE:
        return any([mark in data for mark in marks])
    if b"\0" in data or (b"\\u00" in data and any([name in data for name in ESCAPED_ENV])):
        return True
    start = data.find(b'"env"')
    while start >= 0:
        end, quotes, at = data.find(b"}", start), 0, start
        while end >= 0 and (quotes := quotes + data.count(b'"', at, end)) % 2:  # inside a string
            end, at = data.find(b"}", end + 1), end
        block = data[start:end]
        if end < 0 or b"\\" in block or block.count(b"{") > 1 or any([mark in block for mark in marks]):
            return True
        start = data.find(b'"env"', end)
    return False


def is_current(profile: Profile) -> bool:
    """Say whether the files of a compiled profile are still what they were."""
    return all(stamp(path) == mark for path, mark in profile.sources.items())


def plan_key(version: str, config: str) -> str:
    """Return the key that a compiled plan carries: another release or configuration directory makes it stale."""
    return f"{version} {config}"


def read_flat(path: str) -> "dict[str, str]":
    """Return a ``key=value`` file as a dictionary; empty when it is missing."""
    data = read_small(path, 4096)
    found = {}
    for line in (data or b"").decode("utf-8", "replace").splitlines():
        name, separator, value = line.partition("=")
        if separator:
            found[name] = value
    return found


def collector_ports(data: str) -> "Ports | None":
    """Return the ports of our collector from its ports file in the *data* directory, or None when it left none."""
    found = read_flat(data + "/collector.ports")
    if not (found.get("grpc", "").isdigit() and found.get("http", "").isdigit()):
        return None
    return Ports(found["grpc"], found["http"], found.get("metrics", ""), found.get("version", ""))


def is_older(version: str) -> bool:
    """Say whether a collector of *version* is older than this release: then it is replaced, while a newer one is used."""
    if version == __version__:
        return False
    return [int(part) for part in version.split(".") if part.isdigit()] < [int(part) for part in __version__.split(".")]


def adopted_ports(state: str) -> "Ports | None":
    """Return the ports of a collector that is not ours and is used, from the *state* directory, or None."""
    found = read_flat(state + "/foreign")
    if not found.get("grpc", "").isdigit():
        return None
    owner, uids = found.get("owner", ""), found.get("uids", "")
    return Ports(found["grpc"], found.get("http", ""), found.get("metrics", ""), owner=owner, uids=uids)


def numbers(text: str) -> "list[int]":
    """Return the numbers in *text*; whatever else stands there is left out."""
    return [int(word) for word in text.split() if word.isdigit() and word.isascii()]
