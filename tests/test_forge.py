"""
What contributors meet on a forge: workflows, hooks and forms, which nothing here runs.

The problem they have: they go stale in silence. So whatever they name has to be there, and what they may do is the least.
"""

import itertools
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from guard import REPOSITORY

FORGE = REPOSITORY / ".github"
WORKFLOWS = sorted((FORGE / "workflows").glob("*.yml"))
FORMS = [path for path in sorted((FORGE / "ISSUE_TEMPLATE").glob("*.yml")) if path.name != "config.yml"]
SCRIPT = re.compile(r"(?<![\w./-])(?:\.ci|tests)/[\w/.-]+")
PYTHON = "Programming Language :: Python :: 3."


def loaded(path: Path) -> Any:
    """Return the document in a YAML file; the word ``on`` stays one."""
    return yaml.load(path.read_text(), yaml.BaseLoader)


def jobs() -> list[Any]:
    """Return a parameter for each job of each workflow."""
    return [pytest.param(job, id=f"{path.stem}-{name}") for path in WORKFLOWS for name, job in loaded(path)["jobs"].items()]


def scripts(path: Path) -> set[str]:
    """Return the scripts of ours that a file names outside its comments."""
    lines = (line.partition(" #")[0] for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    return {name for line in lines for name in SCRIPT.findall(line)}


def called() -> Iterator[tuple[Path, str]]:
    """Yield each file that calls scripts, with each of them."""
    for path in [*WORKFLOWS, REPOSITORY / ".pre-commit-config.yaml", REPOSITORY / ".ci" / "run"]:
        for name in sorted(scripts(path)):
            yield path, name


@pytest.mark.parametrize(("path", "name"), [pytest.param(path, name, id=f"{path.name}-{name}") for path, name in called()])
def test_a_script_that_is_called_is_there_and_may_be_run(path: Path, name: str) -> None:
    """By a workflow, by a hook, and by .ci/run itself."""
    assert os.access(REPOSITORY / name, os.X_OK)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_what_ci_calls(path: Path) -> None:
    """Nothing is checked there that is not checked before a change lands."""
    assert scripts(path)
    assert scripts(path) <= scripts(REPOSITORY / ".ci" / "run")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_as_a_whole_may_do_nothing(path: Path) -> None:
    """Each job says what it needs."""
    assert loaded(path)["permissions"] == {}
    assert loaded(path)["concurrency"]["group"]


@pytest.mark.parametrize("job", jobs())
def test_a_job_reads_the_sources_and_ends(job: dict[str, Any]) -> None:
    """It gets no other right, leaves no credential behind for what it runs, and has a limit of time."""
    checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]

    assert job["permissions"] == {"contents": "read"}
    assert [step["with"]["persist-credentials"] for step in checkouts] == ["false"]
    assert 0 < int(job["timeout-minutes"]) <= 90


@pytest.mark.parametrize("job", jobs())
def test_an_action_is_pinned(job: dict[str, Any]) -> None:
    """By the tag of a release or by a commit, never by a branch."""
    for step in job["steps"]:
        assert re.fullmatch(r"[\w-]+/[\w/-]+@(v\d+(\.\d+)*|[0-9a-f]{40})", step.get("uses", "a/b@v1"))


@pytest.mark.parametrize("job", [job for job in jobs() if "strategy" in job.values[0]])
def test_the_pythons_are_those_that_are_promised(job: dict[str, Any]) -> None:
    """The classifiers, the oldest one that may install it, and the matrix agree; both systems are there."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    promised = [f"3.{one.removeprefix(PYTHON)}" for one in project["classifiers"] if one.startswith(PYTHON)]

    assert job["strategy"]["matrix"]["python"] == promised
    assert project["requires-python"] == f">={promised[0]}"
    assert job["strategy"]["matrix"]["os"] == ["ubuntu-latest", "macos-latest"]


def test_the_thirds_of_the_tests_run_everywhere() -> None:
    """Whatever its marks are, a test is in exactly one of them."""
    thirds = dict(
        re.findall(r'^  (\w+)\) exec tests/run -m "(.+)" "\$@" ;;$', (REPOSITORY / ".ci" / "tests").read_text(), re.MULTILINE)
    )
    (job,) = (job for path in WORKFLOWS for job in loaded(path)["jobs"].values() if "third" in job.get("name", ""))

    assert job["strategy"]["matrix"]["third"] == list(thirds)
    for marks in itertools.product((False, True), repeat=3):
        named = dict(zip(("engine", "real", "whole"), marks, strict=True))
        assert [bool(eval(one, {}, named)) for one in thirds.values()].count(True) == 1, named


def test_a_hook_fetches_nothing() -> None:
    """It runs the environment's tools, by a part of .ci/lint that there is."""
    (repository,) = loaded(REPOSITORY / ".pre-commit-config.yaml")["repos"]
    parts = re.findall(r"^(\w+)\(\) \{$", (REPOSITORY / ".ci" / "lint").read_text(), re.MULTILINE)

    assert repository["repo"] == "local"
    assert [(hook["entry"], hook["language"]) for hook in repository["hooks"]] == [(f".ci/lint {one}", "system") for one in parts]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_is_one_that_a_forge_takes(path: Path) -> None:
    """A name, a description, and elements of the known types, each with a label and an id of its own."""
    form = loaded(path)
    fields = [element for element in form["body"] if element["type"] != "markdown"]

    assert form["name"]
    assert form["description"]
    assert {element["type"] for element in fields} <= {"textarea", "input", "dropdown", "checkboxes"}
    assert all(element["attributes"]["label"] for element in fields)
    assert len({element["id"] for element in fields}) == len(fields) > 0


def test_the_commands_that_a_form_asks_for_exist(verb: Any) -> None:
    """With these options, and the report on bugs is the one that hides what is private."""
    text = "\n".join(path.read_text() for path in (*FORMS, FORGE / "SECURITY.md"))
    asked = {tuple(words.split()) for words in re.findall(r"`cclaunch ([a-z][^`]*)`", text)}

    assert ("check", "--json") in asked
    for name, *options in asked:
        code, out, _ = verb(name, "--help")
        assert (code, [option for option in options if option not in out]) == (0, [])
