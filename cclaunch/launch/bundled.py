"""
The finder of the bundle: it hands out the hot modules from one file that was read in one go.

The problem it owns: the importer looks for each module in each directory and opens two files for it, and that is the
dearest part of a warm launch that can be saved. This text is never imported: `bundle` compiles it into the file, and
the launcher of install.sh runs it before anything of ours is imported. Modules get the loader, the ``__file__`` and the
``__spec__`` that they have without it. When one stamp differs, nothing is handed out at all: what is installed or edited
later is never shadowed.
"""

import sys
from _frozen_importlib_external import ExtensionFileLoader, SourceFileLoader, spec_from_file_location

try:
    from posix import stat
except ImportError:  # pragma: no cover - Windows
    from os import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType

    Row = tuple[str, str, tuple[int, int, int], "CodeType | None"]


class Loader(SourceFileLoader):
    """The loader of a module's own file, but for the code, which is here already."""

    code: "CodeType"

    def get_code(self, fullname: str) -> "CodeType":
        """Return the code that was compiled from the file."""
        return self.code


class Finder:
    """Finds the modules of *rows* (name -> path, code; of an extension the code is None) and no others."""

    def __init__(self, rows: "dict[str, tuple[str, CodeType | None]]") -> None:
        self.rows = rows

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        """Return the spec that the importer would come to for *name*, or None."""
        row = self.rows.get(name)
        if row is None:
            return None
        file, code = row
        if code is None:
            return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, file))
        loader = Loader(name, file)
        loader.code = code
        return spec_from_file_location(name, file, loader=loader)


def stamp(path: str) -> "tuple[int, int, int]":
    """Return what tells one state of the file from another: mtime in ns, size, inode. Raises OSError."""
    found = stat(path)
    return found.st_mtime_ns, found.st_size, found.st_ino


def install(rows: "list[Row]") -> bool:
    """Put a finder of *rows* (name, path, stamp, code) first, if every file is as it was. Raises OSError for a lost one."""
    for row in rows:
        if stamp(row[1]) != row[2]:
            return False
    sys.meta_path.insert(0, Finder({row[0]: (row[1], row[3]) for row in rows}))
    return True
