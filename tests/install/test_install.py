"""install.sh: in every shell that may be called sh, by every method, twice, over an older one, and when it fails."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import installing
import pytest
import wheelhouse
from collector_client import wait_until
from doubles import FAKE_EXIT, told
from guard import REPOSITORY
from installing import SCRIPT, SHELLS, command_of, environments, install, refused, tree, version_of
from required import require
from sandbox import Sandbox

from cclaunch import __version__


@pytest.fixture
def offline(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude and uv, in which pip and uv know only the wheels of the tests."""
    return installing.offline(sandbox)


@pytest.mark.parametrize("shell", SHELLS)
def test_it_installs_in_every_shell_twice_and_goes_without_a_trace(offline: Sandbox, shell: str) -> None:
    """The second time changes nothing; afterwards the home is as it was."""
    before = tree(offline.home)
    install(offline, "--method", "uv", shell=shell)
    assert version_of(offline) == f"cclaunch {__version__}"

    installed = tree(offline.home)
    assert "nothing was changed" in install(offline, "--method", "uv", shell=shell)
    assert tree(offline.home) == installed

    install(offline, "--uninstall", shell=shell)
    assert tree(offline.home) == before


def test_its_last_words_are_what_to_type_next_and_what_takes_it_back(offline: Sandbox, tmp_path: Path) -> None:
    """Each as it stands there: the script may lie in a directory with spaces and quotes."""
    before = tree(offline.home)
    folder = tmp_path / "it's here"
    folder.mkdir()
    shutil.copy(SCRIPT, folder)
    command = [require("dash"), str(folder / "install.sh"), "--method", "uv"]

    done = subprocess.run(command, env=offline.environ, capture_output=True, timeout=installing.PATIENCE_S, check=False)

    assert done.returncode == 0, done.stderr.decode()
    following, taking = done.stderr.decode().splitlines()[-2:]
    named = re.findall(r"(\S+ (?:check|persist)) \(", following)
    assert len(named) == 2
    for typed in named:
        asked = subprocess.run(f"{typed} --help", shell=True, env=offline.environ, capture_output=True, text=True, check=False)
        assert asked.stdout.startswith(f"Usage: cclaunch {typed.split()[-1]} ")
    typed = taking.split("to take it back: ")[1]
    back = subprocess.run(typed, shell=True, env=offline.environ, capture_output=True, text=True, check=False)
    assert back.returncode == 0, back.stderr
    assert tree(offline.home) == before


def test_it_installs_under_the_own_name_of_zsh(offline: Sandbox) -> None:
    """It emulates sh by itself."""
    done = subprocess.run(
        [require("zsh"), str(SCRIPT), "--method", "uv"],
        env=offline.environ,
        capture_output=True,
        timeout=installing.PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert version_of(offline) == f"cclaunch {__version__}"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_dry_run_says_the_steps_and_does_nothing(offline: Sandbox, shell: str) -> None:
    """It names the environment and the command."""
    before = tree(offline.home)
    said = install(offline, "--dry-run", "--yes", shell=shell)

    assert tree(offline.home) == before
    assert "would run:" in said
    assert str(command_of(offline)) in said


@pytest.mark.parametrize("shell", SHELLS)
def test_it_runs_from_a_pipe_without_a_terminal(offline: Sandbox, shell: str) -> None:
    """`curl | sh`: whatever it starts, nothing reads the rest of the script away."""
    done = subprocess.run(
        [require(SHELLS[shell][0]), *SHELLS[shell][1:]],
        env={**offline.environ, "CCLAUNCH_INSTALL_DRY_RUN": "1"},
        input=SCRIPT.read_bytes(),
        capture_output=True,
        timeout=120,
        check=False,
        start_new_session=True,
    )
    assert (done.returncode, done.stdout) == (0, b""), done.stderr.decode()
    assert b"nothing was done" in done.stderr


def test_it_installs_from_a_pipe_where_unset_variables_are_errors(offline: Sandbox) -> None:
    """`curl | sh -u`, and really: installer and launcher are started on the way."""
    done = subprocess.run(
        [require("dash"), "-u", "-s", "--", "--method", "uv", "--run", "--", "mcp", "list"],
        env=offline.environ,
        input=SCRIPT.read_bytes(),
        capture_output=True,
        timeout=installing.PATIENCE_S,
        check=False,
        start_new_session=True,
    )
    assert done.returncode == FAKE_EXIT, done.stderr.decode()
    assert told(done.stdout)["argv"][1:] == ["mcp", "list"]


def test_it_installs_with_venv_and_launches_with_the_words_behind_the_dashes(offline: Sandbox) -> None:
    """`--run` becomes claude; its stdout is claude's alone."""
    done = installing.run(offline, "--yes", "--method", "venv", "--run", "--", "mcp", "list")

    assert told(done.stdout)["argv"][1:] == ["mcp", "list"], done.stderr.decode()
    assert done.returncode == FAKE_EXIT


def test_it_installs_with_pipx_only_when_told_to(offline: Sandbox) -> None:
    """The command is pipx's, with the script of the package; `--uninstall` has pipx remove it."""
    require("pipx")
    said = install(offline, "--method", "pipx")
    assert "without our launcher" in said
    assert version_of(offline) == f"cclaunch {__version__}"
    assert "pipx" in os.readlink(command_of(offline))
    assert "by another installer" in refused(offline, "--method", "uv")

    install(offline, "--uninstall", "--method", "pipx")
    assert not command_of(offline).is_symlink()


def test_the_launcher_reads_the_modules_of_a_launch_from_one_file(offline: Sandbox) -> None:
    """They come from the bundle, and no file of theirs is opened."""
    strace = require("strace")
    install(offline, "--method", "uv")
    offline.run([str(command_of(offline)), "mcp", "list"])
    trace = offline.home / "trace"
    offline.run([strace, "-o", str(trace), "-e", "trace=open,openat", str(command_of(offline)), "mcp", "list"])

    assert "launch.bundle" in trace.read_text()
    assert "site-packages/cclaunch" not in trace.read_text()


@pytest.mark.parametrize("damage", [b"", b"no bundle", None])
def test_a_bundle_that_is_damaged_or_gone_is_done_without(offline: Sandbox, damage: bytes | None) -> None:
    """The modules themselves are there."""
    install(offline, "--method", "uv")
    (bundle,) = (place / "launch.bundle" for place in environments(offline))
    if damage is None:
        bundle.unlink()
    else:
        bundle.write_bytes(damage)

    done = offline.run([str(command_of(offline)), "mcp", "list"])
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")
    assert told(done.stdout)["argv"][1:] == ["mcp", "list"]


def changed(place: Sandbox, changes: dict[str, bytes]) -> dict[str, str]:
    """Return what has install.sh install an edition of our wheel in which those files are other ones."""
    target = place.home.parent / "changed"
    target.mkdir()
    return {"CCLAUNCH_SOURCE": str(wheelhouse.edition(installing.whole(), target, changes=changes))}


def test_a_bundle_that_cannot_be_made_is_said_in_one_line_and_done_without(offline: Sandbox) -> None:
    """What happened, and what it costs; the command is laid, and does not look for the bundle."""
    said = install(
        offline,
        *("--method", "uv"),
        environ={"CI": "1", **changed(offline, {"cclaunch/bundle.py": b"raise OSError('no room for it')\n"})},
    )
    assert said == (
        "install.sh: warning: the bundle of what a launch loads could not be made (OSError: no room for it): "
        "launches are a little slower, nothing else\n"
    )
    assert "launch.bundle" not in command_of(offline).read_text()
    done = offline.run([str(command_of(offline)), "mcp", "list"])
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")


OLD_SCRIPT = b"#!python\nimport sys\n\nfrom cclaunch.launch import main\n\nif __name__ == '__main__':\n    sys.exit(main())\n"
"""The script of 0.1.0; that of 0.1.1 begins as today's."""


@pytest.mark.parametrize("script", [None, OLD_SCRIPT], ids=["0.1.1", "0.1.0"])
def test_a_release_that_makes_no_launcher_has_its_own_script_laid(offline: Sandbox, script: bytes | None) -> None:
    """The command runs, is known as ours by the next install.sh, and is found current, replaced and removed."""
    text = (REPOSITORY / "cclaunch/launcher.py").read_bytes()
    changes = {"cclaunch/launcher.py": text.replace(b"sys.exit(main(", b"sys.exit(str(")}
    if script:
        changes[f"cclaunch-{__version__}.data/scripts/cclaunch"] = script
    before, older = tree(offline.home), changed(offline, changes)
    install(offline, "--method", "uv", environ=older)
    (place,) = environments(offline)
    assert f"# Laid by install.sh of cclaunch, for the package in '{place}/lib/" in command_of(offline).read_text()
    done = subprocess.run([command_of(offline), "mcp", "list"], env=offline.environ, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")
    assert "nothing was changed" in install(offline, "--method", "uv", environ=older)

    assert "laid the command" in install(offline, "--method", "uv")
    assert "for the package in" not in command_of(offline).read_text()
    install(offline, "--method", "uv", "--force", environ=older)
    install(offline, "--uninstall")
    assert tree(offline.home) == before


def test_an_install_that_was_damaged_is_made_anew(offline: Sandbox) -> None:
    """Also where the command still runs: not the version counts, but every byte."""
    install(offline, "--method", "uv")
    (module,) = (path for place in environments(offline) for path in place.glob("lib/*/site-packages/cclaunch/hot/probe.py"))
    edited = module.read_text() + "# edited\n"
    module.unlink()  # uv may have linked it to its cache, and an edit of that is none of ours to see
    module.write_text(edited)

    assert "laid the command" in install(offline, "--method", "uv")
    (module,) = (path for place in environments(offline) for path in place.glob("lib/*/site-packages/cclaunch/hot/probe.py"))
    assert "# edited" not in module.read_text()


def test_an_upgrade_takes_the_place_of_the_older_one_at_once(offline: Sandbox) -> None:
    """The command works at every moment, and one environment is left."""
    install(offline, "--method", "uv")
    codes, done = [], threading.Event()

    def watch() -> None:
        while not done.is_set():
            codes.append(subprocess.run([command_of(offline), "--version"], env=offline.environ, capture_output=True).returncode)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        install(offline, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(installing.light("7.0.0"))})
    finally:
        done.set()
        watcher.join()
    assert version_of(offline) == "cclaunch 7.0.0"
    assert set(codes) == {0}
    (only,) = environments(offline)
    assert str(only) in command_of(offline).read_text()


def broken_edition(place: Sandbox) -> Path:
    """Return a wheel that installs well and does not run."""
    target = place.home.parent / "broken"
    target.mkdir()
    return wheelhouse.edition(installing.whole(), target, version="9.0", changes={"cclaunch/cli.py": b"raise SystemExit(3)\n"})


@pytest.mark.parametrize("failure", ["no package", "does not run", "uv dies"])
def test_a_failing_upgrade_leaves_the_one_before(offline: Sandbox, failure: str) -> None:
    """The command runs as before, and no half environment stays."""
    install(offline, "--method", "uv")
    environ = {"CCLAUNCH_SOURCE": str(REPOSITORY / "README.md")}
    if failure == "does not run":
        environ = {"CCLAUNCH_SOURCE": str(broken_edition(offline))}
    elif failure == "uv dies":
        tools = offline.home.parent / "early"
        tools.mkdir()
        (tools / "uv").write_text('#!/bin/sh\nmkdir -p "$5/lib"\nkill -9 $$\n')
        (tools / "uv").chmod(0o755)
        environ = {"PATH": f"{tools}:{offline.environ['PATH']}"}

    said = refused(offline, "--method", "uv", "--force", environ=environ)
    assert "nothing was changed" in said
    assert version_of(offline) == f"cclaunch {__version__}"


def test_a_first_install_that_fails_leaves_nothing(offline: Sandbox) -> None:
    """Not even the directories on the way."""
    refused(offline, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(REPOSITORY / "README.md")})
    assert tree(offline.home) == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_install_that_is_interrupted_leaves_the_one_before(offline: Sandbox, number: signal.Signals) -> None:
    """While the installer works."""
    install(offline, "--method", "uv")
    before = tree(offline.home)
    tools = offline.home.parent / "early"
    tools.mkdir()
    (tools / "uv").write_text(f'#!/bin/sh\nmkdir -p "$5/lib"\n: >{tools}/started\nexec sleep 60\n')
    (tools / "uv").chmod(0o755)
    with subprocess.Popen(
        [require("dash"), str(SCRIPT), "--method", "uv", "--force"],
        env={**offline.environ, "PATH": f"{tools}:{offline.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        until = time.monotonic() + 120
        while not (tools / "started").exists() and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(process.pid, number)
        assert process.wait(30) != 0
    assert tree(offline.home) == before


def test_of_two_at_once_one_gives_way(offline: Sandbox) -> None:
    """It says whose turn it is, and harms nothing; a lock of one that was killed holds nobody up."""
    root = offline.home / ".local/share/cclaunch-env"
    (root / ".lock").mkdir(parents=True)
    (root / ".lock/pid").write_text(f"{os.getpid()}\n")
    assert f"another install.sh is at work (process {os.getpid()})" in refused(offline, "--method", "uv")

    (root / ".lock/pid").write_text(f"{2**22}\n")
    install(offline, "--method", "uv")
    assert version_of(offline) == f"cclaunch {__version__}"


def test_a_collector_of_the_older_version_is_left_to_the_next_launch(offline: Sandbox) -> None:
    """It goes on from its own files, which are kept as long; the launch drains it, the next install removes them."""
    offline.configure()
    install(offline, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(installing.whole())})
    offline.run([str(command_of(offline)), "stack", "up"])
    assert wait_until(lambda: len(offline.processes()) == 2)  # the clock of install.sh has gone
    running = {process.pid for process in offline.processes()}
    target = offline.home.parent / "newer"
    target.mkdir()
    newer = wheelhouse.edition(installing.whole(), target, version="7.0.0", light=False)
    said = install(offline, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(newer)})

    assert "the next launch replaces it" in said
    assert wait_until(lambda: {process.pid for process in offline.processes()} == running)
    assert len(environments(offline)) == 2

    done = offline.run([str(command_of(offline)), "-p", "x"])
    assert told(done.stdout)["argv"][1:] == ["-p", "x"], done.stderr.decode()
    assert not running & {process.pid for process in offline.processes()}

    install(offline, "--method", "uv", environ={"CCLAUNCH_SOURCE": str(newer)})
    assert len(environments(offline)) == 1


def test_a_release_is_installed_by_its_version(offline: Sandbox) -> None:
    """Also when there is a newer one; without the option the newest."""
    releases = offline.home.parent / "releases"
    shutil.copytree(installing.wheels(), releases, ignore=shutil.ignore_patterns("light-*", "cclaunch-*"))
    for version in ("0.3.0", "0.4.0"):
        wheelhouse.edition(installing.whole(), releases, version=version)
    script = offline.home.parent / "install.sh"  # away from the checkout, as a download
    shutil.copy(SCRIPT, script)
    environ = {**offline.environ, "UV_FIND_LINKS": str(releases)}
    del environ["CCLAUNCH_SOURCE"]
    for words, version in (["--version", "0.3.0"], "0.3.0"), ([], "0.4.0"), (["--version=0.3.0"], "0.3.0"):
        subprocess.run(
            [require("dash"), script, "--method=uv", *words], env=environ, check=True, capture_output=True, timeout=300
        )
        assert version_of(offline) == f"cclaunch {version}"


def test_a_checkout_installs_itself(offline: Sandbox) -> None:
    """What is checked out, not a release; here seen by what would be run."""
    environ = {name: value for name, value in offline.environ.items() if name != "CCLAUNCH_SOURCE"}
    done = subprocess.run(
        [require("dash"), "install.sh", "--dry-run"], cwd=REPOSITORY, env=environ, check=True, capture_output=True, timeout=120
    )
    assert f"--reinstall-package cclaunch {REPOSITORY}".encode() in done.stderr


def test_in_ci_only_warnings_and_errors_are_said(offline: Sandbox) -> None:
    """A log has enough to read."""
    assert install(offline, "--method", "uv", environ={"CI": "true"}) == ""
    assert version_of(offline) == f"cclaunch {__version__}"


def test_the_environment_says_what_options_say(offline: Sandbox) -> None:
    """And an option wins."""
    twins = {"CCLAUNCH_INSTALL_DRY_RUN": "1", "CCLAUNCH_INSTALL_METHOD": "venv", "CCLAUNCH_INSTALL_RUN": "1"}
    said = install(offline, environ=twins)
    assert "-m venv" in said
    assert f"would run: {command_of(offline)}" in said
    assert "-m venv" not in install(offline, "--method", "uv", environ=twins)
    assert "not conda" in refused(offline, environ={"CCLAUNCH_INSTALL_METHOD": "conda"})
    assert tree(offline.home) == {}


def test_a_command_of_another_installer_is_not_replaced_unasked(offline: Sandbox) -> None:
    """Without a terminal the answer is no."""
    command_of(offline).parent.mkdir(parents=True)
    command_of(offline).write_text("#!/bin/sh\necho theirs\n")

    assert "another installer" in refused(offline, "--method", "uv")
    assert "theirs" in command_of(offline).read_text()


def test_a_command_that_comes_first_on_the_path_is_named(offline: Sandbox) -> None:
    """Else the person wonders why nothing changes."""
    other = offline.home.parent / "tools/cclaunch"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    said = install(offline, "--method", "uv")

    assert f"another cclaunch comes first on your PATH: {other}" in said
    assert f'export PATH="{command_of(offline).parent}:$PATH"' in said


@pytest.mark.parametrize(
    ("words", "environ", "says"),
    [
        (["--frob"], {}, "unknown option --frob"),
        (["--method"], {}, "--method needs a value"),
        (["--method", "conda"], {}, "not conda"),
        (["--version", "../x"], {}, "a release like 1.2.3"),
        (["--version", "1.0"], {}, "both say what to install"),
        (["--purge"], {}, "--purge goes with --uninstall"),
        ([], {"PYTHON": "no-such-python"}, "there is no such program"),
        ([], {"CCLAUNCH_SOURCE": "/nowhere/at/all"}, "there is nothing"),
        ([], {"HOME": "/nowhere/at/all"}, "HOME is not a directory"),
        ([], {"HOME": "."}, "not an absolute path"),
    ],
)
def test_a_wrong_word_changes_nothing(offline: Sandbox, words: list[str], environ: dict[str, str], says: str) -> None:
    """Exit 1, a sentence that names it, and a home as before."""
    assert says in refused(offline, "--yes", *words, environ=environ)
