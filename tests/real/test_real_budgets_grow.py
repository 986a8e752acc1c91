"""
Budgets that are really spent, by the real claudes: from the first request to the launch that is stopped.

The problem it owns: what the API billed, what the small file says and what a launch goes by must be the same money.
"""

import json
import time

import pytest
import real_claude
from messages_api import MessagesApi
from real_claude import VERSIONS, outcome
from recorded import usage
from sandbox import Sandbox

from cclaunch.hot.paths import our_paths
from cclaunch.hot.spending import MONTH, read_spending

pytestmark = pytest.mark.real

STOPPED = 125
AT_ONCE = 4
RELEASES = [*VERSIONS, *([newest.version] if (newest := real_claude.newest()) else [])]
every = pytest.mark.parametrize("claude", RELEASES, indirect=True)


def written(place: Sandbox, profile: str) -> int:
    """Return the micro-dollars that *profile* has spent this month, by the file that launches read."""
    found = read_spending(our_paths(place.environ), time.time_ns())
    assert found is not None
    spent = found.by.get((MONTH, profile))
    return spent.micros if spent else 0


@every
def test_launches_beside_one_another_are_counted_and_the_next_one_is_stopped(ready: Sandbox, api: MessagesApi) -> None:
    """All that began below the budget run to their end; what they cost together is what the file says."""
    ready.configure(extra='[budget]\non_exceed = "stop"')
    ready.cclaunch("profile", "set", "shop", "--budget", "0.001")
    ready.cclaunch("profile", "use", "shop")
    words = ready.command("-p", "say hi", "--output-format", "json")
    started = [ready.popen(words) for _ in range(AT_ONCE)]
    told = [one.communicate(timeout=240) for one in started]
    assert [one.returncode for one in started] == [0] * AT_ONCE, told
    cost = sum(round(json.loads(out)["total_cost_usd"] * 1_000_000) for out, _ in told)
    usage(ready)
    assert written(ready, "shop") == cost

    billed = len(api.answers)
    stopped = ready.cclaunch("-p", "say hi")
    assert stopped.returncode == STOPPED
    assert len(api.answers) == billed
    session = json.loads(told[0][0])["session_id"]
    resumed = ready.cclaunch("-p", "--resume", session, "say hi", "--output-format", "json")
    assert outcome(resumed).session == session
    usage(ready)
    assert written(ready, "shop") > cost

    ready.cclaunch("profile", "set", "shop", "--budget", "250")
    assert ready.cclaunch("-p", "say hi").stderr == b""


@every
def test_other_senders_and_other_profiles_spend_no_budget_of_this_one(ready: Sandbox, api: MessagesApi) -> None:
    """A bare claude that exports to the same collector, and a launch with another profile."""
    ready.configure(extra='[budget]\non_exceed = "stop"')
    ready.cclaunch("profile", "set", "shop", "--budget", "0.001")
    ready.cclaunch("profile", "set", "web", "a=b")
    ready.cclaunch("profile", "use", "shop")
    assert ready.cclaunch("+web", "-p", "say hi").returncode == 0
    exports = json.loads(ready.cclaunch("env", "--json").stdout)
    assert ready.run(["claude", "-p", "say hi"], environ=exports).returncode == 0
    usage(ready)
    assert written(ready, "shop") == 0
    assert 0 < written(ready, "") < sum(row["cost_usd"] for row in usage(ready, "--by", "profile")["rows"]) * 1_000_000
    assert ready.cclaunch("-p", "say hi").returncode == 0
