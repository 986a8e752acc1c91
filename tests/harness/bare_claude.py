"""
Bare claudes, without us: run in homes of their own, with what they sent kept apart.

The problem it owns: what is known of claude is asked of claude itself, often, and a run costs most of a second;
so they run two at a time, and a question that was asked before is not asked again.
"""

import itertools
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import real_claude
from capture import Attributes, Capture
from messages_api import MessagesApi
from real_claude import Claude
from sandbox import Sandbox

from cclaunch import otel


class Arrival(NamedTuple):
    """What one run of claude sent, of every resource, point and event."""

    resources: list[Attributes]
    points: dict[str, Attributes]
    events: dict[str, Attributes]


class Runner:
    """Runs bare claudes of one release and remembers by environment what they sent."""

    def __init__(self, base: Path, claude: Claude, api: MessagesApi) -> None:
        self.base, self.claude, self.api = base, claude, api
        self.known: dict[str, Arrival] = {}
        self.numbers = itertools.count()

    def prepare(self, texts: Iterable[str]) -> None:
        """Run *texts*, unless they ran before."""
        with ThreadPoolExecutor(2) as two:
            list(two.map(self, texts))

    def __call__(self, text: str, **environ: str) -> Arrival:
        """Return what a run with *text*, and more of an environment, sent."""
        name = json.dumps([text, environ])
        if name not in self.known:
            self.known[name] = self._run(text, environ)
        return self.known[name]

    def _run(self, text: str, environ: Mapping[str, str]) -> Arrival:
        base = self.base / str(next(self.numbers))
        base.mkdir()
        sandbox = Sandbox(base)
        real_claude.prepare(sandbox, self.claude, self.api.url)
        with Capture() as capture:
            changes = {**capture.environ(), **({otel.RESOURCE_ATTRIBUTES: text} if text else {}), **environ}
            done = sandbox.run(["claude", "-p", "say hi"], environ=changes)
        assert done.returncode == 0, done.stderr
        events = {event.body.removeprefix(otel.EVENT_PREFIX): event.attributes for event in capture.events()}
        points = {point.metric.removeprefix(otel.EVENT_PREFIX): point.attributes for point in capture.points()}
        resources = [one.resource for one in capture.events()] + [one.resource for one in capture.points()]
        return Arrival(resources, points, events)
