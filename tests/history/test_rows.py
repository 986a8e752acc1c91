"""A request that a transcript saw, as the ledger takes it: its price, and of its directory the repository's name."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from transcript_lines import line, record

from cclaunch.history.rows import Rows
from cclaunch.store.ledger.witnessed import Witnessed
from cclaunch.transcripts.line import read_line
from cclaunch.transcripts.seen import Seen

FILE = "/home/somebody/.claude/projects/-gone-shop/a.jsonl"


def made(host: str | None = None, *, branch: bool = True, **changes: Any) -> Witnessed:
    """Return the row of a record with *changes*."""
    return Rows(host, branch=branch).made(seen(**changes))


def seen(**changes: Any) -> Seen:
    """Return what a record with *changes* tells."""
    found = read_line(line(record(**changes)))
    assert isinstance(found, Seen)
    return found


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose remote has another name than its directory."""
    place = tmp_path / "directory"
    for words in (["init", "-q", str(place)], ["-C", str(place), "remote", "add", "origin", "git@host:team/project.git"]):
        subprocess.run(["git", *words], check=True)
    return place


@pytest.mark.parametrize(
    ("version", "asked", "micros"),
    [("2.1.197", None, 3_000_000), ("2.1.330", None, 2_000_000), ("2.1.330", "claude-opus-4-8", 5_000_000)],
)
def test_the_price_is_that_of_the_release(version: str, asked: str | None, micros: int) -> None:
    """Of the model that was asked for."""
    row = made(version=version, requestedModel=asked, message={"model": "claude-sonnet-5"}, usage=ONLY_INPUT)
    assert row.micros == micros


ONLY_INPUT = {
    "input_tokens": 1_000_000,
    "output_tokens": 0,
    "cache_read_input_tokens": 0,
    "cache_creation_input_tokens": 0,
    "cache_creation": None,
}


def test_a_model_without_a_price_has_none() -> None:
    """Never zero."""
    assert made(requestedModel=None, message={"model": "gpt-5"}).micros is None


def test_what_is_written_to_the_cache_is_split() -> None:
    """What is not for an hour is for five minutes."""
    row = made()
    assert (row.cache_5m, row.cache_1h) == (500, 40)


def test_the_key_is_of_both_ids() -> None:
    """Gateways repeat either."""
    keys = {made(requestId=request, message={"id": said}).key for request in ("a", "b", None) for said in ("a", "b")}
    assert len(keys) == 6


def test_the_repository_is_what_a_launch_there_would_say(repository: Path) -> None:
    """Also from below."""
    (repository / "sub").mkdir()
    assert {made(cwd=str(place)).repository for place in (repository, repository / "sub")} == {"project"}


def test_of_a_worktree_that_is_gone_it_is_the_repository(repository: Path) -> None:
    """Claude makes worktrees inside."""
    assert made(cwd=f"{repository}/.claude/worktrees/fix", gitBranch="worktree-fix").repository == "project"


def test_of_a_directory_that_is_gone_it_is_its_name() -> None:
    """The first one of its session: a later one may lie below."""
    rows = Rows()
    found = [rows.made(seen(number=number, cwd=cwd)) for number, cwd in enumerate(("/gone/shop", "/gone/shop/sub"))]
    assert {one.repository for one in found} == {"shop"}
    assert made(cwd="/gone/shop/.claude/worktrees/fix").repository == "shop"


@pytest.mark.parametrize("file", [FILE, FILE.replace("a.jsonl", "a/subagents/agent-b.jsonl")])
def test_a_directory_that_is_gone_lay_in_the_one_that_the_file_is_named_for(file: str) -> None:
    """However much of it was read before."""
    rows = Rows()
    rows.begin(file)
    assert rows.made(seen(cwd="/gone/shop/sub/below")).repository == "shop"
    assert rows.made(seen(cwd="/gone/other")).repository == "other"


def test_where_a_session_began_may_be_there_still(repository: Path) -> None:
    """Only what lay below is gone."""
    rows = Rows()
    rows.begin(f"/home/somebody/.claude/projects/{re.sub('[^A-Za-z0-9]', '-', str(repository))}/a.jsonl")
    assert rows.made(seen(cwd=f"{repository}/gone/below")).repository == "project"


def test_where_a_session_began_may_be_no_repository(tmp_path: Path) -> None:
    """Then it is where it went to."""
    rows = Rows()
    rows.begin(f"/home/somebody/.claude/projects/{re.sub('[^A-Za-z0-9]', '-', str(tmp_path))}/a.jsonl")
    assert rows.made(seen(cwd=f"{tmp_path}/gone")).repository == "gone"


@pytest.mark.parametrize("changes", [{"gitBranch": ""}, {"gitBranch": None}, {"cwd": None}], ids=str)
def test_what_was_in_no_repository_has_none(changes: dict[str, Any]) -> None:
    """Claude saw no branch there; or says not where it was."""
    assert made(**{"cwd": "/gone/shop", **changes}).repository is None


def test_a_directory_that_is_there_without_a_repository_has_none(tmp_path: Path) -> None:
    """Whatever claude saw then."""
    assert made(cwd=str(tmp_path)).repository is None


def test_a_directory_of_another_machine_is_not_looked_for_here(repository: Path) -> None:
    """The same path is another place there."""
    row = made("laptop", cwd=str(repository))
    assert (row.repository, row.host) == ("directory", "laptop")


def test_a_branch_is_kept_unless_it_is_none_or_unwanted() -> None:
    """`telemetry.branch = false` is for both witnesses."""
    assert made().branch == "main"
    assert made(gitBranch="HEAD").branch is None
    assert made(branch=False).branch is None


def test_names_are_what_a_launch_could_send() -> None:
    """No controls, and not longer."""
    row = made(cwd="/gone/a\x1bb", gitBranch="x" * 1024)
    assert row.repository == "ab"
    assert row.branch is not None
    assert len(row.branch) < 300
