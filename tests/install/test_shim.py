"""The command that install.sh lays, under the name claude in a directory of ours."""

import installing
import pytest
from doubles import FAKE_EXIT, fake_claude, told
from installing import command_of, install
from sandbox import Sandbox

from cclaunch.hot.paths import our_paths
from cclaunch.persist.shim import make_shim


@pytest.fixture
def laid(sandbox: Sandbox) -> Sandbox:
    """A sandbox with cclaunch in it, a claude, and a shim first on PATH."""
    place = installing.offline(sandbox)
    install(place, "--method", "uv")
    paths = our_paths(place.environ)
    make_shim(paths, str(command_of(place)))
    place.environ["PATH"] = f"{paths.shim}:{fake_claude(place.home / 'bin').parent}:{place.environ['PATH']}"
    return place


def test_a_launch_through_it_finds_the_claude_behind_it_also_when_it_is_broken(laid: Sandbox) -> None:
    """Never itself, and never the shim of another copy, which only its place tells: that is another file."""
    real = str(laid.home / "bin/claude")
    done = laid.run(["claude", "profile", "x"])
    assert (done.returncode, told(done.stdout)["argv"]) == (FAKE_EXIT, [real, "profile", "x"])

    (environment,) = installing.environments(laid)
    environment.rename(environment.with_name("gone"))
    done = laid.run(["claude", "profile", "x"])
    assert (done.returncode, told(done.stdout)["argv"]) == (FAKE_EXIT, [real, "profile", "x"])

    make_shim(our_paths(laid.environ), str(fake_claude(laid.home / "other", code=3)))
    done = laid.run([str(command_of(laid)), "-p", "x"])
    assert (done.returncode, told(done.stdout)["argv"]) == (FAKE_EXIT, [real, "-p", "x"])
