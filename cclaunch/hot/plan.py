"""
The plan and the place as a launch sees them: what was compiled from config, state, profiles and this directory.

The problem it owns: the compiled records get names and types here, in one place for those who write and who read them.

Hot: C modules only.
"""

from cclaunch.hot.reading import stamp


class CompiledProfile:
    """
    One compiled profile, its parent's part included: read from *fields* when something of it is asked for, since a launch
    asks one of however many there are.

    Attributes:
        attributes: key -> value, plain.
        privacy: variable -> ``0`` or ``1``; only those that the profile speaks of.
        config_dir: The value for ``CLAUDE_CONFIG_DIR``, or an empty string.
        budget: Micro-dollars a month, in digits, or an empty string.
        trouble: Why it cannot be used (file, line, key), or an empty string.
        sources: path -> stamp of the files it was read from.
    """

    __slots__ = ("_fields", "attributes", "budget", "config_dir", "privacy", "sources", "trouble")

    attributes: "dict[str, str]"
    privacy: "dict[str, str]"
    budget: str
    config_dir: str
    trouble: str
    sources: "dict[str, str]"

    def __init__(self, fields: "list[str] | tuple[()]" = ()) -> None:
        self._fields = fields

    def __getattr__(self, name: str) -> "dict[str, str] | str":
        """Read the fields, three a part: which one, key, value. Called once, before there is an attribute."""
        if name not in self.__slots__:
            raise AttributeError(name)
        self.attributes, self.privacy, self.sources = {}, {}, {}
        self.budget = self.config_dir = self.trouble = ""
        for what, key, value in zip(self._fields[::3], self._fields[1::3], self._fields[2::3], strict=False):
            if what in ("attributes", "privacy", "sources"):
                getattr(self, what)[key] = value
            elif what in ("budget", "config_dir", "trouble"):
                setattr(self, what, value)
        return object.__getattribute__(self, name)  # type: ignore[no-any-return]


class Plan:
    """
    The compiled configuration: what to set, what to displace, who the work may be for, and how to treat the stack.

    Attributes:
        settings: option -> value, all strings (``backend``, ``wait``, ``on_failure``, ``routing``, ``protocol``,
            ``attributes_name``, ``active``, ...). ``on_exceed`` only where there is a budget, the profiles' included.
        routing: (name, value) pairs; ``{grpc}`` and ``{http}`` in a value stand for the collector's ports.
        displaced_prefixes, displaced_names: the variables that belong to the backend.
        privacy: (name, value) pairs.
        budgets: (period, micro-dollars in digits) pairs: what all launches together may cost.
        profiles: name -> ``CompiledProfile``, all there are.
        bindings: (real path of a directory, profile name) pairs.
        warnings: sentences to say at each launch (a broken file).
    """

    __slots__ = (
        "bindings",
        "budgets",
        "displaced_names",
        "displaced_prefixes",
        "privacy",
        "profiles",
        "routing",
        "settings",
        "warnings",
    )

    def __init__(self, records: "list[list[str]]") -> None:
        self.settings = {}
        self.routing = []
        self.privacy = []
        self.budgets = []
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
                self.profiles[fields[0]] = CompiledProfile(fields[1:])
            elif kind == "bind":
                self.bindings.append((fields[0], fields[1]))
            elif kind == "budget":
                self.budgets.append((fields[0], fields[1]))
            elif kind == "displaced_prefixes":
                self.displaced_prefixes = tuple(fields)
            elif kind == "displaced_names":
                self.displaced_names = tuple(fields)
            elif kind == "warning":
                self.warnings.append(fields[0])


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
