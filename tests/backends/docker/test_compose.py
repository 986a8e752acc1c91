"""`docker compose` and `cclaunch stack` on the same stack: either shows, stops and goes on with what the other has started."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from docker_compose import RUNNING, Compose, event
from docker_stack import CONTAINERS, SERVICES, DockerStack, eventually
from engine import compose_program
from required import missing
from runners import Verb
from sandbox import Sandbox

from cclaunch.backends.docker import record
from cclaunch.backends.docker.engine import owner
from cclaunch.hot.paths import our_paths

pytestmark = pytest.mark.timeout(240)


def ok(told: tuple[int, str, str]) -> str:
    """Return stdout of a verb that went well."""
    code, out, err = told
    assert code == 0, err
    return out


@pytest.fixture
def compose(stack: DockerStack, tmp_path: Path) -> Compose:
    """Docker Compose, on the engine of the sandbox's stack."""
    if not compose_program().exists():
        missing("compose (tests/services/build)")
    return Compose(stack, tmp_path)


@pytest.fixture
def composed(compose: Compose) -> Compose:
    """The stack, brought up by `docker compose up -d` with the file of ours, before any verb of ours has run."""
    compose.up()
    return compose


def send(stack: DockerStack, number: int) -> None:
    """Send one request's event to the collector."""
    assert stack.request("POST", "http", "/v1/logs", event(number))[0] == 200


def requests(verb: Verb) -> int:
    """Return how many requests `usage` counts."""
    return int(json.loads(ok(verb("usage", "--json")))["total"]["requests"])


def services(verb: Verb) -> dict[str, bool]:
    """Return what `stack status` says: service -> healthy."""
    return {one["name"]: one["healthy"] for one in json.loads(ok(verb("stack", "status", "--json")))["services"]}


def launch(sandbox: Sandbox) -> tuple[str, str]:
    """Run `env` as a launch would; return (endpoint, stderr)."""
    done = sandbox.cclaunch("exec", "--", "env", timeout=60)
    assert done.returncode == 0
    found = dict(line.split("=", 1) for line in done.stdout.decode().splitlines() if "=" in line)
    return found["OTEL_EXPORTER_OTLP_ENDPOINT"], done.stderr.decode()


HEALTHY = dict.fromkeys(CONTAINERS, True)


def test_compose_takes_the_file_with_every_service(compose: Compose) -> None:
    """`config` reads it as it was meant: modes, ports, and every dollar of ours."""
    compose.stack.configure(stack={"services": [*SERVICES, "grafana"]})
    compose.write()

    found = yaml.safe_load(compose("config"))

    ours = yaml.safe_load(compose.file.read_text())
    assert set(found["services"]) == {*CONTAINERS, "grafana"}
    assert {one["mode"] for service in found["services"].values() for one in service.get("configs", [])} == {"0444"}
    assert {port["host_ip"] for service in found["services"].values() for port in service.get("ports", [])} == {"127.0.0.1"}
    assert {key: one["content"] for key, one in found["configs"].items()} == {
        key: one["content"] for key, one in ours["configs"].items()
    }


def test_the_file_comes_up_and_is_ours_at_once(composed: Compose, stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """`status`, a launch and `usage` know it; nothing is made anew, and nobody is called a stranger."""
    before = stack.ids()
    send(stack, 1)

    eventually(lambda: requests(verb) == 1)  # first: nothing was written down yet
    endpoint, err = launch(sandbox)

    assert composed.states() == RUNNING
    assert services(verb) == HEALTHY
    assert (endpoint, err) == (f"http://127.0.0.1:{stack.ports['grpc']}", "")
    assert stack.ids() == before
    assert stack.volumes() == {f"{name}-data" for name in SERVICES}


def test_up_makes_it_anew_and_loses_nothing(composed: Compose, stack: DockerStack, verb: Verb) -> None:
    """What VictoriaLogs has, and what the collector could not hand on yet: its queue was another user's."""
    before = stack.ids()
    send(stack, 1)
    composed("stop", "victorialogs")
    send(stack, 2)

    ok(verb("stack", "up"))

    assert not set(before.values()) & set(stack.ids().values())
    assert services(verb) == HEALTHY
    eventually(lambda: requests(verb) == 2, 30)
    assert composed.states(named=True) == RUNNING


def test_compose_takes_over_what_up_has_made_and_loses_nothing(compose: Compose, stack: DockerStack, verb: Verb) -> None:
    """The other way round; compose does not ask whether it may delete a volume."""
    ok(verb("stack", "up"))
    send(stack, 1)
    eventually(lambda: requests(verb) == 1)
    stack.api.stop(stack.ids()["victorialogs"])
    send(stack, 2)

    compose.write()
    done = compose.run("up", "-d", "--yes")
    compose.await_health()

    assert done.returncode == 0, done.stderr
    assert "data will be lost" not in done.stderr
    assert services(verb) == HEALTHY
    eventually(lambda: requests(verb) == 2, 30)


def test_a_file_of_another_release_keeps_containers_and_volumes(
    composed: Compose, stack: DockerStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compose makes anew what has another label, a volume too: none of ours changes with the release."""
    before, volumes = stack.ids(), stack.api.inspect_volume(f"{stack.project}_victorialogs-data")["CreatedAt"]
    text = composed.file.read_text()
    monkeypatch.setattr("cclaunch.__version__", "99.0")
    monkeypatch.setattr("cclaunch.backends.docker.model.__version__", "99.0")
    from cclaunch.backends.docker.backend import DockerBackend
    from cclaunch.backends.docker.compose import compose as render
    from cclaunch.config.model import configuration

    paths = our_paths(stack.sandbox.environ)
    again = render(DockerBackend(paths, configuration(paths), stack.sandbox.environ).model())
    composed.file.write_text(again)
    composed("up", "-d", "--yes")

    assert again == text
    assert stack.ids() == before
    assert stack.api.inspect_volume(f"{stack.project}_victorialogs-data")["CreatedAt"] == volumes


@pytest.mark.parametrize("maker", ["compose", "cclaunch"])
def test_ps_logs_and_restart_work_whoever_made_it(
    compose: Compose, stack: DockerStack, sandbox: Sandbox, verb: Verb, maker: str
) -> None:
    """By the project's name alone; the next launch finds the same containers."""
    if maker == "compose":
        compose.up()
    else:
        ok(verb("stack", "up"))
    before = stack.ids()
    send(stack, 1)

    states = compose.states(named=True)
    told = compose("logs", "--tail", "2", named=True)
    compose("restart", named=True)
    compose.await_health()
    endpoint, err = launch(sandbox)

    assert states == RUNNING
    assert {line.split("-1")[0].strip() for line in told.splitlines()} == set(CONTAINERS)
    assert (endpoint, err) == (f"http://127.0.0.1:{stack.ports['grpc']}", "")
    assert stack.ids() == before
    eventually(lambda: requests(verb) == 1)


def test_logs_are_followed_until_it_stops(composed: Compose) -> None:
    """`logs -f` shows what comes, and ends with the container."""
    process = composed.popen("logs", "-f", "--tail", "1", "prometheus")
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    assert process.stdout is not None
    first = process.stdout.readline()
    composed("stop", "prometheus")
    rest, _ = process.communicate(timeout=60)
    watchdog.cancel()

    assert first.startswith("prometheus-1")
    assert "See you next time!" in rest


def test_our_verbs_work_on_what_compose_made(composed: Compose, stack: DockerStack, verb: Verb) -> None:
    """`logs`, `restart` (made anew by then, with its data) and `down`; compose sees the end of it."""
    send(stack, 1)
    logs = ok(verb("stack", "logs", "-n", "2"))
    ok(verb("stack", "restart"))
    after = services(verb)
    eventually(lambda: requests(verb) == 1)
    told = ok(verb("stack", "down"))

    assert {line.split(" ")[0] for line in logs.splitlines()} == set(CONTAINERS)
    assert after == HEALTHY
    assert sorted(told.splitlines()) == sorted(f"{name}: stopped" for name in (*CONTAINERS, "keeper"))
    assert composed.states() == {}
    assert stack.volumes() == {f"{name}-data" for name in SERVICES}


def test_down_with_volumes_deletes_what_compose_made(composed: Compose, stack: DockerStack, verb: Verb) -> None:
    """Before anything else of ours was run: it finds all of it, and leaves nothing."""
    told = ok(verb("stack", "down", "--volumes", "--yes"))

    assert f"volume {stack.project}_victorialogs-data: deleted" in told
    assert stack.containers() == {}
    assert stack.volumes() == set()
    assert stack.api.networks(names=[f"{stack.project}_default"]) == []


def test_compose_ends_what_up_has_made(compose: Compose, stack: DockerStack, verb: Verb) -> None:
    """`down` keeps the data for the next start by either, `down -v` deletes it; `status` tells, and `up` begins again."""
    ok(verb("stack", "up"))
    send(stack, 1)
    eventually(lambda: requests(verb) == 1)
    compose.write()
    compose("down")
    gone, kept = services(verb), stack.volumes()
    compose.up()
    found = requests(verb)
    compose("down", "-v")
    left = {name for name in stack.volumes() if name.endswith("-data")}
    ok(verb("stack", "up"))

    assert gone == dict.fromkeys(CONTAINERS, False)
    assert kept >= {f"{name}-data" for name in SERVICES}
    assert found == 1
    assert left == set()
    assert services(verb) == HEALTHY
    assert requests(verb) == 1  # the ledger has it
    assert ok(verb("events", "--json", "--name", "api_request")) == ""


def test_half_by_compose_and_half_by_us_is_one_stack(compose: Compose, stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """All of it is shown; a launch leaves it, and `up` makes just that anew which compose has made."""
    ok(verb("stack", "up"))
    compose.write()
    compose("up", "-d", "--no-deps", "victorialogs")
    compose.await_health()
    mixed = stack.ids()
    shown = services(verb)
    _, err = launch(sandbox)
    left = stack.ids()
    ok(verb("stack", "up"))

    assert shown == HEALTHY
    assert err == ""
    assert left == mixed
    assert {name for name, one in stack.ids().items() if mixed[name] != one} == {"victorialogs"}


def test_one_that_compose_has_stopped_is_told_and_started(
    composed: Compose, stack: DockerStack, sandbox: Sandbox, verb: Verb
) -> None:
    """`status` says that it is stopped; a launch does not wait for it, and has the stack put right."""
    launch(sandbox)
    composed("stop", "prometheus")
    status = json.loads(ok(verb("stack", "status", "--json")))
    _, err = launch(sandbox)

    detail = {one["name"]: one["detail"] for one in status["services"]}
    assert detail["prometheus"] == "its container is exited"
    assert err == "cclaunch: prometheus: down; started again, not waited for\n"
    eventually(lambda: stack.answers("prometheus", "/-/healthy"), 60)


def test_what_a_person_runs_aside_is_no_service(composed: Compose, stack: DockerStack, verb: Verb) -> None:
    """`docker compose run` of a service: not shown in its place, left by `up`, ended by `down`."""
    composed("run", "--detach", "--no-deps", "victorialogs", "-storageDataPath=/aside")
    aside = [one["Id"] for one in stack.api.containers(filters={"label": "com.docker.compose.oneoff=True"})]

    ok(verb("stack", "up"))
    left = stack.api.containers(filters={"label": "com.docker.compose.oneoff=True"})
    shown = services(verb)
    ok(verb("stack", "down"))

    assert [one["Id"] for one in left] == aside
    assert shown == HEALTHY
    assert stack.containers() == {}


def test_other_ports_in_an_older_file_are_found(
    compose: Compose,
    stack: DockerStack,
    verb: Verb,
    sandbox: Sandbox,
    free_ports: Callable[[int], list[int]],
) -> None:
    """config.toml has changed since: what is asked is what the containers publish."""
    compose.up()
    made = dict(stack.ports)
    stack.ports.update(zip(("grpc", "http", "victorialogs"), free_ports(3), strict=True))
    stack.configure()
    shown = services(verb)
    endpoint, err = launch(sandbox)

    assert shown == HEALTHY
    assert (endpoint, err) == (f"http://127.0.0.1:{made['grpc']}", "")
    assert record.port(our_paths(sandbox.environ), "victorialogs") == made["victorialogs"]


def test_a_stack_of_another_project_is_used_named_and_never_touched(
    compose: Compose, stack: DockerStack, sandbox: Sandbox, verb: Verb
) -> None:
    """`docker compose -p other`: its data lies in other volumes, and the setting that looks at these is told."""
    compose.write()
    other = f"{stack.project}x"
    compose("-p", other, "up", "-d")
    try:
        compose.await_health()
        _, err = launch(sandbox)
        verb("stack", "down", "--volumes", "--yes")
        running = stack.api.containers(filters={"label": f"com.docker.compose.project={other}"})
    finally:
        compose("-p", other, "down", "-v")

    assert f"the container {other}-collector-1: it is used" in err
    assert f'`project = "{other}"` under [docker] in config.toml' in err
    assert len(running) == len(CONTAINERS)


def test_the_stack_of_another_user_on_the_engine_is_never_touched(compose: Compose, stack: DockerStack, verb: Verb) -> None:
    """The same project's name, another owner in the labels: a stranger for every verb."""
    compose.write()
    compose.file.write_text(compose.file.read_text().replace(f'cclaunch.owner: "{owner()}"', 'cclaunch.owner: "4711"'))
    compose("up", "-d")
    compose.await_health()
    before = stack.ids()

    up = verb("stack", "up")
    verb("stack", "restart")
    verb("stack", "down", "--volumes", "--yes")

    assert "it is used, and `cclaunch usage` cannot see it" in up[2]
    assert stack.ids() == before
    assert stack.volumes() == {f"{name}-data" for name in SERVICES}


def test_where_the_embedded_collector_is_chosen_the_file_is_ours_as_well(
    compose: Compose, stack: DockerStack, sandbox: Sandbox, verb: Verb
) -> None:
    """Whoever ran it was not asked for `stack use docker`: it is used, read, shown and ended all the same."""
    stack.configure(backend="embedded")
    compose.up()
    endpoint, err = launch(sandbox)
    again = launch(sandbox)
    send(stack, 1)
    eventually(lambda: requests(verb) == 1)
    status = json.loads(ok(verb("stack", "status", "--json")))
    told = ok(verb("stack", "down"))
    after = json.loads(ok(verb("stack", "status", "--json")))["backend"]

    assert (endpoint, err) == again == (f"http://127.0.0.1:{stack.ports['grpc']}", "")
    assert (status["backend"], status["healthy"]) == ("docker", True)
    assert sorted({*told.splitlines()} - {"keeper: stopped"}) == sorted(f"{name}: stopped" for name in CONTAINERS)
    assert stack.containers() == {}
    assert after == "embedded"
