"""Another program had our port before, and this browser has looked at it: what it left does not run in our page."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from browser_tab import WAIT_MS, options, spend
from page_client import PagePlace

from cclaunch.web import codes, opening
from cclaunch.web.assets import assets, is_page, unforeseen

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, BrowserType

OWNED = "document.title = 'owned';"
WORKER = """
self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
self.addEventListener("fetch", (event) => {
  if (new URL(event.request.url).pathname === "/")
    event.respondWith(new Response("<title>owned</title>", { headers: { "Content-Type": "text/html" } }));
});
"""
LEAVES = """<!doctype html><title>x</title>%s<script>
const worker = %s ? navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready) : Promise.resolve();
worker.then(() => setTimeout(() => { window.left = true; }, 200));
</script>"""


class Before(BaseHTTPRequestHandler):
    """A program that has the browser keep files under our names, and leaves a worker where *worker* says so."""

    worker = False

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """Give whatever is asked for, to be kept for a year."""
        kind, text = "text/javascript", WORKER if self.path == "/worker.js" else OWNED
        if self.path.partition("?")[0] in ("/", "/open"):
            names = [name for name in assets() if name.endswith(".js")]
            scripts = "".join(f'<script type="module" src="/assets/{name}"></script>' for name in names)
            kind, text = "text/html", LEAVES % (scripts, "true" if self.worker else "false")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Cache-Control", "public, max-age=31536000, immutable")
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture(params=[False, True], ids=["cache", "worker"])
def misled(chromium: "BrowserType", page_place: PagePlace, request: pytest.FixtureRequest) -> "Iterator[BrowserContext]":
    """A browser that has looked at the other program on the port of our page; that program has ended, and the page is shown."""
    handler = type("One", (Before,), {"worker": request.param})
    server = type("Server", (ThreadingHTTPServer,), {"allow_reuse_address": True})(("127.0.0.1", page_place.port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    browser = chromium.launch(**options())
    context = browser.new_context()
    context.set_default_timeout(WAIT_MS)
    for path in ("", "open"):
        tab = context.new_page()
        tab.goto(f"http://127.0.0.1:{page_place.port}/{path}")
        tab.wait_for_function("window.left")
        tab.close()
    server.shutdown()
    server.server_close()
    thread.join()
    wanted = page_place.port
    assert page_place.start().port == wanted
    yield context
    browser.close()


@pytest.mark.parametrize("by_file", [True, False], ids=["file", "address"])
def test_what_another_program_left_does_not_run(misled: "BrowserContext", page_place: PagePlace, by_file: bool) -> None:
    """Neither what the browser keeps of its files, nor its worker; also when the page is asked for again."""
    spend(page_place, 1.0)
    address, code = f"http://127.0.0.1:{page_place.port}/", codes.make(page_place.paths)
    way = opening.way_in(page_place.paths, "/bin/true", address, code, {}) if by_file else opening.with_code(address, code)
    tab = misled.new_page()
    tab.goto(way)
    tab.wait_for_selector("main:not([hidden]) > #head")
    assert tab.title().startswith("cclaunch")

    again = misled.new_page()
    again.goto(address)
    again.wait_for_selector("main:not([hidden]) > #head")
    assert again.title().startswith("cclaunch")


def test_the_page_asks_for_its_files_where_nobody_could_foresee_it() -> None:
    """In another folder with each process."""
    files = assets()
    first, second = unforeseen(files), unforeseen(files)
    (salt,) = {name.partition("/")[0] for name in first} - {name.partition("/")[0] for name in files}

    assert salt not in {name.partition("/")[0] for name in second}
    for name, one in files.items():
        given = first[name if is_page(one) else f"{salt}/{name}"].content
        assert given.count(b'"/assets/') == given.count(f'"/assets/{salt}/'.encode()) == one.content.count(b'"/assets/')
