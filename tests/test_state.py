"""``state.toml``: what was chosen, kept apart from what a hand writes, and never lost."""

import os
import threading

import pytest

from cclaunch.config.state import State, change_state, load_state, state_path
from cclaunch.errors import ConfigError
from cclaunch.hot.paths import directories


@pytest.fixture
def where(environ):
    """Our directories in the sandbox."""
    return directories(environ)


def put(where, text):
    """Write the state file."""
    os.makedirs(where.state)
    with open(state_path(where), "w") as file:
        file.write(text)


def test_no_file_means_that_nothing_was_chosen(where):
    """And reading makes none."""
    assert load_state(where) == State()
    assert not os.path.exists(where.state)


def test_what_is_written_is_read(where):
    """Paths may hold anything that TOML can."""
    state = State("data", "web", {"/home/u/a b": "data", '/x/"q"\\': "web", "/ö\u2028\n": "x"})

    change_state(where, lambda _: state)

    assert load_state(where) == state
    assert os.stat(state_path(where)).st_mode & 0o777 == 0o600
    assert os.stat(where.state).st_mode & 0o777 == 0o700


def test_a_change_sees_what_was_there(where):
    """And is what the caller gets back."""
    change_state(where, lambda state: state._replace(active="a"))

    assert change_state(where, lambda state: state._replace(active="b", previous=state.active)) == State("b", "a")


def test_no_change_writes_nothing(where):
    """The file's time stays: the compiled plan is not stale for nothing."""
    change_state(where, lambda state: state._replace(active="a"))
    before = os.stat(state_path(where))

    change_state(where, lambda state: state._replace(active="a"))

    assert os.stat(state_path(where)) == before


def test_what_a_later_release_keeps_there_is_carried_along(where):
    """Unknown tables, and unknown keys of a table that is known."""
    put(where, 'format = 1\n[profile]\nactive = "a"\nsince = 3\n[rc]\nfiles = ["/home/u/.bashrc"]\n')

    change_state(where, lambda state: State("", "a"))

    with open(state_path(where)) as file:
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
def test_a_broken_or_newer_file_is_named_and_never_overwritten(where, text, told):
    """File, line and key; every byte stays."""
    put(where, text)

    with pytest.raises(ConfigError) as loading:
        load_state(where)
    with pytest.raises(ConfigError):
        change_state(where, lambda state: State("a"))

    assert state_path(where) in loading.value.message
    assert told in loading.value.message
    with open(state_path(where)) as file:
        assert file.read() == text


def test_a_pipe_in_its_place_does_not_hang(where):
    """It is refused."""
    os.makedirs(where.state)
    os.mkfifo(state_path(where))

    with pytest.raises(ConfigError, match="must be a regular file"):
        load_state(where)


def test_two_that_change_it_at_once_lose_nothing(where):
    """Each adds a binding of its own."""

    def bind(number):
        change_state(where, lambda state: state._replace(bindings={**state.bindings, f"/{number}": "a"}))

    workers = [threading.Thread(target=bind, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert set(load_state(where).bindings) == {f"/{number}" for number in range(8)}
