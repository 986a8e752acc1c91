"""
The screen with everything at once: three budgets, both windows, holes, pull requests, odd names; it stays calm, and says why.

The problem it owns: what only a full ledger shows (holes, links, order, paper, what survives a redraw) is looked at where it is.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe
import full_ledger
import pytest
from browser_tab import Tab, spend
from collector_client import wait_until
from page_client import PagePlace, page
from required import missing
from sandbox import Sandbox

from cclaunch.hot.paths import our_paths
from cclaunch.web import starting

PROFILES, MODELS = ("shop", "data-eng", "client-03"), ("claude-opus-5-5", "claude-sonnet-5")
KEYS = ("team", "project", "repository", "branch", "model", "agent", "skill")
FIVE = "&".join([*(f"where=profile%3D{one}" for one in PROFILES), *(f"where=model%3D{one}" for one in MODELS)])


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagePlace]:
    """A page with all of it, for all of these tests."""
    sandbox = Sandbox(tmp_path_factory.mktemp("full"))
    sandbox.configure(extra=full_ledger.BUDGETS)
    paths = our_paths(sandbox.environ)
    full_ledger.furnish(paths)
    place = PagePlace.of(paths)
    place.environ = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": sandbox.environ["HOME"]}
    place.start()
    yield place
    starting.end(paths)
    assert sandbox.close() == []


def go(tab: Tab, place: PagePlace, query: str) -> None:
    """Go to the address with *query*, and wait for its rows."""
    tab.page.goto(f"http://127.0.0.1:{place.port}/?{query}")
    tab.page.wait_for_selector("main:not([hidden]) > #head")
    tab.page.locator("#view tbody tr, #view .trouble").first.wait_for(state="attached")
    tab.page.locator(".stale").first.wait_for(state="detached")


@pytest.mark.parametrize("query", ["", FIVE], ids=["everything", "five filters"])
def test_all_of_it_fits_a_window(full: PagePlace, tab: Tab, query: str) -> None:
    """1280 by 800, without scrolling, with three budgets and both windows."""
    shown = tab.enter(full)
    go(tab, full, query)
    assert (shown.locator("#budgets li").count(), shown.locator("#windows li").count()) == (3, 2)
    assert shown.locator("#filters li").count() == (5 if query else 0)
    wanted = ("of launches, unfiltered", "unfiltered") if query else ("of launches", "")
    assert (tab.text("budgets-of"), tab.text("windows-of")) == wanted
    assert shown.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]") == [800, 1280]
    for name in ("whom", "what", "sessions"):
        assert (shown.locator(f"#{name}").bounding_box() or {"y": 800})["y"] < 650


def test_a_narrow_window_is_never_wider_than_itself(full: PagePlace, tab: Tab) -> None:
    """In no view."""
    tab.page.set_viewport_size({"width": 400, "height": 800})
    shown = tab.enter(full)
    shown.locator("#sessions tbody tr:nth-child(4) a").wait_for()
    session = (shown.get_attribute("#sessions tbody tr:nth-child(4) a", "href") or "").partition("?")[2]
    for query in ("", FIVE, "view=sessions", session, "view=tools", "view=capture", "by=nonsense"):
        go(tab, full, query)
        assert shown.evaluate("document.documentElement.scrollWidth") == 400, query


def test_the_badge_says_how_much_was_missed_and_leads_there(full: PagePlace, tab: Tab) -> None:
    """To the sessions with a hole, and to no other."""
    shown = tab.enter(full)
    badge = shown.locator("#badge a")
    badge.wait_for()
    assert re.fullmatch(r"checked: \d\d\.\d\d % of \d+ requests vouched for twice; 3 missed → why", badge.text_content() or "")
    badge.click()
    tab.reads("captured", full_ledger.HOLE)
    assert "holes=1" in shown.url
    holes = shown.locator("#captured tbody tr").count()
    shown.click("#holes a")
    shown.locator(f"#captured tbody tr:nth-child({holes + 1})").wait_for()


def test_a_pull_request_is_a_link_beside_its_filter(full: PagePlace, tab: Tab) -> None:
    """To where claude said that it is; nothing of the page goes with it."""
    shown = tab.enter(full)
    go(tab, full, "where=profile%3Dshop&where=repository%3Dwebshop")
    while shown.locator("#whom .toggle[aria-expanded=false]").count():
        shown.locator("#whom .toggle[aria-expanded=false]").first.click()
    link = shown.locator("#whom a.away").first
    assert re.fullmatch(r"https://github\.com/acme/log-ingestion/pull/\d+", link.get_attribute("href") or "")
    assert (link.get_attribute("rel"), link.get_attribute("target")) == ("noreferrer noopener", "_blank")
    name = shown.locator("#whom tr:has(a.away) bdi").first
    text = name.text_content() or ""
    name.click()
    shown.locator("#filters", has_text=f"pr: acme/{text}").wait_for()
    shown.locator("#whom .trouble").wait_for(state="detached")
    assert tab.wrong == []


def test_paper_shows_the_tables(full: PagePlace, tab: Tab) -> None:
    """All days, no bars, no navigation; and the screen is as before when that is done."""
    shown = tab.enter(full)
    go(tab, full, "")
    shown.emulate_media(media="print")
    shown.locator("#days tr.sum").wait_for(state="visible")
    assert shown.locator("#days tbody tr").count() >= 31
    hidden = ("#chart", "#views", "#ranges", "#own-range", "#keys", ".copy >> nth=0")
    assert [name for name in hidden if shown.locator(name).is_visible()] == []
    assert shown.evaluate("[...document.querySelectorAll('.scrolled')].every(one => one.scrollHeight <= one.clientHeight + 1)")
    shown.emulate_media(media="screen")
    shown.locator("#days tr.sum").wait_for(state="hidden")
    assert shown.locator("#chart").is_visible()


def test_sessions_are_sorted_by_a_head_and_come_in_pages(full: PagePlace, tab: Tab) -> None:
    """The dearest first; the page behind goes on there."""
    shown = tab.enter(full)
    go(tab, full, "view=sessions")
    shown.click("#sessions thead a:has-text('Cost')")
    shown.locator("#sessions th[aria-sort]", has_text="Cost").wait_for()
    first = costs(tab)
    assert first == sorted(first, reverse=True)
    shown.click(".pages a:has-text('after')")
    shown.locator(".pages", has_text="51 to 100 of").wait_for()
    second = costs(tab)
    assert max(second) <= min(first)
    go(tab, full, "view=sessions&offset=100000")
    shown.locator(".pages", has_text="none from 100,001 on").wait_for()


def costs(tab: Tab) -> list[float]:
    """Return the costs of the sessions."""
    found = tab.page.locator("#sessions tbody td:last-child").all_text_contents()
    return [float(re.sub(r"[^0-9.]", "", one)) for one in found]


def test_a_redraw_leaves_everything_where_it_is(full: PagePlace, tab: Tab) -> None:
    """What is open, how far it is scrolled, and what has the focus."""
    shown = tab.enter(full)
    go(tab, full, "")
    shown.click("#days-part summary")
    shown.wait_for_selector("#days tr.sum")
    shown.locator("#whom .toggle[aria-expanded=false]").first.click()
    part = "document.querySelector('#whom-part .scrolled')"
    shown.evaluate(f"{part}.scrollTop = 40")
    shown.locator("#whom a").nth(4).focus()
    kept = f"[document.activeElement.getAttribute('href'), {part}.scrollTop, document.querySelector('#days-part details').open,"
    kept += " document.querySelectorAll('#whom [aria-expanded=true]').length]"
    before = shown.evaluate(kept)
    today = tab.text("today")
    spend(full, 7.0, repository="shop")
    shown.locator("#today", has_not_text=today).wait_for()
    shown.locator("#whom tbody tr", has_text="$7.00").first.wait_for()
    after = shown.evaluate(kept)
    assert after[:3] == before[:3]
    assert after[3] >= before[3]


def test_what_is_committed_is_seen_by_the_next_look(full: PagePlace, tab: Tab) -> None:
    """And a look is every two seconds: so it is on the screen within three."""
    shown = tab.enter(full)
    today = tab.text("today")
    spend(full, 7.0, repository="shop")
    late: list[Any] = []
    shown.on("request", lambda one: late.append(one) if "/api/head" in one.url else None)
    shown.locator("#today", has_not_text=today).wait_for()
    if late:  # else the look that was on its way has it already
        assert late[0].response().json()["today"]["cost_usd"] > 7
    source = (Path(starting.__file__).parent / "assets/asking.js").read_text()
    assert "EVERY_MS = 2000;" in source


def test_the_words_that_ask_are_copied(full: PagePlace, tab: Tab) -> None:
    """Of a figure of the head, by the keyboard; and that is said."""
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = tab.enter(full)
    question = shown.get_attribute("#today", "title") or ""
    shown.focus("#head .figure:first-child .copy")
    shown.keyboard.press("Enter")
    tab.reads("heard", f"copied: {question}")
    assert shown.evaluate("navigator.clipboard.readText()") == question


@pytest.mark.parametrize(
    ("query", "part", "words"),
    [
        ("range=31d", "days", "there is no range `31d`"),
        ("since=yestrday", "whom", "yestrday"),
        ("by=nonsense", "days", "no request ever had `nonsense`"),
        ("where=teem%3Dx", "whom", "no request ever had `teem`"),
        ("where=nonsense", "sessions", "nonsense"),
        ("view=sessions&sort=size", "sessions", "there is no order `size`"),
        ("view=sessions&offset=-1", "sessions", "offset: `-1` is no number"),
        ("view=session&session=nobody", "session", "no event of a session `nobody` is kept"),
        ("view=capture&offset=x", "capture", "offset: `x` is no number"),
    ],
)
def test_an_address_that_makes_no_sense_is_said_where_the_answer_would_be(
    full: PagePlace, tab: Tab, query: str, part: str, words: str
) -> None:
    """With a way back to what is usual; what is there stays."""
    shown = tab.enter(full)
    go(tab, full, query)
    trouble = shown.locator(f"#{part}-part > .trouble")
    assert words in (trouble.text_content() or "")
    assert words in tab.text("said")
    shown.locator("#view .trouble a:visible").first.click()
    shown.locator("#view .trouble").first.wait_for(state="detached")
    shown.locator("#view tbody tr").first.wait_for(state="attached")
    assert tab.wrong == []


def test_a_view_that_is_not_there_is_said(full: PagePlace, tab: Tab) -> None:
    """And the overview is shown."""
    tab.enter(full)
    go(tab, full, "view=nonsense")
    tab.reads("said", "There is no view `nonsense`")
    tab.reads("days-title", "30 days")


def test_each_table_can_be_had_as_csv(full: PagePlace, tab: Tab) -> None:
    """All that is shown, by the links beside it."""
    shown = tab.enter(full)
    cookie = full.enter()
    go(tab, full, "where=profile%3Dshop")
    links = [one.get_attribute("href") or "" for one in shown.locator(".asked a").all()]
    assert len(links) == 7
    for link in links:
        answer = full.ask("GET", link, Cookie=cookie)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8"), link


def test_back_leads_to_where_a_list_was_left(full: PagePlace, tab: Tab) -> None:
    """Through ten clicks and back again: the same addresses, and as far down as before."""
    shown = tab.enter(full)
    go(tab, full, "view=sessions")
    shown.evaluate("scrollTo(0, 400)")
    seen = [shown.url]
    shown.locator("#sessions tbody tr:nth-child(20) th a").click()
    shown.locator("#steps tbody tr").nth(2).wait_for()
    assert shown.evaluate("scrollY") == 0
    steps = ["#views a:has-text('Tools')", "#views a:has-text('Overview')", *(f"#keys a:text-is('{one}')" for one in KEYS)]
    for one in steps:
        seen.append(shown.url)
        shown.click(one)
        shown.wait_for_url(lambda url: url != seen[-1])
    assert len(seen) == 10
    for url in reversed(seen):
        shown.go_back()
        assert shown.url == url
    shown.locator("#sessions tbody tr").nth(40).wait_for()
    assert wait_until(lambda: shown.evaluate("scrollY") == 400)
    assert tab.wrong == []


def story(tab: Tab) -> str:
    """Return the words of the address of a session's story."""
    link = tab.page.locator("#sessions tbody tr:nth-child(4) a").first
    return (link.get_attribute("href") or "").partition("?")[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_of_it_keeps_people_out(full: PagePlace, tab: Tab, scheme: Any) -> None:
    """As axe-core sees each view, narrow and wide, with all that may stand there."""
    script = axe.script() or missing("axe-core (npm)")
    tab.page.emulate_media(color_scheme=scheme)
    shown = tab.enter(full)
    go(tab, full, "")
    told = {}
    for query in ("", FIVE, "view=sessions", story(tab), "view=tools", "view=capture&holes=1", "by=nonsense"):
        go(tab, full, query)
        shown.evaluate(script.read_text())
        for width in (400, 1280, 1920):
            shown.set_viewport_size({"width": width, "height": 800})
            found = shown.evaluate("tags => axe.run({runOnly: tags})", axe.TAGS)
            told[query, width] = [
                (one["id"], node["target"], node["failureSummary"])
                for one in found["violations"]
                if one["impact"] in axe.SERIOUS
                for node in one["nodes"][:3]
            ]
    assert {view: bad for view, bad in told.items() if bad} == {}


@pytest.mark.parametrize("view", ["", "view=sessions", "view=tools", "view=capture"])
def test_the_keyboard_walks_through_all_of_it(full: PagePlace, tab: Tab, view: str) -> None:
    """Each thing that can be used is reached once, is seen to be, and none keeps the focus."""
    shown = tab.enter(full)
    go(tab, full, view)
    usable = "a[href], button, summary, input, [tabindex='0']"
    whole = shown.evaluate(f'[...document.querySelectorAll("{usable}")].filter(one => one.checkVisibility()).length')
    shown.evaluate("window.walked = new Set()")
    step = (
        "(() => { const one = document.activeElement; if (one === document.body) return 'end'; const seen = walked.has(one);"
        " walked.add(one); const ring = getComputedStyle(one); const box = one.getBoundingClientRect();"
        " return seen ? 'again' : ring.outlineStyle !== 'none' && box.width > 0 && box.bottom > 0 && box.top < innerHeight"
        " ? '' : one.outerHTML; })()"
    )
    for _ in range(whole + 20):  # a field of a date has parts of its own
        shown.keyboard.press("Tab")
        told = shown.evaluate(step)
        if told == "end":
            break
        assert told in ("", "again")
    assert told == "end"
    assert shown.evaluate("walked.size") == whole


def test_colours_that_tell_things_apart_are_kept_where_the_system_chooses_all_others(full: PagePlace, tab: Tab) -> None:
    """The bars and what stands for them below; and what is chosen has more than a ground of its own."""
    tab.page.emulate_media(forced_colors="active")
    shown = tab.enter(full)
    go(tab, full, "")
    grounds = "[...document.querySelectorAll('#legend .swatch')].map(one => getComputedStyle(one).backgroundColor)"
    found = shown.evaluate(grounds)
    assert len(set(found)) == len(found) > 3
    probe = "(name => { const one = document.createElement('i'); one.className = name;"
    probe += " document.getElementById('chart').append(one);"
    probe += " const found = getComputedStyle(one).color; one.remove(); return found; })"
    assert [shown.evaluate(probe, f"hue-{number}") for number in range(3)] == found[:3]
    assert shown.evaluate("getComputedStyle(document.querySelector('#views [aria-current]')).borderStyle") == "solid"


def test_a_long_name_leaves_room_for_all_others(tab: Tab, tmp_path: Path) -> None:
    """In the line below the bars, which stays one; and in the list of sessions, whose costs are seen."""
    with page(tmp_path) as place:
        spend(place, 1.0, repository="x" * 1000)
        spend(place, 2.0, repository="\u202egnp.exe")
        shown = tab.enter(place)
        shown.locator("#legend li").nth(1).wait_for()
        assert (shown.locator("#legend").bounding_box() or {"height": 99})["height"] < 30
        before = shown.locator("#chart .u-over").bounding_box()
        assert before is not None
        shown.mouse.move(before["x"] + before["width"] - 9, before["y"] + 20)
        shown.locator("#readout bdi").nth(1).wait_for()
        assert shown.locator("#chart .u-over").bounding_box() == before
        go(tab, place, "view=sessions")
        cost = shown.locator("#sessions tbody tr:first-child td:last-child").bounding_box()
        assert cost is not None
        assert cost["x"] + cost["width"] <= 1280


def test_what_is_not_told_is_empty_and_says_so(full: PagePlace, tab: Tab) -> None:
    """A filter that nothing meets."""
    shown = tab.enter(full)
    for query in ("where=profile%3Dnobody", "view=sessions&where=profile%3Dnobody"):
        go(tab, full, query)
        shown.locator("#sessions", has_text="no session in this range").wait_for()
    assert json.dumps(tab.wrong) == "[]"
