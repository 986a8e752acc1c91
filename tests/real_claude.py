"""
The real Claude Codes that the tests run: where they are, how one is started, what it says it cost.

The problem it owns: two releases differ in what they send, so every claim is held against both; they
are installed once, outside the repository, and a test that misses one says so by name.
"""

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from guard import CACHE
from sandbox import Sandbox

VERSIONS = ("2.1.197", "2.1.330")
KEY = "dummy"
DEAD_PROXY = "http://127.0.0.1:9"


class Claude(NamedTuple):
    """One installed release."""

    version: str
    path: Path

    @property
    def restores_cost(self) -> bool:
        """Say whether a resumed session's own figure begins with what the session had cost before (newer releases)."""
        return self.version != "2.1.197"


class Outcome(NamedTuple):
    """What ``claude -p --output-format json`` reported about itself."""

    code: int
    text: str
    session: str
    micros: int
    by_model: dict[str, int]


def installed(version: str) -> Claude:
    """Return where *version* would be; whether it is there is the caller's question."""
    return Claude(version, CACHE / f"claude-{version}" / "node_modules" / ".bin" / "claude")


def newest() -> Claude | None:
    """Return the newest release that somebody put beside the two, or None."""
    found = [path.name.removeprefix("claude-") for path in CACHE.glob("claude-*") if path.name.count(".") == 2]
    known = sorted((tuple(int(part) for part in name.split(".")), name) for name in found if name.replace(".", "").isdigit())
    if not known or known[-1][1] in VERSIONS:
        return None
    return installed(known[-1][1])


def prepare(sandbox: Sandbox, claude: Claude, api_url: str) -> None:
    """
    Put *claude* first on the sandbox's PATH and point it at the scripted API.

    The upper-case proxy goes nowhere: it catches what claude would ask of hosts beyond loopback, and the
    gRPC exporter does not read it. ``.claude.json`` answers the questions of a first interactive start.
    """
    sandbox.environ |= {
        "PATH": f"{claude.path.parent}:{sandbox.environ['PATH']}",
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": api_url,
        "DISABLE_AUTOUPDATER": "1",
        "HTTPS_PROXY": DEAD_PROXY,
        "NO_PROXY": "127.0.0.1,localhost",
        "CLAUDE_CODE_MAX_RETRIES": "3",
    }
    state = {
        "hasCompletedOnboarding": True,
        "lastOnboardingVersion": claude.version,
        "theme": "dark",
        "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
        "projects": {str(sandbox.work): {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}},
    }
    (sandbox.home / ".claude.json").write_text(json.dumps(state))


def outcome(done: subprocess.CompletedProcess[bytes]) -> Outcome:
    """Read the JSON of a ``-p --output-format json`` run. A run that printed something else fails the test with its words."""
    try:
        value: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"no JSON from claude (exit {done.returncode}): {done.stdout!r} {done.stderr!r}") from None
    models = {name: micros(usage["costUSD"]) for name, usage in value.get("modelUsage", {}).items()}
    return Outcome(done.returncode, str(value.get("result")), value["session_id"], micros(value["total_cost_usd"]), models)


def micros(dollars: float) -> int:
    """Return *dollars* in whole micro-dollars; the scripted tokens make every price one, so nothing is rounded away."""
    exact = dollars * 1_000_000
    assert abs(exact - round(exact)) < 1e-4, f"{dollars!r} is no whole number of micro-dollars"
    return round(exact)


def interactive_cost(sandbox: Sandbox) -> int:
    """Return claude's own figure for the interactive session that just ended, from its state file."""
    state = json.loads((sandbox.home / ".claude.json").read_text())
    return micros(state["projects"][str(sandbox.work)]["lastCost"])
