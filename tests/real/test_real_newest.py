"""
A report on the newest Claude Code, when there is one that is newer than the two that are held.

The problem it owns: a release of tomorrow must be noticed, and must not stop the work of today. What
differs is an expected failure with the difference as its reason, never a red test.
"""

import subprocess

import pytest
import real_claude
from messages_api import MessagesApi
from real_claude import outcome
from recorded import assert_complete, assert_usage_is
from required import missing
from sandbox import PROTOCOLS, Sandbox

pytestmark = [pytest.mark.real, pytest.mark.newest]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_newest_release_is_recorded_too(sandbox: Sandbox, api: MessagesApi, protocol: str) -> None:
    """A tool loop of the newest release, held against the same truth; a difference is reported only."""
    claude = real_claude.newest()
    if claude is None:
        pytest.skip(f"no @anthropic-ai/claude-code newer than {real_claude.VERSIONS[-1]} is known")
    if not claude.path.exists():
        missing(f"@anthropic-ai/claude-code@{claude.version}, the newest,")
    real_claude.prepare(sandbox, claude, api.url)
    sandbox.configure(protocol=protocol)
    try:
        done = outcome(sandbox.cclaunch("-p", "run ls", "--output-format", "json", "--allowedTools", "Bash"))
        assert_complete(sandbox, api, processes=1)
        assert_usage_is(sandbox, api, done.micros)
    except (AssertionError, KeyError, subprocess.TimeoutExpired) as difference:
        pytest.xfail(f"claude {claude.version} over {protocol}: {difference}")
