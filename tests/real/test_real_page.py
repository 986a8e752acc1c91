"""
The page beside the real claude and the Docker stack: what VictoriaLogs has is what it shows, and it outlives every switch.

The problem it owns: the page is one in every backend, and a tab stays open while a person moves from one to the other.
"""

import json
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from docker_stack import DockerStack, docker_stack, eventually
from engine import Engine
from page_client import PagePlace
from real_claude import VERSIONS, Outcome, micros, outcome
from sandbox import Sandbox, free_ports

from cclaunch.hot.paths import our_paths
from cclaunch.web import starting

pytestmark = pytest.mark.real

NEW = pytest.mark.parametrize("claude", [VERSIONS[-1]], indirect=True)
QUESTIONS = ("head", "days", "whom", "what", "sessions", "tools", "capture")
Ask = Callable[[str], dict[str, Any]]


@pytest.fixture
def stack(ready: Sandbox, engine: Engine) -> Iterator[DockerStack]:
    """The stack of a sandbox with a real claude."""
    with docker_stack(ready, engine.host) as made:
        made.configure(ports={"page": free_ports(1)[0]})
        yield made


@pytest.fixture
def ask(stack: DockerStack) -> Iterator[Ask]:
    """A page that is looked at all the time; ask it anything."""
    place = PagePlace.of(our_paths(stack.sandbox.environ))
    place.environ = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": stack.sandbox.environ["HOME"]}
    place.start()
    cookie, one = place.enter(), place.process()

    def run(question: str) -> dict[str, Any]:
        assert place.process() == one
        answer = place.ask("GET", f"/api/{question}", Cookie=cookie)
        assert answer.status == 200
        found: dict[str, Any] = json.loads(answer.body)
        return found

    yield run
    starting.end(place.paths)


def said(stack: DockerStack, question: str) -> dict[str, Any]:
    """Return what the verb says in these words."""
    done = stack.sandbox.cclaunch(*shlex.split(question)[1:])
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def claude(stack: DockerStack) -> Outcome:
    """Run a session to its end, with a tool."""
    return outcome(stack.sandbox.cclaunch("-p", "three steps", "--output-format", "json", "--allowedTools", "Bash"))


def until(ask: Ask, cost: int) -> None:
    """Wait until the page says that so many micro-dollars were spent today."""
    eventually(lambda: micros(ask("head").get("today", {}).get("cost_usd", 0.0)) == cost, 120)


@NEW
def test_the_page_is_the_same_in_every_backend(stack: DockerStack, ask: Ask) -> None:
    """Containers, then our own collector, then none; the tab is one, and its figures are those of the verb."""
    assert ask("head")["state"] == "empty"
    first = claude(stack)
    until(ask, first.micros)
    found = {name: ask(name) for name in QUESTIONS}
    assert {name: one.get("trouble") for name, one in found.items()} == dict.fromkeys(QUESTIONS)
    for name in ("days", "whom", "sessions"):
        total = said(stack, found[name]["question"])["total"]
        assert {key: found[name]["total"][key] for key in total} == total
    assert [row["session"] for row in found["sessions"]["rows"]] == [first.session]
    eventually(lambda: sum(one["calls"] for one in ask("tools")["tools"]), 60)
    assert ask(f"session?session={first.session}")["step_count"] > 0

    assert stack.sandbox.cclaunch("stack", "use", "embedded", timeout=300).returncode == 0
    second = claude(stack)
    until(ask, first.micros + second.micros)
    assert {row["session"] for row in ask("sessions")["rows"]} == {first.session, second.session}

    assert stack.sandbox.cclaunch("stack", "down", timeout=300).returncode == 0
    assert micros(ask("head")["today"]["cost_usd"]) == first.micros + second.micros
