"""Which budgets there are, whatever stands in the files that say so."""

import subprocess
import sys
from pathlib import Path

import pytest
from guard import REPOSITORY

from cclaunch.budgets.limits import limits, micros_of
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.hot.spending import DAY, MONTH, WEEK


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Directories of a person who has settled nothing."""
    found = our_paths({"HOME": str(tmp_path)})
    Path(found.profiles).mkdir(parents=True)
    return found


def settle(paths: Paths, config: str = "", **profiles: str) -> None:
    """Have the files say this."""
    Path(paths.config_file).write_text(config)
    for name, text in profiles.items():
        (Path(paths.profiles) / f"{name}.toml").write_text(text)


def told(paths: Paths) -> list[tuple[str, str, int]]:
    """Return the limits as tuples: profile, period, whole dollars."""
    return [(one.profile, one.period, one.micros // 1_000_000) for one in limits(paths)]


def test_nobody_has_a_budget_who_has_set_none(paths: Paths) -> None:
    """Also without any file or directory."""
    assert told(paths) == []
    settle(paths, "[budget]\nmonthly = 0\n", shop="")
    assert told(paths) == []
    assert told(our_paths({"HOME": "/nowhere/at/all"})) == []


def test_all_launches_have_theirs_and_profiles_have_theirs(paths: Paths) -> None:
    """A profile's is a month's; a child has its parent's unless it has one itself."""
    settle(
        paths,
        "[budget]\ndaily = 20\nweekly = 90.5\nmonthly = 300\n",
        shop="budget = 250\n",
        child='extends = "shop"\n',
        own='extends = "shop"\nbudget = 10\n',
        none="",
    )
    assert told(paths) == [
        ("", MONTH, 300),
        ("", WEEK, 90),
        ("", DAY, 20),
        ("child", MONTH, 250),
        ("own", MONTH, 10),
        ("shop", MONTH, 250),
    ]


def test_a_budget_is_found_however_its_name_is_written(paths: Paths) -> None:
    """TOML knows letters by their numbers; a word alone is no budget."""
    settle(paths, odd='"\\u0062udget" = 7\n')
    assert told(paths) == [("odd", MONTH, 7)]
    settle(paths, odd='description = "no budget"\n')
    assert told(paths) == []


def test_who_has_no_budget_pays_for_no_profile(paths: Paths) -> None:
    """What reads them is dear."""
    settle(paths, shop='description = "a shop"\n')
    Path(paths.config_file).unlink()
    home = paths.config.partition("/.config")[0]
    code = "import sys; from cclaunch.budgets.limits import limits; from cclaunch.hot.paths import our_paths"
    words = [sys.executable, "-c", f"{code}; limits(our_paths({{'HOME': sys.argv[1]}})); print(*sys.modules)", home]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True, cwd=REPOSITORY).stdout.split()
    assert "cclaunch.budgets.limits" in loaded
    assert not {"tomllib", "cclaunch.profiles.disk"} & set(loaded)


def test_one_broken_profile_takes_away_no_other_budget(paths: Paths) -> None:
    """Nor does one whose parent is gone, and what is no file."""
    settle(paths, shop="budget = 250\n", bad="budget = \n", wrong="budget = -1\n", orphan='extends = "gone"\nbudget = 5\n')
    (Path(paths.profiles) / "folder.toml").mkdir()
    assert told(paths) == [("shop", MONTH, 250)]


def test_a_broken_configuration_has_no_budget_and_profiles_keep_theirs(paths: Paths) -> None:
    """As at a launch, which says so."""
    settle(paths, "[budget]\nmonthly = 300\nmonthyl = 5\n", shop="budget = 250\n")
    assert told(paths) == [("shop", MONTH, 250)]


def test_the_smallest_budget_is_one_that_can_be_spent(paths: Paths) -> None:
    """A share of nothing is no share."""
    settle(paths, "[budget]\nmonthly = 1e-300\n")
    assert [one.micros for one in limits(paths)] == [1]
    assert micros_of(1e12) == 10**18
