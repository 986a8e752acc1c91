"""
Transcripts as releases of claude write them: what surrounds an answer, and how much of it there is.

The problem it owns: how fast transcripts are read is told in bytes, and an answer is the least part of them. So what stands
around it is as long as it was found in real ones; the words are made up.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from written import answer_line
from year import Made, Session

PER_SESSION = {"prompt_snapshot": 56_000, "skill_listing": 13_700, "agent_listing_delta": 3_900, "session_context": 1_300}
PER_REQUEST = {"tool_result": 9_000, "file": 26_000}
"""Kind of a record -> its bytes, as the newest release has them."""

OLD = "2.1.197"
OLD_PER_SESSION = {"skill_listing": 4_600, "agent_listing_delta": 1_500}
OLD_REQUESTS = 7
"""The same of an older release, in the smallest sessions that were found: of two or three prompts."""

WORDS = (
    'He said \\"usage\\": {\\"input_tokens\\": 12}, and went on: def read(self, size): return self._file.read(size)\\n\\tüber '
)


def filled(kind: str, size: int, session: str) -> dict[str, Any]:
    """Return a record of some *kind* with about so many bytes of text, as people and tools write it."""
    text = (WORDS * (size // len(WORDS) + 1))[:size]
    return {"parentUuid": session, "attachment": {"type": kind, "content": text}, "type": "attachment", "sessionId": session}


def write_real(directory: Path, sessions: Iterator[Session]) -> None:
    """Write *sessions* as the newest release does: much that surrounds a request, and two lines for half of the answers."""
    for session in sessions:
        place = directory / f"-home-somebody-{session.resource['vcs.repository.name']}"
        place.mkdir(parents=True, exist_ok=True)
        with open(place / f"{session.name}.jsonl", "w", encoding="utf-8") as file:
            records = [filled(kind, size, session.name) for kind, size in PER_SESSION.items()]
            for number, one in enumerate(session.requests):
                records += [filled(kind, size, session.name) for kind, size in PER_REQUEST.items()]
                line = answer_line(session, one)
                line["message"]["content"] = [{"type": "text", "text": WORDS * 12}]
                records += [line] * (1 + number % 2)
            file.writelines(f"{json.dumps(record, ensure_ascii=False, separators=(',', ':'))}\n" for record in records)


def write_old(directory: Path, sessions: Iterator[Session]) -> None:
    """Write *sessions* as an older release writes the smallest ones: a prompt, an answer, and little that surrounds them."""
    for session in sessions:
        repository = session.resource["vcs.repository.name"]
        place = directory / f"-home-somebody-{repository}"
        place.mkdir(parents=True, exist_ok=True)
        for first in range(0, len(session.requests), OLD_REQUESTS):
            name = f"{session.name[:-2]}{first:02d}"
            some = session.requests[first : first + OLD_REQUESTS]
            part = Session(name, session.resource, OLD, some)
            about = {
                "userType": "external",
                "entrypoint": "sdk-cli",
                "cwd": f"/home/somebody/{repository}",
                "sessionId": name,
                "version": OLD,
                "gitBranch": session.resource["vcs.ref.head.name"],
            }
            records = [filled(kind, size, name) | about for kind, size in OLD_PER_SESSION.items()]
            records += [record for one in some for record in (_asked(one, about), _answered(part, one, about))]
            with open(place / f"{name}.jsonl", "w", encoding="utf-8") as file:
                file.writelines(f"{json.dumps(record, ensure_ascii=False, separators=(',', ':'))}\n" for record in records)


def _asked(one: Made, about: dict[str, str]) -> dict[str, Any]:
    """Return the record before an answer: what a tool has said."""
    result = {"tool_use_id": f"toolu_{one.request_id}", "type": "tool_result", "content": "one", "is_error": False}
    return {
        "parentUuid": one.message_id,
        "isSidechain": False,
        "promptId": one.request_id,
        "type": "user",
        "message": {"role": "user", "content": [result]},
        "uuid": one.request_id,
        "toolUseResult": {"stdout": "one", "stderr": "", "interrupted": False, "isImage": False, "noOutputExpected": False},
        "sourceToolAssistantUUID": one.message_id,
        **about,
    }


def _answered(session: Session, one: Made, about: dict[str, str]) -> dict[str, Any]:
    """Return the record of an answer, with all that stands in it."""
    line = answer_line(session, one)
    block = {
        "type": "tool_use",
        "id": f"toolu_{one.request_id}",
        "name": "Bash",
        "input": {"command": "ls", "description": "Look"},
    }
    more = {
        "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
        "service_tier": "standard",
        "inference_geo": "",
        "iterations": [],
        "speed": "standard",
    }
    message = line["message"] | {"content": [block], "stop_reason": "tool_use", "stop_sequence": None}
    message["usage"] = line["message"]["usage"] | more
    return {"parentUuid": one.request_id, "isSidechain": False, **line, "message": message, "uuid": one.message_id, **about}
