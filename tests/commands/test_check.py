"""`cclaunch check`: what is wrong is found, and the proof proves by the road that claude would take."""

import contextlib
import json
import os
import socket
import sqlite3
import urllib.request
from typing import Any

import psutil
import pytest
from runners import Verb
from sandbox import PROTOCOLS, Sandbox
from stored import SECOND_NS, request, store

from cclaunch import cli, otel
from cclaunch.otlp import send as proof
from cclaunch.otlp.send import NotDelivered, Road, event_request, metric_request, send

SPEAKS = "#!/bin/sh\necho '2.1.330 (Claude Code)'\n"
NONCE = "0123456789abcdef" * 2


@pytest.fixture
def ready(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude that tells its version."""
    path = sandbox.home / "bin" / "claude"
    path.parent.mkdir()
    path.write_text(SPEAKS)
    path.chmod(0o755)
    sandbox.environ["PATH"] = f"{path.parent}:/usr/bin:/bin"
    return sandbox


def check(sandbox: Sandbox, **environ: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run `check --json --full`; return (exit code, findings by the first word of their names)."""
    done = sandbox.cclaunch("check", "--json", "--full", environ=environ)
    document = json.loads(done.stdout)
    assert document["ok"] == (done.returncode == 0)
    return done.returncode, {finding["name"].split(" (")[0].split(" over")[0]: finding for finding in document["checks"]}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_all_is_well_over_each_protocol(ready: Sandbox, protocol: str) -> None:
    """The sleeping collector is started, and an event and a metric go the configured way and come back."""
    ports = ready.configure(protocol=protocol)

    code, found = check(ready)

    assert code == 0, found
    assert [finding["ok"] for finding in found.values()] == [True] * 8
    port = ports["grpc"] if protocol == "grpc" else ports["http"]
    assert found["proof"]["name"] == f"proof over {protocol} to http://127.0.0.1:{port}"
    assert "came back" in found["proof"]["detail"]
    assert "2.1.330" in found["claude"]["detail"]


def test_the_json_is_fit_for_a_public_issue(ready: Sandbox) -> None:
    """Whatever of the person, the machine and the work is in it comes out only when all is asked for."""
    ready.configure()
    ready.config_file.write_text(ready.config_file.read_text().replace("[telemetry]\n", '[telemetry]\nrouting = "environment"\n'))
    ready.environ |= {
        "USER": "anselm",
        "CCLAUNCH_CLAUDE": str(ready.home / "anselm" / "blue-team" / "claude-s3cr3t"),
        otel.PROTOCOL: "grpc",
        otel.ENDPOINT: "https://anselm:hunter2@collector.invalid:4317/tenant",
        f"{otel.ENDPOINT.removesuffix('ENDPOINT')}HEADERS": "x-key=s3cr3t,x-more=more%20s3cr3t",
        otel.RESOURCE_ATTRIBUTES: "team=blue-team,mail=anselm%40example.org",
    }

    short, full = (ready.cclaunch("check", *words).stdout.decode() for words in (("--json",), ("--json", "--full")))

    private = (str(ready.home), "anselm", "s3cr3t", "blue-team", "hunter2", "collector.invalid", "tenant")
    assert [word for word in private if word in short] == []
    assert [word for word in private if word not in full] == []
    claude, proof = (one for one in json.loads(short)["checks"] if one["name"].startswith(("claude", "proof")))
    assert claude["detail"] == "CCLAUNCH_CLAUDE names ~/<user>/<hidden>/claude-<hidden>, and there is no such file"
    assert proof["name"] == "proof over grpc to https://<hidden>@<host>:4317/<hidden>"
    assert [one["name"] for one in json.loads(short)["checks"][:3]] == ["config", "claude", "collector"]


def test_attributes_of_every_profile_are_hidden(ready: Sandbox) -> None:
    """Also of one that is not in force here."""
    ready.configure()
    ready.cclaunch("profile", "set", "other", "project=moonshot")
    ready.environ["CCLAUNCH_CLAUDE"] = "/srv/moonshot/claude"

    short = ready.cclaunch("check", "--json").stdout.decode()

    assert "/srv/<hidden>/claude" in short
    assert "moonshot" not in short


def test_full_without_json_is_refused(verb: Verb) -> None:
    """What is printed for people hides nothing."""
    code, out, err = verb("check", "--full")

    assert (code, out) == (2, "")
    assert "--full goes with --json" in err


def test_the_proof_is_never_counted(ready: Sandbox) -> None:
    """Not in usage, not among the events, not as the last one, not on /metrics."""
    ports = ready.configure(protocol="http/json")
    store(ready.database, request(1, 1_790_000_000 * SECOND_NS, micros=5))

    assert check(ready)[0] == 0
    assert check(ready)[0] == 0

    done = ready.cclaunch("usage", "--json")
    assert (json.loads(done.stdout)["total"]["requests"], done.stderr) == (1, b"")
    assert len(ready.cclaunch("events", "--json").stdout.splitlines()) == 1
    assert json.loads(ready.cclaunch("status", "--json").stdout)["last_event"]["time"] == "2026-09-21T14:13:20.000Z"
    with urllib.request.urlopen(f"http://127.0.0.1:{ports['metrics']}/metrics", timeout=120) as answer:
        metrics = answer.read()
    assert b"cclaunch-check" not in metrics


def test_people_get_one_line_a_check(ready: Sandbox) -> None:
    """Each begins with ok or failed, and what failed ends with what mends it."""
    ready.configure()
    ready.environ["CCLAUNCH_CLAUDE"] = "/nowhere/claude"

    done = ready.cclaunch("check")

    lines = done.stdout.decode().splitlines()
    assert done.returncode == 1
    assert [line.split()[0] for line in lines] == ["ok", "failed", "ok", "ok", "ok", "ok", "ok", "ok"]
    assert lines[1] == (
        "failed  claude: CCLAUNCH_CLAUDE names /nowhere/claude, and there is no such file (hint: unset CCLAUNCH_CLAUDE)"
    )


STOPS = (
    "1 of all launches, 1 of profiles; one that is spent stops a launch; nobody is told: [notify] has no command;"
    " `history.keep_days = 30` is shorter than a period: what it takes away counts no more"
)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("[notify]\ncommand = 'curl x?secret'\n", "none is set, so the command of [notify] is never run"),
        ("[budget]\non_exceed = 'stop'\nmonthly = 7131\n[history]\nkeep_days = 30\n", STOPS),
        (
            "[budget]\nmonthly = 7131\n",
            "1 of all launches, 1 of profiles; one that is spent is told of; nobody is told: [notify] has no command",
        ),
        (
            "[budget]\nmonthly = 7131\ndaily = 8\n[notify]\ncommand = 'curl x?secret'\n",
            "2 of all launches, 1 of profiles; one that is spent is told of; at 80 % and 100 % the command of [notify] is run",
        ),
    ],
)
def test_budgets_are_told_without_amounts_and_without_the_command(ready: Sandbox, text: str, detail: str) -> None:
    """It is for a public issue, too."""
    ready.configure(extra=text)
    if "[budget]" in text:
        profiles = ready.config_file.parent / "profiles"
        profiles.mkdir()
        (profiles / "acme-secret.toml").write_text("budget = 9173\n")
    found = check(ready)[1]["budgets"]
    assert (found["ok"], found["detail"]) == (True, detail)


def test_what_is_to_be_done_about_budgets_does_nothing_where_there_is_none(ready: Sandbox) -> None:
    """Whoever has written `stop` and no amount believes that something stops."""
    ready.configure(extra="[budget]\non_exceed = 'stop'\n")
    assert check(ready)[1]["budgets"]["detail"] == "none is set, so `budget.on_exceed = stop` does nothing"


def test_a_broken_configuration_is_a_finding_and_the_rest_goes_on(ready: Sandbox) -> None:
    """As a launch has it: the defaults are used. (Here other ports, so that no test touches the well-known ones.)"""
    ports = ready.configure()
    text = ready.config_file.read_text()
    ready.cclaunch("stack", "up")
    ready.config_file.write_text(text + "[nonsense]\n")

    code, found = check(ready)

    assert code == 1
    assert "`nonsense` is not known" in found["config"]["detail"]
    assert found["collector"]["ok"]
    assert found[f"port {ports['grpc']}"]["ok"]


def test_a_collector_that_cannot_start_says_why_and_whose_ports_they_are(ready: Sandbox) -> None:
    """The data directory is a file: no proof is tried, and the free ports are named."""
    ports = ready.configure()
    ready.data.parent.mkdir(parents=True, exist_ok=True)
    ready.data.write_text("in the way")

    code, found = check(ready)

    assert code == 1
    assert not found["collector"]["ok"]
    assert str(ready.data) in found["collector"]["detail"]
    assert found[f"port {ports['grpc']}"]["detail"] == "free"
    assert "proof" not in found
    ready.data.unlink()


def test_a_collector_that_ended_gives_its_reason_once(ready: Sandbox) -> None:
    """Not the end of its log as well, which says less."""
    ready.configure()
    ready.data.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(ready.database)) as other:
        other.execute("CREATE TABLE theirs (x)")

    _, found = check(ready)

    detail = found["collector"]["detail"]
    assert detail.startswith("the collector ended: ")
    assert (detail.count("a database of another program"), "giving up" in detail) == (1, False)


def test_a_damaged_database_is_told_by_check_status_and_each_launch_until_it_is_deleted(ready: Sandbox) -> None:
    """Put aside by its first start; everything else works."""
    ready.configure()
    ready.data.mkdir(parents=True, mode=0o700)
    ready.database.write_bytes(b"this is no database at all " * 100)

    _, found = check(ready)
    told = [ready.cclaunch("-p", "say hi").stderr for _ in range(2)]
    status = ready.cclaunch("status").stdout
    (aside,) = (path for path in ready.data.glob("telemetry.db.corrupt-*") if path.suffix != ".result")
    aside.unlink()
    after = ready.cclaunch("-p", "say hi").stderr

    assert (found["collector"]["ok"], found["store"]["ok"]) == (True, False)
    for text in (found["store"]["detail"].encode(), *told, status):
        assert b"the database was damaged" in text
        assert bytes(aside) in text
    assert b"damaged" not in after


def test_a_port_that_was_taken_is_named_with_its_holder_and_its_substitute(ready: Sandbox) -> None:
    """Nothing is wrong then, but it is not the port that people know; once it is free, that is said as well."""
    ports = ready.configure()
    with socket.create_server(("127.0.0.1", ports["metrics"])):
        code, found = check(ready)
    _, later = check(ready)
    name = f"port {ports['metrics']}"

    assert code == 0, found
    assert f"held by {psutil.Process().name()} (pid {os.getpid()}" in found[name]["detail"]
    assert found[name]["detail"].endswith(" is used instead")
    assert "free by now" in later[name]["detail"]


def test_a_road_that_leads_elsewhere_by_wish_is_not_tried(ready: Sandbox) -> None:
    """With telemetry.routing = "environment" nothing is sent to somebody else's endpoint."""
    ready.configure(extra="[privacy]\n")
    ready.config_file.write_text(ready.config_file.read_text().replace("[telemetry]\n", '[telemetry]\nrouting = "environment"\n'))
    road = {otel.PROTOCOL: "grpc", otel.ENDPOINT: "https://collector.invalid:4317"}

    code, found = check(ready, **road)

    assert code == 0, found
    assert "not tried" in found["proof"]["detail"]


def test_a_shell_that_sets_no_protocol_by_wish_fails_the_proof(ready: Sandbox) -> None:
    """With routing left to the environment and nothing in it, claude would send nothing."""
    ready.configure()
    ready.config_file.write_text(ready.config_file.read_text().replace("[telemetry]\n", '[telemetry]\nrouting = "environment"\n'))

    code, found = check(ready)

    assert code == 1
    assert "claude would send nothing" in found["proof"]["detail"]


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("GRPC", "http://127.0.0.1:1"),
        ("", "http://127.0.0.1:1"),
        ("grpc", "127.0.0.1:4317"),
        ("grpc", ""),
        ("http/json", "ftp://x"),
    ],
)
def test_what_claude_would_silently_lose_is_refused(protocol: str, endpoint: str) -> None:
    """A misspelt protocol, an endpoint without a scheme: claude sends nothing and says nothing."""
    with pytest.raises(NotDelivered, match="would send nothing"):
        send(Road(protocol, endpoint), NONCE)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nobody_listening_is_not_delivered(free_port: int, protocol: str) -> None:
    """The signal and the reason are named."""
    with pytest.raises(NotDelivered, match=r"^logs: "):
        send(Road(protocol, f"http://127.0.0.1:{free_port}"), NONCE, deadline_s=5)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_listener_that_never_answers_meets_the_deadline(protocol: str) -> None:
    """check must not hang on what hangs."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotDelivered):
        send(Road(protocol, f"http://127.0.0.1:{silent.getsockname()[1]}"), NONCE, deadline_s=0.3)


def test_what_is_sent_looks_like_claudes() -> None:
    """A request that cost something and the cost metric, both marked by the check's attribute."""
    event, metric = str(event_request(NONCE, 10)), str(metric_request(NONCE, 10))

    assert otel.EVENT_PREFIX + "api_request" in event
    assert "claude_code.cost.usage" in metric
    assert all(otel.CHECK_ATTRIBUTE in sent and NONCE in sent for sent in (event, metric))


def test_a_rejection_in_a_success_is_a_failure() -> None:
    """200 with rejected records is OTLP's way to say no."""
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

    answer = ExportLogsServiceResponse()
    answer.partial_success.rejected_log_records = 1
    answer.partial_success.error_message = "too odd"

    with pytest.raises(NotDelivered, match="too odd"):
        proof._refuse_partial("logs", answer)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_configuration_that_cannot_be_read_is_a_finding(ready: Sandbox) -> None:
    """Its owner may have changed under sudo."""
    ready.configure()
    ready.config_file.chmod(0)

    assert "cannot read" in check(ready)[1]["config"]["detail"]


def test_help_says_that_it_starts_the_collector(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """It is the one reading verb that starts something."""
    assert cli.main(["check", "--help"], environ) == 0

    assert "Starts the collector" in capsys.readouterr().out
