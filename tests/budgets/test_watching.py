"""What was spent is kept written down by whoever brings the ledger up to date, and nothing that happens there reaches anybody."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from collector_client import wait_until
from stored import request, store

from cclaunch.budgets import watching
from cclaunch.budgets.watching import Watching
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.hot.spending import DAY, MONTH, WEEK, Spending, read_spending
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.insert import add_up
from cclaunch.store.ledger.request import LAUNCH
from cclaunch.store.ledger.schema import DAY_NS
from cclaunch.store.ledger.spent import spent_in
from cclaunch.store.places import local_places

NS = 1_000_000_000
NOW = 1_790_164_800 * NS
"""Wednesday, 2026-09-23, noon in UTC."""


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Have it be NOW in UTC, and give a function that sets the clock."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()

    def use(now_ns: int) -> None:
        monkeypatch.setattr(watching, "time", SimpleNamespace(time_ns=lambda: now_ns, tzset=time.tzset))

    use(NOW)
    yield use
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Our directories, with a ledger in which launches of ``shop`` have spent 240 dollars today."""
    found = our_paths({"HOME": str(tmp_path)})
    for path in (found.data, found.profiles):
        os.makedirs(path, 0o700)
    spend(found, 240)
    return found


def spend(paths: Paths, dollars: int, time_ns: int = NOW) -> None:
    """Have launches of ``shop`` spend so much more."""
    number = time.monotonic_ns()
    one = request(number, time_ns, micros=dollars * 1_000_000, session__id="s", cclaunch__profile="shop")
    store(Path(paths.database), one)
    catch_up(local_places(paths))
    with closing(sqlite3.connect(paths.ledger)) as connection, connection:
        connection.execute("UPDATE requests SET sender = ?", (LAUNCH,))
        add_up(connection, {row[0] for row in connection.execute("SELECT quarter FROM quarters").fetchall()})


def settle(paths: Paths, text: str, **profiles: str) -> None:
    """Have config.toml and the profiles say this."""
    Path(paths.config_file).write_text(text)
    for name, profile in profiles.items():
        (Path(paths.profiles) / f"{name}.toml").write_text(profile)


def spent(paths: Paths, period: str = MONTH, profile: str = "", now_ns: int = NOW) -> float | None:
    """Return the dollars that the file tells."""
    found = read_spending(paths, now_ns)
    one = found and found.by.get((period, profile))
    return one.micros / 1e6 if one else None


def looked(paths: Paths, one: Watching | None = None) -> list[str]:
    """Look once; return what was said when all of it has ended."""
    said: list[str] = []
    one = one or Watching(paths, said.append)
    one.look()
    assert wait_until(lambda: not one._notifier.is_busy)
    return said


def counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by one when what was spent is added up."""
    found: list[int] = []

    def counted(connection: sqlite3.Connection, now_ns: int, week_start: int) -> Spending:
        found.append(now_ns)
        return spent_in(connection, now_ns, week_start)

    monkeypatch.setattr(watching, "spent_in", counted)
    return found


def test_it_is_written_as_the_ledger_says(paths: Paths) -> None:
    """And again when that has changed, by whomever."""
    one = Watching(paths, print)
    one.look()
    assert [spent(paths, DAY), spent(paths, WEEK), spent(paths), spent(paths, MONTH, "shop")] == [240.0] * 4
    spend(paths, 10)
    one.look()
    assert spent(paths) == 250.0


def test_where_nothing_has_changed_nothing_is_added_up(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the ledger is opened to write and there is nothing to be written."""
    found = counting(monkeypatch)
    one = Watching(paths, print)
    one.look()
    for _ in range(3):
        catch_up(local_places(paths))
        one.look()
    assert found == [NOW]


def test_it_is_added_up_again_after_ten_minutes_and_on_another_day(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, clock: Callable[[int], None]
) -> None:
    """So that the file is never old while somebody looks, nor of another day; and when the clock was set back."""
    found = counting(monkeypatch)
    one = Watching(paths, print)
    midnight = NOW + DAY_NS // 2
    times = [NOW, NOW + 599 * NS, NOW + 600 * NS, midnight - NS, midnight, midnight + NS, NOW]
    for now_ns in times:
        clock(now_ns)
        one.look()
        assert read_spending(paths, now_ns) is not None
    assert found == [times[0], times[2], times[3], times[4], times[6]]


def test_a_week_begins_when_the_person_says(paths: Paths) -> None:
    """Looked at anew when config.toml is another one."""
    spend(paths, 5, NOW - 2 * DAY_NS)  # a Monday
    one = Watching(paths, print)
    one.look()
    assert spent(paths, WEEK) == 245.0
    settle(paths, '[usage]\nweek_start = "wednesday"\n')
    one.look()
    assert spent(paths, WEEK) == 240.0


def test_a_budget_that_passes_a_mark_is_told(tmp_path: Path, paths: Paths) -> None:
    """One of a profile and one of all; in words, once."""
    told = tmp_path / "told"
    command = f'echo "$CCLAUNCH_BUDGET_PERCENT $CCLAUNCH_BUDGET_TEXT" >> {told}'
    settle(paths, f"[budget]\nweekly = 1000\nmonthly = 200\n[notify]\ncommand = '{command}'\n", shop="budget = 300\n")
    one = Watching(paths, print)
    looked(paths, one)
    assert told.read_text().splitlines()[0] == "100 $240 of $200 this month"
    assert told.read_text().splitlines()[1].startswith("80 shop: $240 of $300 this month")
    spend(paths, 70)
    looked(paths, one)
    assert told.read_text().splitlines()[2:] == ["100 shop: $310 of $300 this month"]


def test_a_limit_that_is_set_later_is_told_without_a_request(tmp_path: Path, paths: Paths) -> None:
    """As soon as somebody looks; so is one whose command comes later."""
    told = tmp_path / "told"
    one = Watching(paths, print)
    looked(paths, one)
    settle(paths, f"[notify]\ncommand = 'echo . >> {told}'\n")
    looked(paths, one)
    assert not told.exists()
    settle(paths, f"[notify]\ncommand = 'echo . >> {told}'\n", shop="budget = 250\n")
    looked(paths, one)
    assert told.read_text() == ".\n"


def test_a_new_month_is_told_anew(tmp_path: Path, paths: Paths, clock: Callable[[int], None]) -> None:
    """The same budget, of another period."""
    told = tmp_path / "told"
    settle(paths, f"[budget]\nmonthly = 240\n[notify]\ncommand = 'echo $CCLAUNCH_BUDGET_PERCENT >> {told}'\n")
    one = Watching(paths, print)
    looked(paths, one)
    later = NOW + 10 * DAY_NS
    clock(later)
    looked(paths, one)
    spend(paths, 200, later)
    looked(paths, one)
    assert told.read_text() == "100\n80\n"


def test_without_a_command_nothing_is_remembered(paths: Paths) -> None:
    """What passes then is told when there is a command."""
    settle(paths, "[budget]\nmonthly = 10\n")
    looked(paths)
    assert not os.path.exists(paths.notified)


def test_a_ledger_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    """Nothing was recorded yet."""
    nothing = our_paths({"HOME": str(tmp_path / "nobody")})
    assert looked(nothing) == []
    assert not os.path.exists(nothing.spending)


def test_what_cannot_be_written_is_said_once_and_tried_again(paths: Paths) -> None:
    """A directory stands in its place, say."""
    os.mkdir(paths.spending)
    said: list[str] = []
    one = Watching(paths, said.append)
    for _ in range(3):
        one.look()
    assert said == ["what was spent is not written down: Is a directory"]
    os.rmdir(paths.spending)
    one.look()
    assert spent(paths) == 240.0


@pytest.mark.parametrize("junk", [b"no database", b""])
def test_a_ledger_that_cannot_be_read_is_said_once(paths: Paths, junk: bytes) -> None:
    """What was written before stays, until it is a day old."""
    said: list[str] = []
    one = Watching(paths, said.append)
    one.look()
    for end in ("-wal", "-shm"):
        Path(f"{paths.ledger}{end}").unlink(missing_ok=True)
    Path(paths.ledger).write_bytes(junk)
    one.look()
    one.look()
    assert len(said) == bool(junk)
    assert spent(paths) == 240.0


def test_a_broken_configuration_tells_nobody(tmp_path: Path, paths: Paths) -> None:
    """There is no word of what to run; it is told when it is mended."""
    told = tmp_path / "told"
    text = f"[budget]\nmonthly = 240\n[notify]\ncommand = 'echo . >> {told}'\n"
    settle(paths, f"{text}oops = 1\n")
    one = Watching(paths, print)
    looked(paths, one)
    assert not told.exists()
    settle(paths, text)
    looked(paths, one)
    assert told.read_text() == ".\n"
