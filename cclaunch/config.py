"""
``config.toml``: what a person may set, its defaults, and errors that name file, line and key.

The file belongs to the person: it is read, never rewritten. An unknown key is an error, because a
misspelt ``wiat`` that is silently ignored is worse than one sentence.
"""

import os
import stat
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.errors import ConfigError
from cclaunch.toml_file import read_toml, wrong

SIZE_LIMIT = 64 * 1024


class Telemetry(NamedTuple):
    """
    ``[telemetry]``: what is sent, and how.

    *routing* is ``cclaunch`` or ``environment`` (leave the shell's); *protocol* an OTLP one; *branch* and *host* ask for
    the attributes ``vcs.ref.head.name`` and ``host.name``.
    """

    routing: str = "cclaunch"
    protocol: str = "grpc"
    branch: bool = False
    host: bool = False


class Stack(NamedTuple):
    """``[stack]``: *wait* and *idle_exit* in seconds; *on_failure* is ``launch`` or ``fail``."""

    backend: str = "embedded"
    wait: float = 20.0
    idle_exit: float = 900.0
    on_failure: str = "launch"


class PortNumbers(NamedTuple):
    """``[ports]``: where the embedded collector listens, on both loopback addresses."""

    grpc: int = 4317
    http: int = 4318
    metrics: int = 8889


class Privacy(NamedTuple):
    """``[privacy]``: what claude may put into its events; nothing unless asked for."""

    prompts: bool = False
    responses: bool = False
    tool_details: bool = False
    raw_api_bodies: bool = False


class Config(NamedTuple):
    """The whole of ``config.toml``."""

    telemetry: Telemetry = Telemetry()
    stack: Stack = Stack()
    ports: PortNumbers = PortNumbers()
    privacy: Privacy = Privacy()


Check = Callable[[Any], str | None]


def _one_of(*allowed: str) -> Check:
    def check(value: Any) -> str | None:
        return None if value in allowed else f"must be one of {', '.join(allowed)}"

    return check


def _seconds(value: Any) -> str | None:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 86400 * 30
    return None if fits else "must be a number of seconds, 0 or more"


def _port(value: Any) -> str | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536
    return None if fits else "must be a port, 1 to 65535"


def _switch(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


CHECKS: Mapping[str, Mapping[str, Check]] = {
    "telemetry": {
        "routing": _one_of("cclaunch", "environment"),
        "protocol": _one_of(*otel.PROTOCOLS),
        "branch": _switch,
        "host": _switch,
    },
    "stack": {
        "backend": _one_of("embedded"),
        "wait": _seconds,
        "idle_exit": _seconds,
        "on_failure": _one_of("launch", "fail"),
    },
    "ports": dict.fromkeys(PortNumbers._fields, _port),
    "privacy": dict.fromkeys(Privacy._fields, _switch),
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
    for key, port in config.ports._asdict().items():
        if key in tables.get("ports", {}) and list(config.ports).count(port) > 1:
            raise wrong(path, text, ("ports", key), f"is {port}, and another service has that port")
    return config


def _build(tables: Mapping[str, Mapping[str, Any]]) -> Config:
    stack: dict[str, Any] = {
        key: float(value) if key in ("wait", "idle_exit") else value for key, value in tables.get("stack", {}).items()
    }
    return Config(
        telemetry=Telemetry(**tables.get("telemetry", {})),
        stack=Stack(**stack),
        ports=PortNumbers(**tables.get("ports", {})),
        privacy=Privacy(**tables.get("privacy", {})),
    )
