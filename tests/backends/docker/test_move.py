"""Between the backends, on a real engine: moving, standing in, giving back, and what a launch does."""

import contextlib
import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from docker_stack import CONTAINERS, SERVICES, DockerStack, eventually
from runners import Verb
from sandbox import Sandbox

from cclaunch.backends import wake
from cclaunch.backends.embedded import collector
from cclaunch.hot.paths import our_paths

LONGEST_GAP_S = 60.0
"""A gap that ends; how short it is on a quiet machine is what `tests/bench/stack.py` says."""


def ok(told: tuple[int, str, str]) -> str:
    """Return stdout of a verb that went well."""
    code, out, err = told
    assert code == 0, err
    return out


class Prober:
    """Sends an empty export every few milliseconds and measures the longest time without an answer."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.longest = 0.0
        self.answers = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        eventually(lambda: self.answers)
        return self

    def __exit__(self, *_: object) -> None:
        """End, a little later."""
        time.sleep(0.3)
        self._over.set()
        self._thread.join(10)

    def _run(self) -> None:
        last = time.monotonic()
        while not self._over.is_set():
            if self._answered():
                now = time.monotonic()
                if self.answers:
                    self.longest = max(self.longest, now - last)
                last = now
                self.answers += 1
            time.sleep(0.005)

    def _answered(self) -> bool:
        peer = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
        try:
            peer.request("POST", "/v1/logs", "{}", {"Content-Type": "application/json"})
            return peer.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            peer.close()


def backend_of(verb: Verb) -> tuple[str, bool]:
    """Return what `stack status` says: (backend, healthy)."""
    found = json.loads(ok(verb("stack", "status", "--json")))
    return found["backend"], found["healthy"]


def test_there_and_back_with_less_than_two_seconds_without_a_collector(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """The ports stay the same, each backend keeps its data, and the choice is remembered."""
    stack.configure(backend="embedded")
    ok(verb("stack", "up"))
    with Prober(stack.ports["http"]) as there:
        ok(verb("stack", "use", "docker"))
    chosen = backend_of(verb)
    with Prober(stack.ports["http"]) as back:
        told = verb("stack", "use", "embedded")
    print(f"gap to docker {there.longest:.2f} s, to embedded {back.longest:.2f} s")

    assert chosen == ("docker", True)
    assert backend_of(verb) == ("embedded", True)
    assert there.longest < LONGEST_GAP_S
    assert back.longest < LONGEST_GAP_S
    assert "cclaunch stack down" in told[2]
    assert sandbox.database.exists()
    assert stack.volumes() >= {f"{name}-data" for name in SERVICES}
    assert stack.get("victorialogs", "/health")[0] == 200


def test_down_after_moving_away_ends_the_containers_too(stack: DockerStack, verb: Verb) -> None:
    """Whatever of ours runs."""
    ok(verb("stack", "use", "docker"))
    ok(verb("stack", "use", "embedded"))

    ok(verb("stack", "down"))

    assert stack.containers() == {}


def test_a_move_that_fails_goes_back(stack: DockerStack, verb: Verb) -> None:
    """Prometheus' port is taken: the embedded collector never left its own."""
    stack.configure(backend="embedded")
    ok(verb("stack", "up"))
    with socket.create_server(("127.0.0.1", stack.ports["prometheus"])), Prober(stack.ports["http"]) as prober:
        code, _, err = verb("stack", "use", "docker")

    assert code == 1
    assert f"port {stack.ports['prometheus']} (prometheus) is held by" in err
    assert backend_of(verb) == ("embedded", True)
    assert prober.longest < LONGEST_GAP_S


def test_a_collector_that_does_not_come_up_gives_the_ports_back(stack: DockerStack, verb: Verb) -> None:
    """Its image knows none of our words: the embedded one takes over again."""
    stack.configure(backend="embedded", images={"collector": "victoriametrics/victoria-logs:v1.52.1"})
    ok(verb("stack", "up"))

    code, _, err = verb("stack", "use", "docker")

    assert code == 1
    assert "collector did not become healthy" in err
    assert backend_of(verb) == ("embedded", True)


def test_a_move_without_an_engine_changes_nothing(stack: DockerStack, verb: Verb) -> None:
    """One line with the mend."""
    stack.configure(backend="embedded", docker={"host": "unix:///nowhere/docker.sock"})
    ok(verb("stack", "up"))

    code, _, err = verb("stack", "use", "docker")

    assert code == 1
    assert "no container engine runs: /nowhere/docker.sock" in err
    assert backend_of(verb) == ("embedded", True)


def launch(sandbox: Sandbox) -> tuple[str, str]:
    """Run `env` as a launch would; return (endpoint, stderr)."""
    done = sandbox.cclaunch("exec", "--", "env", timeout=120)
    assert done.returncode == 0
    found = dict(line.split("=", 1) for line in done.stdout.decode().splitlines() if "=" in line)
    return found["OTEL_EXPORTER_OTLP_ENDPOINT"], done.stderr.decode()


def test_a_launch_brings_the_stack_up(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """And is told nothing, because nothing is wrong."""
    endpoint, err = launch(sandbox)

    assert endpoint == f"http://127.0.0.1:{stack.ports['grpc']}"
    assert err == ""
    eventually(lambda: stack.answers("prometheus", "/-/healthy"))
    assert set(stack.ids()) == set(CONTAINERS)


def test_a_launch_changes_nothing_of_a_healthy_stack(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """A changed setting waits for `stack up`: sessions that run send to this collector."""
    ok(verb("stack", "up"))
    before = stack.ids()
    stack.configure(metrics={"expiration": 5})

    _, err = launch(sandbox)
    unchanged = stack.ids()
    ok(verb("stack", "up"))

    assert err == ""
    assert unchanged == before
    assert {name for name, one in stack.ids().items() if before[name] != one} == {"collector"}


def test_many_launches_at_once_bring_it_up_once(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """One works, the others wait for it."""
    processes = [sandbox.popen(sandbox.command("exec", "--", "true")) for _ in range(4)]
    told = [(*process.communicate(timeout=120), process.returncode) for process in processes]

    assert told == [(b"", b"", 0)] * 4
    assert set(stack.ids()) == set(CONTAINERS)


def test_a_collector_that_fails_a_launch_leaves_its_ports_to_the_stand_in(stack: DockerStack, sandbox: Sandbox) -> None:
    """Its image knows none of our words: telemetry still goes to the ports that every session knows."""
    stack.configure(images={"collector": "victoriametrics/victoria-logs:v1.52.1"})

    endpoint, err = launch(sandbox)

    assert endpoint == f"http://127.0.0.1:{stack.ports['grpc']}"
    assert "collector did not become healthy" in err
    assert "the embedded collector stands in" in err


def test_another_service_that_fails_does_not_hold_up_a_launch(stack: DockerStack, sandbox: Sandbox) -> None:
    """It is named in one line."""
    with socket.create_server(("127.0.0.1", stack.ports["prometheus"])):
        endpoint, err = launch(sandbox)

    assert endpoint == f"http://127.0.0.1:{stack.ports['grpc']}"
    assert err.count("\n") == 1
    assert f"guard is down: port {stack.ports['prometheus']} (prometheus) is held by" in err


def test_services_that_are_down_are_started_in_the_background_once(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """A launch waits for none of them; a second one does not try again."""
    ok(verb("stack", "up"))
    stack.api.stop(stack.ids()["prometheus"])
    paths = our_paths(sandbox.environ)

    first = wake.rouse(paths, sandbox.environment(), ["prometheus"])
    second = wake.rouse(paths, sandbox.environment(), ["prometheus"])

    assert first == "prometheus: down; started again, not waited for"
    assert second == ""
    eventually(lambda: stack.answers("prometheus", "/-/healthy"), 120)


def gone_engine(stack: DockerStack, tmp_path: Path) -> Callable[[], None]:
    """Configure an engine that is not there; return the function that brings it back."""
    path = Path(os.path.realpath(tmp_path)) / "d.sock"
    stack.configure(docker={"host": f"unix://{path}"}, metrics={"scrape_interval": 1})
    return lambda: path.symlink_to(stack.host.removeprefix("unix://"))


def test_while_docker_is_away_the_embedded_collector_stands_in_and_gives_back(
    stack: DockerStack, sandbox: Sandbox, verb: Verb, tmp_path: Path
) -> None:
    """One line says so; the ports change hands without anybody's doing, and what was stored meanwhile stays."""
    come_back = gone_engine(stack, tmp_path)
    endpoint, err = launch(sandbox)
    _, again = launch(sandbox)
    status = json.loads(ok(verb("stack", "status", "--json")))
    with Prober(stack.ports["http"]) as prober:
        come_back()
        eventually(lambda: collector.running(our_paths(sandbox.environ)) is None, 120)
        eventually(lambda: stack.answers("health", "/"))
    print(f"gap of giving back {prober.longest:.2f} s")

    assert endpoint == f"http://127.0.0.1:{stack.ports['grpc']}"
    assert err.count("\n") == 1
    assert "the embedded collector stands in, and gives the ports back when Docker runs" in err
    assert again == ""
    assert status["healthy"]
    assert "stands in" in status["services"][0]["detail"]
    assert prober.longest < LONGEST_GAP_S
    assert sandbox.database.exists()
    eventually(lambda: not sandbox.processes("hand-back"))


def knocks(listener: socket.socket) -> int:
    """Return how many connections *listener*, which does not block, was asked for since the last time."""
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            count += 1
    return count


def test_an_engine_that_hangs_costs_one_launch_its_deadline_and_no_other(
    stack: DockerStack, sandbox: Sandbox, tmp_path: Path
) -> None:
    """It takes connections and never answers: the embedded collector stands in."""
    path = tmp_path / "h.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as hung:
        hung.bind(str(path))
        hung.listen(64)
        stack.configure(docker={"host": f"unix://{path}"})
        hung.setblocking(False)
        _, err = launch(sandbox)
        first = knocks(hung)
        launch(sandbox)
        second = knocks(hung)

    assert "does not answer" in err
    assert first > 0
    assert second == 0


def test_a_stack_that_is_ended_while_docker_is_away_leaves_no_watcher(
    stack: DockerStack, sandbox: Sandbox, verb: Verb, tmp_path: Path
) -> None:
    """Whoever stands in ends, and so does the one that waits for Docker."""
    gone_engine(stack, tmp_path)
    launch(sandbox)

    code, _, err = verb("stack", "down")

    assert code == 1  # the containers may still be there: that is said
    assert "no container engine runs" in err
    eventually(lambda: not sandbox.processes(), 120)


def test_deleting_the_data_later_takes_the_volumes_that_were_left(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """Moved away, ended, and then told to delete: whoever deletes the data means all of it."""
    ok(verb("stack", "use", "docker"))
    ok(verb("stack", "use", "embedded"))
    ok(verb("stack", "down"))
    ok(verb("stack", "up"))
    assert stack.volumes()

    ok(verb("stack", "down", "--volumes", "--yes"))

    assert not {name for name in stack.volumes() if name.endswith("-data")}
    assert not sandbox.database.exists()
    assert collector.running(our_paths(sandbox.environ)) is None


def test_volumes_that_cannot_be_asked_for_do_not_keep_the_database(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """The engine is gone for good: that is said, and the rest is done."""
    ok(verb("stack", "use", "docker"))
    ok(verb("stack", "use", "embedded"))
    ok(verb("stack", "down"))
    stack.configure(backend="embedded", docker={"host": "unix:///nonexistent/sock"})

    code, out, err = verb("stack", "down", "--volumes", "--yes")

    assert (code, sandbox.database.exists()) == (0, False)
    assert "database: deleted" in out
    assert "are not deleted" in err
