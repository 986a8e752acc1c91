"""Whole launches with a budget: what stands on stderr, what claude gets, and that one that is stopped has cost nothing."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from doubles import FAKE_EXIT, fake_claude, told
from sandbox import Sandbox
from spending_file import write_spending

from cclaunch.hot.paths import our_paths

STOPPED = 125
LINE = b"cclaunch: shop: $312 of $300 this month\n"


@pytest.fixture
def shop(sandbox: Sandbox) -> Sandbox:
    """
    A sandbox with a claude, and the profile shop in use, whose budget is spent.

    The ledger cannot be read there: so the collector that a launch wakes leaves what was spent as the test has written it.
    """
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    assert sandbox.cclaunch("profile", "set", "shop", "--budget", "300").returncode == 0
    sandbox.cclaunch("profile", "use", "shop")
    (sandbox.data / "ledger.db").mkdir(parents=True)
    write_spending(our_paths(sandbox.environ), {"month": 400, "month.shop": 312})
    return sandbox


def on_exceed(place: Sandbox, what: str) -> None:
    """Set `budget.on_exceed`, with an editor."""
    before, _, _ = place.config_file.read_text().partition("[budget]")
    place.config_file.write_text(f'{before}\n[budget]\non_exceed = "{what}"\n')


def test_a_launch_tells_of_a_budget_that_is_spent_and_runs(shop: Sandbox) -> None:
    """Without another word of the person's nothing is stopped, and claude gets what it always gets."""
    done = shop.cclaunch("-p", "x")
    assert (done.returncode, done.stderr) == (FAKE_EXIT, LINE)
    assert told(done.stdout)["argv"][1:] == ["-p", "x"]


def test_a_change_of_the_budget_counts_at_once(shop: Sandbox) -> None:
    """By the verb and by an editor: the plan is made anew."""
    shop.cclaunch("-p", "x")
    shop.cclaunch("profile", "set", "shop", "--budget", "3000")
    assert shop.cclaunch("-p", "x").stderr == b""
    time.sleep(0.03)
    shop.cclaunch("-p", "x")
    path = shop.config_file.parent / "profiles" / "shop.toml"
    path.write_text(path.read_text().replace("3000", "300"))
    assert shop.cclaunch("-p", "x").stderr == LINE
    on_exceed(shop, "stop")
    assert shop.cclaunch("-p", "x").returncode == STOPPED


def test_a_budget_of_ones_own_counts_at_once_where_a_repository_has_chosen_another_profile(shop: Sandbox) -> None:
    """Also the first budget there is, and written in place, which changes no directory."""
    shop.cclaunch("profile", "unset", "shop", "--budget")
    shop.cclaunch("profile", "create", "free")
    repository = shop.work / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / ".cclaunch.toml").write_text('profile = "free"\n')
    time.sleep(0.03)
    shop.cclaunch("-p", "x", cwd=repository)
    assert shop.cclaunch("-p", "x", cwd=repository).stderr == b""
    with (shop.config_file.parent / "profiles" / "shop.toml").open("a") as file:
        file.write("budget = 300\n")
    write_spending(our_paths(shop.environ), {"month": 400, "month.shop": 312})
    assert shop.cclaunch("-p", "x", cwd=repository).stderr == LINE


def test_a_launch_that_is_stopped_has_woken_nothing(shop: Sandbox) -> None:
    """It costs nothing: no collector runs, stdout is empty, and the word that overrides it does so once."""
    on_exceed(shop, "stop")
    done = shop.cclaunch("-p", "x")
    assert (done.returncode, done.stdout) == (STOPPED, b"")
    lines = done.stderr.decode().splitlines()
    assert lines[0] == "cclaunch: error: the budget of shop is spent: $312 of $300 this month; nothing was launched"
    assert not (shop.data / "collector.lock").exists()
    assert shop.processes() == []

    once = shop.cclaunch("-p", "x", environ={"CCLAUNCH_BUDGET": "ignore"})
    assert (once.returncode, once.stderr) == (FAKE_EXIT, b"")
    assert shop.cclaunch("-p", "x").returncode == STOPPED
    assert shop.cclaunch("-p", "x", "-c").returncode == FAKE_EXIT


def test_what_spends_nothing_looks_at_no_budget(shop: Sandbox) -> None:
    """A command that exports nothing; and CCLAUNCH_DISABLE has claude as it is."""
    on_exceed(shop, "stop")
    for words, environ in ((["mcp", "list"], {}), (["--", "--version"], {}), (["-p", "x"], {"CCLAUNCH_DISABLE": "1"})):
        done = shop.cclaunch(*words, environ=environ)
        assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")


def test_telemetry_that_the_environment_routes_is_no_way_around(shop: Sandbox) -> None:
    """Where it goes is another question than what may be spent."""
    on_exceed(shop, "stop")
    shop.config_file.write_text(shop.config_file.read_text().replace("[telemetry]", '[telemetry]\nrouting = "environment"'))
    assert shop.cclaunch("-p", "x").returncode == STOPPED


def test_a_profile_in_trouble_is_told_and_has_no_budget(shop: Sandbox) -> None:
    """Its file says nothing any more; the budget of all launches still stands."""
    on_exceed(shop, "stop")
    (shop.config_file.parent / "profiles" / "shop.toml").write_text("budget = 300\nx = 1\n")
    done = shop.cclaunch("-p", "x")
    assert done.returncode == FAKE_EXIT
    assert [line for line in done.stderr.decode().splitlines() if "claude runs without a profile" not in line] == []
    shop.config_file.write_text(shop.config_file.read_text() + "monthly = 400\n")
    assert shop.cclaunch("-p", "x").returncode == STOPPED


def test_a_repository_can_neither_block_nor_lead_around(shop: Sandbox) -> None:
    """Its profile's budget is told of; the one in use counts as well."""
    on_exceed(shop, "stop")
    shop.cclaunch("profile", "set", "poor", "--budget", "1")
    shop.cclaunch("profile", "set", "free", "a=b")
    write_spending(our_paths(shop.environ), {"month": 400, "month.shop": 3, "month.poor": 2})
    file = shop.work / ".cclaunch.toml"
    file.write_text('profile = "poor"\n')
    blocked = shop.cclaunch("-p", "x")
    assert (blocked.returncode, blocked.stderr) == (FAKE_EXIT, b"cclaunch: poor: $2.00 of $1.00 this month\n")
    file.write_text('profile = "free"\n')
    write_spending(our_paths(shop.environ), {"month": 400, "month.shop": 300})
    assert shop.cclaunch("-p", "x").returncode == STOPPED


def test_what_wraps_claudes_background_processes_is_silent(shop: Sandbox) -> None:
    """And is never stopped."""
    on_exceed(shop, "stop")
    wrapper = {"CLAUDE_CODE_PROCESS_WRAPPER": json.dumps([*shop.command("exec"), "--"])}
    done = shop.cclaunch("exec", "--", str(shop.home / "bin" / "claude"), "--bg-spare", environ=wrapper)
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")


@pytest.fixture
def asked(shop: Sandbox) -> Iterator[pexpect.spawn]:
    """A launch on a terminal that asks."""
    on_exceed(shop, "ask")
    command = shop.command()
    screen = pexpect.spawn(command[0], command[1:], env=shop.environment(), cwd=str(shop.work), timeout=60, dimensions=(40, 140))
    try:
        screen.expect_exact("cclaunch: shop: $312 of $300 this month\r\n")
        screen.expect_exact("Start claude all the same? [y/N]: ")
        yield screen
    finally:
        screen.close(force=True)


@pytest.mark.parametrize("answer", ["\n", "n\n", "\x04", "\x03"], ids=["nothing", "no", "end of input", "Ctrl-C"])
def test_a_person_who_does_not_say_yes_gets_no_claude(shop: Sandbox, asked: pexpect.spawn, answer: str) -> None:
    """And nothing was woken for the question."""
    asked.send(answer)
    asked.expect_exact("\r\ncclaunch: claude was not started: a budget is spent, and `budget.on_exceed` is `ask`\r\n")
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus == STOPPED
    assert not Path(our_paths(shop.environ).collector_lock).exists()


def test_a_person_who_says_yes_gets_claude(shop: Sandbox, asked: pexpect.spawn) -> None:
    """With the terminal as it was."""
    asked.send("y\n")
    asked.expect_exact('"argv"')
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus == FAKE_EXIT
