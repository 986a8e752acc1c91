"""What launches spend is written down behind the commits, and a budget that passes a mark is told: in a living collector."""

import os
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from collector_client import Place, wait_until
from stored import export_of

from cclaunch.hot.alive import ENDED
from cclaunch.hot.reading import read_flat
from cclaunch.hot.spending import DAY, MONTH, WEEK, read_spending

DOLLAR = 1_000_000


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place where nothing runs yet, with a budget of ten dollars a month and a command that writes down what it is told."""
    made = Place(tmp_path)
    os.makedirs(made.paths.launched, 0o700)
    yield made
    made.stop()
    assert wait_until(lambda: not made.processes())


def settle(place: Place, command: str) -> None:
    """Have a budget, and this *command* run when it is nearly spent; start the collector."""
    with Path(place.paths.config_file).open("a") as file:
        file.write(f"[budget]\nmonthly = 10\n[notify]\ncommand = '''{command}'''\n")
    place.start()


def launched(place: Place) -> str:
    """Leave the name of a launch that has ended; return its instance id."""
    instance = str(uuid.uuid4())
    (Path(place.paths.launched) / f"{ENDED}{instance}").touch()
    return instance


def spend(place: Place, number: int, dollars: float, instance: str) -> None:
    """Send a request of this launch."""
    record = {"request_id": f"req_{number}", "cost_usd_micros": round(dollars * DOLLAR), "cclaunch.profile": "shop"}
    body = export_of({**record, "service.instance.id": instance, "session.id": "s"}, time_ns=time.time_ns())
    assert place.post("/v1/logs", body.SerializeToString()).status == 200


def spent(place: Place, period: str = MONTH, profile: str = "") -> float | None:
    """Return what the file says, in dollars."""
    found = read_spending(place.paths, time.time_ns())
    one = found and found.by.get((period, profile))
    return one.micros / DOLLAR if one else None


def today(place: Place) -> float | None:
    """Return what the file says of all requests of today, in dollars."""
    found = read_spending(place.paths, time.time_ns())
    return found.today.micros / DOLLAR if found and found.today else None


def lines(place: Place) -> list[str]:
    """Return what the command has written down."""
    file = place.base / "told"
    return file.read_text().splitlines() if file.exists() else []


def log_of(place: Place) -> str:
    """Return what the collector has written down."""
    return Path(place.paths.collector_log).read_text()


def writing(place: Place) -> str:
    """Return a command that writes down what it is told."""
    return f'echo "$CCLAUNCH_BUDGET_PERCENT $CCLAUNCH_BUDGET_SPENT_USD" >> {place.base}/told'


def test_what_launches_spend_is_there_soon_without_anybody_asking(place: Place) -> None:
    """What others send counts for today alone."""
    place.start()
    assert wait_until(lambda: spent(place) == 0.0)
    spend(place, 1, 2, launched(place))
    assert wait_until(lambda: spent(place) == 2.0)
    spend(place, 2, 5, str(uuid.uuid4()))
    assert wait_until(lambda: today(place) == 7.0)
    assert [spent(place, period) for period in (DAY, WEEK, MONTH)] == [2.0, 2.0, 2.0]
    assert spent(place, MONTH, "shop") == 2.0


def test_each_mark_is_told_once_whatever_becomes_of_the_collector(place: Place) -> None:
    """It is killed in between, and its supervisor starts another one."""
    settle(place, writing(place))
    instance = launched(place)
    spend(place, 1, 8, instance)
    assert wait_until(lambda: lines(place) == ["80 8.00"])
    pid = next(one.pid for one in place.lasting() if "collector.main" in " ".join(one.cmdline()))
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: place.ask("GET", "/health").status == 200)
    spend(place, 2, 1, instance)
    assert wait_until(lambda: spent(place) == 9.0)
    spend(place, 3, 1, instance)
    assert wait_until(lambda: lines(place) == ["80 8.00", "100 10.00"])


def test_telemetry_is_taken_while_a_command_hangs(place: Place) -> None:
    """And what it says is bounded; what it is told comes from us, and nothing of a launch's secrets."""
    place.environ["ANTHROPIC_API_KEY"] = "secret"
    place.environ["DISPLAY"] = ":7"
    settle(place, f"echo $$ > {place.base}/pid; env > {place.base}/told; yes; exec sleep 600")
    instance = launched(place)
    spend(place, 1, 9, instance)
    assert wait_until(lambda: "CCLAUNCH_BUDGET_TEXT=$9.00 of $10.00 this month" in "\n".join(lines(place)))
    for number in range(2, 6):
        spend(place, number, 1, instance)
    assert wait_until(lambda: spent(place) == 13.0)
    assert "DISPLAY=:7" in lines(place)
    assert not [line for line in lines(place) if line.startswith("ANTHROPIC_")]
    running = psutil.Process(int((place.base / "pid").read_text()))
    place.stop()
    assert wait_until(lambda: "it was ended, the collector ends; it is not repeated" in log_of(place))
    assert wait_until(lambda: not running.is_running() or running.status() == psutil.STATUS_ZOMBIE)
    assert len(log_of(place)) < 20_000


def test_where_nothing_can_be_written_telemetry_is_taken_all_the_same(place: Place) -> None:
    """Directories stand in the place of both files; it is said once each."""
    for path in (place.paths.spending, place.paths.notified):
        os.makedirs(path)
    settle(place, writing(place))
    instance = launched(place)
    for number in range(3):
        spend(place, number, 5, instance)
    assert wait_until(lambda: "what was spent is not written down: Is a directory" in log_of(place))
    os.rmdir(place.paths.spending)
    spend(place, 9, 1, instance)
    assert wait_until(lambda: spent(place) == 16.0)
    assert wait_until(lambda: f"nobody is told of budgets: {place.paths.notified} cannot be written" in log_of(place))
    assert log_of(place).count("is not written down") == 1
    assert lines(place) == []
    assert read_flat(place.paths.spending)["format"] == "1"
