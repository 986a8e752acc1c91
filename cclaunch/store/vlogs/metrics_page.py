"""The page on which the stack's collector shows its metrics: asked one thing only, whether a point of ours came through."""

import http.client
from urllib.parse import urlsplit

from cclaunch import otel

DEADLINE_S = 5.0
PIECE = 1 << 16


def has_check(url: str, nonce: str) -> bool:
    """Say whether the page at *url* has the metric that ``cclaunch check`` sent with *nonce*; no page is a no."""
    wanted = f'{otel.CHECK_ATTRIBUTE.replace(".", "_")}="{nonce}"'.encode()
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=DEADLINE_S)
    try:
        connection.request("GET", parts.path or "/metrics")
        answer = connection.getresponse()
        before = b""
        while piece := answer.read(PIECE):
            if wanted in before + piece:
                return True
            before = piece[-len(wanted) :]
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()
    return False
