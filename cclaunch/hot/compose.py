"""
The environment that claude gets, composed from the plan, the place and the environment that we got.

Claude Code loses, redirects or mislabels telemetry without a word when one variable of some thirty is
off, so the routing set is ours as a whole: what the shell still holds of it is displaced, and said.
Pure: no file, no clock, no randomness; each variable comes with its source.

Hot: imports nothing. The variables' names come in with the plan, from ``cclaunch.otel``.
"""

from cclaunch.hot.attributes import LONGEST, MOST_PAIRS, encode, parse_attributes
from cclaunch.hot.claims import Claims
from cclaunch.hot.marks import BLOCK, BY_LAUNCH, INSIDE_CLAUDE, LAST_BLOCK, LAUNCH, SHELL_ATTRIBUTES, mark_of, own_exports
from cclaunch.hot.plan import CompiledProfile, Place, Plan
from cclaunch.hot.ports import Ports
from cclaunch.hot.selection import Selection

PROFILE_ATTRIBUTE = "cclaunch.profile"
INSTANCE_ATTRIBUTE = "service.instance.id"
NO_GRPC_PROXY = "no_grpc_proxy"


LOOPBACK = "localhost,127.0.0.1,::1"


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

    @property
    def has_news(self) -> bool:
        """Say whether the person has to be told something."""
        return bool(self.displaced or self.dropped or self.selection.trouble)


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
    profile = plan.profiles.get(made.selection.name) or CompiledProfile()
    ours = own_exports(environ, exported_names(plan)) if BLOCK in environ else frozenset()
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
    if instance_id:
        made.environ[LAUNCH] = f"{made.selection.name}:{instance_id}"
    return made


def exported_names(plan: Plan) -> "list[str]":
    """Return every variable that a launch may set: what a mark may stand for."""
    settings = plan.settings
    routing = [name for name, _ in plan.routing]
    privacy = [name for name, _ in plan.privacy]
    return [*routing, *privacy, NO_GRPC_PROXY, settings.get("attributes_name", ""), settings.get("config_dir_name", "")]


def own_marks(made: Composition) -> str:
    """Return the value of ``BLOCK`` for what *made* sets: a nested launch must not take it for set by hand."""
    ours = {
        name: made.environ[name]
        for name, source in made.sources.items()
        if source not in ("shell", "--settings") and name in made.environ
    }
    return mark_of(BY_LAUNCH, ours)


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
    before = environ.get(NO_GRPC_PROXY) or environ.get("no_proxy") or ""
    hosts = [host for host in before.split(",") if host]
    hosts += [host for host in LOOPBACK.split(",") if host not in hosts]
    made.environ[NO_GRPC_PROXY] = ",".join(hosts)
    made.sources[NO_GRPC_PROXY] = "routing"


def _keep_private(
    made: Composition,
    plan: Plan,
    environ: "dict[str, str]",
    profile: CompiledProfile,
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
    profile: CompiledProfile,
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
