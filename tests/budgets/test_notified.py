"""What was told of a budget, and what is news: each mark once, and again only where there was room in between."""

from pathlib import Path

import pytest

from cclaunch.budgets import notified
from cclaunch.budgets.notified import Told, news, read_told, write_told
from cclaunch.hot.budget import Limit, Standing
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.hot.spending import DAY, MONTH, Spent

NOW = 1_790_000_000_000_000_000
BEGIN, END = NOW - 10**15, NOW + 10**15


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Our directories, which are not there yet."""
    return our_paths({"HOME": str(tmp_path)})


def standing(percent: float, limit: int = 1_000_000, profile: str = "shop", period: str = MONTH) -> Standing:
    """Return a budget of which so much is spent."""
    return Standing(Limit(profile, period, limit), Spent(BEGIN, END, round(limit * percent / 100)), NOW)


def told_by(*shares: float) -> list[list[int]]:
    """Return what is told of one budget, a list for each of *shares* in turn (percent)."""
    told: dict[tuple[str, str], Told] = {}
    found = []
    for share in shares:
        new, told = news(told, [standing(share)])
        found.append([told[one.limit.period, one.limit.profile].percent for one in new])
    return found


def test_each_mark_is_told_once() -> None:
    """At 80 % and at 100 %, to the cent."""
    assert told_by(10, 79.9, 80, 81, 99.9, 100, 101, 500) == [[], [], [80], [], [], [100], [], []]


def test_who_passes_both_at_once_is_told_once() -> None:
    """That all of it is spent."""
    assert told_by(10, 130, 140) == [[], [100], []]


def test_what_has_room_again_may_be_told_again() -> None:
    """A limit was raised, or requests were forgotten; what is still above a mark is not told anew."""
    assert told_by(100, 84, 85, 100) == [[100], [], [], [100]]
    assert told_by(85, 81, 79, 80) == [[80], [], [], [80]]


def test_a_budget_that_is_not_asked_for_stays_told() -> None:
    """Its profile is broken for a moment."""
    _, told = news({}, [standing(85)])
    _, told = news(told, [])
    assert news(told, [standing(86)])[0] == []


def test_budgets_are_told_apart() -> None:
    """By profile and by period."""
    some = [standing(85), standing(85, profile=""), standing(85, profile="", period=DAY)]
    new, told = news({}, some)
    assert new == some
    assert len(told) == 3


def test_what_was_told_is_known_by_the_next_one(paths: Paths) -> None:
    """Whole, and for this user alone."""
    _, told = news({}, [standing(85), standing(120, profile="")])
    write_told(paths, told)
    assert {key: one.percent for key, one in read_told(paths, NOW).items()} == {(MONTH, "shop"): 80, (MONTH, ""): 100}
    assert Path(paths.notified).stat().st_mode & 0o777 == 0o600
    assert news(read_told(paths, NOW), [standing(90), standing(130, profile="")])[0] == []


@pytest.mark.parametrize("now", [END, BEGIN - 1])
def test_another_period_has_been_told_nothing(paths: Paths, now: int) -> None:
    """And what was told of the one before is swept with the next word."""
    write_told(paths, news({}, [standing(85)])[1])
    assert read_told(paths, now) == {}
    write_told(paths, read_told(paths, now))
    assert Path(paths.notified).read_text() == "format=1\n"


@pytest.mark.parametrize(
    "junk",
    [b"", b"format=1", b"format=2\n", b"format=1\nmonth.shop=1 2\n", b"format=1\nmonth.shop=a b c\n", b"\xff" * 300_000],
)
def test_a_file_that_is_not_whole_says_nothing(paths: Paths, junk: bytes) -> None:
    """It is told once more, and written anew."""
    Path(paths.notified).parent.mkdir(parents=True)
    Path(paths.notified).write_bytes(junk)
    assert read_told(paths, NOW) == {}
    write_told(paths, news({}, [standing(85)])[1])
    assert len(read_told(paths, NOW)) == 1


def test_no_more_are_told_than_the_file_can_hold(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else they would be told for ever."""
    new, told = news({}, [standing(85, profile=f"p{number:098d}") for number in range(notified.MOST + 5)])
    assert len(new) == len(told) == notified.MOST
    write_told(paths, told)
    assert len(read_told(paths, NOW)) == notified.MOST
    monkeypatch.setattr(notified, "MOST", 0)
    assert news({}, [standing(85)]) == ([], {})
