"""
The page in a real browser: a tab that writes down what it asks for, what it is told and what is wrong.

The problem it owns: what several files of tests do with a browser is waited for in one way, on a machine as busy as may be.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from page_client import PagePlace
from required import require
from stored import events_of, store

from cclaunch.web import codes, opening

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page

WAIT_MS = 120_000
CLEARED = "Clear-Site-Data header on "
"""What Chromium notes when it was let in and has cleared what others had left: nothing is wrong."""


def spend(place: PagePlace, *costs: float, repository: str = "acme/web") -> None:
    """Record requests of now."""
    now = time.time_ns()
    records = [
        {
            "time": now + number,
            "cost_usd": cost,
            "cost_usd_micros": round(cost * 1e6),
            "input_tokens": 1000,
            "model": "claude-opus-5-5-20261001",
            "vcs.repository.name": repository,
            "cclaunch.profile": repository,
        }
        for number, cost in enumerate(costs)
    ]
    store(Path(place.paths.database), events_of(*records, time_ns=now))


def options(**more: Any) -> dict[str, Any]:
    """Return what Chromium is started with."""
    return {"executable_path": require("chromium"), "args": ["--no-sandbox"], "timeout": WAIT_MS, **more}


def hide(shown: "Page", state: str) -> None:
    """Have the page believe that it is seen, or not."""
    shown.evaluate(
        "state => { Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        state,
    )


class Tab:
    """A tab that writes down what it asks for, what it is told and what is wrong."""

    def __init__(self, context: "BrowserContext") -> None:
        context.set_default_timeout(WAIT_MS)
        self.context = context
        self.page = context.new_page()
        self.asked: list[tuple[str, str]] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda one: self.asked.append((one.method, one.url)))
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda one: self.wrong.append(str(one)))
        self.page.on("dialog", self._dialog)

    def _note(self, one: "ConsoleMessage") -> None:
        if not one.text.startswith(CLEARED):
            self.wrong.append(f"{one.type}: {one.text}")

    def _dialog(self, one: "Dialog") -> None:
        self.wrong.append("dialog")
        one.dismiss()

    def enter(self, place: PagePlace) -> "Page":
        """Go in, and wait for the figures."""
        self.page.goto(opening.with_code(f"http://127.0.0.1:{place.port}/", codes.make(place.paths)))
        self.page.wait_for_selector("main:not([hidden]) > #head")  # the pages of the way in have a main, too
        return self.page

    def reads(self, name: str, text: str) -> None:
        """Wait until *text* stands in the element *name*; what waits in the page itself is forbidden there by its policy."""
        self.page.locator(f"#{name}", has_text=text).wait_for(state="attached")

    def text(self, name: str) -> str:
        """Return what stands in the element *name*."""
        return self.page.text_content(f"#{name}") or ""
