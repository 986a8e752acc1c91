"""
The answers of a range for a file that others will read: what is in it, and what never is.

The problem it owns: a file leaves the machine. So it is made of fields that are named here, and of no others: whatever an answer
says one day of prompts, titles made from them, paths or output stays out until somebody names it. All answers are of one moment,
and each says the words that ask for the same figures again.
"""

import re
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from cclaunch.answers.answers import Answers
from cclaunch.answers.asked import Words
from cclaunch.answers.asking import Document
from cclaunch.answers.sessions import MOST
from cclaunch.reports.dates import NS, iso
from cclaunch.reports.figures import Figures, figures_of, together
from cclaunch.reports.records import DOUBTS, MEASURES
from cclaunch.store.ledger.periods import begin_of, date_of
from cclaunch.store.usage import Ledger

KEYS = ("profile", "team", "project", "repository", "branch", "model", "agent", "skill")
"""What days are divided by."""

MOST_SESSIONS = 1000
"""Sessions of a file, the newest; and as many of the list of what both witnesses saw."""

ROUNDS = 3
"""So often all is asked again, where something came in between two answers."""

MS = 1_000_000
WORDS = """
question as_of since until by total rows hidden cache_hit_rate mcp days day series value rest nodes key models agents skills
start seconds session sessions tools tools_hidden tool calls failed failed_by decisions total_ms mean_ms p50_ms p95_ms p99_ms
errors kind name detail times latency count both telemetry_alone first last telemetry_alone_expected transcript_alone share_both
"""
FIELDS = frozenset((*MEASURES, *DOUBTS, *KEYS, *WORDS.split()))
"""What may stand in a file."""

COUNTED = ("failed_by", "decisions", "transcript_alone")
"""Fields whose names are words that an event brought; those must be plain, as what says an error's `name` and `detail`."""

PLAIN = re.compile(r"(?:[\w:-]+(?: [\w:-]+)?)?", re.ASCII)
OTHER = "(other)"
IN_TREE = ("key", "value", "nodes", "hidden", "rows", "cost_usd", "requests", *DOUBTS)
"""What is shown of a node of the tree, which may have many."""


class Spent(NamedTuple):
    """A *profile* (empty: requests without one), and its *figures*."""

    profile: str
    figures: Figures


class Exported(NamedTuple):
    """The *document* that goes into a file, and *troubles*: sentences for who makes it, which may name paths of this machine."""

    document: Document
    troubles: list[str]


def span(answers: Answers, since: str, until: str) -> Words:
    """Return the words of a range in which nothing depends on when they are read. Raises UsageError."""
    asked = answers.asked(Words(since=since, until=until))
    begin, end = asked.since, asked.now_ns // MS * MS + MS if asked.until is None else asked.until
    return Words(since="" if begin is None else _day(begin) or iso(begin), until=_last_day(end) or iso(end))


def _day(time_ns: int) -> str:
    """Return the date that begins at *time_ns*; nothing where none does."""
    day = date_of(time_ns // NS)
    return day.isoformat() if begin_of(day) * NS == time_ns else ""


def _last_day(time_ns: int) -> str:
    """Return the date that ends at *time_ns*; nothing where none does."""
    return date_of(time_ns // NS - 1).isoformat() if _day(time_ns) else ""


def profiles_of(answers: Answers, words: Words) -> list[Spent]:
    """Return the profiles of a range, the dearest first."""
    asked = answers.asked(words)

    def ask(ledger: Ledger) -> dict[str, list[Figures]]:
        found: dict[str, list[Figures]] = {}
        for group in answers.groups(ledger, asked, ["profile"]):
            found.setdefault(group.values[0] or "", []).append(figures_of(group))
        return found

    found, _ = answers.found(asked, ask, [])
    spent = [Spent(name, together(figures)) for name, figures in found.items()]
    return sorted(spent, key=lambda one: (-one.figures.micros, not one.profile, one.profile))


def exported(answers: Answers, words: Words, profiles: Sequence[str] | None, tell: Callable[[int, int], None]) -> Exported:
    """
    Return the answers of the range *words* (of `span`) for *profiles*; None: all, also those that are not named.

    What both witnesses saw is part of it only of all profiles, and up to now: it is told of all sessions there are.

    Args:
        tell: Called with how many of all steps are done.

    Raises:
        As `Answers` does.
    """
    words = words._replace(where=[] if profiles is None else [f"profile={name}" for name in profiles])
    found, troubles = _asked(answers, words, tell, whole=profiles is None)
    for _ in range(ROUNDS - 1):
        if _agree(found):
            break
        found, troubles = _asked(answers, words, tell, whole=profiles is None)
    asked = answers.asked(words)
    narrowed = ["--all-profiles"] if profiles is None else [word for name in profiles for word in ("--profile", name)]
    made = {
        "at": datetime.fromtimestamp(asked.now_ns // NS).astimezone().strftime("%Y-%m-%d %H:%M (%z)"),
        "range": _range(asked.since, asked.until or asked.now_ns, found["days"]["profile"]["days"]),
        "profiles": None if profiles is None else list(profiles),
        "command": shlex.join(["cclaunch", "dashboard", "export", "FILE.html", *asked.words, *narrowed]),
    }
    return Exported({"made": made, **found}, troubles)


def _asked(answers: Answers, words: Words, tell: Callable[[int, int], None], *, whole: bool) -> tuple[Document, list[str]]:
    """Return (the answers to all questions, what could not be read)."""
    troubles: dict[str, None] = {}
    steps = len(KEYS) + 4
    done = 0

    def take(found: Document, fields: Collection[str] = FIELDS) -> Document:
        nonlocal done
        done += 1
        tell(done, steps)
        troubles.update(dict.fromkeys(found["troubles"]))
        made: Document = _allowed(found, fields)
        return made

    tell(0, steps)
    days = {key: take(answers.days(words, key)) for key in KEYS}
    whom = answers.whom(words)
    made = {
        "days": days,
        "whom": take({**whom, "nodes": _allowed(whom["nodes"], IN_TREE)}),
        "what": take(answers.what(words)),
        "sessions": take(_sessions(answers, words)),
        "tools": take(answers.tools(words)),
        "capture": None,
    }
    until = answers.asked(words).until
    if whole and until is not None and until >= answers.now():
        made["capture"] = take(_captured(answers, words.since))
    return made, list(troubles)


def _sessions(answers: Answers, words: Words) -> Document:
    """Return the newest sessions of a range as one page."""
    found = answers.sessions(words, 0, MOST)
    for offset in range(MOST, min(MOST_SESSIONS, found["sessions"]), MOST):
        found["rows"] += answers.sessions(words, offset, MOST)["rows"]
    return {**found, "question": answers.asked(words).question(["session"], "--top", str(MOST_SESSIONS)), "hidden": None}


def _captured(answers: Answers, since: str) -> Document:
    """Return what both witnesses saw, with the first sessions of the list."""
    found = answers.capture(since, 0, MOST)
    for offset in range(MOST, min(MOST_SESSIONS, found["count"]), MOST):
        found["sessions"] += answers.capture(since, offset, MOST)["sessions"]
    return found


def _agree(found: Document) -> bool:
    """Say whether the answers are of one state of the ledger."""
    totals = [*(one["total"] for one in found["days"].values()), found["whom"]["total"], found["what"]["models"]["total"]]
    return all(one["requests"] == found["sessions"]["total"]["requests"] for one in totals)


def _range(since: int | None, until: int, days: Sequence[str]) -> str:
    """Return a range for people: of days, and to the minute where it begins or ends within one."""
    first = (days[0] if days else "the beginning") if since is None else _day(since) or _minute(since)
    return f"{first} to {_last_day(until) or _minute(until)}"


def _minute(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // NS).strftime("%Y-%m-%d %H:%M")


def _allowed(value: Any, fields: Collection[str]) -> Any:
    """Return *value* with those fields alone that may stand in a file."""
    if isinstance(value, list):
        return [_allowed(one, fields) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _field(name, one, fields) for name, one in value.items() if name in fields}


def _field(name: str, value: Any, fields: Collection[str]) -> Any:
    if name in ("name", "detail"):
        return _plain(value or "")
    if name not in COUNTED or not isinstance(value, Mapping):
        return _allowed(value, fields)
    counts: dict[str, int] = {}
    for word, times in value.items():
        counts[_plain(word)] = counts.get(_plain(word), 0) + times
    return counts


def _plain(word: str) -> str:
    """Return *word* if it may be one of claude's for a kind of failure; a path or a message is none."""
    return word if PLAIN.fullmatch(word) else OTHER
