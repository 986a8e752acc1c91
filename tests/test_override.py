"""What claude's settings files say against a launch, and what the launch does about it."""

import json
import os
import time
from pathlib import Path

import pytest
from test_environment import PORTS, placed, planned

from cclaunch import claude, otel
from cclaunch.claims import FLAG, LOCAL, MANAGED, PROJECT, STATE, USER, Claim, compile_claims, settings_files
from cclaunch.config import Config, Telemetry
from cclaunch.environment import Selection, compose
from cclaunch.override import answer, judge
from cclaunch.plan import Directories, claims_key, place_file, read_claims

PROFILE = {"p": ({"team": "data"}, {otel.LOG_TOOL_DETAILS: "1"}, "")}


@pytest.fixture
def where(tmp_path):
    """Our directories."""
    return Directories(*(str(tmp_path / name) for name in ("config", "state", "cache", "data")))


def launched(where, *claims, words=(), config=None, **how):
    """Return the answer to *claims* of a launch with the profile ``p``."""
    plan = planned(config, PROFILE)

    def composed(said=None):
        return compose(plan, {}, placed(), PORTS, "id-1", Selection("p", "use"), said)

    return answer(composed, claims, list(words), claude.read(list(words)), plan, where, **how)


def injected(found):
    """Return the ``env`` that claude's words carry in the file of their --settings."""
    return json.loads(Path(found.words[claude.read(found.words).settings]).read_text())["env"]


@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [
        (otel.ENDPOINT, "http://elsewhere:4317", "http://127.0.0.1:4317"),
        (otel.ENABLE, "0", "1"),
        (otel.METRICS_EXPORTER, "none", "otlp"),
        (otel.PROTOCOL, "", "grpc"),
        (otel.TEMPORALITY, "delta", "cumulative"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://elsewhere", ""),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0", ""),
        ("OTEL_METRICS_INCLUDE_SESSION_ID", "false", "true"),
        ("no_grpc_proxy", "example.com", "localhost,127.0.0.1,::1"),
        (otel.LOG_USER_PROMPTS, "1", "0"),
        (otel.LOG_RAW_API_BODIES, "file:/tmp/x", "0"),
    ],
)
@pytest.mark.parametrize("place", [STATE, USER, PROJECT, LOCAL])
def test_what_would_redirect_stop_or_disclose_is_overridden_and_said(where, place, name, value, cure):
    """Just that key, in one line that names it and the file."""
    found = launched(where, Claim(place, "/a/settings.json", name, value), words=["-p", "hi"])

    assert injected(found) == {name: cure}
    assert found.words[2:] == ["-p", "hi"]
    assert found.notes == [f"overridden for this launch: {name} of /a/settings.json"]


@pytest.mark.parametrize(("name", "value"), [(otel.ENDPOINT, "http://127.0.0.1:4317"), (otel.LOG_TOOL_DETAILS, "true")])
def test_a_file_that_says_the_same_is_left_alone(where, name, value):
    """An old hand-made set-up for the same collector needs no override and no word."""
    found = launched(where, Claim(USER, "/s", name, value), words=["-p", "hi"])

    assert (found.words, found.notes) == (["-p", "hi"], [])


def test_a_file_that_discloses_less_is_obeyed_and_said(where):
    """Who forbids recording in a file is not overruled by a profile."""
    found = launched(where, Claim(USER, "/s", otel.LOG_TOOL_DETAILS, "0"), words=["-p", "hi"])

    assert found.words == ["-p", "hi"]
    assert found.notes == [f"not recorded, whatever was asked for: {otel.LOG_TOOL_DETAILS} of /s says no"]


@pytest.mark.parametrize("place", [PROJECT, LOCAL])
def test_a_repository_that_forbids_recording_is_obeyed_by_every_release(where, place):
    """Newer ones ignore it in a repository's files, so the launch passes it on."""
    found = launched(where, Claim(place, "/s", otel.LOG_TOOL_DETAILS, "0"), words=["-p", "hi"])

    assert injected(found) == {otel.LOG_TOOL_DETAILS: "0"}
    assert found.notes == [f"not recorded, whatever was asked for: {otel.LOG_TOOL_DETAILS} of /s says no"]


def test_the_persons_own_labels_are_taken_in_and_a_lost_one_is_said(where):
    """The file's attributes would replace all of ours; merged, only what the profile says otherwise is lost."""
    kept = launched(where, Claim(USER, "/s", otel.RESOURCE_ATTRIBUTES, "cost=9"))
    lost = launched(where, Claim(USER, "/s", otel.RESOURCE_ATTRIBUTES, "cost=9,team=x"))

    assert "cost=9" in injected(kept)[otel.RESOURCE_ATTRIBUTES]
    assert "team=data" in injected(lost)[otel.RESOURCE_ATTRIBUTES]
    assert (kept.notes, lost.notes) == ([], [f"overridden for this launch: {otel.RESOURCE_ATTRIBUTES} of /s"])


@pytest.mark.parametrize("place", [PROJECT, LOCAL])
def test_the_labels_of_a_repository_are_overridden(where, place):
    """A cloned repository does not say who the work is for; `.cclaunch.toml` may add to it."""
    found = launched(where, Claim(place, "/s", otel.RESOURCE_ATTRIBUTES, "boss=1"))

    assert "boss" not in injected(found)[otel.RESOURCE_ATTRIBUTES]
    assert found.notes == [f"overridden for this launch: {otel.RESOURCE_ATTRIBUTES} of /s"]


def test_managed_settings_win_and_that_is_said(where):
    """Nothing of ours beats an administrator."""
    user = Claim(USER, "/s", otel.ENDPOINT, "http://user")
    managed = Claim(MANAGED, "/etc/m.json", otel.ENDPOINT, "http://boss")

    found = launched(where, user, managed, words=["-p", "hi"])

    assert found.words == ["-p", "hi"]
    assert found.notes == [f"managed settings win over this launch: {otel.ENDPOINT} of /etc/m.json"]


def test_the_strongest_file_counts(where):
    """What a stronger file sets right again needs no override."""
    wrong, right = Claim(USER, "/s", otel.ENABLE, "0"), Claim(LOCAL, "/l", otel.ENABLE, "1")

    assert launched(where, wrong, right).words == []
    assert launched(where, right._replace(place=USER), wrong._replace(place=LOCAL)).notes != []


@pytest.mark.parametrize(("sources", "count"), [("project", 0), ("user,project", 1), ("", 0), ("local", 0)])
def test_a_source_that_is_left_out_needs_no_override(where, sources, count):
    """--setting-sources chooses what claude reads."""
    found = launched(where, Claim(USER, "/s", otel.ENABLE, "0"), words=["--setting-sources", sources, "x"])

    assert len(found.notes) == count


@pytest.mark.parametrize("form", ["inline", "file", "joined", "joined file"])
def test_the_persons_own_settings_are_merged_with_ours(where, tmp_path, form):
    """Claude heeds the last --settings only: theirs must not get lost, and every other word stays where it is."""
    theirs = {"model": "opus", "env": {"MINE": "1", otel.ENABLE: "0"}, "ü": ["x", None]}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(theirs))
    value = str(path) if "file" in form else " " + json.dumps(theirs)
    words = ["-p", *([f"--settings={value}"] if "joined" in form else ["--settings", value]), "hi"]

    found = launched(where, Claim(USER, "/s", otel.METRICS_EXPORTER, "none"), words=words)

    path = Path(found.words[claude.read(words).settings].removeprefix("--settings="))
    merged = {**theirs, "env": {"MINE": "1", otel.ENABLE: "1", otel.METRICS_EXPORTER: "otlp"}}
    assert json.loads(path.read_text()) == merged
    assert (found.words[0], found.words[-1], len(found.words)) == ("-p", "hi", len(words))
    assert found.notes == [f"overridden for this launch: {otel.METRICS_EXPORTER} of /s; {otel.ENABLE} of --settings"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("value", ["{not json", "[]", "/no/such/file", '{"model": "opus"}', '{"env": {"MINE": "1"}}'])
def test_settings_that_say_nothing_of_telemetry_are_passed_as_they_are(where, value):
    """Also what claude will refuse: that is claude's to say."""
    words = ["--settings", value, "-p", "hi"]

    found = launched(where, words=words)

    assert (found.words, found.notes) == (words, [])


def test_a_pipe_of_settings_is_not_read_away(where, tmp_path):
    """`--settings <(jq ...)` can be read once, by claude; what could not be overridden is said."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    words = ["--settings", str(path)]

    found = launched(where, Claim(USER, "/s", otel.ENABLE, "0"), words=words)

    assert found.words == words
    assert "no regular file" in found.notes[0]


def test_the_flags_own_privacy_and_labels_count_as_typed_for_this_launch(where):
    """Who types them means them; the profile's attributes stay the stronger ones."""
    env = {otel.LOG_USER_PROMPTS: "1", otel.RESOURCE_ATTRIBUTES: "ticket=7,team=x"}

    found = launched(where, words=["--settings", json.dumps({"env": env})])

    assert found.made.environ[otel.LOG_USER_PROMPTS] == "1"
    assert {"ticket": "7", "team": "data"}.items() <= found.made.attributes.items()
    assert injected(found)[otel.LOG_USER_PROMPTS] == "1"
    assert "team=data" in injected(found)[otel.RESOURCE_ATTRIBUTES]


def test_a_background_session_gets_everything_by_settings(where):
    """Its service has the environment of another launch."""
    found = launched(where, words=["--bg", "go"], whole=True)

    assert injected(found) == {name: found.made.environ[name] for name in found.made.sources}


def test_another_command_is_told_what_wins(where):
    """`cclaunch exec` cannot give an IDE a --settings."""
    found = launched(where, Claim(USER, "/s", otel.ENABLE, "0"), words=["code"], may_override=False)

    assert found.words == ["code"]
    assert found.notes == [f"claude's settings files win over this launch: {otel.ENABLE} of /s"]


def test_routing_that_is_left_to_the_environment_is_left_to_the_files_too(where):
    """telemetry.routing = "environment" opts out."""
    found = launched(where, Claim(USER, "/s", otel.ENDPOINT, "http://x"), config=Config(Telemetry(routing="environment")))

    assert (found.words, found.notes) == ([], [])


def test_a_cache_that_cannot_be_written_is_said_and_the_launch_goes_on(where, tmp_path):
    """Telemetry is a guest."""
    (tmp_path / "cache").write_text("a file in the way")

    found = launched(where, Claim(USER, "/s", otel.ENABLE, "0"), words=["-p", "hi"])

    assert found.words == ["-p", "hi"]
    assert "win over this launch" in found.notes[0]


def test_what_is_passed_can_be_read_by_its_owner_alone(where):
    """The person's own --settings may hold a token; a directory made by an older release is closed as well."""
    folder = Path(where.cache) / "settings"
    folder.mkdir(parents=True, mode=0o755)
    folder.chmod(0o755)

    found = launched(where, Claim(USER, "/s", otel.ENABLE, "0"))

    assert folder.stat().st_mode & 0o777 == 0o700
    assert Path(found.words[1]).stat().st_mode & 0o777 == 0o600
    assert Path(found.words[1]).parent == folder


class Files:
    """A home and a project whose settings files can be written, and the claims that come of them."""

    def __init__(self, tmp_path, where):
        """Make both."""
        self.home, self.work, self.managed = (tmp_path / name for name in ("home", "work", "managed"))
        for path in (self.home, self.work, self.managed):
            path.mkdir()
        self.where = where
        self.plan = planned()

    def paths(self):
        """Return place -> path."""
        files = settings_files(str(self.work), "", str(self.home), str(self.managed))
        return {place: path for place, path in reversed(files) if "managed-settings.d" not in path}

    def write(self, place, text):
        """Write *text*, or what it is as JSON, into the file of *place*."""
        path = Path(self.paths()[place])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if isinstance(text, str) else json.dumps(text))

    def compiled(self):
        """Work the claims out anew and keep them; a file that is younger than 10 ms is not trusted."""
        time.sleep(0.03)
        return compile_claims(self.where, self.plan, str(self.work), "", str(self.home), managed=str(self.managed))

    def cached(self):
        """Return what the launch would read from the cache, or None."""
        return read_claims(self.where.cache, str(self.work), "")


@pytest.fixture
def files(tmp_path, where):
    """A home and a project."""
    return Files(tmp_path, where)


@pytest.mark.parametrize("place", [STATE, USER, PROJECT, LOCAL, MANAGED])
def test_each_place_is_read(files, place):
    """~/.claude.json, user, project, local, managed."""
    files.write(place, {"env": {otel.ENABLE: "0", "OTHER": "x"}})

    assert files.compiled() == [Claim(place, files.paths()[place], otel.ENABLE, "0")]


def test_managed_settings_are_dropped_in_and_the_later_name_wins(files):
    """managed-settings.d/*.json, sorted, behind managed-settings.json."""
    folder = files.managed / "managed-settings.d"
    folder.mkdir()
    for name in ("20-b.json", "10-a.json", "30-c.txt"):
        (folder / name).write_text(json.dumps({"env": {otel.ENABLE: name}}))
    (files.managed / "managed-settings.json").write_text(json.dumps({"env": {otel.ENABLE: "first"}}))

    assert [claim.value for claim in files.compiled()] == ["first", "10-a.json", "20-b.json"]


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (1.5, "1.5"), (True, "true"), (None, "null"), (["a", 1], "a,1")])
def test_what_is_no_text_becomes_the_text_that_claude_makes_of_them(files, value, text):
    """Claude accepts it."""
    files.write(USER, {"env": {otel.ENABLE: value}})

    assert [claim.value for claim in files.compiled()] == [text]


@pytest.mark.parametrize("text", ["{", "[]", '{"env": 5}', "", "\ufeff{]", '{"env": null, "x": "OTEL_"}'])
def test_a_file_that_says_nothing_usable_claims_nothing(files, text):
    """Claude ignores it as well."""
    files.write(USER, text)

    assert files.compiled() == []


def test_a_name_in_escapes_is_found(files):
    """JSON may write any letter as an escape."""
    files.write(USER, '{"\\u0065nv": {"\\u004fTEL_METRICS\\u005fEXPORTER": "none"}}')

    assert [claim.name for claim in files.compiled()] == ["OTEL_METRICS_EXPORTER"]


def test_a_state_file_that_claude_rewrites_is_only_searched(files):
    """As long as it mentions none of our variables, the cache stays good."""
    files.write(STATE, {"numStartups": 1, "env": {"X": "1"}})
    files.compiled()
    files.write(STATE, {"numStartups": 2, "env": {"X": "1"}, "history": ["a" * 100_000]})

    assert files.cached() == []


@pytest.mark.parametrize("place", [STATE, USER, PROJECT, LOCAL, MANAGED])
def test_a_file_that_begins_to_speak_of_telemetry_makes_the_cache_stale(files, place):
    """Also one that was not there before."""
    files.compiled()
    assert files.cached() == []

    files.write(place, {"env": {otel.ENABLE: "0"}})

    assert files.cached() is None


def test_a_file_that_spoke_and_changed_makes_the_cache_stale(files):
    """Its claims may be gone."""
    files.write(USER, {"env": {otel.ENABLE: "0"}})
    files.compiled()
    assert files.cached() == [[USER, files.paths()[USER], otel.ENABLE, "0"]]

    files.write(USER, {})

    assert files.cached() is None


def test_a_new_file_among_the_managed_ones_makes_the_cache_stale(files):
    """The directory itself is watched."""
    (files.managed / "managed-settings.d").mkdir()
    files.compiled()
    assert files.cached() == []

    (files.managed / "managed-settings.d" / "x.json").write_text(json.dumps({"env": {otel.ENABLE: "0"}}))

    assert files.cached() is None


def test_another_directory_of_claudes_own_has_claims_of_its_own(files, tmp_path):
    """CLAUDE_CONFIG_DIR moves settings and state."""
    moved = {place: path for place, path in reversed(settings_files("/work", "/moved", "/home/me"))}

    assert (moved[STATE], moved[USER]) == ("/moved/.claude.json", "/moved/settings.json")
    assert place_file("c", claims_key("/work", "/moved")) != place_file("c", claims_key("/work", ""))


def test_a_flag_is_stronger_than_files_and_weaker_than_managed(where):
    """The order in which claude reads them."""
    plan = planned()
    made = compose(plan, {}, placed(), PORTS, "id-1")
    flag = Claim(FLAG, "--settings", otel.ENABLE, "0")

    assert judge([Claim(USER, "/u", otel.ENABLE, "1"), flag], made, plan).overridden == [flag]
    assert judge([Claim(MANAGED, "/m", otel.ENABLE, "1"), flag], made, plan).overridden == []


def test_a_settings_file_that_moves_claudes_directory_is_followed(files, tmp_path):
    """CLAUDE_CONFIG_DIR works from a settings file too: claude reads what is there."""
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / "settings.json").write_text(json.dumps({"env": {otel.ENABLE: "0"}}))
    files.write(USER, {"env": {otel.CONFIG_DIR: str(tmp_path / "moved")}})

    assert Claim(USER, str(tmp_path / "moved" / "settings.json"), otel.ENABLE, "0") in files.compiled()


def test_only_a_profiles_directory_is_defended_against_a_file(where):
    """Without one, where claude keeps its files is the person's own affair."""
    claim = Claim(USER, "/s", otel.CONFIG_DIR, "/elsewhere")
    plan = planned(profiles={"p": ({}, {}, "/profile")})
    made = compose(plan, {}, placed(), PORTS, "id-1", Selection("p", "use"))

    assert judge([claim], made, plan).needed == {otel.CONFIG_DIR: "/profile"}
    assert launched(where, claim).words == []


def test_the_local_file_of_the_repositorys_root_is_read_and_the_stronger_one(files):
    """Newer releases take it in a subdirectory as well."""
    (files.work / ".git").mkdir()
    (files.work / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    inner = files.work / "inner"
    for folder, value in ((files.work, "root"), (inner, "cwd")):
        (folder / ".claude").mkdir(parents=True)
        (folder / ".claude" / "settings.local.json").write_text(json.dumps({"env": {otel.ENABLE: value}}))

    found = compile_claims(files.where, files.plan, str(inner), "", str(files.home), managed=str(files.managed))

    assert [claim.value for claim in found] == ["cwd", "root"]


@pytest.mark.parametrize(
    ("text", "stale"),
    [
        ('{"a": "OTEL_x", "mcpServers": {"m": {"env": {"A": "1"}}}}', False),
        ('{"history": ["OTEL_METRICS_EXPORTER=none"], "env": {}}', False),
        ('{"a": "says \\"env\\" and OTEL_x"}', False),
        ('{"env": {"A": "}", "OTEL_METRICS_EXPORTER": "none"}}', True),
        ('{"env": {"A": "\\\\", "OTEL_METRICS_EXPORTER": "none"}}', True),
        ('{"env": {"A": {}, "OTEL_METRICS_EXPORTER": "none"}}', True),
        ('{"x": {"env": {"A": "1"}}, "env": {"CLAUDE_CODE_ENABLE_TELEMETRY": "0"}}', True),
        ('{"env": {"OTEL_METRICS_EXPORTER": "none"', True),
    ],
)
def test_of_the_state_file_only_what_stands_behind_env_counts(files, text, stale):
    """It holds the history of every prompt, which may well talk about telemetry."""
    files.write(STATE, "{}")
    files.compiled()

    files.write(STATE, text)

    assert (files.cached() is None) == stale
