"""What a person sees of transcripts: the line before, the first day, the switch that turns it off; `usage import`."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from runners import Verb
from sandbox import Sandbox
from screens import shown
from stored import request, store
from transcript_lines import MOMENT_NS, SESSION, record, write

from cclaunch.files.lock import locked
from cclaunch.history.told import LINE
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.transcripts.seen import Left

TOLD = "claude's transcripts are read too"


@pytest.fixture
def paths(sandbox: Sandbox) -> Paths:
    """Our directories; nothing was recorded yet."""
    return our_paths(sandbox.environ)


@pytest.fixture
def transcript(sandbox: Sandbox) -> Path:
    """A transcript of one request, of a time before there was telemetry."""
    return write(sandbox.home / ".claude" / "projects" / "x" / f"{SESSION}.jsonl", record())


def total(verb: Verb, *words: str) -> dict[str, Any]:
    """Return the total of `usage`."""
    code, out, _ = verb("usage", "--json", *words)
    assert code == 0
    found = json.loads(out)["total"]
    assert isinstance(found, dict)
    return found


def test_the_first_usage_has_what_was_before_telemetry(verb: Verb, transcript: Path) -> None:
    """Tokens, money, session and repository."""
    found = total(verb)
    assert (found["requests"], found["total_tokens"], found["cost_usd"]) == (1, 3820, 0.00512)


def test_the_first_status_reads_it_too(verb: Verb, transcript: Path, paths: Paths) -> None:
    """So that `usage` has nothing left to read."""
    verb("status")
    transcript.unlink()
    assert total(verb)["requests"] == 1


def test_nothing_is_read_where_that_is_turned_off(verb: Verb, sandbox: Sandbox, transcript: Path) -> None:
    """`[history] transcripts = false`."""
    sandbox.configure(extra="[history]\ntranscripts = false")
    assert total(verb)["requests"] == 0


def test_a_person_at_a_terminal_is_told_once(sandbox: Sandbox, transcript: Path, paths: Paths) -> None:
    """What is taken, and how it is turned off, before anything is read."""
    _, first = shown(sandbox, "usage", columns=400)
    assert LINE in first
    assert os.path.exists(paths.transcripts_told)
    _, second = shown(sandbox, "usage", columns=400)
    assert TOLD not in second


def test_a_pipe_is_told_nothing(sandbox: Sandbox, transcript: Path, paths: Paths) -> None:
    """Nobody reads it there, so it does not count as said."""
    done = sandbox.cclaunch("usage")
    assert TOLD not in done.stderr.decode()
    assert not os.path.exists(paths.transcripts_told)


def test_who_has_turned_it_off_is_told_nothing(sandbox: Sandbox, transcript: Path, paths: Paths) -> None:
    """It is not read."""
    sandbox.configure(extra="[history]\ntranscripts = false")
    assert TOLD not in shown(sandbox, "usage", columns=400)[1]
    assert not os.path.exists(paths.transcripts_told)


def test_who_has_no_transcripts_is_told_nothing(sandbox: Sandbox) -> None:
    """There is nothing to tell of."""
    assert TOLD not in shown(sandbox, "usage", columns=400)[1]


def test_usage_answers_while_another_one_reads(verb: Verb, transcript: Path, paths: Paths) -> None:
    """And says that something may be missing yet."""
    Path(paths.data).mkdir(parents=True, exist_ok=True)
    with locked(paths.history_lock, 5):
        code, _, err = verb("usage")
    assert code == 0
    assert "claude's transcripts are being read just now" in err


def test_a_ledger_that_cannot_be_written_costs_a_sentence(verb: Verb, transcript: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was recorded is answered all the same."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cclaunch.history.turns.writing", refuse)
    code, _, err = verb("usage")
    assert code == 0
    assert "claude's transcripts were not read" in err


def test_a_request_that_both_saw_is_counted_once(verb: Verb, sandbox: Sandbox) -> None:
    """With the event's money."""
    used = {"input_tokens": 10, "output_tokens": 20, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 40}
    write(sandbox.home / ".claude" / "projects" / "x" / "a.jsonl", record(1, usage={**used, "cache_creation": None}))
    store(sandbox.database, request(1, MOMENT_NS, micros=7, session__id=SESSION))
    found = total(verb)
    assert (found["requests"], found["cost_usd"]) == (1, 0.000007)


def test_what_was_forgotten_of_transcripts_comes_back_only_when_it_is_named(
    verb: Verb, sandbox: Sandbox, transcript: Path
) -> None:
    """The files are still there."""
    assert total(verb)["requests"] == 1
    assert verb("usage", "forget", "--transcripts", "--yes")[0] == 0
    assert total(verb)["requests"] == 0
    verb("usage", "import", str(transcript))
    assert total(verb)["requests"] == 1


def test_an_estimate_is_marked_wherever_money_stands(verb: Verb, sandbox: Sandbox) -> None:
    """For people by a sign, for programs by a figure of its own."""
    write(sandbox.home / ".claude" / "projects" / "x" / "a.jsonl", record(timestamp=datetime.now(UTC).isoformat()))
    screen, table = verb("usage", COLUMNS="80")[1], verb("usage", "--by", "model", LANG="C.UTF-8")[1]
    assert all(f"{name} ≈$0.0051" in screen for name in ("Today", "this week", "last 14 days,"))
    assert [line.split()[1] for line in table.splitlines() if line.startswith(("claude-opus-5-5", "total"))] == ["≈$0.0051"] * 2
    assert "≈$0.0051" in verb("usage", "--markdown", "--by", "model")[1]
    assert total(verb)["cost_estimated_usd"] == 0.00512


def test_what_claude_said_itself_is_not_marked(verb: Verb, sandbox: Sandbox) -> None:
    """An event has the money."""
    store(sandbox.database, request(1, MOMENT_NS, micros=7_000_000))
    assert "≈" not in verb("usage")[1] + verb("usage", "--by", "model")[1]
    assert total(verb)["cost_estimated_usd"] == 0


def test_what_has_no_price_is_said_and_never_zero(verb: Verb, sandbox: Sandbox) -> None:
    """Tokens without money."""
    unknown = record(1, requestedModel=None, message={"model": "gpt-5"})
    write(sandbox.home / ".claude" / "projects" / "x" / "a.jsonl", unknown)
    code, out, err = verb("usage", "--by", "model")
    assert code == 0
    assert [line.split()[1] for line in out.splitlines() if line.startswith(("gpt-5", "total"))] == ["-", "-"]
    assert "1 request has tokens and no price" in err
    assert "1 request has tokens and no price" in verb("usage")[2]
    found = total(verb)
    assert (found["requests_unpriced"], found["total_tokens"], found["cost_usd"]) == (1, 3820, 0)


class TestImport:
    """`usage import`."""

    @pytest.fixture
    def backup(self, tmp_path: Path) -> Path:
        """A directory of two transcripts with three requests and a line that is none."""
        write(tmp_path / "backup" / "x" / "a.jsonl", record(1), record(2), record(3, usage={"input_tokens": -1}))
        write(tmp_path / "backup" / "x" / "b" / "subagents" / "c.jsonl", record(4))
        return tmp_path / "backup"

    def test_it_takes_each_request_once(self, verb: Verb, backup: Path) -> None:
        """However often."""
        first = verb("usage", "import", str(backup))
        again = verb("usage", "import", str(backup))
        assert first == (
            0,
            "2 files: 3 new requests, 0 known already\n",
            f"cclaunch: left out: 1 x a line that {Left.TOKENS.value}\n",
        )
        assert again[1] == "2 files: 0 new requests, 3 known already\n"
        assert total(verb)["requests"] == 3

    def test_it_takes_a_file(self, verb: Verb, backup: Path) -> None:
        """By its name alone."""
        assert verb("usage", "import", str(backup / "x" / "a.jsonl"))[1] == "1 file: 2 new requests, 0 known already\n"

    def test_what_a_later_copy_has_more_is_taken(self, verb: Verb, backup: Path) -> None:
        """Also under another path."""
        verb("usage", "import", str(backup))
        later = write(backup.parent / "later" / "a.jsonl", record(1), record(2), record(5))
        assert verb("usage", "import", str(later.parent))[1] == "1 file: 1 new request, 2 known already\n"

    def test_a_machine_is_named(self, verb: Verb, backup: Path) -> None:
        """And can be asked by."""
        verb("usage", "import", str(backup), "--host", "laptop")
        rows = json.loads(verb("usage", "--json", "--by", "cclaunch.host")[1])["rows"]
        assert [(row["cclaunch.host"], row["requests"]) for row in rows] == [("laptop", 3)]

    def test_programs_get_an_object(self, verb: Verb, backup: Path) -> None:
        """With the same figures."""
        assert json.loads(verb("usage", "import", str(backup), "--json")[1]) == {
            "files": 2,
            "requests_new": 3,
            "requests_known": 0,
            "requests_forgotten": 0,
            "left_out": {"tokens": 1},
            "host": None,
        }

    @pytest.mark.parametrize("words", [[], ["/nowhere/at/all"], ["/", "--host", ""], ["/", "--host", "a\nb"]], ids=str)
    def test_what_cannot_be_meant_is_refused(self, verb: Verb, words: list[str]) -> None:
        """Before anything is read."""
        assert verb("usage", "import", *words)[0] == 2

    def test_one_who_reads_meanwhile_is_waited_for(
        self, verb: Verb, backup: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not for ever; then nothing was taken."""
        monkeypatch.setattr("cclaunch.commands.usage.bring.LOCK_S", 0)
        with locked(paths.history_lock, 5):
            code, out, err = verb("usage", "import", str(backup))
        assert (code, out) == (1, "")
        assert "nothing was taken" in err
        assert verb("usage", "import", str(backup))[1] == "2 files: 3 new requests, 0 known already\n"

    def test_an_empty_directory_is_no_mistake(self, verb: Verb, tmp_path: Path) -> None:
        """There is just nothing in it."""
        assert verb("usage", "import", str(tmp_path))[1] == "0 files: 0 new requests, 0 known already\n"

    def test_it_needs_no_leave(self, verb: Verb, sandbox: Sandbox, backup: Path) -> None:
        """A person has asked for it, whatever is set."""
        sandbox.configure(extra="[history]\ntranscripts = false")
        verb("usage", "import", str(backup))
        assert total(verb)["requests"] == 3
