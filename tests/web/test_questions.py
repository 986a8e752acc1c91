"""What an address asks: the words of a query are those of `answers`, and what makes no sense is refused in words."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from collector_client import wait_until
from page_client import PagePlace, page
from stored import events_of, store

NAMES = ["head", "days", "whom", "what", "sessions", "tools", "capture"]


def spend(place: PagePlace, **more: Any) -> None:
    """Record a request of now."""
    now = time.time_ns()
    said = {"time": now, "cost_usd": 1.0, "cost_usd_micros": 10**6, "session.id": "one", "cclaunch.profile": "shop", **more}
    store(Path(place.paths.database), events_of(said, time_ns=now))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagePlace]:
    """A page for all of these tests, with something to show."""
    with page(tmp_path_factory.mktemp("questions")) as place:
        spend(place)
        spend(place, **{"cclaunch.profile": "ops", "vcs.repository.name": "=1+1"})
        yield place


@pytest.fixture(scope="module")
def cookie(shown: PagePlace) -> str:
    """The cookie of a browser that was let in."""
    return shown.enter()


def ask(place: PagePlace, cookie: str, path: str) -> dict[str, Any]:
    """Return the document of an answer."""
    answer = place.ask("GET", f"/api/{path}", Cookie=cookie)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    found: dict[str, Any] = json.loads(answer.body)
    return found


@pytest.mark.parametrize("name", [*NAMES, "session", "csv"])
def test_nobody_is_answered_who_was_not_let_in(shown: PagePlace, name: str) -> None:
    """Whatever is asked."""
    answer = shown.ask("GET", f"/api/{name}")
    assert (answer.status, json.loads(answer.body)["hint"]) == (403, "type `cclaunch dashboard`")


@pytest.mark.parametrize("name", NAMES)
def test_each_question_is_answered(shown: PagePlace, cookie: str, name: str) -> None:
    """And says what it answers, or that no verb does."""
    found = ask(shown, cookie, name)
    assert (found["state"], found.get("trouble")) == ("ok", None)
    assert found["question"] is None or found["question"].startswith("cclaunch ")


@pytest.mark.parametrize("name", ["head", "days", "what", "sessions"])
def test_an_answer_that_the_browser_has_is_not_sent_again(shown: PagePlace, cookie: str, name: str) -> None:
    """Its tag is another one for other words."""
    tags = {}
    for query in ("", "?where=profile%3Dshop"):

        def is_settled(path: str = f"/api/{name}{query}") -> bool:
            tag = shown.ask("GET", path, Cookie=cookie).headers["etag"]
            tags[path] = tag
            return shown.ask("GET", path, Cookie=cookie, If__None__Match=tag).status == 304

        assert wait_until(is_settled, 20)
    assert len(set(tags.values())) == 2


def test_the_words_narrow_the_answer(shown: PagePlace, cookie: str) -> None:
    """Filters, key and range are those of the query."""
    found = ask(shown, cookie, "days?range=7d&by=repository&where=profile%3Dops")
    assert (found["total"]["requests"], len(found["days"]), found["by"]) == (1, 7, ["day", "repository"])
    assert "--where cclaunch.profile=ops" in found["question"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("days?range=31d", "there is no range `31d`"),
        ("days?by=profil", "profil"),
        ("days?since=yestrday", "--since"),
        ("whom?where=nonsense", "nonsense"),
        ("whom?where=teem%3Dx", "teem"),
        ("sessions?offset=-1", "offset: `-1` is no number"),
        ("sessions?limit=100000", "a page has 1 to 200 rows"),
        ("session?session=nobody", "no event of a session `nobody` is kept"),
        ("what?sort=size", "there is no order `size`"),
    ],
)
def test_what_makes_no_sense_is_said(shown: PagePlace, cookie: str, query: str, words: str) -> None:
    """In a sentence, and nothing breaks."""
    found = ask(shown, cookie, query)
    assert words in found["trouble"]
    assert found["state"] == "trouble"


def test_a_long_address_is_refused(shown: PagePlace, cookie: str) -> None:
    """Before anything is made of it."""
    assert "too long" in ask(shown, cookie, f"days?where={'x' * 20_000}")["trouble"]


def test_many_questions_stay_few(shown: PagePlace, cookie: str) -> None:
    """Each is answered, and the process does not grow with their number."""
    for number in range(200):
        assert ask(shown, cookie, f"whom?where=profile%3D{number}")["total"]["requests"] == 0
    assert shown.process().memory_info().rss <= 120 << 20


def test_a_table_is_given_as_csv(shown: PagePlace, cookie: str) -> None:
    """As a file, with the names of `usage`; a formula is none."""
    answer = shown.ask("GET", "/api/csv?what=days&by=repository&range=7d", Cookie=cookie)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == 'attachment; filename="cclaunch.csv"'
    lines = answer.body.decode().splitlines()
    assert lines[0].startswith("day,repository,cost_usd,requests,")
    assert any(",'=1+1,1" in line for line in lines)


def test_a_table_that_is_not_there_is_said(shown: PagePlace, cookie: str) -> None:
    """With those that are."""
    answer = shown.ask("GET", "/api/csv?what=secrets", Cookie=cookie)
    assert (answer.status, json.loads(answer.body)["trouble"]) == (400, "there is no table `secrets`")


def test_before_anything_was_recorded_it_says_what_to_run(tmp_path: Path) -> None:
    """And that there is nothing to show."""
    with page(tmp_path) as place:
        found = ask(place, place.enter(), "head")
        assert (found["state"], found["trouble"]) == ("empty", "nothing was recorded yet")
        assert "cclaunch" in found["hint"]


def test_a_broken_config_is_said(tmp_path: Path) -> None:
    """The figures are there all the same."""
    with page(tmp_path) as place:
        spend(place)
        cookie = place.enter()
        Path(place.paths.config_file).write_text("[usage\n")
        assert wait_until(lambda: "config.toml" in " ".join(ask(place, cookie, "head")["notes"]), 20)
        assert ask(place, cookie, "head")["today"]["requests"] == 1
