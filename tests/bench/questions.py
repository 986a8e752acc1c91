"""
All questions of the page, as addresses.

The problem it owns: what one forgets to ask is what is slow. So each range is asked by every key and in every order, narrowed
and not, and each table is asked for as a whole.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from cclaunch.answers.answers import CSV
from cclaunch.answers.asked import ORDERS

KEYS = ("profile", "team", "project", "repository", "branch", "model", "agent", "skill")
NARROWED = (("where", "team=team-1"), ("where", "branch=main"))
YEAR, MONTH = (("range", "365d"),), (("range", "30d"),)
RANGES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "30 days": MONTH,
    "30 days, narrowed": (*MONTH, *NARROWED),
    "a year": YEAR,
    "a year, narrowed": (*YEAR, *NARROWED),
    "a year, own ends": (("since", "300d"), ("until", "1h")),
}


def addresses(session: str) -> dict[str, str]:
    """Return the questions below ``/api/`` by what they are called; *session*: the whole id of one that has events."""
    found = {
        "head": "head?",
        "head, narrowed": f"head?{urlencode(NARROWED)}",
        "capture": "capture?",
        "capture, with holes": "capture?holes=1",
        "capture, a year, page 20": "capture?since=365d&offset=1000",
        "a session's story": f"session?session={session}",
    }
    for name, span in RANGES.items():
        words = urlencode(span)
        found |= {f"days by {key}, {name}": f"days?{words}&by={key}" for key in KEYS}
        found |= {f"{route}, {name}": f"{route}?{words}" for route in ("whom", "what", "tools", "sessions")}
        found |= {f"sessions, page 20, {name}": f"sessions?{words}&offset=1000&limit=50"}
        found |= {f"sessions by {order}, {name}": f"sessions?{words}&sort={order}" for order in ORDERS}
    return found


def tables() -> dict[str, str]:
    """Return the words of whole tables of a year: a person asks for one, and no clock does."""
    return {f"csv of {what}, a year": urlencode((("what", what), *YEAR)) for what in CSV}
