"""`stack enable` and `stack disable`: the unit that systemd itself verifies, its command line run for real, the agent's text."""

import json
import os
import plistlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from collector_client import wait_until
from required import require
from runners import Verb
from sandbox import Sandbox
from stored import SECOND_NS, event, store
from user_unit import MANAGER, healthy, put_systemctl, supervisor, unit_of, where

from cclaunch.backends.embedded import autostart, units
from cclaunch.collector.pids import Launched
from cclaunch.hot.ports import collector_ports

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


@pytest.fixture
def manager(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A user manager: `systemctl` on the PATH of the sandbox."""
    put_systemctl(sandbox, f'exec {sys.executable} {MANAGER} "$@"')
    yield sandbox
    sandbox.run(["systemctl", "--user", "stop"])


NASTY = {"CCLAUNCH_DATA_DIR": '/tmp/a b/it\'s "x" 100% $HOME \\n ü', "XDG_STATE_HOME": "/tmp/state"}


def test_systemd_finds_nothing_wrong_with_the_unit(sandbox: Sandbox) -> None:
    """systemd-analyze reads it as the manager would, also with values of every kind."""
    path = sandbox.home / "cclaunch.service"
    path.write_text(units.unit(autostart.program(), NASTY))

    done = sandbox.run([require("systemd-analyze"), "--user", "verify", str(path)])

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_systemd_analyze_would_see_a_mistake(sandbox: Sandbox) -> None:
    """Else the test above could not fail."""
    path = sandbox.home / "cclaunch.service"
    path.write_text(units.unit(["/nowhere/python"], {}).replace("KillMode=mixed", "KillMood=mixed"))

    done = sandbox.run([require("systemd-analyze"), "--user", "verify", str(path)])

    assert (b"/nowhere/python" in done.stderr, b"KillMood" in done.stderr) == (True, True)


def test_the_agent_of_launchd_is_the_golden_file() -> None:
    """No launchd can be had: its text is looked at, and read by a parser of property lists."""
    command = ["/Users/me/.local/share/cclaunch/venv/bin/python", "-I", "-m", "cclaunch", "stack", "supervise"]
    text = units.agent(command, {"CCLAUNCH_DATA_DIR": "/Users/me/a & b"})

    assert text == (GOLDEN / "launchd.plist").read_text()
    assert plistlib.loads(text.encode())["ProgramArguments"] == command
    assert units.is_untouched(text)


@pytest.mark.parametrize("make", [units.unit, units.agent])
def test_a_text_knows_whether_a_hand_has_changed_it(make: Callable[..., Any]) -> None:
    """One letter is enough; a file without our mark is not ours."""
    text = make(["/bin/true"], {})

    assert (units.is_ours(text), units.is_untouched(text)) == (True, True)
    assert not units.is_untouched(text.replace("/bin/true", "/bin/false"))
    assert not units.is_untouched(text + "\n")
    assert not units.is_ours(text.split("\n", 3)[3])


def test_enable_starts_the_unit_and_says_so(manager: Sandbox, verb: Verb) -> None:
    """Its main process is the supervisor, and it listens; status names the unit."""
    manager.configure()

    code, out, err = verb("stack", "enable")

    assert (code, err) == (0, ""), err
    assert out == f"systemd: {unit_of(manager)} enabled; the collector runs and starts with the session\n"
    assert healthy(manager)
    assert supervisor(manager) == int((manager.home / "main.pid").read_text())
    assert verb("stack", "status")[1].splitlines()[-1] == f"systemd: {unit_of(manager)} starts with the session"
    assert autostart.listening_after_reboot(where(manager), manager.environ)


def test_the_collector_of_the_unit_knows_nothing_of_the_managers_environment(manager: Sandbox, verb: Verb) -> None:
    """An allow-list, as for one that a launch starts; where our files live is told by the unit."""
    manager.configure()
    verb("stack", "enable")

    found = psutil.Process(supervisor(manager)).environ()

    assert "ANTHROPIC_API_KEY" not in found
    assert found["XDG_DATA_HOME"] == manager.environ["XDG_DATA_HOME"]


def test_a_running_collector_is_handed_over_and_nothing_is_lost(manager: Sandbox, verb: Verb) -> None:
    """What it stored is there, the ports are the same while a session sends to them, and another process listens."""
    manager.configure()
    store(manager.database, event("user_prompt", 1_790_000_000 * SECOND_NS))
    verb("stack", "up")
    before, ports = supervisor(manager), collector_ports(where(manager))
    Launched(f"{where(manager).data}/launched").add(os.getpid())
    manager.configure()  # other ports, which may not count while a session runs

    assert verb("stack", "enable")[0] == 0

    after = collector_ports(where(manager))
    assert after
    assert ports
    assert (supervisor(manager) != before, (after.grpc, after.http)) == (True, (ports.grpc, ports.http))
    assert len(verb("events")[1].splitlines()) == 1


def test_idleness_does_not_end_the_collector_of_a_unit(manager: Sandbox, verb: Verb) -> None:
    """It does end one whose unit is gone."""
    manager.configure(extra="idle_exit = 0.3")
    verb("stack", "enable")
    before = supervisor(manager)
    time.sleep(1.5)
    assert (healthy(manager), supervisor(manager)) == (True, before)

    manager.run(["systemctl", "--user", "stop"])
    unit_of(manager).unlink()
    verb("stack", "up")

    assert wait_until(lambda: not supervisor(manager))


def test_enabling_twice_changes_nothing(manager: Sandbox, verb: Verb) -> None:
    """The same process goes on."""
    manager.configure()
    verb("stack", "enable")
    before, stamp = supervisor(manager), unit_of(manager).stat().st_mtime_ns

    assert verb("stack", "enable")[0] == 0
    assert (supervisor(manager), unit_of(manager).stat().st_mtime_ns) == (before, stamp)


def test_down_is_not_undone_by_the_manager_and_up_starts_the_unit(manager: Sandbox, verb: Verb) -> None:
    """Restart=always would bring back what is merely ended."""
    manager.configure()
    verb("stack", "enable")

    assert verb("stack", "down")[1] == "collector: stopped\n"
    time.sleep(1.5)
    assert supervisor(manager) == 0
    assert verb("stack", "up")[0] == 0
    assert supervisor(manager) == int((manager.home / "main.pid").read_text())


def test_a_killed_supervisor_is_replaced_by_the_manager(manager: Sandbox, verb: Verb) -> None:
    """Or by its collector, whoever is first: something listens within three seconds."""
    manager.configure()
    verb("stack", "enable")
    before = supervisor(manager)

    os.kill(before, signal.SIGKILL)

    assert wait_until(lambda: supervisor(manager) not in (0, before) and healthy(manager), 60)


def test_the_unit_waits_while_a_launchs_own_collector_lives(manager: Sandbox, verb: Verb) -> None:
    """After an upgrade a launch replaces the unit's; the unit comes back at that one's end, and never fights it."""
    manager.configure()
    verb("stack", "enable")
    verb("stack", "restart")
    other = supervisor(manager)
    assert wait_until(lambda: (manager.home / "main.pid").exists())
    main = int((manager.home / "main.pid").read_text())
    time.sleep(0.5)
    assert (supervisor(manager), other != main) == (other, True)

    os.kill(other, signal.SIGTERM)

    assert wait_until(lambda: supervisor(manager) == main and healthy(manager))


def test_disable_takes_everything_back(manager: Sandbox, verb: Verb) -> None:
    """Unit, link and mark are gone, the collector is stopped, the database stays."""
    manager.configure()
    verb("stack", "enable")

    assert verb("stack", "disable") == (0, "autostart: disabled\n", "")

    assert supervisor(manager) == 0
    left = {path.name for path in (manager.home / ".config/systemd").rglob("*") if not path.is_dir()}
    assert (left, manager.database.exists()) == (set(), True)
    assert not (manager.data / "collector.stays").exists()
    assert not autostart.listening_after_reboot(where(manager), manager.environ)
    assert verb("stack", "disable") == (0, "autostart: was not enabled\n", "")


def test_disable_leaves_sessions_that_run_a_collector(manager: Sandbox, verb: Verb) -> None:
    """On the ports where they send to."""
    manager.configure()
    verb("stack", "enable")
    ports = collector_ports(where(manager))
    Launched(f"{where(manager).data}/launched").add(os.getpid())
    manager.configure()

    assert verb("stack", "disable")[0] == 0

    after = collector_ports(where(manager))
    assert after
    assert ports
    assert (healthy(manager), after.grpc, after.http) == (True, ports.grpc, ports.http)


@pytest.mark.parametrize(("part", "content"), [("enable", "edited"), ("disable", "edited"), ("disable", "foreign")])
def test_a_unit_that_a_hand_has_changed_is_refused_without_force(manager: Sandbox, verb: Verb, part: str, content: str) -> None:
    """Nothing is stopped, written or deleted; --force does it."""
    manager.configure()
    unit_of(manager).parent.mkdir(parents=True, exist_ok=True)
    text = units.unit(autostart.program(), {}) + "# mine\n" if content == "edited" else "[Service]\nExecStart=/bin/true\n"
    unit_of(manager).write_text(text)

    code, _, err = verb("stack", part)

    assert (code, f"cclaunch stack {part} --force" in err) == (1, True)
    assert unit_of(manager).read_text() == text
    assert not (manager.home / "asked").exists()
    assert verb("stack", part, "--force")[0] == 0
    assert unit_of(manager).exists() is (part == "enable")


def test_without_systemd_nothing_is_written(sandbox: Sandbox, verb: Verb) -> None:
    """And what to do instead is said."""
    sandbox.configure()
    sandbox.environ["PATH"] = "/nowhere"

    code, _, err = verb("stack", "enable")

    assert (code, "there is no systemd" in err, "cclaunch stack up" in err) == (1, True, True)
    assert not unit_of(sandbox).exists()


def test_a_manager_that_does_not_answer_is_told_with_what_to_run(sandbox: Sandbox, verb: Verb) -> None:
    """`su` without a session: the unit is written, a running collector goes on."""
    put_systemctl(sandbox, '[ "$1" = --version ] || { echo "Failed to connect to bus: No medium found" >&2; exit 1; }')
    sandbox.configure()
    verb("stack", "up")
    before = supervisor(sandbox)

    code, _, err = verb("stack", "enable")

    assert (code, supervisor(sandbox)) == (1, before)
    assert "Failed to connect to bus: No medium found" in err
    assert "systemctl --user daemon-reload && systemctl --user enable --now cclaunch.service" in err
    assert unit_of(sandbox).exists()
    assert not autostart.listening_after_reboot(where(sandbox), sandbox.environ)
    assert "is not enabled" in verb("stack", "status")[1]
    code, out, err = verb("stack", "disable")
    assert (code, out, "cclaunch stack down" in err) == (0, "autostart: disabled\n", True)


def test_a_manager_that_hangs_costs_the_deadline(sandbox: Sandbox, verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the evening."""
    put_systemctl(sandbox, '[ "$1" = --version ] || exec sleep 60')
    monkeypatch.setattr(autostart, "MANAGER_S", 1.0)
    sandbox.configure()

    code, _, err = verb("stack", "enable")

    assert (code, "did not answer within 1 s" in err) == (1, True)


def test_a_broken_configuration_is_named_before_anything_is_written(manager: Sandbox, verb: Verb) -> None:
    """File, line and key."""
    manager.configure(extra="wiat = 3")

    code, _, err = verb("stack", "enable")

    assert (code, "stack.wiat" in err) == (2, True)
    assert not unit_of(manager).exists()


def test_the_units_own_command_says_what_is_wrong(sandbox: Sandbox) -> None:
    """A data directory that cannot be made: one line, exit code 1, and no loop."""
    (sandbox.home / ".local").write_text("a file where a directory should be")

    done = subprocess.run(autostart.program(), env=sandbox.environ, cwd="/", capture_output=True, timeout=120)

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"cclaunch: error: cannot make ")


def test_on_a_mac_the_agent_is_looked_for(sandbox: Sandbox) -> None:
    """What is in LaunchAgents starts with the session."""
    path = sandbox.home / "Library/LaunchAgents/org.cclaunch.collector.plist"
    assert autostart.unit_state(sandbox.environ, "darwin") == ("launchd", str(path), "missing", False)
    path.parent.mkdir(parents=True)
    path.write_text(autostart.text("launchd", sandbox.environ))

    assert autostart.unit_state(sandbox.environ, "darwin")[2:] == ("ours", True)


def test_status_json_has_these_keys(manager: Sandbox, verb: Verb) -> None:
    """They are a promise."""
    manager.configure()

    assert list(json.loads(verb("stack", "status", "--json")[1])) == ["backend", "healthy", "pid", "services", "store"]
