"""
Whether our collector lives and is well, and that it stays: known without a word to it.

The problem it owns: while the process that listens lives, nobody else can have its ports, and a lock of the system's says that
it lives. The collector holds such locks on a file of its own, at places that tell its pid and the time: a new one with each
beat, and only while all is well. One who hangs, or could not store what it received last, holds none at the place of now. So
nothing is written, and nothing has to be believed that a file says: not after kill -9, a crash, or on another machine.

A launch has the collector stay by a name for its process in a directory, made between two looks at the lock; a collector that
wants to leave gives up the lock first, and then looks for such names. They are links of one empty file, for a file costs a
launch more than all else here. The name ends with the launch's instance id: by that the ledger knows later what it sent.

Hot: this module imports nothing that the interpreter has not loaded already.
"""

from time import monotonic

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows has no such locks: the collector is asked
    import os as system  # type: ignore[no-redef]

BEAT_S = 1.0
"""So often the collector takes a new place."""

BEATS = 4
"""A collector is believed for so many beats after its last one."""

SPAN, PIDS = 1 << 27, 1 << 12
"""
Places for each pid, more beats than a machine runs for; and pids that have places of their own. Where a file may not be as large
as the last place says (FAT), nothing is locked, and launches ask.
"""


BOOT = "/proc/sys/kernel/random/boot_id"

ANCHOR = "anchor"
"""The file that the names are links of, among them."""

ENDED = "ended."
"""What the name of an ended launch begins with, until the ledger has read the instance id that follows."""


def here() -> str:
    """
    Return what tells this boot, and these namespaces of network, pids and clocks, from all others; empty if it is not told.

    A home directory may be shared with a container, or copied; ports, pids and clocks are not.
    """
    boot = _said(BOOT, 64).decode("ascii", "replace").strip()
    network, pids = namespace("net"), namespace("pid")
    return f"{boot} {network} {pids} {namespace('time')}" if boot and network and pids else ""


def pid_namespace() -> str:
    """Return the number of the namespace that our pid counts in; an empty string where that is not told."""
    return namespace("pid").partition("[")[2].rstrip("]")


def namespace(kind: str) -> str:
    """Return the name of this process's namespace of *kind* (``net``, ``pid``, ``time``); an empty string if it is not told."""
    try:
        return system.readlink("/proc/self/ns/" + kind)
    except (OSError, AttributeError):  # an older kernel; no /proc; Windows
        return ""


def vouched(lock: str, launched: str, pid: str, boot: str, instance: str = "") -> bool:
    """
    Say whether the collector *pid* lives and is well, and make it stay while this process lives, under whatever name.

    Args:
        lock: The file that it holds its locks on.
        launched: The directory of those that it stays for.
        pid: Its process, as it has left word.
        boot: What ``here`` says, here and there.
        instance: The ``service.instance.id`` of this launch.

    Raises nothing, and waits for nothing but the file system that the name is left in. False says that it is to be asked: also
    when there is a second name for the file of the locks (a copy by hard links), and when the system refuses all such questions.
    """
    try:
        handle = system.open(lock, system.O_RDONLY | system.O_NONBLOCK | system.O_CLOEXEC)
    except (OSError, AttributeError):
        return False
    try:
        place = place_of(int(pid))
        if not _beats(handle, place) or _beats(handle, place + 2 * BEATS) or system.fstat(handle).st_nlink != 1:
            return False
        _leave_name(launched, mark_of(boot, system.getpid(), _started(), instance))
        return _beats(handle, place)
    except (OSError, ValueError, IndexError, OverflowError):
        return False
    finally:
        system.close(handle)


def place_of(pid: int) -> int:
    """Return where in the file the collector *pid* holds its lock now."""
    return pid % PIDS * SPAN + int(monotonic() / BEAT_S) % SPAN


def mark_of(boot: str, pid: int, ticks: int, instance: str = "") -> str:
    """Return the name that has a collector stay for a process: *boot*, *pid*, its start in *ticks* since boot, and *instance*."""
    return f"{boot[:8]}.{pid}.{ticks}.{instance}" if instance else f"{boot[:8]}.{pid}.{ticks}"


def own_mark(instance: str) -> str:
    """Return the name of this process, with the *instance* of its launch. Raises IndexError, ValueError when it is not told."""
    return mark_of(_said(BOOT, 64).decode("ascii", "replace"), system.getpid(), _started(), instance)


def leave_own_name(launched: str, instance: str) -> None:
    """Leave this process's name in the directory *launched*. Raises OSError, IndexError, ValueError."""
    _leave_name(launched, own_mark(instance))


def _leave_name(launched: str, name: str) -> None:
    try:
        system.link(f"{launched}/{ANCHOR}", f"{launched}/{name}")
    except FileExistsError:  # this process has launched before, and become us again
        return


def _started() -> int:
    """Return when this process was started, in clock ticks since boot. Raises IndexError, ValueError when that is not told."""
    _, _, rest = _said("/proc/self/stat", 1024).rpartition(b") ")
    return int(rest.split()[19])


def _beats(handle: int, place: int) -> bool:
    """Say whether another process holds a lock on one of the last places up to *place*."""
    system.lseek(handle, place - BEATS + 1, 0)
    try:
        system.lockf(handle, system.F_TEST, BEATS)
    except (BlockingIOError, PermissionError):
        return True
    return False


def _said(path: str, limit: int) -> bytes:
    """Return what a file of the kernel says, up to *limit* bytes; nothing when there is no such file."""
    try:
        handle = system.open(path, system.O_RDONLY | system.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return system.read(handle, limit)
    finally:
        system.close(handle)
