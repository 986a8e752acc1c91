"""
``config.toml``: what a person may set, its defaults, and errors that name file, line and key.

The file belongs to the person: it is read, never rewritten. An unknown key is an error, because a
misspelt ``wiat`` that is silently ignored is worse than one sentence.
"""

import os
import stat
from collections.abc import Mapping
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.config.checks import (
    BACKENDS,
    HOST,
    IMAGE,
    PROJECT,
    SERVICES,
    Check,
    dollars,
    like,
    line,
    long_line,
    one_of,
    port,
    seconds,
    services,
    span,
    switch,
    whole,
)
from cclaunch.errors import ConfigError
from cclaunch.hot.paths import Paths

SIZE_LIMIT = 64 * 1024
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Telemetry(NamedTuple):
    """
    ``[telemetry]``: what is sent, and how.

    *routing* is ``cclaunch`` or ``environment`` (leave the shell's); *protocol* an OTLP one; *branch* and *host* say
    whether the attributes ``vcs.ref.head.name`` and ``host.name`` are sent.
    """

    routing: str = "cclaunch"
    protocol: str = "grpc"
    branch: bool = True
    host: bool = False


class Stack(NamedTuple):
    """
    ``[stack]``: *wait* and *idle_exit* in seconds; *on_failure* is ``launch`` or ``fail``.

    *backend* holds until `stack use` chooses another one; *services* are those of the Docker stack that run.
    """

    backend: str = "embedded"
    wait: float = 20.0
    idle_exit: float = 900.0
    on_failure: str = "launch"
    services: tuple[str, ...] = SERVICES


class PortNumbers(NamedTuple):
    """
    ``[ports]``: what listens on loopback, and where.

    The first three are the collector's, of either backend, and *page* is that of `cclaunch dashboard`; the rest belongs to the
    Docker stack: *health* of its collector, *metrics_suffixed* with the metric names that carry unit and ``_total``, and a port
    for each other service.
    """

    grpc: int = 4317
    http: int = 4318
    metrics: int = 8889
    metrics_suffixed: int = 8890
    health: int = 13133
    prometheus: int = 9090
    victorialogs: int = 9428
    grafana: int = 3000
    page: int = 4316

    @property
    def ingest(self) -> dict[str, int]:
        """Return the ports of the collector by name, in the order in which the embedded one takes them."""
        return {"grpc": self.grpc, "http": self.http, "metrics": self.metrics}

    @property
    def stack(self) -> dict[str, int]:
        """Return the ports of the stack by name: all but the page's, which no backend has anything to do with."""
        return {name: number for name, number in self._asdict().items() if name != "page"}


class Images(NamedTuple):
    """``[images]``: what the services of the Docker stack run, each pinned by a tag or a digest."""

    collector: str = "otel/opentelemetry-collector-contrib:0.155.0"
    prometheus: str = "prom/prometheus:v3.13.5"
    victorialogs: str = "victoriametrics/victoria-logs:v1.52.1"
    grafana: str = "grafana/grafana:13.2.3"
    guard: str = "caddy:2.11.7"


class Docker(NamedTuple):
    """
    ``[docker]``: which engine, and the name that everything of ours carries there.

    *host* is a URL as in ``DOCKER_HOST``, *context* the name of a Docker context; without either, the docker command's own
    choice holds. *project* is what ``docker compose -p`` calls the stack.
    """

    host: str = ""
    context: str = ""
    project: str = "cclaunch"


class Retention(NamedTuple):
    """``[retention]`` of the Docker stack: days, and gigabytes of disk (0: no limit)."""

    metrics_days: int = 400
    metrics_gb: int = 10
    logs_days: int = 400
    logs_gb: int = 0


class Metrics(NamedTuple):
    """``[metrics]`` of the Docker stack, in seconds: how often they are read, and how long a silent session's are shown."""

    scrape_interval: float = 15.0
    expiration: float = 86400.0


class Grafana(NamedTuple):
    """
    ``[grafana]``: the password of its user ``admin``.

    Empty leaves it at Grafana's own, also when it was changed there; ``generate`` has one made and kept.
    """

    admin_password: str = ""


class Privacy(NamedTuple):
    """``[privacy]``: what claude may put into its events; nothing unless asked for."""

    prompts: bool = False
    responses: bool = False
    tool_details: bool = False
    raw_api_bodies: bool = False


class Usage(NamedTuple):
    """``[usage]``: *week_start* is the weekday on which a week begins, in lower case."""

    week_start: str = WEEKDAYS[0]

    @property
    def first_weekday(self) -> int:
        """Return the number of that weekday, 0 for Monday."""
        return WEEKDAYS.index(self.week_start)


class History(NamedTuple):
    """
    ``[history]``: *keep_days* is for how long requests are kept in the ledger; 0 for ever.

    *transcripts* says whether claude's own are read, for what telemetry has missed.
    """

    keep_days: int = 0
    transcripts: bool = True


class Budget(NamedTuple):
    """
    ``[budget]``: US dollars that all launches together may cost in a *daily*, *weekly* or *monthly* period; 0: no limit.

    *on_exceed* says what a launch does when one of them, or a profile's, is spent: ``warn``, ``ask`` or ``stop``.
    """

    daily: float = 0.0
    weekly: float = 0.0
    monthly: float = 0.0
    on_exceed: str = "warn"


class Notify(NamedTuple):
    """``[notify]``: the *command* that is run, by a shell, when a budget passes 80 % and 100 %; empty for none."""

    command: str = ""


class StatusLine(NamedTuple):
    """``[statusline]``: the *format* of the line below claude's prompt; empty for the one that we have."""

    format: str = ""


class Config(NamedTuple):
    """The whole of ``config.toml``."""

    telemetry: Telemetry = Telemetry()
    stack: Stack = Stack()
    ports: PortNumbers = PortNumbers()
    privacy: Privacy = Privacy()
    images: Images = Images()
    docker: Docker = Docker()
    retention: Retention = Retention()
    metrics: Metrics = Metrics()
    grafana: Grafana = Grafana()
    usage: Usage = Usage()
    history: History = History()
    budget: Budget = Budget()
    notify: Notify = Notify()
    statusline: StatusLine = StatusLine()


CHECKS: Mapping[str, Mapping[str, Check]] = {
    "telemetry": {
        "routing": one_of("cclaunch", "environment"),
        "protocol": one_of(*otel.PROTOCOLS),
        "branch": switch,
        "host": switch,
    },
    "stack": {
        "backend": one_of(*BACKENDS),
        "wait": seconds,
        "idle_exit": seconds,
        "on_failure": one_of("launch", "fail"),
        "services": services,
    },
    "ports": dict.fromkeys(PortNumbers._fields, port),
    "privacy": dict.fromkeys(Privacy._fields, switch),
    "images": dict.fromkeys(Images._fields, like(IMAGE, "an image with a tag or a digest, as in `prom/prometheus:v3.13.3`")),
    "docker": {
        "host": like(HOST, "a URL as in DOCKER_HOST, like `unix:///var/run/docker.sock`", empty=True),
        "context": line,
        "project": like(PROJECT, "lower-case letters, digits, `-` and `_`, with a letter or digit first"),
    },
    "retention": {
        "metrics_days": whole(1, 36500, "days"),
        "metrics_gb": whole(0, 1_000_000, "gigabytes"),
        "logs_days": whole(2, 36500, "days"),
        "logs_gb": whole(0, 1_000_000, "gigabytes"),
    },
    "metrics": dict.fromkeys(Metrics._fields, span),
    "grafana": {"admin_password": line},
    "usage": {"week_start": one_of(*WEEKDAYS)},
    "history": {"keep_days": whole(0, 36500, "days (0: for ever)"), "transcripts": switch},
    "budget": {**dict.fromkeys(("daily", "weekly", "monthly"), dollars), "on_exceed": one_of("warn", "ask", "stop")},
    "notify": {"command": long_line},
    "statusline": {"format": long_line},
}
"""Table -> key -> what is wrong with a value, or None."""


def load_config(path: str) -> Config:
    """
    Return the configuration in *path*; the defaults when there is no such file.

    Raises:
        ConfigError: The file cannot be read or is no TOML, or a key is unknown or has a bad value.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a FIFO in its place must not hang a launch
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ConfigError(f"cannot read {path}: it is no regular file", hint=f"ls -l {path}")
            data = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", hint=f"check its owner and mode: ls -l {path}") from error
    if len(data) > SIZE_LIMIT:
        raise ConfigError(f"cannot read {path}: it is larger than {SIZE_LIMIT // 1024} KiB", hint=f"ls -l {path}")
    return parse_config(data, path)


def parse_config(data: bytes, path: str) -> Config:
    """Return the configuration that the bytes of *path* say. Raises ConfigError as ``load_config`` does."""
    from cclaunch.files.toml import read_toml, wrong  # most have no such file

    text, tables = read_toml(data, path)
    for table, keys in tables.items():
        if table not in CHECKS:
            raise wrong(path, text, (table,), "is not known", known=CHECKS)
        if not isinstance(keys, dict):
            raise wrong(path, text, (table,), f"must be a table: [{table}]")
        for key, value in keys.items():
            if key not in CHECKS[table]:
                raise wrong(path, text, (table, key), "is not known", known=CHECKS[table])
            if trouble := CHECKS[table][key](value):
                raise wrong(path, text, (table, key), trouble)
    config = _build(tables)
    if config.docker.host and config.docker.context:
        raise wrong(path, text, ("docker", "context"), "cannot stand beside `docker.host`: they may name two engines")
    for key, number in config.ports._asdict().items():
        if key in tables.get("ports", {}) and list(config.ports).count(number) > 1:
            raise wrong(path, text, ("ports", key), f"is {number}, and another service has that port")
    return config


def _build(tables: Mapping[str, Mapping[str, Any]]) -> Config:
    return Config(
        **{
            table: type(default)(
                **{key: _settled(value, default._field_defaults[key]) for key, value in tables.get(table, {}).items()}
            )
            for table, default in Config._field_defaults.items()
        }
    )


def _settled(value: Any, default: Any) -> Any:
    """Return *value* in the type of its field, which is that of *default*; services in the order in which they are started."""
    if isinstance(default, tuple):
        return tuple(name for name in SERVICES if name in value)
    return float(value) if isinstance(default, float) else value


def configuration(paths: Paths) -> Config:
    """Return the configuration, or the defaults when it is broken: the plan already says so."""
    return read_configuration(paths)[0]


def reads_transcripts(paths: Paths) -> bool:
    """Say whether claude's transcripts may be read. Not where the file is broken: it may say no, in words that cannot be read."""
    config, broken = read_configuration(paths)
    return broken is None and config.history.transcripts


def read_configuration(paths: Paths) -> tuple[Config, ConfigError | None]:
    """Return the configuration and None, or the defaults and what is wrong with the file; its message may go on in a sentence."""
    try:
        return load_config(paths.config_file), None
    except ConfigError as error:
        return Config(), error
