"""
What has to be known of the shell and of the directory in which a verb was typed, said alike by every verb that tells it.

A launch composes everything anew, so nothing here concerns it. A claude that is started without one gets what the shell
exports, and that was made once: it grows old, and it cannot follow a directory.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cclaunch import otel
from cclaunch.hot.attributes import parse_attributes
from cclaunch.hot.compose import PROFILE_ATTRIBUTE
from cclaunch.hot.marks import BLOCK, INSIDE_CLAUDE, LAUNCH, own_exports
from cclaunch.hot.paths import Environ, Paths
from cclaunch.hot.plan import Place
from cclaunch.hot.selection import Selection
from cclaunch.launch.preview import Composed, composed
from cclaunch.persist.content import ALL, content
from cclaunch.shells.detect import detect
from cclaunch.shells.evaluated import evaluated

PLACE, EXPORTS = "place", "exports"


class Told(NamedTuple):
    """One thing to be said: what it is about (``place`` or ``exports``), the *text*, what *mends* it, whether it is *wrong*."""

    about: str
    text: str
    mends: str = ""
    wrong: bool = True

    def sentence(self) -> str:
        """Return all of it in one line."""
        return f"{self.text}: {self.mends}" if self.mends else self.text


def told_here(environ: Environ, paths: Paths) -> list[Told]:
    """Return what has to be known of this shell and this directory, one line each; nothing when all is as one expects."""
    found = composed(environ, paths, launch=False)
    return [*(Told(PLACE, text) for text in found.place.warnings), *_exports(environ, paths, found)]


def _exports(environ: Environ, paths: Paths, found: Composed) -> list[Told]:
    """Return what is to be said of the exports of this shell, if it has any of ours."""
    if BLOCK not in environ or LAUNCH in environ or INSIDE_CLAUDE in environ:  # what a launch exported is that launch's
        return []
    ours = own_exports(environ, otel.EXPORTED)
    if not ours:
        return []
    stale, profile = _stale(environ, paths, found, ours)
    follows = [] if otel.RESOURCE_ATTRIBUTES in stale else _cannot_follow(environ, found.made.selection, found.place)
    return [_old(environ, stale, profile), *follows] if stale else follows


def _stale(environ: Environ, paths: Paths, found: Composed, ours: frozenset[str]) -> tuple[list[str], str]:
    """
    Return (variables that would be exported otherwise now, the profile that goes with them).

    Both `env` and a block may have exported what there is, and they do not say the same: what comes nearer counts.
    """
    holds = content(environ, paths)
    by_env = _differing(environ, found.made.environ, [*ALL, *ours & {otel.CONFIG_DIR}], ours)
    by_block = _differing(environ, holds.values, ALL, ours)
    names, profile = min((by_env, found.made.selection.name), (by_block, holds.profile), key=lambda pair: len(pair[0]))
    if not found.listening:  # it may get any port when it starts
        names = [name for name in names if name != otel.ENDPOINT]
    return names, profile


def _differing(environ: Environ, now: Mapping[str, str | None], names: Iterable[str], ours: frozenset[str]) -> list[str]:
    """Return those of *names* that *now* says otherwise; what a hand exported is no matter."""
    return [
        name
        for name in names
        if (name in ours or name not in environ) and _meant(name, environ.get(name)) != _meant(name, now.get(name))
    ]


def _meant(name: str, value: str | None) -> object:
    """Return what the *value* of a variable means: attributes may be spelled in several ways."""
    return parse_attributes(value)[0] if value and name == otel.RESOURCE_ATTRIBUTES else value or None


def _old(environ: Environ, stale: list[str], profile: str) -> Told:
    before = _exported(environ).get(PROFILE_ATTRIBUTE, "")
    parts = [name for name in stale if name != otel.RESOURCE_ATTRIBUTES]
    if otel.RESOURCE_ATTRIBUTES in stale:
        same = f"what the profile {_named(before)} says"
        parts.insert(0, same if before == profile else f"the profile {_named(before)}, now {_named(profile)}")
    shell = detect(environ).name
    mends = f"{evaluated(shell, 'cclaunch env')}, or to take them out: {evaluated(shell, 'cclaunch env --unset')}"
    return Told(EXPORTS, f"the exports of this shell are old ({', '.join(parts)})", mends)


def _named(profile: str) -> str:
    return f"`{profile}`" if profile else "none"


def _exported(environ: Environ) -> dict[str, str]:
    return parse_attributes(environ.get(otel.RESOURCE_ATTRIBUTES, ""))[0]


def _cannot_follow(environ: Environ, selection: Selection, place: Place) -> list[Told]:
    """Return the line for a directory that asks for other attributes than those that the shell exports, wherever it is."""
    exported = _exported(environ)
    before = exported.get(PROFILE_ATTRIBUTE, "")
    if selection.source in ("bind", ".cclaunch.toml") and selection.asked != before:
        here = f"`{selection.asked}` is asked for here ({selection.source} {selection.detail})"
    elif added := [key for key, value in place.stated.items() if key not in exported]:
        here = f"{place.path} adds {', '.join(f'`{key}`' for key in added)} here"
    else:
        return []
    said = f"exports cannot follow a directory: this shell's say {f'`{before}`' if before else 'no profile'}, and {here}"
    return [Told(EXPORTS, f"{said}; `cclaunch` follows, and so does a function `claude` of `cclaunch persist`", wrong=False)]
