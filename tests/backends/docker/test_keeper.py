"""The keeper beside the real containers: started and ended with them, and the ledger that survives their volumes."""

import json
import os
import signal

from collector_client import beats, registered
from docker_stack import DockerStack, eventually
from google.protobuf.json_format import MessageToDict
from ledger_rows import counted
from runners import Verb
from sandbox import Sandbox
from stored import SECOND_NS, export_of

from cclaunch.backends.embedded import collector
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.hot.ports import keeper

START = 1_790_000_000 * SECOND_NS


def ok(told: tuple[int, str, str]) -> str:
    """Return stdout of a verb that went well."""
    code, out, err = told
    assert code == 0, err
    return out


def send(stack: DockerStack, *numbers: int) -> None:
    """Send requests, the same for the same number, to whoever listens on the port of OTLP."""
    records = [
        {"request_id": f"r{one}", "cost_usd_micros": 1000, "event.sequence": one, "session.id": "s", "time": START + one}
        for one in numbers
    ]
    body = MessageToDict(export_of(*records, time_ns=START))
    assert stack.request("POST", "http", "/v1/logs", body)[0] == 200


def arrived(stack: DockerStack, count: int) -> bool:
    """Say whether VictoriaLogs can find so many events."""
    body = stack.get("victorialogs", "/select/logsql/query?query=*%20%7C%20stats%20count()%20as%20rows")[1]
    return bool(int(json.loads(body)["rows"]) >= count)


def spent(verb: Verb) -> tuple[float, int]:
    """Return (dollars, requests) as `usage` says."""
    total = json.loads(ok(verb("usage", "--json")))["total"]
    return total["cost_usd"], total["requests"]


def keeps(paths: Paths) -> bool:
    """Say whether a keeper vouches for itself."""
    found = keeper(paths)
    return found is not None and beats(paths, found.pid)


def test_it_runs_with_the_containers_and_ends_with_them(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """`stack status` and `status` name it, to people and to programs."""
    paths = our_paths(sandbox.environ)
    ok(verb("stack", "up"))
    first = collector.keeper(paths)
    ok(verb("stack", "up"))
    again = collector.keeper(paths)
    told = json.loads(ok(verb("stack", "status", "--json")))["keeper"]
    shown, screen = ok(verb("stack", "status")), ok(verb("status"))
    out = ok(verb("stack", "down"))

    assert first is not None
    assert first == again
    assert told["healthy"]
    assert f"pid {first.pid}" in told["detail"]
    assert "keeper" in shown
    assert "keeper" in screen
    assert "keeper: stopped\n" in out
    assert collector.keeper(paths) is None


def test_a_launch_finds_it_and_one_that_finds_none_starts_it(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """Nothing is said, and both are stayed for."""
    paths = our_paths(sandbox.environ)
    ok(verb("stack", "up"))
    eventually(lambda: keeps(paths))
    with sandbox.popen(sandbox.command("exec", "--", "sleep", "600")) as found:
        eventually(lambda: found.pid in registered(paths))
        found.kill()
    before = collector.keeper(paths)
    assert before is not None
    for pid in (before.supervisor, before.pid):
        os.kill(pid or 0, signal.SIGKILL)
    eventually(lambda: collector.keeper(paths) is None)
    with sandbox.popen(sandbox.command("exec", "--", "sleep", "600")) as woken:
        eventually(lambda: keeps(paths) and woken.pid in registered(paths))
        woken.kill()
        assert woken.stderr
        assert woken.stderr.read() == b""


def test_events_of_the_containers_are_counted_without_anybody_asking(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """A status line reads what it keeps."""
    ok(verb("stack", "up"))
    send(stack, 1, 2, 3)

    eventually(lambda: counted(our_paths(sandbox.environ).ledger) == 3)
    assert spent(verb) == (0.003, 3)


def test_a_change_of_backend_with_the_same_events_at_both_counts_them_once(
    stack: DockerStack, sandbox: Sandbox, verb: Verb
) -> None:
    """There and back: an export whose answer was lost is sent again, to whoever listens by then."""
    paths = our_paths(sandbox.environ)
    stack.configure(backend="embedded")
    ok(verb("stack", "up"))
    send(stack, 1, 2, 3)
    ok(verb("stack", "use", "docker"))
    kept = collector.keeper(paths)
    send(stack, 2, 3, 4)
    eventually(lambda: arrived(stack, 3))
    ok(verb("stack", "use", "embedded"))
    send(stack, 4, 5)

    assert kept is not None
    assert collector.keeper(paths) is None
    assert spent(verb) == (0.005, 5)


def test_when_the_volumes_are_gone_usage_still_answers(stack: DockerStack, sandbox: Sandbox, verb: Verb) -> None:
    """What came a moment before is in it; then all begins anew, and nothing is counted twice."""
    ok(verb("stack", "up"))
    send(stack, 1, 2)
    eventually(lambda: arrived(stack, 2))
    code, _, err = verb("stack", "down", "--volumes", "--yes")

    assert code == 0
    assert "the ledger stays (--ledger deletes it): " in err
    assert "lost" not in err
    assert stack.volumes() == set()
    assert spent(verb) == (0.002, 2)
    ok(verb("stack", "up"))
    send(stack, 2, 3)
    eventually(lambda: arrived(stack, 2))
    assert spent(verb)[1] >= 2
    eventually(lambda: counted(our_paths(sandbox.environ).ledger) == 3)


def test_volumes_of_a_stack_that_is_stopped_are_said_to_be_uncounted(stack: DockerStack, verb: Verb) -> None:
    """Nobody can read them; without a yes nothing goes."""
    ok(verb("stack", "up"))
    ok(verb("stack", "down"))
    code, _, err = verb("stack", "down", "--volumes")

    assert code == 2
    assert "VictoriaLogs does not run" in err
    assert "`cclaunch stack up` first" in err
    assert "victorialogs-data" in stack.volumes()
