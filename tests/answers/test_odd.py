"""What no verb can be asked, or tells in an order of its own: refused, or told in the same way; and a ledger that is damaged."""

import contextlib
import csv
import io
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from runners import Verb
from sandbox import Sandbox
from stored import SECOND_NS, cost, event, request, store
from two_witnesses import file_of, told

from cclaunch.answers.answers import Answers
from cclaunch.answers.asked import Words
from cclaunch.answers.head import periods_at
from cclaunch.errors import StoreBroken, UsageError
from cclaunch.hot.paths import Paths
from cclaunch.reports.doings import MOST_ROWS
from cclaunch.store.ledger import passes
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.from_transcripts import take
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import local_places

ODD = ("a,b", 'q"x', "two\nlines", "=1+1", "it's", "$HOME `id` $(id)", "\\", "!!", "\x01\x1b[31m", "\u202eabc", " lead", "x\rz")
"""Values that a shell, a terminal or a spreadsheet could take for something else."""


@pytest.fixture
def answers(paths: Paths, now_ns: int) -> Answers:
    """The page of the sandbox."""
    return Answers(paths, lambda: now_ns)


@pytest.mark.parametrize("key", ["a,b", " sp", "requests", "day", "hour", "session"])
def test_a_key_that_the_verb_cannot_be_asked_by_is_refused(answers: Answers, sandbox: Sandbox, now_ns: int, key: str) -> None:
    """Though a request has it; in a chart and in its table."""
    odd: dict[str, Any] = {"requests": "many", "a,b": "x", " sp": "y"}
    store(sandbox.database, request(1, now_ns, **odd))
    with pytest.raises(UsageError):
        answers.days(Words(), key)
    with pytest.raises(UsageError):
        answers.csv("days", Words(), key)


def test_a_value_that_no_command_line_holds_is_refused(answers: Answers, sandbox: Sandbox, now_ns: int) -> None:
    """Nobody could ask for the figures again."""
    store(sandbox.database, request(1, now_ns, team="a\0b"))
    with pytest.raises(UsageError, match="NUL"):
        answers.days(Words(where=("team=a\0b",)))


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_question_can_be_pasted_into_a_shell(answers: Answers, sandbox: Sandbox, now_ns: int, shell: str) -> None:
    """With all odd values at once, each a filter; and it has the same figures."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    store(sandbox.database, *(request(number, now_ns, team=value) for number, value in enumerate(ODD)), request(99, now_ns))
    found = answers.days(Words(where=tuple(f"team={value}" for value in ODD)), "team")
    assert found["total"]["requests"] == len(ODD)
    ours = shlex.join([sys.executable, "-m", "cclaunch"])
    line = found["question"].replace("cclaunch", ours, 1)
    run = subprocess.run([shell, "-c", line], env={**os.environ, **sandbox.environ}, capture_output=True, check=True, timeout=60)
    assert json.loads(run.stdout)["total"] == found["total"]


def test_the_table_of_tools_has_all_of_them(answers: Answers, sandbox: Sandbox, now_ns: int) -> None:
    """The page has the first ones, and says how many more there are; and what is shown of each is in the table."""
    said = {"success": "false", "error_type": "E", "session__id": "s-1"}
    tools = [event("tool_result", now_ns, tool_name=f"tool-{number}", **said) for number in range(MOST_ROWS + 3)]
    decided = event("tool_decision", now_ns, tool_name="tool-0", decision="accept", source="config", session__id="s-1")
    store(sandbox.database, request(1, now_ns), *tools, decided)
    found = answers.tools()
    assert len(found["tools"]) == MOST_ROWS
    assert [text for text in found["troubles"] if text.startswith("3 tools")]
    rows = list(csv.DictReader(io.StringIO(answers.csv("tools"))))
    assert len(rows) == MOST_ROWS + 3
    assert (rows[0]["decisions"], rows[0]["failed_by"]) == ('{"accept config":1}', '{"E":1}')


def test_what_was_lost_on_the_way_is_told(answers: Answers, sandbox: Sandbox, verb: Verb, now_ns: int) -> None:
    """As the verb does below its screen."""
    ago = now_ns - 3600 * SECOND_NS
    store(sandbox.database, request(1, ago, session__id="s-1"), cost("s-1", 5.0, ago + SECOND_NS))
    assert answers.head()["lost_usd"] == pytest.approx(4.999)
    _, out, err = verb("usage")
    assert "$5.00 more than these events" in out + err


def test_a_week_that_has_just_begun_is_held_against_a_second() -> None:
    """Of nothing at all the verb cannot be asked."""
    monday = int(datetime(2026, 11, 23).timestamp()) * SECOND_NS
    for passed in (0, 1, SECOND_NS - 1, SECOND_NS):
        before = periods_at(monday + passed, 0).before
        assert before.until - before.since == SECOND_NS
    assert before.since == int(datetime(2026, 11, 16).timestamp()) * SECOND_NS


def test_a_ledger_whose_schema_is_no_text_is_mended(answers: Answers, sandbox: Sandbox, paths: Paths, now_ns: int) -> None:
    """Python cannot even tell what SQLite says of it."""
    store(sandbox.database, request(1, now_ns))
    answers.days()
    with closing(sqlite3.connect(paths.ledger)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = Path(paths.ledger).read_bytes()
    damaged = whole.replace(b"CREATE TABLE quarters (", b"CREATE \xb7\xeb\xff\xfeE quarters (")
    assert damaged != whole
    Path(paths.ledger).write_bytes(damaged)
    with contextlib.suppress(StoreBroken):
        answers.days()
    assert answers.days()["total"]["requests"] == 1


def test_who_saw_what_is_of_the_ledger_that_lies_there(answers: Answers, sandbox: Sandbox, paths: Paths, now_ns: int) -> None:
    """Also a moment after another one was put in its place, in which the ids are of other sessions."""
    places, ago = local_places(paths), now_ns - 3600 * SECOND_NS
    for session in ("s-1", "s-2"):
        for path in (*Path(paths.ledger).parent.glob("ledger.db*"), *Path(paths.ledger).parent.glob("telemetry.db*")):
            path.unlink()
        more = [request(2, ago + 1, session__id=session)] if session == "s-2" else []
        store(sandbox.database, request(1, ago, session__id=session), *more)
        catch_up(places)
        with writing(places) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            take(connection, [(file_of(), [told(1, key=11, time_ns=ago, session=session, request="req_1")])])
            passes.finish(connection, now_ns)
        found = answers.capture()
        assert [one["session"] for one in found["sessions"]] == [session]
        assert (found["both"], found["telemetry_alone"]) == (1, len(more))
