"""
What only the status line is told, handed on to the collector: the windows of the plan, and the session's pull request.

The problem it owns: an event is made only of what is new against what was told last for this session, so that most lines cost
nothing here. `posting` sends it.

Hot: C modules only.
"""

from cclaunch.hot.paths import Paths
from cclaunch.statusline.given import Given
from cclaunch.statusline.memory import Memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    Value = str | int | float
    Attributes = dict[str, Value]

ENABLED = ("1", "true", "yes", "on")
"""What claude takes for on in the switch of its telemetry."""

WINDOWS, PULL_REQUEST = "plan_windows", "pull_request"

PULLS = ("pull", "pulls", "pull-requests")
"""What stands between repository and number in the address of a pull request."""


def plan_windows(given: Given) -> "Attributes":
    """Return the attributes of the event on plan windows; none where nothing is known of them."""
    found: Attributes = {}
    for window in ("five_hour", "seven_day"):
        used, resets = (given.number("rate_limits", window, name) for name in ("used_percentage", "resets_at"))
        if used is not None and used >= 0:
            found[f"{window}_used_percentage"] = round(float(used), 2)  # older releases have digits that mean nothing
        if resets is not None:
            found[f"{window}_resets_at"] = int(resets)
    for name in ("used_usd", "limit_usd"):
        dollars = given.number("rate_limits", "spend_limit", name)
        if dollars is not None and dollars >= 0:
            found[f"spend_limit_{name}"] = float(dollars)
    if period := given.text("rate_limits", "spend_limit", "period"):
        found["spend_limit_period"] = period
    return found


def pull_request(given: Given) -> "Attributes":
    """Return the attributes of the event on a pull request; none where there is none."""
    number = given.number("pr", "number")
    if number is None or number < 1:
        return {}
    found: Attributes = {"pr_number": int(number)}
    for name in ("url", "review_state", "kind"):
        if text := given.text("pr", name):
            found[f"pr_{name}"] = text
    if repository := repository_of(given.text("pr", "url")):
        found["pr_repository"] = repository
    return found


def repository_of(url: str) -> str:
    """Return ``owner/name`` of an address like ``https://HOST/owner/name/pull/12``; an empty text for any other."""
    parts = url.split("/")
    if len(parts) < 7 or parts[0] not in ("https:", "http:") or parts[1] or parts[5] not in PULLS:
        return ""
    return f"{parts[3]}/{parts[4]}" if parts[3] and parts[4] else ""


def tell(paths: Paths, environ: "dict[str, str]", given: Given, memory: Memory, now_ns: int, containers: bool) -> None:
    """
    Send what is new, and remember it as told once it was taken; a collector that is away is told by one of the next lines.

    Nothing is sent where claude itself sends nothing, no session is known, or nothing can be remembered: it would be sent with
    every line. So it is written down first, and in force when it was taken. Raises OSError.
    """
    session = given.text("session_id")
    if not session or environ.get("CLAUDE_CODE_ENABLE_TELEMETRY", "").strip().lower() not in ENABLED:
        return
    windows, request = plan_windows(given), pull_request(given)
    new: dict[str, Attributes] = {}
    if windows and repr(windows) != memory.windows:
        new[WINDOWS] = windows
    if request and repr(request) != memory.pull_request:
        new[PULL_REQUEST] = request
    if not new:
        return
    from cclaunch.statusline.posting import export, post

    told = memory.windows, memory.pull_request
    memory.windows = repr(windows) if windows else memory.windows
    memory.pull_request = repr(request) if request else memory.pull_request
    taken, beside = False, memory.written()
    try:
        taken = post(paths, containers, export(new, environ, session, given.text("prompt_id"), now_ns))
    finally:
        if taken:
            memory.put(beside)
        else:
            memory.drop(beside)
            memory.windows, memory.pull_request = told
