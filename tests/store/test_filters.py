"""`--by` and `--where` below the command line: any key, any value, before and after the old rows are folded."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from growth import assert_linear
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from labels import LABELS, ODD, compact
from ledgers import forget_old, lost_usd_micros, path_of, unsent, usage
from stored import cost, events_of, store

from cclaunch.store.filters import ALIASES, COLUMNS
from cclaunch.store.reader import events, open_reader
from cclaunch.store.rows import Batch

NOW = 1_790_000_000_000_000_000
OLD = NOW - 100 * 86400 * 1_000_000_000


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Callable[..., sqlite3.Connection]]:
    """Write records (attributes of requests) into a store and return a reader of it."""
    readers: list[sqlite3.Connection] = []

    def run(*records: dict[str, Any], old_are_gone: bool = False, more: Sequence[Batch] = ()) -> sqlite3.Connection:
        path = tmp_path / f"{len(readers)}.db"
        numbered = [{"request_id": f"r{number}", "cost_usd_micros": 1, **one} for number, one in enumerate(records)]
        store(path, events_of(*numbered, time_ns=NOW), *more)
        if old_are_gone:
            connection = sqlite3.connect(path, isolation_level=None)
            forget_old(connection, NOW)
            connection.close()
        readers.append(open_reader(str(path)))
        return readers[-1]

    yield run
    for reader in readers:
        reader.close()


def counted(reader: sqlite3.Connection, **where: str | list[str]) -> int:
    """Return how many requests and how many events meet the condition; they must agree."""
    requests, found = usage(reader, where=where).total["requests"], len(events(reader, where=where))
    assert requests == found
    return found


@pytest.mark.parametrize("key", ODD)
def test_any_key_can_be_grouped_by_and_filtered_by(written: Callable[..., sqlite3.Connection], key: str) -> None:
    """A key is data, never a part of the question."""
    reader = written({key: "x"}, {key: "y"}, {"team": "x"}, {"nested": {key: "x"}})

    assert [(row[key], row["requests"]) for row in usage(reader, by=[key]).rows] == [("x", 1), ("y", 1), (None, 2)]
    assert [counted(reader, **{key: value}) for value in ("x", "y", "z", "")] == [1, 1, 0, 2]
    assert counted(reader) == 4


@pytest.mark.parametrize(
    ("value", "shown", "others"),
    [
        ("core", "core", ["Core", "cor", '"core"']),
        ("a'b\"c\\d", "a'b\"c\\d", ["a'b\"c"]),
        ("ünï\x00\n\x1f", "ünï\x00\n\x1f", ["ünï"]),
        (True, "true", ["1", "True"]),
        (False, "false", ["0", "", "False"]),
        (5, "5", ["5.0", "05", " 5"]),
        (0, "0", ["false", ""]),
        (-(2**63), "-9223372036854775808", ["-9223372036854775809", "-9.223372036854775808e18"]),
        (5.0, "5.0", ["5"]),
        (0.1 + 0.2, "0.30000000000000004", ["0.3"]),
        (1e300, "1e+300", ["1e300"]),
        (["a", 1, True], '["a",1,true]', ['["a", 1, true]', "a"]),
        ([], "[]", [""]),
        ({"k": "ü"}, '{"k":"ü"}', ["ü"]),
        ("true", "true", ["1"]),
        ("null", "null", [""]),
        ("1e5", "1e5", ["100000.0"]),
    ],
)
@pytest.mark.parametrize("key", ["thing", 'odd"thing'])
def test_a_value_is_compared_as_it_is_shown(
    written: Callable[..., sqlite3.Connection], key: str, value: Any, shown: str, others: list[str]
) -> None:
    """To the last digit, and nothing else is equal to it."""
    reader = written({key: value}, {})

    assert counted(reader, **{key: shown}) == 1
    assert [counted(reader, **{key: other}) for other in others if other] == [0] * len([other for other in others if other])
    assert [row[key] for row in usage(reader, by=[key]).rows] == [value, None]
    assert isinstance(usage(reader, by=[key]).rows[0][key], type(value))


def test_one_and_true_are_two_rows(written: Callable[..., sqlite3.Connection]) -> None:
    """They are equal in Python and in SQLite, and not to a person."""
    reader = written({"x": 1}, {"x": True}, {"x": 1.0}, {"x": "1"})

    assert sorted(json.dumps(row["x"]) for row in usage(reader, by=["x"]).rows) == ['"1"', "1", "1.0", "true"]


@pytest.mark.parametrize("key", ["team", 'odd"key', "session.id", "cclaunch.profile"])
def test_an_empty_value_takes_what_lacks_the_key(written: Callable[..., sqlite3.Connection], key: str) -> None:
    """Missing, unset and empty are the same to whoever asks."""
    reader = written({}, {key: ""}, {key: None}, {key: "5"})

    assert counted(reader, **{key: ""}) == 3
    assert counted(reader, **{key: ["", "5"]}) == 4


def test_the_same_key_is_any_and_different_keys_are_all(written: Callable[..., sqlite3.Connection]) -> None:
    """OR within a key, AND between keys."""
    reader = written({"team": "a", "project": "p"}, {"team": "b", "project": "p"}, {"team": "c", "project": "p"}, {"team": "a"})

    assert counted(reader, team=["a", "b"]) == 3
    assert counted(reader, team=["a", "b"], project=["p"]) == 2
    assert counted(reader, team=[]) == 0


@pytest.mark.parametrize("word", sorted(ALIASES))
def test_a_word_stands_for_its_attribute(written: Callable[..., sqlite3.Connection], word: str) -> None:
    """`profile` is cclaunch.profile, and so on."""
    reader = written({ALIASES[word]: "x"}, {})

    assert [(row[word], row["requests"]) for row in usage(reader, by=[word]).rows] == [("x", 1), (None, 1)]
    assert counted(reader, **{word: "x"}) == 1


def test_a_model_is_found_with_its_suffix(written: Callable[..., sqlite3.Connection]) -> None:
    """As older releases print it on some signals."""
    reader = written({"model": "m[1m]"}, {"model": "m"})

    assert (counted(reader, model="m"), counted(reader, model="m[1m]")) == (2, 2)


@pytest.mark.parametrize(
    ("sent", "shown"), [(48, "48"), ("48", "48"), (1.5, "1.5"), ("1.5", "1.5"), ("soon", "soon"), (0.1, "0.1")]
)
def test_a_number_sent_as_text_is_found_as_it_is_shown(
    written: Callable[..., sqlite3.Connection], sent: str | float, shown: str
) -> None:
    """duration_ms is a text on some events and a number on others."""
    reader = written({"duration_ms": sent}, {"duration_ms": 7}, {"duration_ms": ""}, {"duration_ms": None}, {})

    assert [len(events(reader, where={"duration_ms": value})) for value in (shown, "7", "", "99")] == [1, 1, 3, 0]


def test_a_day_can_be_filtered(written: Callable[..., sqlite3.Connection]) -> None:
    """As it is grouped."""
    reader = written({}, {"time": OLD})
    (old, new) = (row["day"] for row in usage(reader, by=["day"]).rows)

    assert (counted(reader, day=old), counted(reader, day=[old, new])) == (1, 2)


def test_requests_that_were_given_one_id_are_all_counted(written: Callable[..., sqlite3.Connection]) -> None:
    """A gateway repeats the same id for ever; the parts add up to the whole."""
    reader = written({"request_id": "r", "team": "a"}, {"request_id": "r", "team": "b"}, {"request_id": "r", "time": NOW + 5})

    assert [usage(reader, where={"team": team}).total["requests"] for team in ("a", "b", "")] == [1, 1, 1]
    assert usage(reader, since=NOW + 1).total["requests"] == 1
    assert [row["requests"] for row in usage(reader, by=["team"]).rows] == [1, 1, 1]


def test_what_is_sent_again_is_counted_once(written: Callable[..., sqlite3.Connection]) -> None:
    """The answer to an export was lost."""
    one, other = ({"request_id": "r0", "cost_usd_micros": 1, "time": NOW, "team": team} for team in "ab")
    reader = written(
        one, one, more=[events_of(one, one, time_ns=NOW), events_of(other, time_ns=NOW), events_of(one, time_ns=NOW)]
    )

    assert [(row["team"], row["requests"]) for row in usage(reader, by=["team"]).rows] == [("a", 2), ("b", 1)]


# Old days.


def test_old_days_answer_for_every_attribute(written: Callable[..., sqlite3.Connection]) -> None:
    """Their events are gone; before and after, the answers are the same."""
    labels = {"model": "m", "cclaunch.profile": "p", "team": "t", "vcs.repository.name": "r", "session.id": "s", "effort": "high"}
    records = [{"time": OLD, **labels}, {"time": OLD}, labels]
    before, after = written(*records), written(*records, old_are_gone=True)

    assert len(events(after)) == 1
    for key in (*labels, *ALIASES, "day", "month", "week"):
        assert usage(after, by=[key]) == usage(before, by=[key])
        for value in [str(row[key] or "") for row in usage(before, by=[key]).rows]:
            assert usage(after, where={key: value}) == usage(before, where={key: value})


def test_an_old_event_that_comes_again_counts_once(written: Callable[..., sqlite3.Connection]) -> None:
    """Its row is gone, and the ledger remembers it."""
    record = {"time": OLD, "team": "a", "request_id": "r0", "cost_usd_micros": 1}
    reader = written(record, {}, old_are_gone=True)
    assert len(events(reader)) == 1

    store(Path(path_of(reader)), events_of(record, time_ns=OLD))

    assert len(events(reader)) == 2
    assert usage(reader).total["requests"] == 2


@pytest.mark.parametrize("value", [True, 5, 0.1, ["x"], 'q"uote\x01'])
def test_a_label_keeps_its_kind(written: Callable[..., sqlite3.Connection], value: list[str] | bool | float | str) -> None:
    """A boolean is no 1 when its row is gone."""
    records = [{"time": OLD, "team": value}]
    before, after = written(*records), written(*records, old_are_gone=True)

    assert usage(after, by=["team"]) == usage(before, by=["team"])
    assert isinstance(usage(after, by=["team"]).rows[0]["team"], type(value))


# What was lost.


@pytest.mark.parametrize(
    ("where", "lost"),
    [
        ({}, 300_000),
        ({"team": "a"}, 100_000),
        ({"team": ["a", "b"]}, 300_000),
        ({"session": "s-b"}, 200_000),
        ({"team": "c"}, 0),
        ({"team": ""}, 0),
        ({"effort": ""}, 0),  # the requests have it, the metric does not
        ({"request_id": ""}, 0),
        ({"request_id": "r0"}, 0),
        ({"day": "2026-09-21"}, 0),
    ],
)
def test_a_loss_is_told_for_sessions_that_lie_in_the_filter_as_a_whole(
    written: Callable[..., sqlite3.Connection], where: dict[str, Any], lost: int
) -> None:
    """A loss has no attributes of its own."""
    records = [{"session.id": f"s-{team}", "team": team, "effort": "high"} for team in ("a", "b")]
    metrics = [cost("s-a", 0.100001, NOW, team="a"), cost("s-b", 0.200001, NOW, team="b")]
    reader = written(*records, more=metrics)

    assert lost_usd_micros(reader, None, None, where) == lost
    assert usage(reader, where=where).lost_usd_micros == lost


@pytest.mark.parametrize(("of_requests", "of_metrics"), [("ab", "a"), ("a", "ab"), ("a-", "a"), ("a", "a-")])
def test_a_session_of_two_teams_tells_no_loss_of_one(
    written: Callable[..., sqlite3.Connection], of_requests: str, of_metrics: str
) -> None:
    """It was resumed with another profile, or with none: whose the loss is cannot be known."""
    records = [{"session.id": "s", **({} if team == "-" else {"team": team})} for team in of_requests]
    metrics = [cost("s", 0.5, NOW, **({} if team == "-" else {"team": team})) for team in of_metrics]
    reader = written(*records, more=metrics)

    assert (lost_usd_micros(reader, None, None, {"team": "a"}), lost_usd_micros(reader, None, None) > 0) == (0, True)


# Keys that nobody sent.


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("taem", ["team"]),
        ("TEAM", ["team"]),
        ("repo", ["repository"]),
        ("cost.centre", ["cost.center"]),
        ("zzz", []),
        ('"', []),
        ("", []),
    ],
)
def test_a_key_that_nobody_sent_is_told_with_those_like_it(
    written: Callable[..., sqlite3.Connection], key: str, near: list[str]
) -> None:
    """From what is in the store."""
    reader = written({"team": "a", "cost.center": "1"})

    assert unsent(reader, [key, "team", "cost.center"]) == {key: near}


@pytest.mark.parametrize("key", [*sorted(set(COLUMNS) - {"cclaunch.profile"}), "session"])
def test_what_every_event_may_have_is_never_told(written: Callable[..., sqlite3.Connection], key: str) -> None:
    """The store knows these by itself."""
    assert not unsent(written({"team": "a"}), [key])


def test_a_key_that_only_old_days_have_was_sent(written: Callable[..., sqlite3.Connection]) -> None:
    """Its rows are gone, its label is not."""
    reader = written({"time": OLD, "team": "a"}, {}, old_are_gone=True)

    assert list(unsent(reader, ["team", "project"])) == ["project"]


def test_an_empty_store_tells_nothing(written: Callable[..., sqlite3.Connection]) -> None:
    """Nothing was mistyped where nothing was sent."""
    assert not unsent(written(), ["taem"])


# Against a plain model.

TEXTS = st.one_of(st.sampled_from(["", "a", "b", "true", "5", "null", '"', "\\", "[]", "ü\x00", "m[1m]"]), st.text(max_size=3))
SCALARS = st.one_of(
    TEXTS, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), st.none()
)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(TEXTS, SCALARS, max_size=2))
KEYS = st.sampled_from([*LABELS, "session.id", "effort", *ODD])
ASKED = st.one_of(KEYS, st.sampled_from([*ALIASES, "day"]))
RECORD = st.fixed_dictionaries(
    {
        "attributes": st.dictionaries(KEYS, st.one_of(st.sampled_from(["a", "b", "", True, 1, None]), VALUES), max_size=5),
        "request": st.sampled_from(["1", "2", "3", None]),
        "old": st.booleans(),
        "micros": st.integers(0, 10**10),  # what one event may cost
    }
)


class Model:
    """What the answer should be, by plain Python over what was sent."""

    def __init__(self, records: list[Any]) -> None:
        """Keep all: none of them is the same as another."""
        self.records = records

    @staticmethod
    def value(record: dict[str, Any], key: str) -> Any:
        """Return the value of a key of a record, None where it has none."""
        key = ALIASES.get(key, key)
        if key == "day":
            return datetime.fromtimestamp((OLD if record["old"] else NOW) // 10**9).strftime("%Y-%m-%d")
        value = record["attributes"].get(key)
        if key in COLUMNS:
            value = (value.removesuffix("[1m]") if key == "model" else value) if isinstance(value, str) and value else None
            value = value or None
        return value

    def usage(self, by: list[str], where: dict[str, list[str]]) -> dict[tuple[str, ...], list[int]]:
        """Return the groups: keys -> [requests, micros]."""
        groups: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
        for record in self.records:
            spelled = {key: [v.removesuffix("[1m]") or v if key == "model" else v for v in where[key]] for key in where}
            if all(compact(self.value(record, key)) in spelled[key] for key in where):
                group = groups[tuple(json.dumps(self.value(record, key)) for key in by)]
                group[0] += 1
                group[1] += record["micros"]
        return dict(groups)


@given(st.data())
@example(None)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_usage_is_what_a_plain_model_says(written: Callable[..., sqlite3.Connection], data: st.DataObject | None) -> None:
    """Any keys, any values, any filter, repeated ids, old events gone or not: to the last micro-dollar."""
    records: list[dict[str, Any]] = []
    by: list[str] = []
    where: dict[str, list[str]] = {}
    gone = True
    if data is not None:
        records = data.draw(st.lists(RECORD, max_size=6))
        by = data.draw(st.lists(ASKED, max_size=2, unique=True))
        gone = data.draw(st.booleans())
        shown = sorted({compact(value) for record in records for value in record["attributes"].values()} | {"", "a"})
        where = data.draw(st.dictionaries(ASKED, st.lists(st.sampled_from(shown), max_size=2), max_size=2))
    sent = [
        {
            **record["attributes"],
            "request_id": f"{record['old']}{record['request']}" if record["request"] else None,
            "cost_usd_micros": record["micros"],
            "time": OLD if record["old"] else NOW,
        }
        for record in records
    ]
    reader = written(*sent, old_are_gone=gone)

    found = usage(reader, by=by, where=where)

    groups = Model(records).usage(by, where)
    got = {tuple(json.dumps(row[key]) for key in by): [row["requests"], round(row["cost_usd"] * 10**6)] for row in found.rows}
    assert got == groups
    assert found.total["requests"] == sum(requests for requests, _ in groups.values())


def test_a_large_store_is_answered_in_the_time_of_its_size(written: Callable[..., sqlite3.Connection]) -> None:
    """Twenty thousand requests against two, by an attribute and filtered by another."""
    asked = {size: written(*({"team": f"t{number % 7}", "effort": "high"} for number in range(size))) for size in (2_000, 20_000)}

    def answered(size: int) -> None:
        assert usage(asked[size], by=["team"], where={"effort": "high"}).total["requests"] == size

    assert_linear(answered, 20_000)
