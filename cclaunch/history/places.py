"""
Below which directories claude may keep transcripts on this machine.

The problem it owns: claude has as many homes as somebody names. So to the usual ones come those that profiles name, and those
that launches had in their environment, each noted at its time.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from functools import partial

from cclaunch.config.model import reads_transcripts
from cclaunch.errors import CclaunchError
from cclaunch.history.noted import directories, leave
from cclaunch.history.silent import answered
from cclaunch.hot.paths import Environ, Paths, home, noted
from cclaunch.otel import CONFIG_DIR

USUAL = (".claude", ".config/claude")
"""Claude's own directories below the home directory, of this release and of older ones."""


def may_be_some(paths: Paths, environ: Environ) -> bool:
    """Say whether any may be read, and anything speaks for them; costs next to nothing, as most who ask have a collector."""
    if not reads_transcripts(paths):
        return False
    usual = (f"{home(environ)}/{name}" for name in USUAL)
    return bool(_own(environ)) or any(map(os.path.exists, (*usual, paths.claude_dirs, paths.profiles)))


def roots(paths: Paths, environ: Environ) -> list[str]:
    """Return the directories to look into, each once, also those that are not there; none where the person wants none read."""
    if not reads_transcripts(paths):
        return []
    from cclaunch.transcripts.finding import claude_roots  # dear, as is what reads profiles

    more = [*_of_profiles(paths), *(directories(paths.claude_dirs) if os.path.exists(paths.claude_dirs) else ())]
    return claude_roots(home(environ), {CONFIG_DIR: _own(environ)}, more)


def there(some: Iterable[str]) -> list[str]:
    """Return those of *some* directories that are there, and on a disk that answers."""
    return [one for one in some if answered(partial(os.path.isdir, one))]


def note_own(paths: Paths, environ: Environ) -> bool:
    """Note the directory that *environ* names, for who has another environment; say whether it is a new one."""
    own = _own(environ)
    return bool(own) and leave(noted(paths, own))


def _own(environ: Environ) -> str:
    """Return the absolute path of claude's directory that *environ* names; an empty text where it names none."""
    named = environ.get(CONFIG_DIR, "")
    return os.path.abspath(named) if named else ""


def _of_profiles(paths: Paths) -> Iterator[str]:
    if not os.path.exists(paths.profiles):
        return
    from cclaunch.profiles.disk import load_profile, profile_names

    with contextlib.suppress(CclaunchError):
        for name in profile_names(paths):
            with contextlib.suppress(CclaunchError):  # a broken one is for its own verbs to tell
                if directory := load_profile(paths, name).claude_config_dir:
                    yield directory
