"""The page in a real browser: it loads, it is let in, it says what the ledger says, and nobody else's page reads it."""

import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser_tab import Tab, hide, options, spend
from page_client import PagePlace

from cclaunch.web import codes, opening

if TYPE_CHECKING:
    from playwright.sync_api import BrowserType

HOSTILE = "<img src=x onerror=alert(1)>&amp;\u202e\u2066\x1b[31m\x00"
LONG, HUGE = "x" * 1000, "x" * 100_000
"""As long as the ledger keeps a name, and longer: of that it keeps the request alone."""


def test_it_loads_and_says_what_was_spent(place: PagePlace, tab: Tab) -> None:
    """Nothing is wrong in the console, and nothing is asked of anybody else."""
    spend(place, 1.25, 0.5)
    shown = tab.enter(place)
    base = f"http://127.0.0.1:{place.port}"

    assert (shown.url, tab.wrong) == (f"{base}/", [])
    assert (tab.text("today"), tab.text("today-more")) == ("$1.75", "2 requests, 2.0k tokens")
    assert tab.text("week") == tab.text("month") == "$1.75"
    assert (shown.get_attribute("#today", "title") or "").startswith("cclaunch usage --by day,model --since ")
    tab.reads("days-title", "30 days by profile")
    tab.reads("what-models", "opus-5-5")
    shown.click("#days-part summary")
    shown.wait_for_selector("#days tr.sum")
    assert shown.locator("#days tbody tr").count() == 31
    assert {url.startswith(base) for _, url in tab.asked} == {True}


def test_the_cookie_is_for_the_browser_alone(place: PagePlace, tab: Tab) -> None:
    """No script sees it, and it has the port in its name."""
    spend(place, 1.0)
    shown = tab.enter(place)
    (cookie,) = tab.context.cookies()

    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (f"cclaunch-page-{place.port}", True, "Strict")
    assert shown.evaluate("document.cookie") == ""
    shown.reload()
    shown.wait_for_selector("main:not([hidden]) > #head")


def test_a_file_leads_in_and_the_code_stands_in_no_history(chromium: "BrowserType", place: PagePlace, tmp_path: Path) -> None:
    """As `cclaunch dashboard` opens it; the profile of the browser outlives the page."""
    spend(place, 1.0)
    code = codes.make(place.paths)
    file = opening.way_in(place.paths, "/bin/true", f"http://127.0.0.1:{place.port}/", code, {})
    context = chromium.launch_persistent_context(str(tmp_path / "profile"), **options())
    tab = Tab(context)
    tab.page.goto(file)
    tab.page.wait_for_selector("main:not([hidden]) > #head")
    referers = tab.page.evaluate("document.referrer")
    context.close()

    assert (tab.page.url, tab.wrong, referers) == (f"http://127.0.0.1:{place.port}/", [], "")
    assert not [url for _, url in tab.asked if code in url]
    history = sqlite3.connect(tmp_path / "profile/Default/History")
    urls = [row[0] for row in history.execute("SELECT url FROM urls")]
    history.close()
    assert f"http://127.0.0.1:{place.port}/" in urls
    assert not [url for url in urls if code in url]


def test_a_visit_without_a_code_says_what_to_type(place: PagePlace, tab: Tab) -> None:
    """And asks for nothing more."""
    tab.page.goto(f"http://127.0.0.1:{place.port}/")

    assert "cclaunch dashboard" in (tab.page.text_content("body") or "")
    assert not [url for _, url in tab.asked if "/api/" in url]


def test_a_code_that_is_spent_says_what_to_type(place: PagePlace, tab: Tab) -> None:
    """In the page of the way in."""
    tab.page.goto(opening.with_code(f"http://127.0.0.1:{place.port}/", "spent"))
    tab.reads("said", "cclaunch dashboard")

    assert tab.page.url == f"http://127.0.0.1:{place.port}/open"


def test_what_is_committed_is_seen(place: PagePlace, tab: Tab) -> None:
    """Without a reload."""
    spend(place, 1.0)
    tab.enter(place)
    assert tab.text("today") == "$1.00"

    spend(place, 2.0)
    tab.reads("today", "$3.00")


def test_nothing_is_asked_while_nobody_looks(place: PagePlace, tab: Tab) -> None:
    """And at once when somebody does."""
    spend(place, 1.0)
    shown = tab.enter(place)
    hide(shown, "hidden")
    shown.wait_for_timeout(200)
    before = len(tab.asked)
    shown.wait_for_timeout(7000)
    assert len(tab.asked) == before

    with shown.expect_request("**/api/head"):
        hide(shown, "visible")


def test_before_anything_was_recorded_it_says_what_to_run(place: PagePlace, tab: Tab) -> None:
    """And shows the first figure when there is one."""
    tab.page.goto(opening.with_code(f"http://127.0.0.1:{place.port}/", codes.make(place.paths)))
    tab.reads("said", "nothing was recorded yet")
    assert tab.text("said").count("nothing was recorded yet") == 1
    assert not tab.page.is_visible("main")

    spend(place, 1.0)
    tab.page.wait_for_selector("main:not([hidden]) > #head")


def test_when_the_process_has_ended_it_says_what_to_type(place: PagePlace, tab: Tab) -> None:
    """The figures stay."""
    spend(place, 1.0)
    tab.enter(place)
    place.process().kill()

    tab.reads("said", "cclaunch dashboard")
    assert tab.text("today") == "$1.00"


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("name", [HOSTILE, LONG, HUGE], ids=["hostile", "long", "huge"])
def test_whatever_stands_in_a_name_is_text(place: PagePlace, tab: Tab, name: str, width: int) -> None:
    """Markup, directions, control characters, 100 kB: it runs nothing and breaks no line of the page's."""
    spend(place, 1.0, repository=name)
    tab.page.set_viewport_size({"width": width, "height": 800})
    shown = tab.enter(place)

    assert tab.wrong == []
    tab.reads("what-models", "opus")
    tab.page.wait_for_selector("#whom tbody tr")
    assert name is HUGE or name.partition("\x00")[0] in tab.text("whom")
    assert shown.locator("img").count() == 0
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")


# Another page in the same browser.

OTHER = """<!doctype html><title>other</title><body><script>
const base = %r;
const told = {};
const tries = {
  cors: () => fetch(base + "/api/head", {credentials: "include"}).then((a) => a.text()),
  open: () => fetch(base + "/api/head", {credentials: "include", mode: "no-cors"}).then((a) => a.type + a.status),
  code: () => fetch(base + "/open", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"})
    .then((a) => a.text()),
  script: () => new Promise((good, bad) => { const one = document.createElement("script"); one.onload = () => good("loaded");
    one.onerror = () => bad("refused"); one.src = base + "/assets/page.js"; document.body.append(one); }),
  image: () => new Promise((good, bad) => { const one = new Image(); one.onload = () => good("loaded");
    one.onerror = () => bad("refused"); one.src = base + "/assets/icon.svg"; }),
  frame: () => new Promise((good) => { const one = document.createElement("iframe"); one.src = base + "/";
    one.onload = () => { try { good(one.contentDocument.body.textContent || "refused"); } catch { good("refused"); } };
    document.body.append(one); }),
};
(async () => {
  for (const [name, attempt] of Object.entries(tries)) told[name] = await attempt().catch(() => "refused");
  window.told = told;
})();
</script>"""


@pytest.fixture
def elsewhere(place: PagePlace) -> Iterator[str]:
    """A page of another origin, on another port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

        def do_GET(self) -> None:
            """Give the page that tries."""
            body = (OTHER % f"http://127.0.0.1:{place.port}").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_page_of_another_origin_reads_nothing(place: PagePlace, tab: Tab, elsewhere: str, name: str) -> None:
    """In the very browser that was let in; whatever it tries is refused before it is looked up."""
    spend(place, 1.0)
    tab.enter(place)
    tab.page.goto("about:blank")  # which asks us nothing any more
    answers: list[tuple[str, int]] = []
    tab.page.on("response", lambda one: answers.append((one.url, one.status)))
    tab.page.goto(elsewhere.replace("127.0.0.1", name))
    tab.page.wait_for_function("window.told")
    told = tab.page.evaluate("window.told")

    assert told.pop("open") in ("opaque0", "refused")
    assert told == dict.fromkeys(["cors", "code", "script", "image", "frame"], "refused")
    ours = f"http://127.0.0.1:{place.port}/"
    assert {status for url, status in answers if url.startswith(ours)} == {403}
