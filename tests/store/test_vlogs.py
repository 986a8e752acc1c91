"""VictoriaLogs as a store: the same answers as from our own database, whatever the words, and together with it."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from collector_client import wait_until
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from labels import LABELS, ODD, compact
from ledgers import places_at, usage
from sandbox import Sandbox
from stackproc import Vlogs
from stackproc import vlogs as running_vlogs
from stored import cost, export_of, store

from cclaunch import cli
from cclaunch.backends import sources
from cclaunch.otlp.decode import decode_logs
from cclaunch.store import stores
from cclaunch.store import usage as asking
from cclaunch.store.filters import ALIASES, Where
from cclaunch.store.following import Tail
from cclaunch.store.places import Places
from cclaunch.store.reader import Event, events, open_reader
from cclaunch.store.shared import has_few_values
from cclaunch.store.spending import Usage
from cclaunch.store.vlogs import read

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
NOW = time.time_ns() // DAY * DAY - DAY
CASES = itertools.count()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vlogs]:
    """A real VictoriaLogs."""
    with running_vlogs(tmp_path_factory.mktemp("vlogs")) as service:
        yield service


@pytest.fixture
def case() -> str:
    """A value of the attribute `case` that no other test has: all share one VictoriaLogs."""
    return f"case-{next(CASES)}"


@pytest.fixture
def sent(there: Vlogs, case: str) -> Callable[..., None]:
    """Send records (attributes of requests) to VictoriaLogs; every one has the attribute `case`."""

    def run(*records: dict[str, Any]) -> None:
        numbered = [{"request_id": f"{case}-{n}", "cost_usd_micros": 1, "case": case, **one} for n, one in enumerate(records)]
        there.take(export_of(*numbered, time_ns=NOW))

    return run


@pytest.fixture
def places(there: Vlogs, tmp_path: Path) -> Places:
    """VictoriaLogs alone, and a ledger that has read nothing of it yet."""
    return places_at(tmp_path / "none.db", there.url)


@pytest.fixture
def counted(places: Places, case: str) -> Callable[..., int]:
    """The number of requests that meet a condition."""

    def run(**where: str) -> int:
        found = asking.usage(places, None, None, [], {"case": case, **where}).usage
        assert found is not None
        return int(found.total["requests"])

    return run


def grouped(places: Places, case: str, key: str) -> list[tuple[Any, int]]:
    """Return (value, number of requests) for each value of *key* among those of a test."""
    found = asking.usage(places, None, None, [key], {"case": case}).usage
    assert found is not None
    return [(row[key], row["requests"]) for row in found.rows]


# Foreign words.

HOSTILE = [
    '"',
    '") or *',
    "x) or (*",
    '\\") or *:"',
    "a|b",
    "x | delete *",
    "'; DROP",
    "`",
    "_time:5m",
    "in(*)",
    "*",
    "a\nb",
    "ünï\x00\x1f\x7f",
    "🙂",
    "a:b",
    "{x=y}",
    "#",
    " lead",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_value_is_nothing_but_a_value(
    sent: Callable[..., None], counted: Callable[..., int], places: Places, case: str, text: str
) -> None:
    """It is found as it is, and finds nothing else."""
    sent({"team": text}, {"team": "other"}, {})

    assert counted(team=text) == 1
    assert sorted(str(value) for value, _ in grouped(places, case, "team")) == sorted([text, "other", "None"])


@pytest.mark.parametrize("key", sorted({*HOSTILE, *ODD} - {""}))
def test_a_hostile_key_is_nothing_but_a_key(
    sent: Callable[..., None], counted: Callable[..., int], places: Places, case: str, key: str
) -> None:
    """Grouped by and filtered by, it is the attribute of that name."""
    sent({key: "x"}, {key: "y"}, {"team": "x"})

    assert grouped(places, case, key) == [("x", 1), ("y", 1), (None, 1)]
    assert [counted(**{key: value}) for value in ("x", "y", "z", "", "*")] == [1, 1, 0, 1, 0]


@pytest.mark.parametrize("key", ["", "_msg", "_time", "_stream", "_stream_id"])
def test_a_name_that_is_special_over_there_is_no_attribute_here(
    sent: Callable[..., None], counted: Callable[..., int], key: str
) -> None:
    """Nobody sent an attribute of that name."""
    sent({"team": "x"})

    assert [counted(**{key: value}) for value in ("claude_code.api_request", "", "x")] == [0, 1, 0]


# Events.


def test_events_have_the_kinds_that_claude_sends(there: Vlogs, case: str) -> None:
    """Numbers are numbers and booleans booleans, although VictoriaLogs keeps texts; what is text stays text."""
    record = {
        "event.name": "api_request",
        "event.sequence": 3,
        "cost_usd": 0.005625,
        "cost_usd_micros": 5625,
        "duration_ms": "48",
        "prompt_length": "6",
        "success": "true",
        "is_async": False,
        "managed_settings.sources": ["file"],
        "model": "m[1m]",
        "team": "007",
    }
    there.take(export_of({**record, "case": case}, time_ns=NOW))

    (found,) = read.events(there.url, limit=5, where={"case": case})

    assert found.attributes == {**record, "case": case, "duration_ms": 48}
    assert {key: type(value) for key, value in found.attributes.items()}["duration_ms"] is int
    assert (found.name, found.model, found.time_ns) == ("api_request", "m", NOW)


def test_an_export_that_was_repeated_is_one(there: Vlogs, case: str, counted: Callable[..., int]) -> None:
    """The acknowledgement was lost: VictoriaLogs has it twice."""
    export = export_of(
        *({"case": case, "event.sequence": number, "request_id": f"{case}-{number}"} for number in range(3)), time_ns=NOW
    )
    there.take(export, export)

    assert [event.attributes["event.sequence"] for event in read.events(there.url, limit=9, where={"case": case})] == [0, 1, 2]
    assert [event.attributes["event.sequence"] for event in read.events(there.url, limit=2, where={"case": case})] == [1, 2]
    assert counted() == 3


def test_what_check_sent_is_found_by_its_nonce_and_never_counted(there: Vlogs, case: str, counted: Callable[..., int]) -> None:
    """Neither an event nor money."""
    there.take(export_of({"cclaunch.check": case, "case": case, "cost_usd_micros": 1}, time_ns=NOW))

    assert (read.find_check(there.url, case), read.find_check(there.url, "no" + case)) == (True, False)
    assert (counted(), read.events(there.url, limit=9, where={"case": case})) == (0, [])


def test_a_key_that_was_sent_is_known(sent: Callable[..., None], counted: Callable[..., int], places: Places) -> None:
    """And one that nobody sent is told with those like it, of requests and of events."""
    sent({"cost.center": "1"}, {"team": "a"})
    assert counted() == 2

    assert asking.unsent(places, ["cost.center", "team", "cost.centre", "model"]) == {"cost.centre": ["cost.center"]}
    assert stores.unsent(places, ["cost.center", "cost.centre", "model"]) == {"cost.centre": ["cost.center"]}


def test_following_shows_what_arrives_once(there: Vlogs, case: str, places: Places) -> None:
    """Also what happened a while ago and is sent only now."""
    now = time.time_ns()
    there.take(export_of(*({"case": case, "event.sequence": n} for n in range(3)), time_ns=now))
    tail = Tail(places, {"case": [case]})
    shown = [event.attributes["event.sequence"] for event in tail.start(2)]

    there.take(
        export_of(
            {"case": case, "event.sequence": 3, "time": now - 50 * SECOND}, {"case": case, "event.sequence": 4}, time_ns=now + 1
        )
    )
    deadline = time.monotonic() + 120
    while len(shown) < 4 and time.monotonic() < deadline:
        shown += [event.attributes["event.sequence"] for event in tail.fresh()]
        time.sleep(0.2)
    time.sleep(1.1)

    assert (shown, tail.fresh()) == ([1, 2, 3, 4], [])


# Against our own database, and together with it.

TEXTS = st.one_of(
    st.sampled_from(["a", "b", "true", "5", "null", '"', "\\", "ü\x00", "m[1m]", *HOSTILE]), st.text(min_size=1, max_size=3)
)
KINDS = {
    "duration_ms": st.one_of(st.integers(0, 10**6), st.integers(0, 99).map(str), st.sampled_from([1.5, 0.25])),
    "attempt": st.integers(-(2**63), 2**63 - 1),
    "ttft_ms": st.integers(0, 10**5),
    "is_async": st.booleans(),
    "managed_settings.sources": st.lists(st.sampled_from(["file", "ü", 'a"b', "\\", ""]), max_size=2),
    "cost_usd": st.floats(0, 100).filter(lambda value: value == 0 or value > 1e-9),
    "success": st.sampled_from(["true", "false"]),
}
TEXT_KEYS = [*LABELS, "session.id", "prompt.id", "service.name", "effort", *(key for key in ODD if key)]
ATTRIBUTES = st.fixed_dictionaries({}, optional={**dict.fromkeys(TEXT_KEYS[:8], TEXTS), **KINDS}).flatmap(
    lambda chosen: st.dictionaries(st.sampled_from(TEXT_KEYS), TEXTS, max_size=3).map(lambda more: {**chosen, **more})
)
RECORD = st.fixed_dictionaries(
    {
        "attributes": ATTRIBUTES,
        "request": st.sampled_from([1, 2, 3, None]),
        "name": st.sampled_from(["api_request", "api_request", "api_request", "tool_result", "api_error"]),
        "day": st.integers(0, 3),
        "later": st.sampled_from([0, 1, 7 * HOUR]),
        "micros": st.one_of(st.none(), st.integers(0, 10**10)),
    }
)
ASKED = st.sampled_from([*TEXT_KEYS, *KINDS, *ALIASES, "day", "event.name"])
COUNTED = ASKED.filter(lambda key: key not in ("prompt.id", "event.name") and has_few_values(ALIASES.get(str(key), str(key))))
"""What the ledger is asked by: the others are of each request alone."""
ENDS = st.one_of(st.none(), st.integers(-4, 1).map(lambda days: NOW + days * DAY + 7 * HOUR), st.just(NOW + 1))


def made(case: str, number: int, record: dict[str, Any]) -> dict[str, Any]:
    """Return a record as it is sent; several may have one request id."""
    at = NOW - (record["request"] or record["day"]) * 2 * DAY + record["later"]
    own = {"request_id": f"{case}-{record['request']}" if record["request"] else None, "cost_usd_micros": record["micros"]}
    own = {key: value for key, value in own.items() if value is not None}
    return {**record["attributes"], **own, "case": case, "event.name": record["name"], "event.sequence": number, "time": at}


def answers(
    ask_usage: Callable[[list[str], Where], Usage | None],
    ask_events: Callable[[Where], list[Event]],
    by: list[str],
    where: dict[str, list[str]],
    also: dict[str, list[str]],
) -> list[str]:
    """Return everything that can be asked, in a form that tells 1 from true; *also* is asked of events alone."""
    found = ask_usage(by, where)
    assert found is not None
    happened = ask_events({**where, **also})
    shown = [(event.time_ns, event.name, event.session_id, event.model, event.attributes) for event in happened]
    return [json.dumps(one, sort_keys=True) for one in (*found.rows, found.total, *shown)]


def arrived(there: Vlogs, case: str) -> int:
    """Return how many rows of *case* can be found: those that are counted need not be searchable yet."""
    (row,) = there.lines("/select/logsql/query", query=f'case:="{case}" | stats count() n')
    return int(row["n"])


@given(st.data())
@example(None)
@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example writes two databases: shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_both_stores_and_any_mixture_of_them_answer_the_same(there: Vlogs, tmp_path: Path, data: st.DataObject | None) -> None:
    """Any attributes, any --by, any --where, any range; one request id for several; data here, there, and at both places."""
    case = f"case-{next(CASES)}"
    records: list[dict[str, Any]] = []
    by: list[str] = []
    where: dict[str, list[str]] = {}
    also: dict[str, list[str]] = {}
    since = until = None
    halves: dict[int | None, str] = {}
    if data is not None:
        records = data.draw(st.lists(RECORD, max_size=6))
        by = data.draw(st.lists(COUNTED, max_size=2, unique=True))
        shown = sorted({compact(value) for record in records for value in record["attributes"].values()} | {"", "a", "api_error"})
        where = data.draw(st.dictionaries(COUNTED, st.lists(st.sampled_from(shown), max_size=2), max_size=2))
        also = data.draw(st.dictionaries(ASKED, st.lists(st.sampled_from(shown), max_size=2), max_size=1))
        since, until = data.draw(ENDS), data.draw(ENDS)
        halves = {key: data.draw(st.sampled_from(["own", "there", "both"])) for key in (1, 2, 3, None)}
    everything = sorted((made(case, number, record) for number, record in enumerate(records)), key=lambda one: one["time"])
    place = [halves[_number(one)] for one in everything]
    where = {**where, "case": [case]}
    store(tmp_path / f"{case}-whole.db", decode_logs(export_of(*everything, time_ns=NOW)))
    own = [one for one, half in zip(everything, place, strict=True) if half != "there"]
    store(tmp_path / f"{case}-own.db", decode_logs(export_of(*own, time_ns=NOW)))
    sent = [one for one, half in zip(everything, place, strict=True) if half != "own"]
    there.take(export_of(*sent, time_ns=NOW))
    assert wait_until(lambda: arrived(there, case) == len(sent))

    reader = open_reader(str(tmp_path / f"{case}-whole.db"))
    places = places_at(tmp_path / f"{case}-own.db", there.url)
    try:
        expected = answers(
            lambda by, where: usage(reader, since, until, by, where),
            lambda where: events(reader, limit=4, where=where),
            by,
            where,
            also,
        )
    finally:
        reader.close()
    got = answers(
        lambda by, where: asking.usage(places, since, until, by, where).usage,
        lambda where: stores.events(places, limit=4, where=where)[0],
        by,
        where,
        also,
    )

    assert got == expected


def _number(record: dict[str, Any]) -> int | None:
    request = record.get("request_id")
    return int(request.rsplit("-", 1)[1]) if request else None


def test_a_session_that_moved_is_no_loss(there: Vlogs, sent: Callable[..., None], case: str, tmp_path: Path) -> None:
    """Its metric is cumulative, and the requests of its first part lie in VictoriaLogs."""
    path = tmp_path / "own.db"
    session = {"session.id": f"s-{case}", "cost_usd_micros": 300_000}
    store(
        path,
        cost(f"s-{case}", 0.5, NOW),
        decode_logs(export_of({**session, "cost_usd_micros": 200_000, "request_id": "a"}, time_ns=NOW)),
    )

    before = asking.usage(places_at(path), None, None, [], {"session.id": [f"s-{case}"]}).usage
    sent(session)
    after = asking.usage(places_at(path, there.url), None, None, [], {"session.id": [f"s-{case}"]}).usage

    assert before is not None
    assert after is not None
    assert (before.lost_usd_micros, after.lost_usd_micros) == (300_000, 0)


def test_money_is_in_whole_micro_dollars(there: Vlogs, places: Places, case: str) -> None:
    """A tenth of a dollar ten thousand times, one of them sent twice, is a thousand dollars."""
    records = [{"case": case, "event.sequence": n % 9_999, "cost_usd_micros": 100_000, "cost_usd": 0.1} for n in range(10_000)]
    there.take(export_of(*records, time_ns=NOW))

    found = asking.usage(places, NOW, NOW + 1, [], {"case": case}).usage

    assert found is not None
    assert (found.total["requests"], found.total["cost_usd"]) == (9_999, 999.9)


@pytest.mark.parametrize(
    "words",
    [
        ("usage", "--json", "--by", "day,model,team"),
        ("usage", "--by", "team", "--where", "model=m"),
        ("usage", "--by", "team", "--since", "30d"),
        ("events", "--json", "--where", "team="),
        ("events", "-n", "3"),
        ("status", "--json"),
    ],
)
def test_a_verb_prints_the_same_from_either_store(
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    words: tuple[str, ...],
) -> None:
    """On stdout and stderr."""
    sandbox.configure()
    records = [
        {
            "request_id": f"r{n}",
            "cost_usd_micros": n,
            "event.sequence": n,
            "session.id": f"s{n % 2}",
            "model": "m[1m]",
            "time": NOW - n * HOUR,
        }
        for n in range(5)
    ]
    records[1]["team"] = records[2]["team"] = "core"
    export = export_of(*records, time_ns=NOW)
    told: list[Any] = []
    for inside in (True, False):
        with running_vlogs(tmp_path_factory.mktemp("vlogs")) as service:
            sandbox.database.unlink(missing_ok=True)
            if inside:
                store(sandbox.database, decode_logs(export))
            else:
                service.take(export)
            monkeypatch.setattr(sources, "vlogs_url", lambda where, url=service.url: url)
            assert cli.main(list(words), sandbox.environ) == 0
            told.append(capsys.readouterr())
            if words[:2] == ("events", "--json"):  # the order of attributes is each store's own
                told[-1] = [json.loads(line) for line in told[-1].out.splitlines()]

    assert told[0]
    assert told[0] == told[1]
