"""
An event handed to the collector without waiting for it.

The problem it owns: whoever is away, full, hung or somebody else costs the line nothing. A connection to loopback is there at
once or it is not, and no answer is read.

Hot: C modules only.
"""

from _json import encode_basestring_ascii as quoted
from _socket import AF_INET, SHUT_WR, SOCK_STREAM, socket

from cclaunch.hot.alive import here
from cclaunch.hot.listeners import listened_to_by
from cclaunch.hot.marks import LAUNCH
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import adopted_ports, collector_ports
from cclaunch.hot.reading import numbers, read_flat

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows
    import os as system  # type: ignore[no-redef]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cclaunch.statusline.news import Attributes

LONGEST = 500
"""Characters of a text in an event."""

CONNECT_S = 0.005
"""For a system whose loopback has a queue: elsewhere it takes no time."""

SCOPE = "cclaunch.statusline"


def export(new: "dict[str, Attributes]", environ: "dict[str, str]", session: str, prompt: str, now_ns: int) -> bytes:
    """Return an export of logs, OTLP in JSON, with an event for each of *new*: its name -> its attributes."""
    profile, _, instance = environ.get(LAUNCH, "").rpartition(":")
    resource: Attributes = {"service.name": "claude-code"}
    if instance:
        resource["service.instance.id"] = instance
    if profile:
        resource["cclaunch.profile"] = profile
    records = []
    for name, attributes in new.items():
        about: Attributes = {"event.name": name, "session.id": session}
        if prompt:
            about["prompt.id"] = prompt
        pairs = _pairs({**about, **attributes})
        body = quoted(f"cclaunch.{name}")
        time = f'"timeUnixNano":"{now_ns}","observedTimeUnixNano":"{now_ns}"'
        records.append(f'{{{time},"body":{{"stringValue":{body}}},"attributes":{pairs}}}')
    scope = f'{{"scope":{{"name":"{SCOPE}"}},"logRecords":[{",".join(records)}]}}'
    return f'{{"resourceLogs":[{{"resource":{{"attributes":{_pairs(resource)}}},"scopeLogs":[{scope}]}}]}}'.encode("ascii")


def _pairs(attributes: "Attributes") -> str:
    return "[" + ",".join(f'{{"key":{quoted(name)},"value":{_value(value)}}}' for name, value in attributes.items()) + "]"


def _value(value: "str | int | float") -> str:
    if isinstance(value, int):
        return f'{{"intValue":"{value}"}}'
    if isinstance(value, float):
        return f'{{"doubleValue":{value!r}}}'
    return f'{{"stringValue":{quoted(value[:LONGEST].encode("utf-8", "replace").decode())}}}'


def post(paths: Paths, containers: bool, body: bytes) -> bool:
    """Send *body* to the collector in use; with *containers*, to theirs before any other. Say whether somebody has taken it."""
    ways = (_theirs, _ours) if containers else (_ours, _theirs)
    return any(_sent(port, body) for way in ways if (port := way(paths)))


def _ours(paths: Paths) -> int:
    """Return the port of the collector of ours, or of an adopted one; 0 where there is none, or somebody else listens there."""
    ports = collector_ports(paths) or adopted_ports(paths)
    if ports is None or not ports.http.isdigit() or (ports.here and ports.here != here()):
        return 0
    uids = numbers(ports.uids) if ports.owner else [system.geteuid()]
    return int(ports.http) if listened_to_by(uids, [int(ports.http)]) else 0


def _theirs(paths: Paths) -> int:
    """Return the port of the collector in containers, as `_ours` does."""
    found = read_flat(paths.stack_ports)
    port = found.get("http", "")
    trusted = [*numbers(found.get("engine", "")), 0, system.geteuid()]
    return int(port) if port.isdigit() and listened_to_by(trusted, [int(port)]) else 0


def _sent(port: int, body: bytes) -> bool:
    """Send *body* and leave: whoever listens has it in hand before the end of the connection."""
    head = f"POST /v1/logs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    peer = socket(AF_INET, SOCK_STREAM)
    try:
        peer.settimeout(CONNECT_S)
        peer.connect(("127.0.0.1", port))
        peer.sendall(head.encode("ascii") + body)
        peer.shutdown(SHUT_WR)
    except (OSError, OverflowError):
        return False
    finally:
        peer.close()
    return True
