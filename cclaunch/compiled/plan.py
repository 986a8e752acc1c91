"""
Working out what ``cclaunch.hot.gather`` reads: config, profiles and state into a plan, a directory into a place.

Cold: runs when a source has changed, or on the first launch of a release. A broken file never stops a launch: the plan
is then made of the defaults, or the profile of its trouble, and carries the sentence to say.
"""

from collections.abc import Iterable

from cclaunch import __version__, otel
from cclaunch.budgets.limits import limits_of, micros_of
from cclaunch.compiled.keep import Records, keep, settled, source_records
from cclaunch.config.checks import IN_CONTAINERS
from cclaunch.config.model import Budget, Config, read_configuration
from cclaunch.config.state import State, load_state
from cclaunch.errors import CclaunchError
from cclaunch.hot.paths import Paths
from cclaunch.hot.plan import Plan
from cclaunch.hot.reading import stamp
from cclaunch.hot.records import FORMAT, plan_key
from cclaunch.profiles.disk import load_profile, profile_names, profile_path, resolve_profile
from cclaunch.profiles.model import Profile


def compile_plan(paths: Paths, home: str, *, write: bool = True) -> Plan:
    """
    Return the plan made from config, state and profiles in *paths*, and keep it in the cache when *write* says so.

    *home* is what ``~`` stands for in a profile.
    """
    sources = source_records([paths.config_file, paths.state_file, paths.profiles])
    warnings = []
    config, trouble = read_configuration(paths)
    if trouble:
        warnings.append(f"{trouble.message}; the defaults are used")
    state = State()
    try:
        state = load_state(paths)
    except CclaunchError as error:
        warnings.append(f"{error.message}; no profile is active and nothing is bound")
    in_force = config._replace(stack=config.stack._replace(backend=state.backend or config.stack.backend))
    records = [[FORMAT, plan_key(__version__, paths.config)], *sources, *plan_records(in_force)]
    records.append(["setting", "active", state.active])
    records += [["bind", path, name] for path, name in state.bindings.items()]
    profiles = {name: profile_parts(paths, name, home) for name in profile_names(paths)}
    records += [["profile", name, *(field for part in parts for field in part)] for name, parts in profiles.items()]
    records += _on_exceed(config.budget, profiles.values())
    records += [["warning", text] for text in warnings]
    read = [["source", path, mark] for parts in profiles.values() for what, path, mark in parts if what == "sources"]
    if write and settled([*sources, *read]):
        keep(paths.plan, records)
    return Plan(records)


def profile_parts(paths: Paths, name: str, home: str) -> Records:
    """Return [part, key, value] of all that is in the profile *name*, or of what is wrong with it."""
    read = [profile_path(paths, name)]
    marks = [stamp(read[0])]  # taken before the reading: a change in between makes the plan stale, not wrong
    parts: Records = []
    try:
        if parent := load_profile(paths, name).extends:
            read.append(profile_path(paths, parent))
            marks.append(stamp(read[1]))
        parts = _parts(resolve_profile(paths, name).profile, home)
    except CclaunchError as error:
        parts = [["trouble", "", error.message]]
    return [*parts, *(["sources", path, mark] for path, mark in zip(read, marks, strict=True))]


def _parts(profile: Profile, home: str) -> Records:
    parts = [["attributes", key, value] for key, value in profile.attributes.items()]
    parts += [["privacy", otel.PRIVACY[key], "1" if on else "0"] for key, on in profile.privacy.items()]
    if directory := profile.claude_config_dir:
        tilde = directory == "~" or directory.startswith("~/")
        parts.append(["config_dir", "", home + directory[1:] if tilde else directory])
    if profile.budget is not None:
        parts.append(["budget", "", str(micros_of(profile.budget))])
    return parts


def budget_records(budget: Budget) -> Records:
    """Return a record for each period that *budget* limits, the shortest first."""
    return [["budget", one.period, str(one.micros)] for one in reversed(limits_of(budget))]


def _on_exceed(budget: Budget, profiles: Iterable[Records]) -> Records:
    """Return the setting by which a launch knows that there is any budget: without one it looks at none."""
    budgeted = budget_records(budget) or any(part[0] == "budget" for parts in profiles for part in parts)
    return [["setting", "on_exceed", budget.on_exceed]] if budgeted else []


def plan_records(config: Config) -> Records:
    """Return the records of *config*: what ``Plan`` is read from."""
    protocol = config.telemetry.protocol
    port = "{grpc}" if protocol == "grpc" else "{http}"
    routes = {
        otel.ENABLE: "1",
        otel.METRICS_EXPORTER: "otlp",
        otel.LOGS_EXPORTER: "otlp",
        otel.TRACES_EXPORTER: "none",
        otel.PROTOCOL: protocol,
        otel.ENDPOINT: f"http://127.0.0.1:{port}",
        otel.TEMPORALITY: "cumulative",
    }
    settings = {
        "containers": "1" if config.stack.backend in IN_CONTAINERS else "0",
        "wait": str(config.stack.wait),
        "on_failure": config.stack.on_failure,
        "routing": config.telemetry.routing,
        "protocol": protocol,
        "grpc": str(config.ports.grpc),
        "http": str(config.ports.http),
        "metrics": str(config.ports.metrics),
        "attributes_name": otel.RESOURCE_ATTRIBUTES,
        "temporality_name": otel.TEMPORALITY,
        "config_dir_name": otel.CONFIG_DIR,
        "statusline": config.statusline.format,
        "asked": " ".join(name for name in ("branch", "host") if getattr(config.telemetry, name)),
    }
    records = [["route", name, value] for name, value in routes.items()]
    records += [["privacy", name, "1" if getattr(config.privacy, key) else "0"] for key, name in otel.PRIVACY.items()]
    records += [["setting", name, value] for name, value in settings.items()]
    records += budget_records(config.budget)
    records.append(["displaced_prefixes", *otel.ROUTING_PREFIXES])
    records.append(["displaced_names", *otel.ROUTING_NAMES])
    return records
