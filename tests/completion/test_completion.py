"""F 89: the completion scripts in the shells themselves: what they offer, what they start, and that they are current."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import completing
import pexpect
import pytest
import real_claude
from completing import SCRIPTS, SHELLS, bash
from guard import REPOSITORY
from required import missing, require
from runners import Verb
from sandbox import Sandbox
from shells_here import calm_fish, shell_here

from cclaunch import cli
from cclaunch.completion.claude_words import CHOICES, OPTIONS, SUBCOMMANDS
from cclaunch.completion.files import generated
from cclaunch.completion.tree import DATES
from cclaunch.hot.paths import our_paths
from cclaunch.profiles.disk import keep_names
from cclaunch.reports.dates import parse_moment

DYNAMIC = ("bash", "zsh", "fish")
"""Those that can be asked for profiles without a terminal."""


@pytest.fixture
def names(sandbox: Sandbox) -> Callable[..., None]:
    """Write the file of profile names; the fixture's value does it."""

    def write(text: str = "prod\nweb\n") -> None:
        path = Path(our_paths(sandbox.environ).state) / "profile-names"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    write()
    return write


@pytest.mark.parametrize("name", ["cclaunch.bash", "_cclaunch", "cclaunch.fish", "cclaunch.nu", "cclaunch.ps1"])
def test_89_the_committed_scripts_are_current(name: str) -> None:
    """`python -m cclaunch.completion` would change nothing."""
    assert (SCRIPTS / name).read_text() == generated(cli.group())[name], "python -m cclaunch.completion"


def test_89_one_command_tells_and_writes_what_is_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--check writes nothing and ends with 1."""
    from cclaunch.completion import __main__ as door

    monkeypatch.setattr(door, "FOLDER", tmp_path)

    assert door.main(["--check"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert door.main([]) == 0
    assert door.main(["--check"]) == 0
    assert (tmp_path / "cclaunch.nu").read_text() == (SCRIPTS / "cclaunch.nu").read_text()
    assert "is not current" in capsys.readouterr().err


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("usage", "--by", "da"), {"day"}),
        (("usage", "--where", "te"), {"team="}),
        (("events", "--where", "mo"), {"model="}),
        (("usage", "--since", "t"), {"today"}),
        (("usage", "--until", "y"), {"yesterday"}),
        (("persist", "--shell", "x"), {"xonsh"}),
        (("unpersist", "--shell", "z"), {"zsh"}),
        (("completions", "install", "z"), {"zsh"}),
        (("completions", "install", "--shell", "z"), {"zsh"}),
        (("env", "--shell", "x"), {"xonsh"}),
        (("profile", "set", "prod", "--prompts", ""), {"on", "off"}),
        (("stack", "di"), {"disable"}),
        (("completions", "show", "z"), {"zsh"}),
        (("stack", "down", "--v"), {"--volumes"}),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_89_values_and_parts_are_offered(sandbox: Sandbox, shell: str, words: tuple[str, ...], offered: set[str]) -> None:
    """Of choices, of --by, of a verb's parts."""
    assert SHELLS[shell](sandbox.environ, *words) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_89_behind_an_option_of_the_verb_no_part_is_offered(sandbox: Sandbox, shell: str) -> None:
    """`persist` has parts and means something by itself: options then follow."""
    found = SHELLS[shell](sandbox.environ, "persist", "--shell", "zsh", "")

    assert {"--dry-run", "--rc-file"} <= found
    assert "status" not in found
    assert "status" in SHELLS[shell](sandbox.environ, "persist", "")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "before",
    [("--",), ("+prod",), ("+prod", "--"), ("-p", "say hi"), ("--", "with 'two' words"), ("say",)],
    ids=" ".join,
)
def test_89_claudes_options_are_offered_behind_ours(sandbox: Sandbox, shell: str, before: tuple[str, ...]) -> None:
    """Behind `--`, +NAME and any first word that is not ours, also behind words with spaces."""
    assert SHELLS[shell](sandbox.environ, *before, "--strict") == {"--strict-mcp-config"}
    assert SHELLS[shell](sandbox.environ, *before, "--output-format", "str") == {"stream-json"}


@pytest.mark.parametrize("shell", SHELLS)
def test_89_claudes_own_subcommands_follow_ours(sandbox: Sandbox, shell: str) -> None:
    """Behind `--` and +NAME only, where the first of claude's words is typed."""
    ask = SHELLS[shell]

    assert ask(sandbox.environ, "--", "doc") == {"doctor"}
    assert ask(sandbox.environ, "+prod", "--", "doc") == {"doctor"}
    assert "doctor" not in ask(sandbox.environ, "--", "x", "doc")


@pytest.mark.parametrize("shell", DYNAMIC)
def test_89_nothing_is_offered_in_a_prompt(sandbox: Sandbox, shell: str) -> None:
    """What follows claude's own `--` is text."""
    assert not SHELLS[shell](sandbox.environ, "+prod", "-p", "--", "--strict") - {"FILES"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_89_a_value_is_completed_behind_an_equals_sign(sandbox: Sandbox, shell: str) -> None:
    """bash breaks the word there, so only the value is offered."""
    found = SHELLS[shell](sandbox.environ, "usage", "--by=da")

    assert found == {"day" if shell == "bash" else "--by=day"}


def test_89_bash_3_makes_one_word_of_an_equals_sign(sandbox: Sandbox) -> None:
    """And so does a bash whose COMP_WORDBREAKS somebody changed: the whole word is offered then."""
    assert bash(sandbox.environ, "usage", "--by=da", splits=False) == {"--by=day"}
    assert bash(sandbox.environ, "usage", "--by=day", "--j", splits=False) == {"--json"}
    assert bash(sandbox.environ, "usage", "--by=day", "--j") == {"--json"}


def test_89_nothing_in_the_bash_script_is_newer_than_3_2() -> None:
    """macOS has that one: words of later releases would be errors there. The one that is asked for the release may stand."""
    newer = r"compopt|mapfile|readarray|(local|declare) -[aAgn]|\$\{\w+(\^|,|@)|\|&|&>>|nosort|\[-1\]|;;&|<\(|\bEPOCH"

    text = (SCRIPTS / "cclaunch.bash").read_text()
    guarded = "if [[ $words == *= && ${BASH_VERSINFO[0]} -gt 3 ]]; then compopt -o nospace 2>/dev/null || :; fi"

    assert text.count(guarded) == 1
    assert re.findall(newer, text.replace(guarded, "")) == []


def test_89_every_date_that_is_offered_is_one_that_is_taken() -> None:
    """By --since, and by --until, which includes the day."""
    now = datetime.now(UTC)

    assert [parse_moment(word, now) < parse_moment("now", now) for word in DATES] == [True] * len(DATES)
    assert [parse_moment(word, now, end=True) > 0 for word in DATES] == [True] * len(DATES)


@pytest.mark.parametrize("shell", DYNAMIC)
def test_89_profiles_are_offered(sandbox: Sandbox, names: Callable[..., None], shell: str) -> None:
    """Behind + and where a verb takes one; not where a new name is wanted."""
    ask = SHELLS[shell]

    assert ask(sandbox.environ, "+") == {"+prod", "+web"}
    assert ask(sandbox.environ, "profile", "use", "p") == {"prod"}
    assert ask(sandbox.environ, "profile", "set", "prod", "--extends", "w") == {"web"}
    assert "prod" not in ask(sandbox.environ, "profile", "create", "p")


@pytest.mark.parametrize("shell", DYNAMIC)
def test_89_the_file_of_names_may_be_anything(sandbox: Sandbox, names: Callable[..., None], shell: str) -> None:
    """No final newline, junk that would be run or printed, a home with spaces, a pipe: names are offered, nothing hangs."""
    sandbox.environ["XDG_STATE_HOME"] = str(sandbox.home / "my state")
    names("prod\n$(touch hacked)\n-x y\n\x1b[2J\n\nlast")

    assert SHELLS[shell](sandbox.environ, "profile", "use", "") - {"--none", "--help"} == {"prod", "last"}
    path = sandbox.home / "my state/cclaunch/profile-names"
    path.unlink()
    os.mkfifo(path)
    assert SHELLS[shell](sandbox.environ, "profile", "use", "") - {"--none", "--help"} == set()


@pytest.mark.parametrize("shell", DYNAMIC)
def test_names_are_not_read_from_below_where_we_are(sandbox: Sandbox, names: Callable[..., None], shell: str) -> None:
    """A relative XDG_STATE_HOME counts as not set: what lies there is some repository's."""
    theirs = Path(sandbox.environ["TMPDIR"], "rel", "cclaunch", "profile-names")
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs\n")
    sandbox.environ["XDG_STATE_HOME"] = "rel"
    names("ours\n")

    assert SHELLS[shell](sandbox.environ, "profile", "use", "") - {"--none", "--help"} == {"ours"}


@pytest.mark.parametrize("shell", [*DYNAMIC, "nu"])
def test_89_no_process_is_started_at_tab(
    sandbox: Sandbox, names: Callable[..., None], shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither Python nor anything else: the shell itself is the only program that strace sees."""
    trace = sandbox.home / "trace"
    real = completing._lines

    def traced(command: Sequence[str], environ: Mapping[str, str]) -> set[str]:
        return real([require("strace"), "-f", "-qq", "-e", "trace=execve", "-o", str(trace), *command], environ)

    monkeypatch.setattr(completing, "_lines", traced)
    for words in (("",), ("+",), ("profile", "use", ""), ("--", ""), ("usage", "--by=d")):
        SHELLS[shell](sandbox.environ, *words)
        assert len(re.findall(r"execve\(.*= 0", trace.read_text())) == 1


def test_89_nushell_passes_words_on_as_they_are(sandbox: Sandbox) -> None:
    """An extern of ours may not change what claude gets."""
    program = sandbox.home / "bin" / "cclaunch"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nfor one; do printf '<%s>' \"$one\"; done\n")
    program.chmod(0o755)
    words = "-p --model=opus 'say hi' --debug=hooks -pv --print --unknown +x -- --help"
    code = f"source {SCRIPTS}/cclaunch.nu; cclaunch {words}"

    done = sandbox.run([shell_here("nu"), "-n", "-c", code], environ={"PATH": f"{program.parent}:/usr/bin:/bin"})

    assert done.stdout.decode() == "<-p><--model=opus><say hi><--debug=hooks><-pv><--print><--unknown><+x><--><--help>"


class Terminal:
    """An interactive shell in which somebody presses TAB."""

    def __init__(self, command: list[str], environ: dict[str, str], work: Path) -> None:
        self.terminal = pexpect.spawn(command[0], command[1:], env=environ, cwd=str(work), timeout=120, dimensions=(50, 200))

    def completed(self, line: str, wanted: str) -> None:
        """Type *line* and TAB; wait until *wanted* stands there."""
        self.terminal.send(line + "\t")
        self.terminal.expect_exact(wanted)
        self.terminal.send("\x15")

    def close(self) -> None:
        """End it."""
        self.terminal.close(force=True)


LOADED = "/usr/share/bash-completion/bash_completion"


def test_89_bash_loads_what_was_installed_at_the_first_tab(sandbox: Sandbox, names: Callable[..., None]) -> None:
    """By bash-completion, from the user's directory; exec hands over to the other command's own completion."""
    if not os.path.exists(LOADED):
        missing("bash-completion")
    assert sandbox.cclaunch("completions", "install", "--shell", "bash").returncode == 0
    (sandbox.home / "rc").write_text(f"PS1='$ '\nsource {LOADED}\ncomplete -W 'alpha beta' other\nbind 'set bell-style none'\n")
    terminal = Terminal(["bash", "--rcfile", str(sandbox.home / "rc"), "-i"], sandbox.environ, sandbox.work)
    try:
        terminal.completed("cclaunch profile use pr", "use prod ")
        terminal.completed("cclaunch usage --by=da", "--by=day ")
        terminal.completed("cclaunch usage --where te\tcore --si", "--where team=core --since ")
        terminal.completed("cclaunch -- 'a b' --strict", "--strict-mcp-config ")
        terminal.completed("cclaunch exec -- other al", "alpha ")
    finally:
        terminal.close()


def test_89_zsh_finds_it_by_compinit_also_from_its_cache(sandbox: Sandbox, names: Callable[..., None]) -> None:
    """A second zsh reads .zcompdump instead of the directories."""
    assert sandbox.cclaunch("completions", "install", "--shell", "zsh").returncode == 0
    folder = sandbox.home / ".local/share/zsh/site-functions"
    (sandbox.home / ".zshrc").write_text(
        f"PS1='$ '\nfpath=({folder} $fpath)\nautoload -Uz compinit; compinit -u\n"
        "_other() { compadd alpha }; compdef _other other\n"
    )
    for _ in range(2):
        terminal = Terminal([shell_here("zsh"), "-i"], sandbox.environ, sandbox.work)
        try:
            terminal.completed("cclaunch profile use pr", "use prod")
            terminal.completed("cclaunch usage --by=da", "--by=day")
            terminal.completed("cclaunch usage --where te\tcore --si", "--where team=core --since")
            terminal.completed("cclaunch -- 'a b' --strict", "--strict-mcp-config")
            terminal.completed("cclaunch stack ", "Start the collector")
            terminal.completed("cclaunch exec -- other al", "alpha")
        finally:
            terminal.close()
    assert (sandbox.home / ".zcompdump").exists()


def test_89_fish_finds_it_in_its_own_directory(sandbox: Sandbox, names: Callable[..., None]) -> None:
    """No configuration is needed."""
    assert sandbox.cclaunch("completions", "install", "--shell", "fish").returncode == 0
    calm_fish(sandbox.environ)
    program = sandbox.home / "bin" / "cclaunch"  # fish loads completions of what is there
    program.parent.mkdir()
    program.symlink_to("/bin/true")

    ask = [shell_here("fish"), "-c", "complete -C 'cclaunch +p'"]
    done = sandbox.run(ask, environ={"PATH": f"{program.parent}:/usr/bin:/bin"})

    assert done.stdout.decode().split("\t")[0] == "+prod"


def test_89_fish_hands_over_to_the_command_behind_exec(sandbox: Sandbox) -> None:
    """Its own completion is asked."""
    code = f"source {SCRIPTS}/cclaunch.fish; complete -c other -f -a alpha; complete -C 'cclaunch exec -- other al'"

    assert sandbox.run([shell_here("fish"), "--no-config", "-c", code]).stdout == b"alpha\n"


def test_89_nushell_loads_it_from_its_autoload_directory_and_knows_profiles(sandbox: Sandbox, names: Callable[..., None]) -> None:
    """On a terminal: only there has a completer the environment."""
    assert sandbox.cclaunch("completions", "install", "--shell", "nu").returncode == 0
    terminal = pexpect.spawn(shell_here("nu"), [], env=sandbox.environ, timeout=120, dimensions=(40, 150))
    try:
        terminal.expect_exact("\x1b[6n")
        terminal.send("\x1b[1;1R")
        terminal.send("cclaunch profile use p\t")
        while terminal.expect(["prod\x1b\\[0m", "\x1b\\[6n"]):
            terminal.send("\x1b[1;1R")
    finally:
        terminal.close(force=True)


def test_89_sourcing_a_script_says_nothing_in_strict_modes(sandbox: Sandbox) -> None:
    """bash -eu, zsh err_exit nounset, fish."""
    lines = {
        "bash": ["-euc", f"source {SCRIPTS}/cclaunch.bash"],
        "zsh": ["-f", "-o", "errexit", "-o", "nounset", "-c", f"source {SCRIPTS}/_cclaunch"],
        "fish": ["--no-config", "-c", f"source {SCRIPTS}/cclaunch.fish"],
        "nu": ["-n", "-c", f"source {SCRIPTS}/cclaunch.nu"],
    }
    for shell, words in lines.items():
        done = sandbox.run([shell_here(shell), *words])
        assert (shell, done.returncode, done.stdout, done.stderr) == (shell, 0, b"", b"")


def test_the_powershell_script_balances_its_quotes_and_brackets() -> None:
    """No PowerShell can be had: at least every string of the tables ends, and what is opened is closed."""
    text = re.sub(r"(?m)^\s*#.*$", "", (SCRIPTS / "cclaunch.ps1").read_text())
    bare = re.sub(r"'(?:[^']|'')*'", "''", text)

    assert all(bare.count(one) == bare.count(other) for one, other in ("()", "{}", "[]"))
    assert text.isascii()
    assert bare.count('"') % 2 == 0


def test_claudes_table_is_that_of_the_real_one() -> None:
    """Every option and subcommand that a release lists is in it, and nothing that neither knows."""
    listed, subcommands = set(), set()
    for version in real_claude.VERSIONS:
        found = real_claude.installed(version)
        if not found.path.exists():
            missing(f"claude {found.version}")
        done = subprocess.run([found.path, "--help"], capture_output=True, text=True, timeout=120, check=True)
        options, _, commands = done.stdout.partition("\nCommands:")
        listed |= {
            one.split()[-1]
            for line in re.findall(r"(?m)^  (-[^\s].*?)(?: [<\[].*|  .*)?$", options)
            for one in line.split(", ")[:3]
        }
        subcommands |= {word.split("|")[0] for word in re.findall(r"(?m)^  (\S+)", commands)}
    long = {one for one in listed if one.startswith("--")}

    assert set(OPTIONS) <= long
    assert long - set(OPTIONS) <= {"--allowed-tools", "--disallowed-tools", "--background"}
    assert set(CHOICES) <= set(OPTIONS)
    assert set(SUBCOMMANDS) == subcommands


def test_a_verb_that_writes_profiles_keeps_their_names(sandbox: Sandbox, verb: Verb) -> None:
    """One a line, sorted, in the state directory; gone again with the profile."""
    path = Path(our_paths(sandbox.environ).state) / "profile-names"

    verb("profile", "set", "web", "a=b")
    verb("profile", "set", "prod", "a=b")
    assert path.read_text() == "prod\nweb\n"
    verb("profile", "delete", "prod", "--yes")
    assert path.read_text() == "web\n"


def test_names_that_cannot_be_kept_cost_completions_only(sandbox: Sandbox) -> None:
    """A directory in the place of the file."""
    paths = our_paths(sandbox.environ)
    os.makedirs(f"{paths.state}/profile-names")

    keep_names(paths)


def test_the_maintainers_command_runs_as_documented(sandbox: Sandbox) -> None:
    """As a module, from the checkout."""
    done = sandbox.run([sys.executable, "-m", "cclaunch.completion", "--check"], cwd=REPOSITORY)

    assert (done.returncode, done.stderr) == (0, b"")
