"""
A GitHub on loopback that has one pull request for whatever branch: what a real ``claude`` asks for that of its branch.

The problem it owns: older releases ask ``gh``, newer ones the API, at its own name over TLS. So there is a ``gh`` that answers,
and a proxy that answers for that host alone, by a certificate that only the claude of the test believes.
"""

import json
import socketserver
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any, Self

from required import require

HOST = "api.github.com"
REPOSITORY, NUMBER = "owner/name", 12
URL = f"https://github.com/{REPOSITORY}/pull/{NUMBER}"
VIEWED = {"number": NUMBER, "url": URL, "reviewDecision": "APPROVED", "isDraft": False, "headRefName": "work", "state": "OPEN"}
LISTED = [{"number": NUMBER, "html_url": URL, "draft": False}]
DECIDED = {"data": {"repository": {"pullRequest": {"reviewDecision": "APPROVED"}}}}
GH = f"""#!/bin/sh
case "$1 $2" in
    "pr view") echo '{json.dumps(VIEWED)}' ;;
    "auth token") echo dummy ;;
    *) exit 1 ;;
esac
"""


class GitHub:
    """The host. Use it as a context manager; *asked*: method and path of what was asked, `environ`: what claude needs of it."""

    def __init__(self, base: Path) -> None:
        self.asked: list[str] = []
        self.certificate = base / "github.pem"
        bin_ = base / "github-bin"
        bin_.mkdir(parents=True)
        (bin_ / "gh").write_text(GH)
        (bin_ / "gh").chmod(0o755)
        self.path = str(bin_)
        words = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={HOST} -addext subjectAltName=DNS:{HOST}".split()
        keys = ["-keyout", f"{base}/github.key", "-out", str(self.certificate)]
        subprocess.run([require("openssl"), *words, *keys], check=True, capture_output=True, timeout=60)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, f"{base}/github.key")
        self._server = _Server(("127.0.0.1", 0), self._handler())

    @property
    def environ(self) -> dict[str, str]:
        """Return the variables by which claude finds it, but for PATH."""
        port = self._server.server_address[1]
        return {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "NODE_EXTRA_CA_CERTS": str(self.certificate), "GH_TOKEN": "dummy"}

    def __enter__(self) -> Self:
        """Begin to answer."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.settimeout(30)
                if not _head(self.request).startswith(f"CONNECT {HOST}:443"):
                    self.request.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                    return
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                try:
                    with outer._context.wrap_socket(self.request, server_side=True) as inside:
                        outer._answer(inside)
                except (OSError, ssl.SSLError) as error:
                    outer.asked.append(str(error))

        return Handler

    def _answer(self, inside: ssl.SSLSocket) -> None:
        line = _head(inside).split("\r\n", 1)[0]
        self.asked.append(line.removesuffix(" HTTP/1.1"))
        found: Any = DECIDED if "/graphql" in line else LISTED if "/pulls" in line else {"parent": None}
        body = json.dumps(found).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        inside.sendall(head.encode() + body)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def _head(connection: Any) -> str:
    """Read up to the end of the head, and the body with it where it has come."""
    data = b""
    while b"\r\n\r\n" not in data and (piece := connection.recv(1 << 16)):
        data += piece
    return str(data.decode("utf-8", "replace"))
