"""
Whose log is it: a note beside the database that says which files belonged together when its writer last looked.

A backup may hold just what the log goes on from, so that its marks (`lineage`) do not tell it from the database that it
replaces. The files do: the log is the same one, and the database is not, or was written by somebody else. Where all of
them are others (a directory that was copied), or after a restart of the machine, the marks alone decide.
"""

import os

from cclaunch.files.boot import boot_id
from cclaunch.hot.reading import read_flat
from cclaunch.store.file_identity import Files, file_state

NAME = "-log"
SETTLED, SETTLING = "settled", "settling"
KEEPS, REPLACED, WRITTEN, UNTOLD = "keeps", "replaced", "written", "untold"


def note(path: str, files: Files, state: str) -> None:
    """
    Note that *files* belong together; *state* says whether the log is being folded into the database just now.

    Without fsync: it serves after the death of a process. Never raises.
    """
    if files.database is None or files.log is None:
        return
    lines = {
        "boot": boot_id(),
        "log": files.log.inode,
        "database": files.database.inode,
        "size": files.database.size,
        "changed": files.database.changed,
        "state": state,
    }
    data = "".join(f"{name}={value}\n" for name, value in lines.items()).encode().ljust(256)
    try:
        handle = os.open(path + NAME, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(handle, data, 0)
        finally:
            os.close(handle)
    except OSError:
        return


def compare(path: str) -> str:
    """
    Say what became of the database at *path* since its writer last looked.

    Returns:
        KEEPS: It is as its writer left it. REPLACED: Another file lies beside the same log. WRITTEN: It is the same file,
        and somebody else has written it. UNTOLD: The note does not say.
    """
    noted = read_flat(path + NAME)
    database, log = file_state(path), file_state(path + "-wal")
    if database is None or log is None or noted.get("log") != str(log.inode):
        return UNTOLD
    if noted.get("database") != str(database.inode):
        return REPLACED
    if noted.get("state", "").strip() != SETTLED or noted.get("boot") != boot_id() or not boot_id():
        return UNTOLD
    same = (noted.get("size"), noted.get("changed")) == (str(database.size), str(database.changed))
    return KEEPS if same else WRITTEN
