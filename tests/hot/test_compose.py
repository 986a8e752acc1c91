"""The composer: routing, privacy and resource attributes, each with the trap it closes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plans import PORTS, Profile, placed, planned

from cclaunch import otel
from cclaunch.config.model import Config, Privacy, Telemetry
from cclaunch.hot.attributes import decode, encode, parse_attributes
from cclaunch.hot.claims import Claims
from cclaunch.hot.compose import Composition, compose
from cclaunch.hot.marks import BLOCK, BY_BLOCK, LAUNCH, SHELL_ATTRIBUTES, hash8, mark_of, own_exports
from cclaunch.hot.ports import Ports
from cclaunch.hot.selection import Selection, select


def composed(
    environ: dict[str, str] | None = None,
    config: Config | None = None,
    attributes: dict[str, str] | None = None,
    instance_id: str = "id-1",
    ports: Ports = PORTS,
    *,
    stated: dict[str, str] | None = None,
    profile: Profile | None = None,
    claims: Claims | None = None,
) -> Composition:
    """Compose for *environ* with the plan of *config*."""
    plan = planned(config, {"p": profile} if profile else None)
    selection = Selection("p", "use") if profile else None
    return compose(plan, environ or {}, placed(attributes, stated), ports, instance_id, selection, claims)


def test_an_empty_environment_gets_the_whole_routing_set() -> None:
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


def test_an_http_protocol_goes_to_the_http_port() -> None:
    """grpc on 4318 or http on 4317 would lose everything in silence."""
    environ = composed(config=Config(telemetry=Telemetry(protocol="http/json"))).environ

    assert environ[otel.ENDPOINT] == "http://127.0.0.1:4318"


def test_the_endpoint_follows_the_collector_to_a_free_port() -> None:
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
def test_a_leftover_of_the_shell_is_displaced_and_named(name: str) -> None:
    """One such variable silently redirects, starves or relabels the export."""
    made = composed({name: "1", "PATH": "/bin"})

    assert name not in made.environ
    assert made.displaced == {name: "1"}
    assert made.environ["PATH"] == "/bin"


def test_a_value_that_is_the_same_is_not_worth_a_word() -> None:
    """The old hand-made exports of the same set-up displace nothing."""
    assert composed({otel.ENABLE: "1", otel.PROTOCOL: "grpc"}).displaced == {}


@pytest.mark.parametrize("release", ["this one", "0.1.1"])
def test_what_our_own_block_exported_goes_silently(release: str) -> None:
    """The mark knows it by its value; so does that of a first release, in a shell that is open since."""
    value = "http://127.0.0.1:9999"
    mark = mark_of(BY_BLOCK, {otel.ENDPOINT: value}) if release == "this one" else f",{otel.ENDPOINT}:{hash8(value)}"

    made = composed({otel.ENDPOINT: value, BLOCK: mark})

    assert made.displaced == {}
    assert made.environ[otel.ENDPOINT] == "http://127.0.0.1:4317"


@pytest.mark.parametrize("release", ["this one", "0.1.1"])
def test_a_block_variable_changed_by_hand_is_named(release: str) -> None:
    """The hash no longer fits, so a person set it."""
    was = {otel.ENDPOINT: "http://127.0.0.1:9999"}
    mark = mark_of(BY_BLOCK, was) if release == "this one" else f"{otel.ENDPOINT}:{hash8(was[otel.ENDPOINT])}"

    made = composed({otel.ENDPOINT: "http://other", BLOCK: mark})

    assert made.displaced == {otel.ENDPOINT: "http://other"}


def test_routing_can_be_left_to_the_environment() -> None:
    """telemetry.routing = "environment" touches none of it."""
    made = composed({otel.ENDPOINT: "http://mine"}, Config(telemetry=Telemetry(routing="environment")))

    assert made.environ[otel.ENDPOINT] == "http://mine"
    assert otel.ENABLE not in made.environ


def test_privacy_is_explicit_and_off() -> None:
    """Unset would leave it to claude's settings files."""
    environ = composed().environ

    assert {environ[name] for name in otel.PRIVACY.values()} == {"0"}


def test_privacy_follows_config_then_shell() -> None:
    """The shell wins over the config."""
    config = Config(privacy=Privacy(prompts=True, tool_details=True))

    environ = composed({otel.LOG_TOOL_DETAILS: "0"}, config).environ

    assert (environ[otel.LOG_USER_PROMPTS], environ[otel.LOG_TOOL_DETAILS]) == ("1", "0")


def test_grpc_is_kept_off_every_proxy() -> None:
    """The lower-case name is the only one that claude's gRPC obeys; what it held stays."""
    environ = composed({"http_proxy": "http://proxy", "no_proxy": "corp.example,localhost"}).environ

    assert environ["no_grpc_proxy"] == "corp.example,localhost,127.0.0.1,::1"


def test_the_shells_attributes_win_over_the_automatic_ones() -> None:
    """Key by key, and the instance id is always this launch's."""
    made = composed(
        {otel.RESOURCE_ATTRIBUTES: "team=a,vcs.repository.name=theirs,service.instance.id=old"},
        attributes={"vcs.repository.name": "ours"},
    )

    assert made.attributes == {"vcs.repository.name": "theirs", "team": "a", "service.instance.id": "id-1"}


def test_a_bad_value_of_the_shell_is_mended_instead_of_losing_all() -> None:
    """A raw space makes 2.1.197 drop every attribute; encoded it arrives."""
    made = composed({otel.RESOURCE_ATTRIBUTES: "team=data eng,city=Köln"}, instance_id="")

    assert made.environ[otel.RESOURCE_ATTRIBUTES] == "team=data%20eng,city=K%C3%B6ln"


@pytest.mark.parametrize("item", ["team", "=x", "a=b=c", "te am=x", "größe=x", "1a=x", f"long={'x' * 256}"])
def test_an_item_that_cannot_be_sent_is_left_out_and_named(item: str) -> None:
    """The rest of the attributes survives."""
    found, dropped = parse_attributes(f"{item},ok=1")

    assert found == {"ok": "1"}
    assert len(dropped) == 1


def test_without_an_instance_id_the_temporality_is_left_to_claude() -> None:
    """Cumulative series of two processes would mix without one."""
    assert otel.TEMPORALITY not in composed(instance_id="").environ


def test_at_most_a_hundred_attributes_are_sent() -> None:
    """Events hold 128 attributes in all, and lose their name beyond."""
    made = composed(attributes={f"k{number}": "v" for number in range(120)}, instance_id="")

    assert made.environ[otel.RESOURCE_ATTRIBUTES].count("=") == 100
    assert len(made.dropped) == 20


ESCAPES = ["%", "%2", "%2C", "%41", "%zz", "%25", "%%", "a", "4", " ", "é"]
LIKE_ESCAPES = st.lists(st.sampled_from(ESCAPES), max_size=6).map("".join)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | LIKE_ESCAPES)
@example("100%41")
def test_decoding_gives_back_what_was_encoded(value: str) -> None:
    """Whatever the value holds, the encoded text is plain and means the same."""
    text = encode(value)

    assert text.isascii()
    assert not set(text) & set(",;=\\ \"'")
    assert decode(text) == value


def attributes_of(made: Composition) -> dict[str, str]:
    """Return the resource attributes that claude gets, without the launch's own id."""
    found, dropped = parse_attributes(made.environ.get(otel.RESOURCE_ATTRIBUTES, ""))
    assert dropped == []
    found.pop("service.instance.id", None)
    return found


def test_the_profile_wins_over_the_shell_over_the_place_over_the_automatic() -> None:
    """Key by key, and each attribute knows where it came from."""
    made = composed(
        {otel.RESOURCE_ATTRIBUTES: "a=shell,b=shell"},
        attributes={key: "automatic" for key in "abcd"},
        stated={key: "place" for key in "abc"},
        profile=({"a": "profile"}, {}, ""),
    )

    assert attributes_of(made) == {"cclaunch.profile": "p", "a": "profile", "b": "shell", "c": "place", "d": "automatic"}
    assert [made.origins[key] for key in "abcd"] == ["profile p", "shell", ".cclaunch.toml", "automatic"]


def test_only_the_launch_says_which_profile_and_which_process_it_is() -> None:
    """A shell that exports them, or a repository that states them, would bill somebody else."""
    own = "cclaunch.profile=boss,service.instance.id=old"

    made = composed({otel.RESOURCE_ATTRIBUTES: own}, stated={"cclaunch.profile": "boss"}, instance_id="")

    assert attributes_of(made) == {}


@pytest.mark.parametrize(("shell", "value", "source"), [(None, "1", "profile p"), ("0", "0", "shell"), ("", "1", "profile p")])
def test_privacy_follows_the_profile_unless_the_shell_says_otherwise(shell: str | None, value: str, source: str) -> None:
    """An empty variable of the shell says nothing."""
    environ = {} if shell is None else {otel.LOG_USER_PROMPTS: shell}

    made = composed(environ, profile=({}, {otel.LOG_USER_PROMPTS: "1"}, ""))

    assert (made.environ[otel.LOG_USER_PROMPTS], made.sources[otel.LOG_USER_PROMPTS]) == (value, source)


def test_a_profile_moves_claude_to_its_directory_and_the_shells_is_named() -> None:
    """Another login, another set of settings: worth a word."""
    made = composed({otel.CONFIG_DIR: "/mine"}, profile=({}, {}, "/theirs"))

    assert made.environ[otel.CONFIG_DIR] == "/theirs"
    assert made.displaced == {otel.CONFIG_DIR: "/mine"}


def test_a_nested_launch_starts_from_what_the_hand_had_set() -> None:
    """Neither the outer profile's attributes nor its routing count as the shell's; the person's own attribute does."""
    outer = composed({otel.RESOURCE_ATTRIBUTES: "cost=9"}, profile=({"team": "a"}, {otel.LOG_USER_PROMPTS: "1"}, "/theirs"))

    inner = composed(outer.environ, instance_id="id-2")

    assert attributes_of(inner) == {"cost": "9"}
    assert (inner.displaced, inner.environ[otel.LOG_USER_PROMPTS]) == ({}, "0")


def test_a_nested_launch_inside_claude_finds_the_hands_attributes_again() -> None:
    """Claude takes every OTEL_ variable away from what it starts."""
    outer = composed({otel.RESOURCE_ATTRIBUTES: "cost=9"}, profile=({"team": "a"}, {}, ""))
    inside = {name: value for name, value in outer.environ.items() if not name.startswith("OTEL_")}

    assert attributes_of(composed({**inside, "CLAUDECODE": "1"})) == {"cost": "9"}
    assert attributes_of(composed(inside)) == {}


def test_attributes_set_by_hand_after_our_own_count_as_the_hands() -> None:
    """The mark holds for one value only."""
    outer = composed(profile=({"team": "a"}, {}, ""))

    assert attributes_of(composed({**outer.environ, otel.RESOURCE_ATTRIBUTES: "team=b"})) == {"team": "b"}


def test_what_is_composed_is_marked_as_ours() -> None:
    """All of it but what is the shell's own."""
    made = composed({otel.LOG_TOOL_DETAILS: "1"}, profile=({"team": "a"}, {}, "/theirs"))

    ours = own_exports(made.environ, otel.EXPORTED)

    assert {otel.ENDPOINT, otel.RESOURCE_ATTRIBUTES, otel.CONFIG_DIR, otel.LOG_USER_PROMPTS} <= ours
    assert otel.LOG_TOOL_DETAILS not in ours
    assert SHELL_ATTRIBUTES not in made.environ


def test_all_that_a_launch_exports_fits_into_one_short_mark() -> None:
    """Every process below inherits it."""
    made = composed(profile=({"team": "a"}, {}, "/theirs"))

    assert own_exports(made.environ, otel.EXPORTED) == set(otel.EXPORTED)
    assert len(made.environ[BLOCK]) <= 80


def test_claudes_children_are_told_the_profile_and_the_launch_by_one_name() -> None:
    """They see no variable of OpenTelemetry; a launch inside says its own."""
    outer = composed(profile=({"team": "a"}, {}, ""), instance_id="id-1").environ

    assert outer[LAUNCH] == "p:id-1"
    assert composed(outer, instance_id="id-2").environ[LAUNCH] == ":id-2"


def test_what_is_composed_for_a_shell_names_no_launch() -> None:
    """There is none."""
    assert LAUNCH not in composed(instance_id="").environ


def test_the_persons_own_settings_count_beneath_the_shell_and_their_flag_above_it() -> None:
    """What a settings file or --settings labels by hand is not lost because we override the variable."""
    claims = Claims()
    claims.flag = "a=flag"
    claims.beneath = [("/settings.json", "a=file,b=file,c=file")]

    made = composed({otel.RESOURCE_ATTRIBUTES: "a=shell,b=shell"}, claims=claims)

    assert attributes_of(made) == {"a": "flag", "b": "shell", "c": "file"}


PROFILES: dict[str, Profile] = {name: ({}, {}, "") for name in ("named", "variable", "bound", "inner", "placed", "used")}


@pytest.mark.parametrize(
    ("missing", "name", "source"),
    [
        ((), "named", "+NAME"),
        (("named",), "variable", "CCLAUNCH_PROFILE"),
        (("named", "variable"), "bound", "bind"),
        (("named", "variable", "bound"), "placed", ".cclaunch.toml"),
        (("named", "variable", "bound", "placed"), "used", "use"),
        (("named", "variable", "bound", "placed", "used"), "", ""),
    ],
)
def test_the_first_that_names_a_profile_decides(missing: tuple[str, ...], name: str, source: str) -> None:
    """+NAME, variable, binding, place, `profile use`, none."""
    plan = planned(
        profiles=PROFILES,
        bindings=[] if "bound" in missing else [("/src", "bound")],
        active="" if "used" in missing else "used",
    )
    environ = {} if "variable" in missing else {"CCLAUNCH_PROFILE": "variable"}
    place = placed(profile="" if "placed" in missing else "placed")

    found = select(plan, place, environ, "/src/here", "" if "named" in missing else "named")

    assert (found.name, found.source, found.trouble) == (name, source, "")


def test_a_vanished_profile_is_never_replaced_by_the_next_in_line() -> None:
    """Work for one customer must not be billed to another because a file was deleted."""
    found = select(planned(profiles=PROFILES, active="used"), placed(profile="gone"), {}, "/src")

    assert (found.name, found.asked, found.source) == ("", "gone", ".cclaunch.toml")
    assert "`gone`" in found.trouble


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("/src", "bound"),
        ("/src/a", "bound"),
        ("/src/inner", "inner"),
        ("/src/inner/b", "inner"),
        ("/src-evil", ""),
        ("/wor", ""),
        ("/", ""),
    ],
)
def test_the_longest_bound_directory_counts_and_no_mere_prefix(directory: str, name: str) -> None:
    """`/src` says nothing about `/src-evil`."""
    plan = planned(profiles=PROFILES, bindings=[("/src", "bound"), ("/src/inner", "inner")])

    assert select(plan, placed(), {}, directory).name == name


def test_a_binding_of_the_root_holds_everywhere() -> None:
    """`/` has no second slash to look for."""
    assert select(planned(profiles=PROFILES, bindings=[("/", "bound")]), placed(), {}, "/any/where").name == "bound"
