"""One session told to programs: the values that people see, with their units in the names."""

from typing import Any

from cclaunch.reports.dates import iso
from cclaunch.reports.rebuilds import Rebuild
from cclaunch.reports.steps import Step
from cclaunch.reports.story import SAID_OF, Story


def document(story: Story) -> dict[str, Any]:
    """Return *story* for programs: times in UTC, dollars, milliseconds unless a name says otherwise."""
    steps, figures = story.steps, story.figures
    return {
        "session": story.session,
        "start": iso(steps[0].time_ns) if steps else None,
        "end": iso(steps[-1].time_ns) if steps else None,
        **{word: story.attributes.get(key) for word, key in SAID_OF},
        "cost_usd": figures.micros / 1_000_000,
        "requests": figures.requests,
        "total_tokens": figures.tokens,
        "cache_hit_rate": figures.hit_rate,
        "start_up_events": story.start_up,
        "steps": list(map(_step, steps)),
        "rebuilds": list(map(_rebuild, story.rebuilds)),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "time": iso(step.time_ns),
        "kind": step.kind,
        "what": step.what or None,
        "agent": step.agent,
        "duration_ms": step.took_ms,
        "cost_usd": None if step.micros is None else step.micros / 1_000_000,
        "cost_so_far_usd": step.so_far / 1_000_000,
        **step.said,
    }


def _rebuild(one: Rebuild) -> dict[str, Any]:
    return {
        "time": iso(one.time_ns),
        "pause_s": one.pause_s,
        "tokens": one.tokens,
        "cost_estimated_usd": one.micros / 1_000_000,
    }
