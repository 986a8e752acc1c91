"""
One launch on its way: what is to be run, with which words and in which environment.

Hot: C modules only.
"""

WRAPPER = "CLAUDE_CODE_PROCESS_WRAPPER"
"""Set when claude starts its background processes through us: they must be reached within three seconds, in silence."""


FAILED = 125
"""env(1)'s code for a failure of the launcher's own."""


class Launch:
    """
    One launch on its way.

    Attributes:
        path: What will be run.
        words: Its words; of a command they begin with its name.
        environ: Its environment: at first the one we were started with, at the end the composed one.
        command: Whether it is another command than claude (``cclaunch exec``).
        given: Its words as they were given.
        profile: The NAME of ``+NAME``, or an empty string.
        quiet: Whether nothing may be printed: claude's own rule for what wraps its background processes.
    """

    __slots__ = ("command", "environ", "given", "path", "profile", "quiet", "words")

    def __init__(self, path: str, words: "list[str]", environ: "dict[str, str]", command: bool, profile: str) -> None:
        self.path = path
        self.words = self.given = words
        self.environ = environ
        self.command = command
        self.profile = profile
        self.quiet = command and bool(environ.get(WRAPPER))


def say(text: str) -> None:
    """Tell the person one line, on stderr."""
    from cclaunch.console import note

    note(text)


def refuse(text: str) -> int:
    """Say why nothing is launched; return the exit code for it."""
    say(f"error: {text}")
    return FAILED
