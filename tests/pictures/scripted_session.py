"""
One session, made up, in which everything happens that a story tells.

The problem it owns: it has to be the same each time and add up. Prices are those of the list, tokens
those of a context that grows.
"""

import json
from datetime import UTC, datetime
from typing import Any

from scripted_month import HAIKU, NS, OPUS, TOKENS, cost

NAME = "3f2a9c41-6b0d-4a57-9e1c-2d8f70b3a615"
START = int(datetime(2026, 11, 25, 14, 2, 11, tzinfo=UTC).timestamp())
OF_ALL = {
    "session.id": NAME,
    "cclaunch.profile": "shop",
    "team": "retail",
    "vcs.repository.name": "webshop",
    "vcs.ref.head.name": "fix/login-loop",
}


class Script:
    """Writes down what happens; *events* is what there is so far."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._at = float(START)

    def add(self, name: str, passed: float, **more: Any) -> None:
        """Have *name* happen so many seconds later; an attribute's ``__`` stands for a dot."""
        self._at += passed
        named = {key.replace("__", "."): value for key, value in more.items()}
        number = {"event.sequence": len(self.events), "time": int(self._at * 1000) * (NS // 1000)}
        self.events.append({"event.name": name, **OF_ALL, **number, **named})

    def say(self, passed: float, text: str) -> None:
        """A person asks for something."""
        self.add("user_prompt", passed, prompt=text, prompt_length=str(len(text)))

    def ask(self, took: float, out: int, read: int, written: int, model: str = OPUS, **more: Any) -> None:
        """A request is answered."""
        counts = (6, out, read, written)
        tokens = dict(zip(TOKENS, counts, strict=True))
        self.add(
            "api_request",
            took,
            model=model,
            duration_ms=int(took * 1000),
            request_id=f"req_{len(self.events)}",
            cost_usd_micros=cost(model, *counts),
            **{"query_source": "repl_main_thread", **tokens, **more},
        )

    def use(self, tool: str, took: float, given: dict[str, str], source: str = "config", **more: Any) -> None:
        """A tool runs to its end."""
        use = f"toolu_{len(self.events)}"
        self.add("tool_decision", 0.1, tool_use_id=use, tool_name=tool, decision="accept", source=source)
        said = {"success": "true", "tool_input": json.dumps(given), "duration_ms": str(int(took * 1000)), **more}
        self.add("tool_result", took, tool_use_id=use, tool_name=tool, **said)


def session() -> list[dict[str, Any]]:
    """Return the events of the session, in order."""
    script = Script()
    for name in ("managed_settings_resolved", "plugin_loaded", "plugin_loaded", "hook_registered"):
        script.add(name, 0.01)
    script.say(6, "Customers who log in with a link are sent back to the login page. Find out why and mend it.")
    script.ask(1.2, 22, 0, 0, HAIKU, query_source="generate_session_title")
    script.ask(7.4, 310, 14_200, 9_800)
    script.use("Grep", 0.4, {"pattern": "login_link"})
    script.ask(5.1, 240, 24_000, 1_300, query_source="agent:builtin:Explore", agent__name="Explore")
    script.ask(6.3, 520, 25_300, 8_400, query_source="agent:builtin:Explore", agent__name="Explore")
    script.add("subagent_completed", 0.2, agent_type="Explore", total_tool_uses=6, total_tokens=60_600, duration_ms=14_800)
    script.ask(11.8, 930, 24_000, 5_200)
    script.use("Edit", 0.1, {"file_path": "shop/session.py"}, "user_temporary")
    script.ask(4.2, 180, 29_200, 1_100)
    script.use("Bash", 21.7, {"command": "pytest tests/test_login.py -q"}, success="false", error_type="ShellError")
    script.ask(13.5, 1_240, 30_300, 2_600)
    script.add("tool_decision", 9, tool_use_id="t", tool_name="Bash", decision="reject", source="user_reject")
    script.say(15, "No, keep the cookie. Only the redirect is wrong.")
    script.add("api_error", 9.6, error="Overloaded", status_code=529, attempt=3, prompt__id="p", duration_ms=40)
    script.add("api_retries_exhausted", 0, prompt__id="p", total_retry_duration_ms=9_500)
    script.say(2_540, "go on")
    script.ask(9.9, 760, 0, 33_400)
    script.use("Edit", 0.1, {"file_path": "shop/redirect.py"}, "user_temporary")
    script.ask(3.8, 150, 33_400, 1_000)
    script.use("Bash", 19.2, {"command": "pytest tests/test_login.py -q"})
    script.ask(6.6, 410, 34_400, 1_500)
    script.say(30, "/compact")
    script.ask(18.4, 1_900, 35_900, 700, query_source="compact")
    script.add("compaction", 0.1, trigger="manual", success="true", pre_tokens="36600", post_tokens="4100", duration_ms=18_500)
    return script.events
