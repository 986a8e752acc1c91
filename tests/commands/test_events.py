"""`cclaunch events`: the last ones, the following, the filters, and lines that no foreign text can abuse."""

import json
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sandbox import Sandbox
from stored import SECOND_NS, event, request, store

from cclaunch import cli

START = 1_790_000_000 * SECOND_NS
PATIENCE_S = 120


@pytest.fixture
def shown(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run `events --json` with words and return the documents."""

    def run(*words: str) -> list[Any]:
        assert cli.main(["events", "--json", *words], sandbox.environ) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


@pytest.fixture
def recorded(sandbox: Sandbox) -> None:
    """Thirty prompts and a request, of two sessions."""
    prompts = [event("user_prompt", START + number, session__id=f"s-{number % 2}", number=number) for number in range(30)]
    store(sandbox.database, *prompts, request(1, START + 100, session__id="s-1"))


def test_json_is_one_object_a_line_with_every_attribute(shown: Callable[..., Any], recorded: None) -> None:
    """Time, name, session and model beside all that was sent."""
    (only,) = shown("-n", "1")

    assert {key: only[key] for key in ("time", "name", "session_id", "model")} == {
        "time": "2026-09-21T14:13:20.000Z",
        "name": "api_request",
        "session_id": "s-1",
        "model": "claude-opus-4-8",
    }
    assert only["attributes"]["cost_usd_micros"] == 1000


def test_the_last_twenty_are_shown_oldest_first(shown: Callable[..., Any], recorded: None) -> None:
    """As a log: the newest at the bottom."""
    found = shown()

    assert [one["attributes"].get("number") for one in found] == [*range(11, 30), None]


@pytest.mark.parametrize("name", ["api_request", "claude_code.api_request"])
def test_a_name_filters_with_and_without_its_prefix(shown: Callable[..., Any], recorded: None, name: str) -> None:
    """Both spellings are in the documentation of claude."""
    assert [one["name"] for one in shown("--name", name)] == ["api_request"]


def test_a_session_filters(shown: Callable[..., Any], recorded: None) -> None:
    """Only events of that session, and -n counts those."""
    found = shown("--session", "s-0", "-n", "3")

    assert [one["attributes"]["number"] for one in found] == [24, 26, 28]


@pytest.fixture
def labelled(sandbox: Sandbox) -> None:
    """Events with attributes of several kinds."""
    store(
        sandbox.database,
        event("user_prompt", START, session__id="s-0", number=1, team="a"),
        event("tool_result", START + 1, session__id="s-0", number=2, team="a", duration_ms="48", success="true"),
        event("tool_result", START + 2, session__id="s-1", number=3, team="b", ok=True, ratio=0.5),
        event("tool_result", START + 3, session__id="s-1", number=4, managed=["file"], cclaunch__profile="p"),
    )


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["--where", "team=a"], [1, 2]),
        (["--where", "team=a", "--where", "team=b"], [1, 2, 3]),
        (["--where", "team=a", "--name", "tool_result"], [2]),
        (["--where", "team="], [4]),
        (["--where", "ok=true"], [3]),
        (["--where", "success=true"], [2]),
        (["--where", "ratio=0.5"], [3]),
        (["--where", 'managed=["file"]'], [4]),
        (["--where", "duration_ms=48"], [2]),
        (["--where", "profile=p"], [4]),
        (["--where", "session=s-1"], [3, 4]),
        (["--where", "session=s-0", "--where", "session.id=s-1"], [1, 2, 3, 4]),
        (["--where", "session=s-0", "--session", "s-1"], []),
        (["--where", "session=s-0", "--where", "session=s-1", "--session", "s-1"], [3, 4]),
        (["--where", "event.name=claude_code.user_prompt"], [1]),
        (["--where", "event.name=claude_code.user_prompt", "--name", "user_prompt"], [1]),
        (["--where", "event.name=user_prompt", "--name", "tool_result"], []),
        (["--where", "team=a", "-n", "1"], [2]),
        (["--where", "model="], [1, 2, 3, 4]),
    ],
)
def test_where_filters(shown: Callable[..., Any], labelled: None, words: list[str], numbers: list[int]) -> None:
    """As in usage; -n counts what matches, and the other filters hold as well."""
    assert [one["attributes"]["number"] for one in shown(*words)] == numbers


@pytest.mark.parametrize(
    "words", [("--where", "team"), ("--where", "=x"), ("--where", "\udcff=x"), ("--name", "\udcff"), ("--session", "\udcff")]
)
def test_malformed_words_are_refused(
    sandbox: Sandbox, labelled: None, capsys: pytest.CaptureFixture[str], words: tuple[str, str]
) -> None:
    """Exit 2, nothing on stdout."""
    assert cli.main(["events", *words], sandbox.environ) == 2
    assert capsys.readouterr().out == ""


def test_a_key_that_no_event_had_is_told(sandbox: Sandbox, labelled: None, capsys: pytest.CaptureFixture[str]) -> None:
    """With one like it; and that nothing matches."""
    assert cli.main(["events", "--where", "taem=a"], sandbox.environ) == 0

    told = capsys.readouterr()
    assert (told.out, told.err.splitlines()) == (
        "",
        ["cclaunch: no event ever had `taem`; did you mean `team`?", "cclaunch: no such event was recorded"],
    )


def test_a_line_for_people_drives_no_terminal(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences and line ends inside an attribute are shown, not obeyed."""
    store(sandbox.database, event("user_prompt", START, prompt="\x1b[2Jred\nalert " + "x" * 500, session__id="s"))

    assert cli.main(["events"], sandbox.environ) == 0

    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "\\x1b[2Jred\\nalert" in out
    assert len(out) < 300


def test_nothing_recorded_is_said_to_people_and_silent_for_programs(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty stream of JSON lines is a valid one."""
    assert cli.main(["events"], sandbox.environ) == 0
    assert capsys.readouterr().err == "cclaunch: nothing was recorded yet\n"

    assert cli.main(["events", "--json"], sandbox.environ) == 0
    assert capsys.readouterr() == ("", "")


class Following:
    """An `events -f --json` that runs, and the documents it has written."""

    def __init__(self, sandbox: Sandbox, *words: str) -> None:
        self.process = sandbox.popen(sandbox.command("events", "-f", "--json", *words))
        self.watchdog = threading.Timer(PATIENCE_S, self.process.kill)
        self.watchdog.start()

    def next(self) -> Any:
        """Return the next document; a process that stays silent is killed after a while, and that fails."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        assert line, f"ended early: {self.process.stderr.read().decode()}"
        return json.loads(line)

    def close(self) -> tuple[int, bytes]:
        """Interrupt it as Ctrl-C does and return (exit code, stderr)."""
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=PATIENCE_S)
        self.watchdog.cancel()
        return self.process.returncode, err


def test_following_shows_each_event_once_as_it_is_stored(sandbox: Sandbox) -> None:
    """The last ones first, then what arrives, without a gap or a twin; Ctrl-C ends it without a word."""
    store(sandbox.database, *(event("user_prompt", START + number, number=number) for number in range(5)))
    following = Following(sandbox, "-n", "2")
    seen = [following.next()["attributes"]["number"] for _ in range(2)]
    store(sandbox.database, *(event("user_prompt", START - number, number=number) for number in range(5, 8)))
    seen += [following.next()["attributes"]["number"] for _ in range(3)]
    store(sandbox.database, event("user_prompt", START + 9, number=8))
    seen.append(following.next()["attributes"]["number"])

    code, err = following.close()

    assert seen == [3, 4, 5, 6, 7, 8]
    assert (code in (0, 130, -signal.SIGINT), err) == (True, b"")


def test_following_filters_too(sandbox: Sandbox) -> None:
    """What does not match passes unseen."""
    store(sandbox.database, event("user_prompt", START, number=1, team="a"))
    following = Following(sandbox, "--where", "team=b")
    store(sandbox.database, *(event("user_prompt", START, number=number, team="ab"[number % 2]) for number in (2, 3, 4, 5)))
    seen = [following.next()["attributes"]["number"] for _ in range(2)]
    following.close()

    assert seen == [3, 5]


def test_following_waits_for_a_store_and_outlives_its_deletion(sandbox: Sandbox) -> None:
    """It may be started before the first launch, and `stack down --volumes` does not end it."""
    following = Following(sandbox)
    store(sandbox.database, event("user_prompt", START, number=1))
    seen = [following.next()["attributes"]["number"]]
    kept = sandbox.database.rename(sandbox.database.with_suffix(".old"))  # keeps the inode, so the next file has another one
    store(sandbox.database, event("user_prompt", START, number=2))
    seen.append(following.next()["attributes"]["number"])
    following.close()

    assert seen == [1, 2]
    assert kept.exists()


def test_a_line_for_people_has_round_money_and_the_prompt_by_its_newer_name(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """0.1 + 0.2 dollars are 0.3, and prompt_text is a prompt."""
    store(sandbox.database, event("api_request", START, cost_usd=0.1 + 0.2), event("user_prompt", START, prompt_text="say hi"))

    assert cli.main(["events"], sandbox.environ) == 0

    out = capsys.readouterr().out
    assert "cost_usd=0.3\n" in out
    assert 'prompt="say hi"\n' in out


@pytest.fixture
def started(sandbox: Sandbox) -> None:
    """Two sessions with what each has at its start, a prompt and an answer that were not recorded, and one that was."""
    for number, session in enumerate(("11111111-a", "22222222-b")):
        at, of_all = (
            START + number * 10,
            {"session__id": session, "cclaunch__profile": f"p{number}", "vcs__repository__name": "shop"},
        )
        store(
            sandbox.database,
            *(event("plugin_loaded", at + n, plugin__name=f"plugin-{n}", **of_all) for n in range(3)),
            event("user_prompt", at + 3, prompt="<REDACTED>", prompt_length="12", **of_all),
            event("assistant_response", at + 4, response="<REDACTED>", model="m", **of_all),
            event("assistant_response", at + 5, response="Done it", model="m", **of_all),
        )


def texts(out: str) -> list[str]:
    """Return the lines without their time."""
    return [line[21:] for line in out.splitlines()]


def test_people_read_what_happened_and_whose_it_was(sandbox: Sandbox, started: None, capsys: pytest.CaptureFixture[str]) -> None:
    """The start is one line; what was not recorded is not repeated; profile and repository stand where a session begins."""
    assert cli.main(["events"], sandbox.environ) == 0

    assert texts(capsys.readouterr().out) == [
        "11111111  started (3 events, -v shows them) profile=p0 repository=shop",
        "11111111  user_prompt prompt_length=12",
        '11111111  assistant_response model=m response="Done it"',
        "22222222  started (3 events, -v shows them) profile=p1 repository=shop",
        "22222222  user_prompt prompt_length=12",
        '22222222  assistant_response model=m response="Done it"',
    ]


def test_verbose_shows_every_event(sandbox: Sandbox, started: None, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each."""
    assert cli.main(["events", "-v"], sandbox.environ) == 0

    assert [line.split()[1] for line in texts(capsys.readouterr().out)] == [
        *("plugin_loaded plugin_loaded plugin_loaded user_prompt assistant_response assistant_response".split() * 2)
    ]


@pytest.mark.parametrize("words", [("--json",), ("-n", "3"), ("--session", "s-1"), ("--where", "team=a")])
def test_what_show_would_not_hear_is_refused(sandbox: Sandbox, labelled: None, words: tuple[str, ...]) -> None:
    """Options of `events` before `show` mean nothing to it."""
    assert cli.main(["events", *words, "show", "s-0"], sandbox.environ) == 2
    assert cli.main(["events", "show", "s-0"], sandbox.environ) == 0


def test_on_a_narrow_terminal_a_line_goes_on_below_its_own_text(
    sandbox: Sandbox, started: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not below the time, where the next event is looked for."""
    assert cli.main(["events", "-n", "3"], {**sandbox.environ, "COLUMNS": "70"}) == 0

    assert texts(capsys.readouterr().out) == [
        "22222222  user_prompt prompt_length=12 profile=p1",
        "          repository=shop",
        "22222222  assistant_response model=m",
        '          response="Done it"',
    ]
