"""The line of the plan's windows on the first screen, and what programs get: with its age, and only where anything is known."""

import json
import time

import pytest
from posted import batch, plan_windows
from runners import Verb
from sandbox import Sandbox
from stored import SECOND_NS, request, store

from cclaunch.commands.usage.windows import line
from cclaunch.console import width
from cclaunch.reports.windows import SpendLimit, Window, Windows

NOW_S = 1_795_694_400  # Thursday, 26 November 2026, 12:00 UTC
NOW = NOW_S * SECOND_NS
MINUTE = 60 * SECOND_NS
SEEN = NOW - 4 * MINUTE
FIVE, WEEK = Window(42, NOW_S + 72 * 60, SEEN), Window(13.4, NOW_S + 30 * 3600, SEEN)


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zone without surprises."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def told(five: Window | None, week: Window | None, limit: SpendLimit | None = None, columns: int = 200) -> str:
    """Return the line."""
    lines = line(Windows(five, week, limit, NOW), columns)
    return "".join(text for one in lines for text, _ in one)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ((FIVE, WEEK), "plan: 5 h 42 %, resets in 1 h 12 min; week 13 %, resets Fri; seen 4 min ago"),
        ((FIVE, None), "plan: 5 h 42 %, resets in 1 h 12 min; seen 4 min ago"),
        ((Window(42, None, SEEN), None), "plan: 5 h 42 %; seen 4 min ago"),
        ((Window(100, NOW_S + 50, NOW), None), "plan: 5 h 100 %, resets in 50 s; seen just now"),
        ((None, Window(13, NOW_S + 5 * 3600, SEEN)), "plan: week 13 %, resets in 5 h; seen 4 min ago"),
        ((None, Window(13, NOW_S + 50 * 86_400, SEEN)), "plan: week 13 %, resets 2027-01-15; seen 4 min ago"),
        (
            (Window(42, NOW_S, NOW - 120 * MINUTE), WEEK),
            "plan: 5 h 42 % 2 h ago, reset since; week 13 %, resets Fri; seen 4 min ago",
        ),
        ((None, None, SpendLimit(12.5, 50, "monthly", SEEN)), "plan: $12.50 of $50.00 (monthly); seen 4 min ago"),
    ],
)
def test_it_is_told_in_words(found: tuple[Window | None, Window | None], wanted: str) -> None:
    """How much, until when, and how old that is."""
    assert told(*found) == wanted


@pytest.mark.parametrize("columns", range(10, 100, 3))
def test_what_does_not_fit_is_left_out_whole(columns: int) -> None:
    """Nothing is cut in the middle, and the age is never left out."""
    text = told(FIVE, WEEK, columns=columns)

    assert width(text) <= columns
    assert not text or text.endswith("; seen 4 min ago")
    assert bool(text) == (columns >= len("5 h 42 %; week 13 %; seen 4 min ago"))


def test_a_foreign_word_drives_no_terminal() -> None:
    """The period is a text of somebody's."""
    assert "\x1b" not in told(None, None, SpendLimit(1, 2, "\x1b[2Jmonthly", SEEN))


@pytest.fixture
def recorded(sandbox: Sandbox) -> None:
    """A request of today, and what the status line was told."""
    now = time.time_ns()
    until = now // SECOND_NS + 86_400
    windows = plan_windows(now - 5 * MINUTE, 42, 13, resets=until, week_resets=until)
    store(sandbox.database, request(1, now - MINUTE), batch(windows))


def test_the_first_screen_has_the_line(usage: Verb, recorded: None) -> None:
    """Beside what was spent."""
    out = usage()[1]

    assert [text for text in out.splitlines() if text.startswith("plan: 5 h 42 %")]
    assert "1 req" in out


def test_programs_get_it_with_its_age(usage: Verb, recorded: None) -> None:
    """Times in UTC."""
    document = json.loads(usage("--json")[1])

    assert document["total"]["requests"] == 1
    assert document["plan_windows"]["five_hour"]["used_percentage"] == 42
    assert document["plan_windows"]["five_hour"]["reset_since"] is False
    assert document["plan_windows"]["seven_day"]["seen"].endswith("Z")
    assert document["plan_windows"]["spend_limit"] is None


def test_where_nothing_is_known_nothing_is_said(sandbox: Sandbox, usage: Verb) -> None:
    """Neither a line nor a key."""
    store(sandbox.database, request(1, time.time_ns() - MINUTE))

    assert "plan" not in usage()[1]
    assert "plan_windows" not in json.loads(usage("--json")[1])
    assert "plan" not in usage("--by", "model")[1]
