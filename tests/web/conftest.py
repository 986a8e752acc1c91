"""What the tests of the page share: a place from which it is shown."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser_tab import Tab, options
from page_client import PagePlace, page
from required import missing, require

from cclaunch.web import starting

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType


@pytest.fixture
def page_place(tmp_path: Path) -> Iterator[PagePlace]:
    """A place whose page is not shown yet; whatever is shown from there ends with the test."""
    place = PagePlace(tmp_path)
    yield place
    starting.end(place.paths)


@pytest.fixture(scope="module")
def chromium() -> "Iterator[BrowserType]":
    """A real Chromium of the system's, and the way to drive it."""
    require("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright (pip)")
    with sync_playwright() as driver:
        yield driver.chromium


@pytest.fixture(scope="module")
def browser(chromium: "BrowserType") -> "Iterator[Browser]":
    """That Chromium, started."""
    started = chromium.launch(**options())
    yield started
    started.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[PagePlace]:
    """A page of its own for each test."""
    with page(tmp_path) as made:
        yield made


@pytest.fixture
def tab(browser: "Browser") -> "Iterator[Tab]":
    """A tab of a browser that knows nothing yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield Tab(context)
    context.close()
