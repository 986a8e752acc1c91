"""
A day of real sessions, and every figure that `usage` prints of it, held against what the scripted API has billed.

The problem it owns: which session, profile, repository and model a request was of, only the launch knows. The launches of this
day follow one another, so the API's log between two of them is what the one before has cost; in both backends.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import read_screen
from docker_stack import DockerStack, docker_stack, eventually
from engine import Engine
from messages_api import Answer, MessagesApi
from read_screen import is_count, is_money, is_percent, is_tokens
from real_claude import Outcome, micros, outcome
from recorded import usage
from sandbox import Sandbox
from sixteen import SUMS, Row, price

pytestmark = pytest.mark.real

AS_JSON = ("--output-format", "json")
BASH = ("--allowedTools", "Bash", "Task", "Agent")


class Launched(NamedTuple):
    """One launch: who it was for, where, and the answers that the API has billed for it, each with its price (micro-dollars)."""

    session: str
    profile: str
    repository: str | None
    answers: list[tuple[Answer, int]]


class Day:
    """Launches in *sandbox* that follow one another, each with what the *api* has billed meanwhile."""

    def __init__(self, sandbox: Sandbox, api: MessagesApi) -> None:
        self.sandbox = sandbox
        self.api = api
        self.launches: list[Launched] = []
        for name in ("shop", "log"):
            assert sandbox.run(["git", "init", "-q", name]).returncode == 0
        for name, team in (("data", "data-engineering"), ("web", "web")):
            assert sandbox.cclaunch("profile", "set", name, f"team={team}").returncode == 0

    def launch(self, profile: str, repository: str | None, text: str, *words: str) -> Outcome:
        """Run one to its end."""
        before = len(self.api.good())
        place = self.sandbox.work / (repository or ".")
        done = outcome(self.sandbox.cclaunch(f"+{profile}", "-p", text, *AS_JSON, *words, cwd=place))
        answers = self.api.good()[before:]
        default = next((one.model for one in answers if one.kind == "main"), "")
        self.launches.append(Launched(done.session, profile, repository, [(one, price(one, default)) for one in answers]))
        return done

    def run(self) -> None:
        """Run the day: two repositories and none, two profiles, some models; resumed, with tools, a helper, retried, refused."""
        first = self.launch("data", "log", "say hi")
        self.launch("data", "log", "three steps", *BASH)
        self.launch("web", "shop", "run ls", "--model", "sonnet", *BASH)
        self.launch("data", "log", "and again", "--resume", first.session)
        self.launch("data", "log", "another way", "--resume", first.session, "--fork-session")
        self.launch("web", None, "say hi", "--model", "sonnet")
        self.launch("web", "shop", "ask a helper", *BASH)
        self.launch("data", None, "overloaded twice")
        assert self.launch("web", "shop", "fail 400").code == 1

    def by(self, key: Callable[[Launched, Answer], str | None]) -> dict[str | None, Row]:
        """Return value -> what the API has billed, as `SUMS`."""
        found: dict[str | None, Counter[str]] = {}
        for launched in self.launches:
            for answer, cost in launched.answers:
                sums = dict(zip(SUMS, (1, cost, *answer.tokens), strict=True))
                found.setdefault(key(launched, answer), Counter()).update(sums)
        return {value: tuple(sums[name] for name in SUMS) for value, sums in found.items()}

    def truth(self) -> dict[str, dict[str | None, Row]]:
        """Return key of ``--by`` -> value -> what was billed."""
        return {
            "session": self.by(lambda launched, _: launched.session),
            "profile": self.by(lambda launched, _: launched.profile),
            "repository": self.by(lambda launched, _: launched.repository),
            "model": self.by(lambda _, answer: answer.model),
        }

    def whole(self) -> Row:
        """Return all that was billed."""
        return self.by(lambda *_: None)[None]


def counted(row: dict[str, Any]) -> Row:
    """Return the figures of a row of `usage`, as `SUMS`."""
    return tuple(micros(row[name]) if name == "cost_usd" else row[name] for name in SUMS)


def rows(sandbox: Sandbox, key: str) -> dict[str | None, Row]:
    """Return what `usage` says by *key*."""
    found = usage(sandbox, "--by", key)["rows"]
    assert len({row[key] for row in found}) == len(found)
    return {row[key]: counted(row) for row in found}


def about_noon(sandbox: Sandbox) -> None:
    """Have the clock on the sandbox's wall say about noon, so that no midnight falls into its day."""
    hours = 12 - time.gmtime().tm_hour
    sandbox.environ["TZ"] = f"NOON{-hours:+d}"


def assert_rows(day: Day) -> None:
    """Assert that each row is what was billed, and that sessions say where they were."""
    for key, truth in day.truth().items():
        assert rows(day.sandbox, key) == truth, key
    places = {one.session: (one.profile, one.repository) for one in day.launches if one.answers}
    found = usage(day.sandbox, "--by", "session")["rows"]
    assert {row["session"]: (row["profile"], row["repository"]) for row in found} == places
    assert [row["start"] for row in found] != []


def assert_screen(day: Day) -> None:
    """Assert that each figure of the first screen is the nearest to what was billed that its digits can say."""
    done = day.sandbox.cclaunch("usage", environ={"COLUMNS": "160", "LC_ALL": "C.UTF-8"})
    assert (done.returncode, done.stderr) == (0, b"")
    shown = read_screen.read(done.stdout.decode())
    requests, cost, read_in, _, cached, written = day.whole()

    assert all(is_money(text, cost) for text in (shown.today, shown.week, shown.month, shown.recent)), shown
    assert (shown.change, shown.pace) == (None, None)
    assert shown.hit is not None
    assert is_percent(shown.hit, cached / (read_in + cached + written))
    *quiet, today = shown.days
    assert is_money(today.cost, cost)
    assert is_count(today.requests, requests)
    assert is_tokens(today.tokens, sum(day.whole()[2:]))
    assert [(one.requests, one.tokens) for one in quiet] == [("0", "0")] * 13
    assert_tops(day, dict(shown.tops))


def assert_tops(day: Day, shown: dict[str, str]) -> None:
    """Assert that the models have their share, and repositories and profiles their dollars; all of them."""
    truth, whole = day.truth(), day.whole()[1]
    models = {str(name).removeprefix("claude-"): row[1] / whole for name, row in truth["model"].items()}
    others = {name or "no repository": row[1] for key in ("repository", "profile") for name, row in truth[key].items()}
    shares = {next((name for name in models if name.startswith(label)), label): figure for label, figure in shown.items()}

    assert shares.keys() == {*models, *others}
    for name, figure in shares.items():
        assert is_percent(figure, models[name]) if name in models else is_money(figure, others[name]), (name, figure)


def test_a_day_of_real_sessions_is_what_the_api_has_billed(ready: Sandbox, api: MessagesApi) -> None:
    """With the embedded collector, as soon as the last of them has ended."""
    ready.configure()
    about_noon(ready)
    day = Day(ready, api)
    day.run()

    assert_rows(day)
    assert_screen(day)


@pytest.fixture
def stack(ready: Sandbox, engine: Engine) -> Iterator[DockerStack]:
    """The Docker stack of a sandbox with a real claude."""
    with docker_stack(ready, engine.host) as made:
        made.configure()
        yield made


def test_a_day_of_real_sessions_is_what_the_api_has_billed_through_containers(stack: DockerStack, api: MessagesApi) -> None:
    """With the Docker stack, as soon as VictoriaLogs shows them."""
    about_noon(stack.sandbox)
    day = Day(stack.sandbox, api)
    day.run()
    eventually(lambda: rows(stack.sandbox, "model") == day.truth()["model"] or None, 120)

    assert_rows(day)
    assert_screen(day)
