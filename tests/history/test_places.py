"""Below which directories transcripts are looked for."""

from pathlib import Path

import pytest
from sandbox import Sandbox

from cclaunch.history.places import note_own, roots
from cclaunch.hot.paths import our_paths


def found(sandbox: Sandbox, **environ: str) -> list[str]:
    """Return them, as the sandbox's own environment and *environ* say."""
    return roots(our_paths(sandbox.environ), {**sandbox.environ, **environ})


def test_the_usual_ones_are_looked_into(sandbox: Sandbox) -> None:
    """Of this release of claude, and of older ones."""
    assert found(sandbox) == [f"{sandbox.home}/.claude/projects", f"{sandbox.home}/.config/claude/projects"]


def test_the_one_in_the_environment_is_looked_into(sandbox: Sandbox) -> None:
    """A verb is asked from a shell that has another."""
    assert "/elsewhere/projects" in found(sandbox, CLAUDE_CONFIG_DIR="/elsewhere")


def test_one_that_a_verb_had_is_looked_into_by_others(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absolute, whatever it was; it is new once."""
    monkeypatch.chdir(sandbox.work)
    paths = our_paths(sandbox.environ)
    assert note_own(paths, {**sandbox.environ, "CLAUDE_CONFIG_DIR": "here"})
    assert not note_own(paths, {**sandbox.environ, "CLAUDE_CONFIG_DIR": "here"})
    assert f"{sandbox.work}/here/projects" in found(sandbox)


def test_those_of_all_profiles_are_looked_into(sandbox: Sandbox) -> None:
    """Also of one that has a parent; a broken one is no reason to miss the others."""
    profiles = Path(our_paths(sandbox.environ).profiles)
    profiles.mkdir(parents=True)
    (profiles / "a.toml").write_text('claude_config_dir = "~/account-a"\n')
    (profiles / "b.toml").write_text("claude_config_dir =\n")
    (profiles / "c.toml").write_text('extends = "a"\nclaude_config_dir = "/account-c"\n')
    assert {f"{sandbox.home}/account-a/projects", "/account-c/projects"} <= set(found(sandbox))


def test_none_is_looked_into_where_that_is_turned_off(sandbox: Sandbox) -> None:
    """`[history] transcripts = false`."""
    sandbox.config_file.parent.mkdir(parents=True, exist_ok=True)
    sandbox.config_file.write_text("[history]\ntranscripts = false\n")
    assert found(sandbox) == []
