"""``cclaunch status``: one screen that says what would be launched, for whom, with which stack, and what came last."""

import time

import click

from cclaunch import console, layout
from cclaunch.backends.sources import places_of
from cclaunch.backends.state import stack_state
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.here import PLACE, told_here
from cclaunch.commands.shared.history import read_history
from cclaunch.commands.shared.kept import sentences
from cclaunch.commands.shared.spending import keep_now
from cclaunch.commands.shared.status_line import line_here
from cclaunch.config.model import reads_transcripts
from cclaunch.errors import CclaunchError
from cclaunch.history import told as transcripts
from cclaunch.hot.paths import Environ, Paths
from cclaunch.hot.selection import Selection
from cclaunch.launch.installed import Claude, installed
from cclaunch.launch.preview import composed
from cclaunch.reports.dates import NS, ago, iso, local
from cclaunch.shells.detect import Detected, detect


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """One screen: claude, profile, shell, stack, and the last event that was recorded."""
    environ, paths = environ_of(ctx), paths_of(ctx)
    read_history(paths, places_of(paths), environ)
    keep_now(paths, changed=False)
    with console.progress("asking claude and the stack", environ):
        claude, no_claude = _claude(environ)
        shell = _shell(environ)
        found = composed(environ, paths, launch=True)
        told = told_here(environ, paths)
        line = line_here(environ)
        state = stack_state(paths, environ)
        last, no_store = _last_event(paths)
        store = sentences(paths, waiting=False)
        ledger, told_ledger = _ledger(paths)
    selection = found.made.selection
    if as_json:
        document = {
            "claude": {"path": claude.path if claude else None, "version": (claude.version or None) if claude else None},
            "profile": {"name": selection.name, "source": selection.source} if selection.name else None,
            "shell": {"name": shell.name, "source": shell.source} if shell else None,
            "status_line": line.document(),
            "stack": state.document(),
            "store": store,
            "ledger": ledger,
            "transcripts": {"read": reads_transcripts(paths), "told": transcripts.is_told(paths)},
            "notes": [one.sentence() for one in told],
            "last_event": None if last is None else {"time": iso(last[0]), "name": last[1]},
        }
        console.json_line(document, indent=2)
        return
    health = "healthy" if state.healthy else state.trouble
    process = f", process {state.pid}" if state.pid else ""
    rows = [
        ("claude", f"{claude.path}  {claude.version or claude.trouble}" if claude else no_claude),
        ("profile", _profile(selection)),
        *(((PLACE, found.place.path),) if found.place.path and not found.place.warnings else ()),
        *((one.about, one.sentence()) for one in told),
        ("shell", f"{shell.name} ({shell.reason})" if shell else "unknown"),
        ("status line", line.text()),
        ("stack", f"{state.backend}: {health}{process}"),
        *((f"  {one.name}", _service(one.healthy, one.url, one.detail)) for one in state.parts),
        *(("store", text) for text in store),
        ("ledger", told_ledger),
        ("transcripts", transcripts.state(paths)),
        ("last event", f"{last[1]}, {local(last[0])} ({ago(last[0], time.time_ns())})" if last else no_store),
    ]
    wide = max(console.width(name) for name, _ in rows)
    for name, text in rows:
        console.labelled(name.ljust(wide), console.BOLD, text, environ)


def _profile(selection: Selection) -> str:
    """Return the profile in force and the reason for it."""
    by = f"{selection.source} {selection.detail}".strip()
    if selection.trouble:
        return f"none ({selection.trouble}; {by} asks for it)"
    return f"{selection.name} ({by})" if selection.name else "none"


def _service(healthy: bool, url: str, detail: str) -> str:
    return "  ".join(part for part in ("healthy" if healthy else "down", url, detail) if part)


def _claude(environ: Environ) -> tuple[Claude | None, str]:
    try:
        return installed(environ), ""
    except CclaunchError as error:
        return None, f"{error.message} ({error.hint})" if error.hint else error.message


def _shell(environ: Environ) -> Detected | None:
    """Return the shell that we were started from, None when nothing tells."""
    found = detect(environ)
    return found if found.name else None


def _ledger(paths: Paths) -> tuple[dict[str, object] | None, str]:
    """Return (what programs are told of the ledger, the same for people): its size, and when it was copied last."""
    from cclaunch.store.ledger.copies import copies, size_of

    size, found = size_of(paths.ledger), copies(paths.ledger_copies)
    if size is None:
        return None, "none yet"
    copied = int(found[0].time_s * NS) if found else None
    document = {"path": paths.ledger, "bytes": size, "copied": None if copied is None else iso(copied)}
    age = "not copied yet" if copied is None else f"copied {ago(copied, time.time_ns())} ({found[0].path})"
    return document, f"{layout.size(size)}, {age}"


def _last_event(paths: Paths) -> tuple[tuple[int, str] | None, str]:
    """Return ((time, name), trouble) of the newest event in all stores."""
    from cclaunch.store.stores import last_event

    try:
        found = last_event(places_of(paths))
    except CclaunchError as error:
        return None, error.message
    return ((found.time_ns, found.name), "") if found else (None, "none yet")
