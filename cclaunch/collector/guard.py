"""Who is served over HTTP: programs on this machine, by a loopback name, and no page of a browser."""

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

HOSTS = ("localhost", "127.0.0.1", "[::1]")

OWN_SITES = (b"same-origin", b"none")
"""What a browser says of a request that a person made, or a page of ours; no program but a browser says anything."""


def guarded(app: ASGIApp) -> ASGIApp:
    """
    Return *app* behind a look at who asks: a name that was rebound to loopback, or a web page, gets nothing.

    A page's images and forms name no Origin; a browser says of them, too, that they come from another site.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            host = headers.get(b"host", b"").decode("latin-1").lower()
            name = host if host.endswith("]") or ":" not in host else host.rpartition(":")[0]
            if name not in HOSTS or b"origin" in headers or headers.get(b"sec-fetch-site", b"none").lower() not in OWN_SITES:
                text = "only programs on this machine are served, by the name of localhost\n"
                await Response(text, 403, media_type="text/plain")(scope, receive, send)
                return
        await app(scope, receive, send)

    return guard
