"""
A file of some profiles beside the work of others: it is the same file, to the byte, as where the others never worked.

The problem it owns: names are not all that tells of somebody. A sum, a share, the length of a session that two have worked in, or
the day on which a chart begins would tell of them too.
"""

import json
import time
from typing import Any

import pytest
from sandbox import Sandbox
from stored import SECOND_NS, cost, export_of, store

from cclaunch.answers.answers import Answers
from cclaunch.answers.exported import exported, span
from cclaunch.hot.paths import our_paths
from cclaunch.otlp.decode import decode_logs
from cclaunch.store.rows import Batch

HOUR_NS = 3600 * SECOND_NS
SHARED = "s-both"
Document = dict[str, Any]


def did(profile: str, hours: int, session: str = SHARED, **attributes: Any) -> Batch:
    """Return what a launch under *profile* did so many *hours* ago: a request, unless the attributes say otherwise."""
    at = NOW_NS - hours * HOUR_NS
    spent = {"cost_usd": 1.0, "cost_usd_micros": 10**6, "model": f"claude-{profile}", "input_tokens": 9, "duration_ms": 900}
    named = {name.replace("__", "."): value for name, value in attributes.items()}
    made = export_of({**({} if "event.name" in named else spent), **named, "session.id": session, "time": at}, time_ns=at)
    place = {"vcs.repository.name": f"acme/{profile}", "vcs.ref.head.name": f"b-{profile}", "team": f"team-{profile}"}
    for key, value in {**place, **({"cclaunch.profile": profile} if profile else {})}.items():
        made.resource_logs[0].resource.attributes.add(key=key).value.string_value = value
    return decode_logs(made)


NOW_NS = time.time_ns()
TOOL: Document = {"event__name": "tool_result", "success": "false", "duration_ms": 48}
OURS = [
    did("shop", 72, "s-shop"),
    did("shop", 48),
    did("shop", 72, "s-shop", **TOOL, tool_name="Bash", error_type="ENOENT"),
    did("shop", 48, event__name="api_error", model="claude-shop", status_code="500", duration_ms=7),
]
OTHERS = [
    did("ops", 216, "s-ops"),
    did("ops", 120, agent__name="reviewer", skill__name="deploy"),
    did("ops", 24),
    did("ops", 48, **TOOL, tool_name="Deploy", error_type="EPERM"),
    did("ops", 48, event__name="tool_decision", tool_name="Deploy", decision="reject", source="hook"),
    did("ops", 48, event__name="api_error", model="claude-ops", status_code="529", duration_ms=7),
    did("ops", 48, event__name="internal_error", error_name="TypeError"),
    did("", 480, "s-nobody"),
    did("", 144),
    did("", 1),
    cost(SHARED, 55.0, NOW_NS - 48 * HOUR_NS, cclaunch__profile="ops"),
    cost(SHARED, 77.0, NOW_NS - 48 * HOUR_NS),
]


@pytest.fixture
def one(sandbox: Sandbox) -> Answers:
    """A machine on which nobody else worked."""
    store(sandbox.database, *OURS)
    return Answers(our_paths(sandbox.environ), lambda: NOW_NS)


@pytest.fixture
def other(sandbox: Sandbox) -> Answers:
    """A machine on which others did, in a session of ours too."""
    environ = {**sandbox.environ, "CCLAUNCH_DATA_DIR": str(sandbox.home / "shared")}
    store(sandbox.home / "shared" / "telemetry.db", *OURS, *OTHERS)
    return Answers(our_paths(environ), lambda: NOW_NS)


def of_shop(answers: Answers, since: str, until: str) -> Document:
    """Return what stands in a file."""
    return exported(answers, span(answers, since, until), ["shop"], lambda done, steps: None).document


@pytest.mark.parametrize(("since", "until"), [("", ""), ("365d", ""), ("", "30h"), ("60h", ""), ("60h", "30h")])
def test_what_others_did_changes_nothing(one: Answers, other: Answers, since: str, until: str) -> None:
    """In any range, also one that begins with the first request."""
    alone, beside = of_shop(one, since, until), of_shop(other, since, until)
    assert json.dumps(beside, indent=1) == json.dumps(alone, indent=1)
    assert alone["sessions"]["sessions"] >= 1


def test_a_session_is_as_long_as_what_was_asked_of_it(other: Answers) -> None:
    """As the verb has it: another profile went on with it, days before and after."""
    (row,) = [row for row in of_shop(other, "365d", "")["sessions"]["rows"] if row["session"] == SHARED]
    assert (row["requests"], row["seconds"]) == (1, 0)
