"""
What the script of the pictures tells, played through the real doors, on the page: its sums, what was missed, who is at work.

The problem it owns: a picture of figures that nobody has is a lie; here the page is held against the script itself.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import page_pictures
import pytest
from browser_tab import Tab
from player import NS
from sandbox import Sandbox
from scripted_weeks import Session, cost

DAYS = 2


class Played(NamedTuple):
    """A home, and what was played into it."""

    place: Sandbox
    sessions: list[Session]

    @property
    def lately(self) -> list[Session]:
        """Return those of the days that the page shows at first: all but the one that was killed."""
        return [one for one in self.sessions if not one.missed]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The script in its smallest form."""
    with page_pictures.played(tmp_path_factory.mktemp("played"), DAYS) as (place, sessions):
        yield Played(place, sessions)


@pytest.fixture
def shown(played: Played, tab: Tab) -> Tab:
    """The first screen, whole."""
    tab.page.goto(page_pictures.way_in(played.place))
    page_pictures.whole(tab.page)
    return tab


def dollars(text: str) -> float:
    """Return the first dollars of a text."""
    return float(re.findall(r"\$([0-9.,]+)", text)[0].replace(",", ""))


def micros(sessions: list[Session]) -> float:
    """Return what *sessions* have cost, in dollars."""
    return sum(one.micros for one in sessions) / 1e6


def test_the_first_screen_shows_the_sums_of_the_script(played: Played, shown: Tab) -> None:
    """To the cent, and each request."""
    requests = sum(len(one.called("api_request")) for one in played.lately)

    assert dollars(shown.text("readout")) == pytest.approx(micros(played.lately), abs=0.0051)
    assert f"{requests} requests" in shown.text("readout").replace(",", "")


def test_today_is_what_the_script_has_today(played: Played, shown: Tab) -> None:
    """By the clock of the person's zone."""
    zone = ZoneInfo(played.place.environ["TZ"])
    midnight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * NS
    asked = [event for one in played.sessions for event in one.called("api_request") if event["time"] >= midnight]

    assert dollars(shown.text("today")) == pytest.approx(sum(one["cost_usd_micros"] for one in asked) / 1e6, abs=0.0051)


def test_each_profile_has_what_the_script_gave_it(played: Played, shown: Tab) -> None:
    """In the legend of the bars."""
    told: Counter[str] = Counter()
    for one in played.lately:
        told[one.resource["cclaunch.profile"]] += one.micros
    found = {row.locator("bdi").text_content(): row.text_content() for row in shown.page.locator("#legend li").all()}

    assert {name: dollars(text or "") for name, text in found.items()} == {
        name: pytest.approx(spent / 1e6, abs=0.0051) for name, spent in told.items()
    }


def test_what_only_a_transcript_tells_is_counted_and_said(played: Played, shown: Tab) -> None:
    """A claude that was killed has not sent its last requests: they are an estimate, and the badge says how many."""
    killed = next(one for one in played.sessions if one.missed)
    shown.page.click("#ranges a:has-text('90 days')")
    shown.reads("days-title", "90 days")
    shown.reads("readout", "≈")

    assert f"{killed.missed} missed" in shown.text("badge")
    assert dollars(shown.text("readout")) == pytest.approx(micros(played.sessions) + lost(killed), abs=0.0051)


def lost(killed: Session) -> float:
    """Return what the answers cost of which no event came, in dollars."""
    known = {one["request_id"] for one in killed.called("api_request")}
    kinds = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    found = [one["message"] for one in killed.lines if one["requestId"] not in known]
    return sum(cost(one["model"], tuple(one["usage"][kind] for kind in kinds)) for one in found) / 1e6


def test_the_session_at_work_is_live_and_no_other(played: Played, shown: Tab) -> None:
    """Its process lives; the others have ended."""
    live = [one.name for one in played.sessions if one.live]
    marked = shown.page.locator("#sessions tbody tr", has=shown.page.locator(".live"))

    assert marked.count() == 1
    assert live[0] in (marked.locator("a").first.get_attribute("href") or "")


def test_nothing_is_wrong_on_the_way(shown: Tab) -> None:
    """The console is clean."""
    assert shown.wrong == []
