"""The text of a file: its policy lets its own script and style alone run, and what is in its data stays data."""

import base64
import hashlib
import json
import re

import pytest

from cclaunch.errors import UsageError
from cclaunch.web import exported as module
from cclaunch.web.assets import HERE
from cclaunch.web.exported import as_data, exported

HOSTILE = "</script><script>alert(1)</script><!--\u2028\u2029\u202e&lt;\x7f\x00\ud800<!-- script -->"


@pytest.fixture
def text() -> str:
    """A file with a hostile answer."""
    return exported({"name": HOSTILE}).decode("utf-8")


def test_the_policy_knows_the_script_and_the_style_by_their_hashes(text: str) -> None:
    """And lets nothing else run, nor anything be loaded."""
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert found is not None
    policy = dict(part.split(" ", 1) for part in found[1].split("; "))
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)

    def hash_of(one: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'"

    assert policy == {
        "default-src": "'none'",
        "script-src": hash_of(script),
        "style-src": hash_of(style),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_is_asked_of_an_address(text: str) -> None:
    """No element has one."""
    assert not re.findall(r"<[^>]*\s(?:src|href|srcset|action|data)=[^>]*>", text.partition("<script")[0])
    assert "url(" not in text.partition("</style>")[0]
    assert "@import" not in text


def test_the_licence_of_what_is_not_ours_goes_with_it(text: str) -> None:
    """The file is a copy that is given away; the words stand before the script, as a comment."""
    licence = (HERE / module.PLOT / "LICENSE").read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)

    assert script.startswith(f"/*! uPlot\n\n{licence}*/")
    assert "*/" not in licence


def test_data_ends_no_element_and_comes_back_whole(text: str) -> None:
    """Whatever a name is made of: markup, what ends a line for JavaScript, halves of a pair, the holes of our own text."""
    (data,) = re.findall(r'<script type="application/json" id="answers">(.*?)</script>', text, re.DOTALL)
    assert json.loads(data) == {"name": HOSTILE}
    assert data.isascii()
    assert not set(data) & set("<>&\x7f\n")


def test_data_that_is_no_number_is_refused() -> None:
    """A browser could not read it."""
    with pytest.raises(ValueError, match="JSON"):
        as_data({"cost": float("nan")})


def test_a_file_that_would_be_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what makes it smaller."""
    monkeypatch.setattr(module, "MOST_BYTES", 1_000_000)
    with pytest.raises(UsageError) as told:
        exported({"name": "x" * 1_000_000})
    assert "--since" in told.value.hint


def test_the_views_are_those_of_the_page(text: str) -> None:
    """Taken from its own text; the story of a session is not among them."""
    assert re.findall(r'<template id="view-([a-z]+)">', text) == ["overview", "sessions", "tools", "capture"]
