"""
What a shell may still hold, row by row, through a launch of the real claude: all of it arrives, and one line says what went.

The problem it owns: claude loses, redirects, relabels or discloses telemetry without a word when one variable of some
sixty is off. Each row is one launch of each release into a collector that all rows share.
"""

import sqlite3
from collections.abc import Callable, Iterator

import pytest
import real_claude
from launches import Launched, Launches, as_text, assert_arrived, said
from leftovers import DROPPED, HTTP, LABELS, ROUTING, SILENT
from messages_api import MessagesApi
from real_claude import VERSIONS
from recorded import assert_complete
from required import missing

from cclaunch import otel

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

TEAM = {otel.RESOURCE_ATTRIBUTES: "team=platform"}
ANSWER = "Hello from the script.\n"
ADDED = ("app.version", "app.entrypoint", "vcs.owner.name", "vcs.repository.url.full")
"""Attributes that claude adds only when a variable asks for them."""

PRIVACY = {
    "nothing said": {},
    "prompts": {"OTEL_LOG_USER_PROMPTS": "1"},
    "responses": {"OTEL_LOG_ASSISTANT_RESPONSES": "1"},
    "prompts and responses": {"OTEL_LOG_USER_PROMPTS": "1", "OTEL_LOG_ASSISTANT_RESPONSES": "1"},
    "prompts refused": {"OTEL_LOG_USER_PROMPTS": "0"},
    "prompts left empty": {"OTEL_LOG_USER_PROMPTS": ""},
    "tool details": {"OTEL_LOG_TOOL_DETAILS": "1"},
    "tool content": {"OTEL_LOG_TOOL_CONTENT": "1"},
    "raw bodies": {"OTEL_LOG_RAW_API_BODIES": "1"},
}

Table = dict[str, Launched]


class Ran:
    """The launches of one release, and what came of every row."""

    def __init__(self, launches: Launches) -> None:
        self.launches = launches
        self.version = launches.claude.version
        grpc = {**ROUTING, **SILENT}
        works = {f"grpc {row}": self._row(leftovers) for row, leftovers in grpc.items()}
        works |= {f"label {row}": self._row({otel.RESOURCE_ATTRIBUTES: text}) for row, (text, _) in LABELS.items()}
        works |= {f"dropped {row}": self._row({otel.RESOURCE_ATTRIBUTES: text}) for row, text in DROPPED.items()}
        works |= {f"privacy {row}": self._row(switches, "run ls") for row, switches in PRIVACY.items()}
        self.rows: Table = launches.all(works)
        text = launches.sandbox.config_file.read_text()
        launches.sandbox.config_file.write_text(text.replace('"grpc"', '"http/protobuf"'))
        self.rows |= launches.all({f"http {row}": self._row(grpc[row]) for row in HTTP})

    def _row(self, leftovers: dict[str, str], prompt: str = "say hi") -> Callable[[], Launched]:
        places = {**self.launches.ports, "api": self.launches.api.url.rpartition(":")[2]}
        shell = {name: value.format(**places) for name, value in {**TEAM, **leftovers}.items()}
        more = ("--allowedTools", "Bash") if prompt == "run ls" else ()
        return lambda: self.launches(shell, *more, prompt=prompt)


@pytest.fixture(scope="module", params=VERSIONS)
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Every row, run by each release in turn."""
    claude = real_claude.installed(request.param)
    if not claude.path.exists():
        missing(f"@anthropic-ai/claude-code@{claude.version}")
    with MessagesApi() as api:
        launches = Launches(tmp_path_factory.mktemp("rows"), claude, api)
        yield Ran(launches)
        left = launches.sandbox.close()
    assert not left, f"still running after `cclaunch stack down`: {left}"


def assert_untouched(row: Launched, version: str) -> None:
    """Assert that a row arrived whole, under its label, with nothing added and nothing in stdout but the answer."""
    assert_arrived(row, version, team="platform", terminal__type="xterm-256color")
    assert row.out == ANSWER
    for one in (*row.events, *(attributes for _, attributes in row.points)):
        assert not set(ADDED) & set(one)


def assert_displaced(row: Launched, names: set[str]) -> None:
    """Assert that one line, and no other, names just the variables that had to go."""
    (line,) = row.err.splitlines()
    listed = line.removeprefix("cclaunch: displaced for this launch: ").partition(" (")[0]
    assert set(listed.split(", ")) == names


def gone(leftovers: dict[str, str]) -> set[str]:
    """Return the variables of a row that had to be displaced: what is right already stays without a word."""
    right = {
        otel.ENABLE: "1",
        otel.METRICS_EXPORTER: "otlp",
        otel.LOGS_EXPORTER: "otlp",
        otel.PROTOCOL: "grpc",
        otel.ENDPOINT: "the collector's",
    }
    harmless = {"CLAUDE_CODE_ENHANCED_TELEMETRY_BETA"}
    return {name for name, value in leftovers.items() if right.get(name, "") != value and name not in harmless}


@pytest.mark.parametrize("row", ROUTING)
def test_what_belongs_to_the_backend_is_displaced_and_named(ran: Ran, row: str) -> None:
    """Whatever of the routing the shell holds: everything arrives, and one line says what went."""
    assert_untouched(ran.rows[f"grpc {row}"], ran.version)
    assert_displaced(ran.rows[f"grpc {row}"], gone(ROUTING[row]))


@pytest.mark.parametrize("row", SILENT)
def test_what_does_no_harm_is_left_without_a_word(ran: Ran, row: str) -> None:
    """Everything arrives, and neither we nor the exporter have anything to say."""
    assert_untouched(ran.rows[f"grpc {row}"], ran.version)
    assert said(ran.rows[f"grpc {row}"]) == []
    assert "Failed to connect to proxy" not in ran.rows[f"grpc {row}"].err


@pytest.mark.parametrize("row", HTTP)
def test_rows_that_differ_by_protocol_hold_over_http_too(ran: Ran, row: str) -> None:
    """The same, with telemetry.protocol = http/protobuf."""
    assert_untouched(ran.rows[f"http {row}"], ran.version)


@pytest.mark.parametrize("row", LABELS)
def test_the_shells_attributes_arrive_as_they_were_meant(ran: Ran, row: str) -> None:
    """Also those by which a bare claude of some release loses all of them."""
    assert_arrived(ran.rows[f"label {row}"], ran.version, **LABELS[row][1])
    assert ran.rows[f"label {row}"].err == ""


@pytest.mark.parametrize("row", DROPPED)
def test_an_attribute_that_cannot_be_kept_is_named_and_the_others_arrive(ran: Ran, row: str) -> None:
    """One line on stderr, where claude says nothing and drops them all."""
    launched = ran.rows[f"dropped {row}"]
    assert_arrived(launched, ran.version, project="p")
    assert not any(key in event for event in launched.events for key in ("team", "te am", "größe", ""))
    (line,) = said(launched)
    assert "is left out" in line


def test_metrics_are_cumulative_whatever_the_shell_prefers(ran: Ran) -> None:
    """A lost export is healed by the next."""
    connection = sqlite3.connect(ran.launches.sandbox.database)
    try:
        found = connection.execute("SELECT DISTINCT temporality FROM series WHERE name LIKE 'claude_code.%'").fetchall()
    finally:
        connection.close()
    assert found == [(2,)]


DISCLOSED = {
    "prompts": {"prompts"},
    "responses": {"responses"},
    "prompts and responses": {"prompts", "responses"},
    "tool details": {"details"},
    "raw bodies": {"bodies", "prompts", "responses", "details"},
}


def disclosed(row: Launched) -> set[str]:
    """Return what of prompt, response, tool details and bodies is in the store."""
    text = as_text(row.events)
    found = {"prompts"} if row.prompt in text else set()
    found |= {"responses"} if "Done." in text else set()
    found |= {"details"} if "A step of the script" in text or '\\"command\\"' in text else set()
    return found | ({"bodies"} if any(event["event.name"] == "api_request_body" for event in row.events) else set())


@pytest.mark.parametrize("row", PRIVACY)
def test_nothing_is_recorded_that_nobody_asked_for(ran: Ran, row: str) -> None:
    """Prompt, response, tool details and bodies: each only by its own switch, and prompts do not take responses along."""
    launched = ran.rows[f"privacy {row}"]
    assert_arrived(launched, ran.version, team="platform")
    assert disclosed(launched) == DISCLOSED.get(row, set())


def test_all_launches_together_are_in_the_store_once(ran: Ran) -> None:
    """No row's event is another's, none is there twice, and none is missing."""
    assert_complete(ran.launches.sandbox, ran.launches.api, processes=ran.launches.count)
