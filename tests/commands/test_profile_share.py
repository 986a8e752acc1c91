"""`cclaunch profile export` and `import`: what a team hands around, and what is not taken from others unasked."""

import os
import tomllib

import pexpect
import pytest
from runners import Verb
from sandbox import Sandbox

from cclaunch.hot.paths import Paths, our_paths
from cclaunch.profiles.disk import load_profile, profile_names, read_profile, write_profile
from cclaunch.profiles.model import Profile

RISKY = """\
# the data team
name = "data" # ours
claude_config_dir = "/their/claude"
budget = 20

[attributes]
team = "größe \\"x\\"" # who
[privacy]
prompts = true # for the evals
responses = false
tool_details = true
"""


@pytest.fixture
def paths(environ: dict[str, str]) -> Paths:
    """Our directories in the sandbox."""
    return our_paths(environ)


@pytest.fixture
def profile(sandbox: Sandbox) -> Verb:
    """The runner of a part as a process: ``profile("import", input=b"...")`` returns (code, stdout, stderr)."""

    def run(*words: str, input: bytes = b"") -> tuple[int, str, str]:
        done = sandbox.cclaunch("profile", *words, input=input)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


def test_what_is_exported_can_be_imported_elsewhere(profile: Verb, paths: Paths) -> None:
    """With what the parent adds, and without the parent."""
    write_profile(paths, "base", b"[attributes]\norg = 'acme'\n[privacy]\nresponses = false\n")
    write_profile(paths, "data", "extends = 'base'\nbudget = 1.5\ndescription = 'd'\n[attributes]\n'a.b' = 'ö'\n".encode())

    _, text, _ = profile("export", "data")

    assert tomllib.loads(text) == {
        "name": "data",
        "description": "d",
        "budget": 1.5,
        "attributes": {"org": "acme", "a.b": "ö"},
        "privacy": {"responses": False},
    }
    assert text.startswith('name = "data"\n')
    assert profile("import", "--name", "there", input=text.encode())[:2] == (0, "profile there: created\n")
    assert load_profile(paths, "there") == Profile(
        "there", "d", "", {"org": "acme", "a.b": "ö"}, {"responses": False}, budget=1.5
    )


def test_an_export_is_utf8_whatever_the_locale(sandbox: Sandbox, paths: Paths) -> None:
    """TOML has no other encoding."""
    write_profile(paths, "data", "[attributes]\nteam = 'ö'\n".encode())

    done = sandbox.cclaunch("profile", "export", "data", environ={"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})

    assert tomllib.loads(done.stdout.decode())["attributes"] == {"team": "ö"}


def test_export_writes_a_file_and_replaces_none_unasked(profile: Verb, paths: Paths, sandbox: Sandbox) -> None:
    """What is there may be somebody's."""
    write_profile(paths, "data", b"budget = 1\n")
    path = sandbox.work / "out.toml"

    first = profile("export", "data", str(path))
    write_profile(paths, "data", b"budget = 2\n")
    second = profile("export", "data", str(path))
    before = path.read_text()
    third = profile("export", "data", str(path), "--yes")

    assert (first[0], second[0], third[0]) == (0, 2, 0)
    assert (first[1], "nothing was written" in second[2]) == ("", True)
    assert (before, path.read_text()) == ('name = "data"\nbudget = 1\n', 'name = "data"\nbudget = 2\n')


def test_export_replaces_no_device(profile: Verb, paths: Paths) -> None:
    """A file put in the place of /dev/null would break the machine."""
    write_profile(paths, "data", b"")

    assert "is not a regular file" in profile("export", "data", "/dev/null", "--yes")[2]
    assert not os.path.isfile("/dev/null")


def test_what_could_harm_is_left_out_and_said(profile: Verb, paths: Paths) -> None:
    """Another account, and every switch that discloses; what is off, stays off. Comments stay."""
    code, out, err = profile("import", "-", input=RISKY.encode())

    assert (code, out) == (0, "profile data: created\n")
    assert load_profile(paths, "data") == Profile("data", "", "", {"team": 'größe "x"'}, {"responses": False}, budget=20.0)
    for option in ("claude-config-dir", "prompts", "tool-details"):
        assert f"(to keep it: --accept {option})" in err
    assert "/their/claude" in err
    assert "# the data team\n" in read_profile(paths, "data").decode()


def test_what_is_accepted_is_kept(profile: Verb, paths: Paths) -> None:
    """Each by its name; the rest is left out."""
    code, _, err = profile("import", "--accept", "prompts", "--accept", "claude-config-dir", input=RISKY.encode())

    found = load_profile(paths, "data")
    assert (code, found.privacy, found.claude_config_dir) == (0, {"prompts": True, "responses": False}, "/their/claude")
    assert err.count("left out") == 1


def test_yes_does_not_accept(profile: Verb, paths: Paths) -> None:
    """It answers whether to replace, nothing else."""
    write_profile(paths, "data", b"budget = 1\n")

    profile("import", "--yes", input=RISKY.encode())

    assert (load_profile(paths, "data").budget, load_profile(paths, "data").claude_config_dir) == (20.0, "")


def test_a_terminal_is_asked_for_each(sandbox: Sandbox, paths: Paths) -> None:
    """One by one: yes to the first and the last, the default to the one between."""
    path = sandbox.work / "shared.toml"
    path.write_text(RISKY)
    command, *words = sandbox.command("profile", "import", str(path))
    terminal = pexpect.spawn(command, words, env=sandbox.environment(), cwd=str(sandbox.work), timeout=120)

    for expected, answer in (("/their/claude", "y"), ("your prompts", ""), ("commands and file names", "y")):
        terminal.expect_exact(expected)
        terminal.expect_exact("Keep that? [y/N]")
        terminal.send(answer + "\r")
    terminal.expect(pexpect.EOF)
    terminal.close()

    found = load_profile(paths, "data")
    assert terminal.exitstatus == 0
    assert (found.claude_config_dir, found.privacy) == ("/their/claude", {"responses": False, "tool_details": True})


def test_a_profile_is_replaced_only_when_that_was_meant(profile: Verb, paths: Paths) -> None:
    """The same content is no replacement."""
    shared = b"name = 'data'\nbudget = 2\n"
    write_profile(paths, "data", b"budget = 1\n")

    refused = profile("import", input=shared)
    before = read_profile(paths, "data")
    replaced = profile("import", "--yes", input=shared)
    again = profile("import", input=shared)

    assert (refused[0], "nothing was written" in refused[2], before) == (2, True, b"budget = 1\n")
    assert (replaced[1], again[1]) == ("profile data: replaced\n", "profile data: unchanged\n")


@pytest.mark.parametrize(
    ("words", "name"), [(("data-eng.toml",), "inner"), (("nameless.toml",), "nameless"), (("data-eng.toml", "--name", "x"), "x")]
)
def test_the_name_comes_from_the_option_the_file_or_the_files_name(
    profile: Verb, paths: Paths, sandbox: Sandbox, words: tuple[str, ...], name: str
) -> None:
    """In that order."""
    (sandbox.work / "data-eng.toml").write_text("name = 'inner'\n")
    (sandbox.work / "nameless.toml").write_text("budget = 1\n")

    assert profile("import", *words)[0] == 0

    assert profile_names(paths) == [name]


@pytest.mark.parametrize(
    ("shared", "told"),
    [
        (b"budget = 1\n", "the profile has no name"),
        (b"name = '../x'\n", "stdin, line 1: `name` must be the name of a profile"),
        (b"name = 'a'\nendpoint = 'http://x'\n", "stdin, line 2: `endpoint` is not known"),
        (b"name = 'a'\n[attributes]\n'session.id' = 'x'\n", "line 3: `attributes.session.id` is refused"),
        (b"name = 'a'\nextends = 'base'\n", "there is no profile `base`"),
        (b"name = 'a'\nextends = 'a'\n", "`extends` names the profile itself"),
        (b"= =", "stdin is not valid TOML"),
        (b"", "stdin is empty"),
        (b"#" * 70_000, "more than 64 KiB"),
    ],
)
def test_what_is_no_profile_is_refused(profile: Verb, paths: Paths, shared: bytes, told: str) -> None:
    """Where it is wrong, and nothing is written."""
    code, out, err = profile("import", input=shared)

    assert code in (1, 2)
    assert (out, told in err) == ("", True), err
    assert profile_names(paths) == []


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: None], ids=["pipe", "directory", "nothing"])
def test_a_file_that_is_none_is_refused_at_once(profile: Verb, sandbox: Sandbox, make: Verb) -> None:
    """A pipe that nobody writes into would hang."""
    make(str(sandbox.work / "x.toml"))

    code, _, err = profile("import", "x.toml")

    assert (code, "must be a regular file" in err) == (2, True)


def test_a_spelling_that_cannot_be_changed_in_place_is_imported_all_the_same(profile: Verb, paths: Paths) -> None:
    """Its comments are the price."""
    shared = b"name = 'a'\nprivacy = {prompts = true} # c\nattributes.team = 'x'\n"

    assert profile("import", input=shared)[0] == 0

    assert load_profile(paths, "a") == Profile("a", attributes={"team": "x"})
