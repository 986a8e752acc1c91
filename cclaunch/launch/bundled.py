"""
The bundle, used: the hot modules made from one file that was read in one go.

The problem it owns: the importer looks for each module in each directory and opens two files for it, and that is the
dearest part of a warm launch that can be saved. This text is never imported: `bundle` compiles it into the file, and
the launcher of install.sh runs it before anything of ours is imported. Modules get the loader, the ``__file__`` and the
``__spec__`` that they have without it. When one stamp differs, none is made: what is installed or edited later is never
shadowed.
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
    """Finds the extension modules of *files* (name -> file) and no others."""

    def __init__(self, files: "dict[str, str]") -> None:
        self.files = files

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        """Return the spec that the importer would come to for *name*, or None."""
        file = self.files.get(name)
        return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, file)) if file else None


def load(name: str, file: str, code: "CodeType", cached: "str | None") -> None:
    """
    Make the module *name* as the importer would, at once: every launch needs all of them, and asking costs each launch.

    Those that it imports are there already. Raises whatever its code raises.
    """
    loader = Loader(name, file)
    loader.code = code
    spec = ModuleSpec(name, loader, origin=file)
    spec.has_location = True
    spec.cached = cached
    module = type(sys)(name)
    module.__spec__, module.__loader__, module.__file__, module.__cached__ = spec, loader, file, cached  # type: ignore[attr-defined]
    if file.endswith("/__init__.py"):
        spec.submodule_search_locations = module.__path__ = [file[:-12]]
    module.__package__ = spec.parent
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    above, _, own = name.rpartition(".")
    if above:
        setattr(sys.modules[above], own, module)


def stamp(path: str) -> "tuple[int, int, int]":
    """Return what tells one state of the file from another: mtime in ns, size, inode. Raises OSError."""
    found = stat(path)
    return found.st_mtime_ns, found.st_size, found.st_ino


def install(rows: "list[Row]") -> bool:
    """
    Make the modules of *rows* (name, path, stamp, code, compiled file), if every file is as it was; return whether.

    A row stands behind those that it imports; of an extension the code is None, and it is only found. Raises OSError for a
    lost file, and what a module raises.
    """
    for row in rows:
        if stamp(row[1]) != row[2]:
            return False
    sys.meta_path.insert(0, Finder({row[0]: row[1] for row in rows if row[3] is None}))
    for name, file, _, code, cached in rows:
        if code is not None and name not in sys.modules:
            load(name, file, code, cached)
    return True
