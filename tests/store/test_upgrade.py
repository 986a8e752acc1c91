"""A database that release 0.1.1 made becomes one of the present schema: at once, and nothing of it is lost or counted twice."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import stored
from collector_client import wait_until
from guard import REPOSITORY
from ledgers import usage

from cclaunch.store import set_aside
from cclaunch.store.reader import events, open_reader, series
from cclaunch.store.writer import Writer

NOW = 1_790_000_000_000_000_000
MADE = REPOSITORY / "tests" / "golden" / "telemetry-0.1.1.sql"
"""Four requests, a prompt and a point of the cost metric, as that release has stored them."""

COMMON: dict[str, Any] = {
    "user__id": "5f" * 8,
    "session__id": "session-1",
    "team": "payments",
    "query_source": "repl_main_thread",
}
OLD = [
    stored.request(
        number, NOW + number * 10**9, micros=1000 + number, cache_creation_1h_tokens=15, **COMMON, event__sequence=number
    )
    for number in range(4)
]
"""What was sent to it, which may come again."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The database of the older release."""
    made = tmp_path / "telemetry.db"
    with contextlib.closing(sqlite3.connect(made, isolation_level=None)) as connection:
        connection.executescript(MADE.read_text())
    return made


def test_what_was_stored_is_read_as_before(path: Path) -> None:
    """Its rows share nothing, and have all of their attributes."""
    stored.store(path)
    with contextlib.closing(open_reader(str(path))) as reader:
        found = events(reader)
        (cost,) = series(reader, 0)

    assert [one.name for one in found] == ["api_request"] * 4 + ["user_prompt"]
    assert {(one.attributes["session.id"], one.attributes["team"]) for one in found} == {("session-1", "payments")}
    assert [one.attributes["cost_usd_micros"] for one in found[:4]] == [1000, 1001, 1002, 1003]
    assert cost.value == 0.0041


def test_a_request_of_before_that_comes_again_is_counted_once(path: Path) -> None:
    """Its row has a key of the older form, and the ledger knows it by the new one."""
    stored.store(path, *OLD, stored.request(9, NOW + 10**10, micros=5, **COMMON))
    with contextlib.closing(open_reader(str(path))) as reader:
        total = usage(reader).total

    assert (total["requests"], round(total["cost_usd"] * 1e6)) == (5, 1000 + 1001 + 1002 + 1003 + 5)


@pytest.mark.parametrize("size", [100, 4096], ids=["header", "first page"])
def test_an_upgraded_database_that_is_damaged_is_taken_over(path: Path, size: int) -> None:
    """Its tables lie elsewhere than those of a new one; old and new rows are all there, with what they share."""
    stored.store(
        path, *[stored.request(number, NOW + number, **{**COMMON, "team": f"team {number}"}) for number in range(50, 450)]
    )
    with path.open("r+b") as file:
        file.write(b"\xa5" * size)
    writer = Writer(str(path))
    writer.start()
    assert wait_until(lambda: all(one.over for one in set_aside.all_aside(str(path))), 60)
    writer.close()
    with contextlib.closing(open_reader(str(path))) as reader:
        found = events(reader)

    assert len(found) == 405
    assert {one.attributes.get("team") for one in found} == {"payments", *(f"team {number}" for number in range(50, 450))}
