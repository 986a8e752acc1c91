"""
Plans and places as a launch reads them, made without files.
"""

from collections.abc import Mapping, Sequence

from cclaunch.compiled.plan import plan_records
from cclaunch.config.model import Config
from cclaunch.hot.plan import Place, Plan
from cclaunch.hot.ports import Ports

PORTS = Ports("4317", "4318", "8889")
Profile = tuple[dict[str, str], dict[str, str], str]
"""Attributes, privacy, CLAUDE_CONFIG_DIR."""


def planned(
    config: Config | None = None,
    profiles: Mapping[str, Profile] | None = None,
    bindings: Sequence[tuple[str, str]] = (),
    active: str = "",
) -> Plan:
    """Return the plan of *config* with *profiles* by their names."""
    records = [*plan_records(config or Config()), ["setting", "active", active], *(["bind", *pair] for pair in bindings)]
    for name, (attributes, privacy, config_dir) in (profiles or {}).items():
        parts = [["config_dir", "", config_dir]]
        parts += [["attributes", key, value] for key, value in attributes.items()]
        parts += [["privacy", key, value] for key, value in privacy.items()]
        records.append(["profile", name, *(field for part in parts for field in part)])
    return Plan(records)


def placed(automatic: Mapping[str, str] | None = None, stated: Mapping[str, str] | None = None, profile: str = "") -> Place:
    """Return a place with the *automatic* attributes and a ``.cclaunch.toml`` that names *profile* and *stated*."""
    records = [["attribute", key, value] for key, value in (automatic or {}).items()]
    records += [["stated", key, value] for key, value in (stated or {}).items()]
    return Place([*records, ["file", "/src/.cclaunch.toml", profile]] if profile or stated else records)
