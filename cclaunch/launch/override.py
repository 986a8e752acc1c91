"""
Where claude's settings files would redirect, stop, relabel or disclose: this launch's own word, by ``--settings``.

They beat the environment, and only ``--settings`` beats them, all but the managed ones. Claude heeds the last
``--settings`` alone, so ours is merged with the person's own. Just the keys that are needed are overridden, and
what happened is said: one line for what was overridden, one for what wins all the same. A file that could not be read
is overridden as a whole.

Cold: a launch comes here only when a settings file speaks of telemetry, or the words hold ``--settings``.
"""

import contextlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from cclaunch import otel
from cclaunch.compiled.claims import (
    FLAG,
    LOCAL,
    MANAGED,
    PERSONAL,
    PROJECT,
    SOURCES,
    UNREAD,
    Claim,
    env_of,
    names_in,
    relevant,
    unread,
)
from cclaunch.errors import CclaunchError, FileTrouble
from cclaunch.files.atomic import write_atomic
from cclaunch.files.claude_json import decode_json, loads
from cclaunch.files.sweeping import BACKGROUND, SETTINGS, sweep
from cclaunch.files.theirs.splice import inner, put_members, put_raw, read_object
from cclaunch.hot.attributes import parse_attributes
from cclaunch.hot.claims import SETTINGS_LIMIT, Claims
from cclaunch.hot.compose import Composition, belongs
from cclaunch.hot.paths import Paths
from cclaunch.hot.plan import Plan
from cclaunch.hot.reading import read_small
from cclaunch.hot.words import Reading

FLAG_PATH = "--settings"
WIN = "claude's settings files win over this launch"
ON = frozenset(("1", "true", "yes", "on"))

LISTED = 20
"""So many names of one file are said; a file may hold thousands."""

TRIMMED = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
"""What JavaScript's ``trim`` takes off, before claude looks whether a text or a path was given."""


class Flag(NamedTuple):
    """
    The person's own ``--settings``: what it says as *settings*, and the *text* of it; or None with the *trouble* of reading it.

    *mute* is the text that could not be understood.
    """

    settings: dict[str, Any] | None = None
    trouble: str = ""
    text: str = "{}"
    mute: str = ""


class Answer(NamedTuple):
    """What came out: the environment that was *made*, claude's *words*, *notes* to say, and the claims that were *overridden*."""

    made: Composition
    words: list[str]
    notes: list[str]
    overridden: Sequence[Claim] = ()


def read_flag(words: Sequence[str], reading: Reading) -> Flag:
    """Return what the ``--settings`` of *words* says. What claude itself would refuse is left for it to refuse."""
    if reading.settings < 0:
        return Flag({})
    word = words[reading.settings].removeprefix("--settings=")
    text = decode_json(os.fsencode(word)).strip(TRIMMED)
    trouble = "--settings is not valid JSON"
    if not text.startswith("{"):
        try:
            if not stat.S_ISREG(os.stat(word).st_mode):  # a pipe can be read once only, and that is claude's to do
                return Flag(None, f"{word} is no regular file")
        except (OSError, ValueError):
            return Flag()
        trouble = f"{word} is not valid JSON"  # then claude runs, and ignores it
        text = decode_json(read_small(word, SETTINGS_LIMIT) or b"")
    try:
        found = loads(text)
    except ValueError:
        return Flag(None, trouble, mute=text)
    return Flag(found, "", text) if isinstance(found, dict) else Flag(None, trouble)


def in_force(claims: Iterable[Claim], reading: Reading, flag: Flag, plan: Plan) -> list[Claim]:
    """Return *claims* and those of *flag*, without the places that ``--setting-sources`` leaves out."""
    chosen = None if reading.sources is None else {source.strip() for source in reading.sources.split(",")}
    found = [claim for claim in claims if chosen is None or claim.place not in SOURCES or SOURCES[claim.place] in chosen]
    wanted = relevant(plan)
    found += [Claim(FLAG, FLAG_PATH, name, value) for name, value in env_of(flag.settings) if wanted(name)]
    names = names_in(flag.mute, plan)
    return [*found, unread(FLAG, FLAG_PATH, flag.trouble, names)] if names else found


def said(claims: Iterable[Claim], plan: Plan) -> Claims:
    """Return what of *claims* is the person's own word on attributes and privacy, for the composer to take in."""
    found = Claims()
    name = plan.settings["attributes_name"]
    privacy = {variable for variable, _ in plan.privacy}
    for claim in claims:
        if claim.place == FLAG and claim.name == name:
            found.flag = claim.value
        elif claim.place == FLAG and claim.name in privacy:
            found.privacy[claim.name] = claim.value
        elif claim.place in PERSONAL and claim.name == name:
            found.beneath.insert(0, (claim.path, claim.value))  # the later place is the stronger one
    return found


def answer_claims(
    compose: Callable[[Claims | None], Composition],
    claims: Iterable[Sequence[str]],
    words: list[str],
    reading: Reading,
    plan: Plan,
    paths: Paths,
    *,
    whole: bool = False,
    may_override: bool = True,
    dry: bool = False,
) -> Answer:
    """
    Compose with what claude's settings files say in view, and give claude's words what they need against it.

    Args:
        compose: Composes the environment of this launch, given what of the claims is the person's own word.
        claims: What the files say: place, path, variable, value of each ``Claim``.
        words: Claude's words.
        reading: What they say.
        plan: What is composed from.
        paths: Our directories.
        whole: Pass everything that was composed, whatever the files say: a background session gets no other environment.
        may_override: Whether *words* may be added to; another command than claude takes no ``--settings``.
        dry: Only say what would happen: no file is written.
    """
    flag = read_flag(words, reading)
    found = in_force([Claim(*claim) for claim in claims], reading, flag, plan)
    made = compose(said(found, plan))
    verdict = weigh_claims(found, made, plan, _written_by_us(paths) if found else frozenset())
    needed = dict(verdict.needed)
    if whole:
        composed = {name: made.environ.get(name, otel.CURES.get(name, "")) for name in made.sources}
        needed = composed | verdict.refused() | needed
    if not needed or dry:
        return Answer(made, words, verdict.notes(), verdict.overridden)
    if not may_override:
        return Answer(made, words, verdict.notes(WIN))
    if flag.settings is None:
        return Answer(made, words, [f"{WIN}: {flag.trouble}"] if flag.trouble else [])
    try:
        path = _write(paths.cache, BACKGROUND if whole else "", merged(flag, needed).encode("utf-8", "surrogatepass"))
    except FileTrouble as error:
        return Answer(made, words, verdict.notes(f"{WIN} ({error.message})"))
    return Answer(made, with_settings(words, reading, path), verdict.notes(), verdict.overridden)


def merged(flag: Flag, needed: Mapping[str, str]) -> str:
    """Return the text of *flag* with *needed* at the end of its ``env``: the last word on a name counts."""
    found = read_object(flag.text)
    env = found.last("env")
    if env is not None and isinstance(env.value, dict):
        return put_members(flag.text, inner(flag.text, env), needed)
    return put_raw(flag.text, found, [f'"env": {json.dumps(dict(needed))}'])


class Verdict(NamedTuple):
    """
    What *claims* come to: the values *needed* against them, and which were *overridden*, *obeyed* or *managed*.

    *unread* are the files that were overridden as a whole, *beyond* those of them that nothing overrides.
    """

    needed: dict[str, str]
    overridden: list[Claim]
    obeyed: list[Claim]
    managed: list[Claim]
    unread: list[Claim]
    beyond: list[Claim]

    def refused(self) -> dict[str, str]:
        """Return the switches that a file has turned off, each with its no."""
        return {claim.name: "0" for claim in self.obeyed}

    def notes(self, happened: str = "overridden for this launch") -> list[str]:
        """Return the sentences to say; *happened* begins the one on what was, or could not be, overridden."""
        found = [f"{happened}: whatever {claim.path} says of telemetry, because {claim.why}" for claim in self.unread]
        found += [f"claude may obey {claim.path} against this launch: {claim.why}" for claim in self.beyond]
        if self.overridden:
            found.append(f"{happened}: {_listed(self.overridden)}")
        if self.obeyed:
            found.append(f"not recorded, whatever was asked for: {_listed(self.obeyed)} says no")
        if self.managed:
            found.append(f"managed settings win over this launch: {_listed(self.managed)}")
        return found


def _written_by_us(paths: Paths) -> frozenset[tuple[str, str, str]]:
    """Return (file, variable, value) of what `persist --claude-settings` wrote: that is overridden without a word."""
    from cclaunch.config.state import load_state, path_of

    try:
        files = load_state(paths).claude_settings
    except CclaunchError:  # the launch says so already
        return frozenset()
    return frozenset(
        (os.path.realpath(path_of(key)), name, value)
        for key, record in files.items()
        for name, value in record.get("values", {}).items()
    )


def weigh_claims(
    claims: Iterable[Claim], made: Composition, plan: Plan, ours: frozenset[tuple[str, str, str]] = frozenset()
) -> Verdict:
    """
    Return what the strongest claim on each variable comes to against what the launch composed.

    *ours* is what we wrote into such a file ourselves, as (file, variable, value).
    """
    strongest: dict[str, Claim] = {}
    claims = list(claims)
    for claim in claims:
        if claim.name == UNREAD:
            continue
        if claim.name not in strongest or strongest[claim.name].place != MANAGED or claim.place == MANAGED:
            strongest[claim.name] = claim
    whole = [claim for claim in claims if claim.name == UNREAD]
    beyond = [claim for claim in whole if claim.place in (MANAGED, FLAG)]
    verdict = Verdict({}, [], [], [], [claim for claim in whole if claim not in beyond], beyond)
    for name, claim in strongest.items():
        good = made.environ.get(name)
        value = otel.CURES.get(name, "") if good is None else good
        if claim.value == value or not _ours_to_say(name, made, plan):
            continue
        by_us = bool(ours) and (os.path.realpath(claim.path), name, claim.value) in ours
        worth_a_word = name != plan.settings["attributes_name"] or _loses(claim.value, made)
        if claim.place == MANAGED:
            verdict.managed.append(claim)
        elif name in otel.PRIVACY.values() and not discloses(claim.value) and not by_us:
            if discloses(value):
                verdict.obeyed.append(claim)
                if claim.place in (PROJECT, LOCAL):  # newer releases leave it out there, and would record
                    verdict.needed[name] = "0"
        elif name in otel.PRIVACY.values() and discloses(value) and name != otel.LOG_RAW_API_BODIES:
            continue  # another spelling of the same yes
        else:
            verdict.needed[name] = value
            if worth_a_word and not by_us:
                verdict.overridden.append(claim)
    if verdict.unread:
        _override_whole(verdict, made, plan)
    return verdict


def _override_whole(verdict: Verdict, made: Composition, plan: Plan) -> None:
    """
    Add to *verdict* what is needed against all that a file may say which was not read.

    What was composed, nothing for what was not; but a switch that such a file mentions may be a no, so it is off.
    """
    mentioned = dict.fromkeys(name for claim in verdict.unread for name in claim.mentioned)
    privacy = {name: made.environ.get(name, "0") for name, _ in plan.privacy}
    for claim in verdict.unread:
        for name in claim.mentioned:
            if discloses(privacy.get(name, "")):
                privacy[name] = "0"
                verdict.obeyed.append(claim._replace(name=name))
    names = (*otel.KNOWN_ROUTING, otel.NO_GRPC_PROXY, otel.CONFIG_DIR, plan.settings["attributes_name"], *mentioned)
    values = {name: made.environ.get(name, otel.CURES.get(name, "")) for name in names if _ours_to_say(name, made, plan)}
    for name, value in {**values, **privacy, **verdict.refused()}.items():
        verdict.needed.setdefault(name, value)


def _ours_to_say(name: str, made: Composition, plan: Plan) -> bool:
    if name == otel.CONFIG_DIR:
        return name in made.sources
    routing = belongs(plan, name) or name == otel.NO_GRPC_PROXY
    return not (routing and plan.settings["routing"] == "environment")


def discloses(value: str) -> bool:
    """Say whether *value* switches a privacy variable on; a directory for raw bodies does."""
    return value.strip().lower() in ON or value.startswith("file:")


def _loses(text: str, made: Composition) -> bool:
    """Say whether the launch sends another value for any of the attributes in *text*."""
    return any(made.attributes.get(key) != value for key, value in parse_attributes(text)[0].items())


def _listed(claims: Iterable[Claim]) -> str:
    by_path: dict[str, list[str]] = {}
    for claim in claims:
        by_path.setdefault(claim.path, []).append(claim.name)
    return "; ".join(f"{_first(sorted(names))} of {path}" for path, names in by_path.items())


def _first(names: Sequence[str]) -> str:
    more = [f"{len(names) - LISTED} more"] if len(names) > LISTED else []
    return ", ".join([*names[:LISTED], *more])


def with_settings(words: Sequence[str], reading: Reading, path: str) -> list[str]:
    """Return *words* with *path* in the place of their ``--settings``, or with one in front."""
    if reading.settings < 0:
        return ["--settings", path, *words]
    joined = words[reading.settings].startswith("--settings=")
    found = list(words)
    found[reading.settings] = f"--settings={path}" if joined else path
    return found


def _write(cache: str, prefix: str, data: bytes) -> str:
    """Write *data* into a file of *cache* that is named by its hash, readable by nobody else, and return its path."""
    path = f"{cache}/{SETTINGS}/{prefix}{blake2b(data, digest_size=16).hexdigest()}.json"
    write_atomic(path, data)
    with contextlib.suppress(OSError):
        os.chmod(os.path.dirname(path), 0o700)
    sweep(cache)
    return path
