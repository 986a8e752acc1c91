"""What claude's settings files say against a launch, and what the launch does about it."""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from growth import assert_linear
from plans import PORTS, placed, planned
from settings_forms import ENCODINGS, NAMES

from cclaunch import otel
from cclaunch.compiled.claims import (
    FLAG,
    LOCAL,
    MANAGED,
    PROJECT,
    STATE,
    UNREAD,
    USER,
    Claim,
    compile_claims,
    settings_files,
    unread,
)
from cclaunch.config.model import Config, Telemetry
from cclaunch.hot.claims import REPOSITORY_LIMIT, Claims, read_claims
from cclaunch.hot.compose import Composition, compose
from cclaunch.hot.paths import Paths
from cclaunch.hot.records import claims_key, place_file
from cclaunch.hot.selection import Selection
from cclaunch.hot.words import read_words
from cclaunch.launch.override import Answer, answer_claims, weigh_claims

PROFILE = {"p": ({"team": "data"}, {otel.LOG_TOOL_DETAILS: "1"}, "")}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Our directories."""
    return Paths(*(str(tmp_path / name) for name in ("config", "state", "cache", "data")))


def launched(
    paths: Paths, *claims: Sequence[str], words: Sequence[str] = (), config: Config | None = None, **how: bool
) -> Answer:
    """Return the answer to *claims* of a launch with the profile ``p``."""
    plan = planned(config, PROFILE)

    def composed(said: Claims | None = None) -> Composition:
        return compose(plan, {}, placed(), PORTS, "id-1", Selection("p", "use"), said)

    return answer_claims(composed, claims, list(words), read_words(list(words)), plan, paths, **how)


def injected(found: Answer) -> dict[str, str]:
    """Return the ``env`` that claude's words carry in the file of their --settings."""
    env: dict[str, str] = json.loads(Path(found.words[read_words(found.words).settings]).read_text())["env"]
    return env


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
def test_what_would_redirect_stop_or_disclose_is_overridden_and_said(
    paths: Paths, place: str, name: str, value: str, cure: str
) -> None:
    """Just that key, in one line that names it and the file."""
    found = launched(paths, Claim(place, "/a/settings.json", name, value), words=["-p", "hi"])

    assert injected(found) == {name: cure}
    assert found.words[2:] == ["-p", "hi"]
    assert found.notes == [f"overridden for this launch: {name} of /a/settings.json"]


@pytest.mark.parametrize(("name", "value"), [(otel.ENDPOINT, "http://127.0.0.1:4317"), (otel.LOG_TOOL_DETAILS, "true")])
def test_a_file_that_says_the_same_is_left_alone(paths: Paths, name: str, value: str) -> None:
    """An old hand-made set-up for the same collector needs no override and no word."""
    found = launched(paths, Claim(USER, "/s", name, value), words=["-p", "hi"])

    assert (found.words, found.notes) == (["-p", "hi"], [])


def test_a_file_that_discloses_less_is_obeyed_and_said(paths: Paths) -> None:
    """Who forbids recording in a file is not overruled by a profile."""
    found = launched(paths, Claim(USER, "/s", otel.LOG_TOOL_DETAILS, "0"), words=["-p", "hi"])

    assert found.words == ["-p", "hi"]
    assert found.notes == [f"not recorded, whatever was asked for: {otel.LOG_TOOL_DETAILS} of /s says no"]


@pytest.mark.parametrize("place", [PROJECT, LOCAL])
def test_a_repository_that_forbids_recording_is_obeyed_by_every_release(paths: Paths, place: str) -> None:
    """Newer ones ignore it in a repository's files, so the launch passes it on."""
    found = launched(paths, Claim(place, "/s", otel.LOG_TOOL_DETAILS, "0"), words=["-p", "hi"])

    assert injected(found) == {otel.LOG_TOOL_DETAILS: "0"}
    assert found.notes == [f"not recorded, whatever was asked for: {otel.LOG_TOOL_DETAILS} of /s says no"]


def test_the_persons_own_labels_are_taken_in_and_a_lost_one_is_said(paths: Paths) -> None:
    """The file's attributes would replace all of ours; merged, only what the profile says otherwise is lost."""
    kept = launched(paths, Claim(USER, "/s", otel.RESOURCE_ATTRIBUTES, "cost=9"))
    lost = launched(paths, Claim(USER, "/s", otel.RESOURCE_ATTRIBUTES, "cost=9,team=x"))

    assert "cost=9" in injected(kept)[otel.RESOURCE_ATTRIBUTES]
    assert "team=data" in injected(lost)[otel.RESOURCE_ATTRIBUTES]
    assert (kept.notes, lost.notes) == ([], [f"overridden for this launch: {otel.RESOURCE_ATTRIBUTES} of /s"])


@pytest.mark.parametrize("place", [PROJECT, LOCAL])
def test_the_labels_of_a_repository_are_overridden(paths: Paths, place: str) -> None:
    """A cloned repository does not say who the work is for; `.cclaunch.toml` may add to it."""
    found = launched(paths, Claim(place, "/s", otel.RESOURCE_ATTRIBUTES, "boss=1"))

    assert "boss" not in injected(found)[otel.RESOURCE_ATTRIBUTES]
    assert found.notes == [f"overridden for this launch: {otel.RESOURCE_ATTRIBUTES} of /s"]


def test_managed_settings_win_and_that_is_said(paths: Paths) -> None:
    """Nothing of ours beats an administrator."""
    user = Claim(USER, "/s", otel.ENDPOINT, "http://user")
    managed = Claim(MANAGED, "/etc/m.json", otel.ENDPOINT, "http://boss")

    found = launched(paths, user, managed, words=["-p", "hi"])

    assert found.words == ["-p", "hi"]
    assert found.notes == [f"managed settings win over this launch: {otel.ENDPOINT} of /etc/m.json"]


def test_the_strongest_file_counts(paths: Paths) -> None:
    """What a stronger file sets right again needs no override."""
    wrong, right = Claim(USER, "/s", otel.ENABLE, "0"), Claim(LOCAL, "/l", otel.ENABLE, "1")

    assert launched(paths, wrong, right).words == []
    assert launched(paths, right._replace(place=USER), wrong._replace(place=LOCAL)).notes != []


@pytest.mark.parametrize(("sources", "count"), [("project", 0), ("user,project", 1), ("", 0), ("local", 0)])
def test_a_source_that_is_left_out_needs_no_override(paths: Paths, sources: str, count: int) -> None:
    """--setting-sources chooses what claude reads."""
    found = launched(paths, Claim(USER, "/s", otel.ENABLE, "0"), words=["--setting-sources", sources, "x"])

    assert len(found.notes) == count


@pytest.mark.parametrize("form", ["inline", "file", "joined", "joined file"])
def test_the_persons_own_settings_are_merged_with_ours(paths: Paths, tmp_path: Path, form: str) -> None:
    """Claude heeds the last --settings only: theirs must not get lost, and every other word stays where it is."""
    theirs = {"model": "opus", "env": {"MINE": "1", otel.ENABLE: "0"}, "ü": ["x", None]}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(theirs))
    value = str(path) if "file" in form else " " + json.dumps(theirs)
    words = ["-p", *([f"--settings={value}"] if "joined" in form else ["--settings", value]), "hi"]

    found = launched(paths, Claim(USER, "/s", otel.METRICS_EXPORTER, "none"), words=words)

    path = Path(found.words[read_words(words).settings].removeprefix("--settings="))
    merged = {**theirs, "env": {"MINE": "1", otel.ENABLE: "1", otel.METRICS_EXPORTER: "otlp"}}
    assert json.loads(path.read_text()) == merged
    assert (found.words[0], found.words[-1], len(found.words)) == ("-p", "hi", len(words))
    assert found.notes == [f"overridden for this launch: {otel.METRICS_EXPORTER} of /s; {otel.ENABLE} of --settings"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("value", ["{not json", "[]", "/no/such/file", '{"model": "opus"}', '{"env": {"MINE": "1"}}'])
def test_settings_that_say_nothing_of_telemetry_are_passed_as_they_are(paths: Paths, value: str) -> None:
    """Also what claude will refuse: that is claude's to say."""
    words = ["--settings", value, "-p", "hi"]

    found = launched(paths, words=words)

    assert (found.words, found.notes) == (words, [])


def test_a_pipe_of_settings_is_not_read_away(paths: Paths, tmp_path: Path) -> None:
    """`--settings <(jq ...)` can be read once, by claude; what could not be overridden is said."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    words = ["--settings", str(path)]

    found = launched(paths, Claim(USER, "/s", otel.ENABLE, "0"), words=words)

    assert found.words == words
    assert "no regular file" in found.notes[0]


def test_the_flags_own_privacy_and_labels_count_as_typed_for_this_launch(paths: Paths) -> None:
    """Who types them means them; the profile's attributes stay the stronger ones."""
    env = {otel.LOG_USER_PROMPTS: "1", otel.RESOURCE_ATTRIBUTES: "ticket=7,team=x"}

    found = launched(paths, words=["--settings", json.dumps({"env": env})])

    assert found.made.environ[otel.LOG_USER_PROMPTS] == "1"
    assert {"ticket": "7", "team": "data"}.items() <= found.made.attributes.items()
    assert injected(found)[otel.LOG_USER_PROMPTS] == "1"
    assert "team=data" in injected(found)[otel.RESOURCE_ATTRIBUTES]


def test_a_background_session_gets_everything_by_settings(paths: Paths) -> None:
    """Its service has the environment of another launch."""
    found = launched(paths, words=["--bg", "go"], whole=True)

    assert injected(found) == {name: found.made.environ[name] for name in found.made.sources}


@pytest.mark.parametrize("place", [USER, PROJECT])
def test_a_background_session_is_not_recorded_where_a_file_says_no(paths: Paths, place: str) -> None:
    """What is passed as a whole would overrule it."""
    found = launched(paths, Claim(place, "/s", otel.LOG_TOOL_DETAILS, "0"), words=["--bg", "go"], whole=True)

    assert injected(found)[otel.LOG_TOOL_DETAILS] == "0"
    assert found.notes == [f"not recorded, whatever was asked for: {otel.LOG_TOOL_DETAILS} of /s says no"]


NOT_READ = "it is not JSON that could be read"


@pytest.mark.parametrize("place", [STATE, USER, PROJECT, LOCAL])
def test_a_file_that_was_not_read_is_overridden_as_a_whole(paths: Paths, place: str) -> None:
    """All that it may say: what was composed, and nothing for what was not."""
    found = launched(paths, unread(place, "/s", NOT_READ, [otel.ENABLE, "OTEL_EXPORTER_OTLP_OF_TOMORROW"]), words=["-p", "hi"])

    env = injected(found)
    assert {name: found.made.environ[name] for name in found.made.sources}.items() <= env.items()
    assert set(otel.KNOWN_ROUTING) <= set(env)
    assert {env["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"], env["OTEL_EXPORTER_OTLP_OF_TOMORROW"]} == {""}
    assert env["OTEL_METRICS_INCLUDE_SESSION_ID"] == "true"
    assert otel.CONFIG_DIR not in env
    assert found.notes == [f"overridden for this launch: whatever /s says of telemetry, because {NOT_READ}"]


def test_a_file_that_was_not_read_and_may_forbid_recording_is_obeyed(paths: Paths) -> None:
    """The profile asks for details of tools; the file mentions the switch, so it may say no."""
    found = launched(paths, unread(USER, "/s", NOT_READ, [otel.LOG_TOOL_DETAILS]))

    assert injected(found)[otel.LOG_TOOL_DETAILS] == "0"
    assert found.notes[1] == f"not recorded, whatever was asked for: {otel.LOG_TOOL_DETAILS} of /s says no"


def test_a_file_that_was_read_still_forbids_beside_one_that_was_not(paths: Paths) -> None:
    """The stronger words of the two."""
    found = launched(paths, Claim(USER, "/u", otel.LOG_TOOL_DETAILS, "0"), unread(PROJECT, "/p", NOT_READ, [otel.ENABLE]))

    assert injected(found)[otel.LOG_TOOL_DETAILS] == "0"


def test_managed_settings_that_were_not_read_may_win_and_that_is_said(paths: Paths) -> None:
    """Nothing of ours beats them."""
    found = launched(paths, unread(MANAGED, "/etc/m.json", NOT_READ, [otel.ENABLE]), words=["-p", "hi"])

    assert found.words == ["-p", "hi"]
    assert found.notes == [f"claude may obey /etc/m.json against this launch: {NOT_READ}"]


def test_a_source_that_is_left_out_needs_no_override_unread_either(paths: Paths) -> None:
    """--setting-sources holds for whole files."""
    found = launched(paths, unread(PROJECT, "/s", NOT_READ), words=["--setting-sources", "user", "x"])

    assert (len(found.words), found.notes) == (3, [])


def test_routing_that_is_left_to_the_environment_stays_so_against_a_file_that_was_not_read(paths: Paths) -> None:
    """Labels and privacy are still ours."""
    found = launched(paths, unread(PROJECT, "/s", NOT_READ), config=Config(Telemetry(routing="environment")))

    assert otel.ENDPOINT not in injected(found)
    assert injected(found)[otel.LOG_USER_PROMPTS] == "0"


def test_thousands_of_names_are_said_in_one_line_that_can_be_read(paths: Paths) -> None:
    """A repository may set whatever begins like ours."""
    claims = [Claim(PROJECT, "/s", f"OTEL_EXPORTER_OTLP_{number:04d}", "x") for number in range(5000)]

    (line,) = launched(paths, *claims).notes

    assert line.endswith("OTEL_EXPORTER_OTLP_0019, 4980 more of /s")


DEEP = '{"x": ' + "[" * 3000 + "]" * 3000 + ', "n": ' + "1" * 5000 + ', "env": {"MINE": 1e400, "OTEL_BSP_X": "1"}}'


@pytest.mark.parametrize("form", ["inline", "file", "UTF-16LE", "no text"])
def test_the_persons_own_settings_are_passed_on_to_the_byte(paths: Paths, tmp_path: Path, form: str) -> None:
    """Whatever Python would make of them: numbers, nesting, encoding."""
    text = DEEP if form != "no text" else DEEP.replace('"n"', '"\udcff"')
    (tmp_path / "mine.json").write_bytes(
        b"\xff\xfe" + text.encode("utf-16-le") if form == "UTF-16LE" else text.encode("utf-8", "surrogateescape")
    )
    words = ["--settings", text if form == "inline" else str(tmp_path / "mine.json")]

    found = launched(paths, words=words)

    passed = Path(found.words[1]).read_text()
    assert passed == text.replace("\udcff", "\ufffd").replace('"1"}}', '"1", "OTEL_BSP_X": ""}}')


@pytest.mark.parametrize("text", [" {}", "\ufeff{ }", '\u00a0{"env": null}', '{"env": {}, "a": 1}', '{"env": []}'])
def test_settings_without_an_env_get_one(paths: Paths, text: str) -> None:
    """The last word on a name counts."""
    found = launched(paths, Claim(USER, "/s", otel.ENABLE, "0"), words=["--settings", text])

    assert injected(found) == {otel.ENABLE: "1"}


def test_a_settings_file_of_the_persons_own_that_was_not_read_is_said(paths: Paths, tmp_path: Path) -> None:
    """It is passed as it is, since only one --settings counts."""
    (tmp_path / "mine.json").write_text('{"env": {"\\u004fTEL_BSP_X": "1"}},')
    words = ["--settings", str(tmp_path / "mine.json")]

    found = launched(paths, words=words)

    assert (found.words, len(found.notes)) == (words, 1)
    assert found.notes[0].startswith("claude may obey --settings against this launch: ")


def test_another_command_is_told_what_wins(paths: Paths) -> None:
    """`cclaunch exec` cannot give an IDE a --settings."""
    found = launched(paths, Claim(USER, "/s", otel.ENABLE, "0"), words=["code"], may_override=False)

    assert found.words == ["code"]
    assert found.notes == [f"claude's settings files win over this launch: {otel.ENABLE} of /s"]


def test_routing_that_is_left_to_the_environment_is_left_to_the_files_too(paths: Paths) -> None:
    """telemetry.routing = "environment" opts out."""
    found = launched(paths, Claim(USER, "/s", otel.ENDPOINT, "http://x"), config=Config(Telemetry(routing="environment")))

    assert (found.words, found.notes) == ([], [])


def test_a_cache_that_cannot_be_written_is_said_and_the_launch_goes_on(paths: Paths, tmp_path: Path) -> None:
    """Telemetry is a guest."""
    (tmp_path / "cache").write_text("a file in the way")

    found = launched(paths, Claim(USER, "/s", otel.ENABLE, "0"), words=["-p", "hi"])

    assert found.words == ["-p", "hi"]
    assert "win over this launch" in found.notes[0]


def test_what_is_passed_can_be_read_by_its_owner_alone(paths: Paths) -> None:
    """The person's own --settings may hold a token; a directory made by an older release is closed as well."""
    folder = Path(paths.cache) / "settings"
    folder.mkdir(parents=True, mode=0o755)
    folder.chmod(0o755)

    found = launched(paths, Claim(USER, "/s", otel.ENABLE, "0"))

    assert folder.stat().st_mode & 0o777 == 0o700
    assert Path(found.words[1]).stat().st_mode & 0o777 == 0o600
    assert Path(found.words[1]).parent == folder


class Files:
    """A home and a project whose settings files can be written, and the claims that come of them."""

    def __init__(self, tmp_path: Path, paths: Paths) -> None:
        """Make both."""
        self.home, self.work, self.managed = (tmp_path / name for name in ("home", "work", "managed"))
        for path in (self.home, self.work, self.managed):
            path.mkdir()
        self.paths = paths
        self.plan = planned()

    def places(self) -> dict[str, str]:
        """Return place -> path."""
        files = settings_files(str(self.work), "", str(self.home), str(self.managed))
        return {place: path for place, path in reversed(files) if "managed-settings.d" not in path}

    def write(self, place: str, text: dict[str, Any] | str | bytes) -> None:
        """Write *text*, or what it is as JSON, into the file of *place*."""
        path = Path(self.places()[place])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else (text if isinstance(text, str) else json.dumps(text)).encode())

    def compiled(self) -> list[Claim]:
        """Work the claims out anew and keep them; a file that is younger than 10 ms is not trusted."""
        time.sleep(0.03)
        return compile_claims(self.paths, self.plan, str(self.work), "", str(self.home), managed=str(self.managed))

    def cached(self) -> list[list[str]] | None:
        """Return what the launch would read from the cache, or None."""
        return read_claims(self.paths.cache, str(self.work), "")


@pytest.fixture
def files(tmp_path: Path, paths: Paths) -> Files:
    """A home and a project."""
    return Files(tmp_path, paths)


@pytest.mark.parametrize("place", [STATE, USER, PROJECT, LOCAL, MANAGED])
def test_each_place_is_read(files: Files, place: str) -> None:
    """~/.claude.json, user, project, local, managed."""
    files.write(place, {"env": {otel.ENABLE: "0", "OTHER": "x"}})

    assert files.compiled() == [Claim(place, files.places()[place], otel.ENABLE, "0")]


def test_managed_settings_are_dropped_in_and_the_later_name_wins(files: Files) -> None:
    """managed-settings.d/*.json, sorted, behind managed-settings.json."""
    folder = files.managed / "managed-settings.d"
    folder.mkdir()
    for name in ("20-b.json", "10-a.json", "30-c.txt"):
        (folder / name).write_text(json.dumps({"env": {otel.ENABLE: name}}))
    (files.managed / "managed-settings.json").write_text(json.dumps({"env": {otel.ENABLE: "first"}}))

    assert [claim.value for claim in files.compiled()] == ["first", "10-a.json", "20-b.json"]


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (1.5, "1.5"), (True, "true"), (None, "null"), (["a", 1], "a,1")])
def test_what_is_no_text_becomes_the_text_that_claude_makes_of_them(
    files: Files, value: list[int | str] | float | bool | None, text: str
) -> None:
    """Claude accepts it."""
    files.write(USER, {"env": {otel.ENABLE: value}})

    assert [claim.value for claim in files.compiled()] == [text]


HIDDEN = {form: make(otel.ENABLE) for form, make in {**ENCODINGS, **NAMES}.items() if form not in ("Env", "a large U")}


@pytest.mark.parametrize("place", [STATE, USER, PROJECT, LOCAL, MANAGED])
@pytest.mark.parametrize("form", HIDDEN)
def test_no_spelling_of_a_name_is_overlooked(files: Files, place: str, form: str) -> None:
    """Neither by the search of a file that has changed, nor by the reading: a claim, or the whole file as one."""
    files.write(place, "{}")
    assert files.compiled() == []

    files.write(place, HIDDEN[form])

    assert files.cached() is None
    found = files.compiled()
    if form == "env twice, the second empty":
        assert found == []
    else:
        (claim,) = found
        assert (claim.place, claim.path) == (place, files.places()[place])
        assert claim.name == otel.ENABLE or claim.mentioned == [otel.ENABLE]


@pytest.mark.parametrize("text", ['{"x": "says OTEL_ and \\u00e9"}', '{"a": "\\u0065nv"}', b"\xff\xfe{\0}\0", '{"\\u006b": "\0'])
def test_a_file_that_only_looks_like_it_is_looked_at_once(files: Files, text: str | bytes) -> None:
    """The verdict is kept."""
    files.write(USER, text)

    assert files.compiled() == []
    assert files.cached() == []


def test_a_repositorys_file_that_is_too_large_is_not_read_and_overridden(files: Files) -> None:
    """Claude may read it; what somebody else wrote may not cost us the time."""
    text = " " * REPOSITORY_LIMIT + json.dumps({"env": {otel.ENABLE: "0"}})
    files.write(PROJECT, text)
    files.write(USER, text)

    assert files.compiled() == [
        Claim(USER, files.places()[USER], otel.ENABLE, "0"),
        unread(PROJECT, files.places()[PROJECT], "it is too large"),
    ]
    assert files.cached() == [list(claim) for claim in files.compiled()]


def test_a_file_of_thousands_of_variables_is_one_claim_that_names_those_that_matter(files: Files) -> None:
    """Its claims are kept for the next launch, which reads no megabytes."""
    env = {f"OTEL_BSP_{number:05d}": "x" for number in range(9000)} | {otel.LOG_USER_PROMPTS: "1", "PATH": "/x"}
    files.write(PROJECT, {"env": env})

    (claim,) = files.compiled()

    assert (claim.name, claim.why) == (UNREAD, "it sets more than 500 variables of telemetry")
    assert (claim.mentioned[0], len(claim.mentioned)) == (otel.LOG_USER_PROMPTS, 500)
    assert files.cached() == [list(claim)]


@pytest.mark.parametrize("unit", ["[", '{"a":', "[1,", '["\\u0041",', "OTEL_BSP_ ", "[],", "aaaaaaaaa "])
def test_whatever_a_repository_writes_costs_what_its_size_does(files: Files, unit: str) -> None:
    """From a tenth of what one may be to the whole of it."""
    start, end = '{"env": {"OTEL_BSP_X": "1"}, "x": [', "1]}" if unit == "[]," else ""

    def compiled(size: int) -> list[str]:
        text = start + unit * ((size - 100) // len(unit)) + end
        files.write(PROJECT, text)
        return [claim.name for claim in files.compiled()]

    assert compiled(REPOSITORY_LIMIT) == ["OTEL_BSP_X" if end else UNREAD]
    assert_linear(compiled, REPOSITORY_LIMIT)


@pytest.mark.parametrize(
    ("what", "count"), [("directory", 0), ("fifo", 1), ("/dev/null", 0), ("/dev/zero", 1), ("dangling", 0), ("loop", 0)]
)
def test_what_stands_in_the_place_of_a_file_counts_when_claude_could_read_it(files: Files, what: str, count: int) -> None:
    """Nothing of it is opened in a way that hangs."""
    path = Path(files.places()[PROJECT])
    path.parent.mkdir()
    if what == "directory":
        path.mkdir()
    elif what == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to({"dangling": "/no/such/file", "loop": str(path)}.get(what, what))

    found = files.compiled()

    assert found == [unread(PROJECT, str(path), "it is no regular file")] * count
    assert files.cached() == [list(claim) for claim in found]


def test_half_a_pair_of_surrogates_is_what_claude_makes_of_it(files: Files) -> None:
    """Neither text nor a cache file can hold it."""
    files.write(PROJECT, '{"env": {"OTEL_RESOURCE_ATTRIBUTES": "a=\\ud800"}}')

    assert [claim.value for claim in files.compiled()] == ["a=\ufffd"]
    assert files.cached() is not None


@pytest.mark.parametrize("text", ["{", "[]", '{"env": 5}', "", "\ufeff{]", '{"env": null, "x": "OTEL_"}'])
def test_a_file_that_says_nothing_usable_claims_nothing(files: Files, text: str) -> None:
    """Claude ignores it as well."""
    files.write(USER, text)

    assert files.compiled() == []


def test_a_name_in_escapes_is_found(files: Files) -> None:
    """JSON may write any letter as an escape."""
    files.write(USER, '{"\\u0065nv": {"\\u004fTEL_METRICS\\u005fEXPORTER": "none"}}')

    assert [claim.name for claim in files.compiled()] == ["OTEL_METRICS_EXPORTER"]


def test_a_state_file_that_claude_rewrites_is_only_searched(files: Files) -> None:
    """As long as it mentions none of our variables, the cache stays good."""
    files.write(STATE, {"numStartups": 1, "env": {"X": "1"}})
    files.compiled()
    files.write(STATE, {"numStartups": 2, "env": {"X": "1"}, "history": ["a" * 100_000]})

    assert files.cached() == []


@pytest.mark.parametrize("place", [STATE, USER, PROJECT, LOCAL, MANAGED])
def test_a_file_that_begins_to_speak_of_telemetry_makes_the_cache_stale(files: Files, place: str) -> None:
    """Also one that was not there before."""
    files.compiled()
    assert files.cached() == []

    files.write(place, {"env": {otel.ENABLE: "0"}})

    assert files.cached() is None


def test_a_file_that_spoke_and_changed_makes_the_cache_stale(files: Files) -> None:
    """Its claims may be gone."""
    files.write(USER, {"env": {otel.ENABLE: "0"}})
    files.compiled()
    assert files.cached() == [[USER, files.places()[USER], otel.ENABLE, "0"]]

    files.write(USER, {})

    assert files.cached() is None


def test_a_new_file_among_the_managed_ones_makes_the_cache_stale(files: Files) -> None:
    """The directory itself is watched."""
    (files.managed / "managed-settings.d").mkdir()
    files.compiled()
    assert files.cached() == []

    (files.managed / "managed-settings.d" / "x.json").write_text(json.dumps({"env": {otel.ENABLE: "0"}}))

    assert files.cached() is None


def test_another_directory_of_claudes_own_has_claims_of_its_own(files: Files, tmp_path: Path) -> None:
    """CLAUDE_CONFIG_DIR moves settings and state."""
    moved = {place: path for place, path in reversed(settings_files("/work", "/moved", "/home/me"))}

    assert (moved[STATE], moved[USER]) == ("/moved/.claude.json", "/moved/settings.json")
    assert place_file("c", claims_key("/work", "/moved")) != place_file("c", claims_key("/work", ""))


def test_a_flag_is_stronger_than_files_and_weaker_than_managed(paths: Paths) -> None:
    """The order in which claude reads them."""
    plan = planned()
    made = compose(plan, {}, placed(), PORTS, "id-1")
    flag = Claim(FLAG, "--settings", otel.ENABLE, "0")

    assert weigh_claims([Claim(USER, "/u", otel.ENABLE, "1"), flag], made, plan).overridden == [flag]
    assert weigh_claims([Claim(MANAGED, "/m", otel.ENABLE, "1"), flag], made, plan).overridden == []


def test_a_settings_file_that_moves_claudes_directory_is_followed(files: Files, tmp_path: Path) -> None:
    """CLAUDE_CONFIG_DIR works from a settings file too: claude reads what is there."""
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / "settings.json").write_text(json.dumps({"env": {otel.ENABLE: "0"}}))
    files.write(USER, {"env": {otel.CONFIG_DIR: str(tmp_path / "moved")}})

    assert Claim(USER, str(tmp_path / "moved" / "settings.json"), otel.ENABLE, "0") in files.compiled()


def test_only_a_profiles_directory_is_defended_against_a_file(paths: Paths) -> None:
    """Without one, where claude keeps its files is the person's own affair."""
    claim = Claim(USER, "/s", otel.CONFIG_DIR, "/elsewhere")
    plan = planned(profiles={"p": ({}, {}, "/profile")})
    made = compose(plan, {}, placed(), PORTS, "id-1", Selection("p", "use"))

    assert weigh_claims([claim], made, plan).needed == {otel.CONFIG_DIR: "/profile"}
    assert launched(paths, claim).words == []


def test_the_local_file_of_the_repositorys_root_is_read_and_the_stronger_one(files: Files) -> None:
    """Newer releases take it in a subdirectory as well."""
    (files.work / ".git").mkdir()
    (files.work / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    inner = files.work / "inner"
    for folder, value in ((files.work, "root"), (inner, "cwd")):
        (folder / ".claude").mkdir(parents=True)
        (folder / ".claude" / "settings.local.json").write_text(json.dumps({"env": {otel.ENABLE: value}}))

    found = compile_claims(files.paths, files.plan, str(inner), "", str(files.home), managed=str(files.managed))

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
        ('{"\\u0065nv": {"OTEL_METRICS_EXPORTER": "none"}}', True),
        ('{"e\\u006Ev": {"OTEL_METRICS_EXPORTER": "none"}}', True),
        ('{"en\\u0076": {"OTEL_METRICS_EXPORTER": "none"}}', True),
        ('{"history": ["\\u001b[1m", "say \\"\\\\u0065nv\\" and \\\\u004fTEL_x"], "env": {"A": "1"}}', False),
        ('{"env": {"A": "' + "}" * 200_000 + '"}}', False),
        ('{"env": {"A": "1"}, "a": "' + "\\u001b" * 200_000 + '"}', False),
    ],
)
def test_of_the_state_file_only_what_stands_behind_env_counts(files: Files, text: str, stale: bool) -> None:
    """It holds the history of every prompt, which may well talk about telemetry."""
    files.write(STATE, "{}")
    files.compiled()

    files.write(STATE, text)

    assert (files.cached() is None) == stale
