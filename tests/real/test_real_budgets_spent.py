"""
Budgets that are really spent: by real claudes side by side, through the real collector, over the border of a day.

The problem it owns: what a launch says of a budget must be what the launches before it have cost, whoever wrote it down
meanwhile; nothing here is written by hand. Prices are the scripted API's, so a budget is set by what the first launches cost.
"""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from docker_stack import DockerStack, docker_stack
from engine import Engine
from messages_api import MessagesApi
from real_claude import VERSIONS, Claude, micros, outcome
from recorded import usage
from sandbox import Sandbox

from cclaunch.hot.paths import our_paths
from cclaunch.hot.spending import DAY, MONTH, Spending, read_spending

pytestmark = pytest.mark.real

STOPPED = 125
PATIENCE_S = 120
BORDER_S = 75
"""So far off is the end of the day when it is begun: time enough for a stack that starts anew, and two launches."""

AS_JSON = ("--output-format", "json")
SAID = re.compile(r"cclaunch: (?:(\w+): )?\$([\d.]+) of \$([\d.]+) (today|this month)(?:, at this pace [\w: ]+)?\n")

newer = pytest.mark.parametrize("claude", VERSIONS[-1:], indirect=True)
both = pytest.mark.parametrize("claude", VERSIONS, indirect=True)


def start(place: Sandbox, *words: str) -> "subprocess.Popen[bytes]":
    """Start a launch that says hi."""
    return place.popen(place.command("-p", "say hi", *AS_JSON, *words))


def finish(process: "subprocess.Popen[bytes]") -> "subprocess.CompletedProcess[bytes]":
    """Wait for what ``start`` has started."""
    out, err = process.communicate(timeout=180)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def spending(place: Sandbox) -> Spending | None:
    """Return what a launch would read now."""
    return read_spending(our_paths(place.environ), time.time_ns())


def spent(place: Sandbox, period: str = MONTH, profile: str = "") -> int:
    """Return what a launch would read now of one budget, in micro-dollars."""
    found = spending(place)
    one = found.by.get((period, profile)) if found is not None else None
    return one.micros if one is not None else 0


def settled(place: Sandbox, profile: str = "shop") -> int:
    """Wait until launches read what `usage` says that *profile* has cost; return that, in micro-dollars."""

    def agree() -> int | None:
        rows = usage(place, "--by", "profile")["rows"]
        cost = next((micros(row["cost_usd"]) for row in rows if row["profile"] == profile), 0)
        return cost if cost and cost == spent(place, MONTH, profile) else None

    return int(eventually(agree))


def eventually(look: Callable[[], Any]) -> Any:
    """Return what *look* returns as soon as that is something."""
    until = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < until, "what was spent was not written down"
        time.sleep(0.2)
    return found


def limited(place: Sandbox, micro_dollars: int, profile: str = "shop") -> None:
    """Give *profile* a budget."""
    assert place.cclaunch("profile", "set", profile, "--budget", f"{micro_dollars / 1e6:.6f}").returncode == 0


def told(stderr: bytes, cost: int, limit: int) -> tuple[str, str]:
    """Return (profile, period) of the one line on *stderr*, which tells *cost* and *limit* (micro-dollars) to its last digit."""
    found = SAID.fullmatch(stderr.decode())
    assert found, stderr.decode()
    decimals = len(found[2].partition(".")[2])
    assert (found[2], found[3]) == (f"{cost / 1e6:.{decimals}f}", f"{limit / 1e6:.{decimals}f}")
    assert (found[2] == found[3]) == (cost == limit)
    return found[1] or "", found[4]


def prepared(place: Sandbox, budget: str) -> None:
    """Configure *place* with the table *budget* and a profile in use."""
    place.configure(extra=f"[budget]\n{budget}\n")
    assert place.cclaunch("profile", "create", "shop").returncode == 0
    assert place.cclaunch("profile", "use", "shop").returncode == 0


@both
def test_launches_side_by_side_spend_a_budget_that_then_stops_the_next(ready: Sandbox, api: MessagesApi) -> None:
    """Silent below 80 %, told to the cent from there on, stopped at 100 %; the session that goes on is told, and counts."""
    prepared(ready, 'on_exceed = "stop"')
    first = [finish(one) for one in [start(ready) for _ in range(4)]]
    assert [(one.returncode, one.stderr) for one in first] == [(0, b"")] * 4
    cost = settled(ready)
    assert cost == sum(outcome(one).micros for one in first)
    limit = round(cost / 0.7)  # below a dollar, so it is told with more digits than cents
    limited(ready, limit)

    shares = []
    while (cost := settled(ready)) < limit:
        shares.append(cost / limit)
        done = [finish(one) for one in [start(ready), *([start(ready)] if shares[-1] >= 0.8 else [])]]
        for one in done:
            assert one.returncode == 0, one.stderr
            if shares[-1] < 0.8:
                assert one.stderr == b""
            else:
                assert told(one.stderr, cost, limit) == ("shop", "this month")
        assert len(shares) < 10
    assert min(shares) < 0.8 <= max(shares)

    before = len(api.good())
    stopped = [finish(one) for one in [start(ready) for _ in range(3)]]
    assert [(one.returncode, one.stdout) for one in stopped] == [(STOPPED, b"")] * 3
    assert all(b"the budget of shop is spent: " in one.stderr for one in stopped)
    assert len(api.good()) == before

    going_on = finish(start(ready, "--resume", outcome(first[0]).session))
    assert told(going_on.stderr, cost, limit) == ("shop", "this month")
    assert outcome(going_on).session == outcome(first[0]).session
    assert settled(ready) > cost


@both
def test_a_budget_begins_anew_when_the_day_does(ready: Sandbox, api: MessagesApi, claude: Claude) -> None:
    """In a zone whose day ends in the midst of a minute; a session of yesterday that goes on today counts today."""
    prepared(ready, 'on_exceed = "stop"')
    yesterday = outcome(finish(start(ready)))
    cost = settled(ready)
    border = round(time.time()) + BORDER_S
    ready.environ["TZ"] = day_ends(border)
    ready.config_file.write_text(ready.config_file.read_text() + f"daily = {cost / 1e6 * 0.9:.6f}\n")
    assert ready.cclaunch("stack", "restart").returncode == 0
    assert eventually(lambda: spent(ready, DAY)) == cost

    stopped = finish(start(ready))
    assert time.time() < border, "this machine was too slow"
    assert (stopped.returncode, stopped.stdout) == (STOPPED, b"")
    assert b"the budget of all launches is spent: " in stopped.stderr
    assert b"today" in stopped.stderr

    time.sleep(max(0.0, border + 0.1 - time.time()))
    today = finish(start(ready, "--resume", yesterday.session))
    assert (today.returncode, today.stderr) == (0, b"")
    new = outcome(today).micros - (yesterday.micros if claude.restores_cost else 0)
    assert eventually(lambda: spent(ready, DAY)) == new
    [one] = usage(ready)["budgets"]
    assert (one["period"], micros(one["spent_usd"]), one["profile"]) == ("day", new, None)


@pytest.fixture
def stack(ready: Sandbox, engine: Engine) -> Iterator[DockerStack]:
    """The Docker stack of a sandbox with a real claude."""
    with docker_stack(ready, engine.host) as made:
        yield made


@newer
def test_a_budget_is_spent_through_containers(stack: DockerStack, api: MessagesApi) -> None:
    """The keeper writes down what VictoriaLogs shows, and tells; a launch is stopped by that as by the collector's."""
    place, heard = stack.sandbox, stack.sandbox.work / "heard"
    command = f"""echo "$CCLAUNCH_BUDGET_PERCENT $CCLAUNCH_BUDGET_TEXT" >> {heard}"""
    stack.configure(budget={"on_exceed": "stop"}, notify={"command": command})
    assert place.cclaunch("profile", "create", "shop").returncode == 0
    assert place.cclaunch("profile", "use", "shop").returncode == 0
    done = finish(start(place))
    assert done.returncode == 0, done.stderr
    cost = settled(place)
    assert cost == outcome(done).micros
    limited(place, round(cost / 0.9))
    eventually(heard.exists)
    near = finish(start(place))
    assert told(near.stderr, cost, round(cost / 0.9)) == ("shop", "this month")
    eventually(lambda: settled(place) > cost)

    before = len(api.good())
    assert finish(start(place)).returncode == STOPPED
    assert len(api.good()) == before
    eventually(lambda: len(heard.read_text().splitlines()) == 2)
    assert [line.split()[:2] for line in heard.read_text().splitlines()] == [["80", "shop:"], ["100", "shop:"]]


def day_ends(second: int) -> str:
    """Return a zone (TZ) in which a day ends at that *second* since the epoch."""
    west = second % 86_400
    west -= 86_400 if west > 43_200 else 0
    hours, rest = divmod(abs(west), 3600)
    return f"EDGE{'-' if west < 0 else '+'}{hours}:{rest // 60:02d}:{rest % 60:02d}"
