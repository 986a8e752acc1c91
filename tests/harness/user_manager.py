"""
A stand-in for systemd's user manager, which no container has: `systemctl --user` with the few words that we use.

It reads the unit file as it is, runs its ExecStart for real, and starts it again as Restart=always says.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

UNIT = Path(os.environ["XDG_CONFIG_HOME"]) / "systemd/user/cclaunch.service"
WISH = UNIT.parent / "default.target.wants" / UNIT.name
MANAGER = Path(os.environ["HOME"]) / "manager.pid"
MAIN = Path(os.environ["HOME"]) / "main.pid"


def values(name: str) -> list[str]:
    """Return the values of a key of the unit."""
    return [line.partition("=")[2] for line in UNIT.read_text().splitlines() if line.startswith(f"{name}=")]


def words(text: str) -> list[str]:
    """Return a value's words, unquoted."""
    return [word.replace("$$", "$").replace("%%", "%") for word in shlex.split(text)]


def manage() -> None:
    """Run the unit until we are asked to stop."""
    ended = False

    def end(*_: object) -> None:
        nonlocal ended
        ended = True
        if MAIN.exists():
            os.kill(int(MAIN.read_text()), signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
    environ = {name: os.environ[name] for name in ("HOME", "PATH", "XDG_RUNTIME_DIR")} | {"ANTHROPIC_API_KEY": "secret"}
    for value in values("Environment"):
        name, _, text = words(value)[0].partition("=")
        environ[name] = text
    while not ended:
        process = subprocess.Popen(words(values("ExecStart")[0]), env=environ, cwd="/", stdin=subprocess.DEVNULL)
        MAIN.write_text(str(process.pid))
        process.wait()
        MAIN.unlink()
        time.sleep(0 if ended else float(values("RestartSec")[0]))
    MANAGER.unlink()


def start() -> None:
    """Start the unit where it does not run."""
    if not MANAGER.exists():
        process = subprocess.Popen(
            [sys.executable, __file__, "manage"], start_new_session=True, stdin=-3, stdout=-3, stderr=-3, cwd="/"
        )
        MANAGER.write_text(str(process.pid))
    while not MAIN.exists():
        time.sleep(0.01)


def stop() -> None:
    """Stop the unit and wait for its end."""
    if MANAGER.exists():
        os.kill(int(MANAGER.read_text()), signal.SIGTERM)
    while MANAGER.exists():
        time.sleep(0.01)


def main(asked: list[str]) -> int:
    """Do what systemctl would."""
    with open(Path(os.environ["HOME"]) / "asked", "a") as log:
        log.write(" ".join(asked) + "\n")
    match [word for word in asked if word not in ("--user", UNIT.name)]:
        case ["manage"]:
            manage()
        case ["enable", "--now"]:
            WISH.parent.mkdir(exist_ok=True)
            WISH.unlink(missing_ok=True)
            WISH.symlink_to(UNIT)
            start()
        case ["disable", "--now"]:
            stop()
            WISH.unlink(missing_ok=True)
        case ["start"]:
            start()
        case ["stop"]:
            stop()
        case ["show", *_]:
            print(MAIN.read_text() if MAIN.exists() else 0)
        case ["--version"] | ["daemon-reload"]:
            pass
        case _:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
