"""
What can go wrong, each with the exit code and the advice.

    CclaunchError
    ├── UsageError             2    the words typed make no sense
    │   ├── AttributeRefused   2    an attribute that would not arrive as it is written
    │   ├── UnknownShell       2    no shell that we write for (`shells/table`)
    │   └── Unquotable         2    a value that a shell cannot hold (`shells/table`)
    ├── ConfigError            125  a file of the person's is broken: file, line, key
    ├── ProfileMissing         1    there is no profile of that name
    ├── ProfileRefused         125  the one that a launch asked for by `+NAME` cannot be had
    ├── WordRefused            125  a word alone that was probably meant for us (`launch/meant`)
    ├── BudgetSpent            125  a budget at which a launch is to stop is spent (`launch/exceeded`)
    ├── DirectoryRefused       1    a directory of ours is somebody else's, or others may write in it
    ├── FileTrouble            1    a file of ours cannot be written
    │   ├── Busy               1    another one of us holds it
    │   └── FileRefused        1    an rc file that must stay as it is (`files/theirs/look`)
    │       └── NeedsInPlace   1    it can only be changed in place
    ├── DamagedMarkers         1    our marks in an rc file are not whole (`persist/block`)
    ├── NewerBlock             1    a newer release wrote the block (`persist/block`)
    ├── DashboardRefused       1    it is no dashboard, or not one that can be added
    ├── DashboardMissing       1    there is no dashboard of that name
    ├── DownloadFailed         1    a file of the web cannot be had
    ├── ClaudeNotFound         127
    ├── ClaudeNotExecutable    126
    ├── StackError             1    the stack cannot do what was asked
    │   ├── StartFailed        1    it did not become healthy in time
    │   │   ├── Elsewhere      1    it runs in another namespace, or on another machine
    │   │   └── CannotStore    1    it runs, and its database cannot be written
    │   ├── PortTaken          1    somebody else listens there
    │   ├── NotOurs            1    what has the name that we need was made by somebody else
    │   ├── DiskFull           1    the engine's disk takes nothing more
    │   ├── ImageMissing       1    an image is not here and cannot be fetched
    │   └── EngineError        1    the container engine cannot be used
    │       ├── EngineMissing  1    none runs
    │       ├── EngineRefused  1    it lets this user do nothing
    │       ├── EngineHung     1    it does not answer
    │       └── ContextStale   1    the Docker context leads nowhere
    └── StoreError             1    the database cannot be used
        ├── StoreMissing       1    nothing was recorded yet
        ├── StoreTooNew        1    written by a newer cclaunch
        ├── StoreUnreachable   1    VictoriaLogs does not answer
        └── StoreBroken        1    not a database, or damaged

Raised anywhere, shown by ``console.show_error`` only, turned into an exit code by the doors only.
The codes 125, 126 and 127 are env(1)'s: on the launch path every other code belongs to claude.
"""


class CclaunchError(Exception):
    """
    The root. Never raised itself.

    Args:
        message: What happened, one line, no full stop.
        cause: Why, one line, or an empty string.
        hint: The command or edit that mends it, or an empty string.
    """

    exit_code = 1

    def __init__(self, message: str, *, cause: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.hint = hint


class UsageError(CclaunchError):
    """The words on the command line make no sense together."""

    exit_code = 2


class AttributeRefused(UsageError):
    """A resource attribute that would not arrive as it was written."""


class ConfigError(CclaunchError):
    """A configuration file cannot be used; the message names file, line and key."""

    exit_code = 125


class ProfileMissing(CclaunchError):
    """There is no profile of that name."""


class FileTrouble(CclaunchError):
    """A file of ours, or the directory for it, cannot be written."""


class DirectoryRefused(CclaunchError):
    """A directory of ours is somebody else's, or others may write in it: nothing there is believed."""


class Busy(FileTrouble):
    """Another process of ours holds the lock."""


class ProfileRefused(CclaunchError):
    """The profile of ``+NAME`` does not exist or is broken: nothing is launched."""

    exit_code = 125


class WordRefused(CclaunchError):
    """A word alone on the command line was probably meant for us: nothing is launched."""

    exit_code = 125


class BudgetSpent(CclaunchError):
    """A budget is spent, and the person has said that claude is not to be started then."""

    exit_code = 125


class DashboardRefused(CclaunchError):
    """It is no dashboard, or not one that can be added or removed."""


class DashboardMissing(CclaunchError):
    """There is no dashboard of that name."""


class DownloadFailed(CclaunchError):
    """A file of the web cannot be had, or must not be."""


class ClaudeNotFound(CclaunchError):
    """There is no claude to become."""

    exit_code = 127


class ClaudeNotExecutable(CclaunchError):
    """A claude was found, but the system refuses to run it."""

    exit_code = 126


class StackError(CclaunchError):
    """The telemetry stack cannot do what was asked."""


class StartFailed(StackError):
    """The stack was started and did not become healthy before the deadline."""


class Elsewhere(StartFailed):
    """The collector of these directories runs in another namespace or on another machine: from here it is not reached."""


class CannotStore(StartFailed):
    """The collector runs, and cannot write its database: what it receives is kept in memory, within bounds."""


class PortTaken(StackError):
    """Another program listens on a port that the person asked for by name."""


class NotOurs(StackError):
    """A container, volume or network has the name that we need, and we did not make it: it is not touched."""


class DiskFull(StackError):
    """The engine's disk takes nothing more."""


class ImageMissing(StackError):
    """An image is not here and cannot be fetched."""


class EngineError(StackError):
    """The container engine cannot be used."""


class EngineMissing(EngineError):
    """No container engine runs where we were told to look, or anywhere that we know."""


class EngineRefused(EngineError):
    """The engine is there and does not let this user in."""


class EngineHung(EngineError):
    """The engine is there and does not answer in time."""


class ContextStale(EngineError):
    """The Docker context that is in force does not exist, or leads to another machine."""


class StoreError(CclaunchError):
    """What was recorded cannot be read or written."""

    def left_out(self) -> str:
        """Return the sentence on an answer without this part."""
        cause = f" ({self.cause})" if self.cause else ""
        return f"{self.message}{cause}: what is new there is not part of this answer"


class StoreMissing(StoreError):
    """There is no database yet: nothing was recorded."""


class StoreTooNew(StoreError):
    """The database was written by a newer release."""


class StoreUnreachable(StoreError):
    """VictoriaLogs does not answer, or not to this question."""

    def left_out(self) -> str:
        """Return the sentence on an answer without this part."""
        return f"{self.message} ({self.cause}): what is stored there is not part of this answer"


class StoreBroken(StoreError):
    """The file is no database of ours, or it is damaged."""
