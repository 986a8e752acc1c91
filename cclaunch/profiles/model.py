"""
A profile: who the work is for, what claude may disclose, and which account it uses.

The file belongs to the person and may come from somebody else of the team, so every mistake in it is an
error that names file, line and key; the attributes are held to the rules of ``cclaunch.profiles.attributes``.
Pure: the bytes come in, a ``Profile`` comes out.
"""

import math
import os.path
import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.errors import AttributeRefused
from cclaunch.files.toml import read_toml, wrong
from cclaunch.profiles.attributes import check_attribute, check_together, together

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
NAME_RULE = "a letter or digit, then letters, digits, `.`, `_` or `-`, at most 100 characters"
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Profile(NamedTuple):
    """
    One profile.

    Attributes:
        name: The file's name without ``.toml``.
        description: One line for people.
        extends: The name of the parent, or an empty string.
        attributes: Resource attributes, key -> plain value.
        privacy: Setting (of ``otel.PRIVACY``) -> whether claude may disclose it; one that is absent was not said.
        claude_config_dir: The path for ``CLAUDE_CONFIG_DIR``, absolute or below ``~``, or an empty string.
        budget: USD a month, or None.
    """

    name: str
    description: str = ""
    extends: str = ""
    attributes: Mapping[str, str] = NOTHING
    privacy: Mapping[str, bool] = NOTHING
    claude_config_dir: str = ""
    budget: float | None = None


def is_name(text: str) -> bool:
    """Say whether *text* can be the name of a profile."""
    return NAME.fullmatch(text) is not None


def one_line(value: Any) -> str | None:
    """Return what is wrong with *value* as a text of one line, or None."""
    if not isinstance(value, str):
        return "must be a text in quotes"
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        return "must be one line without control characters"
    return None


def absolute(value: Any) -> str | None:
    """Return what is wrong with *value* as a directory, or None. An empty one means that none is set."""
    fits = one_line(value) is None and (not value or os.path.isabs(value) or value == "~" or value.startswith("~/"))
    return one_line(value) or (None if fits else "must be an absolute path, or one below ~")


def dollars(value: Any) -> str | None:
    """Return what is wrong with *value* as a monthly budget, or None."""
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1e12 and math.isfinite(value)
    return None if fits else "must be a number of US dollars a month, more than 0"


def parent_name(value: Any) -> str | None:
    """Return what is wrong with *value* as the name of a parent, or None. An empty one means that there is none."""
    return one_line(value) or (None if not value or is_name(value) else f"must be the name of a profile: {NAME_RULE}")


CHECKS: Mapping[str, Callable[[Any], str | None]] = {
    "description": one_line,
    "extends": parent_name,
    "claude_config_dir": absolute,
    "budget": dollars,
}
"""Key at the top of the file -> what is wrong with a value, or None."""

TABLES = ("attributes", "privacy")
KEYS = (*CHECKS, *TABLES)


def parse_profile(name: str, data: bytes, path: str) -> Profile:
    """
    Return the profile *name* that the bytes of *path* describe, without what its parent adds.

    Raises:
        ConfigError: It is no TOML, or a key is unknown or has a bad value; file, line and key are named.
    """
    text, found = read_toml(data, path)
    return _profile(name, text, found, path)


def parse_shared(data: bytes, path: str) -> tuple[str, Profile]:
    """
    Return (name, profile) of a file that was exported; the name is empty when the file says none.

    Raises:
        ConfigError: As ``parse_profile`` does.
    """
    text, found = read_toml(data, path)
    name = found.pop("name", "")
    if not isinstance(name, str) or (name and not is_name(name)):
        raise wrong(path, text, ("name",), f"must be the name of a profile: {NAME_RULE}")
    return name, _profile(name, text, found, path)


def _profile(name: str, text: str, found: Mapping[str, Any], path: str) -> Profile:
    for key, value in found.items():
        if key not in KEYS:
            raise wrong(path, text, (key,), "is not known", known=KEYS, hint=_meant_attribute(key, value))
        if key in TABLES and not isinstance(value, dict):
            raise wrong(path, text, (key,), f"must be a table: [{key}]")
        if key in CHECKS and (trouble := CHECKS[key](value)):
            raise wrong(path, text, (key,), trouble)
    if name and found.get("extends") == name:
        raise wrong(path, text, ("extends",), "names the profile itself", hint=f"take it out of {path}")
    budget = found.get("budget")
    return Profile(
        name,
        found.get("description", ""),
        found.get("extends", ""),
        _attributes(found.get("attributes", {}), text, path),
        _privacy(found.get("privacy", {}), text, path),
        found.get("claude_config_dir", ""),
        None if budget is None else float(budget),
    )


def _meant_attribute(key: str, value: Any) -> str:
    """Return the hint for a plain text at the top that resembles no setting: it was probably meant as an attribute."""
    import difflib  # only a mistake pays for it

    if isinstance(value, str) and not difflib.get_close_matches(key, KEYS, n=1):
        return "an attribute stands below [attributes]"
    return ""


def _attributes(table: Mapping[str, Any], text: str, path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in flattened(table):
        at = ("attributes", key)
        if not isinstance(value, str):
            raise wrong(path, text, at, f'must be a text in quotes: "{value}"')
        if key in found:
            raise wrong(path, text, at, "is there twice")
        try:
            check_attribute(key, value)
        except AttributeRefused as error:
            raise wrong(path, text, at, f"is refused: {error.cause}", hint=error.hint) from error
        found[key] = value
    for trouble in together(found):
        raise wrong(path, text, ("attributes",), f"is refused: {trouble.message}; {trouble.cause}", hint=trouble.hint)
    return found


def flattened(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return (dotted name, value) pairs: TOML makes tables of the dots of ``vcs.repository.name``."""
    pairs: list[tuple[str, Any]] = []
    for key, value in table.items():
        pairs += flattened(value, f"{prefix}{key}.") if isinstance(value, dict) else [(f"{prefix}{key}", value)]
    return pairs


def _privacy(table: Mapping[str, Any], text: str, path: str) -> dict[str, bool]:
    for key, value in table.items():
        if key not in otel.PRIVACY:
            raise wrong(path, text, ("privacy", key), "is not known", known=otel.PRIVACY)
        if not isinstance(value, bool):
            raise wrong(path, text, ("privacy", key), "must be true or false")
    return dict(table)


def inherit(child: Profile, parent: Profile) -> Profile:
    """
    Return *child* with what *parent* says below it, key by key; a description is not inherited.

    Raises:
        AttributeRefused: The attributes of the two cannot be sent together.
    """
    merged = child._replace(
        attributes={**parent.attributes, **child.attributes},
        privacy={**parent.privacy, **child.privacy},
        claude_config_dir=child.claude_config_dir or parent.claude_config_dir,
        budget=parent.budget if child.budget is None else child.budget,
    )
    check_together(merged.attributes)
    return merged


def exported(profile: Profile) -> dict[str, Any]:
    """Return *profile* as the tables of a file to share: its name on top if it has one, what was not said left out."""
    tables: dict[str, Any] = {"name": profile.name} if profile.name else {}
    for key in CHECKS:
        value = getattr(profile, key)
        if value not in ("", None):
            tables[key] = int(value) if isinstance(value, float) and value.is_integer() else value
    for key in TABLES:
        if getattr(profile, key):
            tables[key] = dict(getattr(profile, key))
    return tables
