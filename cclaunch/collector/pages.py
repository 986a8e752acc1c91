"""What the two HTTP ports serve: OTLP's three routes and ``/health`` on the one, ``/metrics`` on the other."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cclaunch.collector.http import exporting
from cclaunch.collector.protocol import Collector
from cclaunch.otlp.signals import SIGNALS
from cclaunch.serving.guard import guarded


def _number(text: str, digits: int = 9) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else 0


def otlp_app(collector: Collector) -> ASGIApp:
    """Return the application of the OTLP port: the three signals and ``/health``."""

    async def health(request: Request) -> Response:
        asked = request.query_params
        pid, inside = _number(asked.get("pid", "")), _number(asked.get("in", ""), 20)
        text, trouble = await collector.health(asked.get("nonce", "")[:64], pid, asked.get("by", "")[:64], inside)
        return Response(text, 503 if trouble else 200, media_type="text/plain")

    routes = [Route(f"/v1/{signal.name}", exporting(collector, signal), methods=["POST"]) for signal in SIGNALS]
    return guarded(Starlette(routes=[*routes, Route("/health", health, methods=["GET"])]))


def metrics_app(collector: Collector) -> ASGIApp:
    """Return the application of the metrics port."""

    async def metrics(request: Request) -> Response:
        return Response(await collector.exposition(), media_type="text/plain; version=0.0.4")

    async def index(request: Request) -> Response:
        return Response("cclaunch: /metrics\n", media_type="text/plain")

    return guarded(Starlette(routes=[Route("/metrics", metrics, methods=["GET"]), Route("/", index, methods=["GET"])]))
