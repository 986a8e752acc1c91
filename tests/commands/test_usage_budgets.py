"""Budgets in `usage`: a line each on the first screen, a key of the JSON, and nothing at all where none is set."""

import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from guard import REPOSITORY
from runners import Verb
from sandbox import Sandbox
from screens import columns_of, plain, shown, styles
from spent_month import NOW_NS, spend
from stored import request, store

from cclaunch.commands.usage.budgets import budget_lines
from cclaunch.console import RED, YELLOW
from cclaunch.files.lock import locked
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.hot.spending import MONTH, read_spending
from cclaunch.reports.budgets import BudgetReport
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.insert import add_up
from cclaunch.store.ledger.request import LAUNCH
from cclaunch.store.places import local_places

PICTURE = REPOSITORY / "tests" / "golden" / "screens" / "budgets.txt"
DAY_NS = 86_400 * 10**9


def launched(paths: Paths) -> None:
    """Have all that was recorded be sent by launches of ours."""
    catch_up(local_places(paths))
    with closing(sqlite3.connect(paths.ledger)) as connection, connection:
        connection.execute("UPDATE requests SET sender = ?", (LAUNCH,))
        add_up(connection, {row[0] for row in connection.execute("SELECT quarter FROM quarters").fetchall()})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month, recorded and counted once for all tests; the directory of the data."""
    paths = our_paths({"HOME": str(tmp_path_factory.mktemp("month"))})
    spend(Path(paths.database))
    launched(paths)
    return Path(paths.data)


@pytest.fixture
def month(sandbox: Sandbox, written: Path) -> Sandbox:
    """A sandbox with a month's work in it that launches have done, in the zone of UTC."""
    shutil.copytree(written, sandbox.data)
    sandbox.environ["TZ"] = "UTC"
    return sandbox


def settle(sandbox: Sandbox, budget: str = "", **profiles: float) -> None:
    """Have these budgets, of all and of profiles."""
    paths = our_paths(sandbox.environment())
    os.makedirs(paths.profiles, exist_ok=True)
    Path(paths.config_file).write_text(f"[budget]\n{budget}\n")
    for name, dollars in profiles.items():
        (Path(paths.profiles) / f"{name.replace('_', '-')}.toml").write_text(f"budget = {dollars}\n")


def seen(month: Sandbox, *words: str, columns: int = 80) -> str:
    """Return what `usage` shows on a terminal."""
    code, screen = shown(month, "usage", *words, columns=columns, now_ns=NOW_NS)
    assert code == 0
    return screen


def test_it_looks_as_somebody_has_seen_it(month: Sandbox) -> None:
    """At 80 and at 60 columns: three of them, the most spent first, and how many more there are."""
    settle(month, "daily = 20\nweekly = 500\nmonthly = 130", data_eng=100, shop=40)
    found = {columns: plain(seen(month, columns=columns)) for columns in (80, 60)}
    picture = "\n".join(f"== {columns} columns ==\n{screen}" for columns, screen in found.items())
    if os.environ.get("CCLAUNCH_TEST_SCREENS") == "write":
        PICTURE.write_text(picture, encoding="utf-8")
    assert picture == PICTURE.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [(), ("--json",), ("--by", "day"), ("--csv",), ("--markdown",)], ids=str)
def test_without_a_budget_nothing_is_another(month: Sandbox, words: tuple[str, ...]) -> None:
    """Also where a profile and a configuration are there; and of a table, with one."""
    before = seen(month, *words)
    settle(month, "daily = 0", shop=1)
    (Path(our_paths(month.environment()).profiles) / "shop.toml").write_text("")
    assert seen(month, *words) == before
    if words and words != ("--json",):
        settle(month, "daily = 20", shop=1)
        assert seen(month, *words) == before


def test_programs_are_told_all_of_them(month: Sandbox) -> None:
    """Whatever they ask for; dollars as numbers, null for all launches."""
    settle(month, "monthly = 1000\ndaily = 20\nweekly = 100000", data_eng=300, shop=2000)
    found = json.loads(plain(seen(month, "--json", "--by", "model", columns=400)))["budgets"]
    assert [(one["profile"], one["period"]) for one in found] == [
        ("data-eng", "month"),
        (None, "day"),
        (None, "month"),
        ("shop", "month"),
        (None, "week"),
    ]
    assert all(
        set(one) == {"profile", "period", "since", "until", "limit_usd", "spent_usd", "left_usd", "pace_usd", "reached"}
        for one in found
    )
    assert (found[0]["since"], found[0]["until"]) == ("2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z")
    assert round(found[0]["spent_usd"] + found[0]["left_usd"], 6) == 300 == found[0]["limit_usd"]


def test_what_others_have_sent_counts_for_no_budget(sandbox: Sandbox, usage: Verb) -> None:
    """It is in what was used, and in what is written down of today."""
    store(sandbox.database, request(1, time.time_ns(), micros=5_000_000))
    settle(sandbox, "monthly = 10")
    document = json.loads(usage("--json")[1])
    assert document["total"]["cost_usd"] == 5
    assert document["budgets"][0]["spent_usd"] == 0
    found = read_spending(our_paths(sandbox.environment()), time.time_ns())
    assert found is not None
    assert found.today is not None
    assert (found.today.micros, found.by[MONTH, ""].micros) == (5_000_000, 0)


def test_what_was_spent_is_written_down_where_no_collector_lives(sandbox: Sandbox, usage: Verb) -> None:
    """Where one does, it is left to that."""
    paths = our_paths(sandbox.environment())
    store(sandbox.database, request(1, time.time_ns(), micros=5_000_000))
    os.makedirs(os.path.dirname(paths.collector_lock), exist_ok=True)
    with locked(paths.collector_lock, 5):
        assert usage()[0] == 0
    assert not os.path.exists(paths.spending)
    assert usage()[0] == 0
    assert read_spending(paths, time.time_ns()) is not None


@pytest.mark.parametrize("words", [("usage",), ("usage", "--json"), ("status",)], ids=str)
def test_where_it_cannot_be_written_down_the_answer_is_the_same(sandbox: Sandbox, verb: Verb, words: tuple[str, ...]) -> None:
    """Nothing is said either: the collector says it."""
    paths = our_paths(sandbox.environment())
    store(sandbox.database, request(1, time.time_ns()))
    verb("usage")
    os.unlink(paths.spending)
    os.mkdir(paths.spending)
    code, out, err = verb(*words)
    assert (code, bool(out)) == (0, True)
    assert "spending" not in err


def test_what_is_forgotten_gives_a_budget_room_again(sandbox: Sandbox, verb: Verb) -> None:
    """At once, also for a launch, and while a collector lives."""
    paths = our_paths(sandbox.environment())
    store(sandbox.database, request(1, time.time_ns(), micros=9_000_000, session__id="s-1"), request(2, time.time_ns()))
    launched(paths)
    verb("status")

    def spent() -> int:
        found = read_spending(paths, time.time_ns())
        assert found is not None
        return found.by[MONTH, ""].micros

    assert spent() == 9_001_000
    with locked(paths.collector_lock, 5):
        verb("usage", "forget", "--session", "s-1", "--yes")
    assert spent() == 1_000


def report(**changes: object) -> BudgetReport:
    """Return a budget of 300 dollars a month of which 212 are spent."""
    made = BudgetReport("shop", MONTH, 0, 30 * DAY_NS, 300_000_000, 212_400_000, 87_600_000, 318_600_000, 27 * DAY_NS)
    return made._replace(**changes)  # type: ignore[arg-type]


def lines(*some: BudgetReport, columns: int = 80) -> list[str]:
    """Return the lines for these budgets as texts."""
    return ["".join(text for text, _ in line) for line in budget_lines(some, columns)]


def test_a_line_says_what_is_spent_what_is_left_and_where_it_goes() -> None:
    """More than all of it, too; and what nobody knows is left out."""
    assert lines(report()) == ["shop $212 of $300 this month, $88 left, on pace for $319, spent by 28 Jan"]
    assert lines(report(spent=312_000_000, left=-12_000_000, pace=None, reached_ns=None)) == [
        "shop $312 of $300 this month, $12 over"
    ]
    assert lines(report(profile=None, reached_ns=None)) == ["all launches $212 of $300 this month, $88 left, on pace for $319"]


def test_what_is_nearly_spent_is_not_told_as_all_of_it() -> None:
    """Cents, where dollars would say so; of a small budget always."""
    assert lines(report(spent=299_800_000, left=200_000, pace=None, reached_ns=None)) == [
        "shop $299.80 of $300.00 this month, $0.2000 left"
    ]


@pytest.mark.parametrize("columns", range(20, 120, 5))
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    """No figure is cut; what is least important goes, and long names are cut."""
    some = [report(), report(profile="a" * 100), report(profile="漢" * 40), report(profile="\x1b[2J" * 20)]
    for line in lines(*some, columns=max(columns, 25)):
        assert columns_of(line) <= max(columns, 25)
        assert line.isprintable()
    assert "$212 of $300 this month" in lines(report(), columns=columns)[0]


def test_three_are_told_and_how_many_more_there_are() -> None:
    """The rest is in the JSON."""
    assert len(lines(*[report()] * 3)) == 3
    assert lines(*[report()] * 5)[3:] == ["+2 more"]


def test_colour_means_something() -> None:
    """Nearly spent is yellow, spent is red."""
    some = [report(spent=300_000_000, left=0), report(spent=240_000_000, left=60_000_000), report(spent=239_000_000)]
    assert [line[0][1] for line in budget_lines(some, 80)] == [RED, YELLOW, ""]


def test_a_narrow_screen_has_no_more_lines_than_a_terminal(month: Sandbox) -> None:
    """What the days went for gives way."""
    settle(month, "daily = 20\nweekly = 500\nmonthly = 130", data_eng=100, shop=40)
    for columns in (25, 40, 60, 80, 160):
        screen = seen(month, columns=columns)
        assert len(plain(screen).splitlines()) <= 23
        assert any(style in (RED, YELLOW) for style, _ in styles(screen))
