"""
The bundle, used: the hot modules made from one file that was read in one go.

The problem it owns: the importer looks for each module in each directory and opens two files for it, and that is the
dearest part of a warm launch that can be saved. This text is never imported: `bundle` compiles it into the file, and
the launcher of install.sh runs it before anything of ours is imported. Modules get the loader, the ``__file__`` and the
``__spec__`` that they have without it. They lie in groups: what every launch needs, and what is read only where it is
needed. When one stamp differs, no module of its group is made: what is installed or edited later is never shadowed.
"""

import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import ExtensionFileLoader, SourceFileLoader, spec_from_file_location
from marshal import loads

try:
    from posix import stat
except ImportError:  # pragma: no cover - Windows
    from os import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType

    Row = tuple[str, str, tuple[int, int, int], "CodeType | None", "str | None"]
    Group = tuple[list[str], bytes]


class Loader(SourceFileLoader):
    """The loader of a module's own file, but for the code, which is here already."""

    code: "CodeType"

    def get_code(self, fullname: str) -> "CodeType":
        """Return the code that was compiled from the file."""
        return self.code


class Made:
    """The loader that the importer gets of a module that is made already; *spec* is its own."""

    def __init__(self, spec: "ModuleSpec") -> None:
        self.spec = spec

    def create_module(self, spec: ModuleSpec) -> "ModuleType":
        """Return it."""
        return sys.modules[spec.name]

    def exec_module(self, module: "ModuleType") -> None:
        """Leave it as it is."""
        module.__spec__ = self.spec
        module.__loader__ = self.spec.loader


class Finder:
    """Finds the modules of *groups*, each of which is read as a whole when the first of its modules is asked for."""

    def __init__(self, groups: "list[Group]") -> None:
        self.groups = groups
        self.files: dict[str, str] = {}

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        """Return the spec that the importer would come to for *name*, or None."""
        for group in self.groups:
            if name in group[0]:
                self.groups.remove(group)
                if self.make(group[1]) and name in sys.modules:
                    return made(sys.modules[name])
                break
        file = self.files.get(name)
        return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, file)) if file else None

    def make(self, group: bytes) -> bool:
        """
        Make the modules of *group*: rows of (name, path, stamp, code, compiled file). Return whether every file is as it was.

        A row stands behind those that it imports; of an extension the code is None, and it is only found. Raises what a
        module raises.
        """
        try:
            rows: list[Row] = loads(group)
            for row in rows:
                if stamp(row[1]) != row[2]:
                    return False
        except (OSError, EOFError, ValueError, TypeError):  # a file that is gone; a bundle that was damaged
            return False
        for name, file, _, code, cached in rows:
            if code is None:
                self.files[name] = file
            elif name not in sys.modules:
                load(name, file, code, cached)
        return True


def made(module: "ModuleType") -> ModuleSpec:
    """Return the spec by which the importer takes *module* as it is: it believes the one that the module bears, for so long."""
    spec = module.__spec__ = ModuleSpec(module.__name__, Made(module.__spec__))  # type: ignore[arg-type]
    return spec


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


def install(groups: "list[Group]") -> bool:
    """Make the modules of the first of *groups*, and have the others found; return whether all its files are as they were."""
    finder = Finder(groups[1:])
    if not finder.make(groups[0][1]):
        return False
    sys.meta_path.insert(0, finder)
    return True
