"""
The environment that claude gets, composed from the plan, the place and the environment that we got.

Claude Code loses, redirects or mislabels telemetry without a word when one variable of some thirty is
off, so the routing set is ours as a whole: what the shell still holds of it is displaced, and said.
Pure: no file, no clock, no randomness; each variable comes with its source.

Hot: imports nothing. The variables' names come in with the plan, from ``cclaunch.otel``.
"""

BLOCK = "__CCLAUNCH_BLOCK"
"""Names what a block, ``cclaunch env`` or a launch exported, as ``name:hash8,...``: not set by hand."""

LAST_BLOCK = "__CCLAUNCH_RC"
"""What the last block of an rc file exported; the next one may replace only that, so a launch takes it away."""

SHELL_ATTRIBUTES = "__CCLAUNCH_SHELL_ATTRIBUTES"
"""The resource attributes that a hand had set before we merged ours into them: what is nested begins from these."""

INSIDE_CLAUDE = "CLAUDECODE"
"""Set in what claude itself starts; it takes every variable of OpenTelemetry away there."""

PROFILE_NAME = "CCLAUNCH_PROFILE"
PROFILE_ATTRIBUTE = "cclaunch.profile"
INSTANCE_ATTRIBUTE = "service.instance.id"

SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
KEY_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
KEY_CHARACTERS = KEY_START | frozenset("0123456789._-")
LONGEST = 255
"""Characters of an encoded value: one longer value makes older releases drop every attribute, silently."""

MOST_PAIRS = 100

LOOPBACK = "localhost,127.0.0.1,::1"


class Profile:
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
        profiles: name -> ``Profile``, all there are.
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
        self.profiles: dict[str, Profile] = {}
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
            profile = self.profiles[name] = Profile()
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


class Ports:
    """
    The collector's ports, as it wrote them down when it began to listen.

    *owner* is empty when it is ours; else the name of whose it is, and *uids* are those that it was judged by, of whoever
    listens there.
    """

    __slots__ = ("grpc", "http", "metrics", "owner", "uids", "version")

    def __init__(self, grpc: str, http: str, metrics: str, version: str = "", owner: str = "", uids: str = "") -> None:
        self.grpc = grpc
        self.http = http
        self.metrics = metrics
        self.version = version
        self.owner = owner
        self.uids = uids


class Selection:
    """
    Which profile is in force, and why.

    Attributes:
        name: The profile's name; empty for none.
        source: ``+NAME``, ``CCLAUNCH_PROFILE``, ``bind``, ``.cclaunch.toml``, ``use``, or empty when nobody names one.
        detail: The bound directory or the file that names it, or an empty string.
        trouble: Why the one that was asked for is not in force; then *name* is empty.
        asked: The name that was asked for, whether it is in force or not.
    """

    __slots__ = ("asked", "detail", "name", "source", "trouble")

    def __init__(self, asked: str = "", source: str = "", detail: str = "", trouble: str = "") -> None:
        self.asked = asked
        self.name = "" if trouble else asked
        self.source = source
        self.detail = detail
        self.trouble = trouble


class Claims:
    """
    What claude's settings files say that matters here; they beat the environment.

    Attributes:
        beneath: Attribute texts of the person's own files: taken in below the shell's.
        flag: The attribute text of the person's own ``--settings``: taken in above the shell's.
        privacy: variable -> value of the person's own ``--settings``.
    """

    __slots__ = ("beneath", "flag", "privacy")

    def __init__(self) -> None:
        self.beneath: list[tuple[str, str]] = []
        self.flag = ""
        self.privacy: dict[str, str] = {}


class Composition:
    """
    What came out.

    Attributes:
        environ: The environment for claude, name -> value.
        sources: name -> where the value came from, for each variable that we set or removed.
        displaced: name -> the shell's value that had to go; only those that differed and were not ours.
        attributes: The resource attributes, key -> plain value.
        origins: key -> where that attribute came from.
        dropped: Sentences on attributes that could not be kept.
        selection: The profile in force.
    """

    __slots__ = ("attributes", "displaced", "dropped", "environ", "origins", "selection", "sources")

    def __init__(self, environ: "dict[str, str]", selection: Selection) -> None:
        self.environ = environ
        self.selection = selection
        self.sources: dict[str, str] = {}
        self.displaced: dict[str, str] = {}
        self.attributes: dict[str, str] = {}
        self.origins: dict[str, str] = {}
        self.dropped: list[str] = []


def select(plan: Plan, place: Place, environ: "dict[str, str]", directory: str, named: str = "") -> Selection:
    """
    Return the profile for a launch in *directory* (a real path): ``+NAME``, variable, binding, place, ``profile use``.

    The first that names one decides. When that one does not exist or is broken, none is in force, never the next in line.
    """
    bound = _binding(plan, directory)
    for name, source, detail in (
        (named, "+NAME", ""),
        (environ.get(PROFILE_NAME, ""), PROFILE_NAME, ""),
        (bound[1], "bind", bound[0]),
        (place.profile, ".cclaunch.toml", place.path),
        (plan.settings.get("active", ""), "use", ""),
    ):
        if name:
            found = plan.profiles.get(name)
            trouble = f"there is no profile `{name}`" if found is None else found.trouble
            return Selection(name, source, detail, trouble)
    return Selection()


def _binding(plan: Plan, directory: str) -> "tuple[str, str]":
    """Return the longest bound directory that is *directory* or holds it, and its profile."""
    best = ("", "")
    for path, name in plan.bindings:
        if len(path) > len(best[0]) and (directory == path or directory.startswith(path.rstrip("/") + "/")):
            best = (path, name)
    return best


def encode(value: str) -> str:
    """Return *value* percent-encoded: the one spelling that every release decodes to the same text."""
    if SAFE.issuperset(value):
        return value
    return "".join(chr(byte) if chr(byte) in SAFE else f"%{byte:02X}" for byte in value.encode("utf-8", "surrogateescape"))


def decode(text: str) -> str:
    """Return the plain value of an encoded one; a ``%`` that starts no escape stays as it is."""
    if "%" not in text:
        return text
    first, *rest = text.encode("utf-8", "surrogateescape").split(b"%")
    out = [first]
    for part in rest:
        try:
            out.append(bytes((int(part[:2], 16),)) + part[2:] if len(part) > 1 else b"%" + part)
        except ValueError:
            out.append(b"%" + part)
    return b"".join(out).decode("utf-8", "replace")


def parse_attributes(text: str, source: str = "shell") -> "tuple[dict[str, str], list[str]]":
    """
    Return the attributes that claude would read from *text*, and a sentence for each item that none of its releases keeps.

    *source* is who wrote it, for the sentences.

    A value that only needs encoding (a space, an umlaut) is kept: our encoding mends it.
    """
    found: dict[str, str] = {}
    dropped = []
    for item in text.split(","):
        if not item.strip():
            continue
        key, separator, value = item.partition("=")
        key, value = key.strip(), value.strip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        plain = decode(value)
        trouble = "no key=value pair" if not separator or "=" in value else wrong_attribute(key, plain)
        if trouble:
            dropped.append(f"resource attribute `{key}` of {source} is left out: {trouble}")
        else:
            found[key] = plain
    return found, dropped


def wrong_attribute(key: str, value: str) -> str:
    """Return why *key* = *value* (plain) cannot be sent, or an empty string."""
    if not key or key[0] not in KEY_START or not KEY_CHARACTERS.issuperset(key) or len(key) > LONGEST:
        return "a key is a letter, then letters, digits, `.`, `_` or `-`"
    if len(encode(value)) > LONGEST:
        return f"its encoded value is longer than {LONGEST} characters"
    return ""


def hash8(value: str) -> str:
    """Return the short hash by which a block of ours knows its own value again."""
    from _blake2 import blake2b

    return blake2b(value.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()


def own_exports(environ: "dict[str, str]") -> "frozenset[str]":
    """Return the names whose value in *environ* still is the one that a block of ours, or ``env``, exported."""
    ours = []
    for entry in environ.get(BLOCK, "").split(","):
        name, _, digest = entry.partition(":")
        if digest and name in environ and hash8(environ[name]) == digest:
            ours.append(name)
    return frozenset(ours)


def compose(
    plan: Plan,
    environ: "dict[str, str]",
    place: Place,
    ports: Ports,
    instance_id: str,
    selection: "Selection | None" = None,
    claims: "Claims | None" = None,
) -> Composition:
    """
    Return the ``Composition`` for one launch.

    Args:
        plan: The compiled configuration.
        environ: What we were started with; not changed.
        place: What the directory says.
        ports: Where the collector listens, or would.
        instance_id: The ``service.instance.id`` of this launch; an empty string where none can be minted.
        selection: The profile in force; None for none.
        claims: What claude's settings files say; None for nothing.
    """
    made = Composition(dict(environ), selection or Selection())
    profile = plan.profiles.get(made.selection.name) or Profile()
    ours = own_exports(environ) if BLOCK in environ else frozenset()
    if plan.settings.get("routing") != "environment":
        _route(made, plan, environ, ports, ours, bool(instance_id))
    _keep_private(made, plan, environ, profile, ours, claims)
    _label(made, plan, environ, place, profile, ours, instance_id, claims)
    if profile.config_dir:
        name = plan.settings["config_dir_name"]
        if environ.get(name, profile.config_dir) != profile.config_dir and name not in ours:
            made.displaced[name] = environ[name]
        made.environ[name] = profile.config_dir
        made.sources[name] = f"profile {made.selection.name}"
    made.environ[BLOCK] = own_marks(made)
    made.environ.pop(LAST_BLOCK, None)
    return made


def own_marks(made: Composition) -> str:
    """Return the value of ``BLOCK`` for what *made* sets: a nested launch must not take it for set by hand."""
    return ",".join(
        f"{name}:{hash8(made.environ[name])}"
        for name, source in made.sources.items()
        if source not in ("shell", "--settings") and name in made.environ
    )


def _route(made: Composition, plan: Plan, environ: "dict[str, str]", ports: Ports, ours: "frozenset[str]", minted: bool) -> None:
    """Set the backend's routing set, and displace what the shell holds of it."""
    wanted = {}
    for name, value in plan.routing:
        if "{" in value:
            value = value.replace("{grpc}", ports.grpc).replace("{http}", ports.http)
        wanted[name] = value
    if not minted:
        wanted.pop(plan.settings.get("temporality_name", ""), None)
    for name in environ:
        if belongs(plan, name) and environ[name] != wanted.get(name, ""):
            if name not in ours:
                made.displaced[name] = environ[name]
            if name not in wanted:
                del made.environ[name]
                made.sources[name] = "removed (routing)"
    made.environ.update(wanted)
    for name in wanted:
        made.sources[name] = "routing"
    if plan.settings.get("protocol") == "grpc":
        _exempt_from_proxies(made, environ)


def belongs(plan: Plan, name: str) -> bool:
    """Say whether the variable *name* is part of the backend's routing set."""
    return name.startswith(plan.displaced_prefixes) or name in plan.displaced_names


def _exempt_from_proxies(made: Composition, environ: "dict[str, str]") -> None:
    """Keep claude's gRPC off a proxy: it asks one even for loopback, and only the lower-case name exempts."""
    before = environ.get("no_grpc_proxy") or environ.get("no_proxy") or ""
    hosts = [host for host in before.split(",") if host]
    hosts += [host for host in LOOPBACK.split(",") if host not in hosts]
    made.environ["no_grpc_proxy"] = ",".join(hosts)
    made.sources["no_grpc_proxy"] = "routing"


def _keep_private(
    made: Composition,
    plan: Plan,
    environ: "dict[str, str]",
    profile: Profile,
    ours: "frozenset[str]",
    claims: "Claims | None",
) -> None:
    """Set every privacy switch: the shell's word counts before the profile's, and that before the configuration's."""
    for name, value in plan.privacy:
        if claims is not None and name in claims.privacy:
            made.environ[name] = claims.privacy[name]
            made.sources[name] = "--settings"
        elif environ.get(name) and name not in ours:
            made.sources[name] = "shell"
        elif name in profile.privacy:
            made.environ[name] = profile.privacy[name]
            made.sources[name] = f"profile {made.selection.name}"
        else:
            made.environ[name] = value
            made.sources[name] = "config"


def _label(
    made: Composition,
    plan: Plan,
    environ: "dict[str, str]",
    place: Place,
    profile: Profile,
    ours: "frozenset[str]",
    instance_id: str,
    claims: "Claims | None",
) -> None:
    """Merge the resource attributes key by key: profile, shell, place, automatic, the strongest first."""
    name = plan.settings["attributes_name"]
    layers = []
    if instance_id:
        layers.append(("launch", {INSTANCE_ATTRIBUTE: instance_id}))
    if made.selection.name:
        label = f"profile {made.selection.name}"
        layers += [(label, {PROFILE_ATTRIBUTE: made.selection.name}), (label, profile.attributes)]
    shell = _shell_attributes(environ, name, ours)
    texts = [("shell", shell)] if shell else []
    if claims is not None:
        texts = [("--settings", claims.flag), *texts, *claims.beneath]
    for source, text in texts:
        found, dropped = parse_attributes(text, source)
        made.dropped += dropped
        layers.append((source, found))
    layers += [(".cclaunch.toml", place.stated), ("automatic", place.attributes)]
    _merge(made, layers)
    made.environ.pop(SHELL_ATTRIBUTES, None)
    if shell:
        made.environ[SHELL_ATTRIBUTES] = shell
    if made.attributes:
        made.environ[name] = ",".join([f"{key}={encode(value)}" for key, value in made.attributes.items()])
        made.sources[name] = "merged"
    elif name in made.environ:
        del made.environ[name]


def _shell_attributes(environ: "dict[str, str]", name: str, ours: "frozenset[str]") -> str:
    """Return the attributes that a hand set in the shell, also when a block or a launch of ours has merged its own in."""
    if name in environ and name not in ours:
        return environ[name]
    if name in environ or INSIDE_CLAUDE in environ:
        return environ.get(SHELL_ATTRIBUTES, "")
    return ""


def _merge(made: Composition, layers: "list[tuple[str, dict[str, str]]]") -> None:
    """Fill ``attributes`` and ``origins`` from *layers*, the strongest first, as far as claude takes them."""
    for source, found in layers:
        for key, value in found.items():
            if key in made.attributes:
                continue
            if key in (PROFILE_ATTRIBUTE, INSTANCE_ATTRIBUTE) and source not in ("launch", f"profile {made.selection.name}"):
                continue  # ours to say, and this launch says otherwise
            if len(value) > LONGEST or len(encode(value)) > LONGEST:
                made.dropped.append(f"resource attribute `{key}` is left out: longer than {LONGEST} characters when encoded")
            elif len(made.attributes) == MOST_PAIRS:
                made.dropped.append(f"resource attribute `{key}` is left out: more than {MOST_PAIRS} of them")
            else:
                made.attributes[key] = value
                made.origins[key] = source
