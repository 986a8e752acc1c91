"""
Sixteen sessions of every kind, counted in the ledger exactly as the scripted API has billed them.

The problem it owns: claude's own figure of a session is cumulative over resumes and forks, so truth is the API's log; in both
backends.
"""

from collections.abc import Iterable, Iterator

import pytest
from docker_stack import DockerStack, docker_stack, eventually
from engine import Engine
from messages_api import MessagesApi
from real_claude import micros
from recorded import Attributes, usage
from sandbox import Sandbox
from sixteen import SUMS, Row, Sessions, billed, sixteen

pytestmark = pytest.mark.real


def counted(rows: Iterable[Attributes]) -> dict[str, Row]:
    """Return model -> what `usage` says, as `SUMS`."""
    return {row["model"]: tuple(micros(row[name]) if name == "cost_usd" else row[name] for name in SUMS) for row in rows}


def test_sixteen_sessions_are_what_the_api_has_billed(ready: Sandbox, api: MessagesApi) -> None:
    """With the embedded collector: model by model, by the time that the last session has ended."""
    ready.configure()
    sixteen(Sessions(ready))
    assert any(answer.prompt == "say hi below" for answer in api.good())
    assert counted(usage(ready, "--by", "model")["rows"]) == billed(api.good())


@pytest.fixture
def stack(ready: Sandbox, engine: Engine) -> Iterator[DockerStack]:
    """The Docker stack of a sandbox with a real claude."""
    with docker_stack(ready, engine.host) as made:
        made.configure()
        yield made


def test_sixteen_sessions_are_what_the_api_has_billed_through_containers(stack: DockerStack, api: MessagesApi) -> None:
    """With the Docker stack, as soon as VictoriaLogs shows them; and asked again, it stays so."""
    sixteen(Sessions(stack.sandbox))

    def found() -> dict[str, Row]:
        return counted(usage(stack.sandbox, "--by", "model")["rows"])

    eventually(lambda: found() == billed(api.good()) or None, 120)
    assert found() == billed(api.good())
