"""
What the real Claude Codes send is in our store exactly once, and ``usage`` says what they said.

The problem it owns: both releases, all three protocols, every kind of session. A ``-p`` run goes through
the full matrix; each longer scenario runs three times, over each protocol once and with both releases.
"""

import subprocess

import pytest
from messages_api import MessagesApi
from metrics_page import total
from real_claude import VERSIONS, Claude, Outcome, micros, outcome
from recorded import assert_complete, assert_usage_is, events
from sandbox import PROTOCOLS, Sandbox

pytestmark = pytest.mark.real

AS_JSON = ("--output-format", "json")
ALLOWED = ("--allowedTools", "Bash", "Write", "Edit", "Read")


def rotating(first: int) -> pytest.MarkDecorator:
    """Return the mark that runs a scenario over each protocol once, beginning with the *first*, on both releases in turn."""
    cases = [(VERSIONS[(first + turn) % 2], PROTOCOLS[(first + turn) % 3]) for turn in range(3)]
    return pytest.mark.parametrize(("claude", "protocol"), cases, indirect=["claude"])


def prompt(sandbox: Sandbox, text: str, *words: str) -> Outcome:
    """Run ``cclaunch -p`` to its end."""
    return outcome(sandbox.cclaunch("-p", text, *AS_JSON, *words))


def start(sandbox: Sandbox, text: str, *words: str) -> subprocess.Popen[bytes]:
    """Start ``cclaunch -p`` and return at once."""
    return sandbox.popen(sandbox.command("-p", text, *AS_JSON, *words))


def finish(process: subprocess.Popen[bytes]) -> Outcome:
    """Wait for what ``start`` started."""
    out, err = process.communicate(timeout=120)
    return outcome(subprocess.CompletedProcess(process.args, process.returncode, out, err))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_plain_run_is_recorded_once_and_costs_what_claude_says(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """One prompt, one answer, a cold collector: all of it is in the store when claude has ended."""
    ready.configure(protocol=protocol)
    done = prompt(ready, "say hi")
    assert done.code == 0
    assert_complete(ready, api, processes=1)
    assert len(events(ready, "user_prompt")) == 1
    assert_usage_is(ready, api, done.micros)


@rotating(0)
def test_a_tool_loop_is_recorded_once(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """Every Bash call of a loop has its decision and its result, and every turn is billed."""
    ready.configure(protocol=protocol)
    done = prompt(ready, "three steps", *ALLOWED)
    assert sum(bool(answer.tool_id) for answer in api.good()) == 3
    assert_complete(ready, api, processes=1)
    assert_usage_is(ready, api, done.micros)


@rotating(1)
def test_file_edits_and_a_commit_are_recorded_once(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """A Write, an Edit and a commit through Bash really happen in the repository and are all in the store."""
    ready.configure(protocol=protocol)
    (ready.work / "edited.txt").write_text("before\n")
    ready.run(["git", "init", "-q"])
    runs = [f"write a file in {ready.work}", f"edit the file in {ready.work}", "commit"]
    cost = sum(prompt(ready, text, *ALLOWED).micros for text in runs)
    assert (ready.work / "edited.txt").read_text() == "after\nand more\n"
    assert ready.run(["git", "ls-files"]).stdout.split() == [b"edited.txt", b"written.txt"]
    assert_complete(ready, api, processes=3)
    assert_usage_is(ready, api, cost)


@rotating(2)
def test_a_refused_request_is_recorded_as_an_error_and_costs_nothing(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """A 400 ends in exit 1, an ``api_error`` event with the request's id, and no bill."""
    ready.configure(protocol=protocol)
    done = prompt(ready, "fail 400")
    (error,) = events(ready, "api_error")
    assert (done.code, error["status_code"], error["request_id"]) == (1, 400, api.failed()[-1].request_id)
    assert_complete(ready, api, processes=1)
    assert_usage_is(ready, api, done.micros)


@rotating(1)
def test_an_overload_that_stays_is_recorded_and_not_billed(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """Nothing but 529: claude gives up, says so in events, and the failed tries cost nothing."""
    ready.configure(protocol=protocol)
    done = prompt(ready, "overloaded always")
    assert done.code == 1
    assert len(events(ready, "api_retries_exhausted")) == 1
    assert_complete(ready, api, processes=1)
    assert_usage_is(ready, api, done.micros)


@rotating(2)
def test_the_metrics_page_says_what_claude_says(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """Cost and tokens under the names that people query are the truth, and the second run adds to the first."""
    ports = ready.configure(protocol=protocol)
    cost = sum(prompt(ready, text).micros for text in ("say hi", "run ls"))
    page = ports["metrics"]
    assert micros(total(page, "claude_code_cost_usage")) == cost
    assert total(page, "claude_code_session_count", start_type="fresh") == 2
    kinds = {"input": "input", "output": "output", "cacheRead": "cache_read", "cacheCreation": "cache_creation"}
    said = {field: total(page, "claude_code_token_usage", type=kind) for kind, field in kinds.items()}
    assert said == api.tokens()._asdict()


@rotating(0)
def test_an_overload_that_passes_is_billed_once(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """Two 529 answers and then a good one: one request is billed, none twice."""
    ready.configure(protocol=protocol)
    done = prompt(ready, "overloaded twice")
    assert [answer.status for answer in api.failed()] == [529, 529]
    assert_complete(ready, api, processes=1)
    assert_usage_is(ready, api, done.micros)


@rotating(1)
def test_two_launches_at_once_are_both_recorded(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """Both start on a cold collector and are in flight at the same time; nothing is mixed up or lost."""
    ready.configure(protocol=protocol)
    both = [start(ready, "hold and say hi"), start(ready, "hold and run ls", *ALLOWED)]
    api.wait_held(2)
    api.let_go(3)
    cost = sum(finish(one).micros for one in both)
    assert_complete(ready, api, processes=2)
    assert_usage_is(ready, api, cost)


@rotating(2)
def test_one_session_resumed_twice_at_once_is_recorded_once(
    ready: Sandbox, api: MessagesApi, claude: Claude, protocol: str
) -> None:
    """Sequence numbers restart in each resumed process, and the session id is one: still no event is taken for another."""
    ready.configure(protocol=protocol)
    first = prompt(ready, "say hi")
    both = [start(ready, "hold and greet", "--resume", first.session), start(ready, "hold and run ls", "--resume", first.session)]
    api.wait_held(2)
    api.let_go(3)
    ended = [finish(one) for one in both]
    assert {one.session for one in ended} == {first.session}
    before = first.micros if claude.restores_cost else 0
    assert_complete(ready, api, processes=3)
    assert_usage_is(ready, api, first.micros + sum(one.micros - before for one in ended))
