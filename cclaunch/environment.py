"""
The environment that claude gets, composed from the plan, the place and the environment that we got.

Claude Code loses, redirects or mislabels telemetry without a word when one variable of some thirty is
off, so the routing set is ours as a whole: what the shell still holds of it is displaced, and said.
Pure: no file, no clock, no randomness; each variable comes with its source.

Hot: imports nothing. The variables' names come in with the plan, from ``cclaunch.otel``.
"""

BLOCK = "__CCLAUNCH_BLOCK"
"""Names what a block or ``cclaunch env`` exported, as ``name:hash8,...``: not set by hand."""

SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
KEY_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
KEY_CHARACTERS = KEY_START | frozenset("0123456789._-")
LONGEST = 255
"""Characters of an encoded value: one longer value makes older releases drop every attribute, silently."""

MOST_PAIRS = 100

LOOPBACK = "localhost,127.0.0.1,::1"


class Plan:
    """
    The compiled configuration: what to set, what to displace, and how to treat the stack.

    Attributes:
        settings: option -> value, all strings (``backend``, ``wait``, ``on_failure``, ``routing``, ``protocol``,
            ``attributes_name``).
        routing: (name, value) pairs; ``{grpc}`` and ``{http}`` in a value stand for the collector's ports.
        displaced_prefixes, displaced_names: the variables that belong to the backend.
        privacy: (name, value) pairs.
        warnings: sentences to say at each launch (a broken file).
    """

    __slots__ = ("displaced_names", "displaced_prefixes", "privacy", "routing", "settings", "warnings")

    def __init__(self, records: "list[list[str]]") -> None:
        self.settings = {}
        self.routing = []
        self.privacy = []
        self.displaced_prefixes: tuple[str, ...] = ()
        self.displaced_names: tuple[str, ...] = ()
        self.warnings = []
        for kind, *fields in records:
            if kind == "route":
                self.routing.append((fields[0], fields[1]))
            elif kind == "privacy":
                self.privacy.append((fields[0], fields[1]))
            elif kind == "setting":
                self.settings[fields[0]] = fields[1]
            elif kind == "displaced_prefixes":
                self.displaced_prefixes = tuple(fields)
            elif kind == "displaced_names":
                self.displaced_names = tuple(fields)
            elif kind == "warning":
                self.warnings.append(fields[0])


class Place:
    """
    What this directory says. Attributes: *attributes*: key -> value, *warnings*: sentences to say."""

    __slots__ = ("attributes", "warnings")

    def __init__(self, records: "list[list[str]]") -> None:
        self.attributes = {}
        self.warnings = []
        for kind, *fields in records:
            if kind == "attribute":
                self.attributes[fields[0]] = fields[1]
            elif kind == "warning":
                self.warnings.append(fields[0])


class Ports:
    """The collector's ports, as it wrote them down when it began to listen; *owner* is empty when it is ours."""

    __slots__ = ("grpc", "http", "metrics", "owner", "version")

    def __init__(self, grpc: str, http: str, metrics: str, version: str = "", owner: str = "") -> None:
        self.grpc = grpc
        self.http = http
        self.metrics = metrics
        self.version = version
        self.owner = owner


class Composition:
    """
    What came out.

    Attributes:
        environ: The environment for claude, name -> value.
        sources: name -> where the value came from, for each variable that we set or removed.
        displaced: name -> the shell's value that had to go; only those that differed and were not ours.
        attributes: The resource attributes, key -> plain value.
        dropped: Sentences on attributes that could not be kept.
    """

    __slots__ = ("attributes", "displaced", "dropped", "environ", "sources")

    def __init__(self, environ: "dict[str, str]") -> None:
        self.environ = environ
        self.sources: dict[str, str] = {}
        self.displaced: dict[str, str] = {}
        self.attributes: dict[str, str] = {}
        self.dropped: list[str] = []


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


def parse_attributes(text: str) -> "tuple[dict[str, str], list[str]]":
    """
    Return the attributes that claude would read from *text*, and a sentence for each item that none of its releases keeps.

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
            dropped.append(f"resource attribute `{key}` of the shell is left out: {trouble}")
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
    plan: Plan, environ: "dict[str, str]", place_attributes: "dict[str, str]", ports: Ports, instance_id: str
) -> Composition:
    """
    Return the ``Composition`` for one launch.

    Args:
        plan: A ``cclaunch.plan.Plan``.
        environ: dict[str, str], what we were started with; not changed.
        place_attributes: dict[str, str], the automatic attributes of the directory.
        ports: A ``cclaunch.plan.Ports``; where the collector listens, or would.
        instance_id: The ``service.instance.id`` of this launch; an empty string where none can be minted.
    """
    made = Composition(dict(environ))
    ours = own_exports(environ) if BLOCK in environ else frozenset()
    made.environ.pop(BLOCK, None)
    if plan.settings.get("routing") != "environment":
        _route(made, plan, environ, ports, ours, bool(instance_id))
    for name, value in plan.privacy:
        if name in environ and name not in ours:
            made.sources[name] = "shell"
        else:
            made.environ[name] = value
            made.sources[name] = "config"
    _label(made, plan, environ, place_attributes, ours, instance_id)
    return made


def _route(made: Composition, plan: Plan, environ: "dict[str, str]", ports: Ports, ours: "frozenset[str]", minted: bool) -> None:
    """Set the backend's routing set, and displace what the shell holds of it."""
    wanted = {}
    for name, value in plan.routing:
        if "{" in value:
            value = value.replace("{grpc}", ports.grpc).replace("{http}", ports.http)
        wanted[name] = value
    if not minted:
        wanted.pop(plan.settings.get("temporality_name", ""), None)
    prefixes, names = plan.displaced_prefixes, plan.displaced_names
    for name in environ:
        if (name.startswith(prefixes) or name in names) and environ[name] != wanted.get(name, ""):
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


def _exempt_from_proxies(made: Composition, environ: "dict[str, str]") -> None:
    """Keep claude's gRPC off a proxy: it asks one even for loopback, and only the lower-case name exempts."""
    before = environ.get("no_grpc_proxy") or environ.get("no_proxy") or ""
    hosts = [host for host in before.split(",") if host]
    hosts += [host for host in LOOPBACK.split(",") if host not in hosts]
    made.environ["no_grpc_proxy"] = ",".join(hosts)
    made.sources["no_grpc_proxy"] = "routing"


def _label(
    made: Composition,
    plan: Plan,
    environ: "dict[str, str]",
    place_attributes: "dict[str, str]",
    ours: "frozenset[str]",
    instance_id: str,
) -> None:
    """Merge the resource attributes: the shell's over the automatic ones; the instance id is always this launch's."""
    name = plan.settings.get("attributes_name")
    if not name:
        return
    merged = dict(place_attributes)
    shell = environ.get(name, "")
    if shell and name not in ours:
        found, made.dropped = parse_attributes(shell)
        merged.update(found)
    if instance_id:
        merged["service.instance.id"] = instance_id
    pairs = []
    for key, value in merged.items():
        encoded = encode(value)
        if len(encoded) <= LONGEST:
            pairs.append(f"{key}={encoded}")
            made.attributes[key] = value
        else:
            made.dropped.append(f"resource attribute `{key}` is left out: longer than {LONGEST} characters when encoded")
    for key in list(made.attributes)[MOST_PAIRS:]:
        made.dropped.append(f"resource attribute `{key}` is left out: more than {MOST_PAIRS} of them")
        del made.attributes[key]
    if pairs:
        made.environ[name] = ",".join(pairs[:MOST_PAIRS])
        made.sources[name] = "merged"
    elif name in made.environ:
        del made.environ[name]
