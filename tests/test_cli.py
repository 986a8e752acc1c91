"""The door of the verbs: names, help, exit codes, and what happens when one of them breaks."""

import json
import os
import subprocess
import sys

import click
import pytest
from sandbox import Sandbox

import cclaunch
from cclaunch import __version__, cli, main
from cclaunch.errors import ConfigError, StoreBroken


def test_the_hot_path_and_the_door_know_the_same_verbs() -> None:
    """A verb that only one of them knew would be billed as a prompt, or never found."""
    assert frozenset(cli.VERBS) == main.VERBS


def test_every_built_verb_loads_by_its_name() -> None:
    """The table names a module that has a command of that name."""
    group = cli.group()
    context = click.Context(group)

    loaded = {name: group.get_command(context, name) for name in cli.VERBS}

    assert {name: command and command.name for name, command in loaded.items()} == {name: name for name in cli.VERBS}


def test_help_loads_no_verb(environ: dict[str, str]) -> None:
    """`cclaunch --help` stays whole when a verb is broken, and quick when one is slow."""
    code = (
        "import sys, os; from cclaunch.cli import main; main(['--help'], dict(os.environ));"
        "print([m for m in sys.modules if m.startswith(('cclaunch.commands.', 'rich', 'grpc', 'sqlite3'))], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environ, "PYTHONPATH": str(launch_root())},
        capture_output=True,
        check=True,
        timeout=120,
    )

    assert done.stderr.decode().strip() == "[]"


def launch_root() -> str:
    """Return the directory that holds the package."""
    return os.path.dirname(os.path.dirname(os.path.abspath(cclaunch.__file__)))


def test_help_names_every_verb_and_the_way_to_claudes_own(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Who reads our help learns all verbs, and how to get at claude's."""
    assert cli.main(["--help"], environ) == 0

    shown = capsys.readouterr().out
    assert "cclaunch -- --help" in shown
    assert [name for name in cli.VERBS if f"\n  {name} " not in shown] == []


def test_the_version_is_ours_and_names_the_way_to_claudes(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The first line is for programs, the second for people."""
    assert cli.main(["--version"], environ) == 0

    assert capsys.readouterr().out.splitlines() == [f"cclaunch {__version__}", "claude's own: cclaunch -- --version"]


@pytest.mark.parametrize("name", [name for name, verb in cli.VERBS.items() if not verb.module])
def test_a_reserved_verb_says_so_in_one_line_and_ends_with_2(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Words behind it, also options of a future release, change nothing."""
    assert cli.main([name, "list", "--whatever", "x"], environ) == 2

    assert capsys.readouterr().err == f"cclaunch: error: `{name}` is reserved and not built yet\n"


def test_a_mistyped_part_is_answered_with_the_nearest(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """`stack statsu` is 2, with what was probably meant."""
    assert cli.main(["stack", "statsu"], environ) == 2

    assert "did you mean `status`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "hint"), [([], "exec -- COMMAND"), (["--"], "exec -- COMMAND"), (["code", "."], "exec -- code")]
)
def test_exec_without_dashes_and_command_says_how_it_is_written(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], words: list[str], hint: str
) -> None:
    """Nothing is run by guess."""
    assert cli.main(["exec", *words], environ) == 2

    assert hint in capsys.readouterr().err


def test_an_unknown_option_is_a_usage_error(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, the option's name, and where the help is."""
    assert cli.main(["usage", "--sinse", "7d"], environ) == 2

    told = capsys.readouterr().err
    assert "--sinse" in told
    assert "cclaunch usage --help" in told


def raising(error: BaseException) -> click.Command:
    """Return a verb that fails with *error*."""

    @click.command("status")
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreBroken("it is damaged", hint="mend it"), 1),
        (ConfigError("config.toml, line 3: `stack.wiat` is not known"), 2),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (BrokenPipeError(), 0),
        (ValueError("oh"), 3),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_way_to_end_has_its_exit_code(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    """Errors of ours carry theirs; a closed pipe is none; what nobody foresaw is 3."""
    monkeypatch.setattr(cli.Verbs, "get_command", lambda self, ctx, name: raising(error))
    monkeypatch.setattr(cli, "_abandon_stdout", lambda: None)

    assert cli.main(["status"], environ) == code


def test_a_bug_of_ours_is_one_line_and_a_log(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names the log; the log holds the traceback and only its owner may read it."""
    monkeypatch.setattr(cli.Verbs, "get_command", lambda self, ctx, name: raising(ValueError("strange\nthing")))

    assert cli.main(["status"], environ) == 3

    told = capsys.readouterr().err
    path = f"{environ['XDG_STATE_HOME']}/cclaunch/bug.log"
    assert told.count("\n") == 1
    assert path in told
    assert os.stat(path).st_mode & 0o777 == 0o600
    with open(path) as file:
        assert "Traceback" in file.read()


def test_a_reader_that_leaves_is_no_error(sandbox: Sandbox) -> None:
    """`cclaunch events | head -1` ends quietly, whatever is still to be written."""
    from stored import event, store

    store(sandbox.database, *(event("user_prompt", 10**18 + number, filler="x" * 200) for number in range(2000)))
    line = f"{' '.join(sandbox.command('events', '-n', '2000', '--json'))} | head -1"
    done = sandbox.run(["bash", "-o", "pipefail", "-c", line])

    assert json.loads(done.stdout)["name"] == "user_prompt"
    assert (done.stderr, done.returncode) == (b"", 0)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_one_sentence(sandbox: Sandbox) -> None:
    """What cannot be written is an error, and not one of ours."""
    done = sandbox.run(["sh", "-c", f"{' '.join(sandbox.command('--help'))} > /dev/full"])

    assert done.returncode == 1
    assert done.stderr.decode() == "cclaunch: error: cannot write the output: No space left on device\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_disk_that_fills_up_under_much_output_is_one_sentence(sandbox: Sandbox) -> None:
    """The first lines go into a buffer; it is not the end that fails, but some line in the middle."""
    from stored import event, store

    store(sandbox.database, *(event("user_prompt", 10**18 + number, filler="x" * 200) for number in range(100)))
    done = sandbox.run(["sh", "-c", f"{' '.join(sandbox.command('events', '-n', '100', '--json'))} > /dev/full"])

    assert done.returncode == 1
    assert done.stderr.decode() == "cclaunch: error: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("words", [("status",), ("stack", "status", "--json"), ("events",)])
def test_a_closed_stdout_is_one_sentence(sandbox: Sandbox, words: tuple[str, ...]) -> None:
    """Some services start their programs without one."""
    from stored import event, store

    store(sandbox.database, event("user_prompt", 10**18))
    done = sandbox.run(["sh", "-c", f"{' '.join(sandbox.command(*words))} >&-"])

    assert done.returncode == 1
    assert done.stderr.decode() == "cclaunch: error: cannot write the output: stdout is closed\n"
