"""``config.toml``: defaults, and errors that name file, line and key."""

import os

import pytest

from cclaunch.config import SIZE_LIMIT, Config, load_config, parse_config
from cclaunch.errors import ConfigError


def test_a_missing_file_means_the_defaults(tmp_path):
    """No config.toml, no trouble."""
    assert load_config(str(tmp_path / "config.toml")) == Config()


def test_what_is_set_is_read():
    """Each table reaches its field, and seconds become floats."""
    config = parse_config(b'[stack]\nwait = 3\n[ports]\ngrpc = 14317\n[telemetry]\nprotocol = "http/json"\n', "config.toml")

    assert (config.stack.wait, config.ports.grpc, config.telemetry.protocol) == (3.0, 14317, "http/json")


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        (b"[stack]\n\nwiat = 3\n", "line 3: `stack.wiat` is not known", "did you mean `wait`?"),
        (b"[sack]\n", "line 1: `sack` is not known", "did you mean `stack`?"),
        (b"stack.wait = -1\n", "line 1: `stack.wait` must be a number of seconds", "edit"),
        (b"[ports]\ngrpc = true\n", "line 2: `ports.grpc` must be a port", "edit"),
        (b"[privacy]\nprompts = 1\n", "line 2: `privacy.prompts` must be true or false", "edit"),
        (b'[telemetry]\nprotocol = "GRPC"\n', "line 2: `telemetry.protocol` must be one of grpc", "edit"),
        (b"ports = 3\n", "line 1: `ports` must be a table", "edit"),
        (b"[ports]\ngrpc = 5000\nhttp = 5000\n", "line 2: `ports.grpc` is 5000, and another service has that port", "edit"),
        (b"[ports]\nmetrics = 4317\n", "line 2: `ports.metrics` is 4317, and another", "edit"),
        (b"a = " + b"[" * 5000, "is nested too deeply", "edit"),
        (b"[stack\n", "is not valid TOML", "edit"),
        (b"\xff\xfe", "is not valid TOML", "edit"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(text, where, hint):
    """The sentence says where the mistake is, the hint what mends it."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "/c/config.toml")

    assert "/c/config.toml" in caught.value.message
    assert where in caught.value.message
    assert hint in caught.value.hint


def test_a_fifo_in_the_place_of_the_file_is_an_error_and_no_wait(tmp_path):
    """No launch may hang on it."""
    path = tmp_path / "config.toml"
    os.mkfifo(path)

    with pytest.raises(ConfigError, match="no regular file"):
        load_config(str(path))


def test_a_huge_file_is_refused(tmp_path):
    """Nobody writes 64 KiB of settings by hand."""
    path = tmp_path / "config.toml"
    path.write_bytes(b"#" * (SIZE_LIMIT + 1))

    with pytest.raises(ConfigError, match="larger than 64 KiB"):
        load_config(str(path))
