"""install.sh on a terminal: what it asks, what yes and no lead to, and that it ends in claude."""

from pathlib import Path

import installing
import pexpect
import pytest
import real_claude
from doubles import FAKE_EXIT
from installing import SCRIPT, SHELLS, command_of, install, tree
from messages_api import MessagesApi
from required import missing, require
from sandbox import Sandbox

NPM = """#!/bin/sh
printf '%s\\n' "$*" >>"{calls}"
for word; do case $word in {home}/*) prefix=$word ;; esac; done
mkdir -p "$prefix/bin"
printf '#!/bin/sh\\necho "claude was given: $*"\\nexit {code}\\n' >"$prefix/bin/claude"
chmod 755 "$prefix/bin/claude"
"""
"""Stands in for npm: lays a claude where npm would lay it."""

QUESTION = "Claude Code is not installed. Run: npm install -g --prefix "


@pytest.fixture
def bare(sandbox: Sandbox) -> Sandbox:
    """A sandbox with uv and npm, no network, and no claude."""
    place = installing.offline(sandbox, claude=False)
    npm = place.home.parent / "tools/npm"
    npm.write_text(NPM.format(calls=place.home.parent / "npm-calls", home=place.home, code=FAKE_EXIT))
    npm.chmod(0o755)
    place.environ["PATH"] = f"{npm.parent}:/usr/bin:/bin"
    return place


def spawn(place: Sandbox, *words: str, shell: str = "dash", piped: bool = False) -> pexpect.spawn:
    """Run install.sh with *words* on a terminal; with *piped* as `cat install.sh | sh -s -- WORDS`."""
    program = [require(SHELLS[shell][0]), *SHELLS[shell][1:]]
    if piped:
        program = ["/bin/sh", "-c", f'cat "{SCRIPT}" | "$@"', "sh", *program, "-s", "--", *words]
    else:
        program += [str(SCRIPT), *words]
    return pexpect.spawn(
        program[0], program[1:], env=place.environ, cwd=str(place.work), timeout=120, encoding="utf-8", dimensions=(40, 400)
    )


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shell != "posh"])
def test_asked_and_answered_with_yes_it_ends_in_claude(bare: Sandbox, shell: str) -> None:
    """Read from a pipe, too: question and claude have the terminal. (posh knows no `-s`.)"""
    child = spawn(bare, "--method", "uv", "--run", "--", "mcp", "it's me", shell=shell, piped=True)
    child.expect_exact(f"{QUESTION}{bare.home}/.local @anthropic-ai/claude-code ? [y/N] ")
    child.sendline("y")
    child.expect_exact("claude was given: mcp it's me")
    child.expect(pexpect.EOF)
    child.close()

    assert child.exitstatus == FAKE_EXIT
    (call,) = (bare.home.parent / "npm-calls").read_text().splitlines()
    assert call == f"install -g --no-audit --no-fund --prefix {bare.home}/.local @anthropic-ai/claude-code"


@pytest.mark.parametrize("answer", ["n", "", "what?"])
def test_answered_with_anything_else_npm_is_not_called(bare: Sandbox, answer: str) -> None:
    """It is told how to do it later, and the launch says that there is no claude."""
    child = spawn(bare, "--method", "uv", "--run")
    child.expect_exact(QUESTION)
    child.sendline(answer)
    child.expect_exact("later: npm install -g")
    child.expect(pexpect.EOF)
    child.close()

    assert child.exitstatus == 127
    assert not (bare.home.parent / "npm-calls").exists()


def test_without_a_terminal_npm_is_not_called(bare: Sandbox) -> None:
    """Unless --yes says so."""
    said = install(bare, "--method", "uv")
    assert "later: npm install -g" in said
    assert not (bare.home.parent / "npm-calls").exists()

    install(bare, "--method", "uv", "--yes")
    assert (bare.home / ".local/bin/claude").exists()


def test_without_npm_it_is_said_where_it_comes_from(bare: Sandbox, tmp_path: Path) -> None:
    """cclaunch is installed all the same."""
    few = tmp_path / "few"
    few.mkdir()
    for name in "sh cat ls id uname grep mkdir rm rmdir mv mktemp chmod head dirname basename".split():
        (few / name).symlink_to(require(name))
    (few / "uv").symlink_to(tmp_path / "tools/uv")
    said = install(bare, "--method", "uv", environ={"PATH": str(few)})

    assert "there is no npm to install it with (it comes with Node.js: apt install npm)" in said
    assert command_of(bare).exists()


def test_an_npm_that_fails_leaves_cclaunch_installed(bare: Sandbox) -> None:
    """It is said, and it is no failure of ours."""
    (bare.home.parent / "tools/npm").write_text("#!/bin/sh\nexit 1\n")
    said = install(bare, "--method", "uv", "--yes")

    assert "npm could not install Claude Code; cclaunch is installed all the same" in said
    assert command_of(bare).exists()


@pytest.mark.parametrize(("answer", "code"), [("y", FAKE_EXIT), ("n", 1)])
def test_a_command_of_another_installer_is_asked_about(sandbox: Sandbox, answer: str, code: int) -> None:
    """Yes replaces it and ends in claude; no leaves everything as it was."""
    place = installing.offline(sandbox)
    command_of(place).parent.mkdir(parents=True)
    command_of(place).write_text("#!/bin/sh\necho theirs\n")
    before = tree(place.home)
    child = spawn(place, "--method", "uv", "--run", "--", "mcp")
    child.expect_exact("was put there by another installer. Replace it? [y/N] ")
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()

    assert child.exitstatus == code
    assert (tree(place.home) == before) == (answer == "n")


@pytest.mark.parametrize("variable", ["CI", "none"])
def test_in_ci_nothing_is_asked_even_on_a_terminal(bare: Sandbox, variable: str) -> None:
    """Many CI systems lend one; the other case shows that it would have been asked."""
    bare.environ[variable] = "true"
    child = spawn(bare, "--method", "uv")
    found = child.expect_exact([QUESTION, pexpect.EOF])
    child.close(force=True)
    assert found == (1 if variable == "CI" else 0)


@pytest.mark.real
def test_it_ends_in_the_real_claude(sandbox: Sandbox, api: MessagesApi) -> None:
    """Piped into sh on a terminal: an answer, and its events in the store."""
    claude = real_claude.installed(real_claude.VERSIONS[-1])
    if not claude.path.exists():
        missing(f"@anthropic-ai/claude-code@{claude.version}")
    place = installing.offline(sandbox, claude=False)
    place.environ["CCLAUNCH_SOURCE"] = str(installing.whole())
    real_claude.prepare(place, claude, api.url)
    child = spawn(place, "--method", "uv", "--run", "--", "-p", "say hi", piped=True)
    child.expect(pexpect.EOF)
    said = child.before or ""
    child.close()

    assert child.exitstatus == 0, said
    assert "installed cclaunch" in said
    assert api.good()
    done = place.run([str(command_of(place)), "events", "--json"])
    assert b"user_prompt" in done.stdout
