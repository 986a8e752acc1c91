"""
What the scripted Messages API answers: a reply chosen by the words of the prompt.

The problem it owns: a test says in its prompt what shall happen (``run ls``, ``fail 400`` …), and the
same prompt gives the same conversation with every release of claude. Pure: no clock, no network.
"""

import json
import re
from typing import Any, NamedTuple


class Text(NamedTuple):
    """A plain answer that ends the turn."""

    text: str


class ToolUse(NamedTuple):
    """A call of one of claude's own tools; *said* is the text in front of it."""

    name: str
    input: dict[str, Any]
    said: str = ""


class Failure(NamedTuple):
    """An error answer of the API."""

    status: int
    kind: str
    message: str


Reply = Text | ToolUse | Failure

REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
DIRECTORY = re.compile(r"\bin (/\S+)")
ANSWERED = re.compile(r"\banswered by (\S+)")
USAGE = re.compile(r"\busage (\{.*\})")
GREETING = "Hello from the script."
DONE = "Done."


def task(messages: list[dict[str, Any]]) -> tuple[str, int]:
    """Return the last prompt a person (or claude's own machinery) wrote, and how many turns followed it."""
    steps = 0
    for message in reversed(messages):
        if message["role"] == "assistant":
            steps += 1
        elif message["role"] == "user" and (text := _prompt(message["content"])):
            return text, steps
    return "", steps


def _prompt(content: Any) -> str:
    if isinstance(content, str):
        return REMINDER.sub("", content).strip()
    if any(block.get("type") == "tool_result" for block in content):
        return ""
    texts = (REMINDER.sub("", block.get("text", "")).strip() for block in content if block.get("type") == "text")
    return "\n".join(text for text in texts if text)


def held(prompt: str) -> bool:
    """Say whether every answer to *prompt* waits until the test lets it go."""
    return "hold" in prompt.split()


def stalls(prompt: str) -> bool:
    """Say whether the answer to *prompt* stops in its middle until the test lets it go, or whoever waits for it is gone."""
    return "stall" in prompt.split()


def is_severed(prompt: str, attempt: int) -> bool:
    """Say whether the connection ends in the middle of the answer to this *attempt*, the first one."""
    return "severed" in prompt.split() and attempt == 1


def request_id(prompt: str, number: int) -> str:
    """Return the id of the *number*-th request: a gateway may repeat one, or give none out."""
    if "without an id" in prompt:
        return ""
    return "req_of_a_gateway" if "behind a gateway" in prompt else f"req_test_{number:06d}"


def purpose(request: dict[str, Any]) -> str:
    """Return what claude asks for: a ``turn``, or what it asks by itself: search, compaction, judgement, label, title, other."""
    said = json.dumps(request["messages"][-1])
    tools = request.get("tools") or []
    if any(str(tool.get("type")).startswith("web_search") for tool in tools):
        return "search"
    if "Your task is to create a detailed summary of the conversation" in said:
        return "compaction"
    return "turn" if tools else next((purpose for purpose, words in BY_ITSELF.items() if words in said), "other")


BY_ITSELF = {"judgement": "<block>", "label": "<tools-used-before-summary>", "title": "Write the title"}
"""What is asked without tools -> words of it."""


def usage(prompt: str) -> dict[str, Any]:
    """Return the usage that *prompt* asks for, in JSON behind the word; empty when it asks for none."""
    found = USAGE.search(prompt)
    return dict(json.loads(found[1])) if found else {}


def answering(prompt: str, asked: str) -> str:
    """Return the model that answers *prompt*: the one that was *asked* for, unless the prompt names another."""
    found = ANSWERED.search(prompt)
    return found[1] if found else asked


def choose(prompt: str, step: int, attempt: int) -> Reply:
    """Return the reply to the *step*-th request for *prompt*; *attempt* counts all requests for it, retries too."""
    if "fail 400" in prompt:
        return Failure(400, "invalid_request_error", "the script refuses this prompt")
    if "overloaded always" in prompt or ("overloaded twice" in prompt and attempt <= 2):
        return Failure(529, "overloaded_error", "Overloaded")
    for words, steps in LOOPS.items():
        if words in prompt:
            return _filled(steps[step], prompt) if step < len(steps) else Text(DONE)
    return Text(GREETING)


def _bash(command: str) -> ToolUse:
    return ToolUse("Bash", {"command": command, "description": "A step of the script"})


LOOPS: dict[str, list[ToolUse]] = {
    "run ls": [_bash("ls")],
    "say and do": [ToolUse("Bash", {"command": "ls", "description": "A step of the script"}, "First this.")],
    "run false": [_bash("false")],
    "run the script": [_bash("sh @cwd@/script.sh")],
    "sleep for": [_bash("touch slept-in; sleep 60")],
    "ask a helper": [ToolUse("Task", {"description": "A helper", "prompt": "say hi below", "subagent_type": "general-purpose"})],
    "search the web": [ToolUse("WebSearch", {"query": "something new"})],
    "three steps": [_bash("echo one"), _bash("echo two"), _bash("echo three")],
    "write a file": [ToolUse("Write", {"file_path": "@cwd@/written.txt", "content": "one\ntwo\n"})],
    "edit the file": [
        ToolUse("Read", {"file_path": "@cwd@/edited.txt"}),
        ToolUse("Edit", {"file_path": "@cwd@/edited.txt", "old_string": "before", "new_string": "after\nand more"}),
    ],
    "open a pull request": [_bash("gh pr create --title 'A title' --body 'A body'")],
    "commit": [_bash("git add -A && git commit -q -m 'A commit of the script'")],
}
"""Words of a prompt -> the tools that are called for it, one a turn. ``@cwd@`` is what the prompt names as ``in DIRECTORY``."""


def _filled(call: ToolUse, prompt: str) -> ToolUse:
    """Return *call* with its paths in the directory that the prompt names: claude's file tools take absolute paths only."""
    found = DIRECTORY.search(prompt)
    directory = found.group(1) if found else "/nowhere"
    values = {key: value.replace("@cwd@", directory) if isinstance(value, str) else value for key, value in call.input.items()}
    return call._replace(input=values)
