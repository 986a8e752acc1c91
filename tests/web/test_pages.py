"""What the page's process serves, and when it says that the browser has it already."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector_client import wait_until
from page_client import PagePlace, page
from stored import events_of, store

from cclaunch.web.assets import assets


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagePlace]:
    """A page for all of these tests, with something to show."""
    with page(tmp_path_factory.mktemp("pages")) as place:
        spend(place)
        yield place


@pytest.fixture(scope="module")
def cookie(shown: PagePlace) -> str:
    """The cookie of a browser that was let in."""
    return shown.enter()


def spend(place: PagePlace) -> None:
    """Record a request of now."""
    now = time.time_ns()
    store(Path(place.paths.database), events_of({"time": now, "cost_usd": 1.0, "cost_usd_micros": 10**6}, time_ns=now))


@pytest.mark.parametrize("path", ["/", *(f"/assets/{name}" for name in assets() if not name.endswith(".html"))])
def test_a_file_that_the_browser_has_is_not_sent_again(shown: PagePlace, cookie: str, path: str) -> None:
    """Its tag is of its content, so a newer release's is another one."""
    first = shown.ask("GET", path, Cookie=cookie)
    again = shown.ask("GET", path, Cookie=cookie, If__None__Match=first.headers["etag"])
    other = shown.ask("GET", path, Cookie=cookie, If__None__Match='"x", "y"')

    assert (first.status, again.status, other.status) == (200, 304, 200)
    assert (again.body, again.headers["etag"]) == (b"", first.headers["etag"])
    assert again.headers["cache-control"] == "no-cache"


def test_an_answer_that_the_browser_has_is_not_sent_again(shown: PagePlace, cookie: str) -> None:
    """Until something is committed."""
    tag = [""]

    def is_settled() -> bool:
        answer = shown.ask("GET", "/api/head", Cookie=cookie, If__None__Match=tag[0])
        tag[0] = answer.headers["etag"]
        return answer.status == 304

    assert wait_until(is_settled)
    before = json.loads(shown.ask("GET", "/api/head", Cookie=cookie).body)
    spend(shown)
    assert wait_until(lambda: not is_settled())
    after = json.loads(shown.ask("GET", "/api/head", Cookie=cookie).body)
    assert after["today"]["requests"] == before["today"]["requests"] + 1


def test_no_file_holds_a_script_or_style_that_the_policy_forbids() -> None:
    """And all together are small."""
    found = assets()

    for name, one in found.items():
        if name.endswith(".html"):
            text = one.content.decode()
            assert "style=" not in text, name
            assert "<style" not in text, name
            assert " on" not in text.partition("<body")[2].replace(" on a ", "").replace(" on to ", "").replace(" on.", ""), name
            assert all(" src=" in part[:40] for part in text.split("<script")[1:]), name
        assert b"https://" not in one.content or name.startswith("vendor/"), name  # a browser test sees what they ask
    assert sum(len(one.content) for one in found.values()) <= 600_000


def test_it_is_small(shown: PagePlace, cookie: str) -> None:
    """Also after it has answered."""
    shown.ask("GET", "/api/head", Cookie=cookie)

    assert shown.process().memory_info().rss <= 120 << 20
