"""
Each transcript below claude's directories is found once, and nothing else.

The problem it owns: what links, other users and odd files make of a directory is left out, and the rest is found.
"""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from transcript_lines import record, write

from cclaunch.otel import CONFIG_DIR
from cclaunch.transcripts.finding import PROJECTS, Files, claude_roots
from cclaunch.transcripts.seen import Left


def found(*directories: Path) -> list[str]:
    """Return the paths that are found below *directories*, relative to the first one, sorted."""
    return sorted(os.path.relpath(one.path, directories[0]) for one in Files(f"{one}/{PROJECTS}" for one in directories))


@pytest.fixture
def claude(tmp_path: Path) -> Path:
    """A directory of claude's: two sessions, one of them with a sub-agent, and what else lies there."""
    directory = tmp_path / ".claude"
    project = directory / "projects" / "-work-here"
    for name in ("one.jsonl", "two.jsonl", "two/subagents/agent-a1.jsonl"):
        write(project / name, record())
    for name in ("two/subagents/agent-a1.meta.json", "memory/notes.md", "../history.jsonl.txt", "../../history.jsonl"):
        write(project / name)
    return directory


ALL = ["projects/-work-here/one.jsonl", "projects/-work-here/two.jsonl", "projects/-work-here/two/subagents/agent-a1.jsonl"]


def test_each_session_and_its_sub_agents_are_found(claude: Path) -> None:
    """Below the projects, however deep; not claude's own history of prompts."""
    assert found(claude) == ALL


def test_their_state_comes_with_them(claude: Path) -> None:
    """Nobody has to ask for it again."""
    assert all(one.status == os.stat(one.path) for one in Files([f"{claude}/projects"]))


def test_links_lead_to_each_file_once(claude: Path, tmp_path: Path) -> None:
    """Round, to what was met already, to nowhere, to another directory of claude's; the projects themselves may be one."""
    project = claude / "projects" / "-work-here"
    (project / "round").symlink_to(claude / "projects")
    (project / "self.jsonl").symlink_to("self.jsonl")
    (project / "same.jsonl").symlink_to("one.jsonl")
    (project / "gone.jsonl").symlink_to("nowhere")
    other = tmp_path / "other"
    other.mkdir()
    (other / "projects").symlink_to(claude / "projects")
    paths = {os.path.realpath(one.path) for one in Files([f"{other}/projects", f"{claude}/projects"])}
    assert paths == {str(claude / name) for name in ALL}
    assert len(list(Files([f"{other}/projects", f"{claude}/projects"]))) == len(ALL)


def test_what_is_no_file_is_not_found(claude: Path) -> None:
    """FIFOs, sockets, directories that are called like one."""
    project = claude / "projects" / "-work-here"
    os.mkfifo(project / "fifo.jsonl")
    (project / "directory.jsonl").mkdir()
    assert found(claude) == ALL


def test_a_file_may_be_named_itself(claude: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is called, beside directories, each once; and of anybody, where that is asked for."""
    backup = write(claude / "backup.txt", record())
    there = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: there + 1)
    roots = [str(backup), str(claude / ALL[0]), f"{claude}/projects", str(backup)]
    assert [one.path for one in Files(roots, own_only=False)][:2] == roots[:2]
    assert len(list(Files(roots, own_only=False))) == len(ALL) + 1
    assert list(Files(roots)) == []


def test_another_users_files_are_counted_and_left_alone(claude: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are when a directory is shared."""
    there = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: there + 1)
    files = Files([f"{claude}/projects"])
    assert (list(files), files.left) == ([], Counter({Left.OTHERS: 3}))


def test_a_directory_that_cannot_be_read_hides_no_other(claude: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted."""
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("/two"):
            raise PermissionError(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    files = Files([f"{claude}/projects"])
    assert sorted(os.path.basename(one.path) for one in files) == ["one.jsonl", "two.jsonl"]
    assert files.left == Counter([Left.UNREADABLE])


@pytest.mark.parametrize("missing", [[], ["/nowhere"], ["/dev/null"], ["/dev/null/projects"]])
def test_where_nothing_is_nothing_is_found(missing: Iterable[str]) -> None:
    """That is no trouble."""
    files = Files(missing)
    assert (list(files), files.left) == ([], Counter())


def test_a_chain_of_directories_has_an_end(claude: Path) -> None:
    """Somebody may have made thousands."""
    deep = claude / "projects" / "/".join(["d"] * 40)
    write(deep / "x.jsonl", record())
    assert found(claude) == ALL


def test_claudes_directories_are_named() -> None:
    """The default, the one in the environment, those of profiles, the one of old; each once."""
    more = ["~/.claude-work", "/data/claude", "/data/claude", ""]
    named = claude_roots("/h", {CONFIG_DIR: "/elsewhere"}, more)
    directories = ["/h/.claude", "/elsewhere", "/h/.config/claude", "/h/.claude-work", "/data/claude"]
    assert named == [f"{one}/projects" for one in directories]
