"""
What our status line posts: events of a session in OTLP's JSON.

The problem it owns: who posts and who reads are held to one form.
"""

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from cclaunch.otlp.decode import decode_logs
from cclaunch.store.rows import Batch

RESOURCE = {"service.name": "claude-code", "service.instance.id": "instance-1", "cclaunch.profile": "shop"}


def posted(name: str, time_ns: int, session: str = "s-1", **said: Any) -> bytes:
    """Return the body of one event; ints are ``intValue``, floats ``doubleValue``, all else texts."""
    attributes = {"event.name": name, "session.id": session, **said}
    record = {"timeUnixNano": str(time_ns), "body": {"stringValue": f"cclaunch.{name}"}, "attributes": _pairs(attributes)}
    scope = {"scope": {"name": "cclaunch.statusline"}, "logRecords": [record]}
    return json.dumps({"resourceLogs": [{"resource": {"attributes": _pairs(RESOURCE)}, "scopeLogs": [scope]}]}).encode()


def pull_request(time_ns: int, number: int, session: str = "s-1", **said: Any) -> bytes:
    """Return the body of an event that tells of a pull request of `owner/name`."""
    url = f"https://github.com/owner/name/pull/{number}"
    told = {"pr_number": number, "pr_url": url, "pr_repository": "owner/name", "pr_review_state": "approved"}
    return posted("pull_request", time_ns, session, **told, **said)


def plan_windows(time_ns: int, five: float, week: float, *, resets: int, week_resets: int, **said: Any) -> bytes:
    """Return the body of an event that tells how much of a plan's windows is used, and when they reset (s)."""
    told: dict[str, Any] = {"five_hour_used_percentage": float(five), "five_hour_resets_at": resets}
    told |= {"seven_day_used_percentage": float(week), "seven_day_resets_at": week_resets}
    return posted("plan_windows", time_ns, **told, **said)


def request_of(body: bytes) -> ExportLogsServiceRequest:
    """Return *body* as the message that it is."""
    return ParseDict(json.loads(body), ExportLogsServiceRequest())


def batch(body: bytes) -> Batch:
    """Return what the decoder makes of *body*."""
    return decode_logs(request_of(body))


def _pairs(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": str(value)}
