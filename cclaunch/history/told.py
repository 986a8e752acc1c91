"""
The line that a person gets before anything of claude's transcripts is read behind his back.

The problem it owns: what is read without being asked for has to be known, with the way to turn it off. So a mark says that the
line stood on a terminal once; where it is missing, nothing is read in the background.
"""

import contextlib
import os
import sys

from cclaunch import console
from cclaunch.config.model import read_configuration, reads_transcripts
from cclaunch.errors import FileTrouble
from cclaunch.files.atomic import make_directory
from cclaunch.hot.paths import Paths

OFF = "`[history] transcripts = false`"
LINE = (
    "claude's transcripts are read too, for usage that telemetry missed: counts, ids, times, model, repository, branch, release;"
    f" nothing that was said; {OFF} in config.toml turns it off"
)


def is_told(paths: Paths) -> bool:
    """Say whether the line was told."""
    return os.path.exists(paths.transcripts_told)


def state(paths: Paths) -> str:
    """Return in words whether transcripts are read, and what changes that."""
    config, broken = read_configuration(paths)
    if broken is not None:
        return f"left alone as long as {paths.config_file} is broken: it may say {OFF}"
    if not config.history.transcripts:
        return f"left alone: {OFF} in {paths.config_file}"
    if is_told(paths):
        return f"read too, as a second witness, by the collector and by `cclaunch usage`; {OFF} turns it off"
    return "read by `cclaunch usage`, which says before what it takes; by the collector from then on"


def tell_once(paths: Paths) -> None:
    """Tell the line where it was not told yet, and somebody sees it: stderr is a terminal. Never raises."""
    if is_told(paths) or not reads_transcripts(paths) or not _is_seen():
        return
    console.note(LINE)
    with contextlib.suppress(OSError, FileTrouble):
        make_directory(os.path.dirname(paths.transcripts_told))
        os.close(os.open(paths.transcripts_told, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _is_seen() -> bool:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return sys.stderr.isatty()
    return False
