"""What only the status line is told reaches the collector once, and never costs the line anything."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from collector_client import wait_until
from sandbox import Sandbox, free_ports
from status_lines import LAUNCHED, SESSION, line, said

from cclaunch.hot.paths import our_paths
from cclaunch.statusline.given import Given
from cclaunch.statusline.news import plan_windows, pull_request, repository_of

ON = {"CLAUDE_CODE_ENABLE_TELEMETRY": "1"}
PULL_REQUEST = {"number": 12, "url": "https://example.invalid/team/shop/pull/12", "review_state": "approved", "kind": "pr"}


class Receiver:
    """A server that takes what is posted, and never answers."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                peer, _ = self.door.accept()
            except OSError:
                return
            with peer:
                parts = []
                while part := peer.recv(65536):
                    parts.append(part)
                self.taken.append(b"".join(parts))

    def records(self, count: int) -> list[dict[str, Any]]:
        """Return the records of the *count* requests that have come, with the attributes of their resources."""
        assert wait_until(lambda: len(self.taken) >= count)
        found = []
        for request in self.taken:
            assert request.startswith(b"POST /v1/logs HTTP/1.1\r\n")
            (logs,) = json.loads(request.partition(b"\r\n\r\n")[2])["resourceLogs"]
            (scope,) = logs["scopeLogs"]
            assert scope["scope"] == {"name": "cclaunch.statusline"}
            for record in scope["logRecords"]:
                found.append({"resource": plain(logs["resource"]), "body": record["body"]["stringValue"], **plain(record)})
        return found


def plain(holder: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of *holder* as a dictionary."""
    return {one["key"]: next(iter(one["value"].values())) for one in holder["attributes"]}


@pytest.fixture
def receiver(sandbox: Sandbox) -> Iterator[Receiver]:
    """A receiver that stands where the collector was."""
    sandbox.configure()
    found = Receiver()
    point(sandbox, found.port)
    yield found
    found.door.close()


def point(place: Sandbox, port: int) -> None:
    """Leave word that the collector's HTTP port is *port*."""
    place.data.mkdir(parents=True, exist_ok=True)
    Path(our_paths(place.environ).collector_ports).write_text(f"grpc=1\nhttp={port}\n")


def given(**more: Any) -> bytes:
    """Return what claude says, with *more*."""
    return json.dumps({**said(), **more}).encode()


def test_plan_windows_are_told(sandbox: Sandbox, receiver: Receiver) -> None:
    """With the launch, the session and the prompt that they belong to."""
    limits = {
        "five_hour": {"used_percentage": 42.000001, "resets_at": 1795640616},
        "spend_limit": {"used_usd": 5, "period": "month"},
    }
    line(sandbox, stdin=given(prompt_id="0e14", rate_limits=limits), environ=ON)
    (record,) = receiver.records(1)
    assert record == {
        "resource": {"service.name": "claude-code", "service.instance.id": "0f3a", "cclaunch.profile": "shop"},
        "body": "cclaunch.plan_windows",
        "event.name": "plan_windows",
        "session.id": SESSION,
        "prompt.id": "0e14",
        "five_hour_used_percentage": 42.0,
        "five_hour_resets_at": "1795640616",
        "spend_limit_used_usd": 5.0,
        "spend_limit_period": "month",
    }


def test_a_pull_request_is_told(sandbox: Sandbox, receiver: Receiver) -> None:
    """With its repository, where the address says it."""
    line(sandbox, stdin=given(rate_limits=None, pr=PULL_REQUEST), environ=ON)
    (record,) = receiver.records(1)
    del record["resource"]
    assert record == {
        "body": "cclaunch.pull_request",
        "event.name": "pull_request",
        "session.id": SESSION,
        "pr_number": "12",
        "pr_url": PULL_REQUEST["url"],
        "pr_review_state": "approved",
        "pr_kind": "pr",
        "pr_repository": "team/shop",
    }


def test_what_did_not_change_is_not_told_again(sandbox: Sandbox, receiver: Receiver) -> None:
    """Only what is new goes out."""
    limits = {"five_hour": {"used_percentage": 42, "resets_at": 1795640616}}
    later = {"five_hour": {"used_percentage": 43, "resets_at": 1795640616}}
    merged = {**PULL_REQUEST, "review_state": "merged"}
    line(sandbox, stdin=given(pr=PULL_REQUEST, rate_limits=limits), environ=ON)
    line(sandbox, stdin=given(pr=PULL_REQUEST, rate_limits=limits, cost={"total_cost_usd": 1}), environ=ON)
    line(sandbox, stdin=given(pr=PULL_REQUEST, rate_limits=later), environ=ON)
    line(sandbox, stdin=given(pr=merged, rate_limits=later), environ=ON)
    names = [record["event.name"] for record in receiver.records(3)]
    assert names == ["plan_windows", "pull_request", "plan_windows", "pull_request"]


def test_what_cannot_be_remembered_is_not_told(sandbox: Sandbox, receiver: Receiver) -> None:
    """It would be told again with every line. Here a file stands in the place of the directory."""
    lines = Path(our_paths(sandbox.environ).status_lines)
    lines.parent.mkdir(parents=True)
    lines.write_text("")
    line(sandbox, stdin=given(pr=PULL_REQUEST), environ=ON)
    line(sandbox, stdin=given(pr=PULL_REQUEST), environ=ON)
    lines.unlink()
    line(sandbox, stdin=given(pr=PULL_REQUEST), environ=ON)
    assert len(receiver.records(1)) == 2


def test_a_full_disk_is_told_nothing_and_left_nothing(sandbox: Sandbox, receiver: Receiver) -> None:
    """There a file can be made, and nothing be written to it."""
    line(sandbox, stdin=given(rate_limits=None), environ=ON)
    (kept,) = Path(our_paths(sandbox.environ).status_lines).iterdir()
    words = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *sandbox.command("statusline")]
    for _ in range(2):
        done = sandbox.run(words, environ={**LAUNCHED, **ON}, input=given(pr=PULL_REQUEST))
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"$0.0967 session" in done.stdout
    assert list(kept.parent.iterdir()) == [kept]
    line(sandbox, stdin=given(pr=PULL_REQUEST), environ=ON)
    assert len(receiver.records(1)) == 2


@pytest.mark.parametrize("environ", [{}, {"CLAUDE_CODE_ENABLE_TELEMETRY": "0"}, {"CLAUDE_CODE_ENABLE_TELEMETRY": ""}], ids=str)
def test_where_claude_sends_nothing_nothing_is_sent(sandbox: Sandbox, receiver: Receiver, environ: dict[str, str]) -> None:
    """Telemetry is off for this claude."""
    line(sandbox, environ=environ)
    line(sandbox, stdin=given(session_id="another"), environ=ON)
    assert [record["session.id"] for record in receiver.records(1)] == ["another"]


def test_without_a_launch_of_ours_only_the_session_is_named(sandbox: Sandbox, receiver: Receiver) -> None:
    """A bare claude that a block has telemetry sent for."""
    line(sandbox, environ={**ON, "__CCLAUNCH_LAUNCH": ""})
    assert receiver.records(1)[0]["resource"] == {"service.name": "claude-code"}


def test_a_collector_that_was_away_is_told_later(sandbox: Sandbox, receiver: Receiver) -> None:
    """Nobody listens: the line is there all the same, and the next one tells."""
    (nobody,) = free_ports(1)
    point(sandbox, nobody)
    before = line(sandbox, environ=ON)
    point(sandbox, receiver.port)
    assert line(sandbox, environ=ON) == before
    assert len(receiver.records(1)) == 1


def test_a_collector_that_takes_nobody_in_hangs_nobody(sandbox: Sandbox) -> None:
    """So many wait at its door that no more are let in."""
    sandbox.configure()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as door:
        point(sandbox, door.getsockname()[1])
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(door.getsockname())
        assert line(sandbox, environ=ON).startswith("shop")
        for one in waiting:
            one.close()


@pytest.mark.parametrize(
    "text", ["", "grpc=1\nhttp=x\n", "grpc=1\nhttp=99999999\n", "\0", "here=elsewhere\ngrpc=1\nhttp=1\n"], ids=repr
)
def test_a_file_of_ports_that_is_none_fails_nobody(sandbox: Sandbox, text: str) -> None:
    """Nor one of another place."""
    sandbox.configure()
    point(sandbox, 1)
    Path(our_paths(sandbox.environ).collector_ports).write_text(text)
    assert line(sandbox, environ=ON).startswith("shop")


def test_the_real_collector_stores_every_one(sandbox: Sandbox) -> None:
    """We do not wait for its answer; it has each in hand all the same."""
    sandbox.configure()
    assert sandbox.cclaunch("stack", "up").returncode == 0
    for used in range(12):
        line(sandbox, stdin=given(rate_limits={"seven_day": {"used_percentage": used}}, pr=PULL_REQUEST), environ=ON)

    def found() -> list[dict[str, Any]]:
        return [json.loads(row) for row in sandbox.cclaunch("events", "--json").stdout.splitlines()]

    assert wait_until(lambda: len(found()) == 13)
    assert sorted(json.dumps(one).count("pull_request") > 0 for one in found()).count(True) == 1


ODD = [None, "x", [], {}, True, -1, 1e999, 10**400, [1], {"a": 1}]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_odd_values_are_not_told(value: object) -> None:
    """Whatever stands in the place of windows, pull requests and their fields."""
    for whole in ({"rate_limits": value, "pr": value}, {"rate_limits": {"five_hour": value, "spend_limit": value}}):
        assert plan_windows(Given(whole)) == pull_request(Given(whole)) == {}
    window, limit = {"used_percentage": value, "resets_at": value}, {"used_usd": value, "limit_usd": value}
    told = plan_windows(Given({"rate_limits": {"five_hour": window, "spend_limit": limit}}))
    assert not any("used" in name or "limit" in name for name in told)
    assert pull_request(Given({"pr": {"number": value, "url": "https://example.invalid/a/b/pull/1"}})) == {}


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/team/shop/pull/12", "team/shop"),
        ("https://github.com/team/shop/pull/12/files", "team/shop"),
        ("https://bitbucket.org/team/shop/pull-requests/12", "team/shop"),
        ("https://gitlab.example/group/below/shop/-/merge_requests/12", ""),
        ("https://github.com/team/shop", ""),
        ("https://github.com//shop/pull/12", ""),
        ("/a/b/c/d/pull/12", ""),
        ("", ""),
    ],
)
def test_a_repository_is_taken_from_an_address_of_that_form(url: str, repository: str) -> None:
    """Any other tells of none."""
    assert repository_of(url) == repository
