"""
What each real Claude Code says that a request costs, whose usage is scripted.

The problem it owns: a price is known by asking a claude that was told of a usage; each costs a start of it, so two run at a time.
"""

import itertools
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import real_claude
from listed import Usage
from messages_api import MessagesApi
from real_claude import Claude
from sandbox import Sandbox

QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
"""No title: one request, and no other is billed."""


class Priced(NamedTuple):
    """What claude says: the whole sum in micro-dollars, and the *sandbox* in which the transcript lies."""

    micros: int
    sandbox: Sandbox


class Asked(NamedTuple):
    """A model, and what a request to it takes."""

    model: str
    usage: Usage


def said(usage: Usage) -> dict[str, Any]:
    """Return *usage* as the API says it."""
    return {
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation_input_tokens": usage.cache_written,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_written - usage.cache_1h,
            "ephemeral_1h_input_tokens": usage.cache_1h,
        },
        "server_tool_use": {"web_search_requests": usage.searches, "web_fetch_requests": 0},
        "service_tier": "standard",
        "speed": "fast" if usage.fast else "standard",
        **({"inference_geo": usage.place} if usage.place else {}),
    }


def ask(base: Path, claude: Claude, api: MessagesApi, asked: Iterable[Asked]) -> Iterator[Priced]:
    """Yield what *claude* says of each of *asked*, in their order; each in a home of its own below *base*."""
    numbers = itertools.count()

    def one(this: Asked) -> Priced:
        place = base / str(next(numbers))
        place.mkdir()
        sandbox = Sandbox(place)
        real_claude.prepare(sandbox, claude, api.url)
        prompt = f"usage {json.dumps(said(this.usage))}"
        words = ["claude", "-p", prompt, "--model", this.model, "--output-format", "json"]
        return Priced(real_claude.outcome(sandbox.run(words, environ=QUIET)).micros, sandbox)

    with ThreadPoolExecutor(2) as two:
        yield from two.map(one, asked)
