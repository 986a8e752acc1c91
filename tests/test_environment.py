"""The composer: routing, privacy and resource attributes, each with the trap it closes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cclaunch import otel
from cclaunch.compile import plan_records
from cclaunch.config import Config, Privacy, Telemetry
from cclaunch.environment import BLOCK, Plan, Ports, compose, decode, encode, hash8, parse_attributes

PORTS = Ports("4317", "4318", "8889")


def composed(environ=None, config=None, attributes=None, instance_id="id-1", ports=PORTS):
    """Compose for *environ* with the plan of *config*."""
    return compose(Plan(plan_records(config or Config())), environ or {}, attributes or {}, ports, instance_id)


def test_an_empty_environment_gets_the_whole_routing_set():
    """Switch, exporters, protocol, endpoint and temporality are all explicit."""
    environ = composed().environ

    assert environ[otel.ENABLE] == "1"
    assert (environ[otel.METRICS_EXPORTER], environ[otel.LOGS_EXPORTER], environ[otel.TRACES_EXPORTER]) == (
        "otlp",
        "otlp",
        "none",
    )
    assert (environ[otel.PROTOCOL], environ[otel.ENDPOINT]) == ("grpc", "http://127.0.0.1:4317")
    assert environ[otel.TEMPORALITY] == "cumulative"


def test_an_http_protocol_goes_to_the_http_port():
    """grpc on 4318 or http on 4317 would lose everything in silence."""
    environ = composed(config=Config(telemetry=Telemetry(protocol="http/json"))).environ

    assert environ[otel.ENDPOINT] == "http://127.0.0.1:4318"


def test_the_endpoint_follows_the_collector_to_a_free_port():
    """When 4317 was taken, the environment carries the port that ours took."""
    assert composed(ports=Ports("50001", "50002", "50003")).environ[otel.ENDPOINT] == "http://127.0.0.1:50001"


@pytest.mark.parametrize(
    "name",
    [
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        "OTEL_METRIC_EXPORT_INTERVAL",
        "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_METRICS_INCLUDE_SESSION_ID",
        "OTEL_SERVICE_NAME",
        "OTEL_BLRP_MAX_QUEUE_SIZE",
        "BETA_TRACING_ENDPOINT",
    ],
)
def test_a_leftover_of_the_shell_is_displaced_and_named(name):
    """One such variable silently redirects, starves or relabels the export."""
    made = composed({name: "1", "PATH": "/bin"})

    assert name not in made.environ
    assert made.displaced == {name: "1"}
    assert made.environ["PATH"] == "/bin"


def test_a_value_that_is_the_same_is_not_worth_a_word():
    """The old hand-made exports of the same set-up displace nothing."""
    assert composed({otel.ENABLE: "1", otel.PROTOCOL: "grpc"}).displaced == {}


def test_what_our_own_block_exported_goes_silently():
    """__CCLAUNCH_BLOCK names it with the hash of its value."""
    value = "http://127.0.0.1:9999"

    made = composed({otel.ENDPOINT: value, BLOCK: f"{otel.ENDPOINT}:{hash8(value)}"})

    assert made.displaced == {}
    assert BLOCK not in made.environ


def test_a_block_variable_changed_by_hand_is_named():
    """The hash no longer fits, so a person set it."""
    made = composed({otel.ENDPOINT: "http://other", BLOCK: f"{otel.ENDPOINT}:{hash8('http://127.0.0.1:9999')}"})

    assert made.displaced == {otel.ENDPOINT: "http://other"}


def test_routing_can_be_left_to_the_environment():
    """telemetry.routing = "environment" touches none of it."""
    made = composed({otel.ENDPOINT: "http://mine"}, Config(telemetry=Telemetry(routing="environment")))

    assert made.environ[otel.ENDPOINT] == "http://mine"
    assert otel.ENABLE not in made.environ


def test_privacy_is_explicit_and_off():
    """Unset would leave it to claude's settings files."""
    environ = composed().environ

    assert {environ[name] for name in otel.PRIVACY.values()} == {"0"}


def test_privacy_follows_config_then_shell():
    """The shell wins over the config."""
    config = Config(privacy=Privacy(prompts=True, tool_details=True))

    environ = composed({otel.LOG_TOOL_DETAILS: "0"}, config).environ

    assert (environ[otel.LOG_USER_PROMPTS], environ[otel.LOG_TOOL_DETAILS]) == ("1", "0")


def test_grpc_is_kept_off_every_proxy():
    """The lower-case name is the only one that claude's gRPC obeys; what it held stays."""
    environ = composed({"http_proxy": "http://proxy", "no_proxy": "corp.example,localhost"}).environ

    assert environ["no_grpc_proxy"] == "corp.example,localhost,127.0.0.1,::1"


def test_the_shells_attributes_win_over_the_automatic_ones():
    """Key by key, and the instance id is always this launch's."""
    made = composed(
        {otel.RESOURCE_ATTRIBUTES: "team=a,vcs.repository.name=theirs,service.instance.id=old"},
        attributes={"vcs.repository.name": "ours"},
    )

    assert made.attributes == {"vcs.repository.name": "theirs", "team": "a", "service.instance.id": "id-1"}


def test_a_bad_value_of_the_shell_is_mended_instead_of_losing_all():
    """A raw space makes 2.1.197 drop every attribute; encoded it arrives."""
    made = composed({otel.RESOURCE_ATTRIBUTES: "team=data eng,city=Köln"}, instance_id="")

    assert made.environ[otel.RESOURCE_ATTRIBUTES] == "team=data%20eng,city=K%C3%B6ln"


@pytest.mark.parametrize("item", ["team", "=x", "a=b=c", "te am=x", "größe=x", "1a=x", f"long={'x' * 256}"])
def test_an_item_that_cannot_be_sent_is_left_out_and_named(item):
    """The rest of the attributes survives."""
    found, dropped = parse_attributes(f"{item},ok=1")

    assert found == {"ok": "1"}
    assert len(dropped) == 1


def test_without_an_instance_id_the_temporality_is_left_to_claude():
    """Cumulative series of two processes would mix without one."""
    assert otel.TEMPORALITY not in composed(instance_id="").environ


def test_at_most_a_hundred_attributes_are_sent():
    """Events hold 128 attributes in all, and lose their name beyond."""
    made = composed(attributes={f"k{number}": "v" for number in range(120)}, instance_id="")

    assert made.environ[otel.RESOURCE_ATTRIBUTES].count("=") == 100
    assert len(made.dropped) == 20


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_decoding_gives_back_what_was_encoded(value):
    """Whatever the value holds, the encoded text is plain and means the same."""
    text = encode(value)

    assert text.isascii()
    assert not set(text) & set(",;=\\ \"'")
    assert decode(text) == value
