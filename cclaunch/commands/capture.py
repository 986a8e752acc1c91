"""``cclaunch check --capture``: how much of what was asked of a model was seen twice, once, and why not by the other."""

from collections.abc import Iterator, Sequence

from cclaunch import console
from cclaunch.backends.sources import notice, places_of
from cclaunch.commands.shared.captured import EXPECTED, NEITHER, cost, share
from cclaunch.commands.shared.history import read_history
from cclaunch.history.told import state
from cclaunch.hot.paths import Environ, Paths
from cclaunch.reports.capture import Capture, Counted, SessionCapture
from cclaunch.reports.captured import alone, captured, compared, document, is_any_time, sessions
from cclaunch.reports.dates import local
from cclaunch.transcripts.left import sentence

MOST_SESSIONS = 20
"""Sessions with holes that people see; programs see all sessions."""

SHOWN = 8
"""Characters of a session's id."""

NOTHING = Capture(None, 0, Counted(0, 0, 0, {}), [], 0, 0, 0, {})
TITLES = ("session", "last request", "both", "telemetry", "transcript", "why")
NUMBERS = (2, 3, 4)


def show_capture(paths: Paths, environ: Environ, since: int | None, *, as_json: bool) -> None:
    """Bring the ledger up to date, and show what was captured since then (ns), or since the first event."""
    notice(paths, environ)
    places = places_of(paths)
    read_history(paths, places, environ, now=True)
    from cclaunch.store.usage import answered

    with console.progress("adding up", environ) as tell:
        found, troubles = answered(places, lambda ledger: captured(ledger, since, sessions=True), tell)
    for text in troubles:
        console.note(text)
    if as_json:
        found = found or NOTHING
        console.json_line({**document(found), "sessions": list(sessions(found))}, indent=2)
    elif found is None or (found.since_ns is None and not found.history):
        console.note("nothing was recorded yet: there is nothing to compare")
    else:
        _show(found, paths, environ)


def _show(found: Capture, paths: Paths, environ: Environ) -> None:
    rows = [*_compared(found), *_beside(found)]
    for name, text in rows:
        console.labelled(name.ljust(max(len(one) for one, _ in rows)), console.BOLD, text, environ)
    _show_sessions([one for one in found.sessions if one.counted.telemetry or one.counted.transcript], environ)
    if not is_any_time(found):
        console.note(f"transcripts: {state(paths)}")
    console.note(NEITHER)


def _compared(found: Capture) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of each kind of request that both could see."""
    counted, whole = found.counted, compared(found.counted)
    only = alone(counted)

    def told(count: int) -> str:
        return f"{count:,} ({share(count, whole)})"

    if not is_any_time(found):
        began = "there is no event" if found.since_ns is None else f"no transcript was read since {local(found.since_ns)}"
        yield "compared", f"nothing yet: {began}"
        return
    yield "compared", f"{local(found.since_ns or 0)} to {local(found.until_ns)}"
    yield "seen by both", told(counted.both)
    yield "telemetry alone", told(counted.telemetry)
    yield "transcript alone", told(only) + (f", {cost(found)}" if only else "")
    yield from (("", f"{count:,} {reason.value}") for reason, count in counted.transcript.items() if count)
    if counted.expected:
        yield "as expected", f"{counted.expected:,} by telemetry alone: {EXPECTED}"


def _beside(found: Capture) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of what is not compared."""
    if found.history:
        yield "history", f"{found.history:,} by transcripts alone: from before both could see, or from other machines"
    for number, (reason, count) in enumerate(sorted(found.left.items())):
        yield "" if number else "left out", sentence(reason, count)


def _show_sessions(holes: Sequence[SessionCapture], environ: Environ) -> None:
    """Show those sessions of which one witness has not seen all."""
    if not holes:
        return
    console.line()
    rows = [_row(one) for one in holes[:MOST_SESSIONS]]
    console.table(TITLES, rows, environ, right=NUMBERS)
    if len(holes) > MOST_SESSIONS:
        console.note(f"{len(holes) - MOST_SESSIONS:,} more sessions; `--json` has all")


def _row(one: SessionCapture) -> list[str]:
    counted = one.counted
    why = ", ".join(reason.brief for reason, count in counted.transcript.items() if count)
    numbers = counted.both, counted.telemetry, alone(counted)
    name = (one.name or console.NOTHING)[:SHOWN]  # enough wherever one is taken
    return [name, local(one.last_ns), *(f"{number:,}" for number in numbers), why or console.NOTHING]
