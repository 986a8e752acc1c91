"""
Every question that a dashboard asks, ours and the public one that people know, answered by the real services with what the
real claudes sent through the real collector; and the figures are those that the scripted API billed.
"""

import json
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import grafana_asks
import pytest
import real_claude
from collector_client import wait_until
from grafana_asks import Sample, Span, targets
from ledgers import places_at
from messages_api import MessagesApi, Tokens
from metrics_page import total as page_total
from real_claude import VERSIONS, outcome
from required import missing
from sandbox import PROTOCOLS, Sandbox
from stackproc import Stack
from stackproc import stack as running_stack

from cclaunch.grafana.queries import cost, grown
from cclaunch.grafana.shipped import shipped
from cclaunch.otlp.send import Road, send
from cclaunch.store import stores
from cclaunch.store.vlogs import read

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

ALLOWED = ("--allowedTools", "Bash", "Write", "Edit", "Read")
DASHBOARDS = {name: json.loads(content) for name, content in shipped().items()}
ASKED = [(name, panel["id"], target["refId"]) for name, one in DASHBOARDS.items() for panel, target in targets(one)]
RUNS = (
    ("core", "run ls", ALLOWED),
    ("ops", "write a file in {work}", ALLOWED),
    ("core", "edit the file in {work}", ALLOWED),
    ("core", "commit", ALLOWED),
    ("core", "open a pull request", ALLOWED),
    ("ops", "run false", ALLOWED),
    ("core", "write a file in {work}", ()),
    ("ops", "fail 400", ()),
    ("core", "overloaded always", ()),
)
"""Profile, prompt, words: all that a dashboard counts."""


class Recorded(NamedTuple):
    """
    What was run, and the services that hold it.

    *micros*, *tokens* and *requests* are the truth by team; *sessions* the number of runs by team.
    """

    stack: Stack
    span: Span
    micros: Counter[str]
    tokens: dict[str, Tokens]
    requests: Counter[str]
    sessions: Counter[str]
    session: str
    request_ids: set[str]

    def ask(self, target: Any, **values: list[str]) -> list[Sample]:
        """Return what a target answers."""
        return grafana_asks.ask(self.stack, target, self.span, values)

    def panel(self, dashboard: str, title: str, **values: list[str]) -> list[Sample]:
        """Return what the first question of the panel called *title* answers."""
        found = [target for panel, target in targets(DASHBOARDS[f"{dashboard}.json"]) if panel["title"] == title]
        return self.ask(found[0], **values)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """Both claudes run every scenario into a stack of their own."""
    base = tmp_path_factory.mktemp("dashboards")
    with running_stack(base / "stack") as stack, MessagesApi() as api:
        if isinstance(stack, str):
            missing(stack)
        assert isinstance(stack, Stack)
        sandbox = _sandbox(base, stack)
        begin = int(time.time()) - 1
        truth = Counter[str](), dict.fromkeys(("core", "ops"), Tokens()), Counter[str](), Counter[str]()
        session = ""
        for version in VERSIONS:
            claude = real_claude.installed(version)
            if not claude.path.exists():
                missing(f"@anthropic-ai/claude-code@{version}")
            real_claude.prepare(sandbox, claude, api.url)
            sandbox.environ["CLAUDE_CODE_MAX_RETRIES"] = "1"
            for team, prompt, words in RUNS:
                session = _run(sandbox, api, truth, team, prompt.format(work=sandbox.work), words)
        everything = sum(truth[3].values()), sum(truth[2].values())
        assert wait_until(lambda: _arrived(stack) == everything), f"{_arrived(stack)} of {everything}"
        time.sleep(1)  # a second that is over: the span ends with it
        span = Span(begin, int(time.time()), 10)
        yield Recorded(stack, span, *truth, session, {answer.request_id for answer in api.good()})
        assert not sandbox.close()


def _arrived(stack: Stack) -> tuple[int, int]:
    """Return how many sessions Prometheus has scraped more than once, and how many requests VictoriaLogs has."""
    query = "sum(claude_code_session_count and count_over_time(claude_code_session_count[1h]) > 2)"
    counted = stack.prometheus.get("/api/v1/query", query=query)["data"]["result"]
    stack.vlogs.flush(0)
    requests = stack.vlogs.lines("/select/logsql/query", query="event.name:api_request | stats count() n")
    return int(float(counted[0]["value"][1])) if counted else 0, int(requests[0]["n"])


def _sandbox(base: Path, stack: Stack) -> Sandbox:
    """Return a sandbox with two profiles whose telemetry goes to *stack*, in a repository, with a `gh` that always succeeds."""
    sandbox = Sandbox(base)
    sandbox.configure()
    ports = {"grpc": stack.collector.grpc, "http": stack.collector.http, "metrics": stack.collector.metrics}
    sandbox.config_file.write_text("\n".join(["[ports]", *(f"{name} = {port}" for name, port in ports.items())]) + "\n")
    for team, project in (("core", "alpha"), ("ops", "beta")):
        assert sandbox.cclaunch("profile", "set", team, f"team={team}", f"project={project}").returncode == 0
    gh = sandbox.home / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text("#!/bin/sh\necho https://github.com/example/repo/pull/1\n")
    gh.chmod(0o755)
    sandbox.environ["PATH"] = f"{gh.parent}:{sandbox.environ['PATH']}"
    sandbox.run(["git", "init", "-q"])
    sandbox.run(["git", "remote", "add", "origin", "https://example.invalid/group/shop.git"])
    return sandbox


def _run(sandbox: Sandbox, api: MessagesApi, truth: Any, team: str, prompt: str, words: tuple[str, ...]) -> str:
    (sandbox.work / "edited.txt").write_text("before\n")
    (sandbox.work / "written.txt").unlink(missing_ok=True)
    (sandbox.work / "new.txt").write_text(f"{len(api.answers)}\n")  # there is always something to commit
    before = len(api.good())
    done = outcome(sandbox.cclaunch(f"+{team}", "-p", prompt, "--output-format", "json", *words, timeout=120))
    micros, tokens, requests, sessions = truth
    micros[team] += done.micros
    sessions[team] += 1
    for answer in api.good()[before:]:
        requests[team] += 1
        tokens[team] = tokens[team].plus(answer.tokens)
    return done.session


def by(samples: list[Sample], *labels: str) -> dict[Any, float]:
    """Return label(s) -> the sum over time of what a panel shows."""
    found: defaultdict[Any, float] = defaultdict(float)
    for sample in samples:
        key = tuple(sample.labels.get(label, "") for label in labels)
        found[key if len(labels) != 1 else key[0]] += sum(sample.values)
    return dict(found)


def total(samples: list[Sample]) -> float:
    """Return the sum of all that a panel shows."""
    return sum(sum(sample.values) for sample in samples)


@pytest.fixture(scope="module")
def busy(recorded: Recorded) -> str:
    """A session that called a tool."""
    found = read.events(recorded.stack.vlogs.url, limit=1, where={"event.name": "tool_result"})
    return str(found[0].session_id)


# Every question.


@pytest.mark.parametrize(("name", "panel_id", "ref"), ASKED, ids=lambda value: str(value))
def test_every_question_of_our_dashboards_is_answered(recorded: Recorded, busy: str, name: str, panel_id: int, ref: str) -> None:
    """Not with an error, and not with nothing."""
    ((panel, target),) = [
        (panel, target) for panel, target in targets(DASHBOARDS[name]) if (panel["id"], target["refId"]) == (panel_id, ref)
    ]

    found = recorded.ask(target, session=[busy] if "session" in name else [])

    assert found, panel["title"]
    if target.get("queryType") != "instant":
        assert any(value > 0 for sample in found for value in sample.values), panel["title"]


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_every_variable_offers_what_was_sent(recorded: Recorded, name: str) -> None:
    """Both teams, both profiles, the session."""
    wanted = {"profile": {"core", "ops"}, "team": {"core", "ops"}, "project": {"alpha", "beta"}, "session": {recorded.session}}
    for variable in DASHBOARDS[name]["templating"]["list"]:
        found = grafana_asks.offered(recorded.stack, variable, recorded.span, {})
        assert wanted.get(variable["name"], set()) <= found
        assert found


# The figures.


def test_money_is_what_claude_says(recorded: Recorded) -> None:
    """In all, by team, by project and profile, over time, and for one team alone; to the micro-dollar."""
    teams = {team: micros / 1e6 for team, micros in recorded.micros.items()}
    projects = {"alpha": teams["core"], "beta": teams["ops"]}
    near = pytest.approx

    assert total(recorded.panel("cclaunch-cost", "Cost")) == near(sum(teams.values()), abs=1e-9)
    assert by(recorded.panel("cclaunch-cost", "Cost by team"), "team") == near(teams, abs=1e-9)
    assert by(recorded.panel("cclaunch-cost", "Cost by profile"), "cclaunch.profile") == near(teams, abs=1e-9)
    assert by(recorded.panel("cclaunch-cost", "Cost by project"), "project") == near(projects, abs=1e-9)
    assert by(recorded.panel("cclaunch-cost", "Cost by repository"), "vcs.repository.name") == near(
        {"shop": sum(teams.values())}, abs=1e-9
    )
    assert total(recorded.panel("cclaunch-cost", "Cost over time")) == near(sum(teams.values()), abs=1e-9)
    assert total(recorded.panel("cclaunch-cost", "Cost", team=["ops"])) == near(teams["ops"], abs=1e-9)
    assert total(recorded.panel("cclaunch-cost", "Cost", team=["ops"], project=["alpha"])) == 0
    rows = recorded.panel("cclaunch-cost", "Dearest sessions")
    assert sum(float(row.labels["cost"]) for row in rows) == near(sum(teams.values()), abs=1e-9)


def test_tokens_and_requests_are_what_the_api_billed(recorded: Recorded) -> None:
    """By type and by team."""
    whole = recorded.tokens["core"].plus(recorded.tokens["ops"])

    assert by(recorded.panel("cclaunch-cost", "Tokens by type"), "__name__") == {
        "input": whole.input,
        "output": whole.output,
        "cache_read": whole.cache_read,
        "cache_write": whole.cache_creation,
    }
    assert by(recorded.panel("cclaunch-cost", "Tokens by team"), "team") == {
        team: sum(tokens) for team, tokens in recorded.tokens.items()
    }
    assert total(recorded.panel("cclaunch-cost", "Requests")) == sum(recorded.requests.values())
    hits = whole.cache_read / (whole.input + whole.cache_read + whole.cache_creation)
    assert total(recorded.panel("cclaunch-cost", "Cache hit rate")) == pytest.approx(hits)


def test_an_export_that_is_repeated_costs_nothing(recorded: Recorded) -> None:
    """VictoriaLogs has no key; the question counts each request once."""
    question = {"datasource": {"uid": "ds-vlogs"}, "queryType": "stats", "expr": cost()}
    before = total(recorded.ask(question))
    found = read.events(recorded.stack.vlogs.url, limit=1, where={"event.name": "api_request"})[0]
    again = "\n".join(
        json.dumps({"_time": _iso(found.time_ns), "_msg": "claude_code.api_request", **found.attributes}) for _ in range(2)
    )
    status, _ = recorded.stack.vlogs.ask("POST", "/insert/jsonline?_stream_fields=service.name", again)
    rows = recorded.stack.vlogs.rows()
    recorded.stack.vlogs.flush(rows)

    assert (status, total(recorded.ask(question))) == (200, before)


def _iso(time_ns: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_ns // 10**9)) + f".{time_ns % 10**9:09d}Z"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_check_sends_is_read_back_and_counted_nowhere(recorded: Recorded, protocol: str, tmp_path: Path) -> None:
    """By each road through the collector; no panel of money or counts knows of it."""
    collector, nonce = recorded.stack.collector, secrets.token_hex(16)
    money = {"datasource": {"uid": "ds-vlogs"}, "queryType": "stats", "expr": cost()}
    before = total(recorded.ask(money)), total(recorded.panel("cclaunch-cost", "Requests"))
    port = collector.grpc if protocol == "grpc" else collector.http
    places = places_at(tmp_path / "none.db", recorded.stack.vlogs.url, f"http://127.0.0.1:{collector.metrics}/metrics")

    assert stores.find_check(places, nonce) == (False, False)
    send(Road(protocol, f"http://127.0.0.1:{port}"), nonce)

    assert wait_until(lambda: stores.find_check(places, nonce) == (True, True))
    assert (total(recorded.ask(money)), total(recorded.panel("cclaunch-cost", "Requests"))) == before


def test_counters_are_counted_without_extrapolation(recorded: Recorded) -> None:
    """Sessions, commits, pull requests and lines are whole numbers, the true ones, also those that never changed."""
    runs = sum(recorded.sessions.values())

    assert total(recorded.panel("cclaunch-cost", "Sessions")) == runs
    assert total(recorded.panel("cclaunch-cost", "Sessions", team=["ops"])) == recorded.sessions["ops"]
    assert total(recorded.panel("cclaunch-cost", "Sessions over time")) == runs
    assert total(recorded.panel("cclaunch-cost", "Commits")) == len(VERSIONS)
    assert total(recorded.panel("cclaunch-cost", "Pull requests")) == len(VERSIONS)


def test_what_only_metrics_know_is_what_the_collectors_page_says(recorded: Recorded) -> None:
    """Lines, active time and decisions on edits, over time and in all."""
    page = recorded.stack.collector.metrics
    lines = {kind: page_total(page, "claude_code_lines_of_code_count", type=kind) for kind in ("added", "removed")}
    edits = {
        (tool, decision): page_total(page, "claude_code_code_edit_tool_decision", tool_name=tool, decision=decision)
        for tool, decision in (("Write", "accept"), ("Edit", "accept"), ("Write", "reject"))
    }
    active = page_total(page, "claude_code_active_time_total")

    assert min(*lines.values(), *edits.values(), active) > 0
    assert by(recorded.panel("cclaunch-cost", "Lines of code"), "type") == lines
    assert by(recorded.panel("cclaunch-tools", "Decisions on edits"), "tool_name", "decision") == edits
    assert total(recorded.panel("cclaunch-cost", "Active time")) == pytest.approx(active)
    assert total(recorded.panel("cclaunch-cost", "Active time over time")) == pytest.approx(active)


def test_adjoining_windows_add_up(recorded: Recorded) -> None:
    """Wherever a window ends, what it misses is in the next one."""
    begin, end, _ = recorded.span
    metric = grown("claude_code.token.usage", "$__range")
    question = {"datasource": {"uid": "ds-prometheus"}, "expr": metric, "instant": True}
    whole = sum(sum(tokens) for tokens in recorded.tokens.values())

    for middle in range(begin + 5, end - 5, max(1, (end - begin) // 7)):
        parts = [grafana_asks.ask(recorded.stack, question, Span(*ends), {}) for ends in ((begin, middle), (middle, end))]
        assert sum(map(total, parts)) == whole


def test_the_extrapolation_of_increase_is_printed(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    """What people's own panels show instead: not zero, because Prometheus is told when a series began."""
    seconds = recorded.span.end - recorded.span.begin
    truths = {
        "claude_code_cost_usage": sum(recorded.micros.values()) / 1e6,
        "claude_code_token_usage": sum(sum(tokens) for tokens in recorded.tokens.values()),
        "claude_code_session_count": sum(recorded.sessions.values()),
    }
    for name, truth in truths.items():
        question = {"datasource": {"uid": "ds-prometheus"}, "expr": f"sum(increase({name}[{seconds}s]))", "instant": True}
        found = total(recorded.ask(question))
        with capsys.disabled():
            print(f"\nincrease({name}[{seconds}s]) = {found:.4f}, truth {truth:.4f}, error {(found / truth - 1) * 100:+.2f} %")
        assert found > 0


def test_tools_are_counted(recorded: Recorded) -> None:
    """Results by tool, failures, and the errors of the API."""
    runs = len(VERSIONS)

    assert by(recorded.panel("cclaunch-tools", "Tool calls"), "tool_name") == {
        "Bash": 4 * runs,
        "Write": runs,
        "Read": runs,
        "Edit": runs,
    }
    assert by(recorded.panel("cclaunch-tools", "Tool failures"), "tool_name") == {"Bash": runs}
    assert by(recorded.panel("cclaunch-tools", "API errors"), "status_code") == {"400": runs, "529": runs}


def test_the_timeline_of_a_session_is_whole(recorded: Recorded) -> None:
    """As many rows as there are events, numbered from 0."""
    count, rows = [
        recorded.ask(target, session=[recorded.session])
        for panel, target in targets(DASHBOARDS["cclaunch-session.json"])
        if panel["title"] == "Events"
    ]

    assert sorted(int(row.labels["event.sequence"]) for row in rows) == list(range(len(rows)))
    assert total(count) == len(rows)


# The public dashboard that people know.

METRICS = ("session.count", "cost.usage", "token.usage", "active_time.total")
ROWS = (
    "job:claude ",
    'job:claude session.id:"$session"',
    "_msg:claude_code.user_prompt",
    *(f'_msg:claude_code.{name} session.id:"$session"' for name in ("user_prompt", "api_request", "tool_result")),
)
SUMS = ("cost_usd", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
OVER_TIME = (
    *(
        f'_msg:claude_code.{name} session.id:"$session" | stats count() as requests'
        for name in ("user_prompt", "api_request", "tool_decision", "tool_result")
    ),
    "_msg:claude_code.user_prompt | stats by (session.id) count() as requests",
    '_msg:claude_code.api_request session.id:"$session" | stats by (model) count() as requests',
    *(f'_msg:claude_code.api_request session.id:"$session" | stats by (model) sum({name}) as requests' for name in SUMS),
    *(
        f'_msg:claude_code.tool_result session.id:"$session" | stats by ({name}) count() as requests'
        for name in ("tool_name", "decision_type")
    ),
)
FIELDS = "session.id event.name event.timestamp event.sequence user.id terminal.type service.name os.type scope.name job"


@pytest.mark.parametrize("name", METRICS)
def test_the_known_metrics_are_found_by_their_pattern(recorded: Recorded, name: str) -> None:
    """The pattern takes any one character for a dot, and no suffix."""
    query = f'sum(increase({{__name__=~"claude_code.{name}"}}[$__range]))'
    question = {"datasource": {"uid": "ds-prometheus"}, "expr": query, "instant": True}

    assert total(recorded.ask(question)) > 0


@pytest.mark.parametrize("query", ROWS)
def test_the_known_tables_have_rows(recorded: Recorded, busy: str, query: str) -> None:
    """With the columns that they name."""
    rows = recorded.ask({"datasource": {"uid": "ds-vlogs"}, "queryType": "instant", "expr": query}, session=[busy])

    assert rows
    assert [name for name in FIELDS.split() if name not in rows[0].labels] == []


@pytest.mark.parametrize("query", OVER_TIME)
def test_the_known_graphs_have_values(recorded: Recorded, busy: str, query: str) -> None:
    """Counts and sums over time."""
    found = recorded.ask({"datasource": {"uid": "ds-vlogs"}, "queryType": "statsRange", "expr": query}, session=[busy])

    assert total(found) > 0


def test_the_known_variable_offers_every_session(recorded: Recorded) -> None:
    """`job:claude`, field `session.id`."""
    variable = {"query": {"query": "job:claude", "field": "session.id", "limit": 1000}}

    assert len(grafana_asks.offered(recorded.stack, variable, recorded.span, {})) == sum(recorded.sessions.values())
