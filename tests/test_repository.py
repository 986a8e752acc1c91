"""The repository's name, asked of real repositories that git made."""

import subprocess

import pytest

from cclaunch.repository import repository


def git(directory, *words):
    """Run git in *directory* with no configuration but its own."""
    environ = {"HOME": str(directory), "PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CONFIG_NOSYSTEM": "1"}
    author = ["-c", "user.name=n", "-c", "user.email=e@example.invalid", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", *author, *words], cwd=directory, env=environ, check=True, capture_output=True, timeout=30)


@pytest.fixture
def repo(tmp_path):
    """A repository ``work/thing`` with one commit."""
    path = tmp_path / "work" / "thing"
    path.mkdir(parents=True)
    git(path, "init", "-q")
    git(path, "commit", "-q", "--allow-empty", "-m", "first")
    return path


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://user:secret@example.invalid/org/log-ingestion.git", "log-ingestion"),
        ("git@example.invalid:org/tool.git", "tool"),
        ("git@example.invalid:tool", "tool"),
        ("ssh://git@example.invalid:2222/a/b/c/", "c"),
        ("/srv/git/bare.git", "bare"),
        ("https://example.invalid/org/x.git?token=abc", "x"),
    ],
)
def test_the_name_is_the_last_part_of_the_remotes_path(repo, url, name):
    """Never a URL, never its password."""
    git(repo, "remote", "add", "origin", url)

    assert repository(str(repo))[0] == name


def test_without_a_remote_it_is_the_directorys_name(repo):
    """A repository of one's own has a name too."""
    assert repository(str(repo))[0] == "thing"


def test_a_subdirectory_belongs_to_the_repository(repo):
    """The walk goes up."""
    below = repo / "a" / "b"
    below.mkdir(parents=True)

    assert repository(str(below))[0] == "thing"


def test_a_worktree_is_called_like_the_main_one(repo, tmp_path):
    """Its .git is a file that points into the main repository."""
    git(repo, "worktree", "add", "-q", str(tmp_path / "elsewhere"))

    assert repository(str(tmp_path / "elsewhere"))[0] == "thing"


def test_a_submodule_is_called_by_its_own_remote(repo, tmp_path):
    """Its .git is a file as well, and its origin is its own."""
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q")
    git(library, "commit", "-q", "--allow-empty", "-m", "first")
    git(repo, "submodule", "add", "-q", str(library), "vendor/lib")

    assert repository(str(repo / "vendor" / "lib"))[0] == "library"


def test_outside_a_repository_there_is_no_name(tmp_path):
    """An empty name sends no attribute."""
    assert repository(str(tmp_path))[0] == ""


def test_every_level_that_could_become_a_repository_is_a_source(repo):
    """`git init` nearer by must make the cached answer stale."""
    below = repo / "a"
    below.mkdir()

    sources = repository(str(below))[1]

    assert str(below / ".git") in sources
    assert str(repo / ".git" / "config") in sources
