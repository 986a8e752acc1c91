"""
Is each service healthy? Asked of the services themselves: an open port of a container proves nothing.

The engine's own word does not count: the images have no shell in which it could run a check.
"""

import http.client
import json
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from cclaunch.backends.docker.model import HEALTH
from cclaunch.config.model import PortNumbers

ANSWER_S = 1.0
POLL_S = 0.05
LARGEST = 64 << 10


def ask(service: str, port: int, seconds: float = ANSWER_S) -> str | None:
    """Return None when *service* on *port* of loopback says that it is well, else what is wrong, in a few words."""
    peer = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        peer.request("GET", HEALTH[service][1])
        answer = peer.getresponse()
        body = answer.read(LARGEST)
    except TimeoutError:
        return "it does not answer in time"
    except ConnectionRefusedError:
        return "it does not run"
    except (OSError, http.client.HTTPException):
        return "it does not answer yet"
    finally:
        peer.close()
    if answer.status != 200:
        return f"it answers {answer.status}: {' '.join(body.decode('utf-8', 'replace').split())[:120]}"
    return _grafana(body) if service == "grafana" else None


def _grafana(body: bytes) -> str | None:
    """Return what Grafana says of its database: it answers 200 in either case in some releases."""
    try:
        state = json.loads(body).get("database")
    except (ValueError, AttributeError):
        return "another program answers on its port"
    return None if state == "ok" else f"its database is {state}"


def ask_all(services: Iterable[str], ports: PortNumbers, seconds: float = ANSWER_S) -> dict[str, str | None]:
    """Return the answer of each of *services*, asked at once."""
    names = list(services)
    with ThreadPoolExecutor(max(1, len(names))) as pool:
        found = pool.map(lambda name: ask(name, getattr(ports, HEALTH[name][0]), seconds), names)
        return dict(zip(names, found, strict=True))


def wait(
    services: Iterable[str],
    ports: PortNumbers,
    until: float,
    ended: Callable[[str], bool],
    told: Callable[[str], None] | None = None,
) -> Mapping[str, str]:
    """
    Wait until each of *services* is healthy, and return what is wrong with those that are not.

    Args:
        services: Their names.
        ports: Where they are.
        until: The deadline, in ``time.monotonic()``'s seconds.
        ended: Says of one whether its container has ended: waiting for it longer is no use.
        told: Called with the name of each as it becomes healthy.
    """
    left: dict[str, str] = dict.fromkeys(services, "it does not answer yet")
    lost: dict[str, str] = {}
    while left:
        for name, trouble in ask_all(left, ports, max(0.05, min(ANSWER_S, until - time.monotonic()))).items():
            if trouble is None:
                left.pop(name)
                if told is not None:
                    told(name)
            elif ended(name):
                lost[name] = "its container has ended"
                left.pop(name)
            else:
                left[name] = trouble
        if time.monotonic() >= until:
            break
        if left:
            time.sleep(POLL_S)
    return {**lost, **left}
