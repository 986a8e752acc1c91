"""`cclaunch dashboard export`: who is asked what, what is refused, and that nothing half-written stays."""

import json
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest
from runners import Verb
from sandbox import Sandbox
from stored import SECOND_NS, events_of, store

from cclaunch.hot.paths import Paths
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.places import local_places

HOUR_NS = 3600 * SECOND_NS


@pytest.fixture
def recorded(sandbox: Sandbox) -> None:
    """Requests of two profiles, and one without."""
    now = time.time_ns() - HOUR_NS
    same: dict[str, Any] = {"model": "claude-opus-5-5", "vcs.repository.name": "acme/web"}
    records = [
        {**same, "time": now + number, "cost_usd": 1.0, "cost_usd_micros": 10**6, "session.id": f"s-{name}", **profile}
        for number, (name, profile) in enumerate(
            [
                ("shop", {"cclaunch.profile": "shop"}),
                ("shop", {"cclaunch.profile": "shop"}),
                ("ops", {"cclaunch.profile": "ops", "vcs.repository.name": "acme/ops"}),
                ("none", {}),
            ]
        )
    ]
    store(sandbox.database, events_of(*records, time_ns=now))


@pytest.fixture
def export(verb: Verb) -> Verb:
    """Run the verb."""
    return lambda *words: verb("dashboard", "export", *words)


def answers_of(path: Path) -> dict[str, Any]:
    """Return what stands in a file."""
    found = re.search(r'id="answers">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)
    assert found is not None
    answers: dict[str, Any] = json.loads(found[1])
    return answers


def test_a_profile_is_written_without_questions(export: Verb, sandbox: Sandbox, recorded: None) -> None:
    """For its owner alone; what it contains is said."""
    code, out, err = export("cost.html", "--profile", "shop")
    path = sandbox.work / "cost.html"

    assert (code, err) == (0, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "1: acme/web" in out
    assert "acme/ops" not in out
    assert "no prompts" in out
    assert "cost.html: written" in out
    found = answers_of(path)
    assert (found["made"]["profiles"], found["days"]["profile"]["total"]["requests"]) == (["shop"], 2)
    assert "acme/ops" not in path.read_text("utf-8")
    assert str(sandbox.home) not in path.read_text("utf-8")
    assert os.listdir(sandbox.work) == ["cost.html"]


def test_programs_are_told_what_was_written(export: Verb, sandbox: Sandbox, recorded: None) -> None:
    """And nothing else."""
    code, out, err = export("cost.html", "--all-profiles", "--json")
    found = json.loads(out)

    assert (code, err) == (0, "")
    assert found["file"] == str(sandbox.work / "cost.html")
    assert found["bytes"] == (sandbox.work / "cost.html").stat().st_size
    assert (found["profiles"], found["requests"], found["cost_usd"], found["sessions"]) == (None, 4, 4.0, 3)
    assert found["names"]["repositories"] == ["acme/ops", "acme/web"]


def test_what_has_no_profile_is_a_choice_too(export: Verb, sandbox: Sandbox, recorded: None) -> None:
    """By the empty name."""
    assert export("cost.html", "--profile", "")[0] == 0
    assert [row["session"] for row in answers_of(sandbox.work / "cost.html")["sessions"]["rows"]] == ["s-none"]


def test_the_command_in_the_file_makes_it_again(export: Verb, sandbox: Sandbox, recorded: None) -> None:
    """With the same figures, later."""
    export("one.html", "--profile", "shop", "--since", "7d")
    one = answers_of(sandbox.work / "one.html")
    words = one["made"]["command"].split()
    assert words[:4] == ["cclaunch", "dashboard", "export", "FILE.html"]
    assert export("two.html", *words[4:])[0] == 0
    two = answers_of(sandbox.work / "two.html")
    assert (one["days"]["profile"]["series"], one["made"]["range"]) == (two["days"]["profile"]["series"], two["made"]["range"])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "add --profile NAME, or --all-profiles"),
        (("--json",), 2, "--json is for programs"),
        (("--profile", "shop", "--all-profiles"), 2, "exclude each other"),
        (("--profile", "shpo"), 2, "did you mean `shop`?"),
        (("--all-profiles", "--since", "soon"), 2, "--since: `soon` is no date"),
        (("--all-profiles", "--since", "today", "--until", "yesterday"), 2, "--since is not before --until"),
        (("--all-profiles", "--since", "2020", "--until", "2020"), 1, "nothing was recorded in that time"),
    ],
)
def test_what_makes_no_sense_is_said(
    export: Verb, sandbox: Sandbox, recorded: None, words: tuple[str, ...], code: int, said: str
) -> None:
    """And writes nothing."""
    found, out, err = export("cost.html", *words)
    assert (found, out) == (code, "")
    assert said in err
    assert os.listdir(sandbox.work) == []


def _there(path: Path) -> None:
    path.write_text("mine")


def _link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize(
    ("name", "make", "words", "said"),
    [
        ("cost.html", _there, (), "add --force"),
        ("cost.html", _link_to_nothing, (), "add --force"),
        ("cost.html", Path.mkdir, ("--force",), "cost.html is a directory"),
        ("cost.html", os.mkfifo, ("--force",), "no regular file"),
        ("absent/cost.html", None, (), "mkdir -p"),
        ("-", None, (), "is no name of a file"),
        ("", None, (), "is no name of a file"),
        ("\x00", None, (), "is no name of a file"),
        ("absent/", None, (), "is no name of a file"),
        ("x" * 300, None, (), "cannot write"),
    ],
)
def test_a_file_that_cannot_be_is_refused(
    export: Verb,
    sandbox: Sandbox,
    recorded: None,
    name: str,
    make: Callable[[Path], None] | None,
    words: tuple[str, ...],
    said: str,
) -> None:
    """With what to type; what was there stays."""
    if make is not None:
        make(sandbox.work / name)
    before = [(path.name, path.lstat().st_mode, path.lstat().st_size) for path in sandbox.work.iterdir()]
    code, _, err = export(name, "--all-profiles", *words)

    assert code in (1, 2)
    assert said in err
    assert [(path.name, path.lstat().st_mode, path.lstat().st_size) for path in sandbox.work.iterdir()] == before


def test_a_file_is_replaced_where_that_is_meant(export: Verb, sandbox: Sandbox, recorded: None) -> None:
    """In one step, and closed to others."""
    path = sandbox.work / "cost.html"
    path.write_text("mine")
    path.chmod(0o644)
    assert export("cost.html", "--all-profiles", "--force")[0] == 0
    assert answers_of(path)["days"]["profile"]["total"]["requests"] == 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_full_disk_leaves_nothing(export: Verb, sandbox: Sandbox, recorded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says where to look."""

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    catch_up(local_places(paths_of(sandbox)))
    monkeypatch.setattr("cclaunch.files.atomic.os.fsync", full)
    code, _, err = export("cost.html", "--all-profiles")
    assert (code, os.listdir(sandbox.work)) == (1, [])
    assert "No space left" in err
    assert f"hint: df {sandbox.work}" in err


def paths_of(sandbox: Sandbox) -> Paths:
    """Return our directories."""
    from cclaunch.hot.paths import our_paths

    return our_paths(sandbox.environ)


def test_before_anything_was_recorded_it_says_what_to_run(export: Verb, sandbox: Sandbox) -> None:
    """As the page does."""
    code, out, err = export("cost.html", "--all-profiles")
    assert (code, out) == (1, "")
    assert "nothing was recorded yet" in err
    assert "run `cclaunch`" in err


def test_a_newer_ledger_is_said(export: Verb, sandbox: Sandbox, recorded: None) -> None:
    """No file shows what this release cannot read."""
    import sqlite3
    from contextlib import closing

    paths = paths_of(sandbox)
    catch_up(local_places(paths))
    with closing(sqlite3.connect(paths.ledger)) as connection:
        connection.execute("PRAGMA user_version = 4000")
    code, _, err = export("cost.html", "--all-profiles")
    assert code == 1
    assert "newer" in err
    assert os.listdir(sandbox.work) == []


# On a terminal.


def asked(sandbox: Sandbox, *steps: tuple[str, str], words: tuple[str, ...] = ()) -> tuple[int, str]:
    """Answer each question on a terminal; return (exit code, what was seen)."""
    command, *rest = sandbox.command("dashboard", "export", "cost.html", *words)
    environ = sandbox.environment({"NO_COLOR": "1", "TERM": "xterm", "LANG": "C.UTF-8"})
    terminal = pexpect.spawn(
        command, rest, env=dict(environ), cwd=str(sandbox.work), timeout=120, encoding="utf-8", dimensions=(50, 200)
    )
    seen = ""
    for question, answer in steps:
        terminal.expect_exact(question)
        seen += str(terminal.before) + question
        terminal.send(answer)
    terminal.expect(pexpect.EOF)
    seen += str(terminal.before)
    terminal.close()
    return int(terminal.exitstatus or 0), seen


WHOSE, WRITE = "or `all`:", "[y/N]:"


@pytest.mark.parametrize(
    ("answer", "profiles"),
    [("1", ["shop"]), ("ops, shop", ["ops", "shop"]), ("2,3,2", ["ops", ""]), ("no profile", [""]), ("all", None)],
)
def test_a_person_is_asked_whose_work_is_meant(sandbox: Sandbox, recorded: None, answer: str, profiles: list[str] | None) -> None:
    """By number or name; and is shown what the file will contain before it is there."""
    code, seen = asked(sandbox, (WHOSE, f"{answer}\r"), (WRITE, "y\r"))
    listed, _, shown = seen.partition(WHOSE)

    assert code == 0, seen
    assert re.search(r"1 +shop +2 +\$2\.00", listed)
    assert re.search(r"3 +no profile +1 +\$1\.00", listed)
    assert "never" in shown.partition("Write cost.html")[0]
    assert answers_of(sandbox.work / "cost.html")["made"]["profiles"] == profiles


def test_an_answer_that_names_nobody_is_asked_again(sandbox: Sandbox, recorded: None) -> None:
    """It gives nobody's work away."""
    code, seen = asked(
        sandbox, (WHOSE, "shpo\r"), (WHOSE, "4\r"), (WHOSE, "0\r"), (WHOSE, ",\r"), (WHOSE, "shop\r"), (WRITE, "y\r")
    )
    assert code == 0, seen
    assert "did you mean `shop`?" in seen
    assert answers_of(sandbox.work / "cost.html")["made"]["profiles"] == ["shop"]


def test_a_name_that_is_anothers_number_is_asked_again(sandbox: Sandbox, recorded: None) -> None:
    """Nobody knows which of the two was meant."""
    same = {"cclaunch.profile": "1", "session.id": "s-1", "cost_usd": 0.1, "cost_usd_micros": 10**5}
    store(sandbox.database, events_of(same, time_ns=time.time_ns() - HOUR_NS))
    code, seen = asked(sandbox, (WHOSE, "1\r"), (WHOSE, "4\r"), (WRITE, "y\r"))
    assert code == 0, seen
    assert "`1` is a profile's name, and the number of another" in seen
    assert answers_of(sandbox.work / "cost.html")["made"]["profiles"] == ["1"]


@pytest.mark.parametrize("steps", [((WHOSE, "all\r"), (WRITE, "\r")), ((WHOSE, "all\r"), (WRITE, "\x03")), ((WHOSE, "\x04"),)])
def test_who_does_not_agree_gets_nothing(sandbox: Sandbox, recorded: None, steps: tuple[tuple[str, str], ...]) -> None:
    """No is the default; nothing is there, not even a part."""
    code, _ = asked(sandbox, *steps)
    assert code != 0
    assert os.listdir(sandbox.work) == []


def test_who_has_said_whose_is_not_asked(sandbox: Sandbox, recorded: None) -> None:
    """On a terminal either."""
    code, seen = asked(sandbox, words=("--profile", "ops"))
    assert code == 0, seen
    assert "?" not in seen
