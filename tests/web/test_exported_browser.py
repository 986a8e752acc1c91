"""
A file in a real browser, from disk: figures, keys, views, names that are text; nobody is asked for anything.

The problem it owns: what other people see is held against what `usage --json` prints for the words that stand below it, on a
machine that has no page.
"""

import json
import re
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe
import pytest
from browser_tab import Tab
from collector_client import wait_until
from required import missing
from runners import Verb
from sandbox import Sandbox
from scripted_month import NOW, NS, month
from stored import events_of, store

from cclaunch.answers import exported as gathering

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOSTILE = "</script><img src=x onerror=alert(1)>&amp;\u202e\u2066\x1b[31m"
OFFERED = {"views", "keys", "count", "sessions", "sessions-part", "capture-part"}
"""Where links are; none of them takes the ledger."""


@pytest.fixture
def written(sandbox: Sandbox, verb: Verb) -> Callable[..., str]:
    """Record a month, write it into a file and return its address."""
    shift = (time.time_ns() - 3600 * NS) // NS * NS - int(NOW.timestamp()) * NS
    records: list[dict[str, Any]] = []
    for session in month():
        first = session[0]
        records += [{**one, "time": one["time"] + shift, "cost_usd": one["cost_usd_micros"] / 1e6} for one in session]
        tool = {"event.name": "tool_result", "tool_name": f"Bash {HOSTILE}", "duration_ms": 1200, "success": "true"}
        records.append({**tool, "session.id": first["session.id"], "time": first["time"] + shift + NS})
    same = dict.fromkeys(("model", "vcs.repository.name", "vcs.ref.head.name", "agent.name", "session.id"), HOSTILE)
    spent = {"time": time.time_ns() - NS, "cost_usd": 0.5, "cost_usd_micros": 500_000, "cclaunch.profile": "shop"}
    store(sandbox.database, events_of(*records, {**same, **spent}, time_ns=time.time_ns()))

    def write(*words: str) -> str:
        code, _, err = verb("dashboard", "export", "cost.html", *words)
        assert (code, err) == (0, "")
        return (sandbox.work / "cost.html").as_uri()

    return write


def opened(tab: Tab, address: str) -> "Page":
    """Open a file, and wait for what it draws."""
    tab.page.goto(address)
    tab.page.locator("#view section").first.wait_for()
    return tab.page


def figure(text: str | None) -> float:
    """Return the dollars of a text."""
    return float(re.sub(r"[^0-9.]", "", (text or "").split("together")[0]))


def test_nothing_is_asked_and_nothing_is_forbidden(written: Callable[..., str], tab: Tab) -> None:
    """In all views and by all keys: the file is the only thing that was read."""
    address = written("--all-profiles")
    shown = opened(tab, address)
    for view in ("Sessions", "Tools", "Capture", "Overview"):
        shown.click(f"#views a:has-text('{view}')")
        shown.locator("#views [aria-current]", has_text=view).wait_for()
    for key in ("team", "project", "repository", "branch", "model", "agent", "skill", "profile"):
        shown.click(f"#keys a:text-is('{key}')")
        tab.reads("days-title", f"30 days by {key}")
    assert tab.wrong == []
    assert [url for _, url in tab.asked] == [address]


def test_the_policy_lets_nothing_else_run_or_load(written: Callable[..., str], tab: Tab) -> None:
    """Whatever somebody finds a way to put in."""
    shown = opened(tab, written("--profile", "shop"))
    failed: list[str] = []
    shown.on("requestfailed", lambda one: failed.append(one.failure or ""))
    shown.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'window.ran = true'; document.body.append(one);"
        " const two = document.createElement('img'); two.src = 'http://127.0.0.1:9/x.png'; document.body.append(two);"
        " document.body.insertAdjacentHTML('beforeend', '<p onclick=\"window.ran = true\" id=\"clicked\">x</p>'); }"
    )
    shown.click("#clicked")
    assert shown.evaluate("window.ran") is None
    assert wait_until(lambda: failed == ["csp"], 20), failed
    assert len([one for one in tab.wrong if "Content Security Policy" in one]) == 3, tab.wrong


@pytest.mark.parametrize("profile", ["shop", "data-eng"])
def test_the_figures_are_those_of_the_words_below_them(written: Callable[..., str], tab: Tab, verb: Verb, profile: str) -> None:
    """Of the days, of whom it was for, of where it went, and of the sessions."""
    shown = opened(tab, written("--profile", profile, "--since", "20d"))

    def said(part: str) -> dict[str, Any]:
        words = shlex.split(shown.text_content(f"#{part} .asked code") or "")
        code, out, _ = verb(*words[1:])
        assert (code, words[0]) == (0, "cclaunch")
        found: dict[str, Any] = json.loads(out)
        return found

    days, whom, models = said("days-part"), said("whom-part"), said("what-part")
    assert f"--where cclaunch.profile={profile}" in (shown.text_content("#days-part .asked code") or "")
    assert figure(tab.text("together")) == pytest.approx(days["total"]["cost_usd"], abs=0.005)
    assert figure(tab.text("readout")) == pytest.approx(days["total"]["cost_usd"], abs=0.005)
    first = shown.locator("#whom tbody tr").first
    assert first.locator("th").text_content() == profile
    assert figure(first.locator("td.number").first.text_content()) == pytest.approx(whom["total"]["cost_usd"], abs=0.005)
    costs = [figure(row.locator("td").first.text_content()) for row in shown.locator("#what-models tbody tr").all()]
    assert costs == [pytest.approx(row["cost_usd"], abs=0.005) for row in models["rows"]]
    shown.click("#views a:has-text('Sessions')")
    tab.reads("all-title", "All sessions")
    assert tab.text("count").startswith(f"{len(said('sessions-part')['rows'])} sessions, ")


def test_what_takes_the_ledger_is_no_link(written: Callable[..., str], tab: Tab) -> None:
    """Names filter nothing, sessions have no story, tables are no CSV, and there are no other ranges."""
    shown = opened(tab, written("--all-profiles"))
    for view in ("Overview", "Sessions", "Tools", "Capture"):
        shown.click(f"#views a:has-text('{view}')")
        shown.locator("#views [aria-current]", has_text=view).wait_for()
        places = {link.evaluate("e => e.closest('[id]').id") for link in shown.locator("a").all()}
        assert places <= OFFERED
        assert all((link.get_attribute("href") or "").startswith("#") for link in shown.locator("a").all())
    assert shown.locator("form, input").count() == 0


def test_a_file_of_some_profiles_has_no_capture(written: Callable[..., str], tab: Tab) -> None:
    """Neither as a view nor by its address, nor is an address that means nothing a broken page."""
    address = written("--profile", "shop")
    shown = opened(tab, address)
    assert shown.locator("#views a").all_text_contents() == ["Overview", "Sessions", "Tools"]
    assert "capture" not in shown.evaluate("document.getElementById('contents').textContent")
    for part in (
        "view=capture",
        "view=toString",
        "by=toString",
        "by=%00",
        "view=session&session=x",
        "where=team%3Dx",
        "offset=1e9",
    ):
        shown.goto(f"{address}#{part}")
        shown.reload()
        shown.locator("#chart canvas").wait_for()
    shown.goto(f"{address}#view=sessions&offset=-5")
    shown.locator("#sessions tbody tr").first.wait_for()
    assert tab.wrong == []


def test_back_is_the_browsers(written: Callable[..., str], tab: Tab) -> None:
    """Pages of sessions, too."""
    shown = opened(tab, written("--all-profiles"))
    shown.click("#keys a:text-is('model')")
    shown.click("#count a")
    tab.reads("all-title", "All sessions")
    assert shown.evaluate("document.activeElement.id") == "all-title"
    shown.click(".pages a:has-text('after')")
    shown.locator(".pages", has_text="51 to 100").wait_for()
    shown.go_back()
    shown.locator(".pages", has_text="1 to 50").wait_for()
    shown.go_back()
    tab.reads("days-title", "30 days by model")
    assert tab.wrong == []


def test_what_is_left_out_is_said(written: Callable[..., str], tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no page leads beyond what is there."""
    monkeypatch.setattr(gathering, "MOST", 60)
    monkeypatch.setattr(gathering, "MOST_SESSIONS", 60)
    shown = opened(tab, written("--all-profiles"))
    shown.click("#views a:has-text('Sessions')")
    tab.reads("count", "(this file has the first 60 of ")
    shown.click(".pages a:has-text('after')")
    shown.locator(".pages", has_text="51 to 60 of ").wait_for()
    assert shown.locator("#sessions tbody tr").count() == 10
    assert shown.locator(".pages a:has-text('after')").count() == 0


def test_it_says_what_it_is(written: Callable[..., str], tab: Tab) -> None:
    """When it was made, of what, and by which command."""
    shown = opened(tab, written("--profile", "shop", "--profile", "data-eng"))
    assert re.search(r"20\d\d-\d\d-\d\d to 20.*: shop, data-eng\. Made 20.* \([+-]\d{4}\)", tab.text("said"))
    shown.click("#about summary")
    told = shown.inner_text("#contents")
    assert "cclaunch dashboard export FILE.html --since " in told
    assert "--profile shop --profile data-eng" in told
    assert "never: no prompts" in told


def test_whatever_stands_in_a_name_is_text(written: Callable[..., str], tab: Tab) -> None:
    """In every table, and it stays in its cell."""
    shown = opened(tab, written("--all-profiles"))
    right = "e => Math.ceil(e.getBoundingClientRect().right)"
    for name in shown.locator("#whom bdi").all():
        assert name.evaluate(right) <= name.locator("xpath=ancestor::th").evaluate(right) + 1
    for view, part in (("Overview", "whom"), ("Sessions", "sessions"), ("Tools", "tools")):
        shown.click(f"#views a:has-text('{view}')")
        tab.reads(part, HOSTILE.partition("\x1b")[0])
    assert shown.locator("img").count() == 0
    assert tab.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits(written: Callable[..., str], tab: Tab, width: int, scheme: Any, tmp_path: Path) -> None:
    """From a narrow window to a wide one, which shows it without scrolling."""
    tab.page.set_viewport_size({"width": width, "height": 800})
    tab.page.emulate_media(color_scheme=scheme)
    shown = opened(tab, written("--all-profiles"))
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert width < 1280 or shown.evaluate("document.documentElement.scrollHeight <= innerHeight")
    shown.screenshot(path=tmp_path / "file.png", full_page=True)
    colour = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == ("rgb(251, 251, 249)" if scheme == "light" else "rgb(22, 24, 26)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_from_using_it(written: Callable[..., str], tab: Tab, scheme: Any) -> None:
    """As axe-core sees it, in each view."""
    script = axe.script() or missing("axe-core (npm)")
    tab.page.emulate_media(color_scheme=scheme)
    address = written("--all-profiles")
    told = {}
    for view in ("", "view=sessions", "view=tools", "view=capture"):
        tab.page.goto("about:blank")
        shown = opened(tab, f"{address}#{view}")
        shown.click("#about summary")
        told[view] = axe.faults(shown, script)
    assert {view: bad for view, bad in told.items() if bad} == {}
