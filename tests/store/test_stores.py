"""The verbs over several stores: one answer, and one sentence for a store that does not give its part."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sandbox import Sandbox, free_ports
from stored import SECOND_NS, event, request, store

from cclaunch import cli
from cclaunch.backends import sources
from cclaunch.errors import StoreUnreachable
from cclaunch.store import stores
from cclaunch.store.vlogs import http

START = 1_790_000_000 * SECOND_NS
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/stream+json\r\nTransfer-Encoding: chunked\r\n\r\n"


def read_request(connection: socket.socket) -> None:
    """Read a whole request: closing with a part of it unread would reset the connection and take the answer back."""
    data = b""
    while b"\r\n\r\n" not in data and (piece := connection.recv(1 << 16)):
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length and (piece := connection.recv(1 << 16)):
        body += piece


@contextlib.contextmanager
def server(answer: bytes, *, then: Callable[[socket.socket], object] = bool) -> Iterator[str]:
    """Run a server on loopback that gives every connection the same *answer*, whatever was asked; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ending = threading.Event()

        def serve() -> None:
            while not ending.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = listening.accept()
                    with connection:
                        read_request(connection)
                        connection.sendall(answer)
                        then(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            ending.set()
            with contextlib.suppress(OSError), socket.create_connection(listening.getsockname(), 1):
                pass
            thread.join(10)


def full(body: bytes, status: str = "200 OK") -> bytes:
    """Return a whole answer."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture
def dead() -> str:
    """A URL where nobody listens."""
    return f"http://127.0.0.1:{free_ports(1)[0]}"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (full(b"cannot parse query\nmore", "400 Bad Request"), "HTTP 400: cannot parse query"),
        (full(b'{"a": "1"}\nno json\n'), "no JSON"),
        (full(b"[1]\n"), "no JSON object"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}\n", "97 bytes are missing"),
        (CHUNKED + b'c\r\n{"a": "1"}\n\r\n', "IncompleteRead"),
        (CHUNKED + b'5\r\n{"a"', "IncompleteRead"),
        (b"220 smtp ready\r\n", "smtp"),
        (b"", "closed"),
    ],
)
def test_a_broken_answer_is_an_error_and_never_half_an_answer(answer: bytes, cause: str) -> None:
    """Half of the money would look like all of it."""
    with server(answer) as url, pytest.raises(StoreUnreachable) as caught:
        list(http.rows(url, "*"))

    assert cause in caught.value.cause
    assert url in caught.value.message


def test_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the question and says nothing."""
    monkeypatch.setattr(http, "SILENCE_S", 0.2)
    with server(b"", then=lambda connection: time.sleep(1)) as url, pytest.raises(StoreUnreachable, match="does not answer"):
        list(http.rows(url, "*"))


def test_an_endless_row_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not collected in memory."""
    monkeypatch.setattr(http, "LONGEST_LINE", 1000)
    with server(full(b"x" * 100_000)) as url, pytest.raises(StoreUnreachable) as caught:
        list(http.rows(url, "*"))

    assert caught.value.cause == "a row is too long"


@pytest.mark.parametrize("url", ["http://[", "nonsense", "http://127.0.0.1:99999", "http://"])
def test_a_url_that_is_none_is_an_error_of_its_own(url: str) -> None:
    """Not a traceback."""
    with pytest.raises(StoreUnreachable):
        list(http.rows(url, "*"))


def test_a_store_that_does_not_answer_costs_its_part_and_a_sentence(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, dead: str
) -> None:
    """What is in our own database is shown all the same, and programs get a document."""
    monkeypatch.setattr(sources, "vlogs_url", lambda where: dead)
    store(sandbox.database, request(1, START))

    assert cli.main(["usage", "--json"], sandbox.environ) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["total"]["requests"] == 1
    assert told.err.startswith(f"cclaunch: VictoriaLogs at {dead} does not answer (")

    assert cli.main(["events", "--json"], sandbox.environ) == 0
    told = capsys.readouterr()
    assert (len(told.out.splitlines()), told.err.count("does not answer")) == (1, 1)


def test_a_store_that_does_not_answer_and_is_the_only_one_is_an_error(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, dead: str
) -> None:
    """Nothing would look like nothing spent."""
    monkeypatch.setattr(sources, "vlogs_url", lambda where: dead)

    assert [cli.main([verb], sandbox.environ) for verb in ("usage", "events")] == [1, 1]
    assert capsys.readouterr().out == ""


def test_an_event_at_two_places_is_shown_once_and_others_stay() -> None:
    """Numbered by its sender, it is known again; what has no number is never taken for another one."""
    from cclaunch.store.reader import Event

    def made(sequence: int | None, name: str = "a") -> Event:
        return Event(0, START, name, "s", None, {} if sequence is None else {"event.sequence": sequence})

    found = stores.without_twins([made(1), made(None), made(1), made(None), made(1, "b"), made(0)])

    assert [(event.name, event.attributes.get("event.sequence")) for event in found] == [
        ("a", None),
        ("a", None),
        ("a", 0),
        ("a", 1),
        ("b", 1),
    ]


def test_status_tells_the_trouble_of_a_store(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, dead: str
) -> None:
    """One screen, whatever is down."""
    monkeypatch.setattr(sources, "vlogs_url", lambda where: dead)

    assert cli.main(["status"], sandbox.environ) == 0
    assert f"VictoriaLogs at {dead} does not answer" in capsys.readouterr().out

    store(sandbox.database, event("user_prompt", START))
    assert cli.main(["status"], sandbox.environ) == 0
    assert "user_prompt" in capsys.readouterr().out
