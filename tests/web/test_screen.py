"""
The screen in a real browser: figures, filters, the way back, the keyboard, names that are text, both schemes.

The problem it owns: what people see is held against what `usage --json` prints for the words that stand below it.
"""

import json
import re
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe
import pytest
from browser_tab import Tab
from collector_client import wait_until
from full_ledger import HOSTILE, odd
from page_client import PagePlace
from required import missing
from sandbox import Sandbox
from scripted_month import NOW, NS, month
from stored import events_of, store

from cclaunch import cli
from cclaunch.hot.paths import our_paths
from cclaunch.web import starting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page


def made() -> list[dict[str, Any]]:
    """Return a month of requests up to an hour ago, with tools and a prompt in each session."""
    shift = (time.time_ns() - 3600 * NS) // NS * NS - int(NOW.timestamp()) * NS
    found: list[dict[str, Any]] = []
    for session in month():
        first = session[0]
        same = {"session.id": first["session.id"], "cclaunch.profile": first["cclaunch.profile"]}
        prompt = {"event.name": "user_prompt", "prompt": HOSTILE, "prompt_length": 9}
        found.append({**same, **prompt, "time": first["time"] + shift - NS})
        for number, one in enumerate(session):
            more: dict[str, Any] = {"agent.name": "Explore"} if number % 5 == 0 else {}
            found.append(
                {**one, **more, "time": one["time"] + shift, "cost_usd": one["cost_usd_micros"] / 1e6, "duration_ms": 900}
            )
        tool = {"event.name": "tool_result", "tool_name": "Bash", "duration_ms": 1200, "success": "true"}
        found.append({**same, **tool, "time": first["time"] + shift + NS})
    now = time.time_ns()
    plan = {"five_hour_used_percentage": 24.0, "five_hour_resets_at": now // NS + 3600}
    found.append({"event.name": "plan_windows", "time": now, **plan})
    found.append(odd(now))
    return found


@pytest.fixture
def furnished(sandbox: Sandbox) -> "Iterator[PagePlace]":
    """A page with a month in its ledger, in directories that the verbs know."""
    paths = our_paths(sandbox.environ)
    sandbox.configure(extra="[budget]\nmonthly = 500.0\n")
    store(Path(paths.database), events_of(*made(), time_ns=time.time_ns()))
    place = PagePlace.of(paths)
    place.environ = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": sandbox.environ["HOME"]}
    place.start()
    yield place
    starting.end(paths)


def enter(tab: Tab, place: PagePlace, query: str = "") -> "Page":
    """Go in, and to the address with *query*; wait until all of it stands there."""
    shown = tab.enter(place)
    if query:
        shown.goto(f"http://127.0.0.1:{place.port}/?{query}")
    whole(shown)
    return shown


def whole(shown: "Page") -> None:
    """Wait until each part has said what it answers."""
    shown.wait_for_selector("main:not([hidden]) > #head")
    for part in shown.locator(".asked").all():
        part.locator(":scope > *, :scope:not(:empty)").first.wait_for(state="attached")


def figure(text: str | None) -> float:
    """Return the dollars of a text."""
    return float(re.sub(r"[^0-9.]", "", (text or "").split("together")[0]))


@pytest.mark.parametrize(
    "query", ["", "range=7d&by=model", "where=profile%3Dshop&by=branch", "range=90d&where=model%3Dclaude-sonnet-5"]
)
def test_the_figures_are_those_of_the_words_below_them(
    furnished: PagePlace, tab: Tab, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], query: str
) -> None:
    """Of the days, of whom it was for, of where it went, and of the sessions."""

    def said(part: str) -> dict[str, Any]:
        words = shlex.split(shown.text_content(f"#{part} .asked code") or "")
        capsys.readouterr()
        assert cli.main(words[1:], sandbox.environ) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    shown = enter(tab, furnished, query)
    shown.click("#days-part summary")
    shown.wait_for_selector("#days tr.sum")
    days = said("days-part")
    sums = shown.locator("#days tr.sum td").all_text_contents()
    assert figure(sums[0]) == pytest.approx(days["total"]["cost_usd"], abs=0.006)
    assert int(sums[1].replace(",", "")) == days["total"]["requests"]
    whom = said("whom-part")
    top = sum(figure(row.locator("td.number").first.text_content()) for row in shown.locator("#whom tr:has(.depth-0)").all())
    assert top == pytest.approx(whom["total"]["cost_usd"], abs=0.02)
    models = {row["model"]: row["cost_usd"] for row in said("what-part")["rows"]}
    costs = [figure(text) for text in shown.locator("#what-models tbody tr td:nth-child(2)").all_text_contents()]
    assert costs == [pytest.approx(cost, abs=0.006) for cost in models.values()]
    sessions = [row["cost_usd"] for row in said("sessions-part")["rows"]]
    told = [figure(text) for text in shown.locator("#sessions tbody td:nth-child(3)").all_text_contents()]
    assert told == [pytest.approx(cost, abs=0.006) for cost in sessions]
    assert tab.wrong == []


def test_a_click_filters_everything_and_back_takes_it_away(furnished: PagePlace, tab: Tab) -> None:
    """The address says it; a reload shows the same."""
    shown = enter(tab, furnished)
    before = tab.text("readout")
    shown.click("#legend a:has-text('data-eng')")
    shown.locator("#filters", has_text="profile: data-eng").wait_for()
    shown.locator("#readout", has_not_text=before).wait_for()
    after = tab.text("readout")
    assert "where=profile%3Ddata-eng" in shown.url
    shown.locator("#whom tbody tr", has_text="shop").first.wait_for(state="detached")
    shown.click("#keys a:has-text('model')")
    tab.reads("days-title", "30 days by model")
    shown.reload()
    tab.reads("readout", after)
    shown.go_back()
    tab.reads("days-title", "30 days by profile")
    shown.go_back()
    tab.reads("readout", before)
    assert shown.locator("#filters li").count() == 0
    assert tab.wrong == []


def test_a_bar_is_clicked_as_its_name_is(furnished: PagePlace, tab: Tab) -> None:
    """And the line beside the heading tells the day below the pointer."""
    shown = enter(tab, furnished, "by=team")
    shown.click("#days-part summary")
    shown.wait_for_selector("#days tr.sum")
    box = shown.locator("#chart .u-over").bounding_box()
    assert box is not None
    bars = shown.locator("#days tbody tr").count() - 1
    filled = [bool(figure(row.locator("td").first.text_content())) for row in shown.locator("#days tbody tr").all()[:-1]]
    number = bars - 1 - filled.index(True)
    x, y = box["x"] + box["width"] * (number + 0.5) / bars, box["y"] + box["height"] - 2
    shown.mouse.move(x, y)
    shown.locator("#readout", has_text="day, 20").wait_for()
    shown.mouse.click(x, y)
    shown.locator("#filters", has_text="team: ").wait_for()


def test_a_key_or_range_that_is_not_there_is_said(furnished: PagePlace, tab: Tab) -> None:
    """On the page, with what there is; and what is there stays usable."""
    shown = tab.enter(furnished)
    shown.goto(f"http://127.0.0.1:{furnished.port}/?range=31d")
    tab.reads("said", "there is no range `31d`")
    shown.click("#ranges a:has-text('7 days')")
    tab.reads("days-title", "7 days by profile")


def test_an_own_range_is_asked(furnished: PagePlace, tab: Tab) -> None:
    """By two dates, which stand in the address."""
    shown = enter(tab, furnished)
    day = time.strftime("%Y-%m-%d")
    shown.click("#own-range summary")
    shown.fill("#own input[name=since]", day)
    shown.fill("#own input[name=until]", day)
    shown.click("#own button")
    tab.reads("days-title", day)
    assert f"since={day}&until={day}" in shown.url


def test_the_story_of_a_session_is_one_click_away(furnished: PagePlace, tab: Tab) -> None:
    """With its timeline; and back again."""
    shown = enter(tab, furnished)
    shown.locator("#sessions tbody tr:nth-child(2) a").first.click()
    tab.reads("story-title", "Session ")
    tab.reads("steps", HOSTILE.partition("\x1b")[0])
    assert shown.locator("#spark polyline").count() == 1
    assert shown.evaluate("document.activeElement.id") == "story-title"
    shown.go_back()
    tab.reads("days-title", "30 days")
    assert shown.locator("img").count() == 0
    assert tab.wrong == []


@pytest.mark.parametrize(
    ("view", "part", "words"),
    [
        ("sessions", "sessions", "shop"),
        ("tools", "tools", "Bash"),
        ("tools", "latency", "sonnet"),
        ("capture", "capture-more", "compared"),
    ],
)
def test_the_other_views_are_one_click_away(furnished: PagePlace, tab: Tab, view: str, part: str, words: str) -> None:
    """Each is named by its address."""
    shown = enter(tab, furnished)
    shown.click(f"#views a:has-text('{view.capitalize()}')")
    tab.reads(part, words)
    assert shown.url.endswith(f"?view={view}")
    assert tab.wrong == []


def test_a_live_session_is_marked(furnished: PagePlace, tab: Tab) -> None:
    """One that was answered a moment ago; no other."""
    shown = enter(tab, furnished)
    assert shown.locator("#sessions .live").count() == 1
    assert shown.locator("#sessions tbody tr:first-child .live").count() == 1


def test_a_budget_is_shown(furnished: PagePlace, tab: Tab) -> None:
    """As a share of it."""
    shown = enter(tab, furnished)
    shown.locator("#budgets li", has_text="% of $500").wait_for()
    assert (shown.text_content("#budgets li") or "").startswith("this month")


def test_the_plan_is_shown_with_its_age(furnished: PagePlace, tab: Tab) -> None:
    """As claude's status line was told it."""
    shown = enter(tab, furnished)
    shown.locator("#windows li", has_text="5 hours24 %, ").wait_for()


def test_an_answer_to_another_question_is_not_left_standing(furnished: PagePlace, tab: Tab) -> None:
    """Where there is none to this one."""
    shown = enter(tab, furnished)
    shown.locator("#chart canvas").wait_for()
    shown.evaluate("history.pushState(null, '', '/?by=nonsense'); dispatchEvent(new PopStateEvent('popstate'))")
    tab.reads("said", "nonsense")
    shown.locator("#chart").wait_for(state="hidden")
    shown.click("#keys a:has-text('team')")
    shown.locator("#chart canvas").wait_for()


def test_the_keyboard_reaches_everything(furnished: PagePlace, tab: Tab) -> None:
    """In the order of the screen; Enter follows a link, and the focus stays where it was."""
    shown = enter(tab, furnished)
    seen = []
    for _ in range(200):
        shown.keyboard.press("Tab")
        seen.append(shown.evaluate("(e => e.closest('[id]')?.id || e.tagName)(document.activeElement)"))
        if seen[-1] == "BODY":
            break
    order = [name for at, name in enumerate(seen) if name not in seen[:at]]
    wanted = ["views", "ranges", "own-range", "keys", "legend", "days-part", "whom-part", "whom", "what-part", "sessions-part"]
    assert [name for name in order if name in wanted] == wanted
    shown.focus("#ranges a:has-text('90 days')")
    shown.keyboard.press("Enter")
    tab.reads("days-title", "90 days")
    assert shown.evaluate("document.activeElement.textContent") == "90 days"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits(furnished: PagePlace, tab: Tab, width: int, scheme: Any, tmp_path: Path) -> None:
    """From a narrow window to a wide one, which shows it without scrolling; the chart is as wide as its place."""
    tab.page.set_viewport_size({"width": width, "height": 800})
    tab.page.emulate_media(color_scheme=scheme)
    shown = enter(tab, furnished)
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert width < 1280 or shown.evaluate("document.documentElement.scrollHeight <= innerHeight")
    wide = "document.querySelector('#chart canvas').clientWidth - document.getElementById('chart').clientWidth"
    assert wait_until(lambda: abs(shown.evaluate(wide)) <= 1, 20)
    shown.screenshot(path=tmp_path / "screen.png", full_page=True)
    colour = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == ("rgb(251, 251, 249)" if scheme == "light" else "rgb(22, 24, 26)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_from_using_it(furnished: PagePlace, tab: Tab, scheme: Any) -> None:
    """As axe-core sees it, in each view: colours, names, roles, order."""
    script = axe.script() or missing("axe-core (npm)")
    tab.page.emulate_media(color_scheme=scheme)
    shown = enter(tab, furnished)
    session = shown.get_attribute("#sessions tbody tr:nth-child(2) a", "href") or ""
    told = {}
    for query in ("", "where=profile%3Dshop&by=model", "view=sessions", session.partition("?")[2], "view=tools", "view=capture"):
        shown.goto(f"http://127.0.0.1:{furnished.port}/?{query}")
        whole(shown)
        told[query] = axe.faults(shown, script)
    assert {query: bad for query, bad in told.items() if bad} == {}


def test_no_request_leaves_and_nothing_is_forbidden(furnished: PagePlace, tab: Tab) -> None:
    """In all views; the policy has nothing to refuse."""
    shown = enter(tab, furnished)
    for view in ("Sessions", "Tools", "Capture", "Overview"):
        shown.click(f"#views a:has-text('{view}')")
        whole(shown)
    assert tab.wrong == []
    assert {url.startswith(f"http://127.0.0.1:{furnished.port}/") for _, url in tab.asked} == {True}
