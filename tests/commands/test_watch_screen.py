"""One frame of `usage --watch`, for terminals of any size: what stands there, and what goes first where there is no room."""

import time

import pytest
from screens import columns_of

from cclaunch.commands.usage.launched import Launched
from cclaunch.commands.usage.looking import Seen
from cclaunch.commands.usage.watch_screen import Canvas, Frame, ago, clock, frame
from cclaunch.reports.budgets import BudgetReport
from cclaunch.reports.figures import NOTHING, Figures
from cclaunch.reports.live import Live
from cclaunch.reports.sessions import Session
from cclaunch.store.ledger.latest import Latest

NS = 1_000_000_000
NOW = int(time.mktime((2026, 11, 25, 15, 30, 0, 0, 0, -1))) * NS
MONTH = BudgetReport("shop", "month", 0, 2 * NOW, 300_000_000, 250_000_000, 50_000_000, None, None)


def session(number: int, **changes: str) -> Session:
    """Return a live session."""
    figures = Figures(3, 9_000_000 - number * 1000, 1, 2, 3, 4)
    made = Session(f"{number:08d}-x", NOW, NOW - number * NS, f"repo-{number}", "main", "shop", ["claude-opus-5-5"], figures)
    return made._replace(**changes)  # type: ignore[arg-type]


def last(number: int) -> Latest:
    """Return a request."""
    return Latest(NOW - number * NS, f"{number:08d}-x", "claude-opus-5-5", f"repo-{number}", "shop", 97_000, False, 87_000)


def seen(sessions: int = 3, requests: int = 9, budgets: int = 1, trouble: str = "", quiet: int = 0) -> Seen:
    """Return so much of everything."""
    figures = Figures(1, 12_340_000, 1, 1, 1, 1)
    found = Live(NOW, figures, Figures(1, 700_000), list(map(session, range(sessions))), list(map(last, range(requests))))
    started = [Launched("shop", "fresh", "main", NOW)] * quiet
    return Seen(found, started, [MONTH._replace(profile=f"shop-{number}") for number in range(budgets)], trouble)


def texts(found: Frame) -> list[str]:
    """Return the lines without their styles."""
    return ["".join(text for text, _ in line) for line in found.lines]


def drawn(what: Seen, columns: int = 80, rows: int = 24, *, unicode: bool = True) -> list[str]:
    """Return the lines of a frame."""
    return texts(frame(what, Canvas(columns, rows, unicode), {}, NOW))


def test_a_large_terminal_has_all_of_it() -> None:
    """In this order."""
    assert drawn(seen(quiet=1), rows=20) == [
        "Today $12.34   $4.20/h now",
        "shop-0 $250 of $300 this month, $50 left",
        "",
        "live session  branch  profile  model      cost  last  id",
        "repo-0        main    shop     opus-5-5  $9.00   now  00000000",
        "repo-1        main    shop     opus-5-5  $9.00   now  00000001",
        "repo-2        main    shop     opus-5-5  $9.00   2 s  00000002",
        "fresh         main    shop                   -   new",
        "",
        "last request  model     tokens     cost  repository  id",
        *(f"15:{29 + (n == 0)}:{(60 - n) % 60:02d}      opus-5-5   87.0k  $0.0970  repo-{n}      {n:08d}" for n in range(9)),
        "q ends",
    ]


@pytest.mark.parametrize("rows", range(1, 40))
@pytest.mark.parametrize("columns", [10, 20, 33, 60, 80, 200])
@pytest.mark.parametrize("many", [0, 1, 40])
def test_it_is_never_larger_than_the_terminal(columns: int, rows: int, many: int) -> None:
    """And today is always there; so is a trouble, where there is a second row."""
    what = seen(many, many, many, "the ledger is away for a long while, and this is why" if many else "", many)
    lines = drawn(what, columns, rows)

    assert len(lines) <= rows
    assert max(map(columns_of, lines)) <= columns
    assert "$12.34" in lines[0]
    assert not many or rows < 2 or any(line.startswith("! ") for line in lines)


@pytest.mark.parametrize("rows", [5, 10, 24])
def test_sessions_and_requests_share_what_there_is(rows: int) -> None:
    """Neither takes all of it; how many sessions there are more is said."""
    lines = drawn(seen(40, 40), rows=rows)

    assert len(lines) == rows
    assert sum("opus-5-5  $9" in line or "opus-5-5  $8" in line for line in lines) >= rows // 5
    assert sum("87.0k" in line for line in lines) >= rows // 5
    assert rows < 10 or any(line.startswith("and ") and line.endswith(" more") for line in lines)


def test_requests_get_the_room_that_sessions_leave() -> None:
    """One session is a line, not half of the screen."""
    assert sum("87.0k" in line for line in drawn(seen(1, 40))) == 24 - 8


def test_columns_go_the_least_important_first() -> None:
    """Down to whose it is and what it cost."""
    heads = [next(line for line in drawn(seen(), columns) if "cost" in line).split() for columns in (80, 50, 40, 34, 24)]

    assert heads == [
        ["live", "session", "branch", "profile", "model", "cost", "last", "id"],
        ["live", "session", "profile", "model", "cost", "last"],
        ["live", "session", "model", "cost", "last"],
        ["live", "session", "cost", "last"],
        ["live", "session", "cost"],
    ]


def test_without_a_session_that_is_said() -> None:
    """A gap would be taken for a fault."""
    assert "no session is live" in drawn(seen(0))


def test_before_the_first_look_succeeds_only_the_trouble_is_there() -> None:
    """On the last row."""
    lines = drawn(Seen(None, [], [], "ledger.db is no database"), rows=6)
    assert lines == ["", "", "", "", "", "! ledger.db is no database"]


def test_an_empty_ledger_says_what_to_type() -> None:
    """As wide as the terminal is."""
    lines = drawn(Seen(Live(NOW, NOTHING, NOTHING, [], [], empty=True), [], [], ""), 40, 10)

    assert " ".join(lines) == (
        "nothing was recorded yet: run `cclaunch` where you would run `claude`, and its requests appear here"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "now"), (1, "now"), (2, "2 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86_400 * 3, "3 d")],
)
def test_how_long_ago_is_told_in_few_characters(seconds: int, text: str) -> None:
    """Rounded down: what is not over is not told."""
    assert ago(seconds * NS) == text


def test_what_was_not_today_has_its_date() -> None:
    """Else it is the time of the clock."""
    assert clock(NOW, NOW) == "15:30:00"
    assert clock(NOW - 24 * 3600 * NS, NOW) == "24 Nov 15:30"


def test_signs_of_ours_have_others_in_ascii() -> None:
    """And are as wide."""
    what = seen(1, 1)
    assert what.live is not None
    doubtful = what.live._replace(today=what.live.today._replace(estimated=1), sessions=[session(1, repository="größe" * 9)])
    lines = drawn(what._replace(live=doubtful), unicode=False)

    assert "".join(lines).isascii()
    assert len(lines[0]) == len(drawn(what._replace(live=doubtful))[0])
