"""
Claude's status line: read what claude says, add what we know, print one row, and end with 0 whatever happens.

The problem it owns: claude blanks the line for any other code and for silence, and ends us when something new happens. So each
step has a deadline, and what fails is replaced: by what was said last in this session, else by a word.

Hot: C modules only.
"""

import time

from cclaunch.hot.marks import LAUNCH
from cclaunch.hot.ownership import doubtful
from cclaunch.hot.paths import Paths, home, our_paths, relative
from cclaunch.hot.spending import Spending, read_spending
from cclaunch.statusline.columns import clean
from cclaunch.statusline.format import DEFAULT, PLAIN, laid_out
from cclaunch.statusline.given import parsed, read_stdin, set_alarm
from cclaunch.statusline.memory import Memory
from cclaunch.statusline.pieces import Known
from cclaunch.statusline.settled import Settled, settled

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows
    import os as system  # type: ignore[no-redef]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cclaunch.statusline.wrapped import Wrapped

READ_S = 2.0
STEP_S = 2.0
"""For what may wait for a disk: the line, and what is left behind it."""

MARGIN = 4
"""Columns beside the line that are claude's."""

LEAST_ROOM = 8
LAST_WORD = "cclaunch"
"""What is said where nothing is known: silence would blank the line."""

INSIDE = "__CCLAUNCH_STATUSLINE"
"""Set for a command that is wrapped: a line of ours in there wraps nothing, or it could go on for ever."""

LONGEST_ROWS = 8192
"""Characters of a wrapped command's rows that are remembered."""


class Options:
    """What the words ask for: the command to *wrap*, a *format*, whether for *help*; and the first *strange* one."""

    __slots__ = ("format", "help", "strange", "wrap")

    def __init__(self, words: "list[str]") -> None:
        self.wrap = self.format = self.strange = ""
        self.help = False
        given = list(words)
        while given:
            name, equals, value = given.pop(0).partition("=")
            if name in ("--wrap", "--format") and (equals or given):
                setattr(self, name[2:], value if equals else given.pop(0))
            elif name in ("--help", "-h"):
                self.help = True
            else:
                self.strange = self.strange or name or "(an empty word)"


class Line:
    """
    The line of one session.

    Attributes:
        environ: What claude has started us with.
        given: What it says.
        paths: Our directories; None where they are not to be believed.
        writable: Whether anything may be written there.
        settled: What the person has settled.
        memory: What is remembered of the session.
        now_ns: The present.
    """

    __slots__ = ("environ", "given", "memory", "now_ns", "paths", "settled", "writable")

    def __init__(self, data: bytes, environ: "dict[str, str]") -> None:
        self.environ = environ
        self.given = parsed(data)
        self.paths: Paths | None = None
        self.writable = False
        self.settled = Settled()
        self.memory = Memory(None, "")
        self.now_ns = time.time_ns()

    def compose(self, options: Options) -> None:
        """Read what there is to read, and make the line."""
        environ = self.environ
        paths = our_paths(environ)
        base, user = home(environ), getattr(system, "geteuid", int)()  # Windows has no users of that kind
        owner = system.stat(base).st_uid
        spending = None
        if not relative(paths) and not doubtful(paths, base, (user, 0, owner)):
            self.paths, self.writable = paths, owner == user
            session = self.given.text("session_id") or environ.get("CLAUDE_CODE_SESSION_ID", "")
            self.memory = Memory(paths, session)
            self.settled = settled(paths, environ, self.profile, self.writable)
            spending = read_spending(paths, self.now_ns)
        if self.given.whole or not self.memory.line:  # where nothing came that can be read, what was said last is better
            self.memory.line = self.made(options, spending)

    @property
    def profile(self) -> str:
        """Return the profile of this launch; an empty text for none."""
        return self.environ.get(LAUNCH, "").rpartition(":")[0]

    def made(self, options: Options, spending: "Spending | None" = None) -> str:
        """Return the line; without *spending* it is of what claude says."""
        known = Known(self.given, self.profile, spending, self.settled.limits, self.now_ns)
        form = options.format or self.settled.format or DEFAULT
        return laid_out(form, known.say, _room(self.environ), not self.environ.get("NO_COLOR")) or LAST_WORD

    def leave(self) -> None:
        """Tell the collector what is new, and remember all that was said."""
        if self.paths is None or not self.writable or INSIDE in self.environ:
            return
        if self.given.at("rate_limits") or self.given.at("pr"):
            from cclaunch.statusline.news import tell

            tell(self.paths, self.environ, self.given, self.memory, self.now_ns, self.settled.containers)
        self.memory.keep(self.paths.cache)


def show(words: "list[str]", environ: "dict[str, str]") -> bool:
    """Print the line that claude asked for with *words*; or return False, where a person asks who wants words on it."""
    options = Options(words)
    if options.help or _is_terminal():
        return False
    try:
        show_line(options, environ)
    except Exception:  # a fault of ours; an error code would blank what the person has there
        _print(LAST_WORD)
    return True


def _is_terminal() -> bool:
    try:
        return system.isatty(0)
    except OSError:
        return False


def show_line(options: Options, environ: "dict[str, str]") -> None:
    """Print the rows of claude's status line. Raises nothing."""
    data = read_stdin(READ_S)
    wraps = bool(options.wrap) and INSIDE not in environ
    wrapped = _started(options.wrap, data, environ) if wraps else None
    line = Line(data, environ)
    _attempt(lambda: line.compose(options))
    memory = line.memory
    if wrapped is not None:
        theirs = wrapped.rows(memory.rows)
        whole = theirs[:LONGEST_ROWS].rpartition("\n")[0]  # a row that is cut may end within a colour or a link
        memory.rows = theirs if len(theirs) <= LONGEST_ROWS else whole or theirs[:LONGEST_ROWS]
    rows = [memory.rows + (PLAIN if "\x1b" in memory.rows else "")] if wraps and memory.rows else []
    rows.append(memory.line or line.made(options))
    if options.strange:
        rows.append(f"cclaunch: what is {clean(options.strange)[:40]}? cclaunch statusline --help")
    _print("\n".join(rows))
    _attempt(line.leave)


def _started(command: str, data: bytes, environ: "dict[str, str]") -> "Wrapped | None":
    """Return the *command* running; None where it cannot be started."""
    try:
        from cclaunch.statusline.wrapped import Wrapped

        return Wrapped(command, data, {**environ, INSIDE: "1"})
    except Exception:  # the guest's rule: our own line is there
        return None


def _attempt(step: "Callable[[], None]") -> None:
    """Do *step* within its time. Whatever fails in there, the line is shown: claude's own rule is to blank it."""
    try:
        set_alarm(STEP_S)
        step()
    except Exception:
        return
    finally:
        set_alarm(0)


def _room(environ: "dict[str, str]") -> int:
    """Return how many columns the line may take; 0 where nobody says."""
    said = environ.get("COLUMNS", "")
    return max(int(said) - MARGIN, LEAST_ROOM) if said.isascii() and said.isdigit() and len(said) < 6 and int(said) else 0


def _print(text: str) -> None:
    data = text.encode("utf-8", "surrogateescape") + b"\n"
    try:
        while data:
            data = data[system.write(1, data) :]
    except OSError:  # claude does not listen any more
        return
