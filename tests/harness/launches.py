"""
Many launches of one release into one collector, and what of each of them is in the store.

The problem it owns: a table of sixty rows, each a launch of the real claude, may not cost sixty collectors. The
launches share a home and run two at a time; each has a session id and a prompt of its own, so that what is in
the store, and what the API answered, can be told apart. The session id is claude's word, never the row's.
"""

import itertools
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import real_claude
from messages_api import Answer, MessagesApi
from real_claude import Claude
from recorded import assert_requests, events
from sandbox import Sandbox

from cclaunch.store import reader

Attributes = dict[str, Any]

EVERY_METRIC = ("claude_code.session.count", "claude_code.token.usage", "claude_code.cost.usage")
"""What every prompt that was answered gives."""


class Launched(NamedTuple):
    """
    One launch that has ended.

    Attributes:
        code, out, err: What it returned and printed.
        events: The attributes of its events in the store, in claude's order.
        points: (name of the metric, attributes) of its series in the store.
        billed: What the API answered for its prompt.
        prompt: The prompt, which no other launch has.
    """

    code: int
    out: str
    err: str
    events: list[Attributes]
    points: list[tuple[str, Attributes]]
    billed: list[Answer]
    prompt: str


class Launches:
    """
    One home with one collector, in which launches of one release run.

    Attributes:
        sandbox: The home.
        api: What claude talks to.
        ports: The collector's, by name.
        count: How many launches there were.
    """

    def __init__(self, base: Path, claude: Claude, api: MessagesApi, *, protocol: str = "grpc") -> None:
        self.sandbox, self.claude, self.api = Sandbox(base), claude, api
        real_claude.prepare(self.sandbox, claude, api.url)
        self.ports = self.sandbox.configure(protocol=protocol)
        self.sandbox.cclaunch("stack", "up")
        self.count = 0
        self._numbers = itertools.count()

    def all(self, works: Mapping[str, Callable[[], Launched]]) -> dict[str, Launched]:
        """Do *works*, two at a time, and return what came of each under its name."""
        with ThreadPoolExecutor(2) as two:
            return dict(zip(works, two.map(lambda work: work(), works.values()), strict=True))

    def __call__(
        self,
        environ: Mapping[str, str] | None = None,
        *words: str,
        prompt: str = "say hi",
        cwd: Path | None = None,
        wrap: Callable[[list[str]], list[str]] = list,
    ) -> Launched:
        """Run ``cclaunch -p`` with *words* more; *wrap* may put something in front of the command line."""
        session, prompt = str(uuid.uuid4()), f"{prompt} as number {next(self._numbers)} of {self.sandbox.home.parent.name}."
        command = wrap(self.sandbox.command(*words, "-p", prompt, "--session-id", session))
        done = self.sandbox.run(command, environ=environ, cwd=cwd)
        self.count += 1
        return Launched(
            done.returncode,
            done.stdout.decode(),
            done.stderr.decode(),
            sorted(self._events(session), key=lambda event: event.get("event.sequence", 0)),
            [(name, attributes) for name, attributes in self._series() if attributes.get("session.id") == session],
            [answer for answer in self.api.good() if prompt in answer.prompt],
            prompt,
        )

    def _events(self, session: str) -> Iterable[Attributes]:
        return (event for event in events(self.sandbox) if event.get("session.id") == session)

    def _series(self) -> list[tuple[str, Attributes]]:
        connection = reader.open_reader(str(self.sandbox.database))
        try:
            return [(one.name, one.attributes) for one in reader.series(connection, 0)]
        finally:
            connection.close()


def assert_arrived(launched: Launched, version: str, **attributes: str) -> None:
    """
    Assert that everything of *launched* is in the store once, both signals, with *attributes* on all of it.

    A ``__`` in the name of an attribute stands for a dot.
    """
    assert launched.code == 0, launched
    found = launched.events
    assert [event.get("event.sequence") for event in found] == list(range(len(found))), "events are missing or twins"
    assert found, f"no events; stderr: {launched.err}"
    names = Counter(event["event.name"] for event in found)
    since = {"assistant_response"} if version != "2.1.170" else set()
    assert {"user_prompt", "api_request"} | since <= set(names)
    assert_requests(found, launched.billed)
    assert set(EVERY_METRIC) <= {name for name, _ in launched.points}, f"no metrics; stderr: {launched.err}"
    wanted = {"service.name": "claude-code", "service.version": version}
    wanted |= {name.replace("__", "."): value for name, value in attributes.items()}
    for one in (*found, *(attributes for _, attributes in launched.points)):
        assert {name: one.get(name) for name in wanted} == wanted
    instances = {one.get("service.instance.id") for one in (*found, *(attributes for _, attributes in launched.points))}
    assert len(instances) == 1
    assert None not in instances


def said(launched: Launched) -> list[str]:
    """Return what ``cclaunch`` said on stderr, line by line, without its name."""
    return [line.removeprefix("cclaunch: ") for line in launched.err.splitlines() if line.startswith("cclaunch: ")]


def as_text(found: Iterable[Attributes]) -> str:
    """Return everything in *found* as one text, to look for what must not be there."""
    return json.dumps(list(found), ensure_ascii=False)
