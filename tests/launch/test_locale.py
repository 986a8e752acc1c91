"""The interpreter sets LC_CTYPE in the C locale before any code of ours runs: claude sees what was there before."""

import ast
import subprocess
import sys

import pytest
from guard import REPOSITORY

VALUES = (None, "", "C", "POSIX", "C.UTF-8", "xx_XX.UTF-8")
"""No value, none to speak of, the C locale under both names, one that is there, one that is not."""

NAMES = ("LC_ALL", "LANG", "LC_CTYPE")
SHOW = "from cclaunch.main import inherited; found = inherited(); print({name: found.get(name) for name in %r})"


def seen(code: str, **environ: str | None) -> dict[str, str | None]:
    """Return what *code* prints in the locale of *environ*."""
    set_ones = {name: value for name, value in environ.items() if value is not None}
    words = [sys.executable, "-IS", "-c", f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); {code % (NAMES,)}"]
    found = ast.literal_eval(subprocess.run(words, env=set_ones, capture_output=True, text=True, check=True).stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("everything", VALUES)
@pytest.mark.parametrize("language", VALUES)
def test_claude_gets_the_locale_that_we_were_started_with(everything: str | None, language: str | None) -> None:
    """With each LC_CTYPE."""
    for kind in VALUES:
        given = dict(zip(NAMES, (everything, language, kind), strict=True))
        assert seen(SHOW, **given) == given


@pytest.mark.parametrize("given", [{}, {"LANG": "xx_XX.UTF-8"}, {"LANG": "C.UTF-8", "LC_CTYPE": "C"}], ids=str)
def test_the_interpreter_changes_it_indeed(given: dict[str, str]) -> None:
    """Else the test above would show nothing."""
    code = "import os; print({name: os.environ.get(name) for name in %r})"

    assert seen(code, **given)["LC_CTYPE"] in ("C.UTF-8", "C.utf8", "UTF-8")
