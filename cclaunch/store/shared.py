"""
What many events say alike, stored once.

The problem it owns: a session repeats its resource and its person in each event, and that was half of the database.
An event's attributes are the shared ones with its own over them; which are shared is told by their names, so that the
same session gives the same few texts.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cclaunch.store.record_key import number_of
from cclaunch.store.schema import dump

OF_A_REQUEST = frozenset(
    "model query_source speed effort agent.name agent.source skill.name plugin.name marketplace.name mcp_server.name"
    " mcp_tool.name".split()
)
"""Of these attributes a session has few values, and each request one of them."""

REPEATED = OF_A_REQUEST | frozenset(
    "session.id user.id user.email user.account_uuid user.account_id organization.id terminal.type app.version"
    " app.entrypoint".split()
)
"""Attributes of any event that are shared with its resource's: a session has few values of each."""

OF_ONE = frozenset(
    "request_id client_request_id agent_id parent_agent_id message.id message.uuid prompt.id event.name event.timestamp"
    " event.sequence body attempt".split()
)
"""What each request has of its own."""

MEASURES = ("_tokens", "_ms", "_usd", "_micros", "_bytes", "_length")
"""Ends of names of what is measured: another release may measure more."""


MOST_KNOWN, LONGEST_KNOWN = 4096, 128
_known: dict[str, bool] = {}
"""What was said of names before, of so many and so long ones."""


def has_few_values(key: str) -> bool:
    """Say whether an attribute of a request is one that many requests have alike; what nobody knows is the person's own."""
    known = _known.get(key)
    if known is None:
        known = key in REPEATED or not (key in OF_ONE or key.endswith(MEASURES))
        if len(_known) < MOST_KNOWN and len(key) <= LONGEST_KNOWN:
            _known[key] = known
    return known


class Shared(NamedTuple):
    """Attributes as *text* (compact JSON), under the *key* that is made of it."""

    key: int
    text: str


class Split:
    """Splits the events of one *resource* (its attributes): what is shared is made into text once."""

    def __init__(self, resource: Mapping[str, Any]) -> None:
        self._resource = resource
        self._made: dict[str, Shared] = {}

    def __call__(self, record: Mapping[str, Any], *, request: bool) -> tuple[Shared | None, dict[str, Any]]:
        """Return (what the event with the attributes *record* shares, or None; the rest). *request*: it is one to the API."""
        shares = has_few_values if request else REPEATED.__contains__
        repeated = {key: value for key, value in record.items() if shares(key)}
        resource = self._resource
        own = {
            key: value
            for key, value in record.items()
            if key not in repeated and not (key in resource and _same(resource[key], value))
        }
        if not repeated and not resource:
            return None, own
        known = repr(repeated)
        if known not in self._made:
            text = dump({**resource, **repeated})
            self._made[known] = Shared(number_of(text), text)
        return self._made[known], own


def _same(one: Any, other: Any) -> bool:
    """Say whether two values are stored alike: 1, 1.0 and true are not."""
    return type(one) is type(other) and one == other and not isinstance(one, list | dict | float)
