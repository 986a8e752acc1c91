"""
The pictures of the page in README: scripted weeks, played through the real doors, in a real Chromium.

The problem it owns: a picture that somebody arranged shows what nobody has. So a collector takes the sessions in, the verb
starts the page, and the browser is let in as anybody's is; what is drawn is told by the script alone, whenever it is run:

    python tests/pictures/page_pictures.py

writes those of ``docs/pictures`` anew, a light one and a dark one. It needs Chromium, and half a minute.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from browser_tab import WAIT_MS, options
from guard import REPOSITORY
from palette_png import with_palette
from player import play, zone_of_afternoon
from sandbox import Sandbox
from scripted_weeks import DAYS, Session, weeks

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

DIRECTORY = REPOSITORY / "docs" / "pictures"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZE: "ViewportSize" = {"width": 1280, "height": 800}
SHARP = 1.5
"""Points of a pixel: one blurs on the screens of today, and two are too many bytes."""

PARTS = ("#badge a", "#budgets li", "#windows li", "#chart canvas", "#whom tbody tr", "#what tbody tr", "#sessions tbody tr")
"""What has to stand there."""

MONTHLY = 400
"""The budget of a month, in dollars."""

MOST_BYTES = 300_000
"""Both together: a README is read on telephones."""


@contextmanager
def played(base: Path, days: int = DAYS) -> Iterator[tuple[Sandbox, list[Session]]]:
    """Give a home below *base* in which the last *days* of the script have been recorded; the collector is up."""
    place = Sandbox(base)
    place.environ["TZ"] = zone_of_afternoon()
    ports = place.configure(extra=f"[budget]\nmonthly = {MONTHLY}\n")
    try:
        _run(place, "stack", "up")
        yield place, play(place, weeks(time.time_ns(), days), ports["http"])
    finally:
        place.close()


def way_in(place: Sandbox) -> str:
    """Return the address that `cclaunch dashboard` prints: it lets one browser in, once."""
    return _run(place, "dashboard", "--no-open").splitlines()[0]


def _run(place: Sandbox, *words: str) -> str:
    done = place.cclaunch(*words)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def pictures() -> dict[Path, bytes]:
    """Return file -> the picture that belongs there."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as base, played(Path(base)) as (place, _), sync_playwright() as driver:
        browser = driver.chromium.launch(**options())
        try:
            return {DIRECTORY / f"page-{scheme}.png": _picture(browser, place, scheme) for scheme in SCHEMES}
        finally:
            browser.close()


def _picture(browser: "Browser", place: Sandbox, scheme: Literal["light", "dark"]) -> bytes:
    zone = place.environ["TZ"]
    with browser.new_context(viewport=SIZE, device_scale_factor=SHARP, color_scheme=scheme, timezone_id=zone) as context:
        context.set_default_timeout(WAIT_MS)
        shown = context.new_page()
        shown.goto(way_in(place))
        whole(shown)
        return with_palette(shown.screenshot())


def whole(shown: "Page") -> None:
    """Wait until each part of the first screen has its answer."""
    for part in PARTS:
        shown.wait_for_selector(part)
    for said in shown.locator(".asked").all():
        said.locator(":scope > *, :scope:not(:empty)").first.wait_for(state="attached")


if __name__ == "__main__":
    made = pictures()
    size = sum(map(len, made.values()))
    assert size <= MOST_BYTES, f"{size} bytes are more than {MOST_BYTES}"
    DIRECTORY.mkdir(exist_ok=True)
    for path, picture in made.items():
        path.write_bytes(picture)
        print(path.relative_to(REPOSITORY), len(picture))
