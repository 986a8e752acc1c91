"""
The form of a compiled file: records of fields, the sources they were made from, and the key they were made for.

The problem it owns: a compiled file that is cut, stale or not ours is found out before anything in it is believed.

Hot: C modules only.
"""

from cclaunch.hot.reading import read_small, stamp

FORMAT = "cclaunch-compiled-7"

RECORD = "\x1e"

FIELD = "\x1f"

END = "end"

PRIME, FACTOR = (1 << 128) - 159, 0x9E3779B97F4A7C15F39CC0605CEDC835

DAMAGED = (ValueError, IndexError, KeyError, TypeError, AttributeError)
"""What it may come to when a compiled file is not what we wrote: it is made anew."""


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


def fingerprint(text: str) -> str:
    """
    Return 32 hexadecimal digits that tell *text* from others: its bytes as one number, times another, modulo a prime.

    Nothing rests on it that somebody could gain by making two texts alike: who finds a file by it looks for the whole name
    inside. The hashes of the standard library are modules to be loaded, which costs half a millisecond.
    """
    return f"{int.from_bytes(text.encode('utf-8', 'surrogateescape') + b'.', 'big') * FACTOR % PRIME:032x}"


def place_file(cache: str, directory: str) -> str:
    """Return the cache file of *directory*: named by a hash, because a path can be longer than a file name may be."""
    return f"{cache}/places/{fingerprint(directory)}"


def place_key(directory: str, asked: str) -> str:
    """Return the key of a directory's compiled place; *asked* names the attributes that were asked for beside the usual."""
    return f"{asked} {directory}" if asked else directory


def claims_key(directory: str, config_dir: str) -> str:
    """Return the key of what claude's settings files say in *directory*, with its own files in *config_dir*."""
    return f"settings {len(config_dir)} {config_dir} {directory}"


def plan_key(version: str, config: str) -> str:
    """Return the key that a compiled plan carries: another release or configuration directory makes it stale."""
    return f"{version} {config}"
