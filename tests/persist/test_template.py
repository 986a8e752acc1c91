"""The templates, filled in and read by the real shells: exact environment, not a word, no process."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from guard import REPOSITORY
from real_shells import SHELLS, every_shell, exported, path_of, run
from required import require

from cclaunch import otel
from cclaunch.hot.marks import BLOCK, hash8, own_exports
from cclaunch.persist.content import ALL
from cclaunch.persist.template import LAST, fill, marks_of
from cclaunch.shells.table import NAMES, find_shell

BASE = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}
VALUES: dict[str, str | None] = {
    **{name: "1" for name in ALL},
    otel.ENDPOINT: "http://127.0.0.1:4317",
    otel.RESOURCE_ATTRIBUTES: "cclaunch.profile=a,team=it%27s%20%24HOME%21",
}
NONE = {**VALUES, otel.RESOURCE_ATTRIBUTES: None}
TEMPLATES = sorted(path.name for path in (REPOSITORY / "shell").iterdir() if path.suffix != ".md")


def block(shell: str, values: Mapping[str, str | None] = VALUES, **more: bool) -> bytes:
    """Return the filled template for the shell *shell* of ``SHELLS``."""
    return fill(find_shell(SHELLS[shell].name), values, **more).encode()


def held(environ: dict[str, str]) -> dict[str, str]:
    """Return what of *environ* is telemetry's or ours."""
    return {name: value for name, value in environ.items() if name in ALL or "CCLAUNCH" in name.upper()}


def entries(values: Mapping[str, str | None]) -> str:
    """Return what a block that exported *values* says of itself."""
    return "," + marks_of(values)


@every_shell
def test_a_strict_shell_gets_exactly_this_and_says_nothing_a27(shell: str, tmp_path: Path) -> None:
    """A 27: every mistake would end it; scp, rsync and a prompt that is drawn at once take no word."""
    found = held(exported(run(shell, block(shell), tmp_path, BASE)))

    assert found == {**VALUES, BLOCK: entries(VALUES), LAST: entries(VALUES)}
    assert own_exports(found, ALL) == set(VALUES)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "dash", "ksh", "mksh", "yash", "tcsh", "busybox"])
def test_the_block_is_no_failure_of_its_last_command_a27(shell: str, tmp_path: Path) -> None:
    """A 27: its status is 0, fresh and in a shell inside a shell."""
    status = "$status" if shell in ("fish", "tcsh") else "$?"
    for environ in (BASE, {**BASE, **held(exported(run(shell, block(shell), tmp_path, BASE)))}):
        file = tmp_path / "rc"
        file.write_bytes(block(shell))
        source = "source" if shell in ("fish", "tcsh") else "."
        done = run(shell, f"{source} {file}\necho {status}".encode(), tmp_path, environ, dump="")

        assert (done.stdout, done.stderr) == (b"0\n", b"")


@every_shell
def test_what_a_hand_exported_stays_a36(shell: str, tmp_path: Path) -> None:
    """A 36: also when it is empty, and a launch will not take it for ours."""
    by_hand = {otel.ENDPOINT: "http://mine:1", otel.LOG_USER_PROMPTS: ""}

    found = held(exported(run(shell, block(shell), tmp_path, {**BASE, **by_hand})))

    assert {name: found[name] for name in by_hand} == by_hand
    assert own_exports(found, ALL) == set(VALUES) - set(by_hand)


@every_shell
def test_a_shell_inside_a_shell_takes_the_newer_block(shell: str, tmp_path: Path) -> None:
    """What an older block had set is replaced, or taken back; what was set by hand in between is not."""
    first = held(exported(run(shell, block(shell), tmp_path, BASE)))
    first[otel.LOG_TOOL_DETAILS] = "by hand"
    newer = {**VALUES, otel.ENDPOINT: "http://127.0.0.1:9", otel.RESOURCE_ATTRIBUTES: None}

    found = held(exported(run(shell, block(shell, newer), tmp_path, {**BASE, **first})))

    kept = {otel.LOG_TOOL_DETAILS: "by hand"}
    wanted = {name: value for name, value in {**newer, **kept}.items() if value is not None}
    assert {name: value for name, value in found.items() if name in ALL} == wanted
    assert own_exports(found, ALL) == set(wanted) - set(kept)


@every_shell
def test_the_same_block_twice_changes_nothing(shell: str, tmp_path: Path) -> None:
    """A shell in a shell in a shell: nothing grows."""
    first = held(exported(run(shell, block(shell), tmp_path, BASE)))

    assert held(exported(run(shell, block(shell), tmp_path, {**BASE, **first}))) == first


@every_shell
def test_what_a_launch_or_env_exported_is_left_alone(shell: str, tmp_path: Path) -> None:
    """Scripts of some shells read their rc file too: an id of a launch's must survive that."""
    launched = {otel.RESOURCE_ATTRIBUTES: "service.instance.id=1", otel.ENDPOINT: "http://127.0.0.1:7"}
    launched[BLOCK] = ",".join(f"{name}:{hash8(value)}" for name, value in launched.items())

    found = held(exported(run(shell, block(shell), tmp_path, {**BASE, **launched})))

    assert {name: found[name] for name in launched if name != BLOCK} == {k: v for k, v in launched.items() if k != BLOCK}
    assert own_exports(found, ALL) == set(VALUES)


HOSTILE = {
    "alias export": (("bash", "zsh", "dash", "mksh"), "alias export=false unset=false\n"),
    "function export": (("bash", "zsh"), "export() { return 7; }\nunset() { return 7; }\n"),
    "noclobber": (("bash", "zsh", "dash", "ksh", "mksh", "yash", "busybox"), "set -C\n"),
    "no globbing": (("bash", "zsh", "dash", "ksh", "mksh", "yash", "busybox"), "set -f\n"),
    "strange IFS": (("bash", "zsh", "dash", "ksh", "mksh", "yash", "busybox"), "IFS=':,/1'\n"),
    "unalias -a": (("bash", "zsh", "dash", "ksh", "mksh", "yash", "busybox"), "alias export=false\nunalias -a\n"),
    "posix": (("bash",), "set -o posix\nshopt -s expand_aliases\nalias export=false\n"),
    "nocasematch": (("bash",), "shopt -s nocasematch extglob nullglob failglob\n"),
    "emulate sh": (("zsh",), "emulate sh\nset -eu\n"),
    "emulate ksh": (("zsh",), "emulate ksh\nset -eu\n"),
    "ksh_arrays": (("zsh",), "setopt ksh_arrays sh_word_split rc_quotes csh_junkie_quotes glob_subst extended_glob\n"),
    "sh_glob": (("zsh",), "setopt sh_glob ksh_glob magic_equal_subst null_glob\n"),
    "noglob": (("tcsh", "csh"), "set noglob\n"),
    "histchars": (("tcsh",), "set histchars='+^'\nset backslash_quote\n"),
}


@pytest.mark.parametrize(("shell", "how"), [(shell, how) for how, (shells, _) in HOSTILE.items() for shell in shells])
def test_settings_of_the_persons_change_nothing_a28(shell: str, how: str, tmp_path: Path) -> None:
    """A 28: aliases, functions, options."""
    found = held(exported(run(shell, HOSTILE[how][1].encode() + block(shell), tmp_path, BASE)))

    assert {name: found.get(name) for name in VALUES} == VALUES


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "dash", "ksh", "mksh", "yash", "tcsh", "csh", "busybox"])
def test_no_process_is_started(shell: str, tmp_path: Path) -> None:
    """Not one more than for an empty file: it costs nothing, and works when cclaunch is gone (A 38)."""
    require("strace")

    assert processes(shell, tmp_path, block(shell)) == processes(shell, tmp_path, b"")


def processes(shell: str, tmp_path: Path, text: bytes) -> tuple[int, int]:
    """Return how many programs and processes the shell *shell* starts for the script *text*."""
    trace, file = tmp_path / "trace", tmp_path / "rc"
    file.write_bytes(text)
    command = [path_of(shell), *(word.replace("{script}", str(file)) for word in SHELLS[shell].read)]
    strace = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=process", *command]
    done = subprocess.run(strace, env=BASE, capture_output=True, timeout=120, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
    lines = trace.read_text().splitlines()
    made = [line for line in lines if re.search(r"fork\(|clone3?\(", line) and "CLONE_THREAD" not in line]
    return len([line for line in lines if "execve(" in line]), len(made)


CALL = {
    "nu": "claude -p 'a b' '$x'",
    "elvish": "claude -p 'a b' '$x'",
    "xonsh": "claude -p 'a b' '$x'",
    "tcsh": "eval 'claude -p \"a b\" $x:q'",
    "csh": "eval 'claude -p \"a b\" $x:q'",
}


def scoped(
    shell: str, tmp_path: Path, environ: dict[str, str] | None = None, before: bytes = b""
) -> tuple[list[str], dict[str, str], dict[str, str]]:
    """Return what a `claude` that is run after the scoped block of *shell* got: words, environment; then the shell's own."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "claude").write_text('#!/bin/sh\nprintf "%s\\n" "$#" "$@" > "$OUT.words"\nenv -0 > "$OUT.env"\n')
    (bin_ / "claude").chmod(0o755)
    around = {**BASE, "PATH": f"{bin_}:{BASE['PATH']}", "OUT": str(tmp_path / "out"), **(environ or {})}
    text = before + block(shell, scoped=True) + b"\n"
    if shell in ("tcsh", "csh"):
        text += b"set x = '$x'\n"
    text += CALL.get(shell, "claude -p 'a b' '$x'").encode()
    own = exported(run(shell, text, tmp_path, around))
    items = (tmp_path / "out.env").read_bytes().split(b"\0")
    got = dict(item.decode("utf-8", "surrogateescape").split("=", 1) for item in items if item)
    return (tmp_path / "out.words").read_text().splitlines(), got, own


@every_shell
def test_a_scoped_claude_has_the_variables_and_the_shell_has_not(shell: str, tmp_path: Path) -> None:
    """Its words arrive as they were written, too."""
    words, got, own = scoped(shell, tmp_path)

    assert words == ["3", "-p", "a b", "$x"]
    assert {name: got.get(name) for name in VALUES} == VALUES
    assert own_exports(got, ALL) == set(VALUES)
    assert [name for name in own if name in ALL] == []


@every_shell
def test_a_scoped_claude_keeps_what_a_hand_exported(shell: str, tmp_path: Path) -> None:
    """As the exports do."""
    _, got, _ = scoped(shell, tmp_path, {otel.ENDPOINT: "http://mine:1"})

    assert got[otel.ENDPOINT] == "http://mine:1"
    assert otel.ENDPOINT not in own_exports(got, ALL)


@pytest.mark.parametrize("shell", ["bash", "zsh", "dash", "ksh", "mksh", "yash", "busybox", "posh"])
def test_an_alias_called_claude_is_no_mistake(shell: str, tmp_path: Path) -> None:
    """It would be put in the place of the name in the definition, and break the whole file."""
    before = b"\\alias claude='claude --verbose'\n" if shell != "posh" else b""

    words, got, _ = scoped(shell, tmp_path, before=before)

    assert words[-3:] == ["-p", "a b", "$x"]
    assert got[otel.ENDPOINT] == VALUES[otel.ENDPOINT]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_a_valid_script(name: str) -> None:
    """Before anything is filled in."""
    path = str(REPOSITORY / "shell" / name)
    checks = {
        "sh": [["shellcheck", path], *([path_of(one), "-n", path] for one in ("dash", "bash", "zsh", "ksh", "mksh", "yash"))],
        "fish": [[path_of("fish"), "--no-execute", path]],
        "tcsh": [[path_of("tcsh"), "-f", "-n", path]],
        "nu": [[path_of("nu"), "-n", "--ide-check", "9", path]],
        "elv": [[path_of("elvish"), "-compileonly", path]],
        "xsh": [[sys.executable, "-c", XONSH, path]],
        "ps1": [],
    }[name.rpartition(".")[2]]
    for command in checks:
        require(command[0]) if "/" not in command[0] else None
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        assert (done.returncode, b'"severity":"Error"' in done.stdout) == (0, False), done
    if name.endswith(".ps1"):
        balanced(Path(path).read_text())


XONSH = """
import sys
from xonsh.execer import Execer
Execer().parse(open(sys.argv[1]).read(), ctx=set())
"""


def balanced(text: str) -> None:
    """Check that PowerShell's brackets and quotes close: strings have no escapes here."""
    text = re.sub(r"#.*", "", text)
    text = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "", text)
    assert not set(text) & set("'\"`")
    while (shorter := re.sub(r"\(\s*[^(){}\[\]]*\)|\{[^(){}\[\]]*\}|\[[^(){}\[\]]*\]", "", text)) != text:
        text = shorter
    assert not set(text) & set("(){}[]")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_scoped", [False, True])
def test_what_is_made_of_a_template_has_unix_line_ends_and_nothing_left_to_fill(name: str, is_scoped: bool) -> None:
    """A carriage return would become part of a value; a placeholder would be one."""
    for values in (VALUES, NONE):
        text = fill(find_shell(name), values, scoped=is_scoped)
        assert "\r" not in text
        assert "CCLAUNCH_NAME" not in text.replace("__CCLAUNCH", "")
        assert not re.search(r"CCLAUNCH_(VALUE|HASH|MARKS)|#:|shellcheck", text)
        assert text.endswith("\n")


def test_powershell_gets_this() -> None:
    """The golden text of one variable, and of one that is gone."""
    text = fill(find_shell("pwsh"), {"A": "it's", "B": None})

    assert "    if (-not (Test-Path Env:A) -or ($before.Contains(',A:') -and -not $same)) {\n" in text
    assert "        ${env:A} = 'it''s'\n" in text
    assert f"    if ($same) {{ $after += ',A:{hash8(chr(105) + 't' + chr(39) + 's')}' }}\n" in text
    assert "    if ($before.Contains(',B:')) { Remove-Item Env:B -ErrorAction Ignore }\n" in text
    balanced(text.replace("it''s", ""))


def test_shellcheck_accepts_what_is_made_of_the_templates(tmp_path: Path) -> None:
    """With real values in it."""
    require("shellcheck")
    for name in ("bash", "sh", "ksh", "mksh"):
        for is_scoped in (False, True):
            file = tmp_path / f"{name}-{is_scoped}.sh"
            file.write_text(fill(find_shell(name), NONE, scoped=is_scoped))
            dialect = {"mksh": "ksh"}.get(name, name)
            done = subprocess.run([str(shutil.which("shellcheck")), "-s", dialect, str(file)], capture_output=True, check=False)
            assert done.returncode == 0, done.stdout.decode()
