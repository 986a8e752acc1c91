"""
What a block costs a shell that starts, measured in one run.

Each shell is started with an empty rc file, with the block and the file of ours that it reads, and with the same exports written
by hand, once a round in changing order, so that whatever else the machine does meets all of them alike:

    python tests/bench/shells.py [ROUNDS]
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests/harness")]

from sandbox import clean_environ  # noqa: E402

from cclaunch.hot.paths import our_paths  # noqa: E402
from cclaunch.persist.content import content  # noqa: E402
from cclaunch.persist.template import WHOLE, block_text  # noqa: E402
from cclaunch.shells.table import find_shell, script  # noqa: E402

ROUNDS = 100
TARGET_MS = 1.0
FILES = {
    "bash": (".bashrc", ["bash", "-i", "-c", ":"]),
    "zsh": (".zshrc", ["zsh", "-i", "-c", ":"]),
    "fish": (".config/fish/conf.d/cclaunch.fish", ["fish", "-c", "true"]),
}


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    missed = 0
    with tempfile.TemporaryDirectory() as base:
        for shell in FILES:
            missed += measure(Path(base) / shell, shell, rounds)
    return 1 if missed else 0


def measure(base: Path, shell: str, rounds: int) -> int:
    """Run one shell and print its three lines; return 1 if the block costs more than it may."""
    environ = clean_environ(base, base)
    holds = content(environ, our_paths(environ))
    name, command = FILES[shell]
    row = find_shell(shell)
    ours = Path(holds.file(shell))
    ours.parent.mkdir(parents=True, exist_ok=True)
    ours.write_bytes(holds.file_data(shell))
    texts = {
        "empty": "",
        "by hand": script(shell, {key: value for key, value in holds.values.items() if value is not None}),
        "block": block_text(row, WHOLE, str(ours), "/nonexistent"),
    }
    around = {}
    for kind, text in texts.items():
        home = base / kind.replace(" ", "-")
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text(text)
        around[kind] = {**environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "TERM": "dumb"}
    took: dict[str, list[float]] = {kind: [] for kind in texts}
    for number in range(rounds + 3):
        for kind in random.sample(list(texts), len(texts)):
            start = time.perf_counter()
            subprocess.run(command, env=around[kind], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            if number >= 3:
                took[kind].append((time.perf_counter() - start) * 1000)
    medians = {kind: statistics.median(times) for kind, times in took.items()}
    cost = statistics.median(block - empty for block, empty in zip(took["block"], took["empty"], strict=True))
    for kind, median in medians.items():
        print(f"{shell:5} {kind:8} {median:7.2f} ms   {median / medians['empty']:.3f} of empty")
    print(f"{shell:5} the block costs {cost:+.2f} ms (at most {TARGET_MS:g})")
    return int(cost > TARGET_MS)


if __name__ == "__main__":
    os.environ.pop("BASH_ENV", None)
    sys.exit(main())
