"""
Who is served over HTTP: programs on this machine, by a loopback name, and no page of a browser but our own.

The problem it owns: any web site may have a browser send requests to loopback, also under a name of its own that was bound to
that address a moment ago. So Host, Origin and what the browser says of where a request comes from are looked at on every route.
"""

from collections.abc import Collection, Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

HOSTS = ("localhost", "127.0.0.1", "[::1]")

OWN_SITES = (b"same-origin", b"none")
"""What a browser says of a request that a person made, or a page of ours; no program but a browser says anything."""

FORM = b"application/x-www-form-urlencoded"

ONLY = "only programs on this machine are served, by the name of localhost\n"


def guarded(app: ASGIApp, only: str = ONLY, *, own_pages: bool = False, landings: Collection[tuple[str, str]] = ()) -> ASGIApp:
    """
    Return *app* behind a look at who asks: a name that was rebound to loopback, or a web page, gets nothing.

    A page's images and forms name no Origin; a browser says of them, too, that they come from another site.

    Args:
        only: What whoever is refused is told.
        own_pages: Whether pages that came from here may ask, too.
        landings: (Method, path) that a browser may be led to from elsewhere, by a link or by the form of a file on the disk.
            What is shown there is no secret, and what is brought there proves itself.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            is_landing = (scope["method"], scope["path"]) in landings
            if not (_is_host(headers) and _is_origin(headers, own_pages, is_landing) and _is_site(headers, is_landing)):
                await Response(only, 403, media_type="text/plain")(scope, receive, send)
                return
        await app(scope, receive, send)

    return guard


Headers = Mapping[bytes, bytes]


def _is_host(headers: Headers) -> bool:
    host = headers.get(b"host", b"").decode("latin-1").lower()
    name, separator, port = host.rpartition(":")
    return host in HOSTS or (bool(separator) and name in HOSTS and (not port or (port.isascii() and port.isdigit())))


def _is_origin(headers: Headers, own_pages: bool, is_landing: bool) -> bool:
    """Say whether no page asks, or one whose origin is the very name and port that is asked; or, by a form, a file."""
    origin = headers.get(b"origin")
    if origin == b"null" and is_landing:
        return headers.get(b"content-type", b"").lower() == FORM
    return origin is None or (own_pages and origin.lower() == b"http://" + headers.get(b"host", b"").lower())


def _is_site(headers: Headers, is_landing: bool) -> bool:
    """Say whether a browser brings no request of another site; *is_landing*: it may show its page in a window of its own."""
    if headers.get(b"sec-fetch-site", b"none").lower() in OWN_SITES:
        return True
    shown = headers.get(b"sec-fetch-mode", b"").lower(), headers.get(b"sec-fetch-dest", b"").lower()
    return is_landing and shown == (b"navigate", b"document")
