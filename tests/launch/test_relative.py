"""A base directory that is relative: nothing of ours is ever written into the directory that somebody works in."""

import os
from pathlib import Path

import platformdirs.macos
import platformdirs.unix
import pytest
from doubles import FAKE_EXIT, fake_claude, told
from runners import Verb
from sandbox import Sandbox

from cclaunch.hot.paths import our_paths, relative

BASES = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")
OURS = ("CCLAUNCH_CONFIG_DIR", "CCLAUNCH_DATA_DIR")


@pytest.fixture
def box(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude that tells what it got."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    return sandbox


def written(directory: Path) -> list[str]:
    """Return what lies in *directory*."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


@pytest.mark.parametrize("value", ["rel", "./rel", "~/rel", " /rel", ".", ""])
def test_a_relative_base_of_the_system_counts_as_not_set(sandbox: Sandbox, value: str) -> None:
    """The specification of these variables says so."""
    usual = our_paths({"HOME": str(sandbox.home)})
    found = our_paths({"HOME": str(sandbox.home), **dict.fromkeys(BASES, value)})

    assert (found.config, found.state, found.cache, found.data) == (usual.config, usual.state, usual.cache, usual.data)


@pytest.mark.skipif(os.name != "posix", reason="on Windows the rule is platformdirs' own")
@pytest.mark.parametrize("system", [platformdirs.unix.Unix, platformdirs.macos.MacOS])
@pytest.mark.parametrize("environ", [dict.fromkeys(BASES, "rel"), dict.fromkeys(BASES, "/abs "), {"HOME": "rel"}, {"HOME": ""}])
def test_what_is_relative_is_so_to_platformdirs_too(
    monkeypatch: pytest.MonkeyPatch,
    system: type[platformdirs.unix.Unix] | type[platformdirs.macos.MacOS],
    environ: dict[str, str],
) -> None:
    """From the release on that follows the specification."""
    for name in BASES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", "rel")
    if system("x").user_config_dir.startswith("rel"):
        pytest.skip("this platformdirs takes a relative base")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", "darwin" if system is platformdirs.macos.MacOS else "linux")
    ours, theirs = our_paths(dict(os.environ)), system("cclaunch", appauthor=False)

    assert (ours.config, ours.state) == (theirs.user_config_dir, theirs.user_state_dir)
    assert (ours.cache, ours.data) == (theirs.user_cache_dir, theirs.user_data_dir)


def test_a_launch_with_relative_bases_writes_nothing_where_it_is(box: Sandbox) -> None:
    """It is recorded as if they were not set."""
    config = box.home / ".config/cclaunch/config.toml"
    box.configure()
    assert config.exists()
    done = box.cclaunch("-p", "hello", environ=dict.fromkeys(BASES, "rel"))
    down = box.cclaunch("stack", "down", environ=dict.fromkeys(BASES, "rel"))

    assert (done.returncode, done.stderr, down.returncode) == (FAKE_EXIT, b"", 0)
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in told(done.stdout)["environ"]
    assert written(box.work) == []


def test_a_launch_with_a_relative_home_writes_nothing_where_it_is(box: Sandbox) -> None:
    """Claude may do as it likes with it; the files of ours go to the home that the system knows, or to the absolute bases."""
    box.configure()
    done = box.cclaunch("-p", "hello", environ={"HOME": "rel"})
    box.cclaunch("stack", "down")

    assert done.returncode == FAKE_EXIT
    assert written(box.work) == []


@pytest.mark.parametrize("name", OURS)
def test_a_relative_directory_of_ours_is_refused_in_one_line_and_claude_runs(box: Sandbox, name: str) -> None:
    """As it was started: without anything of ours."""
    done = box.cclaunch("-p", "hello", environ={name: "rel"})

    assert done.returncode == FAKE_EXIT
    (line,) = done.stderr.decode().splitlines()
    assert f"{name} is `rel`" in line
    assert f'{name}="$PWD/rel"' in line
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" not in told(done.stdout)["environ"]
    assert written(box.work) == []


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("words", [["status"], ["stack", "up"], ["profile", "set", "a", "team=x"], ["env"]], ids=" ".join)
def test_a_verb_refuses_it_and_ends_with_2(box: Sandbox, verb: Verb, name: str, words: list[str]) -> None:
    """As for any configuration that cannot be meant."""
    code, out, err = verb(*words, **{name: "~/data"})

    assert (code, out) == (2, "")
    assert f"{name} is `~/data`" in err
    assert written(box.work) == []


def test_a_profile_of_a_relative_directory_is_not_to_be_had(box: Sandbox) -> None:
    """Nothing is known of it, so nothing is launched."""
    done = box.cclaunch("+team", "-p", "hello", environ={"CCLAUNCH_CONFIG_DIR": "rel"})

    assert (done.returncode, done.stdout) == (125, b"")


def test_who_wants_no_launch_without_telemetry_gets_none(box: Sandbox) -> None:
    """`on_failure = "fail"` of a configuration that is to be believed."""
    box.configure(extra='on_failure = "fail"')
    done = box.cclaunch("-p", "hello", environ={"CCLAUNCH_DATA_DIR": "rel"})

    assert (done.returncode, done.stdout) == (125, b"")


@pytest.mark.skipif(os.name != "posix", reason="users have numbers")
def test_a_user_without_any_home_has_no_directories(monkeypatch: pytest.MonkeyPatch) -> None:
    """No HOME, and nobody has written this user down: `~` is no place."""
    import pwd

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME", raising=False)

    assert len(relative(our_paths({}))) == 4
