"""
One session from start to end: what was asked, what claude did, and what it had cost by then.

The problem it owns: events are many and small. What belongs together becomes one step (a tool's decision with its result), and
what happens in every session at its start is a number.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.reports.figures import Figures, together
from cclaunch.reports.rebuilds import Rebuild, rebuilds, used_by
from cclaunch.reports.steps import Step, beside_of, is_of_the_start, is_said_elsewhere, step_of
from cclaunch.store.reader import Event

SAID_OF = (("profile", "cclaunch.profile"), ("repository", "vcs.repository.name"), ("branch", "vcs.ref.head.name"))
"""Word -> the attribute that says it of a session."""


class Story(NamedTuple):
    """The *steps* of a session, what it used, the *rebuilds* of its cache, and how many events were *start_up*."""

    session: str
    figures: Figures
    steps: list[Step]
    rebuilds: list[Rebuild]
    start_up: int
    attributes: Mapping[str, Any]


def story(session: str, events: Sequence[Event], *, whole: bool = False) -> Story:
    """Return the story of *session* from its *events*, in order; *whole*: the events of its start are steps as well."""
    told = [event for event in events if whole or not (is_of_the_start(event) or event.name == otel.PLAN_WINDOWS)]
    start_up = sum(map(is_of_the_start, events)) if not whole else 0
    beside, steps, spent = beside_of(told), list[Step](), 0
    for event in told:
        if not is_said_elsewhere(event, beside):
            steps.append(step_of(event, beside, spent))
            spent = steps[-1].so_far
    used = together(used_by(event) for event in told if event.name == otel.REQUEST)
    newest: Mapping[str, Any] = next((one.attributes for one in reversed(events) if one.name not in otel.OF_STATUS_LINE), {})
    return Story(session, used, steps, list(rebuilds(told)), start_up, newest)
