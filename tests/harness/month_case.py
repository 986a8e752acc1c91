"""
Months that `usage` is asked in: a zone, a moment on its clock, where the week begins; and the truth about what was made up.

The problem it owns: months in which a clock was set, a year that begins in the middle of a week, weeks that begin on other
days than Monday. All of them are over: nothing is recorded in the future.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from reckoned import Reckoned

from cclaunch.store.places import Places

WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
Usage = Callable[..., str]
NS_OF_NOW = 123_456_789


class Case(NamedTuple):
    """A moment on the clock of a *zone* at which somebody looks, and the weekday on which the weeks begin."""

    zone: str
    now: datetime
    week_start: str = "monday"


CASES = {
    "the clock was set back three days ago": Case("Europe/Berlin", datetime(2025, 10, 29, 9, 10)),
    "a week ago the clock was set back": Case("America/New_York", datetime(2024, 11, 10, 23, 59, 59), "sunday"),
    "the clock was set at midnight": Case("Africa/Cairo", datetime(2023, 10, 28, 12, 0), "saturday"),
    "the clock was set forward by half an hour today": Case("Australia/Lord_Howe", datetime(2024, 10, 6, 12, 20), "sunday"),
    "the second day of a year, in the last week of the year before": Case("Europe/Berlin", datetime(2021, 1, 2, 18, 0)),
    "the last day of a month, just begun": Case("Asia/Kathmandu", datetime(2024, 11, 30, 0, 0, 5)),
    "a leap day": Case("America/St_Johns", datetime(2024, 2, 29, 15, 30), "sunday"),
}
VICTORIALOGS = "the present, from VictoriaLogs"


class Month(NamedTuple):
    """Requests in the ledger at *places*, and the *truth* about them."""

    places: Places
    truth: Reckoned
