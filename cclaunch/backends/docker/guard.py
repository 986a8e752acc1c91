"""
The guard: what the services show on this machine's ports goes through it, and no web page gets at it.

A browser reaches loopback for any page that asks, and neither VictoriaLogs nor Prometheus nor the collector looks at
who asks: a page of another site could write (a simple POST needs nobody's leave), and one whose name was made to lead
to 127.0.0.1 (DNS rebinding) could read as well. No flag of theirs closes that. So the data services publish no port;
this one container, Caddy, publishes theirs and passes on what comes from a program, from the service's own pages, or from
the address bar. Between themselves the services talk directly. What is sent goes to the collector, not through here.

Pure: Caddy's configuration, as the JSON that it reads without an adapter.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

NAME = "guard"
FILE = "guard.json"

BEHIND: Mapping[str, str] = {
    "metrics": "collector",
    "metrics_suffixed": "collector",
    "prometheus": "prometheus",
    "victorialogs": "victorialogs",
}
"""Name of a port -> the service that it belongs to."""

OWN_PATH = "/cclaunch/guard"
"""Where the guard itself says that it is well, on each of its ports."""

LOOPBACK = r"(?i)\A(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?\z"
"""The hosts of a request that no name server can have made up."""

PAGES: Mapping[str, Sequence[str]] = {
    "metrics": ("/metrics",),
    "metrics_suffixed": ("/metrics",),
    "prometheus": ("/*",),
    "victorialogs": ("/", "/select/vmui", "/select/vmui/*"),
}
"""What a link on another page may open in a window of its own, where that page cannot look: nothing that changes anything."""

REFUSED = "cclaunch: refused, because a web page of another origin asks, or by a name that is not localhost. See docs/stack.md.\n"


def configuration(ports: Mapping[str, int]) -> bytes:
    """Return Caddy's configuration; *ports* is name of a port -> its number, the same here and in the service behind it."""
    document = {
        "admin": {"disabled": True, "config": {"persist": False}},
        "apps": {"http": {"servers": {name: _server(name, number) for name, number in ports.items()}}},
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def _server(name: str, port: int) -> dict[str, Any]:
    own = {"handler": "static_response", "status_code": 200, "body": "OK\n"}
    refusal = {"handler": "static_response", "status_code": 403, "body": REFUSED}
    return {
        "listen": [f":{port}"],
        "protocols": ["h1"],
        "automatic_https": {"disable": True},
        "routes": [
            {"match": _foreign(name), "handle": [refusal], "terminal": True},
            {"match": [{"path": [OWN_PATH]}], "handle": [own], "terminal": True},
            {"handle": [_passed_on(f"{BEHIND[name]}:{port}")]},
        ],
    }


def _foreign(name: str) -> list[dict[str, Any]]:
    """
    Return the matchers, any of which refuses: another host, another page's origin, another page's request.

    A browser tells Origin with whatever a page may read or send in full, and Sec-Fetch-Site with the rest (pictures,
    frames, forms). A page of localhost on another port is another origin too.
    """
    window = {
        "method": ["GET"],
        "path": list(PAGES[name]),
        "header": {"Sec-Fetch-Mode": ["navigate"], "Sec-Fetch-Dest": ["document"]},
    }
    return [
        {"not": [{"header_regexp": {"Host": {"pattern": LOOPBACK}}}]},
        {"header": {"Origin": ["*"]}, "not": [{"header": {"Origin": ["http://{http.request.hostport}"]}}]},
        {"header": {"Sec-Fetch-Site": ["cross-site", "same-site"]}, "not": [window]},
    ]


def _passed_on(address: str) -> dict[str, Any]:
    """Return the handler that asks the service at *address*: bytes as they come, none packed or unpacked on the way."""
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": address}],
        "flush_interval": -1,
        "transport": {"protocol": "http", "compression": False},
    }
