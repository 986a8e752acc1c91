"""
The plan and the place as a launch sees them: what was compiled from config, state, profiles and this directory.

The problem it owns: the compiled records get names and types here, in one place for those who write and who read them.

Hot: C modules only.
"""

from cclaunch.hot.reading import stamp


class CompiledProfile:
    """
    One compiled profile, its parent's part included.

    Attributes:
        attributes: key -> value, plain.
        privacy: variable -> ``0`` or ``1``; only those that the profile speaks of.
        config_dir: The value for ``CLAUDE_CONFIG_DIR``, or an empty string.
        trouble: Why it cannot be used (file, line, key), or an empty string.
        sources: path -> stamp of the files it was read from.
    """

    __slots__ = ("attributes", "config_dir", "privacy", "sources", "trouble")

    def __init__(self) -> None:
        self.attributes: dict[str, str] = {}
        self.privacy: dict[str, str] = {}
        self.config_dir = ""
        self.trouble = ""
        self.sources: dict[str, str] = {}


class Plan:
    """
    The compiled configuration: what to set, what to displace, who the work may be for, and how to treat the stack.

    Attributes:
        settings: option -> value, all strings (``backend``, ``wait``, ``on_failure``, ``routing``, ``protocol``,
            ``attributes_name``, ``active``, ...).
        routing: (name, value) pairs; ``{grpc}`` and ``{http}`` in a value stand for the collector's ports.
        displaced_prefixes, displaced_names: the variables that belong to the backend.
        privacy: (name, value) pairs.
        profiles: name -> ``CompiledProfile``, all there are.
        bindings: (real path of a directory, profile name) pairs.
        warnings: sentences to say at each launch (a broken file).
    """

    __slots__ = ("bindings", "displaced_names", "displaced_prefixes", "privacy", "profiles", "routing", "settings", "warnings")

    def __init__(self, records: "list[list[str]]") -> None:
        self.settings = {}
        self.routing = []
        self.privacy = []
        self.displaced_prefixes: tuple[str, ...] = ()
        self.displaced_names: tuple[str, ...] = ()
        self.profiles: dict[str, CompiledProfile] = {}
        self.bindings = []
        self.warnings = []
        for kind, *fields in records:
            if kind == "route":
                self.routing.append((fields[0], fields[1]))
            elif kind == "privacy":
                self.privacy.append((fields[0], fields[1]))
            elif kind == "setting":
                self.settings[fields[0]] = fields[1]
            elif kind == "profile":
                self._profile(*fields)
            elif kind == "bind":
                self.bindings.append((fields[0], fields[1]))
            elif kind == "displaced_prefixes":
                self.displaced_prefixes = tuple(fields)
            elif kind == "displaced_names":
                self.displaced_names = tuple(fields)
            elif kind == "warning":
                self.warnings.append(fields[0])

    def _profile(self, name: str, what: str, key: str, value: str) -> None:
        """Take one record of the profile *name*: *what* is the name of one of its parts."""
        profile = self.profiles.get(name)
        if profile is None:
            profile = self.profiles[name] = CompiledProfile()
        if what in ("attributes", "privacy", "sources"):
            getattr(profile, what)[key] = value
        else:
            setattr(profile, what, value)


class Place:
    """
    What this directory says.

    Attributes:
        attributes: The automatic ones, key -> value.
        path: The ``.cclaunch.toml`` that counts here, or an empty string.
        profile: The profile it names, or an empty string.
        stated: The attributes it adds, key -> value.
        warnings: Sentences to say (a file that was refused).
    """

    __slots__ = ("attributes", "path", "profile", "stated", "warnings")

    def __init__(self, records: "list[list[str]]") -> None:
        self.attributes = {}
        self.path = ""
        self.profile = ""
        self.stated = {}
        self.warnings = []
        for kind, *fields in records:
            if kind == "attribute":
                self.attributes[fields[0]] = fields[1]
            elif kind == "file":
                self.path, self.profile = fields
            elif kind == "stated":
                self.stated[fields[0]] = fields[1]
            elif kind == "warning":
                self.warnings.append(fields[0])


def is_current(profile: CompiledProfile) -> bool:
    """Say whether the files of a compiled profile are still what they were."""
    return all(stamp(path) == mark for path, mark in profile.sources.items())
