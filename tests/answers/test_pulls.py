"""Where pull requests are: https and nothing that a name could smuggle in."""

from pathlib import Path
from typing import Any

import pytest
from stored import SECOND_NS, event, store

from cclaunch import otel
from cclaunch.answers.pulls import is_safe, urls
from cclaunch.hot.paths import Paths
from cclaunch.store.places import local_places

NOW = 1_790_000_000 * SECOND_NS
URL = "https://github.com/acme/web/pull/12"


def tell(paths: Paths, second: int, **said: Any) -> None:
    """Record that a session was at a pull request."""
    store(Path(paths.database), event(otel.PULL_REQUEST, NOW + second * SECOND_NS, session__id="one", **said))


def test_the_newest_address_of_a_name_is_told(paths: Paths) -> None:
    """By the name that the ledger has for it."""
    tell(paths, 1, pr_number=12, pr_repository="acme/web", pr_url="https://old.example/acme/web/pull/12")
    tell(paths, 2, pr_number=12, pr_repository="acme/web", pr_url=URL)
    assert urls(local_places(paths)) == {"acme/web#12": URL}


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/acme/web/pull/12",
        "javascript:alert(1)//https://github.com",
        "https://",
        "https://user@github.com/acme/web/pull/12",
        "https://github.com/\u202epull",
        "https://github.com/a b",
        "https://[::1",
        "https://github.com/" + "x" * 2048,
        " https://github.com/acme",
        "",
    ],
)
def test_what_is_no_plain_https_address_is_no_link(paths: Paths, url: str) -> None:
    """Whatever claude was told."""
    assert not is_safe(url)
    tell(paths, 1, pr_number=12, pr_repository="acme/web", pr_url=url)
    assert urls(local_places(paths)) == {}


def test_an_address_that_is_no_text_is_none(paths: Paths) -> None:
    """A number, for one."""
    tell(paths, 1, pr_number=12, pr_repository="acme/web", pr_url=12)
    assert urls(local_places(paths)) == {}


def test_without_a_store_there_is_none(paths: Paths) -> None:
    """And nothing fails."""
    assert urls(local_places(paths)) == {}
