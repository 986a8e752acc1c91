"""
What the page costs: from the verb to the first figures in a real browser, an answer to its question, and its process's memory.

Makes up a year of work with a fixed seed, as our own database, has the ledger take it in, and shows it:

    python tests/bench/page.py [ROUNDS] [--requests N] [--no-browser]

An answer is timed as it is asked after each commit, with nothing new to take in. Paint is Chromium's own word, counted from
the navigation on; the start is counted from the call of the verb, the browser running already. The exit code is 1 when something
was more than it may be.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))

from catching import caught_up
from page_client import PagePlace
from sandbox import Sandbox
from table import print_figure
from written import write_telemetry
from year import YEAR_NS, year

from cclaunch.hot.paths import our_paths
from cclaunch.hot.reading import read_flat
from cclaunch.store.places import Places
from cclaunch.web import starting
from cclaunch.web.overview import Question

ROUNDS = 20
LARGE = 1_000_000
ANSWER_MS, PAINT_MS, START_MS, MEMORY_MB = 200.0, 1000.0, 1500.0, 120.0
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--requests", type=int, default=LARGE, metavar="N")
    words.add_argument("--no-browser", action="store_true")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as base:
        place = Sandbox(Path(base))
        place.configure()
        try:
            return int(measured(place, asked) > 0)
        finally:
            place.close()


def measured(place: Sandbox, asked: argparse.Namespace) -> int:
    """Measure in *place*; return how many targets were missed."""
    paths = our_paths(dict(place.environ))
    write_telemetry(Path(paths.database), year(asked.requests, time.time_ns(), YEAR_NS))
    found = caught_up(Places(paths.database, paths.ledger, paths.ledger_lock))
    print(f"{asked.rounds} rounds; {found.requests:,} requests")
    question = Question(paths)
    answers = sorted(timed(question.ask) for _ in range(asked.rounds))
    missed = print_figure(
        "an answer, p95", answers[int(len(answers) * 0.95)], ANSWER_MS, "ms", 1, f"   median {middle(answers):.1f}"
    )
    missed += 0 if asked.no_browser else painted(place, asked.rounds)
    page = PagePlace.of(paths)
    url = run(place)
    page.port = int(read_flat(paths.page_port)["port"])
    code = url.partition("#")[2]
    cookie = page.bring(code).headers["set-cookie"].partition(";")[0]
    page.ask("GET", "/api/overview", Cookie=cookie)
    return missed + print_figure("memory of the process", page.process().memory_info().rss / 1e6, MEMORY_MB, "MB", 1, "")


def timed(work: Callable[[], object]) -> float:
    """Return the milliseconds of the clock that *work* takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def middle(many: list[float]) -> float:
    """Return the median."""
    return statistics.median(many)


def run(place: Sandbox) -> str:
    """Call the verb; return the address that lets in."""
    command = place.command("dashboard", "--no-open")
    done = subprocess.run(command, env=place.environment(), cwd=place.work, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def painted(place: Sandbox, rounds: int) -> int:
    """Measure the way from the verb to the figures in a browser, the process of the page started anew each time."""
    from playwright.sync_api import sync_playwright

    starts, paints, opened = [], [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for _ in range(rounds):
            starting.end(our_paths(dict(place.environ)))
            context: Any = browser.new_context(viewport={"width": 1280, "height": 800})
            shown = context.new_page()
            began = time.perf_counter()
            url = run(place)
            opened.append((time.perf_counter() - began) * 1000)
            shown.goto(url)
            shown.wait_for_selector("main:not([hidden])")
            starts.append((time.perf_counter() - began) * 1000)
            paints.append(float(shown.evaluate(PAINTED)))
            context.close()
        browser.close()
    more = f"   the verb alone {middle(opened):.0f}"
    missed = print_figure("from the verb to the figures", middle(starts), START_MS, "ms", 0, more)
    return missed + print_figure("first paint", middle(paints), PAINT_MS, "ms", 0, "")


if __name__ == "__main__":
    sys.exit(main())
