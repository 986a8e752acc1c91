"""The repository's name, asked of real repositories that git made."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cclaunch.hot.attributes import LONGEST, encode
from cclaunch.hot.reading import stamp
from cclaunch.place.gitconfig import entries
from cclaunch.place.repository import CONFIG_READ, MOST_LEVELS, name_of_url, repository, worktrees


def git(directory: str | bytes | Path, *words: str, check: bool = True) -> str | None:
    """Run git in *directory* with no configuration but its own; return what it printed, or None when it failed."""
    environ = {"HOME": os.fsdecode(directory), "PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CONFIG_NOSYSTEM": "1"}
    author = ["-c", "user.name=n", "-c", "user.email=e@example.invalid", "-c", "protocol.file.allow=always"]
    done = subprocess.run(["git", *author, *words], cwd=directory, env=environ, check=check, capture_output=True, timeout=120)
    return None if done.returncode else done.stdout.decode()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
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
        ("https://example.invalid/org/x.git#frag/ment", "x"),
        ("https://example.invalid/org/x.git/", "x"),
        ("https://example.invalid/org/x/.git/", "x"),
        ("https://example.invalid/org/my%20x", "my%20x"),
        ("ssh://[::1]:2222/~/x.git", "x"),
        ("git+ssh://git@example.invalid/x", "x"),
        ("file:///srv/git/x.git", "x"),
        ("git@example.invalid:~me/x.git", "x"),
        ("[git@example.invalid:2222]:org/x", "x"),
        ("git@[::1]:x.git", "x"),
        ("alias:x", "x"),
        ("../x.git", "x"),
        ("./odd:name/x", "x"),
        ("/srv/git/x/.", "x"),
        ("/srv/git/x@2.git", "x@2"),
        ("/srv/git/c#/x#1", "x#1"),
        ("C:\\work\\x.git", "x"),
        ("C:/code/x", "x"),
        ("\\\\server\\share\\x.git", "x"),
        ("ext::ssh -i key example.invalid %S org/x", "x"),
        ("/srv/git/größe 日本.git", "größe 日本"),
    ],
)
def test_the_name_is_the_last_part_of_the_remotes_path(repo: Path, url: str, name: str) -> None:
    """Never a URL, never its password."""
    git(repo, "remote", "add", "origin", url)

    assert git(repo, "remote", "get-url", "origin") == url + "\n"
    assert repository(str(repo))[0] == name


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@example.invalid",
        "https://user:secret@example.invalid/",
        "https://user:sec/secret@example.invalid",
        "https://user:sec#secret@example.invalid",
        "https://secret@example.invalid?x=/secret",
        "user:secret@example.invalid:secret@x",
        "ssh://user:secret@example.invalid:22",
        "codecommit::eu-central-1://secret@thing",
        "git@example.invalid:",
        "..",
        "/",
        ".git",
    ],
)
def test_a_url_without_a_path_gives_the_directorys_name(repo: Path, url: str) -> None:
    """Whatever stands where a name is expected may be a password."""
    git(repo, "remote", "add", "origin", url)

    assert repository(str(repo))[0] == "thing"


SECRET = "hunter2"


@given(
    st.sampled_from(["https://user:{}@host", "https://{}@host", "ssh://u:{}@h:22", "ftp://u:{}@[::1]:2"]),
    st.text("/#?:.", max_size=2),
)
def test_no_password_is_ever_a_name(form: str, odd: str) -> None:
    """Also one that should have been percent-encoded, and none of its parts."""
    found = name_of_url(form.format(f"{odd}{SECRET}"))

    assert SECRET not in found


CONFIGS = """\
[remote "origin"]\\n\\turl = org/x.git
[REMOTE "origin"]\\nURL=org/x
[remote "ORIGIN"]\\nurl = org/x
[remote "or igin"]\\nurl = org/x
[remote "origins"]\\nurl = org/x
[remote.origin]\\nurl = org/x
[remote.ORIGIN]\\nurl = org/x
[remote\\t"origin"] url = org/x
[remote "or\\\\igin"]\\nurl = org/x
[remote "origin"] # [remote "other"]\\nurl = org/x
[remote "other"]\\nurl = org/y\\n[remote "origin"]\\nurl = org/x
[remote "origin"]\\npushurl = org/push\\nurl = org/x
[remote "origin"]\\nurl = org/x\\npushurl = org/push
[remote "origin"]\\nurl = org/x\\nurl = org/y
[remote "origin"]\\nfetch = +refs/heads/*:refs/remotes/origin/*\\n[remote "origin"]\\nurl = org/x
[remote "origin"]\\n# url = org/y\\n; url = org/z\\nurl = org/x
[remote "origin"]\\nurl = org/x # y
[remote "origin"]\\nurl = org/x;y
[remote "origin"]\\nurl = "org/x;y#z"  ; w
[remote "origin"]\\nurl = org/"x y"  z \\t
[remote "origin"]\\nurl = org/x\\\\\\n-y
[remote "origin"]\\nurl = org/x\\\\ty
[remote "origin"]\\nurl = "org/\\\\"x\\\\""
[remote "origin"]\\r\\nurl = org/x\\r\\n
\\ufeff[remote "origin"]\\nurl = org/x
[core]\\nbare\\nx = "[remote \\\\"origin\\\\"]"\\n[remote "origin"]\\nurl = org/x
[branch "a]b"]\\nurl = org/y\\n[remote "origin"]\\nurl = org/x
[url "ssh://x/"]\\ninsteadOf = org\\n[remote "origin"]\\nurl = org/x
[remote "origin"]\\nmirror\\nurl=org/x
[remote "origin"]\\nprune = true
[include]\\npath = other""".splitlines()


@pytest.mark.parametrize("text", CONFIGS)
def test_the_configuration_is_read_as_git_reads_it(repo: Path, text: str) -> None:
    """Sections that only look alike, comments, quotes, escapes, continued lines."""
    made = text.encode().decode("unicode_escape").encode()
    (repo / ".git" / "config").write_bytes(made)

    url = git(repo, "config", "--get-all", "remote.origin.url", check=False)

    expected = url.split("\n")[0].rpartition("/")[2].removesuffix(".git").replace("\t", "") if url else "thing"
    assert repository(str(repo))[0] == expected


@given(st.text(st.sampled_from('[]"\\=#;\n\r\t .aru\ufeff'), max_size=40))
def test_no_configuration_breaks_the_parser(text: str) -> None:
    """It ends, whatever the text, and yields texts."""
    assert all(isinstance(part, str) for entry in entries(text) for part in entry)


def test_without_a_remote_it_is_the_directorys_name(repo: Path) -> None:
    """A repository of one's own has a name too."""
    assert repository(str(repo))[0] == "thing"


def test_a_subdirectory_belongs_to_the_repository(repo: Path) -> None:
    """The walk goes up."""
    below = repo / "a" / "b"
    below.mkdir(parents=True)

    assert repository(str(below))[0] == "thing"


def test_a_worktree_is_called_like_the_main_one(repo: Path, tmp_path: Path) -> None:
    """Its .git is a file that points into the main repository."""
    git(repo, "worktree", "add", "-q", str(tmp_path / "elsewhere"))

    assert repository(str(tmp_path / "elsewhere"))[0] == "thing"


def test_a_submodule_is_called_by_its_own_remote(repo: Path, tmp_path: Path) -> None:
    """Its .git is a file as well, and its origin is its own."""
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q")
    git(library, "commit", "-q", "--allow-empty", "-m", "first")
    git(repo, "submodule", "add", "-q", str(library), "vendor/lib")

    assert repository(str(repo / "vendor" / "lib"))[0] == "library"


def test_outside_a_repository_there_is_no_name(tmp_path: Path) -> None:
    """An empty name sends no attribute."""
    assert repository(str(tmp_path))[0] == ""


def test_every_level_that_could_become_a_repository_is_a_source(repo: Path) -> None:
    """`git init` nearer by must make the cached answer stale."""
    below = repo / "a"
    below.mkdir()

    sources = repository(str(below))[1]

    assert str(below / ".git") in sources
    assert str(repo / ".git" / "config") in sources


def own_and_gits(directory: Path) -> tuple[str, str]:
    """Return (our name, the name by git's own account: its remote, else its common directory's)."""
    common = git(directory, "rev-parse", "--path-format=absolute", "--git-common-dir", check=False)
    if common is None:
        return repository(str(directory))[0], ""
    url = git(directory, "remote", "get-url", "origin", check=False)
    if url:
        return repository(str(directory))[0], url.strip().rstrip("/").rpartition("/")[2].removesuffix(".git")
    path = common.strip().removesuffix("/.git")
    return repository(str(directory))[0], os.path.basename(path).removesuffix(".git")


def worktree(repo: Path) -> Path:
    """A worktree elsewhere, and a directory in it."""
    git(repo, "worktree", "add", "-q", str(repo.parent / "tree"))
    (repo.parent / "tree" / "deep").mkdir()
    return repo.parent / "tree" / "deep"


def worktree_with_a_remote(repo: Path) -> Path:
    """A worktree of a repository that has one."""
    git(repo, "remote", "add", "origin", "ssh://example.invalid/org/remote.git")
    return worktree(repo)


def relative_git_file(repo: Path) -> Path:
    """What newer releases of git write for a worktree."""
    tree = worktree(repo)
    (tree.parent / ".git").write_text(f"gitdir: ../thing/.git/worktrees/{tree.parent.name}\n")
    return tree


def bare(repo: Path) -> Path:
    """A bare repository, in one of its own directories."""
    git(repo, "clone", "-q", "--bare", str(repo), str(repo.parent / "naked.git"))
    git(repo.parent / "naked.git", "remote", "remove", "origin")
    return repo.parent / "naked.git" / "refs"


def worktree_of_bare(repo: Path) -> Path:
    """Where there is no main worktree."""
    git(bare(repo).parent, "worktree", "add", "-q", str(repo.parent / "tree"))
    return repo.parent / "tree"


def inside_git(repo: Path) -> Path:
    """Hooks run there."""
    return repo / ".git" / "refs"


def empty_git(repo: Path) -> Path:
    """An empty .git is none: git looks further up."""
    (repo / "a" / ".git").mkdir(parents=True)
    return repo / "a"


def fifo_git(repo: Path) -> Path:
    """A FIFO is none either, and must not hang."""
    (repo / "a").mkdir()
    os.mkfifo(repo / "a" / ".git")
    return repo / "a"


def broken(text: str) -> Callable[[Path], Path]:
    """Return the maker of a directory whose .git is a file with *text*: git refuses to go on, so there is no name."""

    def make(repo: Path) -> Path:
        (repo / "a").mkdir()
        (repo / "a" / ".git").write_text(text)
        return repo / "a"

    return make


def detached(repo: Path) -> Path:
    """HEAD holds a commit."""
    git(repo, "checkout", "-q", "--detach")
    return repo


def outside(repo: Path) -> Path:
    """No repository at all."""
    return repo.parent


PLACES = {
    **{make.__name__: make for make in (worktree, worktree_with_a_remote, relative_git_file, bare, worktree_of_bare, inside_git)},
    **{make.__name__: make for make in (empty_git, fifo_git, detached, outside)},
    "git file without gitdir": broken("nothing"),
    "git file without a blank": broken("gitdir:../.git"),
    "git file to nowhere": broken("gitdir: /does/not/exist\n"),
    "git file to no repository": broken("gitdir: ..\n"),
    "empty git file": broken(""),
    "huge git file": broken("gitdir: " + "x" * (2 << 20)),
}


@pytest.mark.parametrize("make", PLACES.values(), ids=PLACES.keys())
def test_the_name_is_the_one_that_git_would_give(repo: Path, make: Callable[[Path], Path]) -> None:
    """Asked of git in the same directory."""
    ours, gits = own_and_gits(make(repo))

    assert ours == gits


def test_a_directory_outside_is_never_asked_through_git_dir(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIT_DIR is about a command, not about where claude runs."""
    monkeypatch.setenv("GIT_DIR", str(repo / ".git"))

    assert repository(str(tmp_path))[0] == ""


@pytest.mark.parametrize(("remote", "name"), [(False, "lib"), (True, "remote")])
def test_a_worktree_of_a_submodule_is_called_like_the_submodule(repo: Path, tmp_path: Path, remote: bool, name: str) -> None:
    """Its main worktree is named in the configuration only."""
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q")
    git(library, "commit", "-q", "--allow-empty", "-m", "first")
    git(repo, "submodule", "add", "-q", str(library), "vendor/lib")
    submodule = repo / "vendor" / "lib"
    git(submodule, "remote", *(("set-url", "origin", "org/remote") if remote else ("remove", "origin")))
    git(submodule, "worktree", "add", "-q", str(tmp_path / "tree"))

    assert (repository(str(tmp_path / "tree"))[0], repository(str(submodule))[0]) == (name, name)


def test_a_separate_git_directory_is_not_the_name(repo: Path, tmp_path: Path) -> None:
    """`git init --separate-git-dir` puts it anywhere."""
    git(repo, "init", "-q", "--separate-git-dir", str(tmp_path / "storage"))

    assert repository(str(repo))[0] == "thing"


def test_a_git_directory_that_is_a_link_is_not_the_name(repo: Path, tmp_path: Path) -> None:
    """The worktree is what a person knows."""
    (repo / ".git").rename(tmp_path / "storage")
    (repo / ".git").symlink_to(tmp_path / "storage")

    assert repository(str(repo))[0] == "thing"


def test_a_hidden_bare_repository_is_called_like_its_directory(repo: Path, tmp_path: Path) -> None:
    """`project/.bare` beside its worktrees is a habit of many."""
    git(repo, "clone", "-q", "--bare", str(repo), str(tmp_path / "project" / ".bare"))
    git(tmp_path / "project" / ".bare", "remote", "remove", "origin")
    git(tmp_path / "project" / ".bare", "worktree", "add", "-q", str(tmp_path / "project" / "tree"))

    assert repository(str(tmp_path / "project" / "tree"))[0] == "project"


@pytest.mark.parametrize("name", ["x" * 255, "日" * 85, "a\nb\x1b[2J", b"caf\xe9", "\u202ethgir"], ids=range(5))
def test_whatever_the_directory_is_called_claude_takes_the_name(tmp_path: Path, name: str | bytes) -> None:
    """Too long when encoded, or no Unicode, and an older claude would drop every attribute."""
    path = os.path.join(os.fsencode(tmp_path), name.encode() if isinstance(name, str) else name)
    os.mkdir(path)
    git(path, "init", "-q")

    found = repository(os.fsdecode(path))[0]

    assert found.isprintable()
    assert found.encode("utf-8")
    assert 0 < len(encode(found)) <= LONGEST


def test_a_commit_makes_no_answer_stale(repo: Path) -> None:
    """A launch after each commit must not read everything again."""
    before = {path: stamp(path) for path in repository(str(repo))[1]}
    git(repo, "commit", "-q", "--allow-empty", "-m", "second")

    assert before == {path: stamp(path) for path in before}


CHANGES = {
    "remote": lambda repo: git(repo, "remote", "add", "origin", "org/x"),
    "moved": lambda repo: (repo / ".git").rename(repo / "git"),
    "nearer": lambda repo: git(repo / "a", "init", "-q"),
    "bare": lambda repo: git(repo / "a", "init", "-q", "--bare"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_changes_the_name_is_a_source(repo: Path, change: Callable[..., Any]) -> None:
    """Or the cached answer would stay for ever."""
    (repo / "a").mkdir()
    name, sources = repository(str(repo / "a"))
    before = {path: stamp(path) for path in sources}

    change(repo)

    assert repository(str(repo / "a"))[0] != name
    assert before != {path: stamp(path) for path in before}


def test_a_pruned_worktree_is_a_source(repo: Path, tmp_path: Path) -> None:
    """Its .git file stays and leads nowhere."""
    git(repo, "worktree", "add", "-q", str(tmp_path / "tree"))
    before = {path: stamp(path) for path in repository(str(tmp_path / "tree"))[1]}
    shutil.rmtree(repo / ".git" / "worktrees" / "tree")

    assert before != {path: stamp(path) for path in before}


# What a stranger's repository may cost.


def walked(run: Callable[..., Any]) -> int:
    """Return the steps of Python and calls of C that *run* takes: a measure of work that no busy machine changes."""
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
    return steps


def with_config(repo: Path, text: str) -> str:
    """Give *repo* a configuration and return its name."""
    (repo / ".git" / "config").write_text(text)
    return repository(str(repo))[0]


def test_the_remote_at_the_top_of_a_huge_configuration_is_found(repo: Path) -> None:
    """Thousands of branches follow it, and are not read."""
    branches = "".join(f'[branch "b{number}"]\n\tremote = origin\n' for number in range(20_000))

    assert with_config(repo, f'[remote "origin"]\n\turl = /srv/named.git\n{branches}') == "named"


def test_what_stands_far_down_in_a_configuration_is_not_looked_for(repo: Path) -> None:
    """A line that the end of the part cuts is none."""
    filling = "#" * (CONFIG_READ - len('[remote "origin"]\n\n\turl = /srv/nam'))

    assert with_config(repo, f'[remote "origin"]\n{filling}\n\turl = /srv/named.git\n') == "thing"


MEGABYTE = 1 << 20
HOSTILE = {
    "keys": "[a]\n" + "b=c\n" * (MEGABYTE // 4),
    "sections": "[a]\n" * (MEGABYTE // 4),
    "quotes": "[a]\nb=" + '"a" ' * (MEGABYTE // 4),
    "continuations": "[a]\nb=" + "\\\n" * (MEGABYTE // 2),
    "comments": "#\n" * (MEGABYTE // 2),
    "blanks": "[a]\nb=" + " " * MEGABYTE + '"',
    "lines": "\n" * MEGABYTE,
    "a subsection": '[a "' + "\\\\" * (MEGABYTE // 2),
    "helpers": '[remote "origin"]\nurl = ' + "a::" * (MEGABYTE // 3),
    "includes": "[include]\npath = /dev/zero\n" * (MEGABYTE // 27),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_configuration_costs_no_more_for_being_large(repo: Path, kind: str) -> None:
    """A megabyte takes the steps of the part that is read."""
    (repo / ".git" / "config").write_text(HOSTILE[kind][:CONFIG_READ])
    part = walked(lambda: repository(str(repo)))
    (repo / ".git" / "config").write_text(HOSTILE[kind])

    assert walked(lambda: repository(str(repo))) <= part + 100
    assert part < 10 * CONFIG_READ


def test_a_chain_of_links_in_the_place_of_a_repository_is_none(tmp_path: Path) -> None:
    """The system follows forty; Python's own search would follow them until its stack ends."""
    for number in range(3000):
        (tmp_path / f"l{number}").symlink_to(f"l{number + 1}")
    (tmp_path / ".git").write_text("gitdir: l0\n")

    assert repository(str(tmp_path))[0] == ""


@pytest.mark.parametrize("text", ["l0", "/nowhere\0", "\0", "x" * 4096])
def test_a_common_directory_that_leads_nowhere_breaks_nothing(repo: Path, text: str) -> None:
    """A chain of links, a NUL, a name that is too long: the launch goes on."""
    for number in range(3000):
        (repo / ".git" / f"l{number}").symlink_to(f"l{number + 1}")
    (repo / ".git" / "commondir").write_text(text)

    _, sources = repository(str(repo))

    assert not [path for path in sources if "\0" in path]
    assert worktrees(str(repo / "below")) == [str(repo)]


def test_a_directory_deeper_than_anybody_works_is_in_no_repository(repo: Path) -> None:
    """Each level costs questions, each question as much as the path is long."""
    deep = str(repo) + "/d" * MOST_LEVELS

    assert repository(deep) == ("", [])
    assert worktrees(deep) == []
    assert repository(str(repo) + "/d" * (MOST_LEVELS // 2))[0] == "thing"
