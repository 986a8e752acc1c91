"""
A made-up month in a ledger, and `usage` at its moment.

The problem it owns: what a zone's clock says is the process's own, and so is the present.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from ledger_rows import counted
from ledgers import places_at
from made_month import NS, made, record
from month_case import CASES, NS_OF_NOW, VICTORIALOGS, WEEKDAYS, Case, Month, Usage
from reckoned import Reckoned
from sandbox import Sandbox
from stackproc import vlogs
from stored import events_of, export_of, store

from cclaunch import cli
from cclaunch.commands import usage as verb
from cclaunch.commands.shared import dates
from cclaunch.reports.overview import Overview, overview
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.usage import Ledger, answered

NO_CHANGES = "Asia/Kathmandu"
"""A zone whose clocks are never set: what the present is cannot be chosen."""


@pytest.fixture(scope="module", params=[*CASES, VICTORIALOGS])
def month(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """The requests of a case, in a ledger: from our own database, or from a real VictoriaLogs."""
    base = tmp_path_factory.mktemp("month")
    with contextlib.ExitStack() as left:
        service = left.enter_context(vlogs(base / "vlogs")) if request.param == VICTORIALOGS else None
        case = CASES.get(request.param) or Case(NO_CHANGES, datetime.now(ZoneInfo(NO_CHANGES)), "sunday")
        zone = ZoneInfo(case.zone)
        now_ns = int(case.now.replace(tzinfo=zone).timestamp()) * NS + NS_OF_NOW
        requests = made([*CASES, VICTORIALOGS].index(request.param), now_ns, zone)
        records = [record(*numbered) for numbered in enumerate(requests)]
        places = places_at(base / "telemetry.db", service.url if service else "")
        if service:
            service.take(export_of(*records, time_ns=now_ns))
        else:
            store(Path(places.database), events_of(*records, time_ns=now_ns))
        catch_up(places, everything=True)
        assert counted(places.ledger) == len(requests)
        yield Month(places, Reckoned(requests, now_ns, zone, WEEKDAYS.index(case.week_start)))


@pytest.fixture
def zone(month: Month) -> Iterator[None]:
    """The system's clock on the wall is that of the case."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = month.truth.zone.key
    time.tzset()
    yield
    del os.environ["TZ"]
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture
def found(month: Month, zone: None) -> Overview:
    """The first screen's values."""
    truth = month.truth

    def question(ledger: Ledger) -> Overview:
        assert ledger.extent is not None
        return overview(ledger.groups, ledger.extent[0], truth.now_ns, truth.week_start)

    answer, told = answered(month.places, question)
    assert answer is not None
    assert told == []
    return answer


class Moment(datetime):
    """A `datetime` whose present is that of a case."""

    now_ns = 0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Moment":
        """Return the present of the case."""
        return cls.fromtimestamp(cls.now_ns // NS, tz).replace(microsecond=cls.now_ns // 1000 % 1_000_000)


@pytest.fixture
def usage(
    month: Month, zone: None, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Usage:
    """Run `usage` at the moment of the case; return what it prints."""
    truth = month.truth
    monkeypatch.setattr(verb, "time", SimpleNamespace(time_ns=lambda: truth.now_ns, time=time.time))
    monkeypatch.setattr(verb, "places_of", lambda paths: month.places)
    monkeypatch.setattr(dates, "datetime", type("At", (Moment,), {"now_ns": truth.now_ns}))
    sandbox.configure(extra=f'[usage]\nweek_start = "{WEEKDAYS[truth.week_start]}"')

    def run(*words: str) -> str:
        assert cli.main(["usage", *words], sandbox.environ) == 0
        return capsys.readouterr().out

    return run
