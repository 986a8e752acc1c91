"""Who is told that a budget passes a mark: by the person's command, once, whoever looks and whatever happens to them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from collector_client import wait_until
from guard import REPOSITORY

from cclaunch.budgets.notified import read_told
from cclaunch.budgets.notify import NAMES, Notifier, variables
from cclaunch.files.lock import locked
from cclaunch.hot.budget import Limit, Standing
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.hot.spending import DAY, MONTH, Spent

NOW = 1_790_000_000_000_000_000
BEGIN, END = NOW - 10**15, NOW + 10**15
KILLED = """
import os, signal, sys, threading
sys.path[:] = {path!r}
from test_notify import NOW, Notifier, our_paths, standing

moment, paths = sys.argv[1], our_paths({{"HOME": sys.argv[2]}})
if moment == "before":
    os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
elif moment == "between":
    threading.Thread.start = lambda self: os.kill(os.getpid(), signal.SIGKILL)
one = Notifier(paths, print)
one.look(sys.argv[3], [standing(85)], NOW)
one._thread.join()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Our directories."""
    found = our_paths({"HOME": str(tmp_path)})
    os.makedirs(found.data, 0o700)
    return found


def standing(percent: float, profile: str = "shop", period: str = MONTH, limit: int = 300_000_000) -> Standing:
    """Return a budget of which so much is spent."""
    return Standing(Limit(profile, period, limit), Spent(BEGIN, END, round(limit * percent / 100)), NOW)


def writing(tmp_path: Path) -> tuple[str, Callable[[], list[str]]]:
    """Return (a command that writes down whenever it is run, what it has written)."""
    file = tmp_path / "told"

    def lines() -> list[str]:
        return file.read_text().splitlines() if file.exists() else []

    return f'echo "$CCLAUNCH_BUDGET_PERCENT $CCLAUNCH_BUDGET_PROFILE" >> {file}', lines


def ended(one: Notifier) -> None:
    """Wait until what was begun has ended."""
    assert wait_until(lambda: not one.is_busy)


def test_it_is_run_once_for_each_mark(tmp_path: Path, paths: Paths) -> None:
    """Though it is looked at after each request, and by one who was started anew."""
    command, lines = writing(tmp_path)
    for share in (70, 81, 82, 99, 101, 140):
        one = Notifier(paths, print)
        for _ in range(2):
            assert one.look(command, [standing(share)], NOW)
            ended(one)
    assert lines() == ["80 shop", "100 shop"]


def test_several_budgets_are_told_one_after_the_other(tmp_path: Path, paths: Paths) -> None:
    """Each by a command of its own."""
    command, lines = writing(tmp_path)
    one = Notifier(paths, print)
    assert one.look(command, [standing(130), standing(85, ""), standing(10, "quiet")], NOW)
    ended(one)
    assert lines() == ["100 shop", "80 "]


def test_what_it_is_told_is_all_there_is_to_know() -> None:
    """A sentence for people; plain numbers for programs."""
    assert list(variables(standing(70.75)).items()) == [
        ("CCLAUNCH_BUDGET_TEXT", variables(standing(70.75))["CCLAUNCH_BUDGET_TEXT"]),
        ("CCLAUNCH_BUDGET_PROFILE", "shop"),
        ("CCLAUNCH_BUDGET_PERIOD", "month"),
        ("CCLAUNCH_BUDGET_PERCENT", "0"),
        ("CCLAUNCH_BUDGET_SPENT_USD", "212.25"),
        ("CCLAUNCH_BUDGET_LIMIT_USD", "300.00"),
    ]
    assert variables(standing(70.75))["CCLAUNCH_BUDGET_TEXT"].startswith("shop: $212 of $300 this month")
    assert variables(standing(100, "", DAY))["CCLAUNCH_BUDGET_TEXT"] == "$300 of $300 today"
    assert set(variables(standing(1))) == set(NAMES)


def test_whoever_looks_waits_for_no_command(tmp_path: Path, paths: Paths) -> None:
    """The next news is told when it has ended."""
    command, lines = writing(tmp_path)
    os.mkfifo(tmp_path / "gate")
    one = Notifier(paths, print)
    assert one.look(f"cat {tmp_path}/gate; {command}", [standing(85)], NOW)
    assert one.is_busy
    assert not one.look(command, [standing(101)], NOW)
    (tmp_path / "gate").write_text("")
    ended(one)
    assert one.look(command, [standing(101)], NOW)
    ended(one)
    assert lines() == ["80 shop", "100 shop"]


def test_one_that_fails_is_said_once_and_not_repeated(paths: Paths) -> None:
    """With what it said."""
    said: list[str] = []
    for _ in range(3):
        one = Notifier(paths, said.append)
        one.look("echo no such host; exit 6", [standing(85)], NOW)
        ended(one)
    assert len(said) == 2
    assert said[0].endswith("` said: no such host")
    assert said[1].endswith("` failed: it ended with 6; it is not repeated")
    assert all(line.startswith("the notification of `shop: $255 of $300 this month") for line in said)


def test_where_it_cannot_be_remembered_nobody_is_told(tmp_path: Path, paths: Paths) -> None:
    """Else they would be told after every request; it is said once."""
    os.mkdir(paths.notified)
    command, lines = writing(tmp_path)
    said: list[str] = []
    one = Notifier(paths, said.append)
    assert not one.look(command, [standing(85)], NOW)
    assert not one.look(command, [standing(85)], NOW)
    assert lines() == []
    assert said == [f"nobody is told of budgets: {paths.notified} cannot be written: Is a directory"]
    os.rmdir(paths.notified)
    assert one.look(command, [standing(85)], NOW)
    ended(one)
    assert lines() == ["80 shop"]


def test_while_another_one_has_the_ledger_it_is_told_later(tmp_path: Path, paths: Paths) -> None:
    """Nobody decides at the same time."""
    command, lines = writing(tmp_path)
    one = Notifier(paths, lambda _: None)
    with locked(paths.ledger_lock, 5):
        assert not one.look(command, [standing(85)], NOW)
    assert one.look(command, [standing(85)], NOW)
    ended(one)
    assert lines() == ["80 shop"]


def test_of_many_who_look_at_once_one_tells(tmp_path: Path, paths: Paths) -> None:
    """Two collectors, for the moment in which one takes the other's place."""
    command, lines = writing(tmp_path)
    many = [Notifier(paths, print) for _ in range(6)]
    ready = threading.Barrier(len(many))

    def look(one: Notifier) -> None:
        ready.wait()
        while not one.look(command, [standing(85)], NOW):
            pass

    threads = [threading.Thread(target=look, args=(one,)) for one in many]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in many:
        ended(one)
    assert lines() == ["80 shop"]


@pytest.mark.parametrize(
    ("moment", "many"),
    [("before", 1), ("between", 0), ("after", 1)],
    ids=["before it is written", "before it runs", "after it ran"],
)
def test_a_kill_repeats_nothing_and_may_lose_one(tmp_path: Path, paths: Paths, moment: str, many: int) -> None:
    """First it is written down that it was told; who is killed before it runs has told nothing, and never does."""
    command, lines = writing(tmp_path)
    path = [str(REPOSITORY), str(Path(__file__).parent), *sys.path]
    words = [sys.executable, "-c", KILLED.format(path=path), moment, str(tmp_path), command]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    one = Notifier(paths, print)
    assert one.look(command, [standing(86)], NOW)
    ended(one)
    assert lines() == ["80 shop"] * many
    assert one.look(command, [standing(100)], NOW)
    ended(one)
    assert lines() == ["80 shop"] * many + ["100 shop"]


def test_without_news_nothing_is_written_and_no_lock_is_taken(paths: Paths) -> None:
    """It is looked at after each turn of the ledger."""
    with locked(paths.ledger_lock, 5):
        assert Notifier(paths, print).look("true", [standing(79)], NOW)
    assert not os.path.exists(paths.notified)


def test_a_raised_limit_is_written_down_and_told_to_nobody(paths: Paths) -> None:
    """So that it can be told when the new one is passed."""
    one = Notifier(paths, print)
    one.look("true", [standing(101)], NOW)
    ended(one)
    one.look("false", [standing(50)], NOW)
    assert not one.is_busy
    assert read_told(paths, NOW) == {}


def test_who_ends_leaves_it_to_the_next_one(tmp_path: Path, paths: Paths) -> None:
    """Nothing is written down as told that will not be run."""
    command, lines = writing(tmp_path)
    one, after = Notifier(paths, print), Notifier(paths, print)
    one.leave()
    assert not one.look(command, [standing(85)], NOW)
    assert after.look(command, [standing(85)], NOW)
    ended(after)
    assert lines() == ["80 shop"]


def test_what_runs_is_ended_when_the_collector_ends(paths: Paths) -> None:
    """After a moment that it is given; it is said."""
    said: list[str] = []
    one = Notifier(paths, said.append)
    one.look("sleep 600", [standing(85)], NOW)
    one.leave()
    assert wait_until(lambda: not one.is_busy)
    assert said[-1].endswith("failed: it was ended, the collector ends; it is not repeated")
