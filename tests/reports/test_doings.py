"""Tools, errors and latency as a report: percentiles from bins, and no dollars."""

from collections import Counter

from cclaunch.reports.doings import document, percentile
from cclaunch.store.ledger.doings import DECISION, ERROR, REQUEST, TOOL, bin_of, ends_of
from cclaunch.store.ledger.doings_read import Doings, Took, What

DAY = "2026-11-26"


def some(kind: int, name: str, detail: str, *milliseconds: int, failed: int = 0) -> list[Took]:
    """Return what was done so often, each as long as said."""
    return [Took(What(kind, name, detail), bin_of(ms), 1, failed, ms) for ms in milliseconds]


def test_a_percentile_lies_in_the_bin_of_the_truth() -> None:
    """The middle, and the ends."""
    times = [10, 12, 15, 40, 90, 500, 800, 900, 4000, 60_000]
    bins = Counter(map(bin_of, times))
    for share, truth in ((0.1, 10), (0.5, 90), (0.9, 4000), (1.0, 60_000)):
        low, high = ends_of(bin_of(truth))
        found = percentile(bins, share)
        assert found is not None
        assert low <= found <= high


def test_nothing_that_took_time_has_no_percentile() -> None:
    """It is not 0."""
    assert percentile(Counter({-1: 5}), 0.5) is None
    assert percentile(Counter(), 0.5) is None


def test_a_tool_has_calls_failures_and_decisions() -> None:
    """Failures by their kind."""
    rows = [
        *some(TOOL, "Bash", "", 40, 50, 60),
        *some(TOOL, "Bash", "ShellError", 70, failed=1),
        *some(TOOL, "Read", "", 4),
        *some(DECISION, "Bash", "accept config", 0),
        *some(DECISION, "Edit", "reject user_reject", 0),
    ]
    found = document(Doings(rows, {DAY: rows}))["tools"]
    assert [(one["tool"], one["calls"], one["failed"]) for one in found] == [("Bash", 4, 1), ("Read", 1, 0), ("Edit", 0, 0)]
    assert found[0]["failed_by"] == {"ShellError": 1}
    assert found[0]["decisions"] == {"accept config": 1}
    assert (found[0]["total_ms"], found[0]["mean_ms"]) == (220, 55)
    assert not [name for name in found[0] if "usd" in name]


def test_errors_and_latency_stand_apart() -> None:
    """By model; and each day has its sums."""
    rows = [*some(ERROR, "claude-opus-4-8", "529", 27, 30, failed=1), *some(REQUEST, "claude-opus-4-8", "", 1500, 2500)]
    found = document(Doings(rows, {DAY: rows}))
    assert found["errors"] == [{"kind": "api_error", "name": "claude-opus-4-8", "detail": "529", "times": 2}]
    assert [(one["model"], one["requests"]) for one in found["latency"]] == [("claude-opus-4-8", 2)]
    assert [(one["day"], one["errors"], one["requests"], one["calls"]) for one in found["days"]] == [(DAY, 2, 2, 0)]
