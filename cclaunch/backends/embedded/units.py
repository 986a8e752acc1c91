"""
The texts that have the system start our collector with the session: a systemd user unit, a launchd agent. Pure.

Each carries a hash of itself, so that what a hand has changed is never overwritten or deleted unasked.
"""

import hashlib
import plistlib
import re
from collections.abc import Mapping, Sequence

MARK = re.compile(r"^(?:# |<!-- )Written by `cclaunch stack enable`, sha256:([0-9a-f]{16})(?: -->)?\n", re.MULTILINE)

UNIT = """\
# `cclaunch stack disable` takes it back. To change something, use `systemctl --user edit cclaunch.service`.

[Unit]
Description=Telemetry collector of Claude Code (cclaunch)
StartLimitIntervalSec=60
StartLimitBurst=10

[Service]
Type=exec
ExecStart={command}
{environment}WorkingDirectory=/
UMask=0077
Restart=always
RestartSec=1
# The supervisor ends its collector itself, after that has stored what it accepted.
KillMode=mixed
TimeoutStopSec=15
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native

[Install]
WantedBy=default.target
"""
"""No mount namespace (ProtectSystem, PrivateTmp): many systems allow a user none, and the unit would not start there."""

LABEL = "org.cclaunch.collector"


def unit(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the systemd unit that runs *command* with the variables *environ*."""
    words = " ".join([_word(command[0], path=True), *map(_word, command[1:])])
    lines = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in environ.items())
    text = UNIT.format(command=words, environment=lines)
    return f"# Written by `cclaunch stack enable`, sha256:{_hash(text)}\n{text}"


def agent(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the launchd agent that runs *command* with the variables *environ*."""
    keys = {
        "Label": LABEL,
        "ProgramArguments": list(command),
        "EnvironmentVariables": dict(environ),
        "WorkingDirectory": "/",
        "Umask": 0o077,
        "RunAtLoad": True,
        "KeepAlive": True,
        "ThrottleInterval": 1,
        "ProcessType": "Background",
    }
    if not environ:
        del keys["EnvironmentVariables"]
    first, second, rest = plistlib.dumps(keys, sort_keys=False).decode().split("\n", 2)
    head = f"{first}\n{second}\n"
    return f"{head}<!-- Written by `cclaunch stack enable`, sha256:{_hash(head + rest)} -->\n{rest}"


def is_ours(text: str) -> bool:
    """Say whether *text* carries our mark."""
    return MARK.search(text) is not None


def is_untouched(text: str) -> bool:
    """Say whether *text* is just as we wrote it."""
    found = MARK.search(text)
    return found is not None and _hash(text[: found.start()] + text[found.end() :]) == found[1]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _word(word: str, *, path: bool = False) -> str:
    """Return *word* as systemd reads it in ExecStart; in the *path* of the program no ``$`` is a variable."""
    return _quoted(word if path else word.replace("$", "$$"))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return escaped if re.fullmatch(r"[\w@%+=:,./$-]+", escaped) else f'"{escaped}"'
