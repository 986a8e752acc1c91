"""
The real claude into the Docker stack: VictoriaLogs and the metrics page say what claude says, whatever happens in between.

The problem it owns: between claude and the numbers stand a collector, a queue, a scrape and two databases. Truth is the
scripted API's log and claude's own dollars. One release a scenario, in turn: what differs between them is tested elsewhere.
"""

import json
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from docker_compose import Compose
from docker_stack import DockerStack, docker_stack, eventually
from engine import Engine, compose_program
from messages_api import MessagesApi
from metrics_page import total
from real_claude import VERSIONS, Outcome, micros, outcome
from recorded import usage
from required import missing
from sandbox import Sandbox

pytestmark = pytest.mark.real

AS_JSON = ("--output-format", "json")
OLD, NEW = (pytest.mark.parametrize("claude", [version], indirect=True) for version in VERSIONS)
GAP_S = 8.0
AWAY_S = 60.0
PATIENCE_S = 1.5
"""So long claude surely waits at its end for a collector that does not answer."""


@pytest.fixture
def stack(ready: Sandbox, engine: Engine) -> Iterator[DockerStack]:
    """The stack of a sandbox with a real claude."""
    with docker_stack(ready, engine.host) as made:
        made.configure()
        yield made


def run(stack: DockerStack, text: str, *words: str) -> Outcome:
    """Run ``cclaunch -p`` to its end."""
    return outcome(stack.sandbox.cclaunch("-p", text, *AS_JSON, *words))


def assert_usage(stack: DockerStack, api: MessagesApi, cost: int) -> None:
    """Assert that `usage`, from VictoriaLogs, becomes the truth, and stays it."""
    tokens = api.tokens()
    wanted = (len(api.good()), tokens.input, tokens.output, tokens.cache_read, tokens.cache_creation, cost)

    def found() -> tuple[int, ...]:
        sums = usage(stack.sandbox)["total"]
        names = ("requests", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
        return (*(sums[name] for name in names), micros(sums["cost_usd"]))

    eventually(lambda: found() == wanted or None, 120)
    time.sleep(1)
    assert found() == wanted


def increase(stack: DockerStack, name: str, wanted: Callable[[float], bool] = bool) -> float:
    """Return Prometheus' sum of increase() of the metric *name*, once it is *wanted*."""
    path = "/api/v1/query?" + urllib.parse.urlencode({"query": f"sum(increase({name}[5m]))"})

    def asked() -> float:
        rows = json.loads(stack.get("prometheus", path)[1])["data"]["result"]
        return float(rows[0]["value"][1]) if rows else 0.0

    eventually(lambda: wanted(asked()) or None, 120)
    return asked()


@OLD
def test_a_short_session_is_the_truth_in_both_databases_and_on_the_page(stack: DockerStack, api: MessagesApi) -> None:
    """The stack is brought up by the launch itself; increase() of the single session is not zero, its error is printed."""
    done = run(stack, "say hi")

    assert done.code == 0
    assert micros(total(stack.ports["metrics"], "claude_code_cost_usage")) == done.micros
    assert total(stack.ports["metrics"], "claude_code_session_count") == 1
    assert_usage(stack, api, done.micros)
    sessions, dollars = increase(stack, "claude_code_session_count"), increase(stack, "claude_code_cost_usage")
    print(f"increase(): sessions {sessions:.4f} for 1, dollars {dollars:.6f} for {done.micros / 1e6:.6f}")
    assert sessions > 0
    assert dollars > 0


@NEW
def test_parallel_and_resumed_sessions_are_counted_once_each(stack: DockerStack, api: MessagesApi) -> None:
    """Two at a time, then one of them again: three processes, two sessions, every request once."""
    words = stack.sandbox.command("-p", "three steps", *AS_JSON, "--allowedTools", "Bash")
    both = [stack.sandbox.popen(words) for _ in range(2)]
    ended = []
    for process in both:
        out, err = process.communicate(timeout=120)
        ended.append(outcome(subprocess.CompletedProcess(words, process.returncode, out, err)))
    again = run(stack, "say hi", "--resume", ended[0].session)

    cost = ended[1].micros + again.micros  # this release's own figure of a resumed session begins with what it had cost

    assert total(stack.ports["metrics"], "claude_code_session_count") == 3
    assert_usage(stack, api, cost)
    assert {row["session"] for row in usage(stack.sandbox, "--by", "session")["rows"]} == {one.session for one in ended}


@OLD
def test_a_bare_claude_that_rests_longer_than_its_series_loses_nothing(stack: DockerStack, api: MessagesApi) -> None:
    """Delta, no instance id, eight seconds between two parts of a session, series forgotten after five."""
    stack.configure(metrics={"expiration": 5})
    assert stack.sandbox.cclaunch("stack", "up").returncode == 0
    changes = json.loads(stack.sandbox.cclaunch("env", "--json").stdout)
    environ = {name: value for name, value in changes.items() if value is not None}
    first = outcome(stack.sandbox.run(["claude", "-p", "say hi", *AS_JSON], environ=environ))
    before = increase(stack, "claude_code_cost_usage")
    time.sleep(GAP_S)

    second = outcome(stack.sandbox.run(["claude", "-p", "say hi", "--resume", first.session, *AS_JSON], environ=environ))

    assert_usage(stack, api, first.micros + second.micros)
    after = increase(stack, "claude_code_cost_usage", lambda value: value > before * 1.5)
    print(f"increase(): dollars {after:.6f} for {(first.micros + second.micros) / 1e6:.6f}")


@NEW
def test_a_collector_that_is_restarted_in_the_middle_loses_nothing(stack: DockerStack, api: MessagesApi) -> None:
    """What was sent before is in the queue or in VictoriaLogs, what comes after finds it again."""
    assert stack.sandbox.cclaunch("stack", "up").returncode == 0
    running = stack.sandbox.popen(stack.sandbox.command("-p", "hold", *AS_JSON))
    api.wait_held(1)

    stack.api.restart(stack.containers()["collector"]["Id"], timeout=120)
    eventually(lambda: stack.answers("health", "/"))
    api.let_go(1)
    out, err = running.communicate(timeout=120)

    done = outcome(subprocess.CompletedProcess([], running.returncode, out, err))
    assert_usage(stack, api, done.micros)
    assert micros(total(stack.ports["metrics"], "claude_code_cost_usage")) == done.micros


@OLD
def test_victorialogs_may_be_away_for_a_minute(stack: DockerStack, api: MessagesApi) -> None:
    """The collector keeps what it cannot hand on; claude does not notice, and a launch only names who is down."""
    assert stack.sandbox.cclaunch("stack", "up").returncode == 0
    stack.api.stop(stack.containers()["victorialogs"]["Id"], timeout=120)
    environ = {name: value or "" for name, value in json.loads(stack.sandbox.cclaunch("env", "--json").stdout).items()}
    done = outcome(stack.sandbox.run(["claude", "-p", "say hi", *AS_JSON], environ=environ))
    time.sleep(AWAY_S)

    named = stack.sandbox.cclaunch("mcp", "list")
    assert stack.sandbox.cclaunch("stack", "up").returncode == 0

    assert (done.code, named.returncode) == (0, 0)
    assert_usage(stack, api, done.micros)


@NEW
def test_a_launch_names_a_service_that_is_down_starts_it_and_does_not_wait(stack: DockerStack, api: MessagesApi) -> None:
    """Only the collector gates a launch."""
    assert stack.sandbox.cclaunch("stack", "up").returncode == 0
    stack.api.stop(stack.containers()["prometheus"]["Id"], timeout=120)

    done = stack.sandbox.cclaunch("-p", "say hi", *AS_JSON)

    assert done.stderr.decode() == "cclaunch: prometheus: down; started again, not waited for\n"
    assert_usage(stack, api, outcome(done).micros)
    eventually(lambda: stack.answers("prometheus", "/-/healthy"), 120)


@NEW
def test_a_session_that_ends_while_the_backends_change_hands_loses_nothing(stack: DockerStack, api: MessagesApi) -> None:
    """
    Its last export meets the gap: what the embedded collector has, and what Docker gets, add up to the truth.

    Claude gives up after two seconds, whatever it is told: where a busy machine's containers take longer, nothing is claimed.
    """
    stack.configure(backend="embedded")
    running = stack.sandbox.popen(stack.sandbox.command("-p", "hold", *AS_JSON))
    api.wait_held(1)

    moving = stack.sandbox.popen(stack.sandbox.command("stack", "use", "docker"))
    until = time.monotonic() + 120
    while stack.answers("http", "/health") and time.monotonic() < until:  # ours answers there, a container does not
        time.sleep(0.002)
    began = time.monotonic()
    api.let_go(1)
    while not stack.answers("health", "/") and time.monotonic() < until:
        time.sleep(0.01)
    gap = time.monotonic() - began
    out, err = running.communicate(timeout=120)
    moved = moving.communicate(timeout=120)

    done = outcome(subprocess.CompletedProcess([], running.returncode, out, err))
    assert moving.returncode == 0, moved
    if gap > PATIENCE_S:
        pytest.skip(f"nobody listened for {gap:.1f} s, which claude does not wait for")
    assert_usage(stack, api, done.micros)


@NEW
def test_a_session_that_runs_while_up_makes_anew_what_compose_made_loses_nothing(
    stack: DockerStack, api: MessagesApi, tmp_path: Path
) -> None:
    """What it sent to the collector that compose has made, and what it sends to ours, add up to the truth."""
    if not compose_program().exists():
        missing("compose (tests/services/build)")
    Compose(stack, tmp_path).up()
    old = stack.ids()
    first = run(stack, "say hi")
    running = stack.sandbox.popen(stack.sandbox.command("-p", "hold", *AS_JSON))
    api.wait_held(1)
    used = stack.ids()

    anew = stack.sandbox.cclaunch("stack", "up", timeout=120)
    api.let_go(1)
    out, err = running.communicate(timeout=60)

    done = outcome(subprocess.CompletedProcess([], running.returncode, out, err))
    assert (anew.returncode, used) == (0, old), anew.stderr
    assert not set(old.values()) & set(stack.ids().values())
    assert_usage(stack, api, first.micros + done.micros)
