"""What the page says is what `cclaunch usage --json` says, asked in the words that it gives; what is wrong is said in words."""

import json
import shlex
import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import made_month
import pytest
from runners import Verb
from sandbox import Sandbox
from stored import events_of, store

from cclaunch.backends.sources import places_of
from cclaunch.files.lock import locked
from cclaunch.hot.paths import Paths
from cclaunch.reports.overview import Overview, overview
from cclaunch.store.ledger.opening import open_to_write
from cclaunch.store.usage import Ledger, answered, brought_up
from cclaunch.web.overview import NOTHING, Question

MEASURES = ("cost_usd", "requests", "total_tokens", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
ALL = (*MEASURES, "cost_estimated_usd", "requests_unpriced")


def spend(sandbox: Sandbox, now_ns: int) -> None:
    """Record months with everything that a figure depends on."""
    records = []
    for one in made_month.made(7, now_ns, ZoneInfo("UTC")):
        if one.time_ns > now_ns:
            continue
        tokens = {"input_tokens": one.input, "output_tokens": one.output, "cache_read_tokens": one.cache_read}
        money = {} if one.micros is None else {"cost_usd_micros": one.micros, "cost_usd": one.micros / 1e6}
        written = {"cache_creation_tokens": one.written_5m + one.written_1h}
        records.append({"time": one.time_ns, **one.names, **tokens, **written, **money})
    store(sandbox.database, events_of(*records, time_ns=now_ns))


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Days of UTC, and a clock that stands still, as two questions are asked one after the other."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    now_ns = time.time_ns() // 10**9 * 10**9
    yield now_ns
    monkeypatch.undo()
    time.tzset()


Asked = Callable[[str], dict[str, Any]]


@pytest.fixture
def asked(verb: Verb) -> Asked:
    """Run the words that the page gives for a figure, with --json."""

    def run(words: str) -> dict[str, Any]:
        program, *rest = shlex.split(words)
        assert program == "cclaunch"
        code, out, err = verb(*rest, "--json")
        assert code == 0, err
        found: dict[str, Any] = json.loads(out)
        return found

    return run


def measures(found: dict[str, Any]) -> list[Any]:
    """Return the figures of one row."""
    return [found[name] for name in ALL]


def test_every_figure_is_what_its_words_answer(sandbox: Sandbox, paths: Paths, asked: Asked, utc: int) -> None:
    """Sums, days and shares; of no day more, and of none less."""
    spend(sandbox, utc)
    found = Question(paths).ask()

    assert (found["state"], found["notes"]) == ("ok", [])
    for name in ("today", "week", "month", "recent"):
        assert measures(found[name]) == measures(asked(found[name]["asked"])["total"]), name
    days = {row["day"]: measures(row) for row in asked(found["days_asked"])["rows"]}
    nothing = [0] * len(ALL)
    assert {one["day"]: measures(one) for one in found["days"]} == {
        one["day"]: days.get(one["day"], nothing) for one in found["days"]
    }
    assert days.keys() <= {one["day"] for one in found["days"]}
    assert [top["key"] for top in found["tops"]] == ["model", "project", "profile"]
    for top in found["tops"]:
        rows = {row[top["key"]]: measures(row) for row in asked(top["asked"])["rows"]}
        assert {share["value"]: measures(share) for share in top["shares"]} == rows


def test_the_week_before_is_the_same_span(sandbox: Sandbox, paths: Paths, utc: int) -> None:
    """As the first screen of `usage` has it."""
    spend(sandbox, utc)

    def ask(ledger: Ledger) -> Overview:
        assert ledger.extent is not None
        return overview(ledger.groups, ledger.extent[0], utc)

    shown, _ = answered(places_of(paths), ask)
    assert shown is not None
    found = Question(paths).ask()

    assert found["before"]["cost_usd"] == pytest.approx(shown.before.micros / 1e6, abs=0.5)
    assert found["first"] == shown.first.isoformat()
    assert found["cache_hit_rate"] == shown.recent.hit_rate


def test_before_anything_was_recorded_it_says_what_to_run(paths: Paths) -> None:
    """And no figure."""
    found = Question(paths).ask()

    assert (found["state"], found["trouble"], "today" in found) == ("empty", NOTHING, False)
    assert "`cclaunch`" in found["hint"]


def test_a_broken_config_is_said(sandbox: Sandbox, paths: Paths, utc: int) -> None:
    """The figures are there all the same."""
    spend(sandbox, utc)
    sandbox.config_file.parent.mkdir(parents=True, exist_ok=True)
    sandbox.config_file.write_text("[usage]\nweek_start = 'never'\n")
    found = Question(paths).ask()

    assert found["state"] == "ok"
    assert "week_start" in found["notes"][0]
    assert "weeks begin on Monday" in found["notes"][0]


def test_a_week_begins_where_the_person_says(sandbox: Sandbox, paths: Paths, asked: Asked, utc: int) -> None:
    """In both."""
    spend(sandbox, utc)
    sandbox.config_file.parent.mkdir(parents=True, exist_ok=True)
    sandbox.config_file.write_text("[usage]\nweek_start = 'friday'\n")
    found = Question(paths).ask()

    assert measures(found["week"]) == measures(asked('cclaunch usage --since "this week"')["total"])


def test_a_ledger_of_a_newer_release_is_said(sandbox: Sandbox, paths: Paths, utc: int) -> None:
    """With what to do; it is left as it is."""
    spend(sandbox, utc)
    assert brought_up(places_of(paths)) is None
    connection = open_to_write(paths.ledger)
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    found = Question(paths).ask()

    assert "newer cclaunch" in found["notes"][0]
    assert "upgrade cclaunch" in found["notes"][0]


def test_while_another_one_writes_the_ledger_is_asked_as_it_is(sandbox: Sandbox, paths: Paths, utc: int) -> None:
    """In bounded time, and it says what is not in it yet."""
    spend(sandbox, utc)
    before = Question(paths).ask()
    store(sandbox.database, events_of({"time": utc, "cost_usd": 5.0, "cost_usd_micros": 5_000_000}, time_ns=utc))
    with locked(paths.ledger_lock, 5):
        busy = Question(paths).ask()
    after = Question(paths).ask()

    assert busy["today"] == before["today"]
    assert busy["notes"]
    assert after["today"]["requests"] == before["today"]["requests"] + 1


def test_what_may_change_the_answer_is_looked_at(sandbox: Sandbox, paths: Paths) -> None:
    """A commit changes the log first."""
    files = Question(paths).files()

    assert {paths.ledger, paths.ledger + "-wal", paths.database, paths.database + "-wal", paths.config_file} <= set(files)
    assert 0 < Question(paths).lasts_s() <= 60
