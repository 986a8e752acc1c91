"""`cclaunch events show`: a session as people read it, at every width, piped, in colour, in ASCII, and as JSON."""

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import pexpect
import pytest
from runners import Verb
from sandbox import Sandbox
from stackproc import vlogs as running_vlogs
from stored import SECOND_NS, export_of, store

from cclaunch.backends import sources
from cclaunch.console import width
from cclaunch.otlp.decode import decode_logs

NAME = "5e55104e-1111-4aaa-8aaa-aaaaaaaaaaaa"
START = 1_795_700_000 * SECOND_NS
OF_ALL = {
    "session.id": NAME,
    "cclaunch.profile": "data-eng",
    "vcs.repository.name": "webshop",
    "vcs.ref.head.name": "feature/login",
}
OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-4-5-20251001"


def asked(second: float, micros: int, read: int, written: int, **more: Any) -> dict[str, Any]:
    """Return a request that ends so many seconds after the start."""
    tokens = {"input_tokens": 100, "output_tokens": 400, "cache_read_tokens": read, "cache_creation_tokens": written}
    return {"at": second, "model": OPUS, "cost_usd_micros": micros, **tokens, "duration_ms": 4000, "effort": "high", **more}


def happened(name: str, second: float, **more: Any) -> dict[str, Any]:
    """Return another event; an attribute's ``__`` stands for a dot."""
    return {"event.name": name, "at": second, **{key.replace("__", "."): value for key, value in more.items()}}


EVENTS = [
    happened("managed_settings_resolved", 0),
    happened("plugin_loaded", 0, plugin__name="files"),
    happened("user_prompt", 1, prompt="Mend the login\nof the webshop, please", prompt_length="37"),
    asked(2, 900, 0, 0, model=HAIKU, query_source="generate_session_title"),
    asked(6, 61_200, 0, 20_000),
    happened("assistant_response", 6, response="<REDACTED>", response_length=12),
    happened("tool_decision", 6, tool_use_id="t1", tool_name="Bash", decision="accept", source="config"),
    happened(
        "tool_result",
        7,
        tool_use_id="t1",
        tool_name="Bash",
        success="false",
        error_type="ShellError",
        duration_ms="1200",
        tool_input='{"command":"pytest tests/test_login.py -x -q --timeout=60 --basetemp=/tmp/a-directory-with-a-long-name"}',
    ),
    asked(11, 15_300, 20_000, 1000),
    happened("tool_decision", 12, tool_use_id="t2", tool_name="Write", decision="reject", source="user_reject"),
    happened("tool_decision", 13, tool_use_id="t3", tool_name="Edit", decision="accept", source="user_temporary"),
    happened("tool_result", 14, tool_use_id="t3", tool_name="Edit", success="true", duration_ms="8"),
    asked(20, 9100, 3000, 500, agent__name="Explore", **{"agent.name": "Explore", "query_source": "agent:builtin:Explore"}),
    happened("subagent_completed", 21, agent_type="Explore", total_tool_uses=1, total_tokens=4000, duration_ms=7000),
    happened("api_error", 40, error="Overloaded", status_code=529, attempt=3, prompt__id="p", duration_ms=30),
    happened("api_retries_exhausted", 40, prompt__id="p", total_retry_duration_ms=9400),
    happened("internal_error", 40, prompt__id="p", error_name="Error"),
    happened("user_prompt", 1500, prompt="<REDACTED>", prompt_length="5"),
    asked(1506, 70_300, 0, 21_000, effort="low"),
    happened("compaction", 1520, trigger="manual", success="true", pre_tokens="21500", post_tokens="2400", duration_ms=9000),
]
EXPORT = export_of(
    *({"event.sequence": n, **OF_ALL, **one, "time": START + int(one.pop("at") * SECOND_NS)} for n, one in enumerate(EVENTS)),
    time_ns=START,
)

WHOLE = 152
"""Columns of the longest line."""

AT_80 = """\
session 5e55104e-1111-4aaa-8aaa-aaaaaaaaaaaa
2026-11-26 13:33, 25 min
$0.1568   5 requests   68.0k tokens   cache hit 35 %
profile data-eng   repository webshop   branch feature/login
1 pause ended the cache: about $0.0599 to write it anew
2 events of the start not shown (-v shows them)

13:33:21           prompt    Mend the login of the webshop, please
13:33:22  $0.0009  request   haiku-4-5 for title  $0.0009   4.0 s    100 in
13:33:26  $0.0621  request   opus-5-5  $0.0612   4.0 s  20.1k in    400 out
13:33:27           tool      Bash  failed  ShellError  1.2 s  pytest tests/test…
13:33:31  $0.0774  request   opus-5-5  $0.0153   4.0 s  21.1k in    400 out
13:33:32           tool      Write  rejected by user
13:33:34           tool      Edit  accepted by user  8 ms
13:33:40  $0.0865  request   Explore: opus-5-5  $0.0091   4.0 s   3.6k in
13:33:41           agent     Explore  1 tool  4.0k tokens  7.0 s
13:34:00           error     status 529  3 attempts in 9.4 s  Overloaded
13:58:20           prompt    5 characters
                   pause     24 min: 21.0k tokens of cache written anew, about …
13:58:26  $0.1568  request   opus-5-5  $0.0703   4.0 s  21.1k in    400 out
13:58:40           compact   manual  21.5k to 2.4k tokens  9.0 s
"""


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of day are those of UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def recorded(sandbox: Sandbox) -> None:
    """The session."""
    sandbox.environ["TZ"] = "UTC"
    store(sandbox.database, decode_logs(EXPORT))


@pytest.fixture
def shown(verb: Verb, recorded: None) -> Callable[..., str]:
    """Run `events show` of the session with words and variables; return stdout."""

    def run(*words: str, **environ: str) -> str:
        code, out, err = verb("events", "show", "5e55", *words, **environ)
        assert (code, err) == (0, "")
        return out

    return run


def test_at_80_columns_it_is_a_line_a_step(shown: Callable[..., str]) -> None:
    """The price before the tokens, the failure before the command: what matters is never cut."""
    assert shown(COLUMNS="80") == AT_80


def test_a_wide_terminal_has_the_rest(shown: Callable[..., str]) -> None:
    """The share of the cache, the effort where it changes, the whole of the pause."""
    lines = shown(COLUMNS="140").splitlines()

    assert "opus-5-5  $0.0612   4.0 s  20.1k in    400 out" in lines[9]
    assert lines[11].endswith("21.1k in    400 out  95 % cached")
    assert lines[8].endswith("effort high")
    assert lines[19].endswith("effort low")
    assert lines[18].endswith("24 min: 21.0k tokens of cache written anew, about $0.0599 more")
    assert sum("effort" in line for line in lines) == 2


@pytest.mark.parametrize("columns", [30, 47, 64, 81, 98, 115, WHOLE - 1, WHOLE])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_no_line_is_wider_than_the_terminal(sandbox: Sandbox, recorded: None, columns: int, encoding: str) -> None:
    """With dots of the encoding where a text was cut."""
    words = {"COLUMNS": str(columns), "PYTHONIOENCODING": encoding}
    out = sandbox.cclaunch("events", "show", NAME, environ=words).stdout.decode(encoding)

    assert max(map(width, out.splitlines())) <= columns
    assert ("…" in out or "..." in out) == (columns < WHOLE)
    assert out.isascii() == (encoding == "ascii" or columns == WHOLE)


def test_a_pipe_gets_everything_and_no_colour(shown: Callable[..., str]) -> None:
    """Nothing is cut where nobody sees a width."""
    out = shown()

    assert "--basetemp=/tmp/a-directory-with-a-long-name\n" in out
    assert "\x1b" not in out


def on_terminal(sandbox: Sandbox, **environ: str) -> str:
    """Return what a terminal of 100 columns gets."""
    words = sandbox.command("events", "show", NAME)
    given: Mapping[str, str] = {**sandbox.environment(), **environ}
    screen = pexpect.spawn(words[0], words[1:], env=dict(given), dimensions=(50, 100), timeout=60, encoding="utf-8")
    out = screen.read()
    screen.close()
    return str(out)


def test_colour_means_something(sandbox: Sandbox, recorded: None) -> None:
    """Bold is what a person said, red what failed, yellow what was refused or lost."""
    out = on_terminal(sandbox)

    assert "\x1b[1mprompt    Mend the login" in out
    assert "\x1b[31mtool      Bash  failed" in out
    assert "\x1b[31merror     status 529" in out
    assert "\x1b[33mtool      Write  rejected" in out
    assert "\x1b[33mpause     24 min" in out


def test_no_color_is_heard(sandbox: Sandbox, recorded: None) -> None:
    """The same words."""
    assert "\x1b[" not in on_terminal(sandbox, NO_COLOR="1")


def test_verbose_tells_the_start_too(shown: Callable[..., str]) -> None:
    """And says nothing of events that are not shown."""
    out = shown("-v")

    assert ("not shown" in out, "plugin    files" in out) == (False, True)


def test_a_day_that_begins_is_told(verb: Verb, sandbox: Sandbox) -> None:
    """A session that was resumed has days; a clock alone would go back."""
    days = [{"session.id": "s", "event.name": "user_prompt", "time": START + n * 86_400 * SECOND_NS} for n in range(2)]
    store(sandbox.database, decode_logs(export_of(*days, time_ns=START)))

    lines = verb("events", "show", "s")[1].splitlines()
    assert [line.split()[0] for line in lines[-3:]] == ["13:33:20", "2026-11-27", "13:33:20"]


def test_json_has_the_same_values(shown: Callable[..., str]) -> None:
    """In dollars, milliseconds, UTC; a step's own names behind them."""
    told = json.loads(shown("--json"))

    assert {key: told[key] for key in told if key not in ("steps", "rebuilds", "cache_hit_rate")} == {
        "session": NAME,
        "start": "2026-11-26T13:33:21.000Z",
        "end": "2026-11-26T13:58:40.000Z",
        "profile": "data-eng",
        "repository": "webshop",
        "branch": "feature/login",
        "cost_usd": 0.1568,
        "requests": 5,
        "total_tokens": 68_000,
        "start_up_events": 2,
    }
    assert [one["kind"] for one in told["steps"]] == (
        "prompt request request tool request tool tool request agent error prompt request compaction".split()
    )
    assert told["steps"][3] == {
        "time": "2026-11-26T13:33:27.000Z",
        "kind": "tool",
        "what": "Bash",
        "agent": None,
        "duration_ms": 1200,
        "cost_usd": None,
        "cost_so_far_usd": 0.0621,
        "input": "pytest tests/test_login.py -x -q --timeout=60 --basetemp=/tmp/a-directory-with-a-long-name",
        "failed": True,
        "decision": "accept",
        "source": "config",
        "error_type": "ShellError",
    }
    assert told["rebuilds"] == [
        {"time": "2026-11-26T13:58:26.000Z", "pause_s": 1491, "tokens": 21_000, "cost_estimated_usd": 0.059885}
    ]


def test_victorialogs_tells_the_same_story(
    verb: Verb, shown: Callable[..., str], sandbox: Sandbox, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To people and to programs."""
    sandbox.configure()
    ours = shown(), json.loads(shown("--json"))
    os.unlink(sandbox.database)
    with running_vlogs(tmp_path / "vlogs") as service:
        service.take(EXPORT)
        monkeypatch.setattr(sources, "vlogs_url", lambda where: service.url)
        theirs = verb("events", "show", NAME)[1], json.loads(verb("events", "show", NAME, "--json")[1])

    assert theirs == ours


def test_foreign_words_drive_no_terminal(verb: Verb, sandbox: Sandbox) -> None:
    """Nor do they make lines of their own, whoever sent them."""
    evil = "\x1b[2Jgone\r\nsession 0000\u202e"
    said = {"prompt": evil, "tool_name": evil, "error": evil, "cclaunch.profile": evil, "decision": evil, "source": evil}
    names = ("user_prompt", "tool_result", "tool_decision", "api_error", evil)
    store(sandbox.database, decode_logs(export_of(*({**said, "event.name": n, "session.id": "s"} for n in names), time_ns=START)))

    out = verb("events", "show", "s")[1]
    assert "\x1b" not in out
    assert not [line for line in out.splitlines() if line.startswith("session 0000")]


def test_numbers_that_are_none_are_told_as_none(verb: Verb, sandbox: Sandbox) -> None:
    """JSON knows no NaN, and a count is never a text of ours."""
    said = {"session.id": "s", "event.name": "api_error", "status_code": "nan", "attempt": "-1", "duration_ms": -5}
    store(sandbox.database, decode_logs(export_of(said, time_ns=START)))

    code, out, err = verb("events", "show", "s", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["steps"][0]["duration_ms"] is None


@pytest.mark.parametrize("text", ["\x1b[31m" * 40, "漢字" * 60, "👩‍👩‍👧 " * 30, "é́" * 90, "x" * 5000, "\u202e" * 50])
@pytest.mark.parametrize("key", ["prompt", "model", "tool_name", "error", "cclaunch.profile", "event.name"])
def test_whatever_is_said_no_line_is_wider_than_the_terminal(verb: Verb, sandbox: Sandbox, key: str, text: str) -> None:
    """What is shown as an escape, or in two columns, is as wide as it is shown."""
    names = ("user_prompt", "api_request", "tool_result", "api_error")
    said = ({"session.id": "s", "event.name": name, key: text} for name in names)
    store(sandbox.database, decode_logs(export_of(*said, time_ns=START)))

    code, out, _ = verb("events", "show", "s", COLUMNS="50")
    assert code == 0
    assert max(map(width, out.splitlines())) <= 50


def test_the_help_names_what_json_has(verb: Verb, shown: Callable[..., str]) -> None:
    """Every name that is always there."""
    told = json.loads(shown("--json"))
    words = set(verb("events", "show", "--help")[1].replace(",", " ").replace(";", " ").replace(".", " ").split())
    always = set.intersection(*(set(step) for step in told["steps"]))

    assert set(told) | always | set(told["rebuilds"][0]) <= words
