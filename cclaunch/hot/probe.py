"""
Is the collector healthy? Asked in a fraction of a millisecond of our own time, before anything else is done.

A connection alone proves that somebody listens, not that it is ours or that it can store: the answer of
``/health`` carries a keyed hash of the nonce that was asked, and only a collector of this user can make
it. The question is sent first and the answer read last, so that the collector works while we compose.

Hot: C modules of the interpreter only.
"""

from _socket import AF_INET, SOCK_STREAM, socket

try:
    from posix import urandom
except ImportError:  # pragma: no cover - Windows
    from os import urandom

LONGEST_ANSWER = 4096
MOST_PARTS = 4
"""Pieces in which an answer may come: each may take the whole deadline of a step."""

NOBODY = "nothing answers"
SILENT = "it listens, but does not answer"

SERVICES = {
    "collector": ("health", "/"),
    "prometheus": ("prometheus", "/-/healthy"),
    "victorialogs": ("victorialogs", "/health"),
    "grafana": ("grafana", "/api/health"),
}
"""Service of the Docker stack -> (name of its port, path of its own word on its health)."""


class Question:
    """An open question to a collector: ``ask`` makes one, ``answer`` closes it and keeps the *notice* that came with it."""

    __slots__ = ("key", "nonce", "notice", "peer")

    def __init__(self, peer: socket, nonce: str, key: str) -> None:
        self.peer = peer
        self.nonce = nonce
        self.key = key
        self.notice = ""


def ask(port: int, pid: int, key: str, seconds: float, grpc: str = "", inside: str = "") -> "Question | None":
    """
    Send ``/health`` to the collector on *port* of the loopback address, or return None when nobody listens.

    Args:
        port: The HTTP port of the collector.
        pid: Our process id: exec keeps it, so the collector stays while claude lives. 0 registers nothing.
        key: The collector's key, hexadecimal.
        seconds: The deadline of each step.
        grpc: The port that telemetry would be sent to: the collector proves that it has this one, too. Without it a
            stranger who holds both ports of one that was killed could hand the question on to the one that comes after.
        inside: The number of the PID namespace that *pid* counts in, where that may be another one than the collector's.
    """
    nonce = urandom(16).hex()
    if grpc:
        nonce += f"-{grpc}-{port}"
    who = f"&pid={pid}&by={registration(key, nonce, pid).decode('ascii')}" if pid else ""
    if who and inside:
        who += f"&in={inside}"
    peer = _get(port, f"/health?nonce={nonce}{who}", seconds)
    return None if peer is None else Question(peer, nonce, key)


def _get(port: int, target: str, seconds: float) -> "socket | None":
    """Send a GET of *target* to *port* of the loopback address; return the connection, or None when nobody listens."""
    peer = socket(AF_INET, SOCK_STREAM)
    try:
        peer.settimeout(seconds)
        peer.connect(("127.0.0.1", port))
        peer.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode("ascii"))
    except (OSError, OverflowError):
        peer.close()
        return None
    return peer


def ask_services(ports: "dict[str, str]", seconds: float) -> "dict[str, socket | None]":
    """
    Ask every service of the Docker stack for its own word on its health, all at once; ``unwell`` reads the answers.

    *ports* is what the stack wrote down when it was started: ``services``, and the port of each by name.
    """
    found = {}
    for service in ports.get("services", "").split():
        name, path = SERVICES.get(service, ("", ""))
        port = ports.get(name, "")
        found[service] = _get(int(port), path, seconds) if port.isdigit() else None
    return found


def unwell(asked: "dict[str, socket | None]") -> "list[str]":
    """Return the services that did not answer 200."""
    found = []
    for service, peer in asked.items():
        head = b""
        if peer is not None:
            head = _heard(peer)
        if b" 200 " not in head[:16]:
            found.append(service)
    return found


def answer(question: "Question | None") -> "str | None":
    """Return None when a healthy collector of ours has answered, else the sentence that says what is wrong."""
    if question is None:
        return NOBODY
    data = b""
    try:
        for _ in range(MOST_PARTS):
            part = question.peer.recv(LONGEST_ANSWER)
            if not part:
                break
            data += part
    except OSError:
        return SILENT
    finally:
        question.peer.close()
    head, _, body = data.partition(b"\r\n\r\n")
    if b"\nproof=" + proof(question.key, question.nonce) not in body:
        return "another program answers on its port"
    said = body.partition(b"\nnotice=")[2]
    if said:
        question.notice = said.partition(b"\n")[0].decode("utf-8", "replace")
    if b" 200 " not in head[:16]:
        return "it is not healthy: " + body.decode("utf-8", "replace").strip().splitlines()[-1]
    return None


def _heard(peer: socket) -> bytes:
    """Return the beginning of what comes over *peer*, and close it."""
    try:
        return peer.recv(LONGEST_ANSWER)
    except OSError:
        return b""
    finally:
        peer.close()


def listens(port: int, seconds: float) -> bool:
    """Say whether anything accepts a connection on *port* of the loopback address."""
    peer = socket(AF_INET, SOCK_STREAM)
    try:
        peer.settimeout(seconds)
        peer.connect(("127.0.0.1", port))
    except (OSError, OverflowError):
        return False
    finally:
        peer.close()
    return True


def full(port: int) -> bool:
    """Say whether somebody listens on *port* of the loopback address, and so many wait there that no more are let in."""
    peer = socket(AF_INET, SOCK_STREAM)
    try:
        peer.settimeout(0.05)
        peer.connect(("127.0.0.1", port))
    except TimeoutError:
        return True
    except (OSError, OverflowError):
        return False
    finally:
        peer.close()
    return False


def proof(key: str, nonce: str) -> bytes:
    """Return the hexadecimal keyed hash of *nonce* that only a holder of *key* can make."""
    return _keyed(key, nonce, b"")


def registration(key: str, nonce: str, pid: int) -> bytes:
    """Return the keyed hash by which a launch proves that it may register *pid*; no answer to a nonce ever equals it."""
    return _keyed(key, f"{pid} {nonce}", b"register")


def _keyed(key: str, text: str, purpose: bytes) -> bytes:
    from _blake2 import blake2b

    try:
        secret = bytes.fromhex(key)
    except ValueError:
        secret = b""
    return blake2b(text.encode("utf-8"), digest_size=16, key=secret, person=purpose).hexdigest().encode("ascii")
