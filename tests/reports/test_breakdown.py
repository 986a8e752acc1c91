"""What was used, divided: the order, the first of them, subtotals, and that everything adds up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cclaunch.reports.breakdown import Breakdown, breakdown, subtotal
from cclaunch.reports.figures import NOTHING, Figures, together
from cclaunch.store.ledger.periods import WEEKDAYS
from cclaunch.store.spending import Group


def group(*values: object, micros: int = 1, requests: int = 1, tokens: int = 1, last_ns: int = 0) -> Group:
    """Return what requests with these *values* used."""
    return Group(values, (requests, micros, tokens, 0, 0, 0), last_ns)


def firsts(found: Breakdown) -> list[object]:
    """Return the first values of the rows, in order."""
    return [row.values[0] for row in found.rows]


def test_times_are_in_their_order_and_the_rest_by_cost() -> None:
    """The dearest first; of equal cost, by name."""
    days = [group("2026-11-02", micros=1), group("2026-11-01", micros=9)]
    teams = [group("b", micros=2), group(None, micros=2), group("a", micros=2), group("c", micros=3)]

    assert firsts(breakdown(days, ["day"])) == ["2026-11-01", "2026-11-02"]
    assert firsts(breakdown(teams, ["team"])) == ["c", "a", "b", None]


@pytest.mark.parametrize(
    ("sort", "order"),
    [("cost", ["a", "b", "c"]), ("requests", ["b", "c", "a"]), ("tokens", ["c", "a", "b"]), ("time", ["c", "b", "a"])],
)
def test_another_order_can_be_asked_for(sort: str, order: list[str]) -> None:
    """By cost, requests, tokens, or the newest first."""
    groups = [
        group("a", micros=3, requests=1, tokens=2, last_ns=1),
        group("b", micros=2, requests=3, tokens=1, last_ns=2),
        group("c", micros=1, requests=2, tokens=3, last_ns=3),
    ]
    assert firsts(breakdown(groups, ["team"], sort)) == order


def test_of_times_the_newest_are_kept_and_of_others_the_dearest() -> None:
    """What is left out is counted."""
    days = [group(f"2026-11-0{number}", micros=10 - number) for number in range(1, 6)]
    teams = [group(name, micros=number) for number, name in enumerate("abcde", 1)]

    found = breakdown(days, ["day"], top=2)
    assert (firsts(found), found.hidden, found.rest.micros) == (["2026-11-04", "2026-11-05"], 3, 9 + 8 + 7)
    assert firsts(breakdown(teams, ["team"], top=2)) == ["e", "d"]


def test_weekdays_begin_where_the_person_has_them_begin() -> None:
    """And the dearest of them stay in that order."""
    groups = [group(name, micros=number) for number, name in enumerate(WEEKDAYS)]

    assert firsts(breakdown(groups, ["weekday"], week_start=6))[:2] == ["Sunday", "Monday"]
    assert firsts(breakdown(groups, ["weekday"], top=2)) == ["Saturday", "Sunday"]


def test_two_keys_have_subtotals_and_keep_together() -> None:
    """Within a value of the first key, the second has its own order."""
    groups = [group("b", "x", micros=1), group("a", "y", micros=2), group("b", "z", micros=4), group("a", "x", micros=1)]
    found = breakdown(groups, ["team", "model"])

    assert [row.values for row in found.rows] == [("b", "z"), ("b", "x"), ("a", "y"), ("a", "x")]
    assert (subtotal(found, "b").micros, subtotal(found, "a").micros) == (5, 3)


def test_values_that_look_alike_are_told_apart() -> None:
    """True, 1 and "1"; lists have no hash."""
    groups = [group(value, "m", micros=1) for value in (True, 1, "1", ["a"], None)]
    found = breakdown(groups, ["x", "model"])

    assert len(found.subtotals) == len(found.rows) == 5
    assert found.total.micros == 5


VALUES = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["a", "b", ""]), st.just(["a"]))
MANY = st.lists(st.builds(group, VALUES, VALUES, micros=st.integers(0, 9), requests=st.integers(0, 9), last_ns=st.integers(0, 9)))


@given(MANY, st.sampled_from([None, "cost", "time", "requests", "tokens"]), st.none() | st.integers(1, 4))
def test_what_is_shown_and_what_is_not_is_all_there_is(groups: list[Group], sort: str | None, top: int | None) -> None:
    """Whatever the order; and subtotals are those of all rows."""
    found = breakdown(groups, ["x", "y"], sort, top)

    assert together([*(row.figures for row in found.rows), found.rest]) == found.total == _sum(groups)
    assert together(found.subtotals.values()) == found.total
    assert len(found.rows) + found.hidden == len(groups)


def _sum(groups: list[Group]) -> Figures:
    return together(Figures(*one.sums) for one in groups) if groups else NOTHING


@pytest.mark.parametrize("sort", [None, "time", "cost"])
@pytest.mark.parametrize("keys", [["team"], ["model", "team"]])
def test_equal_rows_have_one_order(sort: str | None, keys: list[str]) -> None:
    """In whatever order they are added up: a page and a verb do that in different ways; and 1 is not 1.0."""
    values = ["b", None, 1, 1.0, True, "true", ["a"], '["a"]', "a"]
    groups = [group(*["x"] * (len(keys) - 1), value) for value in values]
    told = [[row.values for row in breakdown(some, keys, sort).rows] for some in (groups, groups[::-1])]
    assert repr(told[0]) == repr(told[1])
