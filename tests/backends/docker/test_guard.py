"""
No web page gets at what the Docker stack recorded, on the real services behind the real guard.

The problem it owns: what a browser sends for a page of another origin, and for one whose name was made to lead to
loopback, must neither read nor write; what a program, a service's own page or the address bar sends must go on working.
The requests are those that Chromium was seen to send; the browser itself would take a test minutes.
"""

import http.client
import json
import urllib.parse

import pytest
from docker_stack import DockerStack, eventually
from runners import Verb
from sandbox import Sandbox

BEHIND = ("metrics", "metrics_suffixed", "prometheus", "victorialogs")
READ = {
    "metrics": "/metrics",
    "metrics_suffixed": "/metrics",
    "prometheus": "/api/v1/query?query=up",
    "victorialogs": "/select/logsql/query?query=*",
}
INSERT = "/insert/jsonline?_msg_field=m&_stream_fields=m"
SITE = "http://evil.example"


def asked(
    port: int, path: str, body: bytes | None = None, /, *, host: str = "localhost", **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Return (status, headers, body) of a request as *host*; a body makes it a POST, and ``_`` in a header's name is a dash."""
    peer = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        peer.putrequest("GET" if body is None else "POST", path, skip_host=True, skip_accept_encoding=True)
        if host:
            peer.putheader("Host", f"{host}:{port}")
        for name, value in headers.items():
            peer.putheader(name.replace("_", "-"), value.replace("PORT", str(port)))
        if body is not None:
            peer.putheader("Content-Length", str(len(body)))
        peer.endheaders(body)
        answer = peer.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        peer.close()


FOREIGN = {
    "a script of another site": {"Origin": SITE, "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors"},
    "a script of another site, older browser": {"Origin": SITE},
    "a script of a file or a sandbox": {"Origin": "null"},
    "a script of localhost on another port": {"Origin": "http://localhost:1", "Sec_Fetch_Site": "same-site"},
    "a script of another name of loopback": {"Origin": "http://127.0.0.1:PORT"},
    "a script of https": {"Origin": "https://localhost:PORT"},
    "a picture": {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"},
    "a picture on localhost": {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"},
    "a frame": {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
    "a rebound name": {"host": "evil.example"},
    "a rebound name that begins like ours": {"host": "localhost.evil.example"},
    "a rebound name that ends like ours": {"host": "evil-localhost"},
    "a rebound name, its own script": {"host": "evil.example", "Origin": SITE + ":PORT", "Sec_Fetch_Site": "same-origin"},
    "an address of the network": {"host": "172.18.0.3"},
    "no name at all": {"host": ""},
}
OURS = {
    "curl": {},
    "curl by address": {"host": "127.0.0.1"},
    "curl by the other address": {"host": "[::1]"},
    "curl in capitals": {"host": "LocalHost"},
    "the address bar": {"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"},
    "a page of its own": {"Origin": "http://localhost:PORT", "Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"},
}


@pytest.fixture
def up(stack: DockerStack, verb: Verb) -> DockerStack:
    """The stack, running, with one event; many claims are held against it, for its start takes seconds."""
    code, _, err = verb("stack", "up")
    assert code == 0, err
    assert asked(stack.ports["victorialogs"], INSERT, b'{"m":"secret"}')[0] == 200
    return stack


def kept(stack: DockerStack) -> list[str]:
    """Return the messages of all events."""
    port = stack.ports["victorialogs"]
    asked(port, "/internal/force_flush")
    return [json.loads(line)["_msg"] for line in asked(port, READ["victorialogs"])[2].splitlines()]


def test_a_page_of_another_origin_or_by_a_rebound_name_neither_reads_nor_writes(up: DockerStack) -> None:
    """On each of the four ports; no answer holds anything of what was recorded, nor leave to read it."""
    eventually(lambda: kept(up) == ["secret"])
    told: dict[tuple[str, ...], tuple[object, ...]] = {}
    for name in BEHIND:
        for who, headers in FOREIGN.items():
            status, answered, body = asked(up.ports[name], READ[name], **headers)
            told[name, who] = (status, b"cclaunch: refused" in body, answered["Access-Control-Allow-Origin"])
    for who, headers in FOREIGN.items():
        for kind in ("text/plain", ""):
            more = {"Content_Type": kind} if kind else {}
            told["insert", who, kind] = (*asked(up.ports["victorialogs"], INSERT, b'{"m":"x"}', **more, **headers)[::2],)

    assert {key: one for key, one in told.items() if key[0] != "insert" and one != (403, True, None)} == {
        (name, "no name at all"): (400, False, None) for name in BEHIND
    }
    assert {one[0] for key, one in told.items() if key[0] == "insert"} <= {400, 403}
    assert kept(up) == ["secret"]


def test_programs_and_the_services_own_pages_go_on_working(up: DockerStack) -> None:
    """What the README's lines ask, and what the pages of VictoriaLogs and Prometheus send to themselves."""
    told = {(name, who): asked(up.ports[name], READ[name], **headers)[0] for name in BEHIND for who, headers in OURS.items()}
    wrote = {who: asked(up.ports["victorialogs"], INSERT, b'{"m":"own"}', **headers)[0] for who, headers in OURS.items()}

    assert {key: status for key, status in told.items() if status != 200} == {}
    assert set(wrote.values()) == {200}
    eventually(lambda: kept(up).count("own") == len(OURS))


def test_a_link_opens_a_page_and_nothing_that_changes_anything(up: DockerStack) -> None:
    """In a window of its own, which the page with the link cannot look into."""
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    victorialogs = up.ports["victorialogs"]

    assert asked(victorialogs, "/select/vmui/", **link)[0] == 200
    assert asked(up.ports["prometheus"], "/-/healthy", **link)[0] == 200
    for path in (INSERT, READ["victorialogs"], "/internal/force_flush", "/select/vmui/../../internal/force_flush"):
        assert asked(victorialogs, path, **link)[0] in (400, 403), path
    assert asked(victorialogs, "/select/vmui/", b"x", **link)[0] == 403


def test_the_services_themselves_give_no_page_leave_to_read(up: DockerStack) -> None:
    """Past the guard, by the address of a container on Linux: no answer allows another origin, and no host port leads there."""
    for name, inner, path in (
        ("victorialogs", 9428, "/health"),
        ("prometheus", 9090, "/-/healthy"),
        ("collector", 8889, "/metrics"),
    ):
        found = up.api.inspect_container(up.ids()[name])
        published = {port for port, hosts in found["NetworkSettings"]["Ports"].items() if hosts}
        assert f"{inner}/tcp" not in published
        address = next(iter(found["NetworkSettings"]["Networks"].values()))["IPAddress"]
        peer = http.client.HTTPConnection(address, inner, timeout=120)
        peer.request("GET", path, headers={"Origin": SITE})
        answer = peer.getresponse()
        answer.read()
        peer.close()
        assert (name, answer.status, answer.headers["Access-Control-Allow-Origin"]) == (name, 200, None)


def test_a_page_cannot_send_telemetry(up: DockerStack) -> None:
    """What a simple POST may carry is no content type of OTLP's, and nobody gets leave for the others."""
    path = "/v1/logs"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        status, answered, _ = asked(up.ports["http"], path, b"{}", Origin=SITE, **({"Content_Type": kind} if kind else {}))
        assert (kind, status, answered["Access-Control-Allow-Origin"]) == (kind, 415, None)
    peer = http.client.HTTPConnection("127.0.0.1", up.ports["http"], timeout=120)
    peer.request("OPTIONS", path, headers={"Origin": SITE, "Access-Control-Request-Method": "POST"})
    assert peer.getresponse().headers["Access-Control-Allow-Origin"] is None
    peer.close()


def test_a_guard_that_is_gone_is_told_and_started_again(up: DockerStack, verb: Verb) -> None:
    """Meanwhile nothing is served, and telemetry is taken."""
    up.api.stop(up.ids()["guard"])
    query = urllib.parse.urlencode({"query": "*"})
    down = json.loads(verb("stack", "status", "--json")[1])

    assert not up.answers("victorialogs", f"/select/logsql/query?{query}")
    assert up.get("health", "/")[0] == 200
    assert (down["healthy"], down["services"][-1]["name"], down["services"][-1]["detail"]) == (
        True,
        "guard",
        "its container is exited",
    )
    code, _, err = verb("stack", "up")
    assert code == 0, err
    assert kept(up) == ["secret"]


def as_an_older_release_left_it(stack: DockerStack, service: str, ports: dict[int, str]) -> None:
    """Make the container of *service* anew as one of another hash that publishes *ports* (inside: name) itself."""
    from docker.types import Mount

    found = stack.api.inspect_container(stack.ids()[service])
    stack.api.stop(found["Id"], timeout=120)  # gently: an event of the last seconds is in memory
    stack.api.remove_container(found["Id"])
    network = f"{stack.project}_default"
    made = stack.api.create_container(
        found["Config"]["Image"],
        found["Config"]["Cmd"],
        name=found["Name"].lstrip("/"),
        user=found["Config"]["User"],
        labels={**found["Config"]["Labels"], "cclaunch.hash": "older"},
        ports=list(ports),
        host_config=stack.api.create_host_config(
            mounts=[Mount(one["Destination"], one["Name"], type="volume") for one in found["Mounts"]],
            port_bindings={inner: ("127.0.0.1", stack.ports[name]) for inner, name in ports.items()},
            network_mode=network,
        ),
        networking_config=stack.api.create_networking_config({network: stack.api.create_endpoint_config(aliases=[service])}),
    )
    stack.api.start(made)


def test_a_stack_of_an_older_release_gets_its_guard_at_the_next_up(up: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """Its own containers publish everything: a launch leaves that, `stack status` tells it, and no event is lost."""
    up.api.remove_container(up.ids()["guard"], force=True)
    collector = {4317: "grpc", 4318: "http", 8889: "metrics", 8890: "metrics_suffixed", 13133: "health"}
    for service, ports in {
        "collector": collector,
        "prometheus": {9090: "prometheus"},
        "victorialogs": {9428: "victorialogs"},
    }.items():
        as_an_older_release_left_it(up, service, ports)
    eventually(
        lambda: all(up.answers(*one) for one in (("health", "/"), ("prometheus", "/-/healthy"), ("victorialogs", "/health"))), 30
    )
    before = up.ids()

    launched = sandbox.cclaunch("exec", "--", "true", timeout=120)
    left = up.ids()
    told = json.loads(verb("stack", "status", "--json")[1])["services"]
    code, _, err = verb("stack", "up")

    assert (launched.returncode, launched.stderr, left) == (0, b"", before)
    assert [one["detail"] for one in told if not one["healthy"]] == ["its container is gone"]
    assert code == 0, err
    assert asked(up.ports["victorialogs"], READ["victorialogs"], Origin=SITE)[0] == 403
    assert kept(up) == ["secret"]
