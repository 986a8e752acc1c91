"""Which shell is this: the real ones on a terminal, and recorded process tables for what cannot be had here."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Container
from pathlib import Path

import psutil
import pytest
import shellingham
from guard import REPOSITORY
from required import require
from sandbox import Sandbox
from shells_here import calm_fish, shell_here, type_into

from cclaunch.errors import UsageError
from cclaunch.shells import detect as module
from cclaunch.shells.command_line import canonical, is_glue, shell_of
from cclaunch.shells.detect import Ancestor, detect, reader, weigh_chain
from cclaunch.shells.table import NAMES as SHELLS

ASK = f"""#!{sys.executable}
import json, os, sys
sys.path.insert(0, {str(REPOSITORY)!r})
from cclaunch.shells import detect
found = {{"person": detect.detect(os.environ), "reader": detect.reader(os.environ), "shellingham": detect._shellingham()}}
with open(sys.argv[1] + ".part", "w") as file:
    json.dump(found, file)
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""


class Asked:
    """What a program that runs in some shell sees: the person's shell, the reader of its output, shellingham's opinion."""

    def __init__(self, path: Path) -> None:
        found = json.loads(path.read_text())
        self.person, self.source, self.reason = found["person"]
        self.reader = found["reader"][0]
        self.shellingham = found["shellingham"]


@pytest.fixture
def ask(sandbox: Sandbox) -> tuple[str, Path]:
    """A program `ask FILE` on the PATH that writes down what it detects; the fixture's value is (its command line, the file)."""
    path = sandbox.home / "bin" / "ask"
    path.parent.mkdir()
    path.write_text(ASK)
    path.chmod(0o755)
    sandbox.environ["PATH"] = f"{path.parent}:{sandbox.environ['PATH']}"
    sandbox.environ["SHELL"] = "/bin/false"
    calm_fish(sandbox.environ)
    answer = sandbox.work / "answer"
    return f"ask {answer}", answer


@pytest.fixture
def typed(sandbox: Sandbox, ask: tuple[str, Path]) -> Callable[..., Asked]:
    """Type `ask` into *command* on a terminal and return what it saw."""
    line, answer = ask

    def run(*command: str, line: str = line, ready: bytes = b"", **environ: str) -> Asked:
        type_into(command, line, answer, sandbox.environment(environ), ready=ready)
        return Asked(answer)

    return run


@pytest.fixture
def asked(sandbox: Sandbox, ask: tuple[str, Path]) -> Callable[..., Asked]:
    """Run *command*, which runs `ask`, without a terminal and return what it saw."""

    def run(*command: str, **environ: str) -> Asked:
        done = sandbox.run(command, environ=environ)
        assert done.returncode == 0, done.stderr
        return Asked(ask[1])

    return run


def chain(*lines: str | tuple[str, tuple[str, ...]], piped: Container[int] = ()) -> list[Ancestor]:
    """Return a recorded process table, the nearest first; *lines* are command lines, a tuple is (short name, words)."""
    made = []
    for pid, line in enumerate(lines, 1000):
        name, words = line if isinstance(line, tuple) else (line.split()[0].rpartition("/")[2][:15], tuple(line.split()))
        made.append(Ancestor(pid, name, words, pid - 1000 in piped))
    return made


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_64_the_shell_that_runs_counts_and_not_the_one_of_SHELL(typed: Callable[..., Asked], shell: str) -> None:
    """SHELL is what somebody logged in with."""
    found = typed(shell_here(shell), SHELL="/bin/ksh")

    assert (found.person, found.source) == (shell, "process")


def test_65_a_login_shell_is_itself_whatever_SHELL_says(sandbox: Sandbox, typed: Callable[..., Asked]) -> None:
    """shellingham takes SHELL's word for `-zsh`."""
    code = "import os, sys; os.execv(sys.argv[1], ['-zsh'])"

    found = typed(sys.executable, "-c", code, shell_here("zsh"), SHELL="/bin/bash")

    assert (found.shellingham, found.person) == ("bash", "zsh")
    assert "`-zsh`, though shellingham takes it for bash" in found.reason


def test_66_the_shell_that_remains_is_named_when_another_was_replaced(typed: Callable[..., Asked], ask: tuple[str, Path]) -> None:
    """`sh` runs `bash -c COMMAND`, which becomes the command: only sh is left to be seen."""
    found = typed(shell_here("dash"), line=f"bash -c '{ask[0]}'")

    assert found.person == "sh"


ODD = [
    (("mksh",), "mksh"),
    (("yash",), "yash"),
    (("posh",), "sh"),
    (("bsd-csh",), "csh"),
    (("tcsh",), "tcsh"),
    (("busybox", "ash"), "sh"),
]


@pytest.mark.parametrize(("command", "name"), ODD, ids=lambda one: one if isinstance(one, str) else " ".join(one))
def test_67_a_shell_that_shellingham_skips_is_found_inside_of_bash(
    typed: Callable[..., Asked], command: tuple[str, ...], name: str
) -> None:
    """It would report the bash outside, or SHELL."""
    program = require("csh") and require(command[0])

    found = typed("bash", "--norc", "-c", f"{program} {' '.join(command[1:])}; :", SHELL="/bin/bash")

    assert (found.shellingham, found.person, found.source) == ("bash", name, "process")


def test_67_a_shell_with_a_version_in_its_name_is_found(sandbox: Sandbox, typed: Callable[..., Asked]) -> None:
    """`zsh-5.9` is how Debian and Homebrew name the file behind the link."""
    program = sandbox.home / "bin" / "zsh-5.9"
    program.symlink_to(shell_here("zsh"))

    assert typed(str(program)).person == "zsh"


NAMES = [
    ("/usr/local/bin/zsh-5.9", "zsh"),
    ("-bash", "bash"),
    ("bash5", "bash"),
    ("ksh93", "ksh"),
    ("mksh-static", "mksh"),
    ("bash-static", "bash"),
    (r"C:\Program Files\PowerShell\7\pwsh.exe", "pwsh"),
    ("powershell", "pwsh"),
    ("nushell", "nu"),
    ("lksh", "mksh"),
    ("-usr/bin/tcsh", "tcsh"),
    ("bashful", ""),
    ("sshd", ""),
    ("nologin", ""),
    ("", ""),
    ("-", ""),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_67_a_name_is_understood_or_not_a_shells(name: str, expected: str) -> None:
    """Paths, versions, login dashes, capitals and variants."""
    assert canonical(name) == expected


@pytest.mark.parametrize(
    "wrapped",
    [
        "wrapper",
        "make -s -f makefile",
        "sh -c '{ask}; :'",
        "bash -euo pipefail -c '{ask}; :'",
        "{python} -c 'import os; os.system(\"{ask}; :\")'",
        "echo '{ask}; :' | sh",
    ],
)
def test_68_what_runs_a_command_is_not_the_persons_shell(
    sandbox: Sandbox, typed: Callable[..., Asked], ask: tuple[str, Path], wrapped: str
) -> None:
    """A `#!/bin/sh` wrapper, make, os.system, a script from a pipe: the terminal's shell is above them."""
    require("make")
    wrapper = sandbox.home / "bin" / "wrapper"
    wrapper.write_text(f"#!/bin/sh\n{ask[0]}\n:\n")
    wrapper.chmod(0o755)
    (sandbox.work / "makefile").write_text(f"all:\n\t{ask[0]}; :\n")

    found = typed(shell_here("zsh"), "-f", line=wrapped.format(ask=ask[0], python=sys.executable))

    assert (found.person, found.shellingham, found.reader in ("sh", "bash")) == ("zsh", found.reader, True)


NPM = ("sh -c ask", "npm run ask", "-fish", "login -p")


def test_68_npm_is_not_the_persons_shell() -> None:
    """A recorded table: npm runs `sh -c`."""
    assert weigh_chain(chain(*NPM), "sh", {"SHELL": "/bin/bash"})[:2] == ("fish", "process")


def test_69_more_than_ten_processes_are_no_limit(typed: Callable[..., Asked], ask: tuple[str, Path]) -> None:
    """shellingham gives up after ten."""
    nested = ask[0]
    for _ in range(12):
        nested = f"timeout --foreground 30 {nested}"

    found = typed(shell_here("fish"), line=nested)

    assert (found.shellingham, found.person) == ("", "fish")


@pytest.mark.parametrize("error", [psutil.AccessDenied(1), psutil.NoSuchProcess(1), PermissionError(1, "hidepid"), TypeError()])
def test_70_a_process_table_that_cannot_be_read_leaves_SHELL(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """hidepid, a process that has just ended, a surprise: none is raised."""

    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(psutil, "Process", fails)
    monkeypatch.setattr(shellingham, "detect_shell", fails)

    assert detect({"SHELL": "/usr/bin/fish"})[:2] == ("fish", "SHELL")
    assert reader({"SHELL": "/usr/bin/fish"}).name == ""


def test_70_without_proc_and_ps_SHELL_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A container without /proc."""
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    monkeypatch.setattr(module, "_shellingham", lambda: "")

    assert detect({"SHELL": "/bin/zsh"})[:2] == ("zsh", "SHELL")


def test_70_an_empty_command_line_is_no_end_of_the_search() -> None:
    """Kernel threads and programs that wipe their words have none; the short name has to do."""
    assert weigh_chain(chain(("zombie", ()), ("zsh", ())), "", {})[:2] == ("zsh", "process")
    assert weigh_chain(chain(("xonsh", ("",))), "", {}).name == "xonsh"


def test_70_shellingham_is_believed_where_no_process_can_be_seen() -> None:
    """It may have asked ps."""
    assert weigh_chain([], "fish", {"SHELL": "/bin/zsh"})[:2] == ("fish", "process")


def test_70_a_process_table_that_hangs_costs_the_deadline_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the command line of a process that does not die can wait for ever."""
    hangs = threading.Event()
    monkeypatch.setattr(module, "ancestors", lambda: hangs.wait(600) and ())
    monkeypatch.setattr(module, "DEADLINE_S", 0.2)
    began = time.monotonic()

    found = detect({"SHELL": "/bin/zsh"})

    hangs.set()
    assert (found.name, time.monotonic() - began < 60) == ("zsh", True)


def test_70_another_users_shell_is_not_ours() -> None:
    """`sudo -u`: the shell above belongs to whoever called sudo."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        os.write(writing, repr(module.ancestors()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)

    with open(reading, "rb") as answer:
        assert (module.ancestors() != (), answer.read()) == (True, b"()")


def test_71_a_pane_of_tmux_is_a_shell_of_its_own(sandbox: Sandbox, ask: tuple[str, Path]) -> None:
    """The server stands above it, not the shell that started the server."""
    line, answer = ask
    socket = str(sandbox.home / "tmux")
    tmux = [require("tmux"), "-S", socket, "-f", "/dev/null"]
    try:
        words = " ".join(tmux)
        code = f"{words} new-session -d {shell_here('fish')}; {words} send-keys '{line}' Enter"
        done = sandbox.run(["bash", "-c", code], environ={"SHELL": "/bin/sh"})
        assert done.returncode == 0, done.stderr
        wait_for(answer)
    finally:
        sandbox.run([*tmux, "kill-server"])

    assert Asked(answer).person == "fish"


def test_71_a_window_of_screen_is_a_shell_of_its_own(sandbox: Sandbox, ask: tuple[str, Path]) -> None:
    """screen's server stands above it."""
    line, answer = ask
    environ = {"SCREENDIR": str(sandbox.home / "screens"), "SHELL": "/bin/bash"}
    os.mkdir(environ["SCREENDIR"], 0o700)
    screen = require("screen")
    try:
        sandbox.run([screen, "-c", "/dev/null", "-dmS", "t", shell_here("zsh"), "-f"], environ=environ)
        sandbox.run([screen, "-S", "t", "-X", "stuff", f"{line}\n"], environ=environ)
        wait_for(answer)
    finally:
        sandbox.run([screen, "-S", "t", "-X", "quit"], environ=environ)

    assert Asked(answer).person == "zsh"


def wait_for(path: Path) -> None:
    """Wait until *path* is there."""
    until = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_71_what_script_records_is_the_shell_inside(typed: Callable[..., Asked]) -> None:
    """script(1) runs a shell below the one that it was called from."""
    require("script")
    found = typed("bash", "--norc", "-c", f"script -qc {shell_here('fish')} /dev/null; :", SHELL="/bin/sh")

    assert found.person == "fish"


PLACES = {
    "ssh host, a login shell": (("-fish", "sshd: me@pts/1", "sshd: me [priv]"), "", "fish", "process"),
    "ssh host COMMAND": (("bash -c ask", "sshd: me@notty"), "/usr/bin/zsh", "zsh", "SHELL"),
    "su -s": (("/bin/zsh", "su -s /bin/zsh bob"), "/bin/bash", "zsh", "process"),
    "sudo -i": (("-bash", "sudo -i"), "/bin/zsh", "bash", "process"),
    "cron": (("/bin/sh -c ask", "/usr/sbin/CRON -f"), "/bin/sh", "sh", "SHELL"),
    "cron without SHELL": (("/bin/sh -c ask", "/usr/sbin/CRON -f"), "", "sh", "command"),
    "systemd-run": (("/lib/systemd/systemd --user",), "", "", ""),
    "docker exec": (("bash",), "", "bash", "process"),
    "VS Code's terminal": (
        ("/bin/bash --init-file /usr/share/code/shellIntegration-bash.sh", "/usr/share/code/code --type=utility"),
        "/bin/zsh",
        "bash",
        "process",
    ),
    "VS Code's PowerShell": (
        ("/usr/bin/pwsh -noexit -command try{.}catch{}", "/usr/share/code/code --type=utility"),
        "/bin/zsh",
        "pwsh",
        "process",
    ),
    "VS Code's task": (("/bin/zsh -l -i -c ask", "/usr/share/code/code --type=utility"), "/bin/fish", "fish", "SHELL"),
    "JetBrains": (("/bin/zsh -i", "/opt/idea/jbr/bin/java -cp x"), "/bin/bash", "zsh", "process"),
    "claude's Bash tool": (
        ("/bin/bash -c -l source /tmp/snapshot.sh && eval 'ask'", "claude -p hi", "-zsh", "/usr/bin/login"),
        "/bin/bash",
        "zsh",
        "process",
    ),
    "claude's Bash tool below an IDE": (("/bin/bash -c ask", "claude", "/opt/code"), "/usr/bin/fish", "fish", "SHELL"),
    "WSL": (("-bash", "/init", "/init"), "/bin/zsh", "bash", "process"),
    "WSL from cmd.exe": ((("Relay(9)", ("/init",)), ("cmd.exe", ("cmd.exe", "/c", "wsl"))), "", "", ""),
    "Git Bash": (("/usr/bin/bash.exe --login -i", "C:/Git/git-bash.exe"), "", "bash", "process"),
    "Rosetta": (("/usr/libexec/rosetta /bin/zsh -l",), "/bin/bash", "zsh", "process"),
    "QEMU": (("/usr/bin/qemu-aarch64-static /usr/bin/fish",), "", "fish", "process"),
}


@pytest.mark.parametrize("place", PLACES)
def test_71_every_place_has_its_shell(place: str) -> None:
    """Recorded process tables of places that cannot be had here."""
    lines, variable, name, source = PLACES[place]

    found = weigh_chain(chain(*lines), "", {"SHELL": variable} if variable else {})

    assert found[:2] == (name, source)
    assert found.reason


@pytest.mark.parametrize(
    "variables", [{"NU_VERSION": "0.115.1"}, {"PSModulePath": "/opt/microsoft/powershell"}, {"ZDOTDIR": "/tmp/vscode-zsh"}]
)
def test_72_variables_that_children_inherit_are_no_witness(typed: Callable[..., Asked], variables: dict[str, str]) -> None:
    """bash below Nushell or PowerShell is bash."""
    assert typed("bash", "--norc", **variables).person == "bash"


def test_72_bash_inside_of_nushell_is_bash(sandbox: Sandbox, typed: Callable[..., Asked]) -> None:
    """Really: Nushell starts it and exports NU_VERSION."""
    assert typed(shell_here("nu"), "-c", "^bash --norc").person == "bash"


@pytest.mark.parametrize(("shell", "ready"), [("nu", b"\x1b[6n"), ("elvish", b""), ("xonsh", b"@")])
def test_73_the_newer_shells_are_found(typed: Callable[..., Asked], shell: str, ready: bytes) -> None:
    """xonsh is a script that Python runs."""
    found = typed(shell_here(shell), ready=ready)

    assert (found.person, found.reader) == (shell, shell)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("-nu", "nu"),
        ("-elvish", "elvish"),
        ("/usr/bin/python3.12 -u /usr/bin/xonsh --no-rc", "xonsh"),
        ("python3 -m xonsh", "xonsh"),
        ("python3 app.py xonsh", ""),
        ("rbash", "bash"),
        ("-rzsh", "zsh"),
        ("busybox sh", "sh"),
        ("busybox vi", ""),
        ("sh", "sh"),
    ],
)
def test_73_a_command_line_is_a_shells_or_not(line: str, name: str) -> None:
    """Login dashes, interpreters, restricted shells, busybox."""
    assert shell_of("other", line.split()) == name


def test_73_a_restricted_bash_is_bash(typed: Callable[..., Asked]) -> None:
    """It may run what is on its PATH."""
    assert typed(require("rbash"), "--norc").person == "bash"


TYPED_INTO = ["bash", "bash -l", "bash --norc -i", "bash --rcfile x", "bash -O extglob +O y", "sh -s", "zsh -o vi", "fish -C x"]
TYPED_INTO += [
    "nu --config x -e y",
    "pwsh -NoLogo -NoExit -Command x",
    "elvish -rc x",
    "python3 -u xonsh --rc x",
    "-tcsh",
    "ksh -o vi",
]
COMMANDS = [
    "bash -c x",
    "bash -lc x",
    "bash x.sh",
    "sh -e x.sh",
    "fish --command=x",
    "nu -c x",
    "nu --commands x",
    "nu x.nu",
    "zsh -- x",
]
COMMANDS += [
    "pwsh -File x",
    "pwsh -Command x",
    "elvish -c x",
    "python3 xonsh -c x",
    "tcsh -c x",
    "bash -euo pipefail x",
    "busybox sh -c x",
]


@pytest.mark.parametrize("line", [*TYPED_INTO, *COMMANDS])
def test_73_a_shell_that_runs_a_command_is_told_from_a_terminals(line: str) -> None:
    """By its words: values of options are no scripts."""
    words = line.split()

    assert is_glue(shell_of("", words), words) is (line in COMMANDS)


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        (None, ""),
        ("", ""),
        ("zsh", "zsh"),
        ("/opt/my shells/fish", "fish"),
        ("/usr/sbin/nologin", ""),
        ("/bin/false", ""),
        ("/opt/gone/zsh", "zsh"),
        ("/bin/zsh/", ""),
    ],
)
def test_74_whatever_SHELL_holds_is_answered(variable: str | None, name: str) -> None:
    """Unset, empty, relative, with spaces, no shell at all, not there."""
    found = weigh_chain((), "", {} if variable is None else {"SHELL": variable})

    assert found.name == name
    assert ("does not exist" in found.reason) is (variable in ("/opt/gone/zsh", "/opt/my shells/fish"))


def test_75_the_named_shell_always_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is even looked at."""
    monkeypatch.setattr(module, "ancestors", lambda: pytest.fail("it was named"))

    assert detect({"SHELL": "/bin/zsh"}, named="nushell") == ("nu", "--shell", "--shell says nushell")
    assert reader({}, named="/usr/bin/fish").name == "fish"


def test_75_an_unknown_shell_is_answered_with_the_known_ones() -> None:
    """Exit code 2, and every name."""
    with pytest.raises(UsageError) as caught:
        detect({}, named="cmd")

    assert all(name in caught.value.hint for name in SHELLS)
    assert caught.value.exit_code == 2
