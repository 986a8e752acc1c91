"""Blocks of the first releases in a person's files: known, brought over, and taken out again to the byte."""

import json
from pathlib import Path

import pytest
from guard import REPOSITORY
from sandbox import Sandbox

from cclaunch.config.state import State, change_state
from cclaunch.hot.paths import our_paths
from cclaunch.persist.block import find_block
from cclaunch.persist.refresh import refresh
from cclaunch.shells.table import NAMES, find_shell

GOLDEN = REPOSITORY / "tests/golden/blocks"
"""What 0.1.1 wrote behind `# mine, without a newline`, and into the files that are its own; for a profile `a`, team=it's."""

MINE = b"# mine, without a newline"
OWN = ("fish", "nu", "xonsh")
EVERY = [path.name for path in sorted(GOLDEN.iterdir())]


class Upgraded:
    """The home of one who wrote *name*'s block with 0.1.1: *rc* is the file, remembered as that release does."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        """Lay the file and the state."""
        self.sandbox, self.shell, self.scoped = sandbox, name.removesuffix("-scoped"), name.endswith("-scoped")
        self.rc = sandbox.home / f"rc-{name}"
        self.rc.write_bytes((GOLDEN / name).read_bytes())
        about = {"shell": self.shell, "scoped": self.scoped, "own": self.shell in OWN}
        change_state(our_paths(sandbox.environ), lambda _: State(rc_files={str(self.rc): about}))

    def verb(self, *words: str, code: int = 0) -> str:
        """Run a verb on the file; return what it says."""
        done = self.sandbox.cclaunch(*words, "--shell", self.shell, "--rc-file", str(self.rc), "--force")
        assert done.returncode == code, done.stderr
        return done.stderr.decode()

    @property
    def before(self) -> bytes | None:
        """Return what the file held before the block."""
        return None if self.shell in OWN else MINE

    @property
    def now(self) -> bytes | None:
        """Return what the file holds."""
        return self.rc.read_bytes() if self.rc.exists() else None


@pytest.mark.parametrize("name", EVERY)
def test_it_is_taken_out_to_the_byte(sandbox: Sandbox, name: str) -> None:
    """By the release of today alone."""
    person = Upgraded(sandbox, name)

    person.verb("unpersist")

    assert person.now == person.before


@pytest.mark.parametrize("name", EVERY)
def test_persist_brings_it_over_and_unpersist_takes_that_out_to_the_byte(sandbox: Sandbox, name: str) -> None:
    """In its place, in a dozen lines, with what the marker remembers."""
    person = Upgraded(sandbox, name)
    old = find_block(person.rc.read_bytes())
    assert old is not None

    told = person.verb("persist")
    new = find_block(person.rc.read_bytes())
    person.verb("unpersist")

    assert "the block is brought up to date" in told
    assert new is not None
    assert (new.pre, new.check, new.new, new.edited) == (old.pre, old.check, old.new, False)
    assert b"cclaunch.profile" not in new.body
    assert person.now == person.before
    assert not (sandbox.home / ".config/cclaunch/shell").exists()


@pytest.mark.parametrize("name", ["zsh", "fish", "tcsh", "zsh-scoped"])
def test_a_change_of_profile_brings_it_over_as_what_it_was(sandbox: Sandbox, name: str) -> None:
    """It holds the profile itself; left alone, it would go on to bill the old one. Nobody asked for a function yet."""
    person = Upgraded(sandbox, name)

    told = refresh(sandbox.environ, our_paths(sandbox.environ))

    block = find_block(person.rc.read_bytes())
    assert block is not None
    assert (b"cclaunch --" in block.body) is person.scoped
    assert (b"OTEL_LOGS_EXPORTER" in block.body) is not person.scoped
    assert told == [f"{person.rc}: the block is brought up to date, for shells that are started from now on"]
    assert refresh(sandbox.environ, our_paths(sandbox.environ)) == []


def test_status_names_the_command_that_brings_it_over(sandbox: Sandbox) -> None:
    """It is outdated."""
    person = Upgraded(sandbox, "zsh")

    done = sandbox.cclaunch("persist", "status", "--json")

    (row,) = [row for row in json.loads(done.stdout)["files"] if row["path"] == str(person.rc)]
    assert (row["state"], row["reasons"]) == ("outdated", ["what it sets has changed since: cclaunch persist"])


def test_there_is_a_copy_for_every_shell() -> None:
    """Both kinds."""
    assert [name.removesuffix("-scoped") for name in EVERY] == sorted(2 * [find_shell(name).name for name in NAMES])
    assert all(Path(GOLDEN / name).read_bytes().count(b"# >>> cclaunch persist v1 sha256:") == 1 for name in EVERY)
