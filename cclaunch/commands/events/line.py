"""
One event in one line, and what is left out of many: what every session does at its start, and what was redacted.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from cclaunch import otel
from cclaunch.console import NARROWEST, printable, width
from cclaunch.layout import wrapped
from cclaunch.reports.dates import local
from cclaunch.reports.steps import REDACTED, is_of_the_start, pull_request, windows_used

if TYPE_CHECKING:
    from cclaunch.store.reader import Event

LONGEST_VALUE = 100

TOLD = (
    "model",
    "cost_usd",
    "input_tokens",
    "output_tokens",
    "tool_name",
    "success",
    "decision",
    "error",
    "error_type",
    "error_name",
    "status_code",
    "attempt",
    "agent_type",
    "skill.name",
    "server_name",
    "status",
    "trigger",
    "to_mode",
    "pr_review_state",
    "pre_tokens",
    "post_tokens",
    "total_tokens",
    "duration_ms",
    "prompt",
    "prompt_length",
    "response",
)
"""The attributes that a line for people shows, in this order; ``--json`` has all of them."""

ALSO = {"prompt": "prompt_text"}
"""Attribute -> its other name in newer releases."""

BY_STATUS_LINE: dict[str, Callable[["Event"], str]] = {
    otel.PLAN_WINDOWS: windows_used,
    otel.PULL_REQUEST: pull_request,
}
"""Event of our status line -> how it is told."""

WHOSE = (("profile", "cclaunch.profile"), ("repository", "vcs.repository.name"))
"""What is said of a session where its events begin."""


class Lines:
    """
    Makes lines of events, one after the other.

    Attributes:
        verbose: Show what every session does at its start as well, and answers of which nothing but their being there is known.
        room: Columns of the terminal, or None: a long line goes on below its own text.
    """

    def __init__(self, *, verbose: bool, room: int | None = None) -> None:
        self.verbose = verbose
        self.room = room
        self._session: str | None = ""
        self._folded: list[Event] = []

    def of(self, event: "Event") -> Iterator[str]:
        """Yield what there is to show now that *event* has happened."""
        if not self.verbose and is_of_the_start(event):
            if self._folded and self._folded[-1].session_id != event.session_id:
                yield from self.rest()
            self._folded.append(event)
            return
        yield from self.rest()
        if self.verbose or not _says_nothing(event):
            yield from self._lines(event, _told(event))

    def rest(self) -> Iterator[str]:
        """Yield what was held back: start-up events of one session, in one line."""
        if self._folded:
            last, self._folded = self._folded, []
            yield from self._lines(last[-1], f"started ({len(last)} events, -v shows them)")

    def _lines(self, event: "Event", text: str) -> Iterator[str]:
        whose = ""
        if event.session_id != self._session and event.name not in otel.OF_STATUS_LINE:  # which do not know all of it
            self._session = event.session_id
            whose = "".join(f" {word}={_short(event.attributes[key])}" for word, key in WHOSE if event.attributes.get(key))
        said = printable(f"{text}{whose}")
        left = f"{local(event.time_ns)}  {printable((event.session_id or '')[:8]):8}  "
        beside = None if self.room is None else self.room - len(left)
        texts = [said] if beside is None or beside < NARROWEST else wrapped(said, beside, width)
        yield left + texts[0]
        yield from (" " * len(left) + rest for rest in texts[1:])


def _says_nothing(event: "Event") -> bool:
    """Say whether *event* is an answer that was not recorded: its request is told."""
    return event.name == "assistant_response" and event.attributes.get("response", REDACTED) == REDACTED


def _told(event: "Event") -> str:
    return " ".join([event.name, *([tell(event)] if (tell := BY_STATUS_LINE.get(event.name)) else []), *_pairs(event)])


def _pairs(event: "Event") -> Iterable[str]:
    for key in TOLD:
        value = event.model if key == "model" else event.attributes.get(key, event.attributes.get(ALSO.get(key, "")))
        if value is None or value in ("", REDACTED):
            continue
        if key == "prompt_length" and event.attributes.get("prompt", event.attributes.get("prompt_text", REDACTED)) != REDACTED:
            continue
        yield f"{key}={_short(value)}"


def _short(value: object) -> str:
    """Return a value as one word or a quoted text that fits on a line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        value = f"{value:.6g}"
    text = str(value).replace("\t", " ")
    if len(text) > LONGEST_VALUE:
        text = text[:LONGEST_VALUE] + "…"
    return f'"{text}"' if " " in text else text
