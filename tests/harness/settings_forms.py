"""
Forms of a settings file: bytes that claude may or may not obey.

The problem it owns: ``claude_json`` is a model of how claude reads, and a model is worth what it is held to. Each form says
``env: {NAME: VALUE}`` in its way; the same forms are given to the model and to the real claudes.
"""

import json
from collections.abc import Callable

VALUE = "of=file"
Form = Callable[[str], bytes]


def said(name: str, *, env: str = "env", value: str = json.dumps(VALUE), before: str = "") -> str:
    """Return the text of a settings file that sets *name*; the parts are JSON as they stand."""
    return f'{{{before}"{env}":{{"{name}":{value}}}}}'


def escaped(name: str, form: str = "%04x") -> str:
    """Return *name* with an escape for every character; *form* prints the digits."""
    return "".join("\\u" + form % ord(character) for character in name)


def _text(make: Callable[[str], str], codec: str = "utf-8", mark: bytes = b"") -> Form:
    return lambda name: mark + make(name).encode(codec, "surrogateescape")


def _value(value: str) -> Form:
    return _text(lambda name: said(name, value=value))


def _beside(text: str) -> Form:
    """A member beside ``env``; ``\\udcXX`` stands for the byte XX."""
    return _text(lambda name: said(name, before=text + ","))


def _around(before: str = "", after: str = "", inside: str = "") -> Form:
    return _text(lambda name: before + "{" + inside + said(name)[1:] + after)


def _twice(first: str, second: str) -> Form:
    return _text(lambda name: "{" + (first + "," + second).replace("NAME", name).replace("ESCAPED", escaped(name)) + "}")


ENCODINGS: dict[str, Form] = {
    "plain": _text(said),
    "UTF-8 with a mark": _text(said, "utf-8", b"\xef\xbb\xbf"),
    "UTF-8 with two marks": _text(said, "utf-8", b"\xef\xbb\xbf" * 2),
    "UTF-16LE with a mark": _text(said, "utf-16-le", b"\xff\xfe"),
    "UTF-16LE with a mark and an odd byte": lambda name: b"\xff\xfe" + said(name).encode("utf-16-le") + b" ",
    "UTF-16LE with two marks": _text(said, "utf-16-le", b"\xff\xfe" * 2),
    "UTF-16BE with a mark": _text(said, "utf-16-be", b"\xfe\xff"),
    "UTF-16LE": _text(said, "utf-16-le"),
    "UTF-16BE": _text(said, "utf-16-be"),
    "UTF-32LE with a mark": _text(said, "utf-32-le", b"\xff\xfe\0\0"),
    "UTF-32LE": _text(said, "utf-32-le"),
    "a byte that is no text, in the value": _value('"of=\udcff"'),
    "a byte that is no text, in another value": _beside('"x": "\udcff"'),
    "a byte that is no text, in another name": _beside('"\udcff": 1'),
    "a byte that is no text, between": _around(inside="\udcff"),
    "a byte that is no text, in front": _around("\udcff"),
    "a byte that is no text, behind": _around(after="\udcff"),
    "half a pair in UTF-8": _value('"of=\udced\udca0\udc80"'),
    "half a pair": _value('"of=\\ud800"'),
    "a pair": _value('"of=\\ud83d\\ude00"'),
}

NAMES: dict[str, Form] = {
    "one escape": _text(lambda name: said(escaped(name[0]) + name[1:])),
    "all escapes": _text(lambda name: said(escaped(name))),
    "all escapes, large digits": _text(lambda name: said(escaped(name, "%04X"))),
    "env in escapes": _text(lambda name: said(name, env=escaped("env"))),
    "env and the name in escapes": _text(lambda name: said(escaped(name), env=escaped("env", "%04X"))),
    "a large U": _text(lambda name: said("\\U" + escaped(name[0])[2:] + name[1:])),
    "env twice": _twice('"env":{"NAME":"one"}', '"env":{"NAME":"two"}'),
    "env twice, the second empty": _twice('"env":{"NAME":"one"}', '"env":{}'),
    "env twice, once in escapes": _twice('"env":{"NAME":"one"}', f'"{escaped("env")}":{{"NAME":"two"}}'),
    "the name twice": _text(lambda name: '{"env":{"' + name + '":"one","' + name + '":"two"}}'),
    "the name twice, once in escapes": _text(lambda name: '{"env":{"' + escaped(name) + '":"one","' + name + '":"two"}}'),
    "Env": _text(lambda name: said(name, env="Env")),
}

SYNTAX: dict[str, Form] = {
    "an integer of 5,000 digits": _beside('"x": ' + "1" * 5000),
    "a number beyond all": _beside('"x": 1e400'),
    "nesting of 3,000": _beside('"x": ' + "[" * 3000 + "]" * 3000),
    "nesting of 3,000 objects": _beside('"x": ' + '{"a":' * 3000 + "1" + "}" * 3000),
    "nesting of 9,000": _beside('"x": ' + "[" * 9000 + "]" * 9000),
    "nesting in env": _text(lambda name: said(name)[:-2] + ',"X":' + "[" * 3000 + "]" * 3000 + "}}"),
    **{f"a number {text}": _beside(f'"x": {text}') for text in ("NaN", "-Infinity", "01", "+1", "1.", ".5", "0x1", "1\u0661")},
    **{f"an escape {text}": _beside(f'"x": "\\{text}"') for text in ("q", "'", "u12", "u1_23", "x41")},
    **{
        f"{what} in a string": _beside(f'"x": "a{character}b"')
        for what, character in {"NUL": "\0", "a control": "\1", "a newline": "\n", "a tab": "\t", "U+2028": "\u2028"}.items()
    },
    **{
        f"{what} {where}": _around(**{where: character})
        for what, character in {"a tab": "\t", "CR": "\r", "VT": "\v", "a hard space": "\u00a0", "U+0085": "\x85"}.items()
        for where in ("before", "inside", "after")
    },
    "a line comment": _around("// hi\n"),
    "a comment": _around(inside="/* hi */"),
    "a comma at the end": _text(lambda name: said(name)[:-1] + ",}"),
    "more behind": _around(after="x"),
    "NUL behind": _around(after="\0"),
    "no end": _text(lambda name: said(name)[:-1]),
    "a list": _text(lambda name: f"[{said(name)}]"),
    "nothing": _text(lambda name: ""),
    "100 kB of blanks": _around(" " * 100_000),
}

VALUES: dict[str, Form] = {
    f"the value {text}": _value(text)
    for text in (
        *("0", "-0", "1.5", "1.0", "0.1e1", "1e-7", "0.000001", "1E21", "1e20", "1e400", "-1e400"),
        *("123456789012345678901234567890", "0.1", "5e-324", "true", "false", "null", '""', "[]", "[1, 2]", '[["of=file"]]'),
        *('["a", null, [], "b"]', '{"a": 1}'),
    )
}

FORMS = {**ENCODINGS, **NAMES, **SYNTAX, **VALUES}
