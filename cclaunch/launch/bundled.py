"""
The finder of the bundle: it hands out the hot modules from one file that was read in one go.

The problem it owns: the importer looks for each module in each directory and opens two files for it, and that is the
dearest part of a warm launch that can be saved. This text is never imported: `bundle` compiles it into the file, and
the launcher of install.sh runs it before anything of ours is imported. Modules get the loader, the ``__file__`` and the
``__spec__`` that they have without it. When one stamp differs, nothing is handed out at all: what is installed or edited
later is never shadowed.
"""

import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import ExtensionFileLoader, SourceFileLoader, spec_from_file_location

try:
    from posix import stat
except ImportError:  # pragma: no cover - Windows
    from os import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

    Row = tuple[str, str, tuple[int, int, int], "CodeType | None", "str | None"]


class Loader(SourceFileLoader):
    """The loader of a module's own file, but for the code, which is here already."""

    code: "CodeType"

    def get_code(self, fullname: str) -> "CodeType":
        """Return the code that was compiled from the file."""
        return self.code


class Finder:
    """Finds the modules of *rows* (by their name; of an extension the code is None) and no others."""

    def __init__(self, rows: "dict[str, Row]") -> None:
        self.rows = rows

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        """
        Return the spec that the importer would come to for *name*, or None.

        Put together by hand: what the importer would ask of each file is known here, and asking costs each launch.
        """
        row = self.rows.get(name)
        if row is None:
            return None
        _, file, _, code, cached = row
        if code is None:
            return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, file))
        loader = Loader(name, file)
        loader.code = code
        spec = ModuleSpec(name, loader, origin=file)
        if file.endswith("/__init__.py"):
            spec.submodule_search_locations = [file[:-12]]
        spec.has_location = True
        spec.cached = cached
        return spec


def stamp(path: str) -> "tuple[int, int, int]":
    """Return what tells one state of the file from another: mtime in ns, size, inode. Raises OSError."""
    found = stat(path)
    return found.st_mtime_ns, found.st_size, found.st_ino


def install(rows: "list[Row]") -> bool:
    """
    Put a finder of *rows* (name, path, stamp, code, compiled file) first, if every file is as it was.

    Raises OSError for a lost one.
    """
    for row in rows:
        if stamp(row[1]) != row[2]:
            return False
    sys.meta_path.insert(0, Finder({row[0]: row for row in rows}))
    return True
