"""`usage --by`: every key that is promised against sums made by hand, two keys, order, the first of them, times and weeks."""

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest
from runners import Verb
from sandbox import Sandbox
from spent_month import NOW_NS, records, spend

from cclaunch import cli
from cclaunch.commands.shared import dates

Record = dict[str, Any]


def clock(form: str) -> Callable[[Record], str]:
    """Return what names the time of a record by *form*, in UTC."""
    return lambda record: datetime.fromtimestamp(record["time"] // 10**9, UTC).strftime(form)


def sent(key: str) -> Callable[[Record], str | None]:
    """Return what names a record by the attribute *key*."""
    return lambda record: record.get(key)


KEYS: dict[str, Callable[[Record], str | None]] = {
    "hour": clock("%Y-%m-%d %H:00"),
    "day": clock("%Y-%m-%d"),
    "week": clock("%G-W%V"),
    "month": clock("%Y-%m"),
    "weekday": clock("%A"),
    "session": sent("session.id"),
    "model": sent("model"),
    "profile": sent("cclaunch.profile"),
    "team": sent("team"),
    "project": sent("project"),
    "repository": sent("vcs.repository.name"),
    "branch": sent("vcs.ref.head.name"),
    "agent": sent("agent.name"),
    "skill": sent("skill.name"),
    "mcp": sent("mcp_server.name"),
    "query_source": sent("query_source"),
}
ALWAYS = ("--since", "2026-01")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month, recorded once for all tests."""
    path = tmp_path_factory.mktemp("month") / "telemetry.db"
    spend(path)
    return path


class Then(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Then":
        """Return the end of the month."""
        return cls.fromtimestamp(NOW_NS // 10**9, tz)


@pytest.fixture
def usage(sandbox: Sandbox, written: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Verb]:
    """Run `usage` with words, in UTC, at the end of the month; return (exit code, stdout, stderr)."""
    sandbox.data.mkdir(parents=True)
    for file in written.parent.iterdir():
        shutil.copy(file, sandbox.data / file.name)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(time, "time_ns", lambda: NOW_NS)
    monkeypatch.setattr(time, "time", lambda: NOW_NS / 1e9)
    monkeypatch.setattr(dates, "datetime", Then)

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.main(["usage", *words], sandbox.environ)
        told = capsys.readouterr()
        return code, told.out, told.err

    yield run
    monkeypatch.undo()
    time.tzset()


def document(usage: Verb, *words: str) -> Any:
    """Return what `usage --json` says; it must say nothing else."""
    code, out, err = usage("--json", *words)
    assert (code, err) == (0, "")
    return json.loads(out)


def micros_of(rows: list[Record], *keys: str) -> Counter[tuple[str | None, ...]]:
    """Return values of *keys* -> micro-dollars of the rows that have them."""
    return Counter({tuple(row[key] for key in keys): round(row["cost_usd"] * 1e6) for row in rows})


def by_hand(*keys: str, since: str = "2026") -> Counter[tuple[str | None, ...]]:
    """Return the same, added up from what was sent from the day *since* on."""
    found: Counter[tuple[str | None, ...]] = Counter()
    for record in records():
        if clock("%Y-%m-%d")(record) >= since:
            found[tuple(KEYS[key](record) for key in keys)] += record["cost_usd_micros"]
    return found


@pytest.mark.parametrize("key", KEYS)
def test_every_key_that_is_promised_adds_up(usage: Verb, key: str) -> None:
    """To the micro-dollar, with as many rows as there are values; what lacks it is null."""
    found = document(usage, "--by", key, *ALWAYS)

    assert micros_of(found["rows"], key) == by_hand(key)
    assert len(found["rows"]) == len(by_hand(key))
    assert found["total"]["requests"] == sum(row["requests"] for row in found["rows"]) == len(records())


@pytest.mark.parametrize("keys", [("project", "model"), ("month", "weekday"), ("agent", "branch"), ("team", "week")])
def test_two_keys_have_subtotals(usage: Verb, keys: tuple[str, str]) -> None:
    """Each is the sum of its rows, and stands above them in the table."""
    found = document(usage, "--by", ",".join(keys), *ALWAYS)

    assert micros_of(found["rows"], *keys) == by_hand(*keys)
    assert micros_of(found["subtotals"], keys[0]) == by_hand(keys[0])
    firsts = [row[keys[0]] for row in found["rows"]]
    assert list(dict.fromkeys(firsts)) == [row[keys[0]] for row in found["subtotals"]]
    table = usage("--by", ",".join(keys), *ALWAYS)[1].splitlines()
    assert table[0].startswith(f"{keys[0]} / {keys[1]}  ")
    heads = [line for line in table[1:-2] if not line.startswith("  ")]
    assert [line.split("  ")[0] for line in heads] == [value or "-" for value in dict.fromkeys(firsts)]


def test_three_keys_are_a_column_more(usage: Verb) -> None:
    """The first alone has subtotals."""
    found = document(usage, "--by", "team,model,branch", *ALWAYS)

    assert micros_of(found["rows"], "team", "model", "branch") == by_hand("team", "model", "branch")
    assert usage("--by", "team,model,branch", *ALWAYS)[1].splitlines()[0].split("  ")[0] == "team / model"


@pytest.mark.parametrize(
    ("key", "near"),
    [("taem", "team"), ("reposiory", "repository"), ("query source", "query_source"), ("weekdy", "weekday"), ("modell", "model")],
)
def test_an_unknown_key_is_answered_with_near_names(usage: Verb, key: str, near: str) -> None:
    """Exit 2, in each form, and nothing on stdout."""
    for form in ((), ("--json",), ("--csv",), ("--markdown",)):
        code, out, err = usage("--by", key, *form)
        assert (code, out) == (2, "")
        assert f"no request ever had `{key}`; did you mean `{near}`" in err


def test_a_key_like_no_other_is_refused_without_a_guess(usage: Verb) -> None:
    """There is nothing to guess."""
    code, out, err = usage("--by", "zzzzzz")

    assert (code, out) == (2, "")
    assert err.splitlines()[0] == "cclaunch: error: no request ever had `zzzzzz`"


@pytest.mark.parametrize(("order", "measure"), [("cost", "cost_usd"), ("requests", "requests"), ("tokens", "total_tokens")])
@pytest.mark.parametrize("key", ["model", "day", "session", "weekday"])
def test_sort_brings_the_most_to_the_top(usage: Verb, key: str, order: str, measure: str) -> None:
    """Whatever the key."""
    rows = document(usage, "--by", key, "--sort", order, *ALWAYS)["rows"]

    assert [row[measure] for row in rows] == sorted((row[measure] for row in rows), reverse=True)


def test_sorted_by_time_the_newest_come_first_and_days_stay_in_order(usage: Verb) -> None:
    """A day is later than another by itself."""
    branches = document(usage, "--by", "branch", "--sort", "time", *ALWAYS)["rows"]
    days = document(usage, "--by", "day", "--sort", "time", *ALWAYS)["rows"]

    last = {KEYS["branch"](record): record["time"] for record in sorted(records(), key=lambda record: record["time"])}
    assert [row["branch"] for row in branches] == sorted(last, key=lambda branch: -last[branch])
    assert [row["day"] for row in days] == sorted(row["day"] for row in days)


@pytest.mark.parametrize("key", ["", " ", ","])
def test_an_empty_key_is_refused(usage: Verb, key: str) -> None:
    """As a variable of a script is that was never set: the default would be an answer to another question."""
    code, out, err = usage("--by", key)

    assert (code, out) == (2, "")
    assert "--by: it is empty" in err


def test_an_unknown_order_is_refused(usage: Verb) -> None:
    """With those that there are."""
    code, out, err = usage("--by", "model", "--sort", "money")

    assert (code, out) == (2, "")
    assert all(word in err for word in ("cost", "time", "requests", "tokens"))


@pytest.mark.parametrize("number", ["0", "-1", "x", ""])
def test_top_is_a_number_from_one_on(usage: Verb, number: str) -> None:
    """No rows at all is a mistake."""
    assert usage("--by", "model", "--top", number)[:2] == (2, "")


def test_top_keeps_the_dearest_and_says_what_is_left_out(usage: Verb) -> None:
    """The rest is a row, and the total is of all."""
    whole = document(usage, "--by", "branch", *ALWAYS)
    found = document(usage, "--by", "branch", "--top", "1", *ALWAYS)

    assert found["rows"] == whole["rows"][:1]
    assert found["total"] == whole["total"]
    assert (found["hidden"]["rows"], found["hidden"]["requests"]) == (2, sum(row["requests"] for row in whole["rows"][1:]))
    assert "2 more " in usage("--by", "branch", "--top", "1", *ALWAYS)[1]


def test_top_of_two_keys_counts_the_first(usage: Verb) -> None:
    """A part with its subtotal, all of it."""
    found = document(usage, "--by", "project,model", "--top", "1", *ALWAYS)

    assert {row["project"] for row in found["rows"]} == {"log-ingestion"}
    assert len(found["rows"]) == 3
    assert [row["project"] for row in found["subtotals"]] == ["log-ingestion"]


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        (("--since", "this week"), "2026-11-23", "2026-11-25"),
        (("--since", "last week", "--until", "last week"), "2026-11-17", "2026-11-22"),
        (("--since", "This  Month"), "2026-11-01", "2026-11-25"),
        (("--since", "last month", "--until", "last month"), "2026-10-01", "2026-10-31"),
        (("--until", "last month", "--since", "2026-10-30"), "2026-10-30", "2026-10-31"),
        (("--since", "2026-10", "--until", "2026-10-03"), "2026-10-01", "2026-10-03"),
    ],
)
def test_weeks_and_months_bound_the_time(usage: Verb, words: tuple[str, ...], first: str, last: str) -> None:
    """As a whole, in local time. On the 16th nobody worked."""
    days = [row["day"] for row in document(usage, "--by", "day", *words)["rows"]]

    assert (days[0], days[-1]) == (first, last)


@pytest.mark.parametrize(
    "word", ["2026-02-30", "2026-13", "next week", "this year", "last", "week", "last fortnight", "2026-W48"]
)
@pytest.mark.parametrize("option", ["--since", "--until"])
def test_an_impossible_date_is_refused(usage: Verb, option: str, word: str) -> None:
    """Exit 2, one line that names the option, and the forms that there are or what is wrong."""
    code, out, err = usage(option, word)

    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 2
    assert option in err


@pytest.mark.parametrize(
    ("first", "weeks", "weekdays", "since"),
    [
        ("monday", ["2026-W47", "2026-W48"], ["Monday", "Tuesday"], "2026-11-23"),
        ("sunday", ["2026-11-15", "2026-11-22"], ["Sunday", "Monday"], "2026-11-22"),
        ("wednesday", ["2026-11-18", "2026-11-25"], ["Wednesday", "Thursday"], "2026-11-25"),
    ],
)
def test_a_week_begins_where_the_configuration_says(
    usage: Verb, sandbox: Sandbox, first: str, weeks: list[str], weekdays: list[str], since: str
) -> None:
    """Its name, the order of weekdays, `this week`, `--where week=` and the screen go by it."""
    sandbox.configure(extra=f"[usage]\nweek_start = '{first}'")

    rows = document(usage, "--by", "week", *ALWAYS)["rows"]
    assert [row["week"] for row in rows][-2:] == weeks
    assert [row["weekday"] for row in document(usage, "--by", "weekday", *ALWAYS)["rows"]][:2] == weekdays
    this = document(usage, "--since", "this week")["total"]
    assert this["cost_usd"] * 1e6 == pytest.approx(by_hand("month", since=since).total())
    assert document(usage, "--where", f"week={weeks[1]}")["total"] == this
    assert document(usage, "--by", "session", "--where", f"week={weeks[1]}")["total"] == this
    assert f"this week ${this['cost_usd']:.2f}" in usage()[1]


def test_a_week_that_begins_on_no_day_is_said(usage: Verb, sandbox: Sandbox) -> None:
    """The file, the key, and what is done instead; nothing is forgotten by a week that was not meant."""
    whole = usage("--by", "week")
    sandbox.configure(extra="[usage]\nweek_start = 'someday'")

    code, out, err = usage("--by", "week")
    assert (code, out) == whole[:2]
    assert str(sandbox.config_file) in err
    assert "week_start" in err
    assert err.endswith("; weeks begin on Monday\n")
    assert usage("forget", "--where", "week=2026-W47", "--yes")[0] == 2
    assert usage("--by", "week")[1] == out


@pytest.mark.parametrize("words", [(), ("--by", "team"), ("--by", "session"), ("--where", "project=x")])
def test_an_empty_ledger_says_how_data_comes_in(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """One line, no table, exit 0."""
    assert cli.main(["usage", *words], sandbox.environ) == 0

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "cclaunch: nothing was recorded yet: run `cclaunch` where you would run `claude`, and look again\n"


@pytest.mark.parametrize("words", [("--by", "nobody-has-this"), ("--where", "nobody-has-this=1"), ("--by", "weeek", "--json")])
def test_an_unknown_key_is_one_in_an_empty_ledger_too(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """Neither built in nor of a profile."""
    assert cli.main(["usage", *words], sandbox.environ) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert f"no request ever had `{words[1].partition('=')[0]}`" in told.err


def test_sessions_are_the_newest_first_and_say_where_and_how_long(usage: Verb) -> None:
    """Start, length, repository, branch, profile, models, cost: under these names."""
    newest = document(usage, "--by", "session")["rows"][0]

    mine = [record for record in records() if record["session.id"] == newest["session"]]
    assert newest["start"] == "2026-11-25T09:00:00.000Z"
    assert newest["seconds"] == (mine[-1]["time"] - mine[0]["time"]) // 10**9
    assert [newest[key] for key in ("repository", "branch", "profile")] == [
        "log-ingestion",
        "feature/late-arrivals-and-duplicates",
        "data-eng",
    ]
    assert set(newest["models"]) == {record["model"] for record in mine}
    assert round(newest["cost_usd"] * 1e6) == sum(record["cost_usd_micros"] for record in mine)


def test_rows_of_days_are_of_the_last_fourteen(usage: Verb) -> None:
    """Today among them, and that is said to people."""
    rows = document(usage, "--by", "day")["rows"]

    assert (rows[0]["day"], rows[-1]["day"]) == ("2026-11-12", "2026-11-25")
    assert "these are the last 14 days" in usage("--by", "day")[2]
    assert "these are the last 14 days" in usage("--by", "day", "--csv")[2]
    assert "these are the last 14 days" in usage("--by", "session", "--markdown")[2]
    assert usage("--by", "day", "--json")[2] == ""
    assert usage("--by", "week")[2] == ""
