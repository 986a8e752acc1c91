"""
What the real claudes make of their words, held against the table that our reading is held against.

The problem it owns: ``doctor`` is a subcommand, and with ``-p`` it is a prompt that costs money; claude decides which.
A start costs most of a second, so two run at a time, and the tables of options are asked whole.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import real_claude
from api_scripts import GREETING
from claude_words import ANSWERED, COMMANDS, PROMPTS, Form
from messages_api import MessagesApi
from real_claude import OLDEST, VERSIONS, Claude, outcome
from recorded import assert_complete, assert_usage_is
from required import missing
from sandbox import Sandbox

from cclaunch.hot import words as ours
from cclaunch.hot.words import FLAGS, LIST_OPTIONS, OPTIONAL_OPTIONS, VALUE_OPTIONS
from cclaunch.launch.meant import CLAUDES, MEANT

pytestmark = pytest.mark.real

VALUES = {
    "--autocompact": "auto",
    "--effort": "low",
    "--forward-home-settings": "true",
    "--inherit-permission-mode": "plan",
    "--input-format": "text",
    "--max-budget-usd": "1",
    "--max-thinking-tokens": "1",
    "--max-turns": "1",
    "--output-format": "json",
    "--permission-mode": "plan",
    "--permission-prompts": "host",
    "--proactivity": "ask",
    "--settings": "{}",
    "--session-id": "00000000-0000-4000-8000-000000000000",
    "--setting-sources": "user",
    "--system-prompt-snapshot": "on",
    "--task-budget": "1",
    "--teammate-mode": "auto",
    "--thinking": "enabled",
    "--thinking-display": "omitted",
}
"""Values of the options that do not take every word."""

NAMES = "--initialize-fields"
"""Takes names that no help tells."""

LISTED = re.compile(r"^  (?:(-\w), )?(--[\w-]+)(?:, (--[\w-]+))?(?: ([<\[])[^\s>\]]*?(\.\.\.)?[>\]])?(?:  |$)", re.MULTILINE)


class Asked:
    """One release, with what it was asked: a home of its own, an API that answers, two starts at a time."""

    def __init__(self, base: Path, found: Claude, api: MessagesApi) -> None:
        self.sandbox = Sandbox(base)
        real_claude.prepare(self.sandbox, found, api.url)

    def all(self, forms: Iterable[Form]) -> list[str]:
        """Return what claude said to each of *forms*."""
        with ThreadPoolExecutor(2) as two:
            return list(two.map(self.one, forms))

    def one(self, words: Form) -> str:
        """Return what claude printed when it was called with *words*."""
        done: subprocess.CompletedProcess[bytes] = self.sandbox.run(["claude", *words])
        return (done.stdout or done.stderr).decode()


@pytest.fixture(scope="module", params=(OLDEST, *VERSIONS, "newest"))
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Each release in turn; what the newest does otherwise is reported only."""
    found = real_claude.newest() if request.param == "newest" else real_claude.installed(request.param)
    if found is None:
        pytest.skip("none is newer")
    if not found.path.exists():
        missing(f"@anthropic-ai/claude-code@{found.version}")
    with MessagesApi() as api:
        yield Asked(tmp_path_factory.mktemp("asked"), found, api)


@pytest.fixture(autouse=True)
def only_reported(request: pytest.FixtureRequest) -> None:
    """The newest release is never what stops the work of today."""
    if "newest" in request.node.name:
        request.applymarker(pytest.mark.xfail(reason="the newest release reads a word in another way", strict=False))


def test_every_form_of_a_prompt_reaches_the_api(asked: Asked) -> None:
    """Whatever subcommand has the same name."""
    said = asked.all(PROMPTS)
    assert [form for form, text in zip(PROMPTS, said, strict=True) if GREETING not in text] == []


def test_every_form_of_a_subcommand_is_one(asked: Asked) -> None:
    """Its help tells which."""
    said = asked.all([*form, "--help"] for form in COMMANDS)
    assert [form for form, text in zip(COMMANDS, said, strict=True) if not text.startswith("Usage: claude auth")] == []


def test_what_claude_answers_itself_reaches_no_api(asked: Asked) -> None:
    """A version or a help, also behind a prompt."""
    said = asked.all(ANSWERED)
    answers = ("Usage: claude [options]", "2.")
    assert [form for form, text in zip(ANSWERED, said, strict=True) if not text.startswith(answers)] == []


def test_a_word_that_we_refuse_is_a_prompt(asked: Asked) -> None:
    """It would cost money, so it is no subcommand, listed or hidden."""
    words = sorted(MEANT)
    said = asked.all([word] for word in words)
    assert [word for word, text in zip(words, said, strict=True) if GREETING not in text] == []


def test_no_subcommand_that_claude_lists_is_refused(asked: Asked) -> None:
    """Every one is in our table, also one that is near to nothing today."""
    listed = re.findall(r"(?m)^  ([a-z][\w|-]*)", asked.one(["--help"]).partition("\nCommands:\n")[2])
    assert len(listed) > 8
    assert {name for entry in listed for name in entry.split("|")} <= CLAUDES


def test_every_subcommand_of_our_table_is_one(asked: Asked, request: pytest.FixtureRequest) -> None:
    """Its help is not claude's own, or it asks for a login. The older releases do not have them all."""
    if VERSIONS[-1] not in request.node.name:
        pytest.skip("has others")
    words = sorted(CLAUDES)
    said = asked.all([word, "--help"] for word in words)
    assert [word for word, text in zip(words, said, strict=True) if text.startswith("Usage: claude [options]")] == []


def test_the_options_that_claude_lists_take_what_our_tables_say(asked: Asked) -> None:
    """Of every option in its help: a value, a list, perhaps a value, or none."""
    tables = {
        "<": VALUE_OPTIONS,
        "<...": LIST_OPTIONS,
        "[": OPTIONAL_OPTIONS,
        "": FLAGS | ours.ANSWERED,
    }
    found = [(names, bracket + more) for *names, bracket, more in LISTED.findall(asked.one(["--help"]))]
    assert len(found) > 50
    assert [names for names, kind in found if not {*names} - {""} <= tables[kind]] == []


def test_every_option_of_our_table_takes_a_value(asked: Asked, request: pytest.FixtureRequest) -> None:
    """None leaves its value over: then that would be the subcommand. The older releases do not know them all."""
    if "newest" not in request.node.name and VERSIONS[-1] not in request.node.name:
        pytest.skip("knows fewer options")
    words = [word for option in sorted(VALUE_OPTIONS - {NAMES}) for word in (option, VALUES.get(option, "mcp"))]
    assert asked.one([*words, "auth", "--help"]).startswith("Usage: claude auth")


@pytest.mark.parametrize("claude", VERSIONS[1:], indirect=True)
@pytest.mark.parametrize("words", [["-p", "doctor"], ["doctor", "--print"], ["-pn", "mcp", "say hi"]])
def test_a_prompt_that_is_called_like_a_subcommand_is_recorded(ready: Sandbox, api: MessagesApi, words: Form) -> None:
    """The collector wakes for it, and what it cost is there."""
    ready.configure()
    done = outcome(ready.cclaunch(*words, "--output-format", "json"))
    assert_complete(ready, api, processes=1)
    assert_usage_is(ready, api, done.micros)
