"""``config.toml``: defaults, and errors that name file, line and key."""

import os
from pathlib import Path

import pytest

from cclaunch.config.model import SIZE_LIMIT, Config, load_config, parse_config
from cclaunch.errors import ConfigError


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    """No config.toml, no trouble."""
    assert load_config(str(tmp_path / "config.toml")) == Config()


def test_what_is_set_is_read() -> None:
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
        (b"a = " + b"9" * 5000, "is not valid TOML", "edit"),
        (b"[stack\n", "is not valid TOML", "edit"),
        (b"\xff\xfd", "is not valid TOML", "edit"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(text: bytes, where: str, hint: str) -> None:
    """The sentence says where the mistake is, the hint what mends it."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "/c/config.toml")

    assert "/c/config.toml" in caught.value.message
    assert where in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_byte_order_mark_is_named(codec: str) -> None:
    """An editor on Windows adds it, and nobody sees it."""
    text = "\ufeff[stack]\n" if codec == "utf-16-be" else "[stack]\n"
    with pytest.raises(ConfigError, match=r"/c/config\.toml begins with a byte order mark: save it as UTF-8 without one"):
        parse_config(text.encode(codec), "/c/config.toml")


def test_a_fifo_in_the_place_of_the_file_is_an_error_and_no_wait(tmp_path: Path) -> None:
    """No launch may hang on it."""
    path = tmp_path / "config.toml"
    os.mkfifo(path)

    with pytest.raises(ConfigError, match="no regular file"):
        load_config(str(path))


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    """Nobody writes 64 KiB of settings by hand."""
    path = tmp_path / "config.toml"
    path.write_bytes(b"#" * (SIZE_LIMIT + 1))

    with pytest.raises(ConfigError, match="larger than 64 KiB"):
        load_config(str(path))


def test_the_docker_stack_is_read() -> None:
    """Images, services in the order of their start, engine, retention and seconds as floats."""
    config = parse_config(
        b'[images]\nprometheus = "registry.example:5000/prom/prometheus:v3.13.9"\n'
        b'[stack]\nbackend = "docker"\nservices = ["victorialogs", "collector"]\n'
        b'[docker]\ncontext = "colima"\nproject = "claude-2"\n[retention]\nlogs_days = 30\n[metrics]\nscrape_interval = 5\n'
        b'[grafana]\nadmin_password = "s3cret"\n[ports]\ngrafana = 3001\n',
        "config.toml",
    )

    assert config.images.prometheus == "registry.example:5000/prom/prometheus:v3.13.9"
    assert config.images.grafana == Config().images.grafana
    assert (config.stack.backend, config.stack.services) == ("docker", ("collector", "victorialogs"))
    assert (config.docker.context, config.docker.project, config.retention.logs_days) == ("colima", "claude-2", 30)
    assert (config.metrics.scrape_interval, config.grafana.admin_password, config.ports.grafana) == (5.0, "s3cret", 3001)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b'[images]\ncollector = "otel/collector"\n', "line 2: `images.collector` must be an image with a tag or a digest"),
        (b'[images]\ncollector = "Otel/Collector:1"\n', "line 2: `images.collector` must be an image"),
        (b'[images]\ncollector = "a:b c"\n', "line 2: `images.collector` must be an image"),
        (b'[images]\nloki = "grafana/loki:3"\n', "line 2: `images.loki` is not known"),
        (b'[stack]\nbackend = "podman"\n', "line 2: `stack.backend` must be one of embedded, docker"),
        (b'[stack]\nservices = "collector"\n', "line 2: `stack.services` must be a list of services"),
        (b"[stack]\nservices = [1]\n", "line 2: `stack.services` must be a list of services"),
        (b'[stack]\nservices = ["collector", "loki"]\n', "`stack.services` names `loki`, which is none of collector"),
        (b'[stack]\nservices = ["collector", "collector"]\n', "`stack.services` names a service twice"),
        (b'[stack]\nservices = ["collector", "grafana"]\n', "`stack.services` must hold victorialogs"),
        (b'[stack]\nservices = ["victorialogs"]\n', "`stack.services` must hold collector"),
        (b'[docker]\nhost = "/var/run/docker.sock"\n', "line 2: `docker.host` must be a URL as in DOCKER_HOST"),
        (b'[docker]\nproject = "My Project"\n', "line 2: `docker.project` must be lower-case letters"),
        (b'[docker]\nhost = "unix:///a"\ncontext = "b"\n', "line 3: `docker.context` cannot stand beside `docker.host`"),
        (b"[history]\nkeep_days = -1\n", "line 2: `history.keep_days` must be a whole number of days (0: for ever), 0 to 36500"),
        (b'[history]\nkeep_days = "90"\n', "line 2: `history.keep_days` must be a whole number of days"),
        (b'[history]\ntranscripts = "no"\n', "line 2: `history.transcripts` must be true or false"),
        (b"[history]\nkeep = 90\n", "line 2: `history.keep` is not known"),
        (b"[retention]\nlogs_days = 1\n", "line 2: `retention.logs_days` must be a whole number of days, 2 to 36500"),
        (b"[retention]\nmetrics_gb = -1\n", "line 2: `retention.metrics_gb` must be a whole number of gigabytes"),
        (b"[metrics]\nexpiration = 0\n", "line 2: `metrics.expiration` must be a number of seconds, 1 or more"),
        (b'[grafana]\nadmin_password = "a\\nb"\n', "line 2: `grafana.admin_password` must be one line of text"),
        (b"[ports]\ngrafana = 9090\n", "line 2: `ports.grafana` is 9090, and another service has that port"),
    ],
)
def test_a_mistake_in_the_docker_stack_is_named(text: bytes, where: str) -> None:
    """Each with file, line and key."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "/c/config.toml")

    assert where in caught.value.message


def test_a_digest_pins_an_image_as_a_tag_does() -> None:
    """Either is enough, both may stand there."""
    digest = "@sha256:" + "0" * 64
    for image in ("prom/prometheus" + digest, "prom/prometheus:v3" + digest, "localhost:5000/a/b:c", "alpine:3"):
        assert parse_config(f'[images]\nprometheus = "{image}"\n'.encode(), "c").images.prometheus == image
