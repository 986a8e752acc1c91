"""The Docker stack on a real engine, with the real services: up, changed, hurt, down."""

import json
import socket
import threading

import pexpect
import pytest
from docker_stack import CONTAINERS, SERVICES, DockerStack, eventually
from runners import Verb
from sandbox import Sandbox
from wanted_service import service_of

from cclaunch.backends.docker.archive import archive
from cclaunch.backends.docker.model import stack_model
from cclaunch.config.model import Config

IMAGE = Config().images.victorialogs


def ok(told: tuple[int, str, str]) -> str:
    """Return stdout of a verb that went well."""
    code, out, err = told
    assert code == 0, err
    return out


def test_up_makes_four_kinds_of_health_and_a_second_up_changes_nothing(stack: DockerStack, verb: Verb) -> None:
    """Every service by its own word; the containers are the same ones afterwards."""
    first = ok(verb("stack", "up"))
    before = stack.ids()
    second = ok(verb("stack", "up"))

    assert first == second
    assert first.splitlines()[0] == (
        f"collector: healthy, grpc 127.0.0.1:{stack.ports['grpc']}, http 127.0.0.1:{stack.ports['http']}, "
        f"metrics http://127.0.0.1:{stack.ports['metrics']}/metrics"
    )
    assert stack.ids() == before
    assert set(before) == set(CONTAINERS)
    assert stack.get("health", "/")[0] == 200
    assert stack.get("prometheus", "/-/healthy")[0] == 200
    assert stack.get("victorialogs", "/health") == (200, b"OK")


def test_everything_is_on_loopback_alone(stack: DockerStack, verb: Verb) -> None:
    """The engine publishes no port to anybody else."""
    ok(verb("stack", "up"))

    published = [port for one in stack.containers().values() for port in one["Ports"] if "PublicPort" in port]
    assert {port["IP"] for port in published} == {"127.0.0.1"}
    assert {port["PublicPort"] for port in published} == set(stack.ports.values()) - {stack.ports["grafana"]}


def test_no_host_directory_is_mounted_and_no_capability_given(stack: DockerStack, verb: Verb) -> None:
    """Named volumes of ours, and a user without rights."""
    ok(verb("stack", "up"))

    for service, identity in stack.ids().items():
        found = stack.api.inspect_container(identity)
        assert {mount["Type"] for mount in found["Mounts"]} == {"volume"}
        assert all(mount["Name"].startswith(stack.project) for mount in found["Mounts"]), service
        assert found["HostConfig"]["CapDrop"] == ["ALL"]
        assert found["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_a_changed_setting_makes_just_that_container_anew_and_its_data_stays(stack: DockerStack, verb: Verb) -> None:
    """Retention of the events: VictoriaLogs is another container, with the same events."""
    ok(verb("stack", "up"))
    before = stack.ids()
    code, _ = stack.request("POST", "victorialogs", "/insert/jsonline?_msg_field=m", {"m": "kept"})
    stack.get("victorialogs", "/internal/force_flush")
    stack.configure(retention={"logs_days": 30})

    ok(verb("stack", "up"))

    after = stack.ids()
    assert code == 200
    assert {name for name in before if before[name] != after[name]} == {"victorialogs"}
    assert b"kept" in stack.get("victorialogs", "/select/logsql/query?query=kept")[1]


def test_a_container_removed_by_hand_is_made_again(stack: DockerStack, verb: Verb) -> None:
    """And only that one."""
    ok(verb("stack", "up"))
    before = stack.ids()
    stack.api.remove_container(before["collector"], force=True)

    down = json.loads(ok(verb("stack", "status", "--json")))
    ok(verb("stack", "up"))

    assert (down["healthy"], down["services"][0]["detail"]) == (False, "its container is gone")
    assert {name for name, one in stack.ids().items() if before[name] != one} == {"collector"}


def test_a_container_that_was_made_and_never_started_is_made_anew(stack: DockerStack, verb: Verb) -> None:
    """Its files may not be in place: whoever made it was killed in between."""
    ok(verb("stack", "up"))
    labels = stack.containers()["victorialogs"]["Labels"]
    stack.api.remove_container(stack.ids()["victorialogs"], force=True)
    image = json.loads(ok(verb("stack", "status", "--json")))["services"][0]["image"]
    left = stack.api.create_container(image, name=f"{stack.project}-victorialogs-1", labels=labels)["Id"]

    ok(verb("stack", "up"))

    assert stack.ids()["victorialogs"] != left


def test_a_service_that_is_left_out_is_removed_and_its_data_is_not(stack: DockerStack, verb: Verb) -> None:
    """Without Prometheus there is no container of it."""
    ok(verb("stack", "up"))
    stack.configure(stack={"services": ["collector", "victorialogs"]})

    ok(verb("stack", "up"))

    assert set(stack.ids()) == {"collector", "victorialogs", "guard"}
    assert "prometheus-data" in stack.volumes()


def test_down_removes_the_containers_and_keeps_the_data(stack: DockerStack, verb: Verb) -> None:
    """And says what it stopped; the second time that there was nothing."""
    ok(verb("stack", "up"))

    first, second = ok(verb("stack", "down")), ok(verb("stack", "down"))

    assert sorted(first.splitlines()) == sorted(f"{name}: stopped" for name in (*CONTAINERS, "keeper"))
    assert second == "the stack: was not running\n"
    assert stack.containers() == {}
    assert stack.volumes() == {f"{name}-data" for name in SERVICES}
    assert stack.api.networks(names=[f"{stack.project}_default"]) == []


def test_volumes_says_sizes_asks_and_deletes(stack: DockerStack, verb: Verb) -> None:
    """Without a terminal nothing happens; with --yes nothing is left."""
    ok(verb("stack", "up"))
    refused = verb("stack", "down", "--volumes")
    still = set(stack.ids())

    code, out, err = verb("stack", "down", "--volumes", "--yes")

    assert refused[0] == 2
    assert "--yes" in refused[2]
    assert still == set(CONTAINERS)
    assert code == 0
    assert f"this deletes the volume {stack.project}_victorialogs-data: " in err
    assert f"volume {stack.project}_victorialogs-data: deleted" in out
    assert stack.volumes() == set()


def test_on_a_terminal_a_no_keeps_everything(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """Enter is a no."""
    ok(verb("stack", "up"))
    command, *words = sandbox.command("stack", "down", "--volumes")
    terminal = pexpect.spawn(command, words, env=sandbox.environment(), cwd=str(sandbox.work), timeout=120)

    terminal.expect_exact("Delete all of it? [y/N]")
    terminal.send("\r")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == 1
    assert set(stack.ids()) == set(CONTAINERS)


@pytest.mark.parametrize("kind", ["container", "volume", "network"])
def test_what_has_our_name_and_is_not_ours_is_named_and_never_touched(stack: DockerStack, verb: Verb, kind: str) -> None:
    """Somebody's compose stack of the same project, for example."""
    labels = {"com.docker.compose.project": stack.project}
    name = {"container": "victorialogs-1", "volume": "victorialogs-data", "network": "default"}[kind]
    if kind == "container":
        name = f"{stack.project}-{name}"
        stack.api.create_container(IMAGE, name=name, labels=labels)
    elif kind == "volume":
        name = f"{stack.project}_{name}"
        stack.api.create_volume(name, labels=labels)
    else:
        name = f"{stack.project}_{name}"
        stack.api.create_network(name, labels=labels)

    code, _, err = verb("stack", "up")
    verb("stack", "down", "--volumes", "--yes")

    assert code == 1
    assert name in err
    assert "not made by this cclaunch" in err
    assert "docker.project" in err
    look = {"container": stack.api.inspect_container, "volume": stack.api.inspect_volume, "network": stack.api.inspect_network}
    assert look[kind](name)


def test_a_volume_of_another_release_is_named_and_kept(stack: DockerStack, verb: Verb) -> None:
    """Whoever made it may still want it."""
    ok(verb("stack", "up"))
    labels = stack.api.inspect_volume(f"{stack.project}_prometheus-data")["Labels"]
    ok(verb("stack", "down", "--volumes", "--yes"))
    stack.api.create_volume(f"{stack.project}_prometheus-data", labels={**labels, "cclaunch.format": "0"})

    code, _, err = verb("stack", "up")

    assert code == 1
    assert f"the volume {stack.project}_prometheus-data is of another release of cclaunch (format 0; this one knows 1)" in err
    assert stack.get("health", "/")[0] == 200  # the rest is up: telemetry is taken


def test_a_port_that_a_program_holds_is_named_with_its_holder(stack: DockerStack, verb: Verb) -> None:
    """The other services are up nevertheless."""
    with socket.create_server(("127.0.0.1", stack.ports["prometheus"])):
        code, _, err = verb("stack", "up")

    assert code == 1
    assert f"port {stack.ports['prometheus']} (prometheus) is held by " in err
    assert "(pid " in err
    assert "set ports.prometheus in config.toml" in err
    assert stack.get("health", "/")[0] == 200


def test_a_port_that_a_container_holds_is_named_with_the_container(stack: DockerStack, verb: Verb) -> None:
    """And how to stop it."""
    port = stack.ports["victorialogs"]
    labels = {"com.docker.compose.project": stack.project, "com.docker.compose.service": "squatter"}
    network = stack.api.create_network(f"{stack.project}_squat", labels=labels)["Id"]
    host = stack.api.create_host_config(port_bindings={9428: ("127.0.0.1", port)}, network_mode=network)
    squatter = stack.api.create_container(
        IMAGE, ["-storageDataPath=/squat"], name=f"{stack.project}-squatter", ports=[9428], host_config=host, labels=labels
    )
    stack.api.start(squatter)

    code, _, err = verb("stack", "up")

    assert code == 1
    assert f"port {port} (victorialogs) is held by the container {stack.project}-squatter" in err
    assert f"docker stop {stack.project}-squatter" in err
    assert stack.api.inspect_container(squatter)["State"]["Running"]


def test_a_service_that_ends_is_told_with_its_last_words(stack: DockerStack, verb: Verb) -> None:
    """An image that does not know our flags: the error holds what it wrote."""
    stack.configure(images={"prometheus": IMAGE})

    code, _, err = verb("stack", "up")

    assert code == 1
    assert "prometheus did not become healthy: its container has ended" in err
    said = stack.api.logs(stack.ids()["prometheus"]).decode().splitlines()
    assert any(line.strip() and line in err for line in said)
    assert "hint: cclaunch stack logs prometheus" in err


def test_an_image_that_is_not_here_and_cannot_be_fetched_is_named(stack: DockerStack, verb: Verb) -> None:
    """What runs keeps running."""
    ok(verb("stack", "up"))
    before = stack.ids()
    stack.configure(images={"prometheus": "127.0.0.1:9/prom/prometheus:v0"})

    code, _, err = verb("stack", "up")

    assert code == 1
    assert "the image 127.0.0.1:9/prom/prometheus:v0 is not here and cannot be fetched" in err
    assert "cclaunch stack pull" in err
    assert stack.ids() == before


def test_pull_has_nothing_to_do_when_every_image_is_here(stack: DockerStack, verb: Verb) -> None:
    """It asks no registry."""
    assert ok(verb("stack", "pull")) == "every image is here\n"


def test_restart_starts_every_service_again(stack: DockerStack, verb: Verb) -> None:
    """The same containers, begun anew."""
    ok(verb("stack", "up"))
    before = {name: stack.api.inspect_container(one)["State"]["StartedAt"] for name, one in stack.ids().items()}

    ok(verb("stack", "restart"))

    after = {name: stack.api.inspect_container(one)["State"]["StartedAt"] for name, one in stack.ids().items()}
    assert all(before[name] < after[name] for name in CONTAINERS)


def test_status_tells_health_url_image_age_and_size(stack: DockerStack, verb: Verb) -> None:
    """For programs and for people."""
    ok(verb("stack", "up"))

    found = json.loads(ok(verb("stack", "status", "--json")))
    table = ok(verb("stack", "status"))

    assert (found["backend"], found["healthy"], found["pid"]) == ("docker", True, None)
    assert [one["name"] for one in found["services"]] == list(CONTAINERS)
    for one in found["services"]:
        assert one["healthy"], one
        assert one["url"].startswith("http://localhost:") or one["name"] == "guard"
        assert ":" in one["image"]
        assert 0 <= one["age_seconds"] < 120
        assert (one["data_bytes"] or 0) >= 0
    assert f"http://localhost:{stack.ports['prometheus']}" in table
    assert "image" in table.splitlines()[0]


def test_logs_of_one_service_and_of_all(stack: DockerStack, verb: Verb) -> None:
    """With more than one each line names its own."""
    ok(verb("stack", "up"))

    one, every = ok(verb("stack", "logs", "victorialogs", "-n", "2")), ok(verb("stack", "logs", "-n", "2"))

    assert len(one.splitlines()) == 2
    assert not one.startswith("victorialogs")
    assert {line.split(" ")[0] for line in every.splitlines()} == set(CONTAINERS)


def test_logs_are_followed(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """After the last line come those that a service writes from now on, until its container ends."""
    ok(verb("stack", "up"))
    process = sandbox.popen(sandbox.command("stack", "logs", "-f", "-n", "1", "prometheus"))
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    assert process.stdout is not None
    last = process.stdout.readline()
    stack.api.stop(stack.ids()["prometheus"])
    added, _ = process.communicate(timeout=120)
    watchdog.cancel()

    assert last
    assert b"See you next time!" in added


def test_recorded_prompts_are_told_to_be_readable(stack: DockerStack, verb: Verb) -> None:
    """Loopback is open to every user of the machine."""
    stack.configure(privacy={"prompts": True})

    code, _, err = verb("stack", "up")

    assert code == 0
    assert "every user of this machine can read what these ports show, and prompts are recorded" in err


@pytest.fixture
def stranger(stack: DockerStack) -> str:
    """A collector in a container that somebody else made, on the port that ours would have; its id."""
    config = Config()
    own = service_of(stack_model(config, "somebody", {}), "collector")
    labels = {"com.docker.compose.project": stack.project, "com.docker.compose.service": "old-collector"}
    network = stack.api.create_network(f"{stack.project}_old", labels=labels)["Id"]
    host = stack.api.create_host_config(port_bindings={4317: ("127.0.0.1", stack.ports["grpc"])}, network_mode=network)
    made: str = stack.api.create_container(
        own.image,
        list(own.command),
        name=f"{stack.project}-old",
        ports=[4317],
        host_config=host,
        labels=labels,
        user="0",
    )["Id"]
    stack.api.put_archive(made, "/", archive(own))
    stack.api.start(made)
    eventually(lambda: b"Everything is ready" in stack.api.logs(made))
    return made


def test_a_collector_of_somebody_else_on_our_port_is_used_and_never_touched(
    stack: DockerStack, stranger: str, verb: Verb
) -> None:
    """The compose stack of old: it is named, nothing of ours is started beside it, and `down` leaves it."""
    code, out, err = verb("stack", "up")
    status = json.loads(ok(verb("stack", "status", "--json")))
    verb("stack", "down", "--volumes", "--yes")

    assert code == 0
    assert out == f"collector: the container {stack.project}-old, grpc 127.0.0.1:{stack.ports['grpc']}\n"
    assert "it is used, and `cclaunch usage` cannot see it" in err
    assert status["services"][0]["detail"].startswith(f"the container {stack.project}-old")
    assert set(stack.ids()) == {"old-collector"}
    assert stack.api.inspect_container(stranger)["State"]["Running"]
