"""
What a value was before VictoriaLogs made a text of it.

VictoriaLogs keeps texts only, and nothing that is empty. Claude Code's attributes have one kind each, so the kind is
known by the name; an attribute that is not in these tables is a text, as every resource attribute is one.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from cclaunch.store.filters import NUMBERS
from cclaunch.store.rows import Value, number

INTEGERS = frozenset(
    "event.sequence cache_creation_5m_tokens cache_creation_1h_tokens ttft_ms response_length status_code attempt"
    " total_attempts total_retry_duration_ms total_tokens total_tool_uses skill_path_count"
    " command_path_count agent_path_count".split()
)
DOUBLES = frozenset(("cost_usd",))
BOOLEANS = frozenset(
    "anthropic.custom_base_url server_fallback_hop has_category has_explanation is_built_in is_async model_swapped"
    " is_plugin has_hooks has_mcp host_owned_mcp sandbox_enabled".split()
)
LISTS = frozenset(("managed_settings.sources",))
LONGEST_INTEGER = 20
"""Digits and sign of the longest integer of OTLP."""


def _whole(text: str) -> Value:
    try:
        found = int(text[:LONGEST_INTEGER])
    except ValueError:
        return text
    return found if str(found) == text else text


def _double(text: str) -> Value:
    found = number(text)
    return text if found is None else float(found)


def _truth(text: str) -> Value:
    return {"true": True, "false": False}.get(text, text)


def _list(text: str) -> Value:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, list) else text


def _amount(text: str) -> Value:
    """Return a number that our own store keeps in a column: it is shown as one, also when it was sent as a text."""
    found = number(text)
    if found is None:
        return text
    return int(found) if isinstance(found, float) and found.is_integer() and abs(found) < 1 << 53 else found


KINDS: Mapping[str, Callable[[str], Value]] = {
    **dict.fromkeys(INTEGERS, _whole),
    **dict.fromkeys(DOUBLES, _double),
    **dict.fromkeys(BOOLEANS, _truth),
    **dict.fromkeys(LISTS, _list),
    **dict.fromkeys(NUMBERS, _amount),
}
"""Attribute -> what makes its value of the text."""


def value_of(key: str, text: str) -> Any:
    """Return the value of the attribute *key* whose text is *text*; a text that is none of its kind stays one."""
    kind = KINDS.get(key)
    return kind(text) if kind else text
