"""A clock that is set while a collector runs (a machine that wakes, NTP, a board without one) tells nothing about who it is."""

import os
import subprocess
from pathlib import Path

import psutil
import pytest
from collector_client import Place, wait_until
from required import require

from cclaunch import __version__
from cclaunch.backends.embedded import collector, ending
from cclaunch.collector.process import command
from cclaunch.serving import holder

STEPS = {"ahead": 3600, "back": -3600}


def signed_as(place: Place, **changes: str | None) -> None:
    """Rewrite lines of the signature in the held lock; None takes one out."""
    path = Path(place.paths.collector_lock)
    lines = dict(line.split("=", 1) for line in path.read_text().splitlines())
    lines |= {name: value or "" for name, value in changes.items()}
    path.write_text("".join(f"{name}={value}\n" for name, value in lines.items() if changes.get(name, "") is not None))


def as_0_1_signed(place: Place, off: float) -> None:
    """Make the signature what 0.1.1 would have left, with the clock set by *off* seconds since."""
    supervisor = holder.signed(place.paths.collector_lock)
    assert supervisor is not None
    made = psutil.Process(supervisor.pid).create_time()
    signed_as(place, started=str(made - off), ticks=None, pids=None, network=None)


@pytest.mark.parametrize("off", STEPS.values(), ids=STEPS)
def test_a_collector_runs_whatever_the_time_of_its_signature(place: Place, off: float) -> None:
    """It holds the lock, and its supervisor has the ticks that it signed with."""
    before = collector.running(place.paths)
    assert before is not None
    signed_as(place, started=str(psutil.Process(before.supervisor).create_time() - off))

    assert (collector.running(place.paths) or ())[:2] == before[:2]


@pytest.mark.parametrize("off", STEPS.values(), ids=STEPS)
def test_one_that_an_older_release_signed_is_known_by_its_command_line(place: Place, off: float) -> None:
    """Its signature has the time of day, and nothing else that would tell."""
    before = collector.running(place.paths)
    as_0_1_signed(place, off)

    assert before is not None
    assert (collector.running(place.paths) or ())[:2] == before[:2]


def test_one_that_an_older_release_signed_is_replaced_after_the_clock_was_set(place: Place) -> None:
    """As soon as a newer one is started."""
    before = collector.running(place.paths)
    as_0_1_signed(place, 3600)
    ports = Path(place.paths.collector_ports)
    ports.write_text(ports.read_text().replace(f"version={__version__}", "version=0.1.0"))
    place.start()
    after = collector.running(place.paths)

    assert before is not None
    assert after is not None
    assert after.supervisor != before.supervisor
    assert len(place.lasting()) == 2


def test_one_that_an_older_release_signed_is_ended_after_the_clock_was_set(place: Place) -> None:
    """By its supervisor, not as something that was left over."""
    as_0_1_signed(place, 3600)

    assert ending.shutdown(place.paths)
    assert not place.processes()


def test_a_process_with_the_pid_and_other_ticks_is_not_the_one_that_signed(place: Place) -> None:
    """The pid was given out again, to a process that must not be ended."""
    found = holder.signed(place.paths.collector_lock)
    assert found is not None
    assert found.ticks is not None
    signed_as(place, ticks=str(found.ticks - 1))

    assert collector.running(place.paths) is None


def test_a_pid_that_an_older_release_signed_and_another_program_has_is_not_the_one_that_signed(place: Place) -> None:
    """Its command line is another one."""
    as_0_1_signed(place, 0)
    signed_as(place, pid=str(os.getpid()))

    assert collector.running(place.paths) is None


@pytest.mark.parametrize("off", [f"{seconds:+d}" for seconds in STEPS.values()], ids=STEPS)
def test_a_collector_that_another_clock_started_runs_and_is_ended(tmp_path: Path, off: str) -> None:
    """With libfaketime: what it signs, and all that it reads from the clock, is an hour off."""
    place = Place(tmp_path)
    Path(place.paths.data).mkdir(parents=True)
    words = [require("faketime"), "-f", off, *command("supervisor", place.paths, *place.ports.values())]
    environ = {**place.environ, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    with subprocess.Popen(words, env=environ, start_new_session=True) as started:
        try:
            assert wait_until(lambda: collector.health(place.paths) is None)
            assert collector.running(place.paths) is not None
            assert ending.shutdown(place.paths)
            assert started.wait(20) == 0
        finally:
            place.stop()
