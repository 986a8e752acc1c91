"""
A scripted Anthropic Messages API on loopback: what a real ``claude`` talks to in the tests.

The problem it owns: usage can only be checked against a truth. This server answers every request of
claude (streamed or not, main turn or side request) by a script chosen from the prompt, and writes down
the tokens it billed under a request id of its own. The sum over that log is the truth.
"""

import itertools
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

import api_scripts
from api_scripts import Failure, Reply, Text, ToolUse

JsonObject = dict[str, Any]

SESSION = re.compile(r"session_(?:id\W+)?([0-9a-f-]{36})")


class Tokens(NamedTuple):
    """The tokens of one answer, or the sum of many."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_creation: int = 0

    def plus(self, other: Self) -> Self:
        """Return the sum of both."""
        return type(self)(*(a + b for a, b in zip(self, other, strict=True)))


class Answer(NamedTuple):
    """
    One answered request.

    *kind* is ``main`` for a turn with tools, ``side`` for what claude asks by itself; *tool_id* is the id of
    the tool call in it, or an empty string; *message_id* is the message's own, also behind a gateway that repeats or leaves out
    the request's; *usage* is what the prompt had it say of itself instead; *purpose* is what claude asked for (`api_scripts`),
    *session* the one that asked.
    """

    request_id: str
    status: int
    model: str
    kind: str
    prompt: str
    tokens: Tokens
    tool_id: str = ""
    message_id: str = ""
    usage: JsonObject = {}  # noqa: RUF012 - a named tuple's default, which nobody changes
    purpose: str = "turn"
    session: str = ""


class Asked(NamedTuple):
    """A request that is no message: what else claude looks for under the base URL."""

    method: str
    path: str


class MessagesApi:
    """
    The server. Use it as a context manager.

    Attributes:
        answers: The log, in the order of answering.
        asked: Requests for anything but messages.
        headers: Sent with each answer that is streamed: what a plan's windows are told by.
    """

    def __init__(self) -> None:
        """Bind a free port; listening begins with the ``with`` block."""
        self.answers: list[Answer] = []
        self.asked: list[Asked] = []
        self.headers: dict[str, str] = {}
        self._held = 0
        self._arrived = threading.Condition()
        self._go = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._failures: dict[str, int] = {}
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        """Start to answer."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of whatever is held, and stop."""
        self.let_go(self._held)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The value for ``ANTHROPIC_BASE_URL``."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def good(self) -> list[Answer]:
        """Return the answers that were billed."""
        with self._lock:
            return [answer for answer in self.answers if answer.status == 200]

    def failed(self) -> list[Answer]:
        """Return the answers that were errors."""
        with self._lock:
            return [answer for answer in self.answers if answer.status != 200]

    def tokens(self) -> Tokens:
        """Return the truth: the sum of the tokens of all billed answers."""
        total = Tokens()
        for answer in self.good():
            total = total.plus(answer.tokens)
        return total

    def forget(self) -> None:
        """Empty the log, between two parts of one test."""
        with self._lock:
            self.answers.clear()
            self.asked.clear()
            self._failures.clear()

    @property
    def held(self) -> int:
        """How many requests were held so far."""
        return self._held

    def wait_held(self, count: int, timeout: float = 120) -> None:
        """Wait until *count* requests of ``hold`` prompts have arrived since the start; they wait for ``let_go``."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: self._held >= count, timeout), f"only {self._held} of {count} requests came"

    def let_go(self, count: int = 1) -> None:
        """Answer *count* of the held requests."""
        self._go.release(max(count, 1))

    def hold(self) -> None:
        """Say that a request has arrived, and wait until it is let go."""
        with self._arrived:
            self._held += 1
            self._arrived.notify_all()
        self._go.acquire(timeout=120)

    def decide(self, request: JsonObject) -> tuple[Answer, Reply]:
        """Choose the reply to *request* and write it down."""
        kind = "main" if request.get("tools") else "side"
        prompt, step = api_scripts.task(request.get("messages", []))
        reply: Reply = api_scripts.choose(prompt, step, self._attempt(prompt)) if kind == "main" else Text('{"title": "A title"}')
        if kind == "main" and api_scripts.held(prompt):
            self.hold()
        with self._lock:
            number = next(self._numbers)
            status = reply.status if isinstance(reply, Failure) else 200
            tokens = _billed(number, kind) if status == 200 else Tokens()
            tool_id = f"toolu_test_{number:06d}" if isinstance(reply, ToolUse) else ""
            request_id, message_id = api_scripts.request_id(prompt, number), f"msg_test_{number:06d}"
            usage = api_scripts.usage(prompt) if kind == "main" else {}
            model = api_scripts.answering(prompt, str(request.get("model")))
            who = api_scripts.purpose(request), _session(request)
            answer = Answer(request_id, status, model, kind, prompt, tokens, tool_id, message_id, usage, *who)
            self.answers.append(answer)
        return answer, reply

    def attempts(self, prompt: str) -> int:
        """Return how many requests came for *prompt*."""
        with self._lock:
            return self._failures.get(prompt, 0)

    def _attempt(self, prompt: str) -> int:
        with self._lock:
            self._failures[prompt] = self._failures.get(prompt, 0) + 1
            return self._failures[prompt]


def _session(request: JsonObject) -> str:
    """Return the session that asks, as claude says it in what is there to name a user; an empty text where it does not."""
    found = SESSION.search(str((request.get("metadata") or {}).get("user_id")))
    return found[1] if found else ""


def _billed(number: int, kind: str) -> Tokens:
    """Return tokens that differ from answer to answer; multiples of 20, so that every price is a whole micro-dollar."""
    if kind == "side":
        return Tokens(20 * number, 20)
    return Tokens(100 + 20 * number, 40 + 20 * (number % 7), 3000 + 100 * number, 500 + 40 * number)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], api: MessagesApi) -> None:
        super().__init__(address, _Handler)
        self.api = api

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent when claude was killed in the middle of an answer: several tests do just that."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def do_HEAD(self) -> None:
        self._other()

    def do_GET(self) -> None:
        self._other()

    def do_POST(self) -> None:
        body = self._body()
        path = self.path.partition("?")[0]
        if path == "/v1/messages":
            self._messages(json.loads(body))
        elif path == "/v1/messages/count_tokens":
            self._json(200, {"input_tokens": len(body) // 4})
        else:
            self._other()

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def _other(self) -> None:
        self.server.api.asked.append(Asked(self.command, self.path))
        self._json(404, {"type": "error", "error": {"type": "not_found_error", "message": "not scripted"}})

    def _messages(self, request: JsonObject) -> None:
        answer, reply = self.server.api.decide(request)
        if isinstance(reply, Failure):
            error = {"type": reply.kind, "message": reply.message}
            self._json(reply.status, {"type": "error", "error": error, "request_id": answer.request_id}, answer.request_id)
        elif request.get("stream"):
            self._stream(answer, reply)
        else:
            message = _message(answer, _blocks(answer, reply), _stop(reply), answer.tokens.output)
            self._json(200, message, answer.request_id)

    def _json(self, status: int, value: JsonObject, request_id: str = "") -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        if request_id:
            self.send_header("request-id", request_id)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, answer: Answer, reply: Text | ToolUse) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("cache-control", "no-cache")
        if answer.request_id:
            self.send_header("request-id", answer.request_id)
        for name, value in self.server.api.headers.items():
            self.send_header(name, value)
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for event in _events(answer, reply):
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()
            if event["type"] == "content_block_stop" and answer.kind == "main":
                if api_scripts.stalls(answer.prompt):
                    self.server.api.hold()
                if api_scripts.is_severed(answer.prompt, self.server.api.attempts(answer.prompt)):
                    return


def _stop(reply: Text | ToolUse) -> str:
    return "end_turn" if isinstance(reply, Text) else "tool_use"


def _blocks(answer: Answer, reply: Text | ToolUse) -> list[JsonObject]:
    if isinstance(reply, Text):
        return [{"type": "text", "text": reply.text}]
    call = {"type": "tool_use", "id": answer.tool_id, "name": reply.name, "input": reply.input}
    return [{"type": "text", "text": reply.said}, call] if reply.said else [call]


def _message(answer: Answer, content: list[JsonObject], stop: str | None, output: int) -> JsonObject:
    tokens = answer.tokens
    usage = {
        "input_tokens": tokens.input,
        "output_tokens": output,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation_input_tokens": tokens.cache_creation,
        "cache_creation": {"ephemeral_5m_input_tokens": tokens.cache_creation, "ephemeral_1h_input_tokens": 0},
        "service_tier": "standard",
    }
    return {
        "id": answer.message_id,
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": answer.usage or usage,
    }


def _events(answer: Answer, reply: Text | ToolUse) -> Iterator[JsonObject]:
    """Yield the events of one streamed answer, in the order of the API's own."""
    yield {"type": "message_start", "message": _message(answer, [], None, 1)}
    for index, block in enumerate(_blocks(answer, reply)):
        if block["type"] == "text":
            empty, delta = block | {"text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            empty, delta = block | {"input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = {"stop_reason": _stop(reply), "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": answer.usage or {"output_tokens": answer.tokens.output}}
    yield {"type": "message_stop"}
