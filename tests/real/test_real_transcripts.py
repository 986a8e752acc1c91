"""
What the real Claude Codes write into their transcripts is read as the scripted API has answered, release by release.

The problem it owns: nobody documents these files. Each fact that the reader stands on is asked of claude itself.
"""

import json
import signal
import time
from pathlib import Path

import psutil
import pytest
from listed import Usage, cost_micros
from messages_api import MessagesApi
from real_claude import Claude, Outcome, outcome
from sandbox import Sandbox
from transcripts_read import answered, by_file, rows, told

from cclaunch.transcripts.finding import ENDING, Files, claude_roots
from cclaunch.transcripts.seen import Seen

pytestmark = pytest.mark.real

WORDS = ("--output-format", "json", "--allowedTools", "Bash", "Task", "Agent")
NAMES_PARENT = "2.1.330"
"""From this release on a fork's copies say whose they were."""


def run(sandbox: Sandbox, text: str, *words: str, cwd: Path | None = None) -> Outcome:
    """Run a bare claude to its end."""
    return outcome(sandbox.run(["claude", "-p", text, *words, *WORDS], cwd=cwd))


def files(sandbox: Sandbox) -> list[Path]:
    """Return the transcripts in *sandbox*."""
    return [Path(file.path) for file in Files(claude_roots(str(sandbox.home), {}))]


def lines(sandbox: Sandbox, kind: str) -> list[dict[str, object]]:
    """Return the records of a *kind* in all transcripts."""
    records = [json.loads(line) for file in files(sandbox) for line in file.read_bytes().splitlines()]
    return [record for record in records if record["type"] == kind]


def test_each_answer_is_read_once(ready: Sandbox, api: MessagesApi) -> None:
    """Loops, resumes, forks, helpers, gateways, errors: each answer with its ids, model and tokens, and nothing else."""
    first = run(ready, "three steps")
    run(ready, "say and do", "--resume", first.session)
    run(ready, "another way", "--resume", first.session, "--fork-session")
    run(ready, "and again", "--resume", first.session)
    run(ready, "ask a helper")
    run(ready, "behind a gateway, three steps")
    run(ready, "without an id, run ls")
    run(ready, "overloaded twice")
    assert run(ready, "fail 400").code == 1
    assert told(rows(ready.home)) == answered(api.good())


def test_an_answer_of_several_blocks_is_several_lines_and_one_request(ready: Sandbox, api: MessagesApi) -> None:
    """All lines say the same usage: who counts lines counts it twice."""
    run(ready, "say and do")
    first = answered(api.good())[0]
    usages = [record["message"]["usage"] for record in lines(ready, "assistant") if record["requestId"] == first.request]  # type: ignore[index]
    assert len(usages) == 2
    assert usages[0] == usages[1]
    assert [row.request for row in rows(ready.home)].count(first.request) == 1


def test_a_fork_has_copies_and_who_asked_is_known(ready: Sandbox, api: MessagesApi, claude: Claude) -> None:
    """They have the fork's session in older releases, and are known to be older than it; newer ones name the parent."""
    parent = run(ready, "run ls")
    fork = run(ready, "another way", "--resume", parent.session, "--fork-session")
    run(ready, "and again", "--resume", parent.session)
    found = by_file(ready.home)
    own = [answer.request_id for answer in api.good() if answer.prompt == "another way" and answer.kind == "main"]
    copied = [row for row in found[fork.session] if row.request not in own]
    assert {row.request for row in copied} < {row.request for row in found[parent.session]}
    names = claude.version == NAMES_PARENT
    assert {(row.session, row.copied) for row in copied} == {(parent.session, False) if names else (fork.session, True)}
    assert {(row.session, row.copied) for row in found[parent.session]} == {(parent.session, False)}
    assert [(row.request, row.session, row.copied) for row in found[fork.session] if row not in copied] == [
        (one, fork.session, False) for one in own
    ]


def test_a_resumed_session_goes_on_in_its_file(ready: Sandbox) -> None:
    """Under the same name."""
    first = run(ready, "say hi")
    run(ready, "and again", "--resume", first.session)
    assert {name: {row.session for row in some} for name, some in by_file(ready.home).items()} == {first.session: {first.session}}


def test_a_helper_has_a_file_of_its_own_and_its_parents_session(ready: Sandbox, api: MessagesApi) -> None:
    """A glob of one level misses what it took."""
    done = run(ready, "ask a helper")
    (below,) = [file for file in files(ready) if file.parent.name == "subagents"]
    assert below.parent.parent.name == done.session
    helper = next(answer for answer in api.good() if answer.prompt == "say hi below")
    (row,) = by_file(ready.home)[below.name.removesuffix(ENDING)]
    assert (row.request, row.session) == (helper.request_id, done.session)


def test_claudes_own_sums_are_never_requests(ready: Sandbox, api: MessagesApi, claude: Claude) -> None:
    """Newer releases write what the session cost, over and over; older ones nothing."""
    first = run(ready, "say hi")
    run(ready, "and again", "--resume", first.session)
    sums = lines(ready, "cost-state")
    assert bool(sums) == (claude.version == NAMES_PARENT)
    assert len(rows(ready.home)) == len(answered(api.good()))


def test_a_session_that_is_not_kept_has_no_file(ready: Sandbox) -> None:
    """Its telemetry alone knows of it."""
    run(ready, "say hi", "--no-session-persistence")
    assert files(ready) == []


def test_an_error_is_no_request(ready: Sandbox) -> None:
    """Claude writes what it says itself as if it were an answer, under the id of the attempt that failed."""
    assert run(ready, "fail 400").code == 1
    assert any("<synthetic>" in json.dumps(record) for record in lines(ready, "assistant"))
    assert rows(ready.home) == []


def test_a_killed_session_has_written_what_it_was_answered(ready: Sandbox, api: MessagesApi) -> None:
    """While a tool still runs: its telemetry may not have been sent, its transcript is there."""
    claude = ready.popen(["claude", "-p", "sleep for a while", *WORDS])
    deadline = time.monotonic() + 120
    while not (ready.work / "slept-in").exists() or not rows(ready.home):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    everyone = [*psutil.Process(claude.pid).children(recursive=True), psutil.Process(claude.pid)]
    for process in reversed(everyone):
        process.send_signal(signal.SIGKILL)
    claude.communicate()
    assert told(rows(ready.home)) == answered(api.good())
    assert len(rows(ready.home)) == 1


def test_an_interrupted_answer_has_no_end(ready: Sandbox, api: MessagesApi, claude: Claude) -> None:
    """The block that had come is written, with the output that the answer began with; older releases may not come to it."""
    words = ("--output-format", "stream-json", "--verbose", "--include-partial-messages")
    running = ready.popen(["claude", "-p", "this shall stall", *words])
    assert running.stdout is not None
    assert any(b'"content_block_stop"' in line for line in running.stdout)  # the first block has come
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=120)
    (answer,) = [answer for answer in api.good() if answer.kind == "main"]
    found = [(row.request, row.output, row.partial) for row in rows(ready.home)]
    assert found == [(answer.request_id, 1, True)] or (claude.version != NAMES_PARENT and not found)


def test_a_severed_answer_says_the_output_that_it_began_with(ready: Sandbox, api: MessagesApi, claude: Claude) -> None:
    """Older releases leave it without an end; newer ones write one, and go on with a second request."""
    run(ready, "this is severed")
    first, *more = [answer for answer in api.good() if answer.kind == "main"]
    found = {row.request: row for row in rows(ready.home)}
    newer = claude.version == NAMES_PARENT
    assert (found[first.request_id].output, found[first.request_id].partial) == (1, not newer)
    assert (len(more), told(row for row in found.values() if row.output > 1)) == (int(newer), answered(more))


def test_what_compaction_asks_is_in_no_transcript(ready: Sandbox, api: MessagesApi) -> None:
    """Its telemetry alone knows of it; what comes before and after is read."""
    first = run(ready, "three steps")
    before = len(api.good())
    run(ready, "/compact", "--resume", first.session)
    unseen = api.good()[before:]
    run(ready, "and again", "--resume", first.session)
    assert unseen
    assert told(rows(ready.home)) == answered(answer for answer in api.good() if answer not in unseen)


CANARY = "canary-that-nobody-may-hear"


def test_nothing_that_was_said_is_handed_on(ready: Sandbox, api: MessagesApi) -> None:
    """No prompt, answer, tool output, or name of a file: but it is all there, in the transcript."""
    (ready.work / "script.sh").write_text(f"echo {CANARY}-output; touch {CANARY}-file; ls")
    run(ready, f"{CANARY}-prompt, run the script in {ready.work}")
    text = b"".join(file.read_bytes() for file in files(ready)).decode()
    assert all(f"{CANARY}-{kind}" in text for kind in ("output", "file", "prompt"))
    found = rows(ready.home)
    assert len(found) == len(answered(api.good())) == 2
    assert CANARY not in repr(found)


def test_who_answered_and_who_was_asked_are_told_apart(ready: Sandbox, claude: Claude) -> None:
    """A gateway may answer with another model; claude says the price of the one that was asked for, newer transcripts name it."""
    tokens = json.dumps({"input_tokens": 20_000, "output_tokens": 1_000})
    words = ("--model", "claude-opus-4-8")
    environ = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    text = f"answered by claude-sonnet-4-6 usage {tokens}"
    done = outcome(ready.run(["claude", "-p", text, *words, *WORDS], environ=environ))
    (row,) = rows(ready.home)
    assert (row.model, row.asked) == ("claude-sonnet-4-6", "claude-opus-4-8" if claude.version == NAMES_PARENT else None)
    assert done.micros == cost_micros(usage(row), row.version, "claude-opus-4-8")


def usage(row: Seen) -> Usage:
    """Return what *row* took."""
    return Usage(row.input, row.output, row.cache_read, row.cache_written, row.cache_1h, row.searches, row.fast, row.place)


def test_directory_branch_and_release_are_told(ready: Sandbox, claude: Claude) -> None:
    """As they were when it was asked."""
    ready.run(["git", "init", "-q", "-b", "topic"])
    run(ready, "say hi")
    (row,) = rows(ready.home)
    assert (row.cwd, row.branch, row.version) == (str(ready.work.resolve()), "topic", claude.version)


def test_a_worktree_is_told_by_its_directory(ready: Sandbox) -> None:
    """It lies in one of its own below the repository."""
    ready.run(["git", "init", "-q", "-b", "main"])
    ready.run(["git", "commit", "-q", "--allow-empty", "-m", "A commit"])
    run(ready, "say hi", "-w", "side")
    (row,) = rows(ready.home)
    assert row.cwd is not None
    assert Path(row.cwd).is_relative_to(ready.work.resolve())
    assert row.cwd.endswith("side")
