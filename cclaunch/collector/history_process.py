"""
Transcripts read beside the collector: a process that is started now and then, and ended with us.

The problem it owns: reading them takes a processor for a while, and nobody who sends telemetry may feel that. So it is never done
in this process; here it is only said when: soon after the start, when a launched process has ended, and every few minutes; never
twice at a time, and not before a person knows of it.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

from cclaunch.config.model import reads_transcripts
from cclaunch.hot.paths import Paths
from cclaunch.serving.interpreter import search_path

FIRST_S = 5.0
"""The pause after the start: whoever was waiting for us comes first."""

OFTEN_S = 300.0
"""The pause without news: of what no launch of ours has written."""

LEAST_S = 5.0
SHARE = 10
"""A pause is so many times as long as the pass before it, and never shorter than that."""

LONGEST_S = 3600.0
"""A pass that takes longer hangs, as on a file system that does not answer."""

ENDS_S = 5.0

NICEST = 19
CODE = (
    "import os, sys; os.nice({nice}); sys.path[:] = {path!r}; from cclaunch.history.process import main;"
    " sys.exit(main(sys.argv[1:], dict(os.environ)))"
)
"""What is imported gives way, too."""


def history_command(paths: Paths) -> list[str]:
    """Return the command line of one pass over the transcripts of this user."""
    code = CODE.format(nice=NICEST, path=search_path())
    return [sys.executable, "-IS", "-c", code, paths.config, paths.state, paths.cache, paths.data]


class HistoryProcess:
    """
    The thread that starts the passes.

    Args:
        paths: Our directories.
        say: Writes a line to the log.
        command: What a pass is.
        first, often, least: Seconds until the first one, between two without news, and between two at least.
        longest: Seconds that one may take.
    """

    def __init__(
        self,
        paths: Paths,
        say: Callable[[str], None],
        command: Sequence[str] = (),
        first: float = FIRST_S,
        often: float = OFTEN_S,
        least: float = LEAST_S,
        longest: float = LONGEST_S,
    ) -> None:
        self._paths = paths
        self._say = say
        self._command = command
        self._first = first
        self._often = often
        self._least = least
        self._longest = longest
        self._trouble = ""
        self._ended = 0
        self._news = threading.Event()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def look(self, ended: int) -> None:
        """Hear how many launched processes have *ended* until now. Costs nothing."""
        if ended != self._ended:
            self._ended = ended
            self._news.set()

    def leave(self) -> None:
        """Begin nothing more, and end what runs: what it has read is safe, and the next one reads on. Waits for nothing."""
        with self._lock:
            self._over.set()
            if self._child is not None:
                self._child.terminate()
        self._news.set()

    def _run(self) -> None:
        self._over.wait(self._first)
        while not self._over.is_set():
            self._news.clear()
            began = time.monotonic()
            if self._is_wanted():
                self._pass()
            self._over.wait(max(self._least, SHARE * (time.monotonic() - began)))
            self._news.wait(self._often)

    def _is_wanted(self) -> bool:
        """Say whether somebody was told that transcripts are read, and has not turned it off."""
        return os.path.exists(self._paths.transcripts_told) and reads_transcripts(self._paths)

    def _pass(self) -> None:
        """Make one pass; a failure is said once."""
        words = self._command or history_command(self._paths)
        try:
            with self._lock:
                if self._over.is_set():
                    return
                self._child = child = subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                )
            told = child.communicate(timeout=self._longest)[1]
        except OSError as error:
            self._note(f"cannot start a process: {error.strerror}")
            return
        except subprocess.TimeoutExpired:
            _end(child)
            self._note(f"it was ended after {self._longest:g} s; the next one reads on")
            return
        finally:
            with self._lock:
                self._child = None
        if not self._over.is_set():
            self._note(_last_line(told) or f"it ended with {child.returncode}" if child.returncode else "")

    def _note(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self._say(f"transcripts: {trouble}")
        self._trouble = trouble


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "").removeprefix("cclaunch: ")


def _end(child: "subprocess.Popen[str]") -> None:
    """Kill *child*, and wait for it, but not for ever: it may be the system that holds it."""
    child.kill()
    if child.stderr is not None:
        child.stderr.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(ENDS_S)
