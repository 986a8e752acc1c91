"""
That nobody reads a transcript where a person has turned that off, or has tried to.

The problem it owns: a file that cannot be read may say no, and defaults would say yes.
"""

import json
import os
from pathlib import Path

import pytest
from runners import Verb
from sandbox import Sandbox
from screens import shown
from transcript_lines import record, write

from cclaunch.collector.history_process import HistoryProcess, history_command
from cclaunch.history import told
from cclaunch.hot.paths import Paths, our_paths

OFF = {
    "false": b"[history]\ntranscripts = false\n",
    "no TOML": b"[history]\ntranscripts = flase\n",
    "no boolean": b'[history]\ntranscripts = "no"\n',
    "another mistake": b"[history]\ntranscripts = false\n[ports]\ngrpc = 0\n",
    "no text": b"[history]\ntranscripts = false # \xff\n",
}


@pytest.fixture(params=list(OFF.values()), ids=list(OFF))
def paths(sandbox: Sandbox, request: pytest.FixtureRequest) -> Paths:
    """Our directories, in a home with a transcript, whose person knew of it once, and has said no since then."""
    write(sandbox.home / ".claude" / "projects" / "x" / "a.jsonl", record())
    paths = our_paths(sandbox.environ)
    for directory in (paths.state, paths.data, paths.config):
        Path(directory).mkdir(parents=True)
    Path(paths.config_file).write_bytes(request.param)
    Path(paths.transcripts_told).touch()
    return paths


def test_the_collector_starts_nobody_who_would(paths: Paths) -> None:
    """It looks each time."""
    process = HistoryProcess(paths, pytest.fail)
    assert not process._is_wanted()
    Path(paths.config_file).unlink()
    assert process._is_wanted()


def test_the_process_leaves(sandbox: Sandbox, paths: Paths) -> None:
    """Whoever has started it."""
    assert sandbox.run(history_command(paths)).returncode == 0
    assert not os.path.exists(paths.ledger)


def test_a_verb_reads_nothing_and_notes_nothing(verb: Verb, paths: Paths, sandbox: Sandbox) -> None:
    """Nor where else claude's files would be."""
    for words in (["status"], ["check", "--capture"], ["usage", "--json"]):
        _, out, _ = verb(*words, CLAUDE_CONFIG_DIR=str(sandbox.home / ".claude"))
    assert json.loads(out)["total"]["requests"] == 0
    assert not os.path.exists(paths.claude_dirs)


def test_nobody_is_told_that_they_are_read(sandbox: Sandbox, paths: Paths) -> None:
    """That they are left alone is said where one asks."""
    os.unlink(paths.transcripts_told)
    assert told.LINE not in shown(sandbox, "usage", columns=400)[1]
    assert not os.path.exists(paths.transcripts_told)
    assert told.state(paths).startswith("left alone")
    assert told.OFF in told.state(paths)
