"""``cclaunch persist --statusline``: put in, said, and taken back, in each scope, beside whatever else is in the file."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from doubles import fake_claude, told
from runners import Verb
from sandbox import Sandbox

from cclaunch.config.state import load_state
from cclaunch.hot.paths import Paths
from cclaunch.otel import ENDPOINT

THEIRS = b"""{
  "model": "opus",
  "statusLine": {
    "type": "command",
    "command": "npx -y it's | cat",
    "padding": 0
  }
}"""
SCOPES = {
    "user": "home/.claude/settings.json",
    "project": "work/.claude/settings.json",
    "local": "work/.claude/settings.local.json",
}


@pytest.fixture
def mine(home: Path) -> Path:
    """The person's settings file, with a line of theirs."""
    path = home / ".claude/settings.json"
    path.parent.mkdir()
    path.write_bytes(THEIRS)
    return path


def line(path: Path) -> Any:
    """Return the status line in the settings file *path*."""
    return json.loads(path.read_bytes()).get("statusLine")


@pytest.mark.parametrize("scope", SCOPES)
def test_it_is_made_in_each_scope_and_goes_without_a_trace(verb: Verb, sandbox: Sandbox, tmp_path: Path, scope: str) -> None:
    """Made once, told how to undo, and the file goes with its directory."""
    path = tmp_path / SCOPES[scope]
    command = ["persist", "--statusline", *([scope] if scope != "user" else [])]

    code, _, err = verb(*command)
    assert (code, list(json.loads(path.read_bytes()))) == (0, ["statusLine"])
    assert line(path)["command"].endswith("cclaunch statusline")
    assert (line(path)["type"], line(path)["refreshInterval"]) == ("command", 5)
    assert f"`cclaunch un{' '.join(command)}` takes it back" in err
    before = path.read_bytes()
    code, _, err = verb(*command)
    assert (code, path.read_bytes()) == (0, before)
    assert "is current already" in err

    assert verb("unpersist", *command[1:])[0] == 0
    assert not path.parent.exists()
    assert verb("unpersist", *command[1:])[::2] == (0, "cclaunch: there is no status line of ours\n")


def test_a_shell_s_file_is_not_touched(verb: Verb, home: Path) -> None:
    """The status line is no block."""
    (home / ".bashrc").write_text("# mine\n")
    verb("persist", "--statusline", SHELL="/bin/bash")
    assert (home / ".bashrc").read_text() == "# mine\n"


def test_a_line_that_is_there_is_kept_inside_of_ours_and_it_is_said(verb: Verb, mine: Path) -> None:
    """Its other members stay, and it comes back to the byte."""
    _, _, err = verb("persist", "--statusline")

    assert "around the one that was there, which stays: npx -y it's | cat" in err
    assert "refreshInterval is 5" in err
    assert line(mine)["command"].endswith("""cclaunch statusline --wrap 'npx -y it'"'"'s | cat'""")
    assert (line(mine)["padding"], line(mine)["refreshInterval"]) == (0, 5)
    assert [one for one in mine.read_text().splitlines() if "opus" in one] == ['  "model": "opus",']
    verb("unpersist", "--statusline")
    assert mine.read_bytes() == THEIRS


def test_the_command_on_path_is_named_by_its_name(verb: Verb, sandbox: Sandbox, mine: Path) -> None:
    """The settings may be shared among machines."""
    from cclaunch.backends.embedded import laid

    folder = os.path.dirname(laid.command(sandbox.environ))
    verb("persist", "--statusline", PATH=f"{folder}:{sandbox.environ['PATH']}")
    assert line(mine)["command"].startswith("cclaunch statusline ")


def test_a_dry_run_shows_a_diff_and_writes_nothing(verb: Verb, sandbox: Sandbox, mine: Path, paths: Paths) -> None:
    """Of both directions."""
    done = sandbox.cclaunch("persist", "--statusline", "--dry-run")
    assert (done.returncode, mine.read_bytes()) == (0, THEIRS)
    assert f"--- a{mine}" in done.stdout.decode()
    assert '+    "command": ' in done.stdout.decode()
    assert load_state(paths).status_lines == {}

    verb("persist", "--statusline")
    before = mine.read_bytes()
    assert b'-    "command": ' in sandbox.cclaunch("unpersist", "--all", "--dry-run").stdout
    assert mine.read_bytes() == before


@pytest.mark.parametrize("orders", ["sv sv", "sv vs", "vs sv", "vs vs", "b b", "b a", "sv a", "vs a"])
@pytest.mark.parametrize("data", [THEIRS, b"", b"{}\n", None], ids=["theirs", "empty", "object", "none"])
def test_the_variables_and_the_line_come_and_go_in_any_order(verb: Verb, home: Path, orders: str, data: bytes | None) -> None:
    """One file, two of ours: s the line, v the variables, b both at once, a everything."""
    words = {"s": ["--statusline"], "v": ["--claude-settings"], "b": ["--statusline", "--claude-settings"], "a": ["--all"]}
    path = home / ".claude/settings.json"
    if data is not None:
        path.parent.mkdir()
        path.write_bytes(data)
    coming, going = orders.split()

    for one in coming:
        assert verb("persist", *words[one])[0] == 0
    document = json.loads(path.read_bytes())
    assert (ENDPOINT in document["env"], "cclaunch statusline" in document["statusLine"]["command"]) == (True, True)
    for one in going:
        assert verb("unpersist", *words[one])[0] == 0

    if data is None:
        assert not path.parent.exists()
    elif going[0] == coming[-1] or going in "ab":
        assert path.read_bytes() == data
    else:  # each went from between what the other had left: values, not spaces
        assert json.loads(path.read_bytes() or b"{}") == json.loads(data or b"{}")


def test_all_takes_it_out_of_every_scope(verb: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mine: Path) -> None:
    """As an uninstall does, wherever it is run."""
    for scope in SCOPES:
        assert verb("persist", "--statusline", scope)[0] == 0
    monkeypatch.chdir("/")

    assert verb("unpersist", "--all")[0] == 0

    assert mine.read_bytes() == THEIRS
    assert not (tmp_path / "work/.claude").exists()


def test_all_takes_out_one_that_nobody_wrote_down(verb: Verb, mine: Path) -> None:
    """A command that goes must not be left behind in claude's settings."""
    mine.write_text('{"statusLine": {"type": "command", "command": "cclaunch statusline --wrap mine"}}')
    verb("unpersist", "--all")
    assert line(mine)["command"] == "mine"


def test_plain_unpersist_leaves_it(verb: Verb, mine: Path) -> None:
    """It is of the shell that one is in."""
    verb("persist", "--statusline")
    before = mine.read_bytes()
    verb("unpersist", "--shell", "bash")
    assert mine.read_bytes() == before


def test_one_whose_command_is_gone_is_brought_up_to_date(verb: Verb, mine: Path) -> None:
    """What it wraps stays wrapped, once, and comes out again."""
    command = "/gone/cclaunch statusline --wrap 'a b'"
    mine.write_text(json.dumps({"statusLine": {"type": "command", "command": command, "refreshInterval": 2}}))

    assert verb("persist", "--statusline")[0] == 0

    command = line(mine)["command"]
    assert ("/gone" in command, command.count("--wrap"), command.endswith("--wrap 'a b'")) == (False, 1, True)
    verb("unpersist", "--statusline")
    assert line(mine)["command"] == "a b"


def test_a_pipe_around_ours_is_the_hand_s_and_is_not_wrapped(verb: Verb, mine: Path) -> None:
    """It runs ours already."""
    text = '{"statusLine": {"type": "command", "command": "uvx cclaunch statusline | cat", "refreshInterval": 5}}'
    mine.write_text(text)
    _, _, err = verb("persist", "--statusline")
    assert (mine.read_text(), "is current already" in err) == (text, True)


BROKEN = [b'{"statusLine": ["x"]}', b'{"statusLine": null}', b'{"statusLine": {"type": "command"}}']
BROKEN += [b'{"a": 1,}', b"[]", b"{} // x"]


def test_a_line_that_is_no_text_is_kept_byte_for_byte(verb: Verb, mine: Path) -> None:
    """In our state, too, which is text; also when the file was written since."""
    data = THEIRS.replace(b"it's", b"\xff\xed\xa0\x80")
    for end in (b"", b"\n"):
        mine.write_bytes(data)
        assert verb("persist", "--statusline")[0] == 0
        mine.write_bytes(mine.read_bytes() + end)
        assert verb("unpersist", "--statusline")[0] == 0
        assert mine.read_bytes() == data + end


@pytest.mark.parametrize("data", BROKEN)
def test_what_cannot_be_read_is_refused_and_stays(verb: Verb, mine: Path, data: bytes) -> None:
    """With file and line; taking out finds nothing of ours there, which is no error."""
    mine.write_bytes(data)
    code, _, err = verb("persist", "--statusline")
    assert (code, f"{mine}, line 1" in err, mine.read_bytes()) == (1, True, data)
    assert verb("unpersist", "--statusline")[0] == 0


def test_a_link_is_followed_and_stays_one(verb: Verb, home: Path, mine: Path) -> None:
    """Dotfiles."""
    target = home / "dotfiles.json"
    mine.rename(target)
    mine.symlink_to(target)
    verb("persist", "--statusline")
    assert (mine.is_symlink(), "cclaunch" in line(target)["command"]) == (True, True)
    verb("unpersist", "--statusline")
    assert (mine.is_symlink(), target.read_bytes()) == (True, THEIRS)


def test_what_is_no_file_that_we_may_write_is_refused(verb: Verb, mine: Path) -> None:
    """A directory, a pipe, a link to nowhere, a file that is read-only."""
    mine.chmod(0o444)
    assert "is read-only" in verb("persist", "--statusline")[2]
    mine.unlink()
    mine.symlink_to("/nowhere/at/all")
    assert "no such directory" in verb("persist", "--statusline")[2]
    mine.unlink()
    os.mkfifo(mine)
    assert "is a pipe" in verb("persist", "--statusline")[2]
    mine.unlink()
    mine.mkdir()
    code, _, err = verb("persist", "--statusline")
    assert (code, "is a directory" in err, list(mine.iterdir())) == (1, True, [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_file_of_somebody_else_is_refused(verb: Verb, mine: Path) -> None:
    """As `sudo` would find it."""
    os.chown(mine, 64123, 64123)
    code, _, err = verb("persist", "--statusline")
    assert (code, "belongs to user 64123" in err, mine.read_bytes()) == (1, True, THEIRS)


def test_a_nearer_line_is_said(verb: Verb, sandbox: Sandbox, mine: Path) -> None:
    """Ours at the person's scope would not be seen there."""
    nearer = sandbox.work / ".claude/settings.local.json"
    nearer.parent.mkdir()
    nearer.write_bytes(THEIRS)
    _, _, err = verb("persist", "--statusline")
    assert f"{nearer} has a line of its own, and claude shows that one here" in err


def test_a_line_whose_place_is_taken_is_said(verb: Verb, mine: Path) -> None:
    """The repository's beats the person's."""
    _, _, err = verb("persist", "--statusline", "local")
    assert f"it takes the place of the line in {mine} here" in err
    assert mine.read_bytes() == THEIRS


def test_no_hooks_no_line_is_said(verb: Verb, mine: Path) -> None:
    """Claude shows none then."""
    mine.write_text('{"disableAllHooks": true}')
    assert f"`disableAllHooks` in {mine} has claude show no status line" in verb("persist", "--statusline")[2]


def test_a_file_for_others_names_no_path_of_this_machine(verb: Verb, sandbox: Sandbox) -> None:
    """And says what it means for who has no cclaunch; from below the root it is the root's."""
    subprocess.run(["git", "init", "-q", str(sandbox.work)], check=True)
    _, _, err = verb("persist", "--statusline", "project")
    assert line(sandbox.work / ".claude/settings.json")["command"] == "cclaunch statusline"
    assert "to everybody who works in this repository and has cclaunch" in err
    assert (sandbox.work / ".claude/settings.json").stat().st_mode & 0o044


def test_the_status_of_it_is_told(verb: Verb, mine: Path) -> None:
    """Current, and what has become of it since."""

    def row() -> Any:
        code, out, _ = verb("persist", "status", "--json")
        found = [one for one in json.loads(out)["files"] if one["kind"] == "statusline"]
        return (code, found[0]["state"], found[0]["path"], found[0]["reasons"]) if found else None

    assert row() is None
    verb("persist", "--statusline")
    assert row() == (0, "current", str(mine), [])
    mine.write_bytes(mine.read_bytes().replace(b'"refreshInterval": 5', b'"refreshInterval": 1'))
    assert row()[:2] == (1, "outdated")
    assert "refreshInterval is 1" in row()[3][0]
    mine.write_bytes(THEIRS)
    assert row() == (1, "missing", str(mine), ["our status line is not in it any more"])
    verb("unpersist", "--statusline")
    assert row() is None


def test_a_repository_that_is_gone_is_no_trouble(verb: Verb, sandbox: Sandbox, tmp_path: Path) -> None:
    """Neither for the status, nor for taking everything back."""
    verb("persist", "--statusline", "local")
    sandbox.work.rename(tmp_path / "elsewhere")
    assert verb("persist", "status")[0] == 0
    assert verb("unpersist", "--all")[0] == 0


def test_a_launch_never_brings_a_line_of_its_own(sandbox: Sandbox, mine: Path) -> None:
    """Where it overrides claude's settings, too: claude shows one line, and a launch's would take theirs away."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    sandbox.cclaunch("persist", "--claude-settings", "--statusline")
    sandbox.configure(protocol="http/json")

    argv = told(sandbox.cclaunch("-p", "hi").stdout)["argv"]

    assert list(json.loads(Path(argv[argv.index("--settings") + 1]).read_text())) == ["env"]


def test_a_scope_that_there_is_not_is_refused(verb: Verb) -> None:
    """And those that there are, are named."""
    code, _, err = verb("persist", "--statusline", "managed")
    assert (code, "'user', 'project', 'local'" in err) == (2, True)
