"""
Transcripts, made by hand: a record of an answer as claude writes it, and what stands around it.

The problem it owns: a test changes one thing of a record and sees what becomes of it.
"""

import json
from pathlib import Path
from typing import Any

SESSION = "aedc6e3e-cf36-43ba-b4cb-5c15d265ad7c"
MOMENT = "2026-11-26T13:23:46.692Z"
MOMENT_NS = 1_795_699_426_692_000_000
USAGE = {
    "input_tokens": 120,
    "cache_creation_input_tokens": 540,
    "cache_read_input_tokens": 3100,
    "output_tokens": 60,
    "output_tokens_details": {"thinking_tokens": 0},
    "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
    "service_tier": "standard",
    "cache_creation": {"ephemeral_1h_input_tokens": 40, "ephemeral_5m_input_tokens": 500},
    "inference_geo": "",
    "iterations": [],
    "speed": "standard",
}


def record(number: int | str = 1, **changes: Any) -> dict[str, Any]:
    """
    Return the record of an answer.

    Args:
        number: Stands in the ids of request and answer.
        changes: Fields of the record; ``usage`` and ``message`` are laid over what stands there; None takes one away.
    """
    usage = _laid(USAGE, changes.pop("usage", {}))
    content = [{"type": "text", "text": "Hello."}]
    message = {"id": f"msg_{number}", "model": "claude-opus-5-5", "content": content, "stop_reason": "end_turn", "usage": usage}
    found = {
        "parentUuid": None,
        "isSidechain": False,
        "message": _laid(message, changes.pop("message", {})),
        "requestId": f"req_{number}",
        "requestedModel": "claude-opus-5-5",
        "type": "assistant",
        "uuid": f"uuid-{number}",
        "timestamp": MOMENT,
        "cwd": "/home/somebody/here",
        "sessionId": SESSION,
        "version": "2.1.330",
        "gitBranch": "main",
    }
    return dict(_laid(found, changes))


def _laid(whole: dict[str, Any], changes: Any) -> Any:
    if not isinstance(changes, dict):
        return changes
    return {key: value for key, value in {**whole, **changes}.items() if value is not None or key not in changes}


def line(value: Any) -> bytes:
    """Return *value* as a line of a transcript, without its end."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half of a pair can only be written as an escape
        return json.dumps(value, separators=(",", ":")).encode()


def text(*values: Any) -> bytes:
    """Return the lines of a transcript; what is bytes already stays as it is."""
    return b"".join((value if isinstance(value, bytes) else line(value)) + b"\n" for value in values)


def write(path: Path, *values: Any) -> Path:
    """Write a transcript to *path*, and return that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text(*values))
    return path
