"""
Who gets in: the browser of the person who typed `cclaunch dashboard`, by a code that becomes a cookie.

The problem it owns: loopback is open to every user of the machine and to every page of a browser. Another user is told by the
kernel and refused, whatever he brings; a code that he brings is void from then on, and the person is told. The cookie is for
this host alone, no script can read it, and no request that another page caused carries it.
"""

import asyncio
import json
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cclaunch.hot.paths import Paths
from cclaunch.serving.log import say
from cclaunch.serving.peer import CURRENT, Sender
from cclaunch.web import codes
from cclaunch.web.cookies import Came, Cookies

COOKIE = "cclaunch-page-{port}"
"""Cookies ignore ports: another page on this host has one of another name."""

ONLY = "only the user whose page this is may look at it\n"
TYPE_THIS = "type `cclaunch dashboard`"
JSON, FORM, HTML = "application/json", "application/x-www-form-urlencoded", "text/html"
ANOTHER = "another user of this machine"
VOID = "it was void from then on"
SPENT = "your browser had used it, so nobody else was let in"
PUT_OUT = "whoever had been let in by it was put out"
CLEAR = {"Clear-Site-Data": '"storage"'}
"""
We keep nothing in a browser. What is there under our address was left by a program that had our port before, and a service worker
of its would see all that we show. (Not "cache": to clear that takes seconds in a browser that is much used; `web/assets`.)
"""
LARGEST, SILENCE_S = 512, 5.0
"""Bytes of a request that brings a code, and the seconds it has to arrive in."""


class Entrance:
    """
    Lets in.

    Args:
        paths: Our directories.
        port: That we listen on.
        looked: Called when somebody who was let in looks.
    """

    def __init__(self, paths: Paths, port: int, looked: Callable[[], None]) -> None:
        self._paths = paths
        self._cookie = COOKIE.format(port=port)
        self._looked = looked
        self._given = Cookies()

    def knows(self, request: Request) -> bool:
        """Say whether *request* comes from one who was let in."""
        known = self._given.knows(request.cookies.get(self._cookie, ""))
        if known:
            self._looked()
        return known

    async def exchange(self, request: Request, onward: bytes, closed: bytes) -> Response:
        """
        Give a cookie for a code, once. A form is answered with the page *onward* or *closed*, a script in JSON.

        Never by a redirect: the browser would take the next request for one of whoever led it here, and leave the cookie out.
        """
        code = await brought(request)
        is_form = media_of(request) == FORM
        if not self._lets_in(code, request.cookies.get(self._cookie, "")):
            refused = {"trouble": "that code is not valid, or no longer", "hint": TYPE_THIS}
            return Response(closed, 403, media_type=HTML) if is_form else JSONResponse(refused, 403)
        answer = Response(onward, media_type=HTML) if is_form else Response(status_code=204)
        answer.headers.update(CLEAR)
        if value := self._given.value_for(code):
            answer.set_cookie(self._cookie, value, path="/", httponly=True, samesite="strict")
        return answer

    def _lets_in(self, code: str, given: str) -> bool:
        """Say whether *code* lets in one who has the cookie *given*."""
        if not code:
            return False
        if codes.take(self._paths, code):
            self._looked()
            self._given.open(code)
            return True
        came = self._given.came_again(code, given)
        if came is Came.TWICE:
            say("a code came twice: both who brought it are put out")
            codes.burn(self._paths, "a second browser", PUT_OUT)
        return came is Came.AGAIN

    def only_ours(self, app: ASGIApp, door: str) -> ASGIApp:
        """Return *app* for this user and root alone; a code that anybody else brings to the path *door* is void from then on."""

        async def ours(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or CURRENT.get() is not Sender.STRANGER:
                await app(scope, receive, send)
                return
            request = Request(scope, receive)
            if scope["path"] == door and scope["method"] == "POST":
                code = await brought(request)
                if code:
                    self._refuse(code)
            await PlainTextResponse(ONLY, 403)(scope, receive, send)

        return ours

    def _refuse(self, code: str) -> None:
        """Have *code*, which another user brings, let nobody in any more, and leave word of it."""
        if codes.take(self._paths, code):
            say("a code was brought by another user: it is void")
            codes.burn(self._paths, ANOTHER, VOID)
        elif self._given.seen_by_another(code):
            say("a code was brought by another user, after it was used")
            codes.burn(self._paths, ANOTHER, SPENT)


def media_of(request: Request) -> str:
    """Return the type of the body of *request*, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def brought(request: Request) -> str:
    """Return the code that *request* brings; an empty text for a request that brings none, is too large or does not end."""
    media = media_of(request)
    if media not in (JSON, FORM):
        return ""
    body = b""
    try:
        async with asyncio.timeout(SILENCE_S):
            async for part in request.stream():
                body += part
                if len(body) > LARGEST:
                    return ""
        found = json.loads(body) if media == JSON else dict(parse_qsl(body.decode()))
    except (ClientDisconnect, TimeoutError, ValueError, RecursionError):
        return ""
    code = found.get("code") if isinstance(found, dict) else None
    return code if isinstance(code, str) and len(code) <= codes.LONGEST else ""
