"""
From a profile file to the store: whatever a person may write there arrives unchanged.

The problem it owns: between the two stand our encoding and the parsers of two releases of claude, which drop everything
over one bad character. The parsers are the model that is held against the real ones.
"""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from claude_attributes import arrives
from google.protobuf.json_format import ParseDict
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from plans import PORTS, placed
from real_claude import VERSIONS
from stored import store

from cclaunch import otel
from cclaunch.compiled.plan import compile_plan
from cclaunch.errors import CclaunchError
from cclaunch.hot.compose import compose
from cclaunch.hot.paths import Paths
from cclaunch.hot.selection import Selection
from cclaunch.otlp.decode import decode_logs
from cclaunch.profiles.attributes import MOST_WRITTEN, check_attribute, check_together
from cclaunch.profiles.disk import write_profile
from cclaunch.profiles.edit import edited
from cclaunch.store import reader


def allowed(key: str, value: str) -> bool:
    """Say whether the rules let *key* = *value* be written."""
    try:
        check_attribute(key, value)
    except CclaunchError:
        return False
    return True


def together(pairs: Mapping[str, str]) -> bool:
    """Say whether the rules let *pairs* stand in one profile."""
    try:
        check_together(pairs)
    except CclaunchError:
        return False
    return True


KEYS = st.from_regex(r"\A[A-Za-z][A-Za-z0-9._-]{0,12}\Z")
VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)
PROFILES = (
    st.lists(st.tuples(KEYS, VALUES).filter(lambda pair: allowed(*pair)), max_size=12, unique_by=lambda pair: pair[0])
    .map(dict)
    .filter(together)
)


def composed(base: Path, attributes: Mapping[str, str]) -> str:
    """Return the variable that a launch composes of a profile file that says *attributes*."""
    paths = Paths(*(str(base / name) for name in ("config", "state", "cache", "data")))
    changes: dict[tuple[str, ...], str | bool | float | None] = {("attributes", key): value for key, value in attributes.items()}
    write_profile(paths, "p", edited("p", "", changes, "p.toml").encode())
    plan = compile_plan(paths, "/home/me", write=False)
    assert plan.profiles["p"].trouble == ""
    made = compose(plan, {}, placed(), PORTS, "id-1", Selection("p", "use"))
    assert made.dropped == []
    return made.environ[otel.RESOURCE_ATTRIBUTES]


def stored(path: Path, resource: Mapping[str, str], copies: Mapping[str, str]) -> dict[str, object]:
    """Return what the store says of an event with these attributes on its resource and on itself."""
    pairs = [[{"key": key, "value": {"stringValue": value}} for key, value in found.items()] for found in (resource, copies)]
    record = {"timeUnixNano": str(time.time_ns()), "body": {"stringValue": "claude_code.user_prompt"}, "attributes": pairs[1]}
    tree = {"resourceLogs": [{"resource": {"attributes": pairs[0]}, "scopeLogs": [{"logRecords": [record]}]}]}
    store(path, decode_logs(ParseDict(tree, ExportLogsServiceRequest())))
    connection = reader.open_reader(str(path))
    try:
        (event,) = reader.events(connection)
        return event.attributes
    finally:
        connection.close()


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(attributes=PROFILES)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_profile_says_arrives_unchanged(version: str, attributes: dict[str, str]) -> None:
    """Any Unicode, through the file, our encoding, the parsers of the release, and the store."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        found = arrives(version, composed(base, attributes))

        expected = {**attributes, "cclaunch.profile": "p", "service.instance.id": "id-1"}
        assert (found.resource, found.copies) == (expected, expected)
        assert stored(base / "telemetry.db", found.resource, found.copies) == expected


@pytest.mark.parametrize("version", VERSIONS)
def test_as_many_attributes_as_may_be_written_arrive(tmp_path: Path, version: str) -> None:
    """The limit of the rules is below the limit of claude."""
    attributes = {f"key.{number}": "ö" * 42 for number in range(MOST_WRITTEN)}

    found = arrives(version, composed(tmp_path, attributes))

    assert attributes.items() <= found.copies.items()
