"""`cclaunch persist`, `unpersist` and `persist status`: what a person meets who has tended their files for years."""

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from blocks import block_in
from doubles import fake_claude, told
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_shells import path_of
from required import require
from sandbox import Sandbox
from settings_forms import FORMS

from cclaunch import cli, otel
from cclaunch.files.claude_json import decode_exactly, decode_json, encode_exactly, loads
from cclaunch.hot.marks import BLOCK, own_exports
from cclaunch.hot.paths import our_paths
from cclaunch.hot.ports import collector_ports
from cclaunch.persist.block import END
from cclaunch.persist.content import ALL
from cclaunch.persist.refresh import refresh
from cclaunch.profiles.model import is_name
from cclaunch.shells.table import NAMES

BLOCKS = {
    "bash": [".bashrc", ".profile"],
    "zsh": [".zshrc"],
    "fish": [".config/fish/conf.d/cclaunch.fish"],
    "sh": [".profile"],
    "ksh": [".kshrc"],
    "mksh": [".mkshrc"],
    "yash": [".yashrc"],
    "tcsh": [".tcshrc"],
    "csh": [".cshrc"],
    "nu": [".config/nushell/autoload/cclaunch.nu"],
    "elvish": [".config/elvish/rc.elv"],
    "xonsh": [".config/xonsh/rc.d/cclaunch.xsh"],
    "pwsh": [".config/powershell/profile.ps1"],
}


OURS = ".config/cclaunch/shell"
"""Where the files lie that blocks read."""


class Person:
    """Runs the verbs in a sandbox: *code*, *out* and *err* are those of the last one."""

    def __init__(self, sandbox: Sandbox, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        """Begin with nothing done."""
        self.home, self.environ, self._captured = sandbox.home, sandbox.environ, capfdbinary
        self.code, self.out, self.err = 0, b"", ""

    def __call__(self, *words: str, code: int = 0) -> str:
        """Run one verb and check its exit code."""
        self._captured.readouterr()
        self.code = cli.main(list(words), self.environ)
        self.out, told = self._captured.readouterr()
        self.err = told.decode()
        assert self.code == code, self.err
        return self.err

    def tree(self) -> dict[str, tuple[bytes | str, int, int]]:
        """Return what the home holds, but for our own state: path -> bytes, mode and time, or the link's text."""
        found: dict[str, tuple[bytes | str, int, int]] = {}
        for path in sorted(self.home.rglob("*")):
            name = str(path.relative_to(self.home))
            if not name.startswith((".local", ".cache")):
                about = path.lstat()
                content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
                found[name] = (content, about.st_mode, about.st_mtime_ns if path.is_file() else 0)
        return found

    def files(self) -> set[str]:
        """Return the files that the home holds, but for our own."""
        return {name for name in self.tree() if (self.home / name).is_file() and not name.startswith(OURS)}

    def put(self, name: str, data: bytes = b"") -> Path:
        """Write a file of the person's."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


@pytest.fixture
def person(sandbox: Sandbox, capfdbinary: pytest.CaptureFixture[bytes]) -> Person:
    """The one who types the verbs."""
    return Person(sandbox, capfdbinary)


@pytest.mark.parametrize("shell", NAMES)
def test_what_was_persisted_is_undone_without_a_trace_a01(person: Person, shell: str) -> None:
    """A 1, 40: no file was there, and none is left, nor a directory that we made."""
    person("persist", "--shell", shell)

    assert person.files() == set(BLOCKS[shell])
    person("unpersist", "--shell", shell)
    assert person.tree() == {}


@pytest.mark.parametrize("shell", NAMES)
def test_the_second_time_nothing_is_written_a19(person: Person, shell: str) -> None:
    """A 19: not even the file's time changes, and it says so."""
    person("persist", "--shell", shell)
    before = person.tree()

    told = person("persist", "--shell", shell)

    assert "current already" in told
    assert person.tree() == before


STARTS = {
    "bash": ["bash", "-i", "-c", "{dump}"],
    "bash login": ["bash", "-l", "-c", "{dump}"],
    "zsh": ["zsh", "-i", "-c", "{dump}"],
    "fish": ["fish", "-c", "{dump}"],
    "sh login": ["dash", "-l", "-c", "{dump}"],
    "ksh": ["ksh", "-i", "-c", "{dump}"],
    "mksh": ["mksh", "-i", "-c", "{dump}"],
    "yash": ["yash", "-i", "-c", "{dump}"],
    "tcsh": ["tcsh", "-c", "{dump}"],
    "csh": ["csh", "-c", "{dump}"],
    "xonsh": ["xonsh", "-c", "{dump}"],
}


def environment_of(person: Person, words: Sequence[str]) -> dict[str, str]:
    """Return what *words*, a shell that starts and prints its environment, has in it; it has no terminal."""
    done = subprocess.run(
        [path_of(words[0]), *words[1:]],
        env={**person.environ, "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        start_new_session=True,
        check=False,
    )
    pairs = [item.decode("utf-8", "surrogateescape") for item in done.stdout.split(b"\0") if b"=" in item]
    return dict(pair.split("=", 1) for pair in pairs)


@pytest.mark.parametrize("start", STARTS)
def test_a_shell_that_starts_has_the_variables(person: Person, start: str) -> None:
    """The real one, as a terminal starts it, with a profile whose values need encoding."""
    shell = start.split()[0]
    person("profile", "set", "team", "team=größe, and more", "x=it's")
    person("profile", "use", "team")
    person("persist", "--shell", shell)
    words = [word.replace("{dump}", "env -0") for word in STARTS[start]]

    found = environment_of(person, words)
    wanted = {otel.ENABLE: "1", otel.ENDPOINT: "http://127.0.0.1:4317", otel.PROTOCOL: "grpc", otel.LOG_USER_PROMPTS: "0"}
    assert {name: found.get(name) for name in wanted} == wanted
    assert found[otel.RESOURCE_ATTRIBUTES] == "cclaunch.profile=team,team=gr%C3%B6%C3%9Fe%2C%20and%20more,x=it%27s"
    assert own_exports(found, ALL) == set(ALL)


TYPED = {
    "bash": ("bash", "-i", "-c"),
    "zsh": ("zsh", "-i", "-c"),
    "fish": ("fish", "-c"),
    "ksh": ("ksh", "-i", "-c"),
    "mksh": ("mksh", "-i", "-c"),
    "yash": ("yash", "-i", "-c"),
    "sh": ("dash", "-l", "-c"),
    "tcsh": ("tcsh", "-c"),
    "csh": ("csh", "-c"),
}


@pytest.mark.parametrize("shell", TYPED)
def test_a_typed_claude_is_counted_for_the_directory_s_profile(sandbox: Sandbox, shell: str) -> None:
    """Not for the one of `profile use`, which the exports carry; claude runs once, with the words that were typed."""
    claude = fake_claude(sandbox.home / "bin")
    launcher = claude.parent / "cclaunch"
    launcher.write_text(f'#!/bin/sh\nexec {shlex.join(sandbox.command())} "$@"\n')
    launcher.chmod(0o755)
    sandbox.environ["PATH"] = f"{claude.parent}:{sandbox.environ['PATH']}"
    for name in ("used", "bound"):
        sandbox.cclaunch("profile", "set", name, f"team={name}")
    sandbox.cclaunch("profile", "use", "used")
    sandbox.cclaunch("profile", "bind", "bound", str(sandbox.work))
    sandbox.cclaunch("persist", "--shell", shell)
    program, *options = TYPED[shell]

    typed = "claude --resume ID"
    if shell == "sh":  # the system's profile has set another PATH when it logs in
        typed = f"PATH={sandbox.environ['PATH']}; {typed}"

    done = sandbox.run([path_of(program), *options, typed])

    got = told(done.stdout)
    assert got["argv"][1:3] == ["--resume", "ID"]
    assert "cclaunch.profile=bound,team=bound" in got["environ"][otel.RESOURCE_ATTRIBUTES]
    assert "displaced" not in done.stderr.decode()


@pytest.mark.parametrize("shell", ["nu", "elvish"])
def test_a_shell_that_needs_a_terminal_has_the_variables(person: Person, shell: str) -> None:
    """They read their files for nothing else."""
    import pexpect

    person("persist", "--shell", shell)
    out = person.home / "out"
    child = pexpect.spawn(path_of(shell), env={**person.environ, "TERM": "dumb"}, cwd=str(person.home), timeout=120)
    try:
        child.send(f"env -0 | save -f {out}\r" if shell == "nu" else f"env -0 > {out}\r")
        for _ in range(200):
            if out.exists() and b"PATH" in out.read_bytes():
                break
            child.expect([pexpect.TIMEOUT, r"\x1b\[6n", r"\x1b\[c"], timeout=0.1)
            if child.match_index == 1:  # it asks where the cursor is
                child.send("\x1b[1;1R")
        found = dict(item.decode().split("=", 1) for item in out.read_bytes().split(b"\0") if b"=" in item)
    finally:
        child.close(force=True)

    assert found[otel.ENDPOINT] == "http://127.0.0.1:4317"
    assert BLOCK in found


def test_a_launch_knows_what_the_block_exported(person: Person) -> None:
    """Item 7: after `profile use b`, a launch from a shell whose block exported a is b's, without a word about a."""
    person("profile", "set", "a", "team=a")
    person("profile", "set", "b", "team=b")
    person("profile", "use", "a")
    person("persist", "--shell", "bash")
    command = [path_of("bash"), "-i", "-c", "env -0"]
    done = subprocess.run(
        command, env=person.environ, stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True, check=True
    )
    person("profile", "use", "b")
    person.environ |= dict(item.decode().split("=", 1) for item in done.stdout.split(b"\0") if b"=" in item)

    told = person("env", "--json")

    assert json.loads(person.out)[otel.RESOURCE_ATTRIBUTES] == "cclaunch.profile=b,team=b"
    assert "displaced" not in told


def test_a_hand_edited_block_is_refused_with_its_lines_a22(person: Person) -> None:
    """A 22: unless it is forced; then a copy is kept."""
    rc = person.put(".zshrc", b"first\n")
    person("persist", "--shell", "zsh")
    edited = rc.read_bytes().replace(b"=otlp", b"=none")
    rc.write_bytes(edited)

    for verb in ("persist", "unpersist"):
        told = person(verb, "--shell", "zsh", code=1)
        assert "was edited by hand" in told
        assert "lines 2-" in told
        assert rc.read_bytes() == edited

    person("persist", "--shell", "zsh", "--force")
    assert not block_in(rc.read_bytes()).edited
    person("unpersist", "--shell", "zsh")
    assert rc.read_bytes() == b"first\n"


@pytest.mark.parametrize("text", [b"x\n" + END + b"\n", END + b"\nx\n# >>> cclaunch persist v1 >>>\n"])
def test_damaged_markers_are_left_alone_a20(person: Person, text: bytes) -> None:
    """A 20: file and lines are named; --force guesses no more than we do."""
    rc = person.put(".zshrc", text)

    for words in (["persist"], ["persist", "--force"], ["unpersist"]):
        told = person(*words, "--shell", "zsh", code=1)
        assert str(rc) in told
        assert "in line" in told
    assert rc.read_bytes() == text


def test_an_older_block_is_brought_up_to_date_in_its_place_a23(person: Person) -> None:
    """A 23: with what stands around it."""
    person("persist", "--shell", "zsh")
    block = (person.home / ".zshrc").read_bytes()
    rc = person.put(".zshrc", b"a\n# >>> cclaunch persist v0 >>>\nexport X=1\n" + END + b"\nb\n")

    person("persist", "--shell", "zsh")

    assert rc.read_bytes().startswith(b"a\n# >>> cclaunch persist v1 sha256:")
    assert rc.read_bytes().endswith(END + b"\nb\n")
    assert block_in(rc.read_bytes()).body == block_in(block).body


UNCLOSED = {
    "bash": [b"if true; then\n", b'echo "\n', b"cat <<EOF\nx\n", b"f() {\n"],
    "zsh": [b"if true; then\n", b"echo '\n", b"cat <<EOF\nx\n"],
    "sh": [b"case x in\n", b"cat <<EOF\n"],
    "ksh": [b"while true; do\n", b"cat <<EOF\n"],
    "mksh": [b"if true; then\n"],
    "yash": [b"if true; then\n"],
    "tcsh": [b"if ( $?prompt ) then\n", b"foreach x (a b)\n", b'echo "\n', b"cat <<EOF\n"],
    "elvish": [b"if $true {\n"],
}


@pytest.mark.parametrize(("shell", "text"), [(shell, text) for shell, texts in UNCLOSED.items() for text in texts])
def test_a_file_that_is_not_whole_at_its_end_is_refused_a30(person: Person, shell: str, text: bytes) -> None:
    """A 30: the block would become part of it. Forced, it can still be undone."""
    path_of({"sh": "dash"}.get(shell, shell))
    rc = person.put(BLOCKS[shell][0], text)

    assert str(rc) in person("persist", "--shell", shell, code=1)
    assert rc.read_bytes() == text


def test_the_block_is_printed_for_pasting_where_it_cannot_be_written_a13(person: Person) -> None:
    """A 13: on stdout, whole; pasted by hand it counts as ours."""
    rc = person.put(".zshrc", b"x\n")
    os.chmod(rc, 0o444)

    told = person("persist", "--shell", "zsh", code=1)

    assert "is read-only" in told
    assert block_in(person.out).body.startswith(b"# `claude` is launched by")
    os.chmod(rc, 0o644)
    rc.write_bytes(b"x\n" + person.out)
    assert "current already" in person("persist", "--shell", "zsh")


def test_three_files_of_which_the_second_fails_a39(person: Person) -> None:
    """A 39: the state of each is told, the others are written, the exit code is 1."""
    person.put(".zshrc", END + b"\n")

    told = person("persist", "--shell", "bash", "--shell", "zsh", "--shell", "fish", code=1)

    assert f"{person.home}/.bashrc: the block is in" in told
    assert "an end without a begin (end in line 1)" in told
    assert f"{person.home}/{BLOCKS['fish'][0]}: the block is in" in told
    assert (person.home / ".zshrc").read_bytes() == END + b"\n"


RCS = {
    "no newline": b"alias x=y",
    "backslash": b"echo a \\",
    "crlf": b"alias x=y\r\n",
    "latin-1 and nul": b"# gr\xf6\0\nx=1",
    "bom": b"\xef\xbb\xbf# x\n",
    "lone cr": b"# a\r# b",
    "spaces": b"\n\n  \n",
}


@pytest.mark.parametrize("text", RCS.values(), ids=RCS)
def test_a_dry_run_writes_nothing_and_patch_takes_its_diff_a37(person: Person, tmp_path: Path, text: bytes) -> None:
    """A 37: both ways, to the byte, also for a file that is new."""
    require("patch")
    rc = person.put(".zshrc", text)
    before = person.tree()
    words = ["--shell", "zsh", "--shell", "fish", "--force"]

    person("persist", *words, "--dry-run")
    there = person.out
    assert person.tree() == before
    assert not (person.home / ".local").exists()
    person("persist", *words)
    wanted = {name: about[0] for name, about in person.tree().items()}
    person("unpersist", *words, "--dry-run")
    back = person.out
    person("unpersist", *words)
    assert rc.read_bytes() == text

    subprocess.run(["patch", "-p1", "-d", "/", "--binary"], input=there, check=True, capture_output=True)
    assert {name: about[0] for name, about in person.tree().items()} == wanted
    subprocess.run(["patch", "-p1", "-d", "/", "--binary", "-E"], input=back, check=True, capture_output=True)
    assert rc.read_bytes() == text
    assert not (person.home / BLOCKS["fish"][0]).exists()


def test_undoing_where_there_is_nothing_a38(person: Person) -> None:
    """A 38: no block, no file."""
    person.put(".zshrc", b"x\n")

    assert "there is no block of ours" in person("unpersist", "--shell", "zsh")
    (person.home / ".zshrc").unlink()
    assert "there is no block of ours" in person("unpersist", "--all")


def test_undoing_what_is_read_only_by_now_a38(person: Person) -> None:
    """A 38: refused with the reason, and still known."""
    rc = person.put(".zshrc", b"x\n")
    person("persist", "--shell", "zsh")
    os.chmod(rc, 0o444)

    assert "is read-only" in person("unpersist", "--all", code=1)
    os.chmod(rc, 0o644)
    person("unpersist", "--all")
    assert rc.read_bytes() == b"x\n"


def test_text_of_another_in_our_own_file_is_refused_a40(person: Person) -> None:
    """A 40: also when it was written behind our block."""
    rc = person.put(BLOCKS["fish"][0], b"set -g mine 1\n")
    assert "holds text that is not ours" in person("persist", "--shell", "fish", code=1)
    assert rc.read_bytes() == b"set -g mine 1\n"
    rc.unlink()
    person("persist", "--shell", "fish")
    rc.write_bytes(rc.read_bytes() + b"set -g mine 1\n")

    assert "holds text that is not ours" in person("persist", "--shell", "fish", code=1)
    person("unpersist", "--shell", "fish")
    assert rc.read_bytes() == b"set -g mine 1\n"


def test_a_variable_that_the_file_sets_itself_is_told_a36(person: Person) -> None:
    """A 36: the person's line counts; persist and status name it."""
    person.put(".zshrc", f"# export {otel.ENDPOINT}=no\nexport {otel.ENDPOINT}=http://mine:1\n".encode())

    assert f"sets {otel.ENDPOINT} (line 2) by hand" in person("persist", "--shell", "zsh")
    person("persist", "status", "--json")
    (row,) = [row for row in json.loads(person.out)["files"] if row["path"].endswith(".zshrc")]
    assert row["state"] == "current"
    assert row["reasons"] == [f"line 2 sets {otel.ENDPOINT} by hand: that counts"]


CLAUDES = {
    "alias claude=/home/me/.claude/local/claude": "line 2 makes `claude` an alias of a path",
    "alias claude='~/.claude/local/claude'": "line 2 makes `claude` an alias of a path",
    'claude() { command claude --verbose "$@"; }': "line 2 makes a `claude` of its own",
    "alias claude='claude --verbose'": "",
    "# alias claude=/x": "",
}


@pytest.mark.parametrize("line", CLAUDES)
def test_a_claude_that_no_function_reaches_is_named_with_its_mend(person: Person, line: str) -> None:
    """Its own installer writes an alias of a path; that is the person's, and stays."""
    text = f"x=1\n{line}\n".encode()
    rc = person.put(".zshrc", text)

    told = person("persist", "--shell", "zsh")
    exports = person("persist", "--shell", "zsh", "--exports")

    assert (CLAUDES[line] or "line 2") in told if CLAUDES[line] else "line 2" not in told
    assert "line 2" not in exports
    assert rc.read_bytes().startswith(text)


def test_the_command_that_takes_it_back_is_the_one_to_type(person: Person) -> None:
    """It names what was chosen."""
    assert "`cclaunch unpersist --shell zsh --shell mksh` takes it back" in person("persist", "--shell", "zsh", "--shell", "mksh")
    person("unpersist", "--shell", "zsh", "--shell", "mksh")
    assert person.tree() == {}


def test_exports_and_function_alone_exclude_each_other(person: Person) -> None:
    """Both is what comes without either."""
    assert "--scoped is the function alone" in person("persist", "--exports", "--scoped", code=2)


def test_a_hand_s_link_and_other_blocks_stay_a10_a24(person: Person) -> None:
    """A 10, 24: a link into a repository, with a block of conda's."""
    conda = b"# >>> conda initialize >>>\n. x\n# <<< conda initialize <<<\n"
    target = person.put("dotfiles/zshrc", conda)
    (person.home / ".zshrc").symlink_to("dotfiles/zshrc")

    person("persist", "--shell", "zsh")
    assert target.read_bytes().startswith(conda)
    assert (person.home / ".zshrc").is_symlink()
    person("unpersist", "--shell", "zsh")
    assert target.read_bytes() == conda


def test_two_names_of_one_file_get_one_block(person: Person) -> None:
    """.profile may be a link to .bashrc."""
    rc = person.put(".bashrc", b"x\n")
    (person.home / ".profile").symlink_to(".bashrc")

    person("persist", "--shell", "bash")
    person("unpersist", "--shell", "bash")

    assert rc.read_bytes() == b"x\n"


HOMES = ["with space", "q'uote\"s", "$dollar `tick`", "new\nline", "gr\udcf6sse", "-dash", "ünï"]


@pytest.mark.parametrize("name", HOMES)
def test_a_home_may_be_called_anything_a35(person: Person, name: str) -> None:
    """A 35: spaces, quotes, a newline, bytes that are no text."""
    home = person.home / name
    home.mkdir()
    person.environ = {name: value for name, value in person.environ.items() if not name.startswith("XDG_")} | {"HOME": str(home)}
    (home / ".zshrc").write_bytes(b"x\n")

    person("persist", "--shell", "zsh", "--shell", "fish")
    person("persist", "status", "--json")
    states = {row["state"] for row in json.loads(person.out)["files"] if row["written"]}
    person("unpersist", "--all")

    assert states == {"current"}
    assert (home / ".zshrc").read_bytes() == b"x\n"
    assert not (home / ".config").exists()


@pytest.mark.parametrize("name", HOMES)
@pytest.mark.parametrize("shell", ["bash", "zsh", "mksh", "ksh", "tcsh", "fish"])
def test_a_shell_whose_home_is_called_anything_reads_our_file(person: Person, shell: str, name: str) -> None:
    """A 35: the block names it by HOME, and says nothing."""
    if shell in ("fish", "tcsh") and name in ("new\nline", "gr\udcf6sse"):
        pytest.skip("this shell has no such home")
    if shell == "ksh" and name in ("q'uote\"s", "$dollar `tick`"):
        pytest.skip("it does not find its own file there")
    home = person.home / name
    home.mkdir()
    person.environ = {name: value for name, value in person.environ.items() if not name.startswith("XDG_")} | {"HOME": str(home)}
    person("persist", "--shell", shell)
    options = ["-c"] if shell in ("tcsh", "fish") else ["-i", "-c"]

    found = environment_of(person, [shell, *options, "env -0"])
    assert own_exports(found, ALL) == set(ALL) - {otel.RESOURCE_ATTRIBUTES}


@pytest.mark.parametrize("home", ["/", None])
def test_a_home_that_is_the_root_or_unset_raises_nothing_a35(sandbox: Sandbox, home: str | None) -> None:
    """A 35: only looked at; nothing is written there."""
    environ = {"HOME": home} if home else {}
    words = sandbox.command("persist", "--shell", "fish", "--dry-run")
    around = {name: value for name, value in sandbox.environment(environ).items() if home or name != "HOME"}

    done = subprocess.run(words, env=around, capture_output=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"--- /dev/null\n+++ b/")


def test_an_unknown_shell_is_answered_with_the_list_a75(person: Person) -> None:
    """A 75: exit 2, and no file is touched."""
    told = person("persist", "--shell", "cmd", code=2)

    assert all(name in told for name in NAMES)
    assert person.tree() == {}


def test_all_means_every_shell_that_has_a_file(person: Person) -> None:
    """And no other."""
    person.put(".zshrc", b"")
    person.put(".tcshrc", b"")
    (person.home / ".config/fish").mkdir(parents=True)

    person("persist", "--all")

    assert person.files() == {".config/fish/conf.d/cclaunch.fish", ".tcshrc", ".zshrc"}


def test_a_file_can_be_named(person: Person) -> None:
    """Its name tells the shell, or `--shell` does."""
    rc = person.put("sub/my.zsh", b"x\n")

    person("persist", "--rc-file", str(rc))
    assert b"\\builtin export" in rc.read_bytes()
    person("unpersist", "--rc-file", str(rc))
    assert rc.read_bytes() == b"x\n"
    person("persist", "--rc-file", str(rc), "--shell", "sh")
    assert b"\\builtin" not in rc.read_bytes()


EARLY = {"bash": b"return 0\n", "zsh": b"return 0\n", "tcsh": b"exit\n", "mksh": b"exec true\n"}


@pytest.mark.parametrize("shell", EARLY)
def test_a_block_behind_an_early_end_is_not_reached_a29(person: Person, shell: str) -> None:
    """A 29: only the real shell can tell, so it is asked."""
    path_of(shell)
    name = BLOCKS[shell][0]
    person.put(".profile", b"# .\n. ~/.bashrc\n")
    person.put(name, b"")
    person("persist", "--shell", shell)

    def reached() -> Any:
        person("persist", "status", "--probe", "--json", code=0 if good else 1)
        return next(row["reached"] for row in json.loads(person.out)["files"] if row["path"].endswith(name))

    good = True
    assert reached() is True
    rc = person.home / name
    rc.write_bytes(EARLY[shell] + rc.read_bytes())
    good = False
    assert reached() is False


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_a_scoped_block_is_found_by_the_probe(person: Person, shell: str) -> None:
    """It exports nothing that could be looked for."""
    path_of(shell)
    person("persist", "--shell", shell, "--scoped")

    person("persist", "status", "--probe", "--json")

    rows = {row["path"]: row for row in json.loads(person.out)["files"]}
    assert rows[f"{person.home}/{BLOCKS[shell][0]}"]["reached"] is True
    assert rows[f"{person.home}/{BLOCKS[shell][0]}"]["scoped"] is True


def test_status_tells_what_became_of_each_file(person: Person) -> None:
    """Missing, outdated, edited, damaged, unusable; each with the reason."""
    for shell in ("zsh", "tcsh", "mksh", "ksh", "fish"):
        person("persist", "--shell", shell)
    person("profile", "set", "a", "team=a")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cclaunch.commands.profile.refresh", lambda *_: [])  # as if another release had changed it
        person("profile", "use", "a")
    mksh = person.home / ".mkshrc"
    mksh.write_bytes(mksh.read_bytes().replace(b"=otlp", b"=none"))
    (person.home / ".kshrc").write_bytes(END + b"\n")
    (person.home / ".tcshrc").unlink()
    (person.home / BLOCKS["fish"][0]).write_bytes(b"mine\n")

    person("persist", "status", "--json", code=1)

    states = {Path(row["path"]).name: row["state"] for row in json.loads(person.out)["files"]}
    wanted = {".zshrc": "outdated", ".tcshrc": "missing", ".mkshrc": "edited", ".kshrc": "damaged", "cclaunch.fish": "unusable"}
    assert {name: states[name] for name in wanted} == wanted


def test_profile_changes_reach_what_blocks_read(person: Person) -> None:
    """The rc files stay as they are; a block that a hand has edited is told."""
    for shell in ("zsh", "mksh"):
        person("persist", "--shell", shell)
    mksh = person.home / ".mkshrc"
    mksh.write_bytes(mksh.read_bytes().replace(b"=otlp", b"=none"))
    kept = {name: about for name, about in person.tree().items() if name in (".mkshrc", ".zshrc")}
    person("profile", "set", "a", "team=a")
    person("profile", "use", "a")

    told = " ".join(refresh(person.environ, our_paths(person.environ)))

    assert "team=a" in (person.home / OURS / "env.sh").read_text()
    assert {name: about for name, about in person.tree().items() if name in kept} == kept
    assert "edited by hand" in told


def test_a_block_that_the_person_took_out_is_not_put_back(person: Person) -> None:
    """And is forgotten."""
    rc = person.put(".zshrc", b"x\n")
    person("persist", "--shell", "zsh")
    rc.write_bytes(b"x\n")

    assert refresh(person.environ, our_paths(person.environ)) == []
    assert rc.read_bytes() == b"x\n"
    person("persist", "status", "--json")
    assert not [row for row in json.loads(person.out)["files"] if row["written"]]


SETTINGS = '{\n    "model": "opus",\n    "env": {\n        "MINE": "1"\n    },\n    "n": 1.0e2\n}'


def test_what_claudes_settings_count_for_and_what_takes_them_back_is_said(person: Person) -> None:
    """No shell reads them."""
    said = person("persist", "--claude-settings")
    assert "every claude that is started from now on; `cclaunch unpersist --claude-settings` takes it back" in said
    assert "every shell" not in said


@pytest.mark.parametrize(
    "text", [SETTINGS, '{"model":"opus"}', "{}\n", "", '{\n\t"env": {}\n}'], ids=["env", "tight", "empty", "no text", "tab"]
)
def test_claude_s_settings_come_back_to_the_byte(person: Person, text: str) -> None:
    """Through a link, too; attributes are not part of it."""
    target = person.put("dotfiles/settings.json", text.encode())
    (person.home / ".claude").mkdir()
    (person.home / ".claude/settings.json").symlink_to(target)
    person("profile", "set", "a", "team=a")
    person("profile", "use", "a")

    person("persist", "--claude-settings")
    env = json.loads(target.read_bytes())["env"]
    person("persist", "--claude-settings")
    person("unpersist", "--claude-settings")

    assert env[otel.ENDPOINT] == "http://127.0.0.1:4317"
    assert otel.RESOURCE_ATTRIBUTES not in env
    assert target.read_bytes() == text.encode()
    assert (person.home / ".claude/settings.json").is_symlink()


@pytest.mark.parametrize("form", ["UTF-8 with a mark", "UTF-16LE with a mark", "a byte that is no text, in another value"])
@pytest.mark.parametrize("edited", [False, True], ids=["as we left it", "edited since"])
def test_settings_that_only_claude_can_read_come_back_to_the_byte(person: Person, form: str, edited: bool) -> None:
    """Claude obeys them: they are written in their own encoding, and nothing else of them is touched."""
    data = FORMS[form]("MINE")
    path = person.put(".claude/settings.json", data)

    person("persist", "--claude-settings")
    env = loads(decode_json(path.read_bytes()))["env"]
    if edited:
        more, codec = decode_exactly(path.read_bytes())
        path.write_bytes(encode_exactly(more.rstrip() + "\n", codec))
    person("unpersist", "--claude-settings")

    assert (env["MINE"], env[otel.ENDPOINT]) == ("of=file", "http://127.0.0.1:4317")
    more, codec = decode_exactly(data)
    assert path.read_bytes() == (encode_exactly(more + "\n", codec) if edited else data)


@pytest.mark.parametrize("form", ["an integer of 5,000 digits", "nesting of 3,000"])
def test_settings_beyond_pythons_limits_are_not_called_broken(person: Person, form: str) -> None:
    """Claude reads them."""
    data = FORMS[form]("MINE")
    path = person.put(".claude/settings.json", data)

    person("persist", "--claude-settings")
    assert loads(decode_json(path.read_bytes()))["env"][otel.ENDPOINT] == "http://127.0.0.1:4317"
    person("unpersist", "--claude-settings")

    assert path.read_bytes() == data


def test_settings_that_changed_since_lose_only_what_still_is_ours(person: Person) -> None:
    """Claude writes that file too; a value that a hand has changed is the hand's."""
    path = person.put(".claude/settings.json", SETTINGS.encode())
    person("persist", "--claude-settings")
    document = json.loads(path.read_bytes())
    document["added"] = True
    document["env"][otel.PROTOCOL] = "http/json"
    path.write_text(json.dumps(document, indent=2))

    person("unpersist", "--claude-settings")

    assert json.loads(path.read_bytes()) == {
        **json.loads(SETTINGS),
        "added": True,
        "env": {"MINE": "1", otel.PROTOCOL: "http/json"},
    }


def test_a_setting_that_a_hand_made_stays(person: Person) -> None:
    """It is told, and undoing leaves it."""
    path = person.put(".claude/settings.json", json.dumps({"env": {otel.ENDPOINT: "http://mine:1"}}).encode())
    before = path.read_bytes()

    assert f"sets {otel.ENDPOINT} by hand: that stays" in person("persist", "--claude-settings")
    assert json.loads(path.read_bytes())["env"][otel.ENDPOINT] == "http://mine:1"
    person("unpersist", "--claude-settings")
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", [b'{\n "a": 1,\n}', b'{"env": []}', b"\xff", b"[]"])
def test_settings_that_are_broken_are_left_alone(person: Person, text: bytes) -> None:
    """File and line are named."""
    path = person.put(".claude/settings.json", text)

    assert str(path) in person("persist", "--claude-settings", code=1)
    assert path.read_bytes() == text


def test_new_settings_are_made_and_go_away_again(person: Person) -> None:
    """With the directory."""
    person("persist", "--claude-settings")
    assert (person.home / ".claude/settings.json").stat().st_mode & 0o777 == 0o600

    person("unpersist", "--all")

    assert not (person.home / ".claude").exists()


def test_new_values_in_the_settings_can_be_undone_too(person: Person, sandbox: Sandbox) -> None:
    """The record is of the file as it was before us, not before the last time."""
    path = person.put(".claude/settings.json", SETTINGS.encode())
    person("persist", "--claude-settings")
    sandbox.configure(protocol="http/json")
    person("persist", "--claude-settings")
    assert json.loads(path.read_bytes())["env"][otel.PROTOCOL] == "http/json"

    person("unpersist", "--claude-settings")

    assert path.read_bytes() == SETTINGS.encode()


NAMED = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True).filter(is_name)
VALUE = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30).filter(str.strip)
PAIRS = st.dictionaries(NAMED, VALUE, max_size=3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.binary(max_size=200),
    first=st.dictionaries(NAMED, VALUE, max_size=3),
    second=st.dictionaries(NAMED, VALUE, max_size=3),
)
def test_any_file_and_any_profile_come_back(person: Person, text: bytes, first: dict[str, str], second: dict[str, str]) -> None:
    """Any bytes as an rc file, any profile: persist, persist again, update, unpersist."""
    rc = person.put(".zshrc", text)
    paths = our_paths(person.environ)
    folder = Path(paths.config) / "profiles"
    folder.mkdir(parents=True, exist_ok=True)

    def profile(attributes: dict[str, str]) -> None:
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in attributes.items()]
        (folder / "p.toml").write_text("\n".join(["[attributes]", *lines, ""]))

    profile(first)
    person("profile", "use", "p")
    person("persist", "--shell", "zsh", "--force")
    once = rc.read_bytes()
    person("persist", "--shell", "zsh")
    assert rc.read_bytes() == once
    assert once.startswith(text)
    profile(second)
    assert refresh(person.environ, paths) == []
    assert rc.read_bytes() == once
    person("unpersist", "--shell", "zsh")
    assert rc.read_bytes() == text


def test_profile_use_changes_only_a_file_of_ours(sandbox: Sandbox) -> None:
    """Whoever wrote a block once need not think of it again, and it never changes."""
    for name in ("a", "b"):
        sandbox.cclaunch("profile", "set", name, f"team={name}")
    sandbox.cclaunch("profile", "use", "a")
    sandbox.cclaunch("persist", "--shell", "bash", "--shell", "fish")
    ours = {name: sandbox.home / OURS / f"env.{name}" for name in ("sh", "fish")}
    blocks = [sandbox.home / ".bashrc", sandbox.home / BLOCKS["fish"][0]]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in blocks]
    was = {name: path.read_text() for name, path in ours.items()}

    done = sandbox.cclaunch("profile", "use", "b")

    assert all("cclaunch.profile=a,team=a" in text for text in was.values())
    assert all("cclaunch.profile=b,team=b" in path.read_text() for path in ours.values())
    assert {path.stat().st_mode & 0o777 for path in ours.values()} == {0o600}
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in blocks] == before
    assert "block" not in done.stderr.decode()


@pytest.mark.parametrize("how", [["stack", "up"], ["-p", "hi"]], ids=["stack up", "a launch"])
def test_a_collector_that_takes_other_ports_changes_only_a_file_of_ours(sandbox: Sandbox, how: list[str]) -> None:
    """Whoever starts it sees to that; the next shell sends to where it listens."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.cclaunch("persist", "--shell", "bash")
    rc, file = sandbox.home / ".bashrc", sandbox.home / OURS / "env.sh"
    before = rc.read_bytes(), rc.stat().st_mtime_ns
    sandbox.configure()

    sandbox.cclaunch(*how)

    ports = collector_ports(our_paths(sandbox.environ))
    assert ports is not None
    assert f"http://127.0.0.1:{ports.grpc}" in file.read_text()
    assert (rc.read_bytes(), rc.stat().st_mtime_ns) == before


def test_renaming_and_deleting_a_profile_keep_what_is_known_of_blocks(sandbox: Sandbox) -> None:
    """The state holds more than profiles."""
    sandbox.cclaunch("profile", "set", "a", "team=a")
    sandbox.cclaunch("profile", "use", "a")
    sandbox.cclaunch("persist", "--shell", "bash")
    sandbox.cclaunch("profile", "rename", "a", "b")
    file = sandbox.home / OURS / "env.sh"
    renamed = file.read_text()
    sandbox.cclaunch("profile", "delete", "b", "--yes")

    assert "cclaunch.profile=b" in renamed
    assert "cclaunch.profile" not in file.read_text()
    assert sandbox.cclaunch("unpersist", "--all").returncode == 0
    assert not (sandbox.home / ".bashrc").exists()


def test_what_we_wrote_into_claudes_settings_is_overridden_without_a_word(sandbox: Sandbox) -> None:
    """A port that moved since, or a profile that asks for more: it is our own word of yesterday."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    sandbox.cclaunch("persist", "--claude-settings")
    sandbox.configure(protocol="http/json")

    done = sandbox.cclaunch("-p", "hi")

    argv = told(done.stdout)["argv"]
    env = json.loads(Path(argv[argv.index("--settings") + 1]).read_text())["env"]
    assert env["OTEL_EXPORTER_OTLP_PROTOCOL"] == "http/json"
    assert "overridden" not in done.stderr.decode()


MOUNTED = """
set -e
mount --bind "$1" "$HOME/.bashrc"
shift
"$@" persist --shell bash --in-place 2>>"$HOME/told"
grep -c 'cclaunch persist v1' "$HOME/.bashrc"
"$@" unpersist --shell bash --in-place 2>>"$HOME/told"
cat "$HOME/.bashrc"
"""


def test_a_mounted_file_is_changed_in_place_when_that_is_asked_for_a15(sandbox: Sandbox) -> None:
    """A 15: as a container mounts it; the block goes in, and out again, through the mount."""
    require("unshare")
    source, mounted = sandbox.home / "source", sandbox.home / ".bashrc"
    source.write_text("alias ll=ls\nno newline here")
    mounted.write_text("")

    done = sandbox.run(["unshare", "-m", "sh", "-c", MOUNTED, "sh", str(source), *sandbox.command()])

    told = (sandbox.home / "told").read_text()
    assert (done.returncode, done.stdout.decode()) == (0, "1\nalias ll=ls\nno newline here"), told + done.stderr.decode()
    assert (source.read_text(), mounted.read_text()) == ("alias ll=ls\nno newline here", "")
