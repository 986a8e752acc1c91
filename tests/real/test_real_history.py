"""
What the real Claude Codes leave behind is taken into the ledger, and nothing of what was said with it.

The problem it owns: claude writes the whole conversation beside its telemetry; what we make of both is looked through for words
that were put into each place of it.
"""

import os
from pathlib import Path

import pytest
from collector_client import wait_until
from real_claude import micros, outcome
from recorded import usage
from sandbox import Sandbox

from cclaunch.hot.paths import our_paths
from cclaunch.store.ledger.passes import was_finished

pytestmark = pytest.mark.real

PROMPT, FILE, CONTENT, DIRECTORY = "canaryprompt7q", "canaryfile7q", "canarycontent7q", "canarydirectory7q"
TOOLS = ("--output-format", "json", "--allowedTools", "Bash", "Read", "Edit", "Write", "Task", "Agent")

NO_TITLES = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
"""What is asked for a title is in no transcript."""


@pytest.fixture
def work(ready: Sandbox) -> Path:
    """A directory whose files and path hold words that stand nowhere else."""
    ready.configure()
    place = ready.home / DIRECTORY / "project"
    place.mkdir(parents=True)
    (place / "edited.txt").write_text(f"before {CONTENT}\n")
    (place / FILE).write_text(CONTENT)
    return place


def words_in(paths: list[str]) -> set[str]:
    """Return those of the words that stand in a file below *paths*, or in its name."""
    found = set()
    for base in paths:
        for directory, names, files in os.walk(base):
            texts = [os.fsencode(name) for name in (*names, *files)]
            texts += [Path(directory, name).read_bytes() for name in files]
            found |= {word for word in (PROMPT, FILE, CONTENT) for text in texts if word.encode() in text}
    return found


def test_nothing_that_was_said_is_in_anything_that_we_wrote(ready: Sandbox, work: Path) -> None:
    """Neither prompts, nor answers of tools, nor names of files: bare, launched, by the collector and by `usage`."""
    bare = outcome(ready.run(["claude", "-p", f"{PROMPT}: run ls", *TOOLS], cwd=work))
    launched = outcome(ready.cclaunch("-p", f"{PROMPT}: edit the file in {work}", *TOOLS, cwd=work))
    assert bare.code == launched.code == 0
    assert {row["session"] for row in usage(ready, "--by", "session")["rows"]} == {bare.session, launched.session}
    assert ready.cclaunch("check", "--json", cwd=work).returncode == 0
    assert words_in([str(ready.home / ".claude")]) == {PROMPT, FILE, CONTENT}  # they were there to be seen
    paths = our_paths(ready.environ)
    assert words_in([paths.config, paths.state, paths.cache, paths.data]) == set()


def test_the_collector_takes_what_a_bare_claude_did(ready: Sandbox, work: Path) -> None:
    """By itself, when a launched process has ended: with the money that claude would have said."""
    Path(our_paths(ready.environ).state).mkdir(parents=True, exist_ok=True)
    Path(our_paths(ready.environ).transcripts_told).touch()
    bare = outcome(ready.run(["claude", "-p", "three steps", *TOOLS], cwd=work, environ=NO_TITLES))
    outcome(ready.cclaunch("-p", "hello", *TOOLS, cwd=work))

    def spent() -> dict[str, int]:
        return {row["session"]: micros(row["cost_usd"]) for row in usage(ready, "--by", "session")["rows"]}

    assert wait_until(lambda: was_finished(our_paths(ready.environ).ledger))
    assert wait_until(lambda: bare.session in spent())
    assert spent()[bare.session] == bare.micros
