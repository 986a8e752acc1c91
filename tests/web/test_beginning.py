"""
The page begins, whatever fails once: a file of its own, a drawing, its process; and it says what is going on.

The problem it owns: a module of which one part did not come does nothing at all, and a page that only says "Asking" is believed.
"""

from typing import TYPE_CHECKING, Any

import pytest
from browser_tab import Tab, spend
from collector_client import wait_until
from page_client import PagePlace

from cclaunch.web import codes, opening

if TYPE_CHECKING:
    from playwright.sync_api import Route

FILES = ["page.js", "dom.js", "words.js", "asking.js", "vendor/uplot-1.6.32/uPlot.iife.min.js", "page.css"]


def visit(tab: Tab, place: PagePlace) -> None:
    """Go in, and wait for nothing."""
    tab.page.goto(opening.with_code(f"http://127.0.0.1:{place.port}/", codes.make(place.paths)))


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_did_not_come_is_asked_for_again(place: PagePlace, tab: Tab, name: str) -> None:
    """And the page is as it would have been: with its bars, in its colours."""
    spend(place, 1.0)
    tab.enter(place)
    left = [1]

    def once(route: "Route") -> None:
        if left:
            left.pop()
            route.abort("connectionreset")
        else:
            route.continue_()

    tab.page.route(f"**/assets/*/{name}", once)
    tab.page.reload(wait_until="commit")
    tab.page.wait_for_selector("#chart canvas")
    tab.reads("said", "Dollars:")
    assert left == []
    chart = tab.page.locator("#chart")
    assert wait_until(lambda: (chart.bounding_box() or {"height": 0.0})["height"] == 158)


def test_a_process_that_does_not_answer_while_the_page_comes_is_waited_for(place: PagePlace, tab: Tab) -> None:
    """That is said; when it goes on, the page is there."""
    spend(place, 1.0)
    tab.enter(place)
    deaf = [True]

    def refuse(route: "Route") -> None:
        if deaf and "beginning" not in route.request.url:
            route.abort("connectionrefused")
        else:
            route.continue_()

    tab.page.route("**/assets/**", refuse)
    tab.page.reload(wait_until="commit")
    tab.reads("said", "The page's process does not answer: it is asked again")
    assert not tab.page.is_visible("main")
    deaf.clear()
    tab.page.wait_for_selector("#chart canvas")
    tab.reads("said", "Dollars:")


def test_a_page_that_never_begins_says_so_and_does_not_go_round(place: PagePlace, tab: Tab) -> None:
    """Where a file comes, and is none of ours; tried some times, and no more."""
    spend(place, 1.0)
    tab.enter(place)
    tab.page.evaluate("sessionStorage.setItem('cclaunch-tries', '5')")
    tab.page.route("**/assets/*/page.js", lambda route: route.fulfill(status=404, body=""))
    tab.page.reload(wait_until="commit")
    tab.reads("said", "type `cclaunch dashboard`")
    tab.page.unroute("**/assets/*/page.js")
    tab.page.reload()
    tab.page.wait_for_selector("#chart canvas")


def test_what_could_not_be_drawn_is_drawn_at_the_next_look(place: PagePlace, tab: Tab) -> None:
    """Though the answer is the same."""
    spend(place, 1.0)
    tab.page.add_init_script(
        "const real = Element.prototype.replaceChildren; let left = 1;"
        " Element.prototype.replaceChildren = function (...all) {"
        " if (this.id === 'legend' && left) { left -= 1; throw new Error('once'); } return real.apply(this, all); };"
    )
    tab.enter(place)
    tab.page.wait_for_selector("#legend li")
    tab.reads("said", "Dollars:")


def test_a_page_whose_process_was_started_anew_comes_back_by_itself(place: PagePlace, tab: Tab) -> None:
    """When its person has typed what it says: any tab of that browser that is let in lets in all."""
    spend(place, 1.0)
    first = tab.enter(place)
    place.process().kill()
    tab.reads("said", "The page's process has ended: type `cclaunch dashboard`")
    place.start()
    tab.reads("said", "this page was closed: type `cclaunch dashboard`")
    assert tab.text("today") == "$1.00"
    spend(place, 2.0)
    Tab(tab.context).enter(place)
    assert first.is_visible("main")
    tab.reads("today", "$3.00")
    tab.reads("said", "Dollars:")


def test_an_answer_that_is_long_in_coming_is_said_to_be_waited_for(place: PagePlace, tab: Tab) -> None:
    """And is drawn when it comes."""
    spend(place, 1.0)
    held: list[Any] = []
    tab.page.route("**/api/head", lambda route: route.continue_() if held else held.append(route))
    visit(tab, place)
    tab.reads("said", "is slow to answer; it is waited for")
    held[0].continue_()
    tab.page.wait_for_selector("main:not([hidden]) > #head")
    tab.reads("said", "Dollars:")
