"""
``/metrics``: the stored series in Prometheus' text format, under the names that people query.

The names are those of the Docker stack's collector without suffixes, so that
``curl localhost:8889/metrics | grep claude`` works the same. Every local user can read this port:
attributes that name a person are left out, and series that differ in nothing else are added up.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cclaunch import otel
from cclaunch.store.reader import Series

HIDDEN = frozenset(otel.PERSONAL_ATTRIBUTES) | {otel.SENDER, "os.type", "os.version", "host.arch", "wsl.version"}
"""Personal ones, what tells nothing of a series, and what the collector of the Docker stack keeps on ``target_info`` only."""

RESOURCE_LABELS = {"service.name": "job", "service.instance.id": "instance"}


def metric_name(name: str) -> str:
    """Return *name* with everything but letters, digits and ``_`` replaced."""
    return otel.METRICS.get(name) or _clean(name)


def _clean(name: str) -> str:
    made = "".join(c if c.isascii() and (c.isalnum() or c in "_:") else "_" for c in name)
    return f"_{made}" if made[:1].isdigit() or not made else made


def labels_of(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return label -> value; values whose names become the same are joined with ``;``, as the exporter does."""
    found: dict[str, str] = {}
    for key in sorted(attributes):
        value = attributes[key]
        if key in HIDDEN or value is None:
            continue
        if key in RESOURCE_LABELS:
            found[RESOURCE_LABELS[key]] = str(value)
            if key == "service.name":
                continue
        name = _clean(key).replace(":", "_")
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        found[name] = f"{found[name]};{shown}" if name in found and key not in RESOURCE_LABELS else shown
    return found


def escape(value: str) -> str:
    """Return a label value as the text format wants it."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def number(value: float) -> str:
    """Return *value* without a needless fraction."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def exposition(series: Iterable[Series]) -> str:
    """Return the text of all *series*, grouped by name."""
    families: dict[str, dict[str, float]] = {}
    about: dict[str, Series] = {}
    for one in series:
        name = metric_name(one.name)
        labels = ",".join(f'{key}="{escape(value)}"' for key, value in sorted(labels_of(one.attributes).items()))
        family = families.setdefault(name, {})
        about.setdefault(name, one)
        family[labels] = family.get(labels, 0.0) + one.value
    lines = []
    for name, family in families.items():
        one = about[name]
        unit = f", in {one.unit}" if one.unit else ""
        lines.append(f"# HELP {name} {one.name}{unit}".replace("\n", " "))
        lines.append(f"# TYPE {name} {'counter' if one.monotonic else 'gauge'}")
        lines += [f"{name}{{{labels}}} {number(value)}" for labels, value in family.items()]
    return "".join(f"{line}\n" for line in lines)
