"""
What a person sees of `usage`: run on a terminal of a known size, and held to pictures that somebody has looked at.

The pictures are tests/golden/screens/*.txt; `CCLAUNCH_TEST_SCREENS=write` draws them anew. Look at them before you commit.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from guard import REPOSITORY
from sandbox import Sandbox
from screens import columns_of, plain, program, shown, styles
from spent_month import NOW_NS, spend
from stored import cost, events_of, store

from cclaunch import console
from cclaunch.console import BOLD, CYAN, DIM, GREEN, RED, YELLOW

PICTURES = REPOSITORY / "tests" / "golden" / "screens"
SCREENS: dict[str, tuple[str, ...]] = {
    "first": (),
    "day": ("--by", "day"),
    "week": ("--by", "week"),
    "session": ("--by", "session", "--top", "8"),
    "project-model": ("--by", "project,model"),
    "branch-cut": ("--by", "repository,branch", "--since", "2026-11", "--sort", "tokens"),
}
WIDTHS = (20, 40, 60, 80, 120, 160)
ASCII = {"LC_ALL": "C"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month, recorded once for all tests; the path of the store."""
    path = tmp_path_factory.mktemp("month") / "telemetry.db"
    spend(path)
    return path


@pytest.fixture
def month(sandbox: Sandbox, written: Path) -> Sandbox:
    """A sandbox with a month's work in it, in the zone of UTC."""
    sandbox.data.mkdir(parents=True)
    for file in written.parent.iterdir():
        shutil.copy(file, sandbox.data / file.name)
    sandbox.environ["TZ"] = "UTC"
    return sandbox


def seen(month: Sandbox, *words: str, columns: int, environ: dict[str, str] | None = None) -> str:
    """Return what `usage` with *words* shows on a terminal."""
    code, screen = shown(month, "usage", *words, columns=columns, now_ns=NOW_NS, environ=environ)
    assert code == 0
    return screen


@pytest.mark.parametrize("name", SCREENS)
def test_it_looks_as_somebody_has_seen_it(month: Sandbox, name: str) -> None:
    """At each width."""
    found = {columns: plain(seen(month, *SCREENS[name], columns=columns)) for columns in WIDTHS}
    picture = "\n".join(f"== {columns} columns ==\n{screen}" for columns, screen in found.items())

    file = PICTURES / f"{name}.txt"
    if os.environ.get("CCLAUNCH_TEST_SCREENS") == "write":
        file.write_text(picture, encoding="utf-8")
    assert picture == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCREENS)
def test_no_line_is_wider_than_the_terminal_nor_the_terminal_wasted(month: Sandbox, name: str) -> None:
    """Figures are never cut; what people need least is left out. A sentence below is broken by the terminal."""
    for columns in (*WIDTHS, 27, 61, 79, 100):
        lines = [line for line in seen(month, *SCREENS[name], columns=columns).splitlines() if not line.startswith("cclaunch: ")]
        assert max(map(columns_of, lines)) <= columns


@pytest.mark.parametrize("columns", [60, 80])
def test_the_first_screen_scrolls_nothing_away(month: Sandbox, columns: int) -> None:
    """24 lines with what is to be said below, and the line of the shell's prompt."""
    store(
        month.database,
        *(cost(f"lost-{number}", 90.0, NOW_NS - 10**9) for number in range(3)),
        events_of({"request_id": "r-long", "cost_usd_micros": 9_999_000_000, "project": "p" * 90}, time_ns=NOW_NS - 10**9),
    )
    lines = plain(seen(month, columns=columns)).removesuffix("\n").split("\n")

    assert "metrics count $270.00 more" in lines[-1]
    assert sum(-(-max(columns_of(line), 1) // columns) for line in lines) <= 23


@pytest.mark.parametrize("name", SCREENS)
def test_colours_are_those_that_light_and_dark_terminals_both_show(month: Sandbox, name: str) -> None:
    """None of the bright ones, neither black nor white, no background; dim is only what matters less."""
    found = styles(seen(month, *SCREENS[name], columns=80))

    assert found
    assert {style for style, _ in found} <= {BOLD, DIM, RED, GREEN, YELLOW, CYAN}
    assert all(text.startswith(("Sat ", "Sun ")) or " more " in text for style, text in found if style == DIM)


@pytest.mark.parametrize("name", SCREENS)
def test_nothing_needs_colour_to_be_understood(month: Sandbox, name: str) -> None:
    """The same text with NO_COLOR and on a dumb terminal, to the letter."""
    coloured = seen(month, *SCREENS[name], columns=80)

    assert "\x1b" in coloured
    for environ in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert seen(month, *SCREENS[name], columns=80, environ=environ) == plain(coloured)


@pytest.mark.parametrize(
    "environ",
    [{"LC_ALL": "POSIX"}, {"LANG": ""}, {"LC_CTYPE": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LANG": "de_DE.ISO-8859-1"}],
    ids=lambda environ: " ".join(f"{key}={value}" for key, value in environ.items()),
)
def test_a_locale_without_utf_8_is_found_out(month: Sandbox, environ: dict[str, str]) -> None:
    """Python writes UTF-8 in the C locale, so its word is not enough."""
    assert seen(month, columns=80, environ=environ) == seen(month, columns=80, environ=ASCII)


@pytest.mark.parametrize("environ", [{"LANG": "de_DE.UTF-8"}, {"LANG": "C", "LC_CTYPE": "en_US.utf8"}])
def test_a_locale_with_utf_8_has_blocks(month: Sandbox, environ: dict[str, str]) -> None:
    """Also where it is not installed here: it is the terminal's."""
    assert seen(month, columns=80, environ=environ) == seen(month, columns=80)


@pytest.mark.parametrize("name", SCREENS)
def test_without_utf_8_all_of_it_is_ascii(month: Sandbox, name: str) -> None:
    """As wide, and with the same figures; bars are of `#`, and what is cut ends with `~`."""
    found = plain(seen(month, *SCREENS[name], columns=80, environ=ASCII))
    usual = plain(seen(month, *SCREENS[name], columns=80))

    assert found.isascii()
    assert "\\u" not in found
    assert [words_of(line) for line in found.splitlines()] == [words_of(line) for line in usual.splitlines()]
    assert [len(line) for line in found.splitlines()] == [len(line) for line in usual.splitlines()]


def words_of(line: str) -> list[str]:
    """Return what a line says, without its bar and without the sign of what is cut."""
    return [found for word in line.split() if (found := word.rstrip("#~…█▉▊▋▌▍▎▏"))]


def test_on_a_pipe_it_is_plain_and_as_wide_as_a_page(month: Sandbox) -> None:
    """The screen has 80 columns, a table all of its columns; no escape, nothing on stderr but sentences."""
    for name, words in SCREENS.items():
        done = subprocess.run(
            program(("usage", *words), NOW_NS),
            env=month.environment(),
            cwd=month.work,
            capture_output=True,
            check=True,
            timeout=120,
        )
        piped = done.stdout.decode()
        assert "\x1b" not in piped
        wide = plain(seen(month, *words, columns=80 if name == "first" else 400))
        assert piped == "".join(line for line in wide.splitlines(keepends=True) if not line.startswith("cclaunch: "))


def test_the_word_of_columns_is_the_last(month: Sandbox) -> None:
    """As every program has it."""
    assert seen(month, columns=80, environ={"COLUMNS": "60"}) == seen(month, columns=60)


@pytest.mark.parametrize("columns", [20, 60, 80])
def test_names_that_drive_a_terminal_are_measured_as_they_are_shown(month: Sandbox, columns: int) -> None:
    """On the screen and in a table: escapes are longer than what they stand for."""
    name = "\x1b[2J\u202e\u200b" * 3
    record = {"request_id": "r-odd", "cost_usd_micros": 99_000_000, "project": name, "cclaunch.profile": name, "model": name}
    store(month.database, events_of(record, time_ns=NOW_NS - 10**9))

    for words in ((), ("--by", "project,model")):
        screen = plain(seen(month, *words, columns=columns))
        lines = [line for line in screen.splitlines() if not line.startswith("cclaunch: ")]
        assert all(line.isprintable() for line in lines)
        assert max(map(columns_of, lines)) <= columns
        assert columns < 60 or any("\\x1b[2J" in line for line in lines)


def test_what_goes_away_again_is_of_ascii_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that says what is being waited for."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with console.progress("adding up", {"LC_ALL": "C"}) as tell:
        tell(50_000, 100_000)

    told = capsys.readouterr().err
    assert told.startswith("adding up...")
    assert told.isascii()
