"""``cclaunch persist status``: which files hold a block of ours, whether it is current, and whether a shell gets there."""

import os
from collections.abc import Mapping
from typing import Any

import click

from cclaunch import console
from cclaunch.backends.embedded.autostart import listening_after_reboot
from cclaunch.commands.persist.choice import Choice, chosen
from cclaunch.commands.persist.shim import shim_state, tell_shim
from cclaunch.commands.persist.words import carried
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.here import told_here
from cclaunch.commands.shared.intruded import tell_intruder
from cclaunch.config.state import load_state, path_of
from cclaunch.errors import CclaunchError
from cclaunch.files.theirs.look import examine
from cclaunch.hot.paths import Environ, Paths, home
from cclaunch.hot.ports import collector_ports
from cclaunch.hot.reading import read_small
from cclaunch.persist.content import Content, content
from cclaunch.persist.own_files import changes
from cclaunch.persist.reached import reached
from cclaunch.persist.settings import judge_settings, kept_by_hand, settings_target
from cclaunch.persist.statusline import judge_line, line_trouble
from cclaunch.persist.step import CURRENT, EDITED, MISSING, OUTDATED, Step, by_hand, claudes, lines_of, remembered, step_of
from cclaunch.persist.template import SCOPED
from cclaunch.shells.rc_files import Target

REASONS = {
    MISSING: "there is no block in it",
    CURRENT: "",
    OUTDATED: "what it sets has changed since: cclaunch persist",
    EDITED: "a hand has changed lines {lines}",
}


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--probe", is_flag=True, help="Start each shell, as a terminal would, and see whether it gets as far as the block.")
@click.pass_context
def status(ctx: click.Context, as_json: bool, probe: bool) -> None:
    """
    Which files hold a block, and whether it is current.

    \b
    missing    there is none          edited   a hand has changed it
    current    as it should be        damaged  its markers are not one pair
    outdated   it says something old  unusable the file cannot be read or written

    `profile` is the one that the block carries. The exit code is 1 unless every file that was written is current.
    """
    environ, paths = environ_of(ctx), paths_of(ctx)
    holds = content(environ, paths)
    judged = _steps(environ, paths, holds)
    rows = [{**_row(one, holds, environ, probe), "profile": _carried(one[0], holds)} for one in judged]
    rows += [{**row, "profile": None} for row in [*_settings_rows(paths, holds), *_line_rows(environ, paths)]]
    told = told_here(environ, paths)
    running, lasting = collector_ports(paths) is not None, listening_after_reboot(paths, environ)
    if as_json:
        document = {"profile": holds.profile or None, "listening": running, "listening_after_reboot": lasting, "files": rows}
        shim = shim_state(paths, holds, environ)
        console.json_line({**document, "shim": shim, "notes": [one.sentence() for one in told]}, indent=2)
    else:
        cells = [
            [row["path"], row["shell"], row["state"], row["profile"] or console.NOTHING, "; ".join(row["reasons"])]
            for row in rows
        ]
        console.table(["file", "shell", "block", "profile", "why"], cells, environ)
    if not lasting and any(row["state"] != MISSING for row in rows):
        until = "after a reboot" if running else "now"
        console.note(f"nothing will listen {until}: a bare claude starts no collector (`cclaunch stack enable`)")
    tell_shim(paths, holds, environ)
    tell_intruder(paths)
    for text in [*holds.notes, *(one.sentence() for one in told)]:
        console.note(text)
    if any(row["written"] and (row["state"] != CURRENT or row["reached"] is False) for row in rows):
        raise click.exceptions.Exit(1)


def _carried(step: Step, holds: Content) -> str | None:
    """Return the profile that a shell has from the block of *step*: as it says, or the file that it reads; None for none."""
    if step.block is None:
        return None
    read = b"" if step.kind == SCOPED else read_small(holds.file(step.dialect)) or b""
    return carried(step.block.body) or carried(read) or None


def _steps(environ: Environ, paths: Paths, holds: Content) -> list[tuple[Step, bool]]:
    """Return the steps of all files that are known to hold a block (True), and of those of this shell."""
    known = remembered(load_state(paths))
    found = [(step_of(target, holds, kind=kind), True) for target, kind in known]
    seen = {target.path for target, _ in known}
    try:
        others: list[Target] = chosen(Choice((), False, "", False), environ, paths)
    except CclaunchError as error:
        console.note(f"{error.message}; {error.hint}")
        others = []
    return found + [(step_of(target, holds), False) for target in others if target.path not in seen]


def _row(judged: tuple[Step, bool], holds: Content, environ: Environ, probe: bool) -> dict[str, Any]:
    step, written = judged
    state, reasons = step.state, []
    if (
        state == CURRENT
        and step.kind != SCOPED
        and any(one.path == holds.file(step.dialect) for one in changes(holds, [step.dialect]))
    ):
        state = OUTDATED
    if step.error:
        reasons.append(step.error.message)
    elif reason := REASONS.get(state, "").replace("{lines}", lines_of(step)):
        reasons.append(reason)
    if step.snapshot is not None and not step.error:
        try:
            examine(step.snapshot, home(environ))
        except CclaunchError as error:
            reasons.append(error.message)
    reasons += [f"line {line} sets {name} by hand: that counts" for name, line in by_hand(step).items()]
    reasons += claudes(step) if written else []
    gets_there = reached(step, environ) if probe and step.block is not None else None
    if gets_there is False:
        reasons.append(f"not reached: {step.target.shell} ends, or returns, before it gets there")
    return {
        "path": step.target.path,
        "shell": step.target.shell,
        "state": state,
        "kind": step.kind,
        "scoped": step.kind == SCOPED,
        "written": written,
        "reached": gets_there,
        "reasons": reasons,
    }


def _settings_rows(paths: Paths, holds: Content) -> list[dict[str, Any]]:
    records: Mapping[str, Mapping[str, Any]] = load_state(paths).claude_settings
    rows = []
    for key, record in records.items():
        step = judge_settings(Target("claude", path_of(key)), holds, record)
        reasons = [step.error.message] if step.error else []
        reasons += [f"{name} is set by hand there" for name in kept_by_hand(step, record)]
        row = {"path": path_of(key), "shell": "claude", "state": step.state, "kind": "settings", "scoped": False, "written": True}
        rows.append({**row, "reached": None, "reasons": reasons})
    return rows


def _line_rows(environ: Environ, paths: Paths) -> list[dict[str, Any]]:
    """Return a row for each settings file that our status line was put into, and for the person's own that a hand put it into."""
    known = {path_of(key): True for key in load_state(paths).status_lines}
    rows = []
    for path, written in {settings_target(environ, home(environ)).path: False, **known}.items():
        if written and not os.path.isdir(os.path.dirname(os.path.dirname(path))):  # the repository is gone, or elsewhere now
            continue
        step, found = judge_line(Target("claude", path), environ.get("PATH", ""))
        if not written and step.state not in (CURRENT, OUTDATED):
            continue
        reasons = [step.error.message] if step.error else line_trouble(found, environ.get("PATH", ""))
        if step.state == MISSING:
            reasons = ["our status line is not in it any more"]
        elif step.state == OUTDATED and not reasons:
            reasons = ["it has no refreshInterval: cclaunch persist --statusline"]
        row = {"path": path, "shell": "claude", "state": step.state, "kind": "statusline", "scoped": False, "written": written}
        rows.append({**row, "reached": None, "reasons": reasons})
    return rows
