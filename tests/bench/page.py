"""
What the page costs: from the verb to the figures in a real browser, each of its questions over the wire, its process's memory,
and its processor while nothing happens.

    python tests/bench/page.py [ROUNDS] [--requests N] [--others N] [--keep DIRECTORY] [--rest SECONDS] [--no-browser]

Makes up a year of work with a fixed seed, has the ledger take it in, and shows it; --keep leaves it in DIRECTORY, and takes what
is there (see answers.py). Paint is Chromium's own word, counted from the navigation on; the start is counted from the call of the
verb, the browser running already. A question is asked once without anything kept, right after another request was committed.
The memory is the most that the process has held, after all questions and whole tables. The exit code is 1 when something was more
than it may be, by the processor where somebody else's work could be what a clock says.
"""

import argparse
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

import psutil
from answers import p95, write
from committing import Commits
from page_client import PagePlace
from questions import addresses, tables
from sandbox import Sandbox
from shown import Shown, show
from table import print_figure

from cclaunch.hot.paths import our_paths
from cclaunch.web import starting

ROUNDS = 20
LARGE = 1_000_000
REST_S = 60.0
QUESTION_MS, PAINT_MS, START_MS, MEMORY_MB = 200.0, 1000.0, 1500.0, 120.0
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
SINCE = "performance.now()"
ALL = "#view:not(:has(section.stale)):has(section)"
"""Every part of the screen has its answer."""


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--requests", type=int, default=LARGE, metavar="N")
    words.add_argument("--others", type=int, default=0, metavar="N")
    words.add_argument("--keep", type=Path, metavar="DIRECTORY")
    words.add_argument("--rest", type=float, default=REST_S, metavar="SECONDS")
    words.add_argument("--no-browser", action="store_true")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as base, show(Path(base), asked.keep) as place:
        write(our_paths(dict(place.environ)), asked.requests, asked.others)
        print(f"{asked.rounds} rounds; {asked.requests:,} requests")
        missed = 0 if asked.no_browser else painted(place, asked.rounds) + rested(place, asked.rest)
        return int(missed + answered(place) > 0)


class Took(NamedTuple):
    """Milliseconds from the verb on: until it *opened*, to the *first* paint, the figures of the *head*, and *all* parts."""

    opened: float
    first: float
    head: float
    all: float
    paint: float
    """From the navigation to the first paint."""

    navigated: float
    """From the navigation to all parts."""

    processor: float
    """What verb and process worked up to there."""


def painted(place: Sandbox, rounds: int) -> int:
    """Measure the way from the verb to the figures in a browser, the process of the page started anew each time."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        found = [_start(place, browser) for _ in range(rounds)]
        browser.close()
    opened, first, head, whole, paint, navigated, processor = (statistics.median(one) for one in zip(*found, strict=True))
    more = (
        f"   the verb alone {opened:.0f}; the head's figures {head:.0f}, all parts {whole:.0f}; of the processor {processor:.0f}"
    )
    missed = print_figure("from the verb to the first paint", first, START_MS, "ms", 0, more)
    return missed + print_figure("first paint", paint, PAINT_MS, "ms", 0, f"   all parts {navigated:.0f}")


def _start(place: Sandbox, browser: Any) -> Took:
    starting.end(our_paths(dict(place.environ)))
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    shown = context.new_page()
    before, began = of_children(), time.perf_counter()
    url = Shown(place).address()
    opened, verb = (time.perf_counter() - began) * 1000, of_children() - before
    shown.goto(url)
    shown.wait_for_selector("main:not([hidden]) > #head")
    head = (time.perf_counter() - began) * 1000
    shown.wait_for_selector(ALL)
    whole, here, paint = (time.perf_counter() - began) * 1000, float(shown.evaluate(SINCE)), float(shown.evaluate(PAINTED))
    context.close()
    processor = verb + worked(PagePlace.of(our_paths(dict(place.environ))).process())
    return Took(opened, whole - here + paint, head, whole, paint, here, processor * 1000)


def rested(place: Sandbox, seconds: float) -> int:
    """Print what the page's process works while a tab is open and nothing happens, and while nobody sees it."""
    from browser_tab import Tab, hide, options
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(**{**options(), "executable_path": "/usr/bin/chromium"})
        tab = Tab(browser.new_context())
        tab.page.goto(Shown(place).address())
        tab.page.wait_for_selector(ALL)
        process = PagePlace.of(our_paths(dict(place.environ))).process()
        for name, state in (("one tab open", "visible"), ("a hidden tab", "hidden")):
            hide(tab.page, state)
            tab.page.wait_for_timeout(5000)
            before, asked = worked(process), len(tab.asked)
            tab.page.wait_for_timeout(seconds * 1000)
            work, looks = worked(process) - before, len(tab.asked) - asked
            minutes = seconds / 60
            print_figure(
                f"at rest, {name}", work * 1000 / minutes, None, "ms a minute", 0, f"   {looks / minutes:.0f} looks a minute"
            )
        browser.close()
    return int(looks > 0)


def of_children() -> float:
    """Return the seconds of the processor that children have had that have ended."""
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


def worked(process: psutil.Process) -> float:
    """Return the seconds of the processor that *process* has had."""
    times = process.cpu_times()
    return float(times.user + times.system)


def answered(place: Sandbox) -> int:
    """Ask everything of the page's process after a commit each; print what was slow, and what that took of memory."""
    shown = Shown(place)
    shown.enter()
    commits = Commits(place.database)
    shown.ask("/api/head")
    process, clocks, works = shown.page.process(), [], {}
    for name, address in addresses(commits.session).items():
        commits.commit(launched=False)
        before, began = worked(process), time.perf_counter()
        shown.ask(f"/api/{address}")
        clocks.append((time.perf_counter() - began) * 1000)
        works[name] = (worked(process) - before) * 1000
    slow = p95(list(works.values()))
    dearest = max(works, key=lambda name: works[name])
    clock = f"   clock: median {statistics.median(clocks):.0f}, p95 {p95(clocks):.0f}; dearest: {dearest}, {works[dearest]:.0f}"
    missed = print_figure("a question, p95, processor", slow, QUESTION_MS, "ms", 0, clock)
    before = shown.peak_mb()
    for words in tables().values():
        shown.ask(f"/api/csv?{words}")
    more = f"   {before:.0f} before the tables"
    return missed + print_figure("memory of the process, at most", shown.peak_mb(), MEMORY_MB, "MB", 0, more)


if __name__ == "__main__":
    sys.exit(main())
