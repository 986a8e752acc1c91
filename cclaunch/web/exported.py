"""
The screen as one file: the modules, the style and the answers of a range in one HTML text, which asks nobody for anything.

The problem it owns: a file is opened from disk, sent to others, and kept for years. So it holds all that it needs; its policy
lets one script and one style of ours run, known by their hashes, and nothing be loaded; and whatever a name in the answers is
made of, it stays text: the answers are pure ASCII, in which no tag can begin or end.
"""

import base64
import hashlib
import json
import re
from typing import Any

from cclaunch.errors import UsageError
from cclaunch.web.assets import HERE
from cclaunch.web.joined import joined

MOST_BYTES = 32_000_000
"""A file may be so large; a browser shows it still."""

POLICY = "default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; form-action 'none'"
PLOT = "vendor/uplot-1.6.32"
STYLES = (f"{PLOT}/uPlot.min.css", "page.css", "exported.css")
TEMPLATE = re.compile(r'<template id="view-(?:overview|sessions|tools|capture)">.*?</template>', re.DOTALL)
HOLE = re.compile(r"<!-- (policy|style|templates|answers|script) -->")
ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\x7f": "\\u007f"})


def exported(answers: dict[str, Any]) -> bytes:
    """
    Return the text of a file that shows *answers* (of `answers.exported`).

    Raises:
        UsageError: It would be larger than MOST_BYTES.
        OSError: The installation is not whole.
    """
    script, style = _script(), "\n".join(map(_read, STYLES))
    parts = {
        "policy": POLICY.format(script=_hash(script), style=_hash(style)),
        "style": style,
        "templates": "\n".join(TEMPLATE.findall(_read("page.html"))),
        "answers": as_data(answers),
        "script": script,
    }
    made = HOLE.sub(lambda found: parts[found[1]], _read("exported.html.in")).encode("utf-8")
    if len(made) > MOST_BYTES:
        raise UsageError(
            f"the file would have {len(made) // 1_000_000} MB, and {MOST_BYTES // 1_000_000} MB are the most",
            hint="say a later --since, or fewer profiles with --profile",
        )
    return made


def as_data(answers: dict[str, Any]) -> str:
    """Return *answers* as JSON that can stand in an element of a page, whatever is in them."""
    return json.dumps(answers, separators=(",", ":"), allow_nan=False).translate(ESCAPED)


def _script() -> str:
    modules = {path.name: path.read_text("utf-8") for path in HERE.glob("*.js")}
    licence = f"/*! uPlot\n\n{_read(f'{PLOT}/LICENSE')}*/"  # a copy is handed on, so what its authors ask goes with it
    return f"{licence}\n{_read(f'{PLOT}/uPlot.iife.min.js')}\n{joined('exported.js', modules)}"


def _read(name: str) -> str:
    return (HERE / name).read_text("utf-8")


def _hash(text: str) -> str:
    """Return the source of a policy that allows *text* alone."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
