"""A unified diff of bytes that ``patch`` takes, whatever the bytes are."""

from difflib import unified_diff


def diff(path: str, before: bytes | None, after: bytes | None) -> bytes:
    """Return the diff of the file at *path*; None stands for no file. Names are without the root: ``patch -p1 -d /``."""
    old, new = _lines(before or b""), _lines(after or b"")
    source = _name("a", path) if before is not None else "/dev/null"
    target = _name("b", path) if after is not None else "/dev/null"
    made = []
    for number, line in enumerate(unified_diff(old, new, source, target)):
        if number < 2:
            line = line.rstrip("\n") + ("\t\n" if " " in line[4:] and '"' not in line else "\n")
        made.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(made).encode("utf-8", "surrogateescape")


def _lines(data: bytes) -> list[str]:
    """Return the lines of *data*, each with its newline; only a newline ends one."""
    found = data.decode("utf-8", "surrogateescape").split("\n")
    lines = [f"{line}\n" for line in found[:-1]]
    return [*lines, found[-1]] if found[-1] else lines


def _name(side: str, path: str) -> str:
    """Return the name for a header; one with strange characters is quoted as C does."""
    name = f"{side}/{path.lstrip('/')}"
    if name.isascii() and name.isprintable() and not set(name) & set('"\\'):
        return name
    octal = [f"\\{byte:03o}" for byte in range(256)]
    plain = {ord(c) for c in map(chr, range(32, 127)) if c not in '"\\'}
    spelled = "".join(chr(byte) if byte in plain else octal[byte] for byte in name.encode("utf-8", "surrogateescape"))
    return f'"{spelled}"'
