"""
What can go wrong, each with the reference, the exit code and the advice.

    CclaunchError
    ├── UsageError             2    the words typed make no sense
    │   ├── AttributeRefused   2    an attribute that would not arrive as it is written
    │   ├── UnknownShell       2    no shell that we write for (`shells`)
    │   └── Unquotable         2    a value that a shell cannot hold (`shells`)
    ├── ConfigError            125  a file of the person's is broken: file, line, key
    ├── ProfileMissing         1    there is no profile of that name
    ├── ProfileRefused         125  the one that a launch asked for by `+NAME` cannot be had
    ├── FileTrouble            1    a file of ours cannot be written
    │   ├── Busy               1    another one of us holds it
    │   └── Refused            1    an rc file that must stay as it is (`rcread`)
    │       └── NeedsInPlace   1    it can only be changed in place
    ├── DamagedMarkers         1    our marks in an rc file are not whole (`rcfile`)
    ├── NewerBlock             1    a newer release wrote the block (`rcfile`)
    ├── ClaudeNotFound         127
    ├── ClaudeNotExecutable    126
    ├── StackError             1    the stack cannot do what was asked
    │   ├── StartFailed        1    it did not become healthy in time
    │   └── PortTaken          1    somebody else listens there
    └── StoreError             1    the database cannot be used
        ├── StoreMissing       1    nothing was recorded yet
        ├── StoreTooNew        1    written by a newer cclaunch
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

    reference = "error"
    exit_code = 1

    def __init__(self, message: str, *, cause: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.hint = hint


class UsageError(CclaunchError):
    """The words on the command line make no sense together."""

    reference = "usage"
    exit_code = 2


class AttributeRefused(UsageError):
    """A resource attribute that would not arrive as it was written."""

    reference = "attribute-refused"


class ConfigError(CclaunchError):
    """A configuration file cannot be used; the message names file, line and key."""

    reference = "broken-config"
    exit_code = 125


class ProfileMissing(CclaunchError):
    """There is no profile of that name."""

    reference = "profile-missing"


class FileTrouble(CclaunchError):
    """A file of ours, or the directory for it, cannot be written."""

    reference = "file"


class Busy(FileTrouble):
    """Another process of ours holds the lock."""

    reference = "busy"


class ProfileRefused(CclaunchError):
    """The profile of ``+NAME`` does not exist or is broken: nothing is launched."""

    reference = "profile-refused"
    exit_code = 125


class ClaudeNotFound(CclaunchError):
    """There is no claude to become."""

    reference = "claude-not-found"
    exit_code = 127


class ClaudeNotExecutable(CclaunchError):
    """A claude was found, but the system refuses to run it."""

    reference = "claude-not-executable"
    exit_code = 126


class StackError(CclaunchError):
    """The telemetry stack cannot do what was asked."""

    reference = "stack"


class StartFailed(StackError):
    """The stack was started and did not become healthy before the deadline."""

    reference = "stack-start-failed"


class PortTaken(StackError):
    """Another program listens on a port that the person asked for by name."""

    reference = "port-taken"


class StoreError(CclaunchError):
    """The database of the embedded collector cannot be used."""

    reference = "store"


class StoreMissing(StoreError):
    """There is no database yet: nothing was recorded."""

    reference = "store-missing"


class StoreTooNew(StoreError):
    """The database was written by a newer release."""

    reference = "store-too-new"


class StoreBroken(StoreError):
    """The file is no database of ours, or it is damaged."""

    reference = "store-broken"
