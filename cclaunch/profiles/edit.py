"""
Changing the text of a profile without losing what a hand wrote into it: comments, order and spacing.

A key is changed where it stands, added behind its neighbours, or taken out of its line. Whatever came out
is read again by another parser and must say exactly what was asked for, with every comment still there;
if it does not, nothing is changed, and the person is sent to the editor.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import tomlkit
from tomlkit.container import Container
from tomlkit.items import Comment, InlineTable, Item, Key, SingleKey, Table, Trivia, Whitespace

from cclaunch.errors import CclaunchError, FileTrouble
from cclaunch.profiles.model import Profile, parse_profile

Value = str | bool | float
Changes = Mapping[tuple[str, ...], Value | None]
"""(key,) or (table, key) -> the new value; None takes the key out."""

Entry = tuple[Key | None, Item]

LEXEMES = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'" r"|(?P<comment>#[^\n]*)",
    re.DOTALL,
)


class Found(NamedTuple):
    """Where a key stands: the *owner* of its entry, and the entry's *position* there."""

    owner: Container | InlineTable
    position: int


def edited(name: str, text: str, changes: Changes, path: str) -> str:
    """
    Return *text*, the profile *name* of *path*, with *changes* made.

    Raises:
        ConfigError: The text was no valid profile before, or would be none after.
        FileTrouble: The change cannot be made without losing something.
    """
    wanted = changed(parse_profile(name, text.encode(), path), changes)
    refusal = FileTrouble(
        f"{path} cannot be changed without risk to what stands in it", hint=f"change it by hand: cclaunch profile edit {name}"
    )
    try:
        made = _apply(text, changes)
    except Exception as error:  # whatever the library stumbles over, the file stays as it is
        raise refusal from error
    try:
        said = parse_profile(name, made.encode(), path)
    except CclaunchError as error:
        raise refusal from error
    if said != wanted or comments(made) != comments(text):
        raise refusal
    return made


def without_name(text: str) -> str:
    """Return the *text* of an exported profile without the key that names it. Raises FileTrouble when that is not safe."""
    try:
        made = _apply(text, {("name",): None})
    except Exception as error:  # whatever the library stumbles over
        raise FileTrouble("the line that names the profile cannot be taken out", hint="take it out by hand") from error
    return made


def changed(profile: Profile, changes: Changes) -> Profile:
    """Return *profile* as *changes* make it."""
    fields = profile._asdict()
    tables: dict[str, dict[str, Any]] = {"attributes": dict(profile.attributes), "privacy": dict(profile.privacy)}
    for (first, *rest), value in changes.items():
        if not rest:
            fields[first] = Profile._field_defaults[first] if value is None else value
        elif value is None:
            tables[first].pop(rest[0], None)
        else:
            tables[first][rest[0]] = value
    return Profile(**{**fields, **tables})


def comments(text: str) -> list[str]:
    """Return the comments of a TOML text, in their order; a ``#`` inside a string is none."""
    return [found["comment"].rstrip("\r") for found in LEXEMES.finditer(text) if found["comment"]]


def _apply(text: str, changes: Changes) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += newline
    for name, value in changes.items():
        document = tomlkit.parse(text)
        found = next(_places(document, ".".join(name)), None)
        if found is None and value is None:
            continue
        if found is None:
            text = _added(text, document, name, _item(value), newline)
            continue
        _replace(found, None if value is None else _item(value))
        text = tomlkit.dumps(document)
    return text


def _item(value: Value | None) -> Item:
    whole = isinstance(value, float) and value.is_integer()
    return tomlkit.item(int(value) if whole else value)  # type: ignore[arg-type]


def _places(container: Container | InlineTable, wanted: str, prefix: str = "") -> Iterator[Found]:
    """Give each place where the dotted name *wanted* stands, whatever mix of tables, dots and quotes spells it."""
    body = container.value.body if isinstance(container, InlineTable) else container.body
    for index, (key, item) in enumerate(body):
        if key is None:
            continue
        name = prefix + key.key
        if isinstance(item, Table | InlineTable):
            if wanted.startswith(f"{name}."):
                yield from _places(item.value if isinstance(item, Table) else item, wanted, f"{name}.")
        elif name == wanted:
            yield Found(container, index)


def _replace(found: Found, item: Item | None) -> None:
    """Put *item* in the place of what stands there, or take that out; a comment of the line stays."""
    owner = found.owner
    body = owner.value.body if isinstance(owner, InlineTable) else owner.body
    key, old = body[found.position]
    if item is not None:
        new, before = item.trivia, old.trivia
        new.indent, new.comment_ws, new.comment, new.trail = before.indent, before.comment_ws, before.comment, before.trail
        body[found.position] = (key, item)
    elif isinstance(owner, InlineTable):
        assert key is not None
        owner.remove(key)
    elif old.trivia.comment:
        body[found.position] = (None, Comment(Trivia(old.trivia.indent, "", old.trivia.comment, old.trivia.trail)))
    else:
        del body[found.position]


def _added(text: str, document: Container, name: tuple[str, ...], item: Item, newline: str) -> str:
    """Return *text* with the key *name* added behind its neighbours; a table that is missing goes to the end."""
    item.trivia.trail = newline
    entry: Entry = (SingleKey(name[-1]), item)
    if len(name) == 1:
        _insert_at_top(document.body, entry, newline)
        return tomlkit.dumps(document)
    tables = [
        value
        for key, value in document.body
        if key is not None and key.key == name[0] and not (isinstance(value, Table) and value.is_super_table())
    ]
    if not tables:
        text += f"{newline if text else ''}[{name[0]}]{newline}"
        return _added(text, tomlkit.parse(text), name, item, newline)
    if isinstance(tables[0], InlineTable):
        tables[0].append(entry[0], item)
    else:
        assert isinstance(tables[0], Table)
        body = tables[0].value.body
        body.insert(_behind_keys(body) or _behind_comments(body), entry)
    return tomlkit.dumps(document)


def _insert_at_top(body: list[Entry], entry: Entry, newline: str) -> None:
    """Insert *entry* behind the keys that stand before all tables; without one, behind the comment that opens the file."""
    position = _behind_keys(body)
    if position:
        body.insert(position, entry)
        return
    opening = _behind_comments(body)
    if opening < len(body) and isinstance(body[opening][1], Whitespace):
        opening += 1
    elif opening < len(body):  # the comment touches the table below: it speaks of that
        opening = 0
    body.insert(opening, entry)
    if opening + 1 < len(body):
        body.insert(opening + 1, (None, Whitespace(newline)))


def _behind_keys(body: list[Entry]) -> int:
    """Return the position behind the last key that is not a table of its own, or 0."""
    position = 0
    for index, (key, item) in enumerate(body):
        if key is not None and not (isinstance(item, Table) and not key.is_dotted()):
            position = index + 1
    return position


def _behind_comments(body: list[Entry]) -> int:
    """Return the position behind the comments that *body* begins with."""
    position = 0
    while position < len(body) and isinstance(body[position][1], Comment):
        position += 1
    return position
