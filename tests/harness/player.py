"""
Plays scripted sessions into a home through the doors that claude's own go through: posts to a collector, transcripts as files.

The problem it owns: what a page shows is only worth checking, or a picture, when nothing of it was written past the doors.
"""

import http.client
import os
import time
from collections.abc import Iterable
from datetime import datetime

import transcript_lines
from otlp_requests import logs
from posted import plan_windows, posted
from sandbox import Sandbox
from scripted_weeks import Session

from cclaunch.hot.alive import ANCHOR, ENDED, leave_own_name
from cclaunch.hot.paths import our_paths

NS = 1_000_000_000
NOON_H = 16
"""The hour of the day in which the present of `zone_of_afternoon` lies."""

PROTOBUF, JSON = "application/x-protobuf", "application/json"
WINDOWS = ((0.34, 2.4), (0.61, 74.0))
"""How much is used of the plan's five hours and of its week, and in how many hours each begins anew."""


def zone_of_afternoon() -> str:
    """Return a zone in which it is past four in the afternoon now, whenever that is: a working day lies behind its people."""
    ahead = (NOON_H - datetime.now().astimezone().utctimetuple().tm_hour + 24) % 24
    ahead = ahead if ahead <= 14 else ahead - 24
    return f"Etc/GMT{-ahead:+d}"


def play(place: Sandbox, sessions: Iterable[Session], http_port: int) -> list[Session]:
    """
    Play *sessions* into *place*, and return them.

    A live one is launched by this process; the others have ended.

    Args:
        http_port: Of the collector, which is up.
    """
    played = list(sessions)
    launched = our_paths(place.environ).launched
    for one in played:
        _register(launched, one)
        _write(place, one)
    connection = http.client.HTTPConnection("127.0.0.1", http_port, timeout=120)
    try:
        for one in played:
            _post(connection, logs(*one.events, resource=one.resource).SerializeToString(), PROTOBUF)
            if one.pull:
                _post(connection, _pull_request(one), JSON)
        _post(connection, _windows(played[-1]), JSON)
    finally:
        connection.close()
    return played


def _register(launched: str, one: Session) -> None:
    """Leave the name that a launch leaves, or what is left of it when it has ended."""
    instance = one.resource["service.instance.id"]
    if one.live:
        leave_own_name(launched, instance)
    else:
        os.link(f"{launched}/{ANCHOR}", f"{launched}/{ENDED}{instance}")


def _write(place: Sandbox, one: Session) -> None:
    """Write the transcript, as old as its last line."""
    directory = place.home / ".claude" / "projects" / f"-home-somebody-{one.resource['vcs.repository.name']}"
    path = transcript_lines.write(directory / f"{one.name}.jsonl", *one.lines)
    os.utime(path, ns=(one.events[-1]["time"],) * 2)


def _post(connection: http.client.HTTPConnection, body: bytes, kind: str) -> None:
    connection.request("POST", "/v1/logs", body, {"Content-Type": kind})
    answer = connection.getresponse()
    told = answer.read()
    assert answer.status == 200, (answer.status, told)


def _pull_request(one: Session) -> bytes:
    repository, number = one.pull or ("", 0)
    url = f"https://example.invalid/{repository}/pull/{number}"
    told = {"pr_number": number, "pr_url": url, "pr_repository": repository, "pr_review_state": "approved"}
    return posted("pull_request", one.events[0]["time"], one.name, **told)


def _windows(one: Session) -> bytes:
    now = time.time_ns()
    (five, five_h), (week, week_h) = WINDOWS
    resets = [now // NS + int(hours * 3600) for hours in (five_h, week_h)]
    return plan_windows(now - 8 * NS, 100 * five, 100 * week, resets=resets[0], week_resets=resets[1])
