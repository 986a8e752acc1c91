"""
The password of Grafana's user ``admin``, also after its database was made.

The variable counts only at the first start. Later one has to be set by Grafana's own command, inside its container;
the password stands in a file there, so it is on no command line and in no variable.
"""

import base64
import http.client

from cclaunch.backends.docker.connect import translated
from cclaunch.backends.docker.engine import Engine
from cclaunch.backends.docker.render import HOME
from cclaunch.config.model import Config
from cclaunch.errors import StackError

ANSWER_S = 5.0
RESET = f"grafana cli admin reset-admin-password --password-from-stdin < {HOME}/admin_password"


def settle(engine: Engine, config: Config) -> None:
    """Set the password of config.toml when Grafana does not take it. Raises StackError when Grafana refuses."""
    if _lets_in(config):
        return
    found = engine.containers()["grafana"]
    with translated(doing="set the password of Grafana"):
        made = engine.api.exec_create(found.id, ["sh", "-c", RESET])["Id"]
        said = engine.api.exec_start(made).decode("utf-8", "replace")
        code = engine.api.exec_inspect(made)["ExitCode"]
    if code or not _lets_in(config):
        last = " ".join(said.split())[-200:]
        raise StackError("Grafana does not take grafana.admin_password", cause=last, hint="cclaunch stack logs grafana")


def _lets_in(config: Config) -> bool:
    """Say whether Grafana lets ``admin`` in with the password of config.toml; one try, because several lock the user out."""
    word = base64.b64encode(f"admin:{config.grafana.admin_password}".encode()).decode("ascii")
    peer = http.client.HTTPConnection("127.0.0.1", config.ports.grafana, timeout=ANSWER_S)
    try:
        peer.request("GET", "/api/user", headers={"Authorization": f"Basic {word}"})
        return peer.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        peer.close()
