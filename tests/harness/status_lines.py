"""
What claude says to a status line, as the releases were seen to say it.

The problem it owns: the tests and the bench hand the line the same JSON.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from sandbox import Sandbox

from cclaunch.hot.paths import our_paths
from cclaunch.hot.spending import DAY, MONTH, WEEK, Spending, Spent, as_text

SESSION = "1e8b9f5a-6b0a-4a3e-9d43-3f8d9a1c2b7e"
LAUNCHED = {"__CCLAUNCH_LAUNCH": "shop:0f3a"}
"""What a launch with the profile `shop` has claude hand on."""

DAY_S = 86400
NS = 1_000_000_000


def said(cost: float = 0.0967) -> dict[str, Any]:
    """Return what claude says of a session that has cost so many dollars."""
    now = int(time.time())
    return {
        "session_id": "1e8b9f5a-6b0a-4a3e-9d43-3f8d9a1c2b7e",
        "transcript_path": "/nowhere/1e8b9f5a.jsonl",
        "cwd": "/home/somebody/shop",
        "model": {"id": "claude-opus-4-8[1m]", "display_name": "Opus 4.8 (1M context)"},
        "workspace": {"current_dir": "/home/somebody/shop", "project_dir": "/home/somebody/shop", "added_dirs": []},
        "version": "2.1.330",
        "output_style": {"name": "default"},
        "cost": {"total_cost_usd": cost, "total_duration_ms": 34318, "total_lines_added": 3, "total_lines_removed": 1},
        "context_window": {
            "total_input_tokens": 30600,
            "context_window_size": 1000000,
            "current_usage": {"input_tokens": 100, "cache_creation_input_tokens": 500, "cache_read_input_tokens": 30000},
            "used_percentage": 3,
        },
        "rate_limits": {
            "five_hour": {"used_percentage": 42, "resets_at": now + 8030},
            "seven_day": {"used_percentage": 13, "resets_at": now + 4 * DAY_S + 1800},
        },
    }


def line(
    place: Sandbox, *words: str, stdin: bytes | None = None, columns: int = 200, environ: Mapping[str, str] | None = None
) -> str:
    """Return what the line of *place* prints, which must end with 0 and say nothing on stderr."""
    given = {**LAUNCHED, "COLUMNS": str(columns), "NO_COLOR": "1", **(environ or {})}
    done = place.cclaunch("statusline", *words, environ=given, input=json.dumps(said()).encode() if stdin is None else stdin)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.strip()
    return done.stdout.decode().removesuffix("\n")


def spent(place: Sandbox, today: int, month: int, profiles: dict[str, int] | None = None) -> None:
    """Have it known in *place* what was spent, in micro-dollars: *today* by all, in the *month* by launches, and by profile."""
    now = time.time_ns()
    begin, end = now - DAY_S * NS // 2, now + DAY_S * NS // 2
    by = {(period, ""): Spent(begin, end, month) for period in (DAY, WEEK, MONTH)}
    by |= {(MONTH, name): Spent(begin, end, micros) for name, micros in (profiles or {}).items()}
    path = our_paths(place.environ).spending
    place.data.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(as_text(Spending(now, Spent(begin, end, today), by)))
