"""
That nothing of a conversation gets into anything that we write.

The problem it owns: a transcript is all that was said, every file that was looked at, every command. Words that stand nowhere
else are put into each place of it that claude writes, and looked for in every file of ours.
"""

import json
import os
from pathlib import Path

import pytest
from runners import Verb
from sandbox import Sandbox
from transcript_lines import MOMENT, SESSION, record, write

from cclaunch.collector.history_process import history_command
from cclaunch.hot.paths import Paths, our_paths

WORDS = [f"canary{number:02}zq" for number in range(12)]


@pytest.fixture
def paths(sandbox: Sandbox) -> Paths:
    """Our directories, in a home with a transcript full of words that stand nowhere else."""
    folder = sandbox.home / ".claude" / "projects" / f"-home-{WORDS[0]}-x"
    work = f"/home/{WORDS[1]}/project"
    content = [
        {"type": "text", "text": WORDS[2]},
        {"type": "thinking", "thinking": WORDS[3], "signature": WORDS[3]},
        {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": WORDS[4], "file_path": f"/{WORDS[4]}"}},
    ]
    write(
        folder / f"{SESSION}.jsonl",
        {"type": "queue-operation", "operation": "enqueue", "timestamp": MOMENT, "sessionId": SESSION, "content": WORDS[5]},
        {"type": "user", "parentUuid": None, "message": {"role": "user", "content": WORDS[5]}, "cwd": work, "sessionId": SESSION},
        record(1, cwd=work, message={"content": content}, error=WORDS[6], requestShape={"system": WORDS[6]}),
        {"type": "user", "toolUseResult": {"stdout": WORDS[7], "usage": {"output_tokens": 7}}, "message": {"content": WORDS[7]}},
        {"type": "summary", "summary": WORDS[8], "leafUuid": "x"},
        {"type": "ai-title", "title": WORDS[8]},
        # left out, for one reason or another
        record(2, usage={"output_tokens": WORDS[9]}),
        record(3, timestamp=WORDS[9]),
        record(4, message={"model": None}),
        b'{"type":"assistant","message":{"usage":{"output_tokens":1' + WORDS[10].encode(),
        record(5, cwd=f"{work}/.claude/worktrees/{WORDS[11]}"),
    )
    return our_paths(sandbox.environ)


def told(paths: Paths) -> set[str]:
    """Return those of the words that stand in anything that we wrote: content, or the name of a file."""
    found = set()
    for base in (paths.config, paths.state, paths.cache, paths.data):
        for directory, names, files in os.walk(base):
            texts = [os.fsencode(name) for name in (*names, *files)]
            texts += [Path(directory, name).read_bytes() for name in files]
            found |= {word for word in WORDS for text in texts if word.encode() in text}
    return found


def test_the_words_are_looked_for_where_they_would_be(paths: Paths) -> None:
    """What was written is found by content and by name."""
    for name, content in ((WORDS[0], "x"), ("x", WORDS[1])):
        Path(paths.data).mkdir(parents=True, exist_ok=True)
        Path(paths.data, name).write_text(content)
    assert told(paths) == {WORDS[0], WORDS[1]}


def test_usage_writes_and_says_none_of_them(verb: Verb, paths: Paths) -> None:
    """It has read two requests, and left out what is none."""
    code, out, err = verb("usage", "--json", "--by", "session,repository,branch,model")
    assert (code, json.loads(out)["total"]["requests"]) == (0, 2)
    verb("check", "--json")
    verb("status")
    assert told(paths) == set()
    assert not [word for word in WORDS if word in out + err]


def test_an_import_writes_and_says_none_of_them(verb: Verb, paths: Paths, sandbox: Sandbox) -> None:
    """Also where the machine is named."""
    code, out, err = verb("usage", "import", str(sandbox.home / ".claude"), "--host", "laptop")
    assert code == 0
    assert told(paths) == set()
    assert not [word for word in WORDS if word in out + err]


def test_the_process_writes_and_says_none_of_them(sandbox: Sandbox, paths: Paths) -> None:
    """Its stderr goes to our log."""
    for directory in (paths.state, paths.data):
        Path(directory).mkdir(parents=True)
    Path(paths.transcripts_told).touch()
    done = sandbox.run(history_command(paths))
    assert (done.returncode, done.stderr) == (0, b"")
    assert os.path.exists(paths.ledger)
    assert told(paths) == set()
