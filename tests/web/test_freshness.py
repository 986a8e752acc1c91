"""What an answer depends on: the files of the stores and of the settings, and the clock."""

from pathlib import Path

from cclaunch.hot.paths import Paths
from cclaunch.web.freshness import Freshness


def test_what_may_change_an_answer_is_looked_at(paths: Paths) -> None:
    """A commit changes the log first."""
    files = Freshness(paths).files()
    assert {paths.ledger, paths.ledger + "-wal", paths.database, paths.database + "-wal", paths.config_file} <= set(files)


def test_an_answer_holds_for_a_minute_at_most(paths: Paths) -> None:
    """What is compared goes by the clock."""
    assert 0 < Freshness(paths).lasts_s() <= 60


def test_a_broken_config_is_said(paths: Paths) -> None:
    """With what is done instead; a good one has no note."""
    Path(paths.config_file).parent.mkdir(parents=True, exist_ok=True)
    Path(paths.config_file).write_text("[usage]\nweek_start = 'friday'\n")
    assert Freshness(paths).notes() == []
    Path(paths.config_file).write_text("[usage]\nweek_start = 'never'\n")
    (note,) = Freshness(paths).notes()
    assert "week_start" in note
    assert note.endswith("weeks begin on Monday")
