"""Launches with profiles, places and claude's settings files: what claude gets, and the one line that says what did not hold."""

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from doubles import FAKE_EXIT, fake_claude, told
from sandbox import Sandbox

from cclaunch import otel
from cclaunch.hot.attributes import parse_attributes


@pytest.fixture
def place(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude that prints what it got; `mcp list` exports nothing, so no collector is needed."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    return sandbox


def profile(place: Sandbox, name: str, text: str) -> Path:
    """Write the profile *name* by hand."""
    path = place.config_file.parent / "profiles" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def choose(place: Sandbox, **tables: Mapping[str, str] | Mapping[Path, str]) -> None:
    """Write state.toml as `profile use` and `profile bind` would."""
    path = Path(place.environ["XDG_STATE_HOME"]) / "cclaunch" / "state.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["format = 1"]
    for table, values in tables.items():
        lines += [f"[{table}]", *(f'"{key}" = "{value}"' for key, value in values.items())]
    path.write_text("\n".join(lines) + "\n")


def launched(
    place: Sandbox, *words: str, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> tuple[dict[str, str], list[str]]:
    """Launch and return (attributes, lines on stderr) of the claude that ran."""
    done = place.cclaunch(*(words or ("mcp", "list")), environ=environ, cwd=cwd)
    assert done.returncode == FAKE_EXIT, done.stderr
    found, dropped = parse_attributes(told(done.stdout)["environ"][otel.RESOURCE_ATTRIBUTES])
    assert dropped == []
    found.pop("service.instance.id")
    return found, done.stderr.decode().splitlines()


def test_the_profile_that_is_in_use_labels_the_launch(place: Sandbox) -> None:
    """`profile use data-eng`, and every launch afterwards says so."""
    profile(place, "data-eng", '[attributes]\nteam = "data-engineering"\nplace = "Köln, Süd"\n')
    choose(place, profile={"active": "data-eng"})

    assert launched(place) == ({"cclaunch.profile": "data-eng", "team": "data-engineering", "place": "Köln, Süd"}, [])


def test_a_name_with_a_plus_is_the_profile_of_this_launch(place: Sandbox) -> None:
    """It wins over the one in use, and is not passed on."""
    profile(place, "a", '[attributes]\nteam = "a"\n')
    profile(place, "b", '[attributes]\nteam = "b"\n')
    choose(place, profile={"active": "a"})

    done = place.cclaunch("+b", "--", "mcp", "list")

    assert told(done.stdout)["argv"][1:] == ["mcp", "list"]
    assert "team=b" in told(done.stdout)["environ"][otel.RESOURCE_ATTRIBUTES]


@pytest.mark.parametrize("words", [("+data-egn", "-p", "x"), ("+data-egn",), ("+data-egn", "mcp", "list")])
def test_an_unknown_name_launches_nothing_and_names_what_is_near(place: Sandbox, words: tuple[str, ...]) -> None:
    """A typo must not bill the wrong team."""
    profile(place, "data-eng", "")

    done = place.cclaunch(*words)

    assert (done.returncode, done.stdout) == (125, b"")
    assert done.stderr.decode().splitlines() == [
        "cclaunch: error: there is no profile `data-egn`; nothing was launched",
        "hint: did you mean +data-eng?",
    ]


def test_a_broken_profile_that_was_typed_launches_nothing(place: Sandbox) -> None:
    """File, line and key are named."""
    path = profile(place, "a", "\nteam = 1\n")

    done = place.cclaunch("+a", "mcp", "list")

    assert (done.returncode, done.stdout) == (125, b"")
    assert f"{path}, line 2: `team`" in done.stderr.decode()


@pytest.mark.parametrize("text", ["\nteam = 1\n", "[attributes\n", '[attributes]\n"job" = "x"\n', 'extends = "gone"\n'])
def test_a_broken_profile_in_use_is_one_line_and_claude_runs_with_none(place: Sandbox, text: str) -> None:
    """Never with the next in line."""
    path = profile(place, "a", text)
    choose(place, profile={"active": "a"})

    attributes, lines = launched(place)

    assert attributes == {}
    assert len(lines) == 1
    assert str(path) in lines[0]
    assert "claude runs without a profile" in lines[0]


@pytest.mark.parametrize("how", ["use", "variable", "bind", "place"])
def test_a_vanished_profile_is_one_line_and_claude_runs_with_none(place: Sandbox, how: str) -> None:
    """Whoever named it is named."""
    profile(place, "other", '[attributes]\nteam = "other"\n')
    choose(place, profile={"active": "gone" if how == "use" else "other"}, bindings={place.work: "gone"} if how == "bind" else {})
    if how == "place":
        (place.work / ".cclaunch.toml").write_text('profile = "gone"\n')

    attributes, lines = launched(place, environ={"CCLAUNCH_PROFILE": "gone"} if how == "variable" else None)

    source = {"use": "use", "variable": "CCLAUNCH_PROFILE", "bind": "bind", "place": ".cclaunch.toml"}[how]
    assert attributes == {}
    assert lines == [f"cclaunch: there is no profile `gone` ({source} asks for it): claude runs without a profile"]


@pytest.mark.parametrize("which", ["child", "parent"])
def test_a_profile_that_is_edited_in_place_counts_at_once(place: Sandbox, which: str) -> None:
    """An editor that writes into the file does not touch the directory."""
    paths = {
        "child": profile(place, "child", 'extends = "parent"\n[attributes]\na = "1"\n'),
        "parent": profile(place, "parent", '[attributes]\nb = "1"\n'),
    }
    choose(place, profile={"active": "child"})
    time.sleep(0.03)
    assert launched(place)[0] == {"cclaunch.profile": "child", "a": "1", "b": "1"}

    with paths[which].open("r+") as file:
        text = file.read().replace('"1"', '"2"')
        file.seek(0)
        file.write(text)

    assert sorted(launched(place)[0].values()) == ["1", "2", "child"]


def test_a_new_profile_counts_at_once(place: Sandbox) -> None:
    """The directory of the profiles is watched."""
    choose(place, profile={"active": "late"})
    time.sleep(0.03)
    assert len(launched(place)[1]) == 1

    profile(place, "late", '[attributes]\nteam = "late"\n')

    assert launched(place) == ({"cclaunch.profile": "late", "team": "late"}, [])


def test_a_repository_names_a_profile_and_adds_attributes(place: Sandbox) -> None:
    """`.cclaunch.toml`, also in a directory below it; a binding is stronger."""
    profile(place, "a", '[attributes]\nteam = "a"\n')
    profile(place, "b", '[attributes]\nteam = "b"\n')
    (place.work / ".cclaunch.toml").write_text('profile = "a"\n[attributes]\nteam = "theirs"\nservice_area = "x"\n')
    inner = place.work / "inner"
    inner.mkdir()

    assert launched(place, cwd=inner)[0] == {"cclaunch.profile": "a", "team": "a", "service_area": "x"}
    choose(place, bindings={place.work: "b"})
    assert launched(place, cwd=inner)[0]["team"] == "b"


def test_a_repository_that_says_more_is_refused_in_one_line(place: Sandbox) -> None:
    """An endpoint would send prompts to its author."""
    (place.work / ".cclaunch.toml").write_text('profile = "a"\nendpoint = "http://evil"\n')

    attributes, lines = launched(place)

    assert attributes == {}
    assert len(lines) == 1
    assert "line 2: `endpoint`" in lines[0]


def test_a_launch_inside_a_launch_stacks_nothing(place: Sandbox) -> None:
    """Claude's Bash tool may run cclaunch: the outer profile, and what it set, are not the shell's."""
    profile(place, "a", '[attributes]\nteam = "a"\n[privacy]\nprompts = true\n')
    outer = told(place.cclaunch("+a", "mcp", "list", environ={otel.RESOURCE_ATTRIBUTES: "cost=9"}).stdout)["environ"]

    inner = place.cclaunch("mcp", "list", environ=outer)

    environ = told(inner.stdout)["environ"]
    attributes, _ = parse_attributes(environ[otel.RESOURCE_ATTRIBUTES])
    assert inner.stderr == b""
    assert environ[otel.LOG_USER_PROMPTS] == "0"
    assert set(attributes) == {"service.instance.id", "cost"}
    assert attributes["service.instance.id"] not in outer[otel.RESOURCE_ATTRIBUTES]


def test_the_branch_is_sent_by_itself(place: Sandbox) -> None:
    """And a switched branch shows in the next launch."""
    place.run(["git", "init", "-q", "-b", "one"])
    assert launched(place)[0] == {"vcs.repository.name": place.work.name, "vcs.ref.head.name": "one"}

    place.run(["git", "checkout", "-q", "-b", "feature/two"])

    assert launched(place)[0]["vcs.ref.head.name"] == "feature/two"


def test_the_branch_is_left_out_and_the_host_is_sent_when_that_is_asked_for(place: Sandbox) -> None:
    """By the configuration."""
    place.config_file.parent.mkdir(parents=True, exist_ok=True)
    place.config_file.write_text("[telemetry]\nbranch = false\nhost = true\n")
    place.run(["git", "init", "-q", "-b", "one"])
    host = Path("/proc/sys/kernel/hostname").read_text().strip()
    assert launched(place)[0] == {"vcs.repository.name": place.work.name, "host.name": host}


@pytest.fixture
def awake(place: Sandbox) -> Sandbox:
    """The same with a collector that answers."""
    place.configure()
    place.cclaunch("stack", "up")
    return place


def test_a_settings_file_that_redirects_is_overridden_in_claudes_words(awake: Sandbox) -> None:
    """One --settings in front, the person's words behind it, one line."""
    path = awake.home / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"env": {otel.METRICS_EXPORTER: "none"}}))

    done = awake.cclaunch("-p", "hi")

    argv = told(done.stdout)["argv"][1:]
    assert (argv[0], argv[2:]) == ("--settings", ["-p", "hi"])
    assert json.loads(Path(argv[1]).read_text()) == {"env": {otel.METRICS_EXPORTER: "otlp"}}
    assert done.stderr.decode() == f"cclaunch: overridden for this launch: {otel.METRICS_EXPORTER} of {path}\n"


def test_the_settings_of_the_profiles_own_directory_count(awake: Sandbox) -> None:
    """CLAUDE_CONFIG_DIR moves them."""
    profile(awake, "a", 'claude_config_dir = "~/work-claude"\n')
    path = awake.home / "work-claude" / "settings.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"env": {otel.ENABLE: "0"}}))

    done = awake.cclaunch("+a", "-p", "hi")

    assert done.returncode == FAKE_EXIT, done.stderr
    assert told(done.stdout)["environ"][otel.CONFIG_DIR] == str(path.parent)
    assert f"{otel.ENABLE} of {path}" in done.stderr.decode()


def test_a_command_that_exports_nothing_gets_no_override(place: Sandbox) -> None:
    """`claude mcp list --settings` would be nonsense."""
    path = place.home / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"env": {otel.ENABLE: "0"}}))

    assert told(place.cclaunch("mcp", "list").stdout)["argv"][1:] == ["mcp", "list"]


def test_another_command_is_told_that_the_files_win(awake: Sandbox) -> None:
    """`cclaunch exec -- IDE` takes no --settings."""
    path = awake.home / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"env": {otel.ENABLE: "0"}}))

    done = awake.cclaunch("exec", "--", str(awake.home / "bin" / "claude"), "x")

    assert told(done.stdout)["argv"][1:] == ["x"]
    assert done.stderr.decode() == f"cclaunch: claude's settings files win over this launch: {otel.ENABLE} of {path}\n"


def test_what_wraps_claudes_background_processes_keeps_their_contract(place: Sandbox) -> None:
    """CLAUDE_CODE_PROCESS_WRAPPER: the words as they are, the variable kept, not a byte printed, whatever is wrong."""
    place.configure(wait=20)
    place.config_file.write_text(place.config_file.read_text() + "\nbroken = \n")
    choose(place, profile={"active": "gone"})
    wrapper = json.dumps([*place.command("exec"), "--"])
    shutil.rmtree(place.home / ".local/share", ignore_errors=True)

    done = place.cclaunch(
        "exec", "--", str(place.home / "bin" / "claude"), "--bg-spare", "x y", environ={"CLAUDE_CODE_PROCESS_WRAPPER": wrapper}
    )

    found = told(done.stdout)
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")
    assert found["argv"][1:] == ["--bg-spare", "x y"]
    assert found["environ"]["CLAUDE_CODE_PROCESS_WRAPPER"] == wrapper
    assert otel.RESOURCE_ATTRIBUTES in found["environ"]


@pytest.mark.parametrize("damage", ["cut", "garbled", "empty"])
def test_a_damaged_cache_is_made_anew(place: Sandbox, damage: str) -> None:
    """It is ours and disposable: no launch may lose its labels over it."""
    profile(place, "a", '[attributes]\nteam = "a"\n')
    choose(place, profile={"active": "a"})
    time.sleep(0.03)
    launched(place)
    for path in (Path(place.environ["XDG_CACHE_HOME"]) / "cclaunch").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            path.write_bytes({"cut": data[: len(data) // 2], "garbled": data.replace(b"\x1f", b"\x1f\x1f"), "empty": b""}[damage])

    assert launched(place) == ({"cclaunch.profile": "a", "team": "a"}, [])
