"""The launch as a process: what claude gets, what it does not get, and what comes back."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox import free_ports

from cclaunch.main import VERBS, split

ROOT = Path(__file__).resolve().parents[2]

SHOW = r"""#!{python} -IS
import json, os, sys, _signal
names = "SIGINT SIGTERM SIGHUP SIGPIPE SIGTSTP SIGCONT SIGWINCH SIGXFSZ SIGCHLD".split()
json.dump({{
    "argv": sys.argv, "environ": dict(os.environ), "pid": os.getpid(), "cwd": os.getcwd(), "umask": os.umask(0o77),
    "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + fd)),
    "status": [line for line in open("/proc/self/status").read().splitlines() if line.startswith(("Sig", "Shd"))],
}}, open({out!r}, "w"))
sys.stdout.buffer.write(b"\x00\xffout")
sys.exit(7)
"""

PLAIN = (
    "#!/bin/sh\ncat /proc/self/status | grep -E '^Sig(Ign|Blk)' > {out}; tr '\\0' '\\n' < /proc/$$/environ > {out}.env\nexit 7\n"
)

OWN_PORTS = "[ports]\ngrpc = {0}\nhttp = {1}\nmetrics = {2}\n[stack]\nwait = 10\nidle_exit = 2\n"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str], Path]]:
    """A throw-away home with a claude that writes down what it got; a collector that is woken has ports of its own, and ends."""
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    out = tmp_path / "seen.json"
    program = home / "bin" / "claude"
    program.write_text(SHOW.format(python=sys.executable, out=str(out)))
    program.chmod(0o755)
    environ = {"HOME": str(home), "PATH": f"{home}/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    config = home / ".config" / "cclaunch" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(OWN_PORTS.format(*free_ports(3)))
    yield home, environ, out
    if (home / ".local" / "share" / "cclaunch" / "collector.lock").exists():
        run(environ, "stack", "down")


def run(environ: dict[str, str], *words: str, cwd: str | Path | None = None, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the launcher as a child process."""
    command = [sys.executable, "-m", "cclaunch", *words]
    return subprocess.run(command, env=environ, cwd=cwd, capture_output=True, timeout=120, check=False, **more)


COMMAND = "#!{python}\nimport sys\nsys.path.insert(0, {root!r})\nfrom cclaunch.main import main\nsys.exit(main())\n"


def itself(ours: Path, link: Path) -> Path:
    """The command itself lies under the name."""
    ours.rename(link)
    return link


def linked(ours: Path, link: Path) -> Path:
    """A link leads to it."""
    link.symlink_to(ours)
    return ours


def linked_and_called_so(ours: Path, link: Path) -> Path:
    """A link leads to it, and is what was called."""
    link.symlink_to(ours)
    return link


def linked_twice(ours: Path, link: Path) -> Path:
    """A link to a link, each relative."""
    (link.parent / "between").symlink_to(os.path.relpath(ours, link.parent))
    link.symlink_to("between")
    return link


def same_file(ours: Path, link: Path) -> Path:
    """It is the same file under two names."""
    os.link(ours, link)
    return ours


def test_a_variable_without_a_name_costs_nobody_claude(box: tuple[Path, dict[str, str], Path]) -> None:
    """The kernel hands it on, and the interpreter's execve refuses it."""
    _, environ, out = box
    done = run({**environ, "": "x"}, "-p", "x")
    assert (done.stderr, out.exists()) == (b"", True)


@pytest.mark.parametrize("make", [itself, linked, linked_and_called_so, linked_twice, same_file])
def test_a_claude_on_path_that_is_the_command_itself_is_passed_over(
    box: tuple[Path, dict[str, str], Path], tmp_path: Path, make: Callable[[Path, Path], Path]
) -> None:
    """Else it would start itself until it gives up, and nobody gets a claude."""
    home, environ, out = box
    ours, link = tmp_path / "lib" / "cclaunch", tmp_path / "links" / "claude"
    for path in (ours, link):
        path.parent.mkdir()
    ours.write_text(COMMAND.format(python=sys.executable, root=str(ROOT)))
    ours.chmod(0o755)
    called = make(ours, link)
    environ = {**environ, "PATH": f"{link.parent}:{environ['PATH']}", "CCLAUNCH_DISABLE": "1"}

    done = subprocess.run([called, "-p", "x"], env=environ, capture_output=True, timeout=120, check=False)

    assert (done.returncode, done.stderr) == (7, b"")
    seen = json.loads(out.read_text())
    assert seen["argv"] == [f"{home}/bin/claude", "-p", "x"]
    assert seen["environ"]["__CCLAUNCH_DEPTH"] == "1:"


def test_the_module_reaches_claude_past_the_command(box: tuple[Path, dict[str, str], Path], tmp_path: Path) -> None:
    """Started by the interpreter it is another file than the command on PATH, which then passes itself over."""
    _, environ, out = box
    link = tmp_path / "links" / "claude"
    link.parent.mkdir()
    link.write_text(COMMAND.format(python=sys.executable, root=str(ROOT)))
    link.chmod(0o755)

    done = run({**environ, "PATH": f"{link.parent}:{environ['PATH']}", "CCLAUNCH_DISABLE": "1"}, "-p", "x")

    assert (done.returncode, done.stderr) == (7, b"")
    assert json.loads(out.read_text())["argv"][1:] == ["-p", "x"]


@pytest.mark.parametrize(
    ("words", "verb", "profile", "rest"),
    [
        ([], "", "", []),
        (["-p", "hi"], "", "", ["-p", "hi"]),
        (["status"], "status", "", []),
        (["status of the build?"], "", "", ["status of the build?"]),
        (["usage", "--json"], "usage", "", ["--json"]),
        (["+data-eng", "-p", "x"], "", "data-eng", ["-p", "x"]),
        (["+data-eng", "--", "-p"], "", "data-eng", ["-p"]),
        (["+1 to that"], "", "", ["+1 to that"]),
        (["+"], "", "", ["+"]),
        (["+-x"], "", "", ["+-x"]),
        (["--", "status"], "", "", ["status"]),
        (["--", "--help"], "", "", ["--help"]),
        (["--", "--", "x"], "", "", ["--", "x"]),
        (["--help"], "--help", "", []),
        (["-h"], "-h", "", []),
        (["--version"], "--version", "", []),
        (["--version", "x"], "", "", ["--version", "x"]),
        (["-p", "status"], "", "", ["-p", "status"]),
        (["config"], "config", "", []),
    ],
)
def test_words_are_split_by_the_first_one(words: list[str], verb: str, profile: str, rest: list[str]) -> None:
    """A verb, a profile, a double dash; everything else is claude's."""
    got = split(words)

    assert (got.verb, got.profile, got.rest) == (verb, profile, rest)


def test_under_the_name_claude_every_word_is_claudes() -> None:
    """A link called claude must not swallow `claude status`."""
    assert split(["status"], "claude").rest == ["status"]


def test_a_verb_behind_a_profile_is_refused() -> None:
    """It would be billed as a prompt."""
    assert "write `+NAME -- status`" in split(["+team", "status"]).trouble


def test_every_verb_of_ours_is_reserved() -> None:
    """Built or not, each is a verb."""
    assert {split([verb]).verb for verb in VERBS} == VERBS


def test_claude_gets_its_words_as_they_were(box: tuple[Path, dict[str, str], Path]) -> None:
    """Order, empty words, newlines, bytes that are no text."""
    _home, environ, out = box
    words = ["--version", "", "a\nb", "--", "-p", "ü$`'\""]

    assert run(environ, "--", *words).returncode == 7
    assert json.loads(out.read_text())["argv"][1:] == words


def test_stdout_and_exit_code_are_claudes(box: tuple[Path, dict[str, str], Path]) -> None:
    """Byte for byte, and nothing else."""
    _home, environ, _out = box

    done = run(environ, "mcp", "list")

    assert (done.stdout, done.stderr, done.returncode) == (b"\x00\xffout", b"", 7)


def test_the_process_id_directory_umask_and_descriptors_are_kept(box: tuple[Path, dict[str, str], Path], tmp_path: Path) -> None:
    """exec, not spawn; and no descriptor of ours stays open."""
    _home, environ, out = box
    before = os.umask(0o027)
    try:
        child = subprocess.Popen([sys.executable, "-m", "cclaunch", "mcp"], env=environ, cwd=tmp_path, stdout=subprocess.DEVNULL)
    finally:
        os.umask(before)
    child.wait(timeout=120)

    seen = json.loads(out.read_text())
    assert (seen["pid"], seen["cwd"], seen["umask"]) == (child.pid, str(tmp_path), 0o027)
    assert [fd for fd in seen["fds"] if fd > 2] == []


def test_signals_are_as_bare(box: tuple[Path, dict[str, str], Path], tmp_path: Path) -> None:
    """The interpreter ignores SIGPIPE and SIGXFSZ; claude must not inherit that."""
    home, environ, _out = box
    (home / "bin" / "claude").write_text(PLAIN.format(out=tmp_path / "status"))
    bare = subprocess.run([str(home / "bin" / "claude")], env=environ, check=False, timeout=120)
    expected = (tmp_path / "status").read_text()

    assert run(environ, "mcp").returncode == bare.returncode == 7
    assert (tmp_path / "status").read_text() == expected


def test_the_locale_is_not_coerced_for_claude(box: tuple[Path, dict[str, str], Path], tmp_path: Path) -> None:
    """CPython sets LC_CTYPE in the C locale before any code runs; it must not reach claude."""
    home, environ, _out = box
    del environ["LANG"]
    (home / "bin" / "claude").write_text(PLAIN.format(out=tmp_path / "status"))

    run(environ, "mcp")

    assert "LC_CTYPE" not in (tmp_path / "status.env").read_text()


def test_a_locale_that_was_set_by_hand_stays(box: tuple[Path, dict[str, str], Path], tmp_path: Path) -> None:
    """Only what the interpreter did is undone."""
    home, environ, _out = box
    del environ["LANG"]
    environ["LC_CTYPE"] = "C.UTF-8"
    (home / "bin" / "claude").write_text(PLAIN.format(out=tmp_path / "status"))

    run(environ, "mcp")

    assert "LC_CTYPE=C.UTF-8" in (tmp_path / "status.env").read_text()


def test_disabled_means_untouched(box: tuple[Path, dict[str, str], Path]) -> None:
    """CCLAUNCH_DISABLE=1 adds no telemetry."""
    _home, environ, out = box

    run({**environ, "CCLAUNCH_DISABLE": "1"}, "-p", "x")

    assert not [name for name in json.loads(out.read_text())["environ"] if name.startswith("OTEL_")]


def test_no_claude_is_127_and_says_how_to_get_it(box: tuple[Path, dict[str, str], Path]) -> None:
    """The command that mends it stands in the hint."""
    home, environ, _out = box
    (home / "bin" / "claude").unlink()

    done = run(environ, "-p", "x")

    assert done.returncode == 127
    assert b"npm install -g @anthropic-ai/claude-code" in done.stderr


def test_a_claude_that_cannot_run_is_126(box: tuple[Path, dict[str, str], Path]) -> None:
    """Found, but without the x bit."""
    home, environ, _out = box
    (home / "bin" / "claude").chmod(0o644)

    assert run(environ, "-p", "x").returncode == 126


def test_an_unknown_profile_launches_nothing(box: tuple[Path, dict[str, str], Path]) -> None:
    """A typo must not bill the wrong team."""
    _home, environ, out = box

    assert run(environ, "+nobody", "-p", "x").returncode == 125
    assert not out.exists()


def test_a_script_without_a_first_line_runs_as_in_a_shell(box: tuple[Path, dict[str, str], Path], tmp_path: Path) -> None:
    """execvp's rule: sh runs it."""
    home, environ, _out = box
    (home / "bin" / "claude").write_text("exit 9\n")

    assert run(environ, "mcp").returncode == 9


def test_a_claude_that_starts_us_again_is_stopped(box: tuple[Path, dict[str, str], Path]) -> None:
    """A wrapper called claude that runs cclaunch would loop for ever."""
    home, environ, _out = box
    (home / "bin" / "claude").write_text(f'#!/bin/sh\nexec {sys.executable} -m cclaunch "$@"\n')

    done = run(environ, "mcp")

    assert done.returncode == 125
    assert b"CCLAUNCH_CLAUDE" in done.stderr


def test_exec_runs_any_command_with_the_environment(box: tuple[Path, dict[str, str], Path]) -> None:
    """An IDE or an SDK gets the same routing."""
    _home, environ, _out = box

    done = run(environ, "exec", "--", "sh", "-c", 'printf %s "$CLAUDE_CODE_ENABLE_TELEMETRY"; exit 5')

    assert (done.stdout, done.returncode) == (b"1", 5)


def test_exec_of_nothing_that_exists_is_127(box: tuple[Path, dict[str, str], Path]) -> None:
    """As env(1) says."""
    _home, environ, _out = box

    assert run(environ, "exec", "--", "no-such-command").returncode == 127


def test_a_broken_config_is_one_line_and_claude_runs(box: tuple[Path, dict[str, str], Path]) -> None:
    """File, line and key; then the defaults."""
    home, environ, _out = box
    (home / ".config" / "cclaunch" / "config.toml").write_text("[stack]\nwiat = 1\n")

    done = run(environ, "mcp")

    assert done.returncode == 7
    assert len(done.stderr.splitlines()) == 1
    assert b"config.toml, line 2: `stack.wiat`" in done.stderr


LEFT_OUT = ("te am=x", "1a=x", "b=c=d", "team", "=x", "größe=x", "2a=x")
"""Items that claude takes none of."""


def test_any_number_of_attributes_that_cannot_be_sent_is_one_line(box: tuple[Path, dict[str, str], Path]) -> None:
    """The first ones by name; what is whole arrives."""
    _home, environ, out = box
    done = run({**environ, "OTEL_RESOURCE_ATTRIBUTES": ",".join([*LEFT_OUT, "ok=1"])}, "-p", "x")

    (line,) = done.stderr.decode().splitlines()
    assert "7 resource attributes are left out: `te am`, `1a`, `b`, `team`, `` and 2 more" in line
    assert "ok=1" in json.loads(out.read_text())["environ"]["OTEL_RESOURCE_ATTRIBUTES"]


def test_why_each_is_left_out_is_explained(box: tuple[Path, dict[str, str], Path]) -> None:
    """One line each, by the command that the one line of a launch names."""
    _home, environ, _out = box
    done = run({**environ, "OTEL_RESOURCE_ATTRIBUTES": ",".join(LEFT_OUT)}, "env", "--explain")

    assert done.stderr.decode().count("is left out: ") == len(LEFT_OUT)


def test_a_home_of_somebody_else_is_not_written_to(box: tuple[Path, dict[str, str], Path]) -> None:
    """sudo -E: launch, write nothing."""
    home, environ, _out = box
    if os.geteuid() != 0:
        pytest.skip("needs root to give a directory away")
    os.chown(home, 12345, 12345)
    before = sorted(str(path) for path in home.rglob("*"))

    done = run(environ, "-p", "x")

    assert done.returncode == 7
    assert sorted(str(path) for path in home.rglob("*")) == before
    assert len(done.stderr.splitlines()) == 1
