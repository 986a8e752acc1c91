"""
The same sixteen sessions, counted by us and by the tools that people use today, beside what the API has billed for them.

The problem it owns: a claim about others can be repeated by everybody. The real claudes run the sessions against the scripted
API; each tool then reads a copy of that home, in its own way, without a network (`unshare --net`), as it was installed:

    python tests/bench/peers.py [--release 2.1.197] [--release 2.1.330]

The tools and the Node that one of them needs are fetched by npm and pip into the cache of the tests. With a fresh price list from
the network some of them may know models that they do not know here.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

import ccusage
import real_claude
from guard import CACHE
from messages_api import MessagesApi
from npm import fetched
from recorded import usage
from sandbox import Sandbox
from sixteen import Sessions, billed, sixteen

NODE = "22.20.0"
OFFLINE = ["unshare", "--net", "--map-root-user"]
TIMEOUT_S = 120
MICROS = 1_000_000


class Count(NamedTuple):
    """What somebody says: how many requests (None: it does not say), and dollars."""

    requests: int | None
    dollars: float


class Peer(NamedTuple):
    """A tool: its name and release, and who asks it in a place."""

    name: str
    version: str
    ask: Callable[["Peer", Sandbox], Count]


def from_npm(name: str, version: str) -> Path:
    """Return the directory that holds npm's package, fetched if it is not there."""
    place = fetched(name, version)
    if place is None:
        raise RuntimeError(f"npm cannot fetch {name}@{version}")
    return place / "node_modules"


def from_pip(name: str, version: str) -> Path:
    """Return the directory that holds the commands of a Python package, fetched if it is not there."""
    place = CACHE / f"{name}-{version}"
    if not place.exists():
        venv.create(place, with_pip=True)
        subprocess.run([place / "bin/pip", "install", "--quiet", f"{name}=={version}"], check=True, stdin=subprocess.DEVNULL)
    return place / "bin"


def said(place: Sandbox, *words: str | Path) -> str:
    """Return what a tool prints in *place* without a network. Raises CalledProcessError where it fails."""
    environ = {name: place.environ[name] for name in ("PATH", "HOME")} | {"LANG": "C.UTF-8", "NO_COLOR": "1", "TERM": "dumb"}
    asked = [*OFFLINE, *map(str, words)]
    return subprocess.run(asked, env=environ, cwd=place.work, capture_output=True, check=True, timeout=TIMEOUT_S).stdout.decode()


def ask_ccusage(peer: Peer, place: Sandbox) -> Count:
    """It names tokens and money by month."""
    return Count(None, json.loads(said(place, ccusage.native(), *ccusage.QUESTION))["totals"]["totalCost"])


def ask_codeburn(peer: Peer, place: Sandbox) -> Count:
    """It names calls and money of this month."""
    node = from_npm("node", NODE) / "node/bin/node"
    program = from_npm(peer.name, peer.version) / ".bin" / "codeburn"
    month = json.loads(said(place, node, program.resolve(), "status", "--format", "json"))["month"]
    return Count(month["calls"], month["cost"])


def ask_monitor(peer: Peer, place: Sandbox) -> Count:
    """It names money of the running five hours."""
    command = from_pip(peer.name, peer.version) / "claude-monitor"
    return Count(None, json.loads(said(place, command, "--once", "--output", "json"))["local"]["cost_usd"])


def ask_observer(peer: Peer, place: Sandbox) -> Count:
    """It reads the transcripts into a database of its own first."""
    command = from_pip(peer.name, peer.version) / "observer"
    said(place, command, "scan")
    rows: list[dict[str, Any]] = json.loads(said(place, command, "cost", "--json"))["rows"]
    return Count(sum(row["turn_count"] for row in rows), sum(row["cost_usd"] for row in rows))


PEERS = (
    Peer("ccusage", ccusage.VERSION, ask_ccusage),
    Peer("codeburn", "0.9.15", ask_codeburn),
    Peer("claude-monitor", "4.0.0", ask_monitor),
    Peer("superbased-observer", "1.36.0", ask_observer),
)


def sessions(base: Path, release: str) -> tuple[Sandbox, Count, Count]:
    """Run the sixteen below *base*; return (their place, what was billed, what we say)."""
    place = Sandbox(base)
    with MessagesApi() as api:
        real_claude.prepare(place, real_claude.installed(release), api.url)
        place.configure()
        sixteen(Sessions(place))
        rows = billed(api.good()).values()
    total = usage(place)["total"]
    ours = Count(total["requests"], total["cost_usd"])
    return place, Count(sum(row[0] for row in rows), sum(row[1] for row in rows) / MICROS), ours


def told_apart(peer: Peer, place: Sandbox) -> Count:
    """Ask *peer* in a copy of *place*'s home: some write into it."""
    with tempfile.TemporaryDirectory() as base:
        copy = Sandbox(Path(base))
        shutil.copytree(place.home / ".claude", copy.home / ".claude", symlinks=True)
        return peer.ask(peer, copy)


def row(name: str, count: Count) -> str:
    """Return a line of the table."""
    requests = "-" if count.requests is None else count.requests
    return f"{name:28}{requests:>10}{'$' + format(count.dollars, '.6f'):>14}"


def main(words: Sequence[str]) -> int:
    """Print a table for each release; the exit code is 1 where ours is not what was billed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", action="append", help="a claude that the tests know (default: all of them)")
    wrong = 0
    for release in parser.parse_args(words).release or real_claude.VERSIONS:
        with tempfile.TemporaryDirectory() as base:
            place, truth, ours = sessions(Path(base), release)
            try:
                print(f"\nclaude {release}{'requests':>24}{'dollars':>14}")
                print(row("billed by the API", truth))
                print(row("cclaunch", ours))
                for peer in PEERS:
                    print(row(f"{peer.name} {peer.version}", told_apart(peer, place)), flush=True)
            finally:
                place.close()
        wrong |= (ours.requests, round(ours.dollars * MICROS)) != (truth.requests, round(truth.dollars * MICROS))
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
