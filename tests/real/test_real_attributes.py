"""
OTEL_RESOURCE_ATTRIBUTES in the real claude: every row of what is known of its parsers, bare, without us.

The problem it owns: our encoding is right because of these rules, and the property tests rest on a model of
them. Each row is sent through each release; what arrives on the resource, on a point and on an event must be
what the model says. Rows that cannot hurt each other share a run.
"""

from collections.abc import Iterator, Mapping

import pytest
import real_claude
from bare_claude import Runner
from capture import Attributes
from claude_attributes import MOST_ON_AN_EVENT, OLD, arrives, on_record, on_resource
from messages_api import MessagesApi
from real_claude import VERSIONS
from required import missing

from cclaunch import otel
from cclaunch.hot.attributes import encode

pytestmark = pytest.mark.real

O43 = "%C3%B6" * 43

ROWS = {
    "encoded space": "{k}=a%20b",
    "encoded comma": "{k}=demo%2Cx",
    "encoded equals sign": "{k}=a%3Db",
    "encoded umlauts": "{k}=gr%C3%B6%C3%9Fe",
    "encoded Chinese": "{k}=%E6%97%A5%E6%9C%AC",
    "encoded emoji": "{k}=%F0%9F%9A%80",
    "encoded line feed": "{k}=a%0Ab",
    "encoded percent sign": "{k}=50%25",
    "encoded in lower case": "{k}=gr%c3%b6%c3%9fe",
    "spaces around": " {k} = x ",
    "tab around": "\t{k}\t=\tx\t",
    "double quotes around": '{k}="quoted"',
    "one double quote before": '{k}="half',
    "one double quote behind": '{k}=half"',
    "double quote inside": '{k}=a"b',
    "encoded double quotes": "{k}=%22q%22",
    "single quotes around": "{k}='q'",
    "empty value": "{k}=",
    "no equals sign": "{k}",
    "two equals signs": "{k}=a=b",
    "three equals signs": "{k}=a=b=c",
    "quoted equals sign": '{k}="a=b"',
    "empty items": "{k}1=x,,{k}2=y, ,{k}3=z",
    "the last of equal keys": "{k}=a,{k}=b",
    "quoted comma": '{k}="a,b"',
    "no key": "=x",
    "raw space": "{k}=a b",
    "raw tab": "{k}=a\tb",
    "raw semicolon": "{k}=a;b",
    "raw backslash": "{k}=a\\b",
    "raw umlauts": "{k}=größe",
    "raw Chinese": "{k}=日本",
    "raw marks": "{k}=!#$&'()*+-./:<>?@[]^_`{|}~",
    "percent sign alone": "{k}=%",
    "percent sign at the end": "{k}=50%",
    "percent sign with letters": "{k}=%zz",
    "escape of no UTF-8": "{k}=%FF",
    "half an escaped character": "{k}=%C3",
    "key with a space": "{k} am=x",
    "key with an umlaut": "{k}ö=x",
    "key with an escape": "{k}%20am=x",
    "key with a plus sign": "{k}+=x",
    "value of 255 characters": "{k}=" + "x" * 255,
    "value of 256 characters": "{k}=" + "x" * 256,
    "value of 258 encoded and 43 decoded characters": "{k}=" + O43,
    "value of 252 encoded characters": "{k}=" + O43[6:],
    "key of 256 characters": "{k}" + "y" * 252 + "=x",
    "key of 255 characters": "{k}" + "y" * 251 + "=x",
}
"""Name of the row -> the text; ``{k}`` becomes a key of four characters of the row's own."""

RESERVED = {
    "service.name": "foo",
    "service.version": "9",
    "host.arch": "h",
    "os.type": "o",
    "user.id": "u",
    "session.id": "s",
    "terminal.type": "t",
    "model": "m",
    "type": "tt",
    "start_type": "st",
    "event.name": "en",
    "service.instance.id": "abc",
}


def key(row: str) -> str:
    """Return the key of a *row*."""
    return f"k{list(ROWS).index(row):03d}"


def text(row: str) -> str:
    """Return what a *row* writes."""
    return ROWS[row].replace("{k}", key(row))


@pytest.fixture(scope="module", params=VERSIONS)
def bare(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """A runner of each release in turn, with every row's run behind it."""
    claude = real_claude.installed(request.param)
    if not claude.path.exists():
        missing(f"@anthropic-ai/claude-code@{claude.version}")
    with MessagesApi() as api:
        runner = Runner(tmp_path_factory.mktemp("bare"), claude, api)
        runner.prepare(["", *sorted({shared(claude.version, row) for row in ROWS})])
        yield runner


def shared(version: str, row: str) -> str:
    """Return the text of the run that *row* is part of: with all that cannot hurt it, but for a lone witness."""
    harmful = [one for one in ROWS if version == OLD and not arrives(version, "witness=w," + text(one)).copies]
    if row in harmful:
        return f"witness=w,{text(row)}"
    return ",".join(text(one) for one in ROWS if one not in harmful)


def of_row(found: Mapping[str, object], row: str) -> dict[str, object]:
    """Return what of *found* is a row's; all that is not claude's where the row has no key."""
    if "{k}" not in ROWS[row]:
        return {name: value for name, value in found.items() if not name.startswith("k")}
    return {name: value for name, value in found.items() if name.startswith((key(row), "witness"))}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_arrives_as_the_model_says(bare: Runner, row: str) -> None:
    """Resource, points and events hold of the row what the model says, and nothing else of it."""
    version, whole = bare.claude.version, shared(bare.claude.version, row)
    ran, own = bare(whole), bare("")
    for resource in ran.resources:
        assert of_row(resource, row) == of_row(on_resource(version, whole, own.resources[0]), row)
    for metric in ("session.count", "token.usage", "cost.usage"):
        expected = on_record(version, whole, steady(own.points[metric]))
        assert of_row(steady(ran.points[metric]), row) == of_row(expected, row)
    for event in ("user_prompt", "api_request"):
        expected = on_record(version, whole, steady(own.events[event]))
        assert of_row(steady(ran.events[event]), row) == of_row(expected, row)


CHANGING = ("user.id", "session.id", "prompt.id", "event.timestamp", "request_id", "message.uuid")
COUNTED = ("event.sequence", "cost_usd", "cost_usd_micros", "duration_ms", "ttft_ms")


def steady(attributes: Attributes) -> Attributes:
    """Return *attributes* without the values that differ from run to run; their keys stay."""
    return {name: "*" if name in CHANGING + COUNTED or name.endswith("_tokens") else value for name, value in attributes.items()}


def test_reserved_keys_arrive_as_the_model_says(bare: Runner) -> None:
    """On points and events claude's own value wins where it has one; on the resource the person's does."""
    version = bare.claude.version
    whole = ",".join(f"{name}={value}" for name, value in RESERVED.items())
    ran, own = bare(whole), bare("")
    for resource in ran.resources:
        assert resource == on_resource(version, whole, own.resources[0])
    for metric, attributes in ran.points.items():
        assert steady(attributes) == on_record(version, whole, steady(own.points[metric])), metric
    for event in ("user_prompt", "api_request"):
        assert steady(ran.events[event]) == on_record(version, whole, steady(own.events[event])), event


def test_the_variable_for_the_service_name_wins_on_the_resource_alone(bare: Runner) -> None:
    """OTEL_SERVICE_NAME beats service.name of the attributes, and is copied nowhere."""
    ran, own = bare("service.name=foo", **{otel.SERVICE_NAME: "svc"}), bare("")
    expected = on_resource(bare.claude.version, "service.name=foo", own.resources[0], "svc")
    assert all(resource == expected for resource in ran.resources)
    assert {point["service.name"] for point in ran.points.values()} == {"foo"}
    assert {event["service.name"] for event in ran.events.values()} == {"foo"}


def test_the_variable_for_the_service_name_alone_is_not_copied(bare: Runner) -> None:
    """Without attributes there is no service.name on points and events."""
    ran = bare("", **{otel.SERVICE_NAME: "svc"})
    assert {resource["service.name"] for resource in ran.resources} == {"svc"}
    assert not any("service.name" in one for one in (*ran.points.values(), *ran.events.values()))


def test_attributes_can_be_kept_on_the_resource_alone(bare: Runner) -> None:
    """OTEL_METRICS_INCLUDE_RESOURCE_ATTRIBUTES=false takes the copies away, the events' too."""
    ran = bare("team=a,service.instance.id=abc", OTEL_METRICS_INCLUDE_RESOURCE_ATTRIBUTES="false")
    assert all(resource["team"] == "a" and resource["service.instance.id"] == "abc" for resource in ran.resources)
    assert not any({"team", "service.instance.id"} & set(one) for one in (*ran.points.values(), *ran.events.values()))


def many(count: int) -> str:
    """Return *count* attributes."""
    return ",".join(f"n{number:03d}=x" for number in range(count))


@pytest.mark.parametrize("count", [12, 13, 20, 40, 100])
def test_so_many_attributes_are_fine(bare: Runner, count: int) -> None:
    """As many as we ever send leave every event its name."""
    ran = bare(many(count))
    expected = set(arrives(bare.claude.version, many(count)).copies)
    assert all(expected <= set(one) for one in (*ran.resources, *ran.points.values(), *ran.events.values()))
    assert all(event["event.name"] == name for name, event in ran.events.items())


@pytest.mark.parametrize("count", [128, 129, 200])
def test_too_many_attributes_cost_an_event_its_name(bare: Runner, count: int) -> None:
    """Points and resource have them all; an event is cut at 128 attributes, and ours come first."""
    ran = bare(many(count))
    expected = set(arrives(bare.claude.version, many(count)).copies)
    assert all(expected <= set(one) for one in (*ran.resources, *ran.points.values()))
    assert all(len(event) == MOST_ON_AN_EVENT and "event.name" not in event for event in ran.events.values())


def encoded(pairs: Mapping[str, str]) -> str:
    """Return *pairs* in our own encoding."""
    return ",".join(f"{name}={encode(value)}" for name, value in pairs.items())


HARD = {
    "quotes": "\"a\" 'b'",
    "separators": "a,b=c;d\\e%20f",
    "Unicode": "größe 日本 🚀 \u202e \u00a0",
    "controls": "a\tb\nc",
    "255 encoded": "%" * 85,
}


def test_what_we_encode_arrives_unchanged_everywhere(bare: Runner) -> None:
    """The launcher's own spelling is read alike by every parser of every release."""
    pairs = {f"h{number}": value for number, value in enumerate(HARD.values())}
    ran = bare(encoded(pairs))
    for one in (*ran.resources, *ran.points.values(), *ran.events.values()):
        assert {name: one.get(name) for name in pairs} == pairs
