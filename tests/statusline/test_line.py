"""The line as claude runs it: with any stdin it ends with 0 and says something."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pexpect
import pytest
from sandbox import Sandbox, kill
from status_lines import SESSION, line, said, spent

from cclaunch.hot.paths import our_paths


@pytest.fixture
def place(sandbox: Sandbox) -> Sandbox:
    """A sandbox with settings."""
    sandbox.configure()
    return sandbox


def test_it_shows_what_claude_says_and_what_we_know(place: Sandbox) -> None:
    """With the default format."""
    spent(place, 4_200_000, 9_000_000)
    assert line(place) == (
        "shop | Opus 4.8 | $0.0967 session $4.20 today | context 3 % | 5h 42 % (2h13m) week 13 % (4d0h) | cache 98 %"
    )


def test_the_format_of_the_settings_is_shown(place: Sandbox) -> None:
    """One on the command line is stronger, for a trial; a change of the settings is seen at once."""
    place.configure(extra='[statusline]\nformat = "{session} · {profile}"')
    assert line(place) == "$0.0967 session · shop"
    assert line(place, "--format", "{model}") == "Opus 4.8"
    place.configure(extra='[statusline]\nformat = "{profile}"')
    assert line(place) == "shop"


def test_a_broken_settings_file_leaves_the_line_as_it_is_without_one(place: Sandbox) -> None:
    """`check` says what is wrong."""
    place.config_file.write_text("[statusline\n")
    assert line(place).startswith("shop | Opus 4.8 | $0.0967 session")


def plan_with(place: Sandbox, *records: list[str]) -> None:
    """Put *records* into the compiled plan of *place*."""
    path = Path(our_paths(place.environ).plan)
    parts = path.read_text().split("\x1e")
    path.write_text("\x1e".join([*parts[:-1], *("\x1f".join(record) for record in records), parts[-1]]))


def test_a_budget_of_all_launches_is_shown(place: Sandbox) -> None:
    """As the plan has it."""
    spent(place, 4_200_000, 250_000_000)
    line(place)
    plan_with(place, ["budget", "month", "300000000"])
    assert "$250 of $300 this month" in line(place)


def test_a_budget_of_the_profile_in_force_is_shown(place: Sandbox) -> None:
    """Not that of another one."""
    spent(place, 0, 90_000_000, {"shop": 80_000_000, "other": 1_000_000})
    line(place)
    plan_with(place, ["profile", "shop", "budget", "", "100000000"], ["profile", "other", "budget", "", "1000000"])
    assert "$80 of $100 this month" in line(place)
    assert "of $" not in line(place, environ={"__CCLAUNCH_LAUNCH": ":0f3a"})


BROKEN = {
    "nothing": b"",
    "blank": b"  \n",
    "a word": b"hello",
    "cut": json.dumps(said()).encode()[:200],
    "null": b"null",
    "a list": b"[]",
    "a number": b"7",
    "an empty object": b"{}",
    "no text": b"\xff\xfe\x00{",
    "a NUL": b'{"a": "\x00"}',
    "deep": b"[" * 200_000,
    "long digits": b'{"cost": {"total_cost_usd": ' + b"9" * 10_000 + b"}}",
    "nulls": json.dumps(dict.fromkeys(said())).encode(),
    "lists": json.dumps({name: [] for name in said()}).encode(),
    "megabytes": b'{"cwd": "' + b"x" * 3_000_000 + b'"}',
}


@pytest.mark.parametrize("stdin", BROKEN.values(), ids=BROKEN)
def test_broken_stdin_shows_what_we_know(place: Sandbox, stdin: bytes) -> None:
    """Never nothing, never an error."""
    spent(place, 4_200_000, 0)
    assert line(place, "--format", "{profile} | {today} | {session}", stdin=stdin) == "shop | $4.20 today"


def test_broken_stdin_shows_what_was_said_last_in_this_session(place: Sandbox) -> None:
    """Claude tells its name to what it starts."""
    before = line(place)
    assert line(place, stdin=b"{", environ={"CLAUDE_CODE_SESSION_ID": SESSION}) == before
    assert line(place, stdin=b"{", environ={"CLAUDE_CODE_SESSION_ID": "another"}) == "shop"


def test_where_nothing_is_known_it_says_its_name(place: Sandbox) -> None:
    """Silence would blank the line."""
    assert line(place, stdin=b"", environ={"__CCLAUNCH_LAUNCH": ""}) == "cclaunch"


def test_stdin_that_does_not_end_is_given_up(place: Sandbox) -> None:
    """What has come until then is shown."""
    reading, writing = os.pipe()
    os.write(writing, json.dumps(said()).encode())
    try:
        done = subprocess.run(
            place.command("statusline", "--format", "{session}"),
            stdin=reading,
            env=place.environment(),
            cwd=place.work,
            capture_output=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(reading)
        os.close(writing)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"$0.0967 session\n", b"")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- 2>&-"])
def test_a_stream_that_is_closed_is_no_error(place: Sandbox, closed: str) -> None:
    """Nor is there a word on stderr."""
    done = place.run(["sh", "-c", f'"$@" {closed}', "sh", *place.command("statusline")], input=b"{}")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("columns", [1, 20, 40, 80, 100, 150])
def test_it_is_no_wider_than_claude_has_room_for(place: Sandbox, columns: int) -> None:
    """Less claude's own margin; and it is never nothing."""
    spent(place, 4_200_000, 0)
    assert 0 < len(line(place, columns=columns)) <= max(columns - 4, 8)


@pytest.mark.parametrize("columns", ["", "x", "-5", "0", "99999999", "١٢"])
def test_a_width_that_is_none_cuts_nothing(place: Sandbox, columns: str) -> None:
    """Then claude cuts."""
    assert "cache 98 %" in line(place, environ={"COLUMNS": columns})


def test_colours_are_for_who_wants_them(place: Sandbox) -> None:
    """NO_COLOR is heard; without it the end of the line is plain again."""
    form = "{profile:green} | {session}"
    assert line(place, "--format", form, environ={"NO_COLOR": ""}) == "\x1b[32mshop\x1b[0m | $0.0967 session\x1b[0m"
    assert line(place, "--format", form) == "shop | $0.0967 session"


def test_a_hostile_name_is_no_command(place: Sandbox) -> None:
    """Neither to turn the line round nor to clear the screen."""
    whole = {**said(), "cwd": "/x/\x1b[2J\u202ename\n\x07", "workspace": {}}
    form = ("--format", "{profile} {directory}")
    hostile = line(place, *form, stdin=json.dumps(whole).encode(), environ={"__CCLAUNCH_LAUNCH": "a\x1b]0;x\x07:b"})
    assert hostile == "a]0;x [2Jname"


def test_words_that_are_not_understood_do_not_blank_the_line(place: Sandbox) -> None:
    """They are told in a row of their own, in a terminal by an error."""
    assert line(place, "--hepl", "--format", "{profile}") == "shop\ncclaunch: what is --hepl? cclaunch statusline --help"


def test_help_is_for_people(place: Sandbox) -> None:
    """Also where stdin is none of theirs."""
    done = place.cclaunch("statusline", "--help")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"--wrap COMMAND" in done.stdout
    assert b"cclaunch persist --statusline" in done.stdout


def test_on_a_terminal_it_says_what_it_is_for(place: Sandbox) -> None:
    """It would wait for a stdin that nobody types."""
    words = place.command("statusline")
    screen = pexpect.spawn(words[0], words[1:], env=place.environment(), cwd=str(place.work), timeout=60)
    screen.expect_exact("cclaunch persist --statusline")
    screen.expect_exact("the profile in force")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0


def files_of(place: Sandbox) -> list[Path]:
    """Return what is remembered in *place*."""
    return sorted(Path(our_paths(place.environ).status_lines).iterdir())


def test_it_is_remembered_once_for_each_session(place: Sandbox) -> None:
    """For its owner alone, and nothing is written when nothing is new."""
    for _ in range(3):
        line(place)
    line(place, stdin=json.dumps({**said(), "session_id": "../../another"}).encode())
    first, second = files_of(place)
    assert first.stat().st_mode & 0o777 == second.stat().st_mode & 0o777 == 0o600
    marks = [file.stat().st_mtime_ns for file in files_of(place)]
    line(place)
    assert [file.stat().st_mtime_ns for file in files_of(place)] == marks


@pytest.mark.parametrize("content", [b"", bytes(2_000_000), b"\xff\xfe", b"other\x1fother"], ids=len)
def test_a_file_of_memory_that_is_none_is_made_anew(place: Sandbox, content: bytes) -> None:
    """Whatever was written there."""
    before = line(place)
    (file,) = files_of(place)
    whole = file.read_bytes()
    file.write_bytes(content)
    assert line(place) == before
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_nothing_but_memory(place: Sandbox) -> None:
    """A file stands in the place of its directory."""
    cache = Path(our_paths(place.environ).cache)
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text("")
    assert line(place).startswith("shop | Opus 4.8")


@pytest.mark.parametrize("changes", [{"HOME": "/nowhere"}, {"CCLAUNCH_DATA_DIR": "data"}], ids=["no home", "relative"])
def test_where_our_files_cannot_be_claudes_own_figures_are_shown(place: Sandbox, changes: dict[str, str]) -> None:
    """They need no file."""
    assert line(place, environ=changes).startswith("shop | Opus 4.8 | $0.0967 session")


def test_a_plan_that_cannot_be_kept_is_heeded(place: Sandbox) -> None:
    """The format and the budgets that are set hold, also where each line has to work them out anew."""
    place.configure(extra='[statusline]\nformat = "{session} {budget} of mine"\n[budget]\nmonthly = 100')
    place.cclaunch("profile", "set", "shop", "--budget", "10")
    spent(place, 0, 50_000_000, {"shop": 7_000_000})
    before = line(place)
    assert before == "$0.0967 session $7.00 of $10.00 this month of mine"
    cache = Path(our_paths(place.environ).cache)
    shutil.rmtree(cache)
    cache.write_text("")
    assert line(place) == before


def test_a_directory_that_others_may_write_in_is_not_believed(place: Sandbox) -> None:
    """Nothing is read from there; what claude says is shown."""
    spent(place, 4_200_000, 0)
    place.data.chmod(0o777)
    assert "today" not in line(place)
    assert "$0.0967 session" in line(place)


def test_a_device_in_the_place_of_what_was_spent_hangs_nobody(place: Sandbox) -> None:
    """Nor a FIFO in that of what is remembered."""
    paths = our_paths(place.environ)
    place.data.mkdir(parents=True)
    os.mkfifo(paths.spending)
    line(place)
    (file,) = files_of(place)
    file.unlink()
    os.mkfifo(file)
    assert "$0.0967 session" in line(place)


def test_it_starts_no_process_and_wakes_nobody(place: Sandbox) -> None:
    """Of ours, none is there afterwards."""
    line(place)
    left = place.processes()
    for process in left:
        kill(process)
    assert left == []
