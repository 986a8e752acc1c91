"""
How claude reads a settings file, byte form by byte form: our model against the real claudes.

The problem it owns: a form that claude obeys and we do not see beats a launch in silence. Many forms cost one run each
release, as files of ``managed-settings.d`` that a hook of the same folder shows the outcome of; what a release refuses there,
and how the other places read, a few runs more tell.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import real_claude
from managed import managed, unshare
from messages_api import MessagesApi
from real_claude import Claude
from required import missing
from sandbox import Sandbox
from settings_forms import FORMS, Form

from cclaunch.compiled.claims import env_of
from cclaunch.files.claude_json import decode_json, loads

pytestmark = pytest.mark.real

RELEASES = ("2.1.170", *real_claude.VERSIONS)
IGNORING = ("2.1.170", "2.1.197")
"""Releases that run without a managed file that they cannot read; newer ones end."""

NAME = "OF_A_FORM_{}"
EVERYWHERE: tuple[str, ...] = ("UTF-16LE with a mark", "a byte that is no text, in another value", "env and the name in escapes")
EVERYWHERE += ("env twice", "an integer of 5,000 digits", "nesting of 3,000", "more behind")
NOT_IN_STATE = ("UTF-16LE with a mark", "more behind")
"""Of these claude says that its state file is corrupted, and ends."""

PLACES = ("state", "user", "flag", "project", "local")
REPOSITORY = ("project", "local")


def model(form: Form, name: str) -> str | None:
    """Return what we see the file set *name* to; None for nothing."""
    try:
        return dict(env_of(loads(decode_json(form(name))))).get(name)
    except ValueError:
        return None


class Reader:
    """One release, which is shown settings files and says what environment came of them."""

    def __init__(self, base: Path, claude: Claude, api: MessagesApi) -> None:
        self.base, self.claude, self.api = base, claude, api
        self.count = 0

    def __call__(self, dropped: Mapping[str, bytes], placed: Mapping[str, bytes] | None = None) -> dict[str, str]:
        """Return the environment of a run with files *dropped* into the managed ones, and others *placed*."""
        self.count += 1
        base = self.base / str(self.count)
        base.mkdir()
        sandbox = Sandbox(base)
        real_claude.prepare(sandbox, self.claude, self.api.url)
        words = _place(sandbox, placed or {})
        command = managed(["claude", *words, "-p", "say hi"], base, "")
        folder = base / "etc" / "claude-code" / "managed-settings.d"
        hook = {"type": "command", "command": f"env -0 > '{base}/seen'"}
        (folder / "00.json").write_text(json.dumps({"hooks": {"SessionStart": [{"hooks": [hook]}]}}))
        for number, data in enumerate(dropped.values(), 10):
            (folder / f"{number:04d}.json").write_bytes(data)
        done = sandbox.run(command, timeout=300)
        assert (base / "seen").exists(), f"the hook did not run: {done.stdout!r} {done.stderr!r}"
        found = (one.decode("utf-8").partition("=") for one in (base / "seen").read_bytes().split(b"\0"))
        return {name: value for name, _, value in found}


def _place(sandbox: Sandbox, placed: Mapping[str, bytes]) -> list[str]:
    """Write *placed* where they belong, and return the words for claude."""
    paths = {
        "state": sandbox.home / ".claude.json",
        "user": sandbox.home / ".claude" / "settings.json",
        "project": sandbox.work / ".claude" / "settings.json",
        "local": sandbox.work / ".claude" / "settings.local.json",
        "flag": sandbox.work / "mine.json",
    }
    for place, data in placed.items():
        paths[place].parent.mkdir(exist_ok=True)
        paths[place].write_bytes(data)
    return ["--settings", "mine.json"] if "flag" in placed else []


@pytest.fixture(scope="module", params=RELEASES)
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Each release in turn."""
    claude = real_claude.installed(request.param)
    if not claude.path.exists():
        missing(f"@anthropic-ai/claude-code@{claude.version}")
    if not unshare():
        missing("unshare with overlay mounts")
    with MessagesApi() as api:
        yield Reader(tmp_path_factory.mktemp("forms"), claude, api)


def test_claude_reads_each_form_as_we_do(reader: Reader) -> None:
    """The same value, to the byte; what we cannot read is nothing to a release that runs with it."""
    names = {form: NAME.format(number) for number, form in enumerate(FORMS)}
    expected = {form: model(make, names[form]) for form, make in FORMS.items()}
    refuses = reader.claude.version not in IGNORING
    shown = {form: make(names[form]) for form, make in FORMS.items() if not refuses or expected[form] is not None}

    seen = reader(shown)

    assert {form: seen.get(names[form]) for form in shown} == {form: expected[form] for form in shown}
    assert sum(value is not None for value in expected.values()) > len(FORMS) / 3


@pytest.mark.parametrize("form", EVERYWHERE)
def test_each_place_is_read_like_that(reader: Reader, form: str) -> None:
    """The person's files, the repository's and --settings. (Newer releases take few variables from a repository.)"""
    old = reader.claude.version in IGNORING
    names = {
        place: NAME.format(place)
        for place in PLACES
        if (old or place not in REPOSITORY) and not (place == "state" and form in NOT_IN_STATE)
    }

    seen = reader({}, {place: FORMS[form](name) for place, name in names.items()})

    assert {place: seen.get(name) for place, name in names.items()} == {
        place: model(FORMS[form], name) for place, name in names.items()
    }
