"""
What blocks export brought up to date after a change of it: the profile in force, what it says, where to send to.

That is written into our own files, and the rc files stay as they are; but a block of a first release, which holds it itself,
becomes one of today.
"""

import os

from cclaunch.config.state import load_state, path_of
from cclaunch.errors import CclaunchError
from cclaunch.files.theirs.write import writing
from cclaunch.hot.paths import Paths, home
from cclaunch.persist.content import content
from cclaunch.persist.own_files import carry_out_changes, changes
from cclaunch.persist.settings import settings_to_persist, write_down
from cclaunch.persist.step import EDITED, MISSING, Way, carry_out, readers, remember_files, remembered, to_persist
from cclaunch.shells.rc_files import Target


def refresh(environ: dict[str, str], paths: Paths) -> list[str]:
    """
    Bring our files, and every block that we wrote, up to date, and return sentences to say.

    A block that a hand has edited stays as it is, and is told; so does a file that cannot be written. One whose block is
    gone is forgotten. Never raises for a file, nor for the state: a verb that has done its work must not fail for this.
    """
    try:
        state = load_state(paths)
        if not (state.rc_files or state.claude_settings or os.path.isdir(paths.shell)):
            return []
        holds = content(environ, paths)
        way = Way(home(environ), environ)
        told = []
        with writing(paths):
            known = remembered(state)
            ours = carry_out_changes(holds, changes(holds, readers(known)))
            told += [f"{one.error.message}: a shell that starts gets no attributes from it" for one in ours if one.error]
            steps = [to_persist(target, holds, way, kind=kind) for target, kind in known]
            steps = [
                step._replace(does="", error=None) if step.state == MISSING else carry_out(step, paths, way) for step in steps
            ]
            for step in steps:
                if step.error:
                    hint = f"cclaunch persist --rc-file {step.target.path} --force" if step.state == EDITED else step.error.hint
                    told.append(f"{step.error.message}: it keeps what it says ({hint})")
                elif step.does:
                    told.append(f"{step.target.path}: the block is brought up to date, for shells that are started from now on")
            remember_files(steps, paths)
            for key, record in state.claude_settings.items():
                step, after = settings_to_persist(Target("claude", path_of(key)), holds, way, record)
                if (step := carry_out(step, paths, way)).error:
                    told.append(f"{step.error}: it keeps what it says")
                elif step.does:
                    write_down(path_of(key), dict(after), paths)
    except CclaunchError as error:
        return [f"blocks of `cclaunch persist` are not brought up to date: {error.message}"]
    return told
