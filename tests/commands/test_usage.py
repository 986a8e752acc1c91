"""`cclaunch usage`: the figures, the table, the JSON that programs rely on, and dates as people type them."""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from ledgers import forget_old
from runners import Verb
from sandbox import Sandbox
from stored import SECOND_NS, cost, event, request, store

from cclaunch import cli, console
from cclaunch.reports.dates import ago, iso, nanoseconds, parse_moment

NOON = nanoseconds(datetime(2026, 11, 20, 12, tzinfo=UTC))
DAY_NS = 86400 * SECOND_NS
SURE = {"cost_estimated_usd": 0, "requests_unpriced": 0}
NOTHING = {
    "requests": 0,
    "total_tokens": 0,
    "input_tokens": 0,
    "output_tokens": 0,
    "cache_read_tokens": 0,
    "cache_creation_tokens": 0,
}


@pytest.fixture
def recorded(sandbox: Sandbox) -> None:
    """Three requests on two days with two models."""
    store(
        sandbox.database,
        request(1, NOON - DAY_NS, micros=1_000_001),
        request(2, NOON, micros=5625, session__id="s-2"),
        request(3, NOON + 1, micros=2_000_000, model="claude-haiku-4-5", team="core"),
    )


def test_json_has_the_promised_shape(usage: Verb, recorded: None) -> None:
    """Keys of --by, then the eight measures, in every row; the total without the keys."""
    code, out, _ = usage("--json", "--since", "2026-11-01T00:00Z")

    document = json.loads(out)
    measures = {"cost_usd", *NOTHING, *SURE}
    assert code == 0
    assert list(document) == ["since", "until", "by", "rows", "total", "subtotals"]
    assert [(row["day"], row["cost_usd"]) for row in document["subtotals"]] == [
        ("2026-11-19", 1.000001),
        ("2026-11-20", 2.005625),
    ]
    assert (document["since"], document["until"], document["by"]) == ("2026-11-01T00:00:00.000Z", None, ["day", "model"])
    assert [set(row) for row in document["rows"]] == [{"day", "model", *measures}] * 3
    assert document["total"] == {
        "cost_usd": 3.005626,
        "requests": 3,
        "total_tokens": 300,
        "input_tokens": 30,
        "output_tokens": 60,
        "cache_read_tokens": 90,
        "cache_creation_tokens": 120,
        **SURE,
    }


def test_by_groups_by_any_attribute(usage: Verb, recorded: None) -> None:
    """An attribute that some events lack has a row of its own, with null."""
    _, out, _ = usage("--json", "--by", "team")

    rows = json.loads(out)["rows"]
    assert [(row["team"], row["requests"]) for row in rows] == [("core", 1), (None, 2)]


@pytest.mark.parametrize("words", [("--by", "day", "--by", "model"), ("--by", "day,model"), ("--by", "day,model,day"), ()])
def test_keys_may_be_repeated_or_joined(usage: Verb, recorded: None, words: tuple[str, ...]) -> None:
    """All spellings of day and model are the default, which has no bound for programs."""
    assert usage("--json", "--since", "2026-11-01", *words)[1] == usage("--json", "--since", "2026-11-01")[1]


def test_a_time_that_is_only_asked_for_divides_nothing(usage: Verb, recorded: None) -> None:
    """Two days of one model are one row."""
    _, out, _ = usage("--json", "--by", "model", "--where", "day=2026-11-19", "--where", "day=2026-11-20")

    rows = json.loads(out)["rows"]
    assert [(row["model"], row["requests"]) for row in rows] == [("claude-haiku-4-5", 1), ("claude-opus-4-8", 2)]


def test_a_measure_is_nothing_to_group_by(usage: Verb, recorded: None) -> None:
    """`--by cost_usd` would overwrite what is counted."""
    assert usage("--by", "cost_usd")[0] == 2


@pytest.fixture
def labelled(sandbox: Sandbox) -> None:
    """Four requests of two teams and nobody, with a boolean and a list among their attributes."""
    store(
        sandbox.database,
        request(1, NOON, micros=1, team="a", project="p", fast=True),
        request(2, NOON, micros=2, team="a", project="q", vcs__repository__name="repo"),
        request(4, NOON, micros=4, team="b", project="p", cclaunch__profile="p-1", sources=["file", "x"]),
        request(8, NOON, micros=8, team=""),
    )


@pytest.mark.parametrize(
    ("words", "micros"),
    [
        (["team=a"], 3),
        (["team=a", "team=b"], 7),
        (["team=a", "team=b", "project=p"], 5),
        (["team="], 8),
        (["team=", "team=a"], 11),
        (["project="], 8),
        (["fast=true"], 1),
        (["fast=1"], 0),
        (['sources=["file","x"]'], 4),
        (["profile=p-1"], 4),
        (["cclaunch.profile=p-1"], 4),
        (["repository=repo"], 2),
        (["repository=repo", "vcs.repository.name="], 15),
        (["team=A"], 0),
        ([" team =a"], 3),
        (["team=a=b"], 0),
        (["team=a,b"], 0),
        (["team='a' OR 1=1"], 0),
    ],
)
def test_where_filters(usage: Verb, labelled: None, words: list[str], micros: int) -> None:
    """The same key again is any of its values, another key must hold as well, an empty value is a missing one."""
    code, out, err = usage("--json", *(part for word in words for part in ("--where", word)))

    assert (code, err) == (0, "")
    assert round(json.loads(out)["total"]["cost_usd"] * 1e6) == micros


@pytest.mark.parametrize("key", ["day", "model", "profile", "team", "project", "repository", "session", "fast", "sources"])
def test_every_documented_key_groups(usage: Verb, labelled: None, key: str) -> None:
    """Whatever the rows are, they add up to the whole."""
    rows = json.loads(usage("--json", "--by", key)[1])["rows"]

    assert round(sum(row["cost_usd"] for row in rows) * 1e6) == 15


def test_json_keeps_the_kind_of_a_value(usage: Verb, labelled: None) -> None:
    """A program gets what was sent: a boolean, a list, null for nothing."""
    rows = json.loads(usage("--json", "--by", "fast,sources")[1])["rows"]

    assert [(row["fast"], row["sources"], row["requests"]) for row in rows] == [
        (None, None, 2),
        (None, ["file", "x"], 1),
        (True, None, 1),
    ]


def test_a_table_shows_values_as_where_takes_them(usage: Verb, labelled: None) -> None:
    """`true`, compact JSON, `-` for what is missing, and `""` for what is empty."""
    out = usage("--by", "team,fast,sources")[1]

    first = [line.split()[:2] for line in out.splitlines()[1:8]]
    assert [cells[0] for cells in first] == ['""', "-", "b", "-", "a", "-", "true"]
    assert first[3] == ["-", '["file","x"]']


@pytest.mark.parametrize("option", ["--where", "--by"])
def test_a_word_that_is_no_unicode_is_refused(usage: Verb, recorded: None, option: str) -> None:
    """Bytes of another encoding on the command line: exit 2, not a bug of ours."""
    code, out, err = usage(option, "gr\udcf6sse=x")

    assert (code, out) == (2, "")
    assert "is not valid UTF-8" in err


@pytest.mark.parametrize("word", ["team", "", "=a", " =a", "team:a"])
def test_a_malformed_where_is_refused_with_an_example(usage: Verb, recorded: None, word: str) -> None:
    """Exit 2, and how it is written."""
    code, out, err = usage("--where", word)

    assert (code, out) == (2, "")
    assert "write --where team=data-engineering" in err


@pytest.mark.parametrize("words", [("--by", "taem"), ("--where", "taem=core"), ("--where", "taem=")])
def test_a_key_that_nobody_sent_is_refused_with_one_like_it(usage: Verb, recorded: None, words: tuple[str, str]) -> None:
    """An answer of empty rows would look like one."""
    code, out, err = usage("--json", *words)

    assert (code, out) == (2, "")
    assert err.startswith("cclaunch: error: no request ever had `taem`; did you mean `team`?\n")


def test_a_key_of_a_profile_is_known_before_anybody_sent_it(usage: Verb, recorded: None, sandbox: Sandbox) -> None:
    """It may be sent tomorrow."""
    assert usage("--json", "--by", "costcentre")[0] == 2
    assert cli.main(["profile", "set", "shop", "costcentre=42"], sandbox.environ) == 0

    assert usage("--json", "--by", "costcentre")[0] == 0


@pytest.mark.parametrize("key", ["agent", "skill", "mcp", "query_source", "branch", "effort", "hour", "weekday"])
def test_what_claude_may_send_is_known(usage: Verb, recorded: None, key: str) -> None:
    """Also where nothing of it was sent yet."""
    assert usage("--json", "--by", key)[0] == 0


def test_nothing_that_matches_is_said(usage: Verb, recorded: None) -> None:
    """Not that nothing was recorded."""
    assert usage("--by", "model", "--where", "team=nobody") == (0, "", "cclaunch: nothing like that was recorded\n")


def test_old_days_answer_for_every_attribute(usage: Verb, sandbox: Sandbox) -> None:
    """Their events are gone; the ledger knows what they were."""
    store(sandbox.database, request(1, NOON - 200 * DAY_NS, micros=1_500_000, effort="high"), request(2, NOON, effort="high"))
    before = usage("--json", "--where", "effort=high")
    with sqlite3.connect(sandbox.database, isolation_level=None) as connection:
        assert forget_old(connection, NOON) == 1
    connection.close()

    after = usage("--json", "--where", "effort=high")
    assert after == before
    assert json.loads(after[1])["total"]["requests"] == 2


def test_a_loss_is_told_for_a_filter_only_where_it_lies_in_it(usage: Verb, sandbox: Sandbox) -> None:
    """Another team's loss is no news."""
    metrics = [cost("s-a", 1.5, NOON, team="a"), cost("s-b", 2.0, NOON, team="b")]
    store(sandbox.database, *(request(n, NOON, micros=10**6, session__id=f"s-{t}", team=t) for n, t in enumerate("ab")), *metrics)

    assert "count $0.5000 more" in usage("--json", "--where", "team=a")[2]
    assert "count $1.50 more" in usage("--json")[2]
    assert usage("--json", "--where", "model=claude-opus-4-8", "--where", "team=")[2] == ""


def test_too_many_keys_are_refused(usage: Verb, recorded: None) -> None:
    """A table of a hundred columns is a mistake."""
    assert usage("--by", ",".join(f"k{number}" for number in range(100)))[0] == 2


def test_the_help_says_how_where_works(usage: Verb) -> None:
    """OR within a key, AND between keys, and the empty value."""
    told = " ".join(usage("--help")[1].split())

    assert "the same KEY again takes any of its values, another KEY must hold as well" in told
    assert "KEY= takes what lacks KEY" in told
    keys = "session, model, profile, team, project, repository, branch, pr, agent, skill, mcp, query_source"
    assert f"{keys} or any other" in told


def test_the_table_ends_with_the_total(usage: Verb, recorded: None) -> None:
    """One line a group, dollars and thousands readable, no colour on a pipe."""
    _, out, _ = usage("--by", "model")

    lines = [line.split() for line in out.splitlines()]
    assert lines[1][:3] == ["claude-haiku-4-5", "$2.00", "1"]
    assert lines[2][:3] == ["claude-opus-4-8", "$1.01", "2"]
    assert lines[-1] == ["total", "$3.01", "3", "300", "30", "60", "90", "120"]
    assert "\x1b" not in out


def test_rows_without_an_end_are_of_the_last_days_and_say_so(usage: Verb, sandbox: Sandbox) -> None:
    """Days, hours and sessions; not models, nor what a time was given for."""
    now = time.time_ns()
    store(sandbox.database, request(1, now - 100 * DAY_NS, session__id="old"), request(2, now, session__id="new"))

    assert [row["requests"] for row in json.loads(usage("--json", "--by", "day")[1])["rows"]] == [1]
    assert usage("--by", "session")[2].endswith("these are the last 14 days; `--since 2026-01`, say, tells more\n")
    assert json.loads(usage("--json", "--by", "model")[1])["total"]["requests"] == 2
    assert json.loads(usage("--json", "--by", "session", "--since", "200d")[1])["total"]["requests"] == 2


def test_since_and_until_bound_the_time(usage: Verb, recorded: None) -> None:
    """The first moment counts, the last one does not."""
    _, out, _ = usage("--json", "--since", iso(NOON), "--until", "2026-11-20T12:00:00.001Z")

    assert json.loads(out)["total"]["requests"] == 2


def test_nothing_recorded_is_zero_and_no_error(usage: Verb) -> None:
    """A fresh machine has cost nothing."""
    code, out, _ = usage("--json")

    assert code == 0
    assert json.loads(out) == {
        "since": None,
        "until": None,
        "by": ["day", "model"],
        "rows": [],
        "total": {"cost_usd": 0, **NOTHING, **SURE},
    }


def test_nothing_recorded_is_said_to_people(usage: Verb) -> None:
    """No empty table, and how that changes."""
    told = "cclaunch: nothing was recorded yet: run `cclaunch` where you would run `claude`, and look again\n"
    assert usage() == usage("--by", "model") == (0, "", told)


def test_what_was_lost_on_the_way_is_said(usage: Verb, sandbox: Sandbox) -> None:
    """Where claude's own metric counts more than the events do, the difference is named."""
    store(sandbox.database, request(1, NOON, micros=1_000_000, session__id="s"), cost("s", 3.5, NOON))

    code, out, err = usage("--json")

    assert (code, json.loads(out)["total"]["cost_usd"]) == (0, 1.0)
    assert err == "cclaunch: claude's own metrics count $2.50 more than these events: that much was lost on the way\n"


def test_nothing_is_said_when_nothing_was_lost(usage: Verb, sandbox: Sandbox) -> None:
    """A metric that agrees with the events is no news."""
    store(sandbox.database, request(1, NOON, micros=1_000_000, session__id="s"), cost("s", 1.0, NOON))

    assert usage("--json")[2] == ""


def test_other_events_cost_nothing(usage: Verb, sandbox: Sandbox) -> None:
    """Only api_request is money."""
    store(sandbox.database, event("tool_result", NOON, cost_usd_micros=7))

    assert json.loads(usage("--json")[1])["total"]["requests"] == 0


def test_a_file_that_is_no_database_is_an_error_with_a_hint(usage: Verb, sandbox: Sandbox) -> None:
    """Exit 1; the file is named and left alone."""
    sandbox.database.parent.mkdir(parents=True)
    sandbox.database.write_bytes(b"not a database, but long enough to be looked at" * 10)

    code, out, err = usage()

    assert (code, out) == (1, "")
    assert str(sandbox.database) in err
    assert "hint: " in err


NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("7d", "2026-11-17T15:30:00.000Z", "2026-11-17T15:30:00.000Z"),
        ("12h", "2026-11-24T03:30:00.000Z", "2026-11-24T03:30:00.000Z"),
        ("90m", "2026-11-24T14:00:00.000Z", "2026-11-24T14:00:00.000Z"),
        ("2W", "2026-11-10T15:30:00.000Z", "2026-11-10T15:30:00.000Z"),
        ("now", "2026-11-24T15:30:00.000Z", "2026-11-24T15:30:00.000Z"),
        ("today", "2026-11-24T00:00:00.000Z", "2026-11-25T00:00:00.000Z"),
        ("yesterday", "2026-11-23T00:00:00.000Z", "2026-11-24T00:00:00.000Z"),
        ("2026", "2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
        ("2026-11-01", "2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z"),
        ("2026-12", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
        ("2026-11-01T09:30", "2026-11-01T09:30:00.000Z", "2026-11-01T09:30:00.000Z"),
        ("2026-11-01 09:30:15", "2026-11-01T09:30:15.000Z", "2026-11-01T09:30:15.000Z"),
        ("2026-11-01T09:30+02:00", "2026-11-01T07:30:00.000Z", "2026-11-01T07:30:00.000Z"),
    ],
)
def test_dates_as_people_type_them(in_utc: None, text: str, start: str, end: str) -> None:
    """A form without a time of day is a whole day or month: --since takes its start, --until its end."""
    assert (iso(parse_moment(text, NOW)), iso(parse_moment(text, NOW, end=True))) == (start, end)


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make local time UTC."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_day_is_a_day_of_local_time(monkeypatch: pytest.MonkeyPatch, in_utc: None) -> None:
    """In Berlin a November day begins at 23:00 UTC, a July day at 22:00: the zone is asked for that day."""
    import time

    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()

    assert iso(parse_moment("2026-11-02", NOW)) == "2026-11-01T23:00:00.000Z"
    assert iso(parse_moment("2026-07-02", NOW)) == "2026-07-01T22:00:00.000Z"


@pytest.mark.parametrize(
    "text",
    ["", "never", "7", "d", "-7d", "0000", "9999", "2026-13", "2026-02-30", "999999w", "0001-01-01", "9999-12-31", "11/01/2026"],
)
def test_what_is_no_date_is_refused(usage: Verb, text: str) -> None:
    """Exit 2, naming the option; never a traceback and never a guess."""
    code, out, err = usage("--since", text)

    assert (code, out) == (2, "")
    assert "--since" in err
    assert f"`{text}` is no" in err


def test_since_after_until_is_refused(usage: Verb) -> None:
    """An empty time is a mistake, not an answer of zero."""
    assert usage("--since", "2026-11-02", "--until", "2026-11-01")[0] == 2


@pytest.mark.parametrize(
    ("seconds", "told"), [(5, "just now"), (300, "5 min ago"), (7200, "2 h ago"), (5 * 86400, "5 days ago"), (-9, "just now")]
)
def test_how_long_ago(seconds: int, told: str) -> None:
    """A clock that went back is just now."""
    assert ago(NOON, NOON + seconds * SECOND_NS) == told


@pytest.mark.parametrize("key", ["duration_ms", "prompt.id", "request_id", "event.sequence", "event.name", "user.id", "attempt"])
@pytest.mark.parametrize("words", [("--by", "{}"), ("--where", "{}=1")])
def test_what_is_of_each_request_alone_is_asked_of_events(usage: Verb, recorded: None, words: tuple[str, str], key: str) -> None:
    """Exit 2 with the verb that knows, and not a row of nothing."""
    code, out, err = usage(*(word.format(key) for word in words))

    assert (code, out) == (2, "")
    assert f"`cclaunch events --where {key}=VALUE`" in err


@pytest.mark.parametrize(("key", "rows"), [("month", [("2026-11", 3)]), ("week", [("2026-W47", 3)])])
def test_weeks_and_months_group(usage: Verb, recorded: None, in_utc: None, key: str, rows: list[tuple[str, int]]) -> None:
    """Weeks are those of ISO 8601, which begin on Monday."""
    found = json.loads(usage("--json", "--by", key)[1])["rows"]

    assert [(row[key], row["requests"]) for row in found] == rows


def test_usage_loads_nothing_that_it_does_not_need(sandbox: Sandbox, recorded: None) -> None:
    """Neither what decodes exports, nor what speaks HTTP, nor what runs containers, nor what draws."""
    sandbox.configure()
    words = "import sys; sys.argv[1:] = ['usage']; from cclaunch.main import main; main(); print('loaded', *sys.modules)"
    sandbox.run([sys.executable, "-c", words])  # the ledger takes in what is new
    told = sandbox.run([sys.executable, "-c", words]).stdout.decode()
    loaded = set(told.partition("loaded ")[2].split())

    heavy = {"google.protobuf", "grpc", "http.client", "rich", "docker", "psutil", "subprocess", "hashlib", "decimal", "socket"}
    ours = {
        *("commands.stack", "backends.docker.backend", "backends.embedded.foreign", "persist", "otlp", "collector.main"),
        *("store.writer", "store.reader", "store.vlogs", "store.ledger.catch_up", "store.ledger.insert", "commands.usage_forget"),
    }
    assert "cclaunch.store.ledger.reading" in loaded
    assert loaded & (heavy | {f"cclaunch.{name}" for name in ours}) == set()


def test_a_bar_shows_how_much_is_read(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where it is much, and it goes away again."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with console.progress("adding up", {"LANG": "C.UTF-8"}) as tell:
        tell(10, 20)
        tell(50_000, 100_000)

    told = capsys.readouterr().err
    assert f"adding up… [{'#' * 15}{' ' * 15}] 50,000 of 100,000" in told
    assert "10 of 20" not in told
    assert told.endswith("\r\x1b[2K")


@pytest.mark.parametrize("columns", [20, 45, 60, 80, 200])
def test_a_bar_is_no_longer_than_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """Or it would not go away; where it is too short to tell anything there are the figures alone."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(sys.stderr, "fileno", lambda: 2)
    monkeypatch.setattr("os.get_terminal_size", lambda _: os.terminal_size((columns, 24)))
    with console.progress("adding up", {"LANG": "C.UTF-8"}) as tell:
        tell(50_000, 100_000)

    told = capsys.readouterr().err.split("\r\x1b[2K")[1]
    assert told.endswith(" 50,000 of 100,000")
    assert ("#" in told) == (columns >= 45)
    assert len(told) < max(columns, len("adding up… 50,000 of 100,000") + 1)
