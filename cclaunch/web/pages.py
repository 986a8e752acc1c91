"""
What is served: the page, its files, the way in, and the answers.

The problem it owns: nothing that is in the ledger goes to a browser that was not let in, and what a browser has still is not sent
to it again.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cclaunch import __version__
from cclaunch.errors import CclaunchError
from cclaunch.serving.guard import guarded
from cclaunch.web.assets import FOLDER, Asset, assets, is_page, unforeseen
from cclaunch.web.entrance import TYPE_THIS, Entrance
from cclaunch.web.headers import with_headers
from cclaunch.web.kept import Answer
from cclaunch.web.questions import Overloaded, Questions, refused
from cclaunch.web.routes import ALIVE, DOOR, VERSION

ONLY = "only the page itself and programs on this machine are served, by the name of localhost; type `cclaunch dashboard`\n"
CLOSED = {"trouble": "this page was closed", "hint": TYPE_THIS}


def page_app(entrance: Entrance, looked: Callable[[], None], questions: Questions) -> ASGIApp:
    """Return the application: who gets in is told by *entrance*, *looked* is called when the person's verb asks if we live."""
    files = unforeseen(assets())

    async def index(request: Request) -> Response:
        if entrance.knows(request):
            return _file(request, files["page.html"])
        closed = files["closed.html"]
        return Response(closed.content, 403, media_type=closed.media)

    async def landing(request: Request) -> Response:
        if request.method != "POST":
            return _file(request, files["open.html"])
        return await entrance.exchange(request, files["onward.html"].content, files["closed.html"].content)

    async def asset(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        return Response(status_code=404) if found is None or is_page(found) else _file(request, found)

    async def alive(request: Request) -> Response:
        looked()
        return Response(status_code=204, headers={VERSION: __version__})

    routes = [
        Route("/", index, methods=["GET"]),
        Route(DOOR, landing, methods=["GET", "POST"]),
        Route(FOLDER + "{name:path}", asset, methods=["GET"]),
        Route(ALIVE, alive, methods=["GET"]),
        *(Route(f"/api/{name}", _answering(entrance, _asking(questions, name)), methods=["GET"]) for name in questions.names),
        Route("/api/csv", _table(entrance, questions), methods=["GET"]),
    ]
    served = guarded(Starlette(routes=routes), ONLY, own_pages=True, landings=[("GET", DOOR), ("POST", DOOR)])
    return with_headers(entrance.only_ours(served, DOOR))


def _asking(questions: Questions, name: str) -> Callable[[Request], Awaitable[Answer]]:
    return lambda request: questions.answer(name, request.url.query)


def _answering(entrance: Entrance, get: Callable[[Request], Awaitable[Answer]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if not entrance.knows(request):
            return JSONResponse(CLOSED, 403)
        found = await get(request)
        headers = {"ETag": found.etag}
        if _has(request, found.etag):
            return Response(status_code=304, headers=headers)
        return Response(found.body, headers=headers, media_type="application/json")

    return answer


def _table(entrance: Entrance, questions: Questions) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if not entrance.knows(request):
            return JSONResponse(CLOSED, 403)
        try:
            text = await questions.csv(request.query_params)
        except CclaunchError as error:
            return JSONResponse(refused(error), 503 if isinstance(error, Overloaded) else 400)
        headers = {"Content-Disposition": 'attachment; filename="cclaunch.csv"'}
        return Response(text.encode("utf-8", "replace") + b"\n", headers=headers, media_type="text/csv; charset=utf-8")

    return answer


def _file(request: Request, found: Asset) -> Response:
    """Return a file of the page; the browser asks each time whether it is still the same."""
    headers = {"ETag": found.etag, "Cache-Control": "no-cache"}
    if _has(request, found.etag):
        return Response(status_code=304, headers=headers)
    return Response(found.content, headers=headers, media_type=found.media)


def _has(request: Request, etag: str) -> bool:
    return etag in [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
