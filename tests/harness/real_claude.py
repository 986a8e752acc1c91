"""
The real Claude Codes that the tests run: where they are, how one is started, what it says it cost.

The problem it owns: two releases differ in what they send, so every claim is held against both, and the tables of what
claude reads against an older one as well; they are installed once, outside the repository, and a test that misses one
says so by name.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from guard import CACHE
from sandbox import Sandbox

VERSIONS = ("2.1.197", "2.1.330")
OLDEST = "2.1.170"
"""Beside ``VERSIONS``, for the tables of what claude reads: its words, its settings files."""

NEWEST = "CCLAUNCH_TEST_NEWEST"
"""The newest release, as ``tests/run`` was told by npm."""

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
    """Return the newest release: the one that npm named, else what the cache has; None when that is none of tomorrow."""
    if named := os.environ.get(NEWEST):
        return installed(named) if _number(named) > _number(VERSIONS[-1]) else None
    found = [installed(path.name.removeprefix("claude-")) for path in CACHE.glob("claude-*.*.*")]
    later = [one for one in found if _number(one.version) > _number(VERSIONS[-1]) and one.path.exists()]
    return max(later, key=lambda one: _number(one.version), default=None)


def _number(version: str) -> tuple[int, ...]:
    """Return *version* as it is compared; empty when it is no release."""
    return tuple(int(part) for part in version.split(".")) if version.replace(".", "").isdigit() else ()


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
