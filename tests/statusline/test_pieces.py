"""What each name says: figures of claude's and ours, and nothing where nothing is known."""

from typing import Any

import pytest
from status_lines import said

from cclaunch.hot.budget import Limit
from cclaunch.hot.spending import DAY, MONTH, Spending, Spent
from cclaunch.statusline.format import NAMES
from cclaunch.statusline.given import Given
from cclaunch.statusline.pieces import Known, lasting

NOW_NS = 1_790_000_000_000_000_000
NOW = NOW_NS // 10**9


def known(given: object, *limits: Limit, today: int = 0, month: int = 0, shop: int = 0) -> Known:
    """Return what the line is made of at `NOW_NS`; the amounts are micro-dollars."""
    begin, end = NOW_NS - 10**15, NOW_NS + 10**15
    by = {(DAY, ""): Spent(begin, end, today), (MONTH, ""): Spent(begin, end, month), (MONTH, "shop"): Spent(begin, end, shop)}
    spending = Spending(NOW_NS, Spent(begin, end, today), by)
    return Known(Given(given), "shop", spending, list(limits), NOW_NS)


def windows(used: Any, resets_at: Any) -> dict[str, Any]:
    """Return what claude says of a plan's five hours."""
    return {"rate_limits": {"five_hour": {"used_percentage": used, "resets_at": resets_at}}}


def test_claudes_own_figures_are_shown() -> None:
    """The session's cost, its context, its lines, its model without the size of its context."""
    whole = known(said())
    names = ("session", "context", "model", "lines", "duration", "directory", "tokens", "version")
    assert [whole.say(name)[0] for name in names] == [
        "$0.0967 session",
        "context 3 %",
        "Opus 4.8",
        "+3 -1",
        "<1m",
        "shop",
        "30.6k tokens",
        "2.1.330",
    ]


def test_the_cache_is_the_sessions_where_claude_says_it() -> None:
    """Older releases tell of the last response only."""
    assert known(said()).say("cache")[0] == "cache 98 %"
    assert known({**said(), "prompt_cache": {"hit_ratio": 0.5}}).say("cache")[0] == "cache 50 %"


def test_a_window_tells_when_it_begins_anew() -> None:
    """And warns when it is nearly used up."""
    assert known(windows(42, NOW + 8000)).say("5h") == ("5h 42 % (2h13m)", "")
    assert known(windows(81.4, NOW + 50)).say("5h") == ("5h 81 % (<1m)", "yellow")
    assert known(windows(100, None)).say("5h") == ("5h 100 %", "red")


def test_a_spend_limit_is_told_in_dollars_where_they_are_known() -> None:
    """Else in percent; a gateway may count in another currency."""
    limit: dict[str, float] = {"used_percentage": 85, "resets_at": NOW + 8000}
    assert known({"rate_limits": {"spend_limit": limit}}).say("limit") == ("limit 85 % (2h13m)", "yellow")
    limit |= {"used_usd": 42.5, "limit_usd": 50}
    assert known({"rate_limits": {"spend_limit": limit}}).say("limit") == ("$42 of $50 limit", "yellow")


def test_a_window_that_is_over_says_nothing() -> None:
    """What was used in it is no news of the next one."""
    assert known(windows(42, NOW - 1)).say("5h") == ("", "")


def test_the_budget_that_is_spent_the_most_is_shown() -> None:
    """Of a profile or of all; yellow from 80 %, red when all is spent."""
    limits = (Limit("", MONTH, 300_000_000), Limit("shop", MONTH, 100_000_000))
    assert known({}, *limits, month=60_000_000, shop=50_000_000).say("budget") == ("$50 of $100 this month", "")
    assert known({}, *limits, month=250_000_000, shop=50_000_000).say("budget") == ("$250 of $300 this month", "yellow")
    assert known({}, *limits, month=300_000_000, shop=50_000_000).say("budget") == ("$300 of $300 this month", "red")


def test_without_a_budget_or_without_spending_nothing_is_said_of_it() -> None:
    """Not that nothing was spent."""
    assert known({}, month=5).say("budget") == ("", "")
    assert Known(Given({}), "", None, [Limit("", DAY, 5)], NOW_NS).say("budget") == ("", "")
    assert Known(Given({}), "", None, [], NOW_NS).say("today") == ("", "")


ODD = [None, "x", [], {}, True, -1, 1e999, float("nan"), 10**400, "12", [1], {"a": 1}]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_odd_values_say_nothing_and_fail_nobody(value: object) -> None:
    """In the place of each of claude's objects, and of each of their fields."""
    inside = {name: dict.fromkeys(fields, value) for name, fields in said().items() if isinstance(fields, dict)}
    for whole in (dict.fromkeys(said(), value), inside, {"rate_limits": inside}):
        for name in set(NAMES) - {"profile", "today", "directory", "version", "model"}:
            assert known(whole).say(name) == ("", ""), name


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "<1m"), (59, "<1m"), (3599, "59m"), (3600, "1h00m"), (86399, "23h59m"), (376200, "4d8h")],
)
def test_a_span_has_two_units(seconds: int, text: str) -> None:
    """The largest ones."""
    assert lasting(seconds) == text
