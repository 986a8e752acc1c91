"""
The real services that the stack is tested with: their builds, their images, the engine they run in.

The problem it owns: a test of the stack means nothing when the collector, Prometheus or VictoriaLogs under
it is not the pinned one, or does not behave as a container the way the published image does.
"""

import json
import os
import re
import signal
import subprocess
import tempfile
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from collector_client import PROTOBUF, cost, logs, wait_until
from engine import SERVICES, Containers, ask, await_health, built, compose_program, lacking, pins, script, started, tags
from required import missing, require

COLLECTOR = """
extensions: {health_check: {endpoint: 0.0.0.0:13133}}
receivers: {otlp: {protocols: {grpc: {endpoint: 0.0.0.0:4317}, http: {endpoint: 0.0.0.0:4318}}}}
processors: {deltatocumulative: {}}
exporters:
  prometheus: {endpoint: 0.0.0.0:8889, translation_strategy: UnderscoreEscapingWithoutSuffixes}
  otlp_http: {logs_endpoint: http://victoria-logs:9428/insert/opentelemetry/v1/logs, headers: {VL-Extra-Fields: job=claude}}
service:
  extensions: [health_check]
  pipelines:
    metrics: {receivers: [otlp], processors: [deltatocumulative], exporters: [prometheus]}
    logs: {receivers: [otlp], exporters: [otlp_http]}
"""
CONFIG = "/etc/otelcol-contrib/config.yaml"
SCRAPE = """
global: {scrape_interval: 1s}
scrape_configs: [{job_name: claude, honor_labels: true, static_configs: [{targets: ["otelcol-contrib:8889"]}]}]
"""
PROMETHEUS = (
    "--config.file=/etc/prometheus/prometheus.yml",
    "--storage.tsdb.path=/prometheus",
    "--enable-feature=created-timestamp-zero-ingestion",
)
HEALTH = {
    "otelcol-contrib": (13133, "/"),
    "prometheus": (9090, "/-/healthy"),
    "victoria-logs": (9428, "/health"),
    "caddy": (80, "/"),
}
USERS = {"otelcol-contrib": "10001:10001", "prometheus": "nobody", "victoria-logs": "", "caddy": ""}


@pytest.fixture(params=sorted(built()))
def service(request: pytest.FixtureRequest) -> str:
    """Each of the services in turn."""
    return str(request.param)


def query(port: int, path: str, **arguments: str) -> bytes:
    """Return what a service answers to a query with *arguments*."""
    status, body = ask(port, f"{path}?{urllib.parse.urlencode(arguments)}")
    assert status == 200, body
    return body


def events(port: int, logsql: str) -> list[dict[str, Any]]:
    """Return the rows that VictoriaLogs finds."""
    return [json.loads(line) for line in query(port, "/select/logsql/query", query=logsql).splitlines()]


def values(port: int, promql: str) -> list[float]:
    """Return the values that Prometheus finds."""
    answer = json.loads(query(port, "/api/v1/query", query=promql))
    return [float(row["value"][1]) for row in answer["data"]["result"]]


def processes_naming(text: str) -> list[str]:
    """Return the command lines of all processes that have *text* in theirs."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        if text in line:
            found.append(line)
    return found


def test_the_pins_are_what_the_modules_say() -> None:
    """A pin that is changed without its go.mod would name a version that is not built."""
    pinned, wanted = pins(), {}
    for name in ("otelcol-contrib", "prometheus", "victoria-logs", "caddy", "compose", "builder"):
        module = (SERVICES / name / "go.mod").read_text()
        wanted[name] = dict(re.findall(r"^(?:require|\t) ?(\S+) v(\S+?)(?: // indirect)?$", module, re.MULTILINE))
    major, minor, patch = pinned["PROMETHEUS"].split(".")
    assert wanted["prometheus"]["github.com/prometheus/prometheus"] == f"0.{major}{int(minor):02}.{patch}"
    assert wanted["victoria-logs"]["github.com/VictoriaMetrics/VictoriaLogs"] == pinned["VICTORIA_LOGS"]
    assert wanted["caddy"]["github.com/caddyserver/caddy/v2"] == pinned["CADDY"]
    assert wanted["compose"]["github.com/docker/compose/v2"] == pinned["COMPOSE"]
    assert wanted["builder"]["go.opentelemetry.io/collector/cmd/builder"] == pinned["OTELCOL_CONTRIB"]
    components = (SERVICES / "otelcol-contrib" / "builder.yaml").read_text()
    listed = dict(re.findall(r"gomod: (\S+) v(\S+)", components))
    assert listed == {name: wanted["otelcol-contrib"][name] for name in listed}
    assert {version for version in listed.values() if version.startswith("0.")} == {pinned["OTELCOL_CONTRIB"]}
    assert f"  version: {pinned['OTELCOL_CONTRIB']}\n" in components


def test_what_is_built_is_not_built_again() -> None:
    """With all of them in the cache the build does nothing."""
    programs = [*built().values(), compose_program()]
    if lack := lacking() or ("" if compose_program().exists() else "compose (tests/services/build)"):
        missing(lack)
    before = {path: path.stat().st_ino for path in programs}
    done = script("build", PATH="/usr/bin:/bin")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path: path.stat().st_ino for path in programs} == before


def test_a_program_from_another_recipe_is_not_taken(tmp_path: Path) -> None:
    """A program without the stamp of this very recipe, as a stopped copy leaves one, is built anew; without Go that is said."""
    for name in ("flock", "nice"):
        require(name)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "cat", "cut", "dirname", "env", "flock", "mkdir", "rm", "sha256sum", "uname"):
        (tools / name).symlink_to(require(name))
    half = tmp_path / "services" / f"prometheus-{pins()['PROMETHEUS']}"
    half.mkdir(parents=True)
    (half / "prometheus").write_text("half")
    done = script("build", "prometheus", CCLAUNCH_TEST_CACHE=str(tmp_path), PATH=str(tools))
    assert done.returncode == 1
    assert done.stderr == "tests/services/build: no go on PATH; install Go 1.26.5 or newer\n"


def test_each_program_says_the_pinned_version(service: str) -> None:
    """What a person reads from --version is what the image's tag says."""
    if lack := lacking():
        missing(lack)
    option = {"victoria-logs": "-version", "caddy": "version"}.get(service, "--version")
    done = subprocess.run([built()[service], option], capture_output=True, text=True, timeout=120, check=True)
    assert tags()[service].rpartition(":")[2].lstrip("v") in re.findall(r"\d+\.\d+\.\d+", done.stdout + done.stderr)


def test_each_image_answers_on_loopback_only(containers: Containers, service: str, free_port: int) -> None:
    """Published on 127.0.0.1, each service is healthy there, as the user that the published image has."""
    inner, path = HEALTH[service]
    files = {"otelcol-contrib": {CONFIG: COLLECTOR}, "caddy": {"/etc/caddy/Caddyfile": ":80\nrespond OK\n"}}.get(service)
    container = containers.run(service, ports={inner: free_port}, files=files)
    assert await_health(container, free_port, path)
    container.reload()
    assert container.attrs["NetworkSettings"]["Ports"][f"{inner}/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": str(free_port)}]
    assert container.attrs["Config"]["User"] == USERS[service]


def test_caddy_does_not_run_without_its_capability(containers: Containers) -> None:
    """As the published image has it: the capability of its file has to be in the container's bounding set."""
    from docker.errors import ContainerError

    run = containers.client.containers.run
    word = {"network_mode": "none", "remove": True, "user": "65534", "cap_drop": ["ALL"]}
    assert b"v2." in run(containers.images["caddy"], ["caddy", "version"], cap_add=["NET_BIND_SERVICE"], **word)
    with pytest.raises(ContainerError, match="operation not permitted"):
        run(containers.images["caddy"], ["caddy", "version"], **word)


def test_the_collector_validates_a_configuration(containers: Containers) -> None:
    """``validate`` passes what is right and refuses a key that it does not know."""
    told = []
    for text in (COLLECTOR, COLLECTOR.replace("endpoint: 0.0.0.0:8889", "end_point: 0.0.0.0:8889")):
        container = containers.run("otelcol-contrib", ["validate", f"--config={CONFIG}"], files={CONFIG: text})
        told.append((container.wait(timeout=120)["StatusCode"], container.logs().decode()))
    assert told[0] == (0, "")
    assert told[1][0] == 1
    assert "has invalid keys: end_point" in told[1][1]


def test_prometheus_scrapes_the_collector(containers: Containers, free_ports: Callable[[int], list[int]]) -> None:
    """A point that came once over OTLP is there under its un-suffixed name, and increase() sees it although it never grew."""
    health, otlp, outer = free_ports(3)
    collector = containers.run("otelcol-contrib", ports={13133: health, 4318: otlp}, files={CONFIG: COLLECTOR})
    await_health(collector, health, "/")
    files = {"/etc/prometheus/prometheus.yml": SCRAPE}
    prometheus = containers.run("prometheus", PROMETHEUS, ports={9090: outer}, files=files)
    await_health(prometheus, outer, "/-/ready")
    request = cost(0.25, session__id="s1").SerializeToString()
    assert ask(otlp, "/v1/metrics", request, {"Content-Type": PROTOBUF})[0] == 200
    assert wait_until(lambda: values(outer, 'claude_code_cost_usage{session_id="s1",job="claude-code"}') == [0.25], 60)
    assert wait_until(lambda: [value > 0.2 for value in values(outer, "increase(claude_code_cost_usage[1m])")] == [True], 60)


def test_victoria_logs_takes_otlp_and_answers(containers: Containers, free_ports: Callable[[int], list[int]]) -> None:
    """Events by protobuf, straight and through the collector, are found by the query that people know; JSON is refused."""
    health, otlp, outer = free_ports(3)
    store = containers.run("victoria-logs", ["-retentionPeriod=400d"], ports={9428: outer})
    await_health(store, outer, "/health")
    collector = containers.run("otelcol-contrib", ports={13133: health, 4318: otlp}, files={CONFIG: COLLECTOR})
    await_health(collector, health, "/")
    path = "/insert/opentelemetry/v1/logs"
    assert ask(outer, path, logs("straight").SerializeToString(), {"Content-Type": PROTOBUF})[0] == 200
    assert ask(otlp, "/v1/logs", logs("through").SerializeToString(), {"Content-Type": PROTOBUF})[0] == 200
    assert ask(outer, path, b"{}", {"Content-Type": "application/json"})[0] == 400
    assert wait_until(lambda: len(events(outer, "_msg:claude_code")) == 2, 60), events(outer, "*")
    assert [event["event.name"] for event in events(outer, "job:claude")] == ["through"]


@pytest.mark.engine
@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_an_engine_that_has_ended_leaves_nothing(end: str) -> None:
    """Not a process, not a mount, not a network, also of a container that was running, also when dockerd was killed before."""
    if lack := lacking(own=True):
        missing(lack)
    with started() as host:
        place = host.removeprefix("unix://").removesuffix("/sock")
        done = script("images", DOCKER_HOST=host)
        assert done.returncode == 0, done.stderr
        docker = [require("docker"), "--host", host]
        network = subprocess.run(
            [*docker, "network", "create", "n"], check=True, capture_output=True, text=True, timeout=120
        ).stdout
        run = [*docker, "run", "--detach", "--network", "n", tags()["victoria-logs"]]
        subprocess.run(run, check=True, capture_output=True, timeout=120)
        bridge = Path("/sys/class/net") / f"br-{network[:12]}"
        assert processes_naming(place)
        assert place in Path("/proc/self/mountinfo").read_text()
        assert bridge.exists()
        if end == "killed":
            os.kill(int(Path(place, "pid").read_text()), signal.SIGKILL)
    assert not processes_naming(place)
    assert place not in Path("/proc/self/mountinfo").read_text()
    assert not bridge.exists()


@pytest.mark.engine
def test_an_engine_ends_with_its_owner() -> None:
    """When the process that it was started for is killed, it ends and takes its directory along."""
    if lack := lacking(own=True):
        missing(lack)
    owner = subprocess.Popen(["sleep", "60"])
    place = tempfile.mkdtemp(prefix="cct-")
    done = script("engine", "start", place, str(owner.pid))
    assert done.returncode == 0, done.stderr
    assert processes_naming(place)
    owner.kill()
    owner.wait()
    assert wait_until(lambda: not Path(place).exists(), 60)
    assert wait_until(lambda: not processes_naming(place), 60)
