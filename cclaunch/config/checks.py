"""
What a value of ``config.toml`` has to look like, key by key.

A check takes the value that TOML gave and returns None, or what is wrong with it, to follow the key's name.
"""

import re
from collections.abc import Callable
from typing import Any

SERVICES = ("collector", "prometheus", "victorialogs", "grafana")
"""The services of the Docker stack, in the order in which they are started."""

BACKENDS = ("embedded", "docker")

IN_CONTAINERS = frozenset({"docker"})
"""Those of them whose services are containers: a launch asks these first, and may rouse them."""

NEEDED = ("collector", "victorialogs")
"""Those that no stack can be without: one takes the telemetry, the other keeps the events that the money is counted from."""

IMAGE = (
    r"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(?:@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})"
)
PROJECT = r"[a-z0-9][a-z0-9_-]{0,62}"
HOST = r"(?:unix|npipe|tcp|ssh)://\S+"

Check = Callable[[Any], str | None]


def one_of(*allowed: str) -> Check:
    """Return the check of a value that is one of *allowed*."""

    def check(value: Any) -> str | None:
        return None if value in allowed else f"must be one of {', '.join(allowed)}"

    return check


def seconds(value: Any) -> str | None:
    """Say what is wrong with a number of seconds."""
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 86400 * 30
    return None if fits else "must be a number of seconds, 0 or more"


def port(value: Any) -> str | None:
    """Say what is wrong with a port."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536
    return None if fits else "must be a port, 1 to 65535"


def switch(value: Any) -> str | None:
    """Say what is wrong with a truth value."""
    return None if isinstance(value, bool) else "must be true or false"


def span(value: Any) -> str | None:
    """Say what is wrong with a number of seconds that may not be 0."""
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and 1 <= value <= 86400 * 30
    return None if fits else "must be a number of seconds, 1 or more"


def whole(least: int, most: int, what: str) -> Check:
    """Return the check of a whole number from *least* to *most* of *what*."""

    def check(value: Any) -> str | None:
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if fits else f"must be a whole number of {what}, {least} to {most}"

    return check


def like(pattern: str, what: str, *, empty: bool = False) -> Check:
    """Return the check of a text that *pattern* matches whole; *what* says that to a person."""

    def check(value: Any) -> str | None:
        fits = isinstance(value, str) and (re.fullmatch(pattern, value) is not None or (empty and value == ""))
        return None if fits else f"must be {what}"

    return check


def line(value: Any) -> str | None:
    """Say what is wrong with a short text."""
    fits = isinstance(value, str) and value.isprintable() and len(value) <= 256
    return None if fits else "must be one line of text"


def long_line(value: Any) -> str | None:
    """Say what is wrong with a text of one line that may be long."""
    fits = isinstance(value, str) and value.isprintable() and len(value) <= 4096
    return None if fits else "must be one line of text, of 4096 characters at most"


def dollars(value: Any) -> str | None:
    """Say what is wrong with an amount of money."""
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1e12
    return None if fits else "must be a number of US dollars, 0 (no limit) or more"


def services(value: Any) -> str | None:
    """Say what is wrong with the list of services that run."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return f"must be a list of services: {', '.join(SERVICES)}"
    if unknown := [name for name in value if name not in SERVICES]:
        return f"names `{unknown[0]}`, which is none of {', '.join(SERVICES)}"
    if len(set(value)) < len(value):
        return "names a service twice"
    if absent := [name for name in NEEDED if name not in value]:
        return f"must hold {absent[0]}: nothing is recorded without it"
    return None
