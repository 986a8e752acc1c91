"""
Counts of Prometheus as our panels ask for them: exact whatever a series does.

The problem it owns: a real session shows few of the ways in which a series comes and goes. Here a page of ours plays them
to the real Prometheus, which looks at it every second.
"""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from grafana_asks import Span, filled
from required import missing
from sandbox import free_ports
from stackproc import Process, program

from cclaunch.grafana.queries import grown

NAME = "claude_code_commit_count"
PLAYED: dict[str, list[int | None]] = {
    "one": [*[1] * 14],
    "steady": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
    "late": [None] * 6 + [5] * 8,
    "gone": [3, 3, 3] + [None] * 11,
    "back": [2, 2] + [None] * 8 + [7, 7, 7, 7],
}
"""Series -> its value each second, None while it is not on the page (as after the collector's expiry)."""

Played = tuple[Process, int, int]
TRUTH = {"one": 1, "steady": 14, "late": 5, "gone": 3, "back": 7}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Prometheus, having seen it all; and when it began and ended."""
    path = program("prometheus")
    if path is None:
        missing("prometheus")
    begun: list[float] = []

    class Page(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            begun.append(time.time())
            second = int(begun[-1] - begun[0])
            now = {name: values[min(second, len(values) - 1)] for name, values in PLAYED.items()}
            lines = [f'{NAME}{{session_id="{name}"}} {value}\n' for name, value in now.items() if value is not None]
            body = f"# TYPE {NAME} counter\n{''.join(lines)}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    base = tmp_path_factory.mktemp("played")
    (port,) = free_ports(1)
    job = {"job_name": "page", "static_configs": [{"targets": [f"127.0.0.1:{server.server_port}"]}]}
    every = {"scrape_interval": "1s", "scrape_timeout": "1s"}
    (base / "prometheus.yml").write_text(json.dumps({"global": every, "scrape_configs": [job]}))
    flags = [f"--config.file={base}/prometheus.yml", f"--storage.tsdb.path={base}/data", f"--web.listen-address=127.0.0.1:{port}"]
    with Process(base, [str(path), *flags], port, "/-/healthy") as prometheus:
        while not begun or time.time() - begun[0] < len(PLAYED["one"]) + 5:  # a busy machine looks late
            time.sleep(0.1)
        yield prometheus, int(begun[0]), int(time.time())
    server.shutdown()
    server.server_close()


def counted(prometheus: Process, begin: int, end: int) -> dict[str, float]:
    """Return series -> what our question says of a window; what is not there counts nothing."""
    query = filled(grown("claude_code.commit.count", "$__range", "session_id"), {}, Span(begin, end), logsql=False)
    answer = prometheus.get("/api/v1/query", query=query, time=str(end))
    return {one["metric"]["session_id"]: float(one["value"][1]) for one in answer["data"]["result"]}


def test_a_window_over_all_counts_every_series_from_nothing(played: Played) -> None:
    """Also one whose first value is its last, and one that came back with its running total."""
    prometheus, begin, end = played

    assert counted(prometheus, begin - 5, end) == TRUTH


def test_adjoining_windows_add_up_wherever_they_are_cut(played: Played) -> None:
    """No growth is seen twice, none falls between; a series that was away is no new one."""
    prometheus, begin, end = played

    for cut in range(begin + 1, end - 1):
        parts = [counted(prometheus, begin - 5, cut), counted(prometheus, cut, end)]
        assert {name: sum(part.get(name, 0) for part in parts) for name in TRUTH} == TRUTH


def test_a_window_behind_the_end_counts_nothing(played: Played) -> None:
    """Series that stand still have not grown."""
    prometheus, _, end = played

    assert set(counted(prometheus, end - 1, end + 1).values()) == {0}
