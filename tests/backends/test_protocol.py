"""What each backend answers to the questions that nobody else decides by its name."""

import pytest

from cclaunch.backends.every import backend
from cclaunch.backends.protocol import Backend
from cclaunch.config.checks import BACKENDS
from cclaunch.config.model import Config, Stack
from cclaunch.errors import StackError
from cclaunch.hot.paths import Paths


@pytest.fixture(params=BACKENDS)
def used(request: pytest.FixtureRequest, paths: Paths, environ: dict[str, str]) -> Backend:
    """Give each backend, with three seconds to wait."""
    return backend(request.param, paths, Config(stack=Stack(wait=3.0)), environ)


def test_it_is_the_one_that_was_asked_for(request: pytest.FixtureRequest, used: Backend) -> None:
    """By the word of config.toml."""
    assert used.name == request.node.callspec.params["used"]


def test_a_person_waits_for_containers_longer_than_a_launch(paths: Paths, environ: dict[str, str]) -> None:
    """A minute at least; for one process no longer than config.toml says, and for either no shorter."""
    patience = {
        (name, wait): backend(name, paths, Config(stack=Stack(wait=wait)), environ).patience
        for name in ("embedded", "docker")
        for wait in (3.0, 90.0)
    }

    assert patience == {("embedded", 3.0): 3.0, ("embedded", 90.0): 90.0, ("docker", 3.0): 60.0, ("docker", 90.0): 90.0}


def test_only_what_the_engine_starts_needs_no_enable(paths: Paths, environ: dict[str, str]) -> None:
    """The sentence is the answer of `stack enable`."""
    answers = {name: backend(name, paths, Config(), environ).starts_by_itself for name in BACKENDS}

    assert answers == {"embedded": "", "docker": "the containers start with Docker by themselves"}


def test_the_services_of_config_are_the_pages_and_the_collector_is_none(paths: Paths, environ: dict[str, str]) -> None:
    """In their order, each with what a person opens."""
    config = Config(stack=Stack(services=("collector", "victorialogs", "grafana")))

    pages = backend("docker", paths, config, environ).pages(clear=False)

    assert [(page.name, page.url, page.detail) for page in pages] == [
        ("victorialogs", f"http://localhost:{config.ports.victorialogs}/select/vmui", ""),
        ("grafana", f"http://localhost:{config.ports.grafana}", "login admin / admin"),
    ]


def test_the_collector_alone_shows_no_page(paths: Paths, environ: dict[str, str]) -> None:
    """There is nothing to say of who may open it."""
    assert backend("embedded", paths, Config(), environ).pages(clear=True) == []


def test_the_collector_alone_has_no_log_of_another_service(paths: Paths, environ: dict[str, str]) -> None:
    """Said before a line is read."""
    with pytest.raises(StackError, match="a collector and nothing else"):
        backend("embedded", paths, Config(), environ).logs(["collector", "grafana"], 5, follow=False)
