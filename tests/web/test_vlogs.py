"""
The page where the events are in VictoriaLogs, a real one: the same figures, new ones as they come, and no hanging with it.

The problem it owns: that store is behind a wire. It gives no word of news, and may be slow, away or silent while somebody looks.
"""

import json
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from collector_client import wait_until
from page_client import PagePlace
from sandbox import Sandbox, free_ports
from stackproc import Vlogs, vlogs
from stored import export_of

from cclaunch import cli
from cclaunch.files.atomic import write_atomic
from cclaunch.hot.paths import our_paths
from cclaunch.web import starting

SECOND = 1_000_000_000
QUESTIONS = ("head", "days", "whom", "what", "sessions", "tools", "capture", "session?session=s-1")


def send(there: Vlogs, *numbers: int) -> None:
    """Send requests of these *numbers*, of two sessions, each with a tool that was used."""
    now = time.time_ns()
    records: list[dict[str, Any]] = []
    for number in numbers:
        same = {"session.id": f"s-{number % 2}", "cclaunch.profile": "shop", "time": now + number}
        spent = {"cost_usd_micros": 10_000 + number, "cost_usd": (10_000 + number) / 1e6, "input_tokens": 7, "duration_ms": 900}
        records.append({**same, **spent, "model": "claude-opus-4-8", "request_id": f"req_{number}", "event.sequence": 2 * number})
        tool = {"event.name": "tool_result", "tool_name": "Bash", "duration_ms": 30, "success": "true"}
        records.append({**same, **tool, "event.sequence": 2 * number + 1})
    there.take(export_of(*records, time_ns=now))


def named(place: PagePlace, port: int) -> None:
    """Have our stack's VictoriaLogs be the one on *port*."""
    write_atomic(place.paths.stack_ports, f"victorialogs={port}\nservices=victorialogs\n".encode())


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Vlogs]:
    """A VictoriaLogs with ten requests."""
    with vlogs(tmp_path / "vlogs") as service:
        send(service, *range(10))
        yield service


@pytest.fixture
def shown(sandbox: Sandbox, there: Vlogs) -> Iterator[PagePlace]:
    """A page of what that has."""
    sandbox.configure()
    place = PagePlace.of(our_paths(sandbox.environ))
    place.environ = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": sandbox.environ["HOME"]}
    named(place, there.port)
    place.start()
    yield place
    starting.end(place.paths)


def ask(place: PagePlace, cookie: str, question: str) -> dict[str, Any]:
    """Return the document of an answer."""
    answer = place.ask("GET", f"/api/{question}", Cookie=cookie)
    assert answer.status == 200
    found: dict[str, Any] = json.loads(answer.body)
    return found


def requests(place: PagePlace, cookie: str) -> int:
    """Return how many requests the page tells of today; none where it has no answer at all."""
    return int(ask(place, cookie, "head").get("today", {}).get("requests", 0))


def test_each_question_is_answered(shown: PagePlace) -> None:
    """The tools and the story, too."""
    cookie = shown.enter()
    assert wait_until(lambda: requests(shown, cookie) == 10)
    found = {name: ask(shown, cookie, name) for name in QUESTIONS}
    assert {name: (one["state"], one.get("trouble")) for name, one in found.items()} == dict.fromkeys(QUESTIONS, ("ok", None))
    assert [(one["tool"], one["calls"]) for one in found["tools"]["tools"]] == [("Bash", 10)]
    assert found["session?session=s-1"]["step_count"] > 0


@pytest.mark.parametrize("name", ["days", "whom", "sessions"])
def test_the_figures_are_those_of_the_verb(
    shown: PagePlace, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """By the words that the answer says."""
    cookie = shown.enter()
    assert wait_until(lambda: requests(shown, cookie) == 10)
    found = ask(shown, cookie, name)
    capsys.readouterr()
    assert cli.main(shlex.split(found["question"])[1:], sandbox.environ) == 0
    said = json.loads(capsys.readouterr().out)["total"]
    assert {key: found["total"][key] for key in said} == said
    assert said["requests"] == 10


def test_what_it_takes_is_seen(shown: PagePlace, there: Vlogs) -> None:
    """Although no file says so."""
    cookie = shown.enter()
    assert wait_until(lambda: requests(shown, cookie) == 10)
    send(there, 10, 11)
    assert wait_until(lambda: requests(shown, cookie) == 12)


def test_while_it_is_away_the_figures_stay_and_it_is_said(shown: PagePlace, there: Vlogs) -> None:
    """And when it is back, there is nothing to say."""
    cookie = shown.enter()
    assert wait_until(lambda: requests(shown, cookie) == 10)
    (nobody,) = free_ports(1)
    named(shown, nobody)

    def said() -> list[str]:
        found = ask(shown, cookie, "head")
        assert found["today"]["requests"] == 10
        return [*found["troubles"], *([found["trouble"]] if found.get("trouble") else [])]

    assert wait_until(said)
    assert any("VictoriaLogs" in one for one in said()), said()
    named(shown, there.port)
    assert wait_until(lambda: not said())


def test_while_it_says_nothing_the_last_answer_is_shown(shown: PagePlace, there: Vlogs) -> None:
    """With the time that it is of; and when it speaks again, with what has come."""
    cookie = shown.enter()
    assert wait_until(lambda: requests(shown, cookie) == 10)
    assert there._process is not None
    silent = psutil.Process(there._process.pid)
    silent.suspend()
    try:
        assert wait_until(lambda: ask(shown, cookie, "head").get("trouble") or ask(shown, cookie, "head")["troubles"])
        found = ask(shown, cookie, "head")
        assert found["today"]["requests"] == 10
        assert shown.ask("GET", "/", Cookie=cookie).status == 200
    finally:
        silent.resume()
    send(there, 10)
    assert wait_until(lambda: requests(shown, cookie) == 11)
    assert wait_until(lambda: not ask(shown, cookie, "head").get("trouble"))


def test_before_it_has_anything_a_silent_one_is_named(sandbox: Sandbox) -> None:
    """No figure is made up."""
    sandbox.configure()
    place = PagePlace.of(our_paths(sandbox.environ))
    place.environ = {"PATH": "/usr/bin:/bin", "HOME": sandbox.environ["HOME"]}
    (nobody,) = free_ports(1)
    named(place, nobody)
    place.start()
    try:
        found = ask(place, place.enter(), "head")
        assert "VictoriaLogs" in found["trouble"]
        assert "today" not in found
    finally:
        starting.end(place.paths)
