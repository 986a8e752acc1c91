"""`install.sh --uninstall`: what is asked, what is taken back, what stays, and a tree as it was before."""

import re
import shutil
import sys
from pathlib import Path

import installing
import pexpect
import pytest
import wheelhouse
from doubles import FAKE_EXIT
from installing import SCRIPT, command_of, install, refused, tree, version_of
from required import require
from sandbox import Sandbox
from user_unit import MANAGER, put_systemctl

from cclaunch import __version__

KEPT = {".config", ".config/cclaunch", ".config/cclaunch/config.toml"}

VERBS = """#!/bin/sh
# Laid by install.sh: stands in for a cclaunch with verbs that are not built yet.
printf '%s\\n' "$*" >>"$HOME/../calls"
case $* in
  *--help) echo "{help}" ;;
  "unpersist --all --dry-run") echo "{diff}" ;;
  "unpersist --all" | "stack disable" | "stack down"*) exit {code} ;;
  "stack status --json") echo '{{"backend": "docker", "pid": null}}' ;;
esac
"""


@pytest.fixture
def offline(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude and uv, in which pip and uv know only the wheels of the tests."""
    return installing.offline(sandbox)


def stand_in(place: Sandbox, *, help: str = "Usage:", diff: str = "--- a", code: int = 0) -> Path:
    """Lay a command that notes how it is called and knows every verb; return the file it notes in."""
    command_of(place).parent.mkdir(parents=True)
    command_of(place).write_text(VERBS.format(help=help, diff=diff, code=code))
    command_of(place).chmod(0o755)
    return place.home.parent / "calls"


def done_by(calls: Path) -> list[str]:
    """Return the calls that change something."""
    asked = re.compile(r"--help$|--version$|--dry-run$|--json$")
    return [line for line in calls.read_text().splitlines() if not asked.search(line)]


def add_unit(place: Sandbox) -> Path:
    """Lay a unit of ours; return it."""
    unit = place.config_file.parents[1] / "systemd/user/cclaunch.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\n")
    return unit


def test_it_stops_the_collector_and_keeps_settings_and_data(offline: Sandbox) -> None:
    """What was recorded is the person's. Where there is nobody to ask, what needs the files goes with them."""
    offline.configure()
    install(offline, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(installing.whole())})
    offline.run([str(command_of(offline)), "stack", "up"])
    assert offline.database.exists()

    said = install(offline, "--uninstall")
    assert offline.database.exists()
    assert f"kept: {offline.data}" in said
    assert not command_of(offline).exists()
    assert not (offline.home / ".cache/cclaunch").exists()
    assert offline.survivors() == []


def test_purged_it_leaves_the_tree_as_it_was(offline: Sandbox) -> None:
    """After launches with a collector: no file, no directory, no mode differs."""
    (offline.home / ".local/bin").mkdir(parents=True)
    (offline.home / ".local/bin/other").write_text("theirs\n")
    (offline.home / ".bashrc").write_text("# mine\n")
    before = tree(offline.home)
    install(offline, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(installing.whole())})
    offline.configure()
    offline.run([str(command_of(offline)), "-p", "x"])
    assert offline.database.exists()

    install(offline, "--uninstall", "--purge", "--yes")
    assert tree(offline.home) == before
    assert offline.survivors() == []


def use_everything(place: Sandbox) -> None:
    """Have each verb of the installed command that leaves a file somewhere leave it: blocks, completions, a unit, a profile."""
    put_systemctl(place, f'exec {sys.executable} {MANAGER} "$@"')
    place.environ["PATH"] = f"{place.home.parent / 'tools'}:{place.environ['PATH']}"
    place.configure()
    for words in (
        ["profile", "set", "data-eng", "team=data-engineering"],
        ["profile", "use", "data-eng"],
        ["persist", "--shell", "bash"],
        ["persist", "--statusline"],
        ["persist", "--statusline", "local"],
        ["completions", "install", *(word for shell in ("bash", "zsh", "fish", "nu", "pwsh") for word in ("--shell", shell))],
        ["stack", "enable"],
        ["-p", "x"],
    ):
        done = place.run([str(command_of(place)), *words])
        assert done.returncode in (0, FAKE_EXIT), done.stderr.decode()
    (place.home / ".local/state/cclaunch/wake-failed").write_text("time=1\nreason=x\n")


@pytest.mark.parametrize("broken", [False, True])
def test_purged_after_every_verb_was_used_it_leaves_nothing(offline: Sandbox, broken: bool) -> None:
    """Completions, unit, rc backups, names of profiles, empty directories; where the command is broken the blocks stay."""
    (offline.home / "bin").mkdir()
    (offline.home / ".bashrc").write_text("# mine\n")
    before = tree(offline.home)
    install(offline, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(installing.whole())})
    use_everything(offline)
    assert (offline.home / ".config/systemd/user/cclaunch.service").exists()
    assert (offline.home / ".local/state/cclaunch/rc").exists()
    if broken:
        offline.run([str(command_of(offline)), "unpersist", "--all"])
        shutil.rmtree(installing.environments(offline)[0])

    install(offline, "--uninstall", "--purge", "--yes")

    after = {path: what for path, what in tree(offline.home).items() if path not in ("bin/systemctl", "asked")}
    assert after == before
    assert offline.survivors() == []


def test_without_purge_only_settings_data_and_state_stay(offline: Sandbox) -> None:
    """All of ours that is left is the person's."""
    offline.configure()
    install(offline, "--method", "uv")
    offline.run([str(command_of(offline)), "mcp", "list"])
    install(offline, "--uninstall", "--yes")

    assert {path for path in tree(offline.home) if not path.startswith(".config/cclaunch/profiles")} == KEPT


def put_recorded(place: Sandbox) -> None:
    """Put there what the embedded collector and the catch-up leave: raw events, the ledger with its log, a copy."""
    (place.data / "ledger-copies").mkdir(parents=True)
    for name in ("telemetry.db", "ledger.db", "ledger.db-wal", "ledger.lock", "ledger-copies/ledger-20261101-120000.db"):
        (place.data / name).write_text("recorded")


def test_what_stays_of_the_recorded_is_named_file_by_file(offline: Sandbox) -> None:
    """Raw events and the ledger are two files, and the copies a directory."""
    stand_in(offline)
    put_recorded(offline)
    said = install(offline, "--uninstall", "--yes")

    assert f"kept: {offline.data} (with telemetry.db, ledger.db, ledger-copies)" in said
    assert (offline.data / "ledger.db").exists()


def test_purge_names_the_ledger_and_removes_it_with_its_copies(offline: Sandbox) -> None:
    """It is asked by name, and nothing of it is left."""
    stand_in(offline)
    put_recorded(offline)
    asked = install(offline, "--uninstall", "--purge", "--dry-run")
    assert "the raw events in telemetry.db, the ledger ledger.db and its copies" in asked
    assert (offline.data / "ledger.db").exists()

    install(offline, "--uninstall", "--purge", "--yes")

    assert not offline.data.exists()


def test_a_dry_run_says_what_would_go(offline: Sandbox) -> None:
    """And nothing goes."""
    calls = stand_in(offline)
    before = tree(offline.home)
    said = install(offline, "--uninstall", "--purge", "--yes", "--dry-run")

    assert tree(offline.home) == before
    assert "unpersist --all" in said
    assert "stack down --volumes --yes" in said
    assert done_by(calls) == []


def test_with_yes_everything_is_taken_back_in_order(offline: Sandbox) -> None:
    """First what only cclaunch itself can take back, then its files."""
    calls = stand_in(offline)
    add_unit(offline)
    install(offline, "--uninstall", "--yes")

    assert done_by(calls) == ["unpersist --all", "stack disable", "stack down"]
    assert not command_of(offline).exists()


def test_verbs_that_are_not_built_are_not_called(offline: Sandbox) -> None:
    """The installed cclaunch is asked which it has."""
    calls = stand_in(offline, help="This verb is reserved and not built yet.")
    add_unit(offline)
    install(offline, "--uninstall", "--yes")

    assert done_by(calls) == ["stack down"]


def test_without_blocks_nothing_is_asked_about_them(offline: Sandbox) -> None:
    """A dry run of unpersist tells."""
    calls = stand_in(offline, diff="")
    install(offline, "--uninstall", "--yes")
    assert done_by(calls) == ["stack down"]


@pytest.mark.parametrize("shell", ["dash", "ksh", "zsh"])
def test_what_cannot_be_taken_back_stops_it(offline: Sandbox, shell: str) -> None:
    """The command is still needed then, so it stays."""
    stand_in(offline, code=1)
    done = installing.run(offline, "--uninstall", "--yes", shell=shell)
    assert done.returncode == 1
    assert b"the blocks could not be taken back (see above); nothing was removed" in done.stderr
    assert command_of(offline).exists()


def test_without_a_terminal_blocks_and_containers_stay(offline: Sandbox) -> None:
    """The answer is no: they do no harm."""
    calls = stand_in(offline)
    install(offline, "--uninstall")
    assert done_by(calls) == []
    assert not command_of(offline).exists()


def test_without_a_terminal_a_unit_stops_it(offline: Sandbox) -> None:
    """It would fail at every login."""
    stand_in(offline)
    add_unit(offline)
    assert "a unit starts the collector" in refused(offline, "--uninstall")


QUESTIONS = {
    "out of your shells' files": "unpersist --all",
    "Remove the unit": "stack disable",
    "remove its containers": "stack down",
    "Remove the cache": "",
    "Remove the state": "",
}


@pytest.mark.parametrize("shell", ["dash", "bash", "ksh", "zsh"])
def test_on_a_terminal_each_is_asked_by_itself(offline: Sandbox, shell: str) -> None:
    """Every other one is answered with yes, and no other is done; the answer to Enter is no."""
    calls = stand_in(offline)
    add_unit(offline)
    cache, state = offline.home / ".cache/cclaunch", offline.home / ".local/state/cclaunch"
    cache.mkdir(parents=True)
    state.mkdir(parents=True)
    words = [*installing.SHELLS[shell][1:], str(SCRIPT), "--uninstall"]
    child = pexpect.spawn(require(installing.SHELLS[shell][0]), words, env=offline.environ, cwd=str(offline.work), timeout=120)
    for number, question in enumerate(QUESTIONS):
        child.expect_exact(question)
        child.expect_exact("[y/N] ")
        child.sendline("" if number % 2 == 0 else "y")
    child.expect(pexpect.EOF)
    child.close()

    assert child.exitstatus == 0, child.before
    assert done_by(calls) == ["stack disable"]
    assert (cache.exists(), state.exists()) == (False, True)


def test_no_to_the_collector_removes_nothing(offline: Sandbox) -> None:
    """It runs from the files that would go."""
    offline.configure()
    install(offline, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(installing.whole())})
    offline.run([str(command_of(offline)), "stack", "up"])
    child = pexpect.spawn(require("dash"), [str(SCRIPT), "--uninstall"], env=offline.environ, cwd=str(offline.work), timeout=120)
    child.expect_exact("Stop the running collector")
    child.sendline("n")
    child.expect_exact("nothing was removed")
    child.expect(pexpect.EOF)
    child.close()

    assert child.exitstatus == 1
    assert version_of(offline) == f"cclaunch {__version__}"
    assert offline.processes()


def test_a_directory_of_the_persons_choice_is_never_removed(offline: Sandbox) -> None:
    """CCLAUNCH_DATA_DIR may name one that holds other things too; the database in it is deleted by cclaunch itself."""
    chosen = offline.home / "documents"
    chosen.mkdir()
    (chosen / "letter").write_text("dear\n")
    calls = stand_in(offline)
    said = install(offline, "--uninstall", "--purge", "--yes", environ={"CCLAUNCH_DATA_DIR": str(chosen)})

    assert (chosen / "letter").exists()
    assert f"kept: {chosen}" in said
    assert "stack down --volumes --yes" in done_by(calls)


def test_a_command_of_another_installer_stays(offline: Sandbox) -> None:
    """It is named."""
    command_of(offline).parent.mkdir(parents=True)
    command_of(offline).write_text("#!/bin/sh\necho theirs\n")
    before = tree(offline.home)

    assert "put there by another installer: it stays" in install(offline, "--uninstall", "--yes")
    assert tree(offline.home) == before


def test_where_nothing_is_installed_it_does_nothing(offline: Sandbox) -> None:
    """Twice is as good as once."""
    install(offline, "--uninstall", "--purge", "--yes")
    assert tree(offline.home) == {}


def test_a_command_that_does_not_run_goes_all_the_same(offline: Sandbox) -> None:
    """With a word on what could not be asked for."""
    target = offline.home.parent / "wheel"
    target.mkdir()
    install(offline, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(wheelhouse.edition(installing.whole(), target))})
    (environment,) = installing.environments(offline)
    (module,) = environment.glob("lib/*/site-packages/cclaunch/main.py")
    module.unlink()
    said = install(offline, "--uninstall", "--yes")

    assert "does not run: blocks in rc files, units and a running collector cannot be asked for" in said
    assert tree(offline.home) == {}
