"""
What it costs to take telemetry, as ratios measured in one run: JSON beside protobuf, and a bare ``executemany`` of the same rows.

    python tests/bench/collector.py [ROUNDS] [--requests N]

The collector runs in this process, without its servers: what is measured is the way from a body to its answer, committed. The
seconds are those of the processor, of all threads. The exit code is 1 when something is more than it may be.
"""

import argparse
import asyncio
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from google.protobuf.json_format import MessageToJson
from otlp_requests import logs
from table import print_figure

from cclaunch.collector.service import EmbeddedCollector
from cclaunch.hot.paths import Paths
from cclaunch.otlp.encoding import JSON, PROTOBUF, parse_request
from cclaunch.otlp.signals import SIGNALS
from cclaunch.serving import peer
from cclaunch.store.connection import connect
from cclaunch.store.insert import INSERT_EVENT, rows_of

LOGS = SIGNALS[0]
ROUNDS = 15
REQUESTS = 200
RECORDS = 4
JSON_AT_MOST = 2.5
BYTES_AT_MOST = 800
RESOURCE = {"service.name": "claude-code", "service.version": "2.1.330", "os.type": "linux", "team": "payments", "branch": "main"}
PERSON = {
    "user.id": "5f" * 32,
    "session.id": "0f8a9c52-58b0-4d0c-8c0c-0d3b8f1f0a11",
    "terminal.type": "vscode",
    "team": "payments",
}
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens", "cache_creation_1h_tokens")


def bodies(count: int, since: int) -> list[tuple[bytes, bytes]]:
    """Return so many exports of a few api_requests each, all different, in protobuf and in JSON."""
    made = []
    for number in range(since, since + count * RECORDS, RECORDS):
        records = [
            {
                **PERSON,
                **{name: 1000 + number for name in TOKENS},
                "time": time.time_ns(),
                "event.sequence": number + one,
                "model": "claude-opus-4-8",
                "request_id": f"req_{number + one:020d}",
                "prompt.id": f"0612aaaa-58b0-4d0c-8c0c-{number:012d}",
                "query_source": "repl_main_thread",
                "cost_usd": 0.0123456,
                "cost_usd_micros": 12346,
                "duration_ms": 2345,
            }
            for one in range(RECORDS)
        ]
        request = logs(*records, resource=RESOURCE)
        made.append((request.SerializeToString(), MessageToJson(request, indent=None).encode()))
    return made


def processor(work: Callable[[], object]) -> float:
    """Return the seconds of the processor that *work* takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--requests", type=int, default=REQUESTS, metavar="N")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as base:
        times, size = measure(Path(base), asked.rounds, asked.requests)
    per_event = {name: statistics.median(taken) / asked.requests / RECORDS * 1e6 for name, taken in times.items()}
    print(f"{asked.rounds} rounds of {asked.requests} exports of {RECORDS} api_requests, microseconds of the processor an event")
    for name, figure in per_event.items():
        print_figure(name, figure, None, "us")
    missed = print_figure("read: JSON / protobuf", per_event["read, JSON"] / per_event["read, protobuf"], JSON_AT_MOST, "x", 2)
    missed += print_figure(
        "taken: JSON / protobuf", per_event["taken, JSON"] / per_event["taken, protobuf"], JSON_AT_MOST, "x", 2
    )
    print_figure("taken: protobuf / bare executemany", per_event["taken, protobuf"] / per_event["bare executemany"], None, "x", 2)
    missed += print_figure("stored, with indexes", size, BYTES_AT_MOST, "bytes an event", 0)
    return int(missed > 0)


def measure(base: Path, rounds: int, count: int) -> tuple[dict[str, list[float]], float]:
    """Return (what each took in each round, bytes of the database an event)."""
    collector = EmbeddedCollector(Paths(*[str(base)] * 4), "")
    collector.writer.start()
    peer.CURRENT.set(peer.Sender.TRUSTED)
    bare = connect(str(base / "bare.db"))
    times: dict[str, list[float]] = {}
    stored = 0
    try:
        for number in range(rounds):
            made = [bodies(count, (2 * number + half) * count * RECORDS) for half in (0, 1)]
            order: list[tuple[str, Callable[[], object]]] = [
                ("read, protobuf", lambda: [read(body, PROTOBUF) for body, _ in made[0]]),  # noqa: B023 run at once
                ("read, JSON", lambda: [read(body, JSON) for _, body in made[0]]),  # noqa: B023
                ("taken, protobuf", lambda: asyncio.run(take(collector, [body for body, _ in made[0]], PROTOBUF))),  # noqa: B023
                ("taken, JSON", lambda: asyncio.run(take(collector, [body for _, body in made[1]], JSON))),  # noqa: B023
                ("bare executemany", lambda: write(bare, [body for body, _ in made[0]])),  # noqa: B023
            ]
            random.shuffle(order)
            for name, work in order:
                times.setdefault(name, []).append(processor(work))
            stored += 2 * count * RECORDS
    finally:
        collector.writer.close()
        bare.close()
    return times, Path(collector.paths.database).stat().st_size / stored


def read(body: bytes, kind: str) -> object:
    """Make the rows of one request."""
    return LOGS.decode(parse_request(body, kind, LOGS))


async def take(collector: EmbeddedCollector, requests: list[bytes], kind: str) -> None:
    """Have each request stored, one after the other, as one claude sends them."""
    for body in requests:
        await collector.take(LOGS, body, kind)


def write(connection: sqlite3.Connection, requests: list[bytes]) -> None:
    """Read all requests and insert their rows in one transaction: no promise is made for each, nobody waits."""
    rows = [row for body in requests for row in rows_of(LOGS.decode(parse_request(body, PROTOBUF, LOGS))).events]
    connection.execute("BEGIN")
    connection.executemany(INSERT_EVENT, rows)
    connection.execute("COMMIT")


if __name__ == "__main__":
    sys.exit(main())
