"""The branch of a worktree is the one that git would name, and what changes it is watched."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cclaunch.hot.attributes import LONGEST, encode
from cclaunch.hot.reading import stamp
from cclaunch.place.repository import branch


def git(directory: Path, *words: str, check: bool = True) -> str:
    """Run git and return what it says."""
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.invalid"]
    done = subprocess.run(["git", *identity, "-C", str(directory), *words], check=check, capture_output=True, timeout=60)
    return done.stdout.decode().strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one commit, on `main`."""
    path = tmp_path / "repo"
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    git(path, "commit", "-q", "--allow-empty", "-m", "x")
    return path


def as_it_is(repo: Path) -> Path:
    """On the branch of its making."""
    return repo


def with_slashes(repo: Path) -> Path:
    """On a branch below a branch's name."""
    git(repo, "checkout", "-q", "-b", "feature/kürzer-€")
    return repo


def unborn(repo: Path) -> Path:
    """On a branch without a commit."""
    git(repo, "checkout", "-q", "--orphan", "new")
    return repo


def detached(repo: Path) -> Path:
    """On a commit and no branch."""
    git(repo, "checkout", "-q", "--detach")
    return repo


def inside(repo: Path) -> Path:
    """Further down."""
    (repo / "a" / "b").mkdir(parents=True)
    return repo / "a" / "b"


def worktree(repo: Path) -> Path:
    """In another worktree, which is on a branch of its own."""
    git(repo, "worktree", "add", "-q", "-b", "other", str(repo.parent / "tree"))
    return repo.parent / "tree"


def bare(repo: Path) -> Path:
    """In a repository without a worktree."""
    git(repo, "clone", "-q", "--bare", str(repo), str(repo.parent / "bare.git"))
    return repo.parent / "bare.git"


def a_link(repo: Path) -> Path:
    """With the HEAD of old releases."""
    (repo / ".git" / "HEAD").unlink()
    (repo / ".git" / "HEAD").symlink_to("refs/heads/main")
    return repo


PLACES = [as_it_is, with_slashes, unborn, detached, inside, worktree, bare, a_link]


@pytest.mark.parametrize("make", PLACES, ids=lambda make: make.__name__)
def test_the_branch_is_the_one_that_git_would_name(repo: Path, make: Callable[[Path], Path]) -> None:
    """In every kind of place."""
    directory = make(repo)
    assert branch(str(directory))[0] == git(directory, "symbolic-ref", "-q", "--short", "HEAD", check=False)


@pytest.mark.parametrize("head", ["ref: refs/tags/v1\n", "ref: refs/heads/.invalid\n", "ref:\n", "ref: refs/heads/\n"])
def test_what_is_no_branch_has_no_name(repo: Path, head: str) -> None:
    """A tag; where references are in a table that only git reads; what is broken."""
    (repo / ".git" / "HEAD").write_text(head)
    assert branch(str(repo))[0] == ""


def test_outside_a_repository_there_is_no_branch_and_nothing_to_watch(tmp_path: Path) -> None:
    """The repository that may come is watched for by its name already."""
    assert branch(str(tmp_path)) == ("", [])


def test_whatever_the_branch_is_called_claude_takes_it(repo: Path) -> None:
    """One that is too long is cut: it must cost neither the others nor a line at each launch."""
    git(repo, "checkout", "-q", "-b", "ä" * 100)
    name, _ = branch(str(repo))
    assert name
    assert len(encode(name)) <= LONGEST
    assert name.strip("ä") == ""


def test_another_branch_makes_the_answer_stale_and_a_commit_does_not(repo: Path) -> None:
    """A commit moves the branch, not HEAD."""
    (watched,) = branch(str(repo))[1]
    before = stamp(watched)
    git(repo, "commit", "-q", "--allow-empty", "-m", "y")
    assert stamp(watched) == before
    git(repo, "checkout", "-q", "-b", "other")
    assert stamp(watched) != before
