"""
A report without what is nobody else's business, so that it can be put into a public issue as it is.

The problem it owns: a path, a process's owner, an endpoint or an error's text may hold the home directory, a name or a
credential, in any string of the report and quoted in any of the usual ways. What is to hide is handed in (``Private``); what
shows by its form alone (e-mail addresses, URLs of other machines, credentials in URLs, owners of processes) is hidden anyway.
The keys of the report stay, and so do the words that every such report holds.
"""

import json
import re
import shlex
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

HOME, USER, HOST, MAIL, VALUE = "~", "<user>", "<host>", "<e-mail>", "<hidden>"

OUR_WORDS = frozenset(
    """
    claude code cclaunch config collector store port proof grpc http https json protobuf metrics metric event logs healthy free
    true false none yes usage stack status check launch data telemetry routing environment default local localhost loopback
    docker embedded grafana prometheus victorialogs python container process user host hidden mail home users root admin daemon
    nobody runner ubuntu debian fedora macbook
    """.split()
)
"""Words that say nothing of anybody, because every report or half of all machines hold them: they stay."""

SHORTEST, ANYWHERE = 3, 6
"""Characters: a shorter word stays (but not as a part of a path), a credential so long is hidden inside a word as well."""

LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0)(:\d+)?", re.IGNORECASE)
URL = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?P<rest>[^\s/\ufdd0'\"`<>][^\s'\"`<>]*(?<![.,;:)]))", re.IGNORECASE)
PORT = re.compile(r":\d+(?=[.,;:)]*$)")
ADDRESS = re.compile(r"\w[\w.+'!#$&*^~%-]{0,63}?(?:@|%40)[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}", re.IGNORECASE)
OWNER = re.compile(r"\buser ([^\s()<>~,;]+)(?=\)| \(uid)")

_BEFORE = r"(?:(?<![^\W_])|(?<=%[0-9a-f]{2})|(?<=\\[abfnrtv]))"  # also right behind a quoted character
_AFTER = r"(?![^\W_])"

_STANDS = {HOME: "\ufdd0", USER: "\ufdd1", HOST: "\ufdd2", MAIL: "\ufdd3", VALUE: "\ufdd4"}
"""Noncharacters, which no word is made of: what stands for something is not searched again."""

_SHOWN = {ord(mark): text for text, mark in _STANDS.items()}
_FOREIGN = dict.fromkeys(_SHOWN, "\ufffd")

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


class Private(NamedTuple):
    """What is to hide, plain: directories that are *homes*, names of *users* and *hosts*, *values* of attributes and headers."""

    homes: Iterable[str] = ()
    users: Iterable[str] = ()
    hosts: Iterable[str] = ()
    values: Iterable[str] = ()


def redacted(value: object, private: Private) -> object:
    """Return *value*, anything that JSON can hold, with what is private replaced in every string but the keys."""
    return _walk(value, list(_rules(private)))


def _walk(value: object, rules: list[Rule]) -> object:
    if isinstance(value, str):
        return _text(value, rules)
    if isinstance(value, dict):
        return {key: _walk(one, rules) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(one, rules) for one in value]
    return value


def _text(text: str, rules: list[Rule]) -> str:
    text = text.translate(_FOREIGN)
    for pattern, instead in rules:
        text = pattern.sub(instead, text)
    return text.translate(_SHOWN)


def _rules(private: Private) -> Iterator[Rule]:
    """Yield what is replaced by what, in order: what may hold something else comes first."""
    exact = [(form, VALUE) for value in private.values if len(value) >= SHORTEST and _tells(value) for form in _forms(value)]
    exact += [(form, HOME) for home in private.homes if len(home.rstrip("/")) > 1 for form in _forms(home.rstrip("/"))]
    for form, instead in sorted(set(exact), key=lambda pair: (-len(pair[0]), pair)):
        loose = instead == VALUE and len(form) >= ANYWHERE
        before, after = ("", "") if loose else ("" if instead == HOME else _BEFORE, _AFTER)
        yield re.compile(before + re.escape(form) + after, re.IGNORECASE), _STANDS[instead]
    yield URL, _url
    yield ADDRESS, _STANDS[MAIL]
    for names, instead in ((private.hosts, HOST), (private.users, USER)):
        forms = {form for name in names if _tells(name) for form in _forms(name)}
        for form in sorted(forms, key=lambda form: (-len(form), form)):
            before, after = (_BEFORE, _AFTER) if len(form) >= SHORTEST else (r"(?:(?<=[/\\])|(?<=%2f))", r"(?=[/\\]|%2f)")
            yield re.compile(before + re.escape(form) + after, re.IGNORECASE), _STANDS[instead]
    yield OWNER, _owner


def _tells(word: str) -> bool:
    return bool(word.strip()) and word.strip().lower() not in OUR_WORDS


def _forms(text: str) -> set[str]:
    """Return the ways in which *text* may be written: as it is, in a URL, for a shell, in JSON, in Python, composed or not."""
    forms = {text}
    for plain in {text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)}:
        encodable = plain.encode("utf-8", "surrogateescape")
        forms |= {plain, quote(encodable), quote(encodable, safe=""), quote(encodable, safe="").replace("%20", "+")}
        forms |= {shlex.quote(plain).strip("'"), plain.replace("'", "'\\''"), re.sub(r"([^\w/@%+=:,.-])", r"\\\1", plain)}
        forms |= {json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1], repr(plain)[1:-1], ascii(plain)[1:-1]}
    return {form for form in forms if form.strip()}


def _url(found: re.Match[str]) -> str:
    """Keep what a URL leads to on this machine, and of any other just scheme and port; credentials and queries never."""
    place, *query = re.split("[?#]", found["rest"], maxsplit=1)
    authority, slash, path = place.partition("/")
    _, credentials, host = authority.rpartition("@")
    kept = f"{found['scheme']}{_STANDS[VALUE]}@" if credentials else found["scheme"]
    if LOOPBACK.fullmatch(host) or not _tells(host.partition(":")[0]):
        return f"{kept}{host}{slash}{path}" + (f"?{_STANDS[VALUE]}" if query else "")
    port = PORT.search(host)
    return f"{kept}{_STANDS[HOST]}{port[0] if port else ''}" + (f"/{_STANDS[VALUE]}" if path or query else slash)


def _owner(found: re.Match[str]) -> str:
    return found[0] if not _tells(found[1]) else f"user {_STANDS[USER]}"
