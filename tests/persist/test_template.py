"""Blocks and the file of ours that they read, in the real shells: exact environment, not a word, no process."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from guard import REPOSITORY
from real_shells import SHELLS, every_shell, exported, path_of, run
from required import require

from cclaunch import otel
from cclaunch.hot.marks import BLOCK, BY_BLOCK, BY_LAUNCH, LAST_BLOCK, hash8, mark_of, own_exports
from cclaunch.persist.content import ALL
from cclaunch.persist.template import EXPORTS, SCOPED, WHOLE, block_text, file_name, file_text
from cclaunch.shells.table import NAMES, find_shell

BASE = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}
VALUES: dict[str, str | None] = {
    **{name: "1" for name in ALL},
    otel.ENDPOINT: "http://127.0.0.1:4317",
    otel.RESOURCE_ATTRIBUTES: "cclaunch.profile=a,team=it%27s%20%24HOME%21",
}
NONE = {**VALUES, otel.RESOURCE_ATTRIBUTES: None}
TEMPLATES = sorted(path.name for path in (REPOSITORY / "shell").iterdir() if path.suffix != ".md")
KINDS = (WHOLE, EXPORTS, SCOPED)


def block(shell: str, folder: Path, values: Mapping[str, str | None] = VALUES, kind: str = EXPORTS) -> bytes:
    """Return the block of *kind* for the shell *shell* of ``SHELLS``, and have its file, in *folder*, say *values*."""
    row = find_shell(SHELLS[shell].name)
    file = folder / file_name(row)
    file.write_text(file_text(row, values))
    return block_text(row, kind, str(file), "/nonexistent").encode()


def held(environ: dict[str, str]) -> dict[str, str]:
    """Return what of *environ* is telemetry's or ours."""
    return {name: value for name, value in environ.items() if name in ALL or "CCLAUNCH" in name.upper()}


def marked(values: Mapping[str, str | None]) -> str:
    """Return the mark of a block that exported *values*."""
    return mark_of(BY_BLOCK, {name: value for name, value in values.items() if value is not None})


@every_shell
def test_a_strict_shell_gets_exactly_this_and_says_nothing_a27(shell: str, tmp_path: Path) -> None:
    """A 27: every mistake would end it; scp, rsync and a prompt that is drawn at once take no word."""
    found = held(exported(run(shell, block(shell, tmp_path, kind=WHOLE), tmp_path, BASE)))

    assert found == {**VALUES, BLOCK: marked(VALUES)}
    assert len(f"{BLOCK}={found[BLOCK]}") <= 80
    assert own_exports(found, ALL) == set(VALUES)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "dash", "ksh", "mksh", "yash", "tcsh", "busybox"])
def test_the_block_is_no_failure_of_its_last_command_a27(shell: str, tmp_path: Path) -> None:
    """A 27: its status is 0, fresh and in a shell inside a shell."""
    status = "$status" if shell in ("fish", "tcsh") else "$?"
    for environ in (BASE, {**BASE, **held(exported(run(shell, block(shell, tmp_path), tmp_path, BASE)))}):
        file = tmp_path / "rc"
        file.write_bytes(block(shell, tmp_path, kind=WHOLE))
        source = "source" if shell in ("fish", "tcsh") else "."
        done = run(shell, f"{source} {file}\necho {status}".encode(), tmp_path, environ, dump="")

        assert (done.stdout, done.stderr) == (b"0\n", b"")


@every_shell
def test_what_a_hand_exported_stays_a36(shell: str, tmp_path: Path) -> None:
    """A 36: also when it is empty, and a launch will not take it for ours."""
    by_hand = {otel.ENDPOINT: "http://mine:1", otel.LOG_USER_PROMPTS: ""}

    found = held(exported(run(shell, block(shell, tmp_path), tmp_path, {**BASE, **by_hand})))

    assert {name: found[name] for name in by_hand} == by_hand
    assert own_exports(found, ALL) == set(VALUES) - set(by_hand)


@every_shell
def test_a_shell_inside_a_shell_takes_the_newer_block(shell: str, tmp_path: Path) -> None:
    """What an older block had set is replaced, or taken back; what was set by hand in between is not."""
    first = held(exported(run(shell, block(shell, tmp_path), tmp_path, BASE)))
    first[otel.LOG_TOOL_DETAILS] = "by hand"
    newer = {**VALUES, otel.ENDPOINT: "http://127.0.0.1:9", otel.RESOURCE_ATTRIBUTES: None}

    found = held(exported(run(shell, block(shell, tmp_path, newer), tmp_path, {**BASE, **first})))

    kept = {otel.LOG_TOOL_DETAILS: "by hand"}
    wanted = {name: value for name, value in {**newer, **kept}.items() if value is not None}
    assert {name: value for name, value in found.items() if name in ALL} == wanted
    assert own_exports(found, ALL) == set(wanted) - set(kept)


@every_shell
def test_the_same_block_twice_changes_nothing(shell: str, tmp_path: Path) -> None:
    """A shell in a shell in a shell: nothing grows."""
    first = held(exported(run(shell, block(shell, tmp_path), tmp_path, BASE)))

    assert held(exported(run(shell, block(shell, tmp_path), tmp_path, {**BASE, **first}))) == first


def old_mark(exported: Mapping[str, str]) -> str:
    """Return the mark of a first release for what was *exported*."""
    return ",".join(f"{name}:{hash8(value)}" for name, value in exported.items())


@pytest.mark.parametrize("release", ["this one", "0.1.1"])
@every_shell
def test_what_a_launch_or_env_exported_is_left_alone(shell: str, release: str, tmp_path: Path) -> None:
    """Scripts of some shells read their rc file too: an id of a launch's must survive that."""
    launched = {otel.RESOURCE_ATTRIBUTES: "service.instance.id=1", otel.ENDPOINT: "http://127.0.0.1:7"}
    launched[BLOCK] = mark_of(BY_LAUNCH, launched) if release == "this one" else old_mark(launched)

    found = held(exported(run(shell, block(shell, tmp_path), tmp_path, {**BASE, **launched})))

    assert {name: found[name] for name in launched if name != BLOCK} == {k: v for k, v in launched.items() if k != BLOCK}
    assert own_exports(found, ALL) == set(VALUES)


@every_shell
def test_what_a_first_releases_block_exported_is_replaced(shell: str, tmp_path: Path) -> None:
    """In a terminal of a session that is older than the upgrade."""
    old = {otel.RESOURCE_ATTRIBUTES: "cclaunch.profile=b", otel.ENDPOINT: "http://127.0.0.1:7"}
    old |= {BLOCK: f",{old_mark(old)}", LAST_BLOCK: f",{old_mark(old)}", otel.LOG_TOOL_DETAILS: "by hand"}

    found = held(exported(run(shell, block(shell, tmp_path), tmp_path, {**BASE, **old})))

    assert found == {**VALUES, otel.LOG_TOOL_DETAILS: "by hand", BLOCK: found[BLOCK]}
    assert own_exports(found, ALL) == set(VALUES) - {otel.LOG_TOOL_DETAILS}


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
    found = held(exported(run(shell, HOSTILE[how][1].encode() + block(shell, tmp_path, kind=WHOLE), tmp_path, BASE)))

    assert {name: found.get(name) for name in VALUES} == VALUES


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "dash", "ksh", "mksh", "yash", "tcsh", "csh", "busybox"])
def test_no_process_is_started(shell: str, kind: str, tmp_path: Path) -> None:
    """Not one more than for an empty file: it costs nothing, and works when cclaunch is gone (A 38)."""
    require("strace")

    assert processes(shell, tmp_path, block(shell, tmp_path, kind=kind)) == processes(shell, tmp_path, b"")


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


ODD = ("missing", "empty", "a directory", "a pipe", "a link to nowhere", "unreadable", "somebody else's")


@pytest.mark.parametrize("what", ODD)
@every_shell
def test_a_file_of_ours_that_cannot_be_trusted_is_left_alone(shell: str, what: str, tmp_path: Path) -> None:
    """Not a word, no waiting, the five exports."""
    text = block(shell, tmp_path)
    file = tmp_path / file_name(find_shell(SHELLS[shell].name))
    data = file.read_bytes()
    file.unlink()
    if what == "empty":
        file.touch()
    elif what == "a directory":
        file.mkdir()
    elif what == "a pipe":
        os.mkfifo(file)
    elif what == "a link to nowhere":
        file.symlink_to("nowhere")
    elif what in ("unreadable", "somebody else's"):
        file.write_bytes(data)
        file.chmod(0o000 if what == "unreadable" else 0o644)
        if os.geteuid() == 0:  # root reads everything, so what is another user's stands for both
            os.chown(file, 65534, 65534)
        if (what == "unreadable" and os.geteuid() == 0) or (what == "somebody else's" and (os.geteuid() or shell in UNOWNED)):
            pytest.skip("this user may read it, or this shell cannot tell whose it is")

    found = held(exported(run(shell, text, tmp_path, BASE)))

    assert found == otel.SEED


UNOWNED = ("posh", "nu", "elvish", "xonsh")
"""Shells that cannot ask whose a file is."""


class Loop(NamedTuple):
    """How a shell does something for each cut: *start* and *end* of a loop that sets HOME, to *unset*, and to *show* all."""

    start: str
    end: str
    unset: str
    show: str


POSIX_LOOP = Loop(
    "n=0; while [ $n -le {last} ]; do HOME={cuts}/$n", "n=$((n+1)); done", "unset {names}", 'echo "[$?]$HOME\t{shown}"'
)
LOOPS = {
    "fish": Loop(
        "for n in (seq 0 {last})\nset -gx HOME {cuts}/$n",
        "end",
        "set -e {names}",
        'echo "[$status]$HOME"; ' + "; ".join(f'echo "{name}=${name}"' for name in (*ALL, BLOCK)),
    ),
    "nu": Loop(
        'for n in 0..{last} {{\n$env.HOME = $"{cuts}/($n)"', "}}", "hide-env -i {names}", 'print $"[0]($env.HOME)"; ^env | print'
    ),
    "xonsh": Loop(
        "for n in range({last} + 1):\n    $HOME = '{cuts}/' + str(n)",
        "",
        "    for name in '{names}'.split(): ${{...}}.pop(name, None)",
        "    print('[0]' + $HOME)\n    for name in '{names}'.split(): print(name + '=' + str(${{...}}.get(name, '')))",
    ),
    "elvish": Loop(
        "range 0 (+ 1 {last}) | each {{|n|\nset-env HOME {cuts}/$n",
        "}}",
        "each $unset-env~ [{names}]",
        "echo '[0]'$E:HOME; " + "; ".join(f"echo {name}=$E:{name}" for name in (*ALL, BLOCK)),
    ),
}


@every_shell
def test_a_file_of_ours_that_is_cut_off_anywhere_counts_for_nothing(shell: str, tmp_path: Path) -> None:
    """
    Not a word, no failure, the five exports as they fall back, nothing of the rest: at every byte, in a strict shell.

    csh is slow, and its file long: what lies between the first variables and the last is more of the same.
    """
    row = find_shell(SHELLS[shell].name)
    data = file_text(row, VALUES).encode()
    cuts, name = tmp_path / "cuts", file_name(row)
    numbers = [*range(len(data) + 1)]
    if shell in ("tcsh", "csh"):
        numbers[1500:-500] = []
    for number in numbers:
        (cuts / str(number)).mkdir(parents=True)
        (cuts / str(number) / name).write_bytes(data[:number])
    text = block_text(row, EXPORTS, f"/home/{name}", "/home")
    loop = LOOPS.get(shell, POSIX_LOOP)
    known = (*ALL, BLOCK)
    words = {"last": len(data), "cuts": cuts, "names": " ".join(known)}
    words["shown"] = "\t".join(f"{name}=${{{name}-}}" for name in known)
    parts = [loop.start, loop.unset, "{text}", loop.show, loop.end]
    inside = text if shell != "xonsh" else text.replace("\n", "\n    ").join(("    ", ""))
    script = "\n".join(part.format(**words, text=inside) for part in parts)
    if shell in ("tcsh", "csh"):  # the older one loses its way in a loop that reads another file
        around = "\n".join([*(f"unsetenv {name}" for name in known), text, 'echo "[$status]$home"; env'])
        script = "\n".join(f"set home = {cuts}/{number}\n{around}\n" for number in numbers)

    file = tmp_path / f"script{SHELLS[shell].suffix}"
    file.write_text(SHELLS[shell].strict + script)
    # a strict tcsh ends at the half of a command, whoever reads the file: a word of ours is cut in three places
    read = [word.replace("{script}", str(file)) for word in SHELLS[shell].read if (shell, word) != ("tcsh", "-e")]
    done = subprocess.run([path_of(shell), *read], env=BASE, cwd=tmp_path, capture_output=True, timeout=120, check=False)

    assert (done.returncode, done.stderr) == (0, b""), done.stderr[:500]
    seen: dict[int, dict[str, str]] = {}
    for said in done.stdout.decode().split("[0]")[1:]:
        path, *pairs = re.split(r"[\t\n]|\\t", said)
        found = dict(pair.split("=", 1) for pair in pairs if pair.split("=")[0] in known)
        seen[int(Path(path).name)] = {name: value for name, value in found.items() if value}
    assert list(seen) == numbers
    whole = {number for number, found in seen.items() if found != otel.SEED}
    assert whole <= {len(data) - 1, len(data)}
    assert seen[len(data)] == {**VALUES, BLOCK: marked(VALUES)}


@pytest.mark.parametrize("shell", ["bash", "zsh", "dash", "ksh", "mksh", "yash", "fish", "tcsh", "csh"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_block_is_a_dozen_lines_at_most(shell: str, kind: str, tmp_path: Path) -> None:
    """So that a person can review it; none of them depends on a profile or a port."""
    text = block(shell, tmp_path, kind=kind)

    assert len(text.splitlines()) <= 12
    assert text == block(shell, tmp_path, NONE, kind)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [WHOLE, SCOPED])
def test_a_block_that_changes_claude_says_how_to_get_past_it(name: str, kind: str) -> None:
    """In its first line, a comment."""
    first = block_text(find_shell(name), kind, "/f", "/h").splitlines()[0]

    assert first.startswith("# ")
    assert all(word in first for word in ("claude", "`, CCLAUNCH_DISABLE=1", "`cclaunch unpersist`"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_a_valid_script(name: str) -> None:
    """Before anything is filled in."""
    path = str(REPOSITORY / "shell" / name)
    checks = {
        "sh": [["shellcheck", path], *([path_of(one), "-n", path] for one in ("dash", "bash", "zsh", "ksh", "mksh", "yash"))],
        "bash": [["shellcheck", path], *([path_of(one), "-n", path] for one in ("bash", "zsh", "ksh", "mksh", "yash"))],
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
def test_what_is_made_of_a_template_has_unix_line_ends_and_nothing_left_to_fill(name: str) -> None:
    """A carriage return would become part of a value; a placeholder would be one."""
    row = find_shell(name)
    for text in [block_text(row, kind, "/f", "/h") for kind in KINDS] + [file_text(row, values) for values in (VALUES, NONE)]:
        assert "\r" not in text
        assert "CCLAUNCH_NAME" not in text.replace("__CCLAUNCH", "")
        assert not re.search(r"CCLAUNCH_(VALUE|HASH|KEY|FILE)|#:", text)
        assert text.endswith("\n")


def test_powershell_gets_this() -> None:
    """The golden text of one variable, and of one that is gone; and of the block."""
    row = find_shell("pwsh")
    text = file_text(row, {"A": "it's", "B": None})
    exported_text = block_text(row, WHOLE, "/h/x/env.ps1", "/h")
    entry = mark_of("", {"A": "it's"})

    assert f"    $same = $block -and $before.Contains('{entry}') -and (Test-Path Env:A)\n" in text
    assert "        ${env:A} = 'it''s'\n" in text
    assert "{ Remove-Item Env:B -ErrorAction Ignore }\n" in text
    assert (
        """try { if (Test-Path -LiteralPath "$HOME/x/env.ps1" -PathType Leaf) { . "$HOME/x/env.ps1" } } catch { }\n"""
        in exported_text
    )
    assert "if (-not (Test-Path Env:OTEL_LOGS_EXPORTER)) { ${env:OTEL_LOGS_EXPORTER} = 'otlp' }\n" in exported_text
    assert "$words = if ($program.Name -like 'cclaunch*') { @('--') + $args } else { $args }\n" in exported_text
    balanced(text.replace("it''s", ""))
    balanced(exported_text)


def test_what_nushell_reads_is_json() -> None:
    """It parses a script before it runs it, so what changes cannot be one."""
    rows = json.loads(file_text(find_shell("nu"), NONE))["rows"]

    assert {row["name"]: row["value"] for row in rows} == NONE


def test_shellcheck_accepts_what_is_made_of_the_templates(tmp_path: Path) -> None:
    """With real values in it."""
    require("shellcheck")
    for name in ("bash", "sh", "ksh", "mksh"):
        row = find_shell(name)
        texts = {kind: block_text(row, kind, "/f", "/h") for kind in KINDS} | {"file": file_text(row, NONE)}
        for kind, text in texts.items():
            file = tmp_path / f"{name}-{kind}.sh"
            file.write_text(text)
            command = [str(shutil.which("shellcheck")), "-s", {"mksh": "ksh"}.get(name, name), *UNFOLLOWED, str(file)]
            done = subprocess.run(command, capture_output=True, check=False)
            assert done.returncode == 0, done.stdout.decode()


UNFOLLOWED = ("-e", "SC1090,SC1091,SC2319,SC3067")
"""A file that is known only when it is read, and ``-O``, which is asked for beside a way out."""
