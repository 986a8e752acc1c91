"""Which budgets concern a launch, what is said of them, and whom one that is spent may stop."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spending_file import NS, write_spending

from cclaunch import dialog
from cclaunch.compiled import compile_plan
from cclaunch.config.state import change_state
from cclaunch.hot import budget, spending
from cclaunch.hot.paths import Paths
from cclaunch.hot.plan import Place
from cclaunch.hot.selection import select
from cclaunch.hot.words import read_words
from cclaunch.launch import budgets, standing
from cclaunch.launch.budgets import looked_at, may_be_nearly_spent
from cclaunch.launch.standing import nearly_spent
from cclaunch.launch.wanted import WRAPPER, Launch

Put = Callable[..., None]
Look = Callable[..., "tuple[int, list[str]]"]
Clock = tuple[int, int, int, int, int]
HOME = "/home/somebody"
WORK = "/src/shop"
STOPPED = 125


@pytest.fixture
def look(paths: Paths, capsys: pytest.CaptureFixture[str]) -> Look:
    """The looker: ``look("-p", "x", named="shop")`` returns (code, lines on stderr)."""

    def run(
        *words: str, named: str = "", repository: str = "", program: str = "", directory: str = WORK, **environ: str
    ) -> tuple[int, list[str]]:
        plan = compile_plan(paths, HOME, write=False)
        place = Place([["file", f"{directory}/.cclaunch.toml", repository]] if repository else [])
        selection = select(plan, place, environ, directory, named)
        given = [program, *words] if program else list(words)
        wanted = Launch(f"/bin/{program or 'claude'}", given, environ, bool(program), named)
        reading = read_words([] if program else given)
        capsys.readouterr()
        code = 0
        if "on_exceed" in plan.settings:
            code = looked_at(wanted, reading, plan, selection, paths, directory)
        return code, capsys.readouterr().err.splitlines()

    return run


def configure(paths: Paths, **settings: object) -> None:
    """Write a config.toml with a [budget]."""
    path = Path(paths.config_file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["[budget]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]))


def use(paths: Paths, name: str) -> None:
    """Have *name* be the profile that is in use."""
    change_state(paths, lambda state: state._replace(active=name))


def on_terminal(monkeypatch: pytest.MonkeyPatch, *answers: bool) -> list[bool]:
    """Have a person sit there, who gives these *answers*; return those that are left."""
    left = list(answers)
    monkeypatch.setattr(os, "isatty", lambda number: True)
    monkeypatch.setattr(dialog, "confirm", lambda question, default: left.pop(0))
    return left


def test_a_plan_without_a_budget_says_so(paths: Paths, put: Put) -> None:
    """A launch then looks at nothing: also where `on_exceed` is set."""
    put(shop="")
    configure(paths, on_exceed="stop", monthly=0)
    plan = compile_plan(paths, HOME, write=False)
    assert "on_exceed" not in plan.settings
    assert (plan.budgets, plan.profiles["shop"].budget) == ([], "")


def test_budgets_are_compiled_in_micro_dollars(paths: Paths, put: Put) -> None:
    """Those of the configuration by their period, a profile's from its parent too; one that is less than all counts for one."""
    put(base="budget = 300\n", shop='extends = "base"\n', tiny="budget = 1e-9\n")
    configure(paths, daily=0.3, weekly=20, monthly=100.01, on_exceed="ask")
    plan = compile_plan(paths, HOME, write=False)
    assert plan.budgets == [("day", "300000"), ("week", "20000000"), ("month", "100010000")]
    assert {name: one.budget for name, one in plan.profiles.items()} == {"base": "300000000", "shop": "300000000", "tiny": "1"}
    assert plan.settings["on_exceed"] == "ask"


def test_a_broken_profile_and_a_broken_configuration_have_no_budget(paths: Paths, put: Put) -> None:
    """The others keep theirs, and nothing is asked or stopped for what cannot be read."""
    put(broken="budget = 1\nx = 1\n", shop="budget = 300\n")
    configure(paths, monthly=-1, on_exceed="stop")
    plan = compile_plan(paths, HOME, write=False)
    assert (plan.budgets, plan.profiles["broken"].budget, plan.profiles["shop"].budget) == ([], "", "300000000")
    assert plan.settings["on_exceed"] == "warn"


@pytest.mark.parametrize(
    ("spent", "told"),
    [
        (239.99, []),
        (240, ["cclaunch: shop: $240 of $300 this month"]),
        (299.99, ["cclaunch: shop: $299.99 of $300.00 this month"]),
        (300, ["cclaunch: shop: $300 of $300 this month"]),
        (312.4, ["cclaunch: shop: $312 of $300 this month"]),
    ],
)
def test_a_line_is_said_from_four_fifths_on(paths: Paths, put: Put, look: Look, spent: float, told: list[str]) -> None:
    """And nothing before."""
    put(shop="budget = 300\n")
    write_spending(paths, {"month": 400, "month.shop": spent}, over=0.05)
    assert look(named="shop") == (0, told)


def test_the_line_tells_when_all_will_be_spent(paths: Paths, put: Put, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the clock of the person: a day's in hours, in an odd zone too."""
    monkeypatch.setenv("TZ", "Pacific/Chatham")
    time.tzset()
    try:
        put(shop="budget = 300\n")
        configure(paths, daily=10)
        write_spending(paths, {"day": 9, "month.shop": 250})
        code, lines = look(named="shop")
        day = time.localtime(time.time() + 86_400 / 2 / 9)
        date = time.localtime(time.time() + 86_400 * 15 / 5)
    finally:
        monkeypatch.undo()
        time.tzset()
    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[date.tm_mon - 1]
    assert code == 0
    assert lines[0].startswith(f"cclaunch: $9.00 of $10.00 today, at this pace {day.tm_hour:02d}:")
    assert lines[1] == f"cclaunch: shop: $250 of $300 this month, at this pace {date.tm_mday} {month}"


def test_each_budget_that_concerns_the_launch_has_its_line(paths: Paths, put: Put, look: Look) -> None:
    """The most spent first; another profile's is not its business."""
    put(shop="budget = 300\n", web="budget = 10\n")
    configure(paths, daily=10, weekly=50, monthly=1000)
    write_spending(paths, {"day": 9, "week": 60, "month": 290, "month.shop": 280, "month.web": 10}, over=0.05)
    assert look(named="shop")[1] == [
        "cclaunch: $60 of $50 this week",
        "cclaunch: shop: $280 of $300 this month",
        "cclaunch: $9.00 of $10.00 today",
    ]
    assert look()[1] == ["cclaunch: $60 of $50 this week", "cclaunch: $9.00 of $10.00 today"]


@pytest.mark.parametrize(
    "how",
    [{"age_s": 86_401}, {"age_s": -3600}, {"over": 1.1}, {"over": -0.1}, {"periods": ("day", "week")}],
    ids=["a day old", "from the future", "of a period that is past", "of one to come", "of other periods"],
)
def test_spending_that_says_nothing_of_now_stops_nothing(paths: Paths, put: Put, look: Look, how: dict[str, float]) -> None:
    """And nothing is said of it: it is the file of the collector's, and a launch cannot mend it."""
    put(shop="budget = 300\n")
    configure(paths, monthly=300, on_exceed="stop")
    write_spending(paths, {"month": 999, "month.shop": 999}, **how)  # type: ignore[arg-type]
    assert look(named="shop") == (0, [])


NO_FILES = [None, b"", b"format=2\n", b"format=1\nmonth.=1 2\n", b"\xff" * 99, b"x" * 300_000, "fifo", "directory"]


@pytest.mark.parametrize("make", NO_FILES)
def test_spending_that_cannot_be_read_stops_nothing(paths: Paths, look: Look, make: bytes | str | None) -> None:
    """Whatever stands in its place."""
    configure(paths, monthly=300, on_exceed="stop")
    path = Path(paths.spending)
    path.parent.mkdir(parents=True)
    if make == "fifo":
        os.mkfifo(path)
    elif make == "directory":
        path.mkdir()
    elif isinstance(make, bytes):
        path.write_bytes(make)
    assert look() == (0, [])


@pytest.fixture
def stopping(paths: Paths, put: Put) -> Paths:
    """Where the profile shop, in use, has spent its budget, and a launch is to stop at that."""
    put(shop="budget = 300\n", free="", poor="budget = 1\n")
    configure(paths, on_exceed="stop")
    use(paths, "shop")
    write_spending(paths, {"month": 400, "month.shop": 312, "month.poor": 2})
    return paths


def test_a_launch_stops_at_a_budget_that_is_spent_when_that_was_asked_for(stopping: Paths, look: Look) -> None:
    """It says which, until when, and the word that overrides it once."""
    code, lines = look("-p", "x")
    assert code == STOPPED
    assert lines[0] == "cclaunch: error: the budget of shop is spent: $312 of $300 this month; nothing was launched"
    assert lines[1].startswith("  `budget.on_exceed` is `stop`; this budget begins anew on ")
    assert lines[2:] == ["hint: for this once: CCLAUNCH_BUDGET=ignore cclaunch …"]


def test_the_word_that_overrides_is_obeyed_in_silence(stopping: Paths, look: Look) -> None:
    """Whoever writes it knows; another word is none."""
    assert look("-p", "x", CCLAUNCH_BUDGET="ignore") == (0, [])
    assert look("-p", "x", CCLAUNCH_BUDGET="ingore")[0] == STOPPED


def test_of_two_budgets_that_are_spent_the_one_that_lasts_is_named(paths: Paths, look: Look) -> None:
    """Whoever waited for the other would wait in vain; that one has its line."""
    configure(paths, daily=10, monthly=300, on_exceed="stop")
    write_spending(paths, {"day": 50, "month": 301})
    code, lines = look("say hi")
    assert code == STOPPED
    assert lines[:2] == [
        "cclaunch: $50.00 of $10.00 today",
        "cclaunch: error: the budget of all launches is spent: $301 of $300 this month; nothing was launched",
    ]


def test_a_day_ends_at_an_hour(paths: Paths, look: Look) -> None:
    """A date would be no answer."""
    configure(paths, daily=10, on_exceed="stop")
    write_spending(paths, {"day": 50})
    assert ":" in look("say hi")[1][1].rpartition(" begins anew at ")[2]


BORDERS = [
    ("Pacific/Chatham", "day", (2026, 11, 26, 0, 0), (2026, 11, 27, 0, 0), "at 00:00"),
    ("America/Santiago", "day", (2026, 9, 5, 0, 0), (2026, 9, 6, 1, 0), "at 01:00"),
    ("Asia/Kathmandu", "week", (2026, 12, 28, 0, 0), (2027, 1, 4, 0, 0), "on 4 Jan"),
    ("Pacific/Apia", "month", (2026, 11, 1, 0, 0), (2026, 12, 1, 0, 0), "on 1 Dec"),
]


@pytest.mark.parametrize(("zone", "period", "begin", "end", "told"), BORDERS)
def test_a_period_ends_where_the_persons_clock_says_so(
    paths: Paths, look: Look, monkeypatch: pytest.MonkeyPatch, zone: str, period: str, begin: Clock, end: Clock, told: str
) -> None:
    """In odd zones, and on the day whose midnight is not there: to the second before it stops a launch, and not from there on."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        first, behind = (round(time.mktime((*moment, 0, 0, 0, -1))) * NS for moment in (begin, end))
        whole = spending.Spent(first, behind, 50_000_000)
        Path(paths.data).mkdir(parents=True)
        Path(paths.spending).write_text(spending.as_text(spending.Spending(behind - NS, None, {(period, ""): whole})))
        configure(paths, **{{"day": "daily", "week": "weekly", "month": "monthly"}[period]: 50}, on_exceed="stop")
        monkeypatch.setattr(standing, "time_ns", lambda: behind - 1)
        code, lines = look("say hi")
        monkeypatch.setattr(standing, "time_ns", lambda: behind)
        after = look("say hi")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (code, lines[1]) == (STOPPED, f"  `budget.on_exceed` is `stop`; this budget begins anew {told}")
    assert after == (0, [])


@pytest.mark.parametrize("spent", [{"month": 400, "month.shop": 299.999}, {"month": 400}])
def test_a_budget_that_is_not_spent_to_its_end_stops_nothing(stopping: Paths, look: Look, spent: dict[str, float]) -> None:
    """Not for a tenth of a cent, nor where the profile has spent nothing."""
    write_spending(stopping, spent)
    assert look("-p", "x")[0] == 0


RESUMED = [
    ["--continue"],
    ["-c"],
    ["-pc", "go on"],
    ["-cp", "go on"],
    ["--resume"],
    ["--resume=x"],
    ["-r"],
    ["-rx"],
    ["-p", "--resume", "x", "go on"],
    ["-p", "go on", "-r", "x", "--fork-session"],
    ["--from-pr", "12"],
    ["--from-pr=12"],
    ["--teleport"],
    ["--teleport=x"],
]


@pytest.mark.parametrize(
    "words",
    [*RESUMED, ["--bg", "x"], ["--background", "x"], ["agents"], ["attach", "x"], ["respawn", "x"], ["--model", "x", "daemon"]],
    ids=" ".join,
)
def test_what_goes_on_is_told_and_never_stopped(stopping: Paths, look: Look, words: list[str]) -> None:
    """A session that was begun, one in the background, and what leads to such ones."""
    assert look(*words) == (0, ["cclaunch: shop: $312 of $300 this month"])


NEW = [[], ["-p", "x"], ["say hi"], ["-p", "agents"], ["--", "-c"], ["-p", "--model", "-c", "x"]]


@pytest.mark.parametrize("words", NEW, ids=" ".join)
def test_every_new_session_is_stopped(stopping: Paths, look: Look, words: list[str]) -> None:
    """A prompt of the same name is no subcommand, and a value is no option."""
    assert look(*words)[0] == STOPPED


def test_what_wraps_claudes_background_processes_is_not_told(stopping: Paths, look: Look) -> None:
    """Not a byte may be printed there."""
    assert look("--bg-spare", program="claude", **{WRAPPER: "[]"}) == (0, [])


def test_another_program_is_told_and_runs(stopping: Paths, look: Look) -> None:
    """An editor may never start a claude."""
    assert look(".", program="code") == (0, ["cclaunch: shop: $312 of $300 this month"])


def test_claude_under_exec_is_a_launch_as_any(stopping: Paths, look: Look) -> None:
    """Its words count, wherever it lies."""
    assert look("-p", "x", program="claude")[0] == STOPPED
    assert look("-p", "x", program="/opt/bin/claude")[0] == STOPPED
    assert look("-p", "x", "-c", program="/opt/bin/claude")[0] == 0


def test_a_repository_cannot_block_a_person(stopping: Paths, look: Look) -> None:
    """The budget of the profile that it chose is told of."""
    use(stopping, "free")
    assert look("say hi", repository="poor") == (0, ["cclaunch: poor: $2.00 of $1.00 this month"])


@pytest.mark.parametrize("chosen", ["free", "gone", "shop"])
def test_a_repository_cannot_lead_around_a_budget(stopping: Paths, look: Look, chosen: str) -> None:
    """The profile in use counts in full, whether what it chose is without a budget, is not there, or is the very same."""
    code, lines = look("say hi", repository=chosen)
    assert (code, len(lines)) == (STOPPED, 3)


def test_a_bound_profile_counts_before_the_one_in_use_where_there_is_no_repository(stopping: Paths, look: Look) -> None:
    """What the person has chosen for this directory is the person's word."""
    change_state(stopping, lambda state: state._replace(bindings={WORK: "free"}))
    assert look("say hi", repository="poor") == (0, [])
    assert look("say hi", directory="/src/other")[0] == STOPPED


def test_a_profile_that_is_named_for_one_launch_counts_alone(stopping: Paths, look: Look) -> None:
    """`+free` is the person's word, also in a repository that names another; so is CCLAUNCH_PROFILE."""
    assert look("say hi", named="free", repository="poor") == (0, [])
    assert look("say hi", repository="poor", CCLAUNCH_PROFILE="free") == (0, [])
    assert look("say hi", named="poor")[0] == STOPPED


def test_the_budget_of_all_launches_counts_in_every_repository(stopping: Paths, look: Look) -> None:
    """Whatever profile is in force, or none."""
    configure(stopping, weekly=5, on_exceed="stop")
    write_spending(stopping, {"week": 5})
    assert look("say hi", repository="free")[0] == STOPPED
    assert look("say hi", named="poor")[0] == STOPPED


@pytest.fixture
def asking(stopping: Paths) -> Paths:
    """The same, where a launch is to ask."""
    configure(stopping, on_exceed="ask")
    return stopping


def test_a_person_is_asked_on_a_terminal(asking: Paths, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """With yes claude is started."""
    left = on_terminal(monkeypatch, True)
    assert look() == (-1, ["cclaunch: shop: $312 of $300 this month"])
    assert left == []


def test_with_no_nothing_is_started(asking: Paths, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the code is that of a failure of ours."""
    on_terminal(monkeypatch, False)
    code, lines = look("say hi")
    assert code == STOPPED
    assert lines[1] == "cclaunch: claude was not started: a budget is spent, and `budget.on_exceed` is `ask`"


@pytest.mark.parametrize("words", [["-p", "x"], ["--print", "x"], *RESUMED, ["--bg", "x"], ["agents"]], ids=" ".join)
def test_where_no_screen_comes_up_or_a_session_goes_on_nobody_is_asked(
    asking: Paths, look: Look, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """It is told, and runs."""
    on_terminal(monkeypatch)
    assert look(*words) == (0, ["cclaunch: shop: $312 of $300 this month"])


def test_without_a_terminal_nobody_is_asked(asking: Paths, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the three that is none is enough."""
    monkeypatch.setattr(os, "isatty", lambda number: number != 1)
    assert look() == (0, ["cclaunch: shop: $312 of $300 this month"])


def test_below_its_end_nobody_is_asked(asking: Paths, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is enough."""
    on_terminal(monkeypatch)
    write_spending(asking, {"month.shop": 290}, over=0.05)
    assert look() == (0, ["cclaunch: shop: $290 of $300 this month"])


def test_what_a_launch_looks_at_first_is_what_the_others_go_by() -> None:
    """It loads neither the form of the file nor the arithmetic for it."""
    assert (budgets.NEARLY, budgets.MONTH, budgets.SIZE_LIMIT) == (budget.NEAR, spending.MONTH, spending.SIZE_LIMIT)


AMOUNTS = st.integers(0, 2_000_000)
LIMITS = st.lists(
    st.tuples(st.sampled_from(["", "shop", "web", "we"]), st.sampled_from(spending.PERIODS), st.integers(1, 2_000_000))
)


@given(LIMITS, st.dictionaries(st.tuples(st.sampled_from(spending.PERIODS), st.sampled_from(["shop", "web"])), AMOUNTS))
def test_the_first_look_misses_nothing(
    tmp_path_factory: pytest.TempPathFactory, limits: list[tuple[str, str, int]], spent: dict[tuple[str, str], int]
) -> None:
    """Where the whole reading finds a budget that is nearly spent, it has been asked for; and where it finds none, it was not."""
    paths = Paths(*(str(tmp_path_factory.getbasetemp() / name) for name in ("config", "state", "cache", "data")))
    write_spending(paths, {f"{period}.{profile}": micros / 1_000_000 for (period, profile), micros in spent.items()})
    asked = may_be_nearly_spent(limits, Path(paths.spending).read_bytes())
    assert asked == bool(nearly_spent(limits, paths))


def test_a_fault_of_ours_is_one_line_and_the_launch_goes_on(stopping: Paths, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its telemetry with it."""

    def fails(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(standing, "read_spending", fails)
    assert look("say hi") == (0, ["cclaunch: the budgets were not looked at: RuntimeError: broken"])
