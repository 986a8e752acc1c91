"""``state.toml``: what was chosen, kept apart from what a hand writes, and never lost."""

import os
import threading

import pytest
from untouched import last_written

from cclaunch.config.state import State, change_state, load_state
from cclaunch.errors import ConfigError
from cclaunch.hot.paths import Paths, our_paths


@pytest.fixture
def paths(environ: dict[str, str]) -> Paths:
    """Our directories in the sandbox."""
    return our_paths(environ)


def put(paths: Paths, text: str) -> None:
    """Write the state file."""
    os.makedirs(paths.state)
    with open(paths.state_file, "w") as file:
        file.write(text)


def test_no_file_means_that_nothing_was_chosen(paths: Paths) -> None:
    """And reading makes none."""
    assert load_state(paths) == State()
    assert not os.path.exists(paths.state)


def test_what_is_written_is_read(paths: Paths) -> None:
    """Paths may hold anything that TOML can."""
    state = State("data", "web", {"/home/u/a b": "data", '/x/"q"\\': "web", "/ö\u2028\n": "x"})

    change_state(paths, lambda _: state)

    assert load_state(paths) == state
    assert os.stat(paths.state_file).st_mode & 0o777 == 0o600
    assert os.stat(paths.state).st_mode & 0o777 == 0o700


def test_a_change_sees_what_was_there(paths: Paths) -> None:
    """And is what the caller gets back."""
    change_state(paths, lambda state: state._replace(active="a"))

    assert change_state(paths, lambda state: state._replace(active="b", previous=state.active)) == State("b", "a")


def test_no_change_writes_nothing(paths: Paths) -> None:
    """The file's time stays: the compiled plan is not stale for nothing."""
    change_state(paths, lambda state: state._replace(active="a"))
    before = last_written(paths.state_file)

    change_state(paths, lambda state: state._replace(active="a"))

    assert last_written(paths.state_file) == before


def test_what_a_later_release_keeps_there_is_carried_along(paths: Paths) -> None:
    """Unknown tables, and unknown keys of a table that is known."""
    put(paths, 'format = 1\n[profile]\nactive = "a"\nsince = 3\n[rc]\nfiles = ["/home/u/.bashrc"]\n')

    change_state(paths, lambda state: State("", "a"))

    with open(paths.state_file) as file:
        text = file.read()
    assert 'previous = "a"\n' in text
    assert "since = 3" in text
    assert '"/home/u/.bashrc"' in text
    assert "active" not in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("format = 2\n", "line 1: `format` is 2: a newer cclaunch wrote it"),
        ("\nformat = 'x'\n", "line 2: `format` must be 1"),
        ("", "line 1: `format` must be 1"),
        ("format = 1\nprofile = 3\n", "line 2: `profile` must be a table"),
        ("format = 1\n[profile]\nactive = '../x'\n", "line 3: `profile.active` must be the name"),
        ("format = 1\n[profile]\nprevious = 3\n", "line 3: `profile.previous` must be the name"),
        ("format = 1\n[bindings]\n'/a' = 'ok'\n'b' = 'x'\n", "line 4: `bindings.b` must bind an absolute path"),
        ("format = 1\n[bindings]\n'/b' = 3\n", "line 3: `bindings./b` must bind an absolute path"),
        ("format = \n", "is not valid TOML"),
    ],
)
def test_a_broken_or_newer_file_is_named_and_never_overwritten(paths: Paths, text: str, told: str) -> None:
    """File, line and key; every byte stays."""
    put(paths, text)

    with pytest.raises(ConfigError) as loading:
        load_state(paths)
    with pytest.raises(ConfigError):
        change_state(paths, lambda state: State("a"))

    assert paths.state_file in loading.value.message
    assert told in loading.value.message
    with open(paths.state_file) as file:
        assert file.read() == text


def test_a_pipe_in_its_place_does_not_hang(paths: Paths) -> None:
    """It is refused."""
    os.makedirs(paths.state)
    os.mkfifo(paths.state_file)

    with pytest.raises(ConfigError, match="must be a regular file"):
        load_state(paths)


def test_two_that_change_it_at_once_lose_nothing(paths: Paths) -> None:
    """Each adds a binding of its own."""

    def bind(number: int) -> None:
        change_state(paths, lambda state: state._replace(bindings={**state.bindings, f"/{number}": "a"}))

    workers = [threading.Thread(target=bind, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert set(load_state(paths).bindings) == {f"/{number}" for number in range(8)}
