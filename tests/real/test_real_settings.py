"""
Claude's own settings files against a launch, key by key and place by place, with the real claude.

The problem it owns: each of these files beats the environment, without a word. Through a launch, telemetry arrives
whole and under the launch's label, or one line says what won. (2.1.330 itself ignores some keys of a repository's
files; the launch need not know, and the rows hold for both.)
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import real_claude
from launches import Launched, Launches, as_text, assert_arrived, said
from leftovers import NOWHERE
from managed import unshare
from messages_api import MessagesApi
from real_claude import VERSIONS
from required import missing
from settings_places import MAIN, PLACES, Setting, place

from cclaunch import otel

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

KEYS: dict[str, dict[str, Any]] = {
    "the switch off": {"CLAUDE_CODE_ENABLE_TELEMETRY": "0"},
    "no exporter of metrics": {"OTEL_METRICS_EXPORTER": "none"},
    "no exporter of logs": {"OTEL_LOGS_EXPORTER": "none"},
    "console": {"OTEL_LOGS_EXPORTER": "console"},
    "another endpoint": {"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE},
    "another endpoint of logs": {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": NOWHERE},
    "another endpoint of metrics": {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": NOWHERE},
    "another protocol": {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
    "a bad protocol of logs": {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http"},
    "a bad header": {"OTEL_EXPORTER_OTLP_HEADERS": "Bad Key=1"},
    "another team": {"OTEL_RESOURCE_ATTRIBUTES": "team=x"},
    "no attributes": {"OTEL_RESOURCE_ATTRIBUTES": ""},
    "prompts": {"OTEL_LOG_USER_PROMPTS": "1"},
    "no interval": {"OTEL_METRIC_EXPORT_INTERVAL": "0"},
}
"""The keys of the table, over every place of it."""

MORE: dict[str, dict[str, Any]] = {
    "no interval, as a number": {"OTEL_METRIC_EXPORT_INTERVAL": 0},
    "the switch off, as a boolean": {"CLAUDE_CODE_ENABLE_TELEMETRY": False},
    "five attributes an event": {"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": "5"},
    "four characters a value": {"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT": "4"},
    "no session.id": {"OTEL_METRICS_INCLUDE_SESSION_ID": "false"},
    "no attributes on points and events": {"OTEL_METRICS_INCLUDE_RESOURCE_ATTRIBUTES": "false"},
    "another service.name": {"OTEL_SERVICE_NAME": "svc"},
    "a bad header of logs": {"OTEL_EXPORTER_OTLP_LOGS_HEADERS": "Bad Key=1"},
    "a timeout of 1 ms": {"OTEL_EXPORTER_OTLP_TIMEOUT": "1"},
    "a queue of one": {"OTEL_BLRP_MAX_QUEUE_SIZE": "1"},
    "delta": {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"},
    "a flush of 1 ms": {"CLAUDE_CODE_OTEL_SHUTDOWN_TIMEOUT_MS": "1"},
    "detailed tracing": {"ENABLE_BETA_TRACING_DETAILED": "1", "BETA_TRACING_ENDPOINT": NOWHERE},
    "a bad exporter of traces": {"OTEL_TRACES_EXPORTER": "x"},
    "no exemption from a proxy": {"no_grpc_proxy": "example.com"},
}
"""Keys beyond the table, in the person's own file."""

SHELL = {
    otel.RESOURCE_ATTRIBUTES: "team=platform",
    "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1",  # else an exporter of traces means nothing
    "grpc_proxy": NOWHERE,  # else an exemption from it means nothing
}
FEW = ("no interval", "another team")
CASES = [(key, where) for key in KEYS for where in MAIN]
CASES += [(key, where) for key in FEW for where in PLACES if where not in MAIN]
CASES += [(key, "user") for key in MORE]
ASKED = "prompts refused, though asked for"
REFUSED = {"OTEL_LOG_USER_PROMPTS": "0"}
BESIDE = "beside the person's own --settings"


class Ran:
    """The launches of one release: what came of each (key, place), and the file that had its say."""

    def __init__(self, launches: Launches, base: Path) -> None:
        self.launches, self.base = launches, base
        self.version = launches.claude.version
        self.files: dict[str, str] = {}
        works = {f"{key} in {where}": self._work(key, where, {**KEYS, **MORE}[key]) for key, where in CASES}
        works |= {f"{ASKED} in {where}": self._work(ASKED, where, REFUSED, OTEL_LOG_USER_PROMPTS="1") for where in MAIN}
        works[BESIDE] = self._work(BESIDE, "user", KEYS["no interval"], words=("--settings", '{"model": "claude-of-mine"}'))
        self.rows = launches.all(works)

    def _work(
        self, key: str, where: str, env: dict[str, Any], words: tuple[str, ...] = (), **shell: str
    ) -> Callable[[], Launched]:
        base = self.base / str(len(self.files))
        found: Setting = place(where, base, self.launches.sandbox.home / ".claude.json", env)
        self.files[f"{key} in {where}"] = found.file
        environ = {**SHELL, **shell, **found.environ}
        return lambda: self.launches(environ, *found.words, *words, cwd=found.work, wrap=found.wrap)


@pytest.fixture(scope="module", params=VERSIONS)
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Every row, run by each release in turn."""
    claude = real_claude.installed(request.param)
    if not claude.path.exists():
        missing(f"@anthropic-ai/claude-code@{claude.version}")
    if not unshare():
        missing("unshare with overlay mounts")
    with MessagesApi() as api:
        launches = Launches(tmp_path_factory.mktemp("rows"), claude, api)
        yield Ran(launches, tmp_path_factory.mktemp("homes"))
        left = launches.sandbox.close()
    assert not left, f"still running after `cclaunch stack down`: {left}"


def assert_line(row: Launched, beginning: str, names: set[str], file: str) -> None:
    """Assert that we say one line, which names just the variables and their file."""
    (line,) = said(row)
    assert line.startswith(f"{beginning}: ")
    listed, _, of = line.removeprefix(f"{beginning}: ").partition(" of ")
    assert set(listed.split(", ")) == names
    assert of.startswith(file)


@pytest.mark.parametrize(("key", "where"), CASES, ids=[f"{key} in {where}" for key, where in CASES])
def test_all_arrives_or_a_line_says_what_won(ran: Ran, key: str, where: str) -> None:
    """Managed settings win and are named; all else is overridden in one line, or is the person's own word."""
    row, file = ran.rows[f"{key} in {where}"], ran.files[f"{key} in {where}"]
    names = set({**KEYS, **MORE}[key])
    assert row.code == 0
    assert row.out == "Hello from the script.\n" or (key, where) == ("console", "managed")
    if where.startswith("managed"):
        assert_line(row, "managed settings win over this launch", names, file)
        return
    own_word = where.startswith("--settings") and key in ("another team", "prompts")
    assert_arrived(row, ran.version, team="x" if own_word and key == "another team" else "platform")
    assert (row.prompt in as_text(row.events)) is (own_word and key == "prompts")
    if own_word or key == "no attributes":
        assert said(row) == []
    else:
        assert_line(row, "overridden for this launch", names, file)


@pytest.mark.parametrize("where", MAIN)
def test_who_forbids_recording_is_obeyed_and_a_line_says_so(ran: Ran, where: str) -> None:
    """The shell asks for prompts, a file says no: they are not recorded, and what decided is named."""
    row, file = ran.rows[f"{ASKED} in {where}"], ran.files[f"{ASKED} in {where}"]
    assert_arrived(row, ran.version, team="platform")
    assert row.prompt not in as_text(row.events)
    if not where.startswith("--settings"):  # that is the person's own word, as the shell is
        (line,) = said(row)
        assert "OTEL_LOG_USER_PROMPTS" in line
        assert file in line


def test_the_persons_own_settings_still_count(ran: Ran) -> None:
    """What is passed against the files is merged with --settings, which claude takes only one of."""
    row = ran.rows[BESIDE]
    assert_arrived(row, ran.version, team="platform")
    assert {event["model"] for event in row.events if event["event.name"] == "api_request"} == {"claude-of-mine"}


def test_the_machine_keeps_no_managed_settings_of_ours(ran: Ran) -> None:
    """They were seen by the launch alone."""
    assert not Path("/etc/claude-code/managed-settings.d/20-ours.json").exists()
