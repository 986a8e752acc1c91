"""
Programs that stand in for ``claude`` where the real one cannot show what is asked.

The problem it owns: the real claude does not tell which argv, environment, descriptors or umask it
was given. These children print exactly that.
"""

import json
import sys
from pathlib import Path
from typing import Any

FAKE_EXIT = 7

PRINTS = """\
#!{python} -IS
import json, os, sys
limit = 64
fds = []
for number in range(limit):
    try:
        fds.append([number, os.readlink(f"/proc/self/fd/{{number}}")])
    except OSError:
        pass
umask = os.umask(0)
os.umask(umask)
print(json.dumps({{
    "argv": sys.argv,
    "environ": dict(os.environ),
    "pid": os.getpid(),
    "cwd": os.getcwd(),
    "umask": umask,
    "descriptors": fds,
}}))
sys.stdout.flush()
sys.exit({code})
"""


def fake_claude(directory: Path, *, name: str = "claude", code: int = FAKE_EXIT) -> Path:
    """Write a *name* into *directory* that prints what it got as one line of JSON and exits with *code*."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text(PRINTS.format(python=sys.executable, code=code))
    path.chmod(0o755)
    return path


def told(stdout: bytes) -> dict[str, Any]:
    """Return what a ``fake_claude`` printed."""
    value = json.loads(stdout)
    assert isinstance(value, dict)
    return value
