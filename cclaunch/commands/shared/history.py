"""
Transcripts read by a verb, where nobody else does it, or has done it yet.

The problem it owns: whoever asks on the first day gets all that there is, and sees why it takes a while; on all other days it
costs next to nothing. What cannot be read costs a sentence, and no answer.
"""

import os
import sqlite3
from typing import TYPE_CHECKING

from cclaunch import console
from cclaunch.errors import Busy, CclaunchError
from cclaunch.files.lock import held
from cclaunch.hot.paths import Environ, Paths

if TYPE_CHECKING:
    from cclaunch.store.places import Places

PATIENCE_S = 5.0
KB = 1000


def read_history(paths: Paths, places: "Places", environ: Environ, *, now: bool = False) -> None:
    """
    Have the ledger take what is new in claude's transcripts, unless the collector sees to it. What fails is said.

    *now*: in any case; what is asked is about this moment.
    """
    from cclaunch.history.places import may_be_some, note_own, roots, there
    from cclaunch.store.ledger.passes import was_finished

    if not may_be_some(paths, environ):
        return
    new = note_own(paths, environ)  # the collector cannot know of it yet
    is_seen_to = not now and not new and os.path.exists(paths.transcripts_told) and held(paths.collector_lock)
    if is_seen_to and was_finished(places.ledger):
        return
    from cclaunch.history.alone import alone
    from cclaunch.history.told import tell_once

    found = there(roots(paths, environ))
    if not found:
        return
    tell_once(paths)
    try:
        with alone(paths):
            _read(paths, places, environ, found, now=now)
    except Busy:
        console.note("claude's transcripts are being read just now: what they tell is not all here yet")
    except CclaunchError as error:
        console.note(f"claude's transcripts were not read: {error.message}")
    except (OSError, sqlite3.Error) as error:
        console.note(f"claude's transcripts were not read: {error}")


def _read(paths: Paths, places: "Places", environ: Environ, found: list[str], *, now: bool) -> None:
    from cclaunch.config.model import configuration
    from cclaunch.history.read_all import before, read_all
    from cclaunch.history.rows import Rows
    from cclaunch.history.turns import Turns

    with console.progress("reading claude's transcripts, in kB", environ) as tell:
        rows = Rows(branch=configuration(paths).telemetry.branch)
        known = before(places)
        if now:
            known = known._replace(finished=None)  # so that it is kept when this was
        read_all(found, rows, Turns(places, PATIENCE_S), known, lambda done, whole: tell(done // KB, whole // KB))
