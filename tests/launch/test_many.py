"""Many launches at once: each is known to the collector, and nobody waits for anybody."""

from pathlib import Path

from collector_client import beats, registered, wait_until
from sandbox import Sandbox

from cclaunch.hot.paths import our_paths

MANY = 200

WAITS = """#!/bin/sh
echo "$$ $OTEL_EXPORTER_OTLP_ENDPOINT"
while [ ! -e "$HOME/over" ]; do sleep 0.5; done
"""


def test_two_hundred_launches_at_once_are_all_known(sandbox: Sandbox) -> None:
    """Every one sends to the collector, and has left its name there under the pid that claude has now."""
    claude = sandbox.home / "bin" / "claude"
    claude.parent.mkdir()
    claude.write_text(WAITS)
    claude.chmod(0o755)
    sandbox.environ["PATH"] = f"{claude.parent}:{sandbox.environ['PATH']}"
    ports = sandbox.configure()
    paths = our_paths(sandbox.environ)
    sandbox.cclaunch("stack", "up")
    assert wait_until(lambda: beats(paths))

    sessions = [sandbox.popen(sandbox.command("-p", "x")) for _ in range(MANY)]
    said = [session.stdout.readline().decode().split() for session in sessions if session.stdout]
    known = registered(paths)
    Path(sandbox.home / "over").touch()
    ends = [(session.communicate(timeout=120)[1], session.returncode) for session in sessions]

    assert ends == [(b"", 0)] * MANY
    assert said == [[str(session.pid), f"http://127.0.0.1:{ports['grpc']}"] for session in sessions]
    assert known == {session.pid for session in sessions}
    assert wait_until(lambda: not registered(paths))
