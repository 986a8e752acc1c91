"""What the HTTP server says of itself."""

import logging
from types import SimpleNamespace

import pytest

from cclaunch.serving import server
from cclaunch.serving.server import SAID, SAID_S, Few


def record(text: str) -> logging.LogRecord:
    """Return a line of a log."""
    return logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, text, (), None)


def test_it_says_so_much_in_a_minute_and_then_how_much_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is sent to a port fills a disk."""
    now = [1000.0]
    monkeypatch.setattr(server, "time", SimpleNamespace(monotonic=lambda: now[0]))
    few = Few()

    assert [few.filter(record("x")) for _ in range(SAID + 5)] == [True] * SAID + [False] * 5
    now[0] += SAID_S
    after = record("y")
    assert few.filter(after)
    assert after.getMessage() == "y (5 lines were left out)"
