"""The password of Grafana's admin: made once, kept, shown to a person, masked in files."""

import os
import threading
from pathlib import Path
from typing import Any

import pexpect
import pytest
import yaml
from sandbox import Sandbox
from wanted_service import service_of

from cclaunch.backends.docker import login
from cclaunch.backends.docker.backend import DockerBackend
from cclaunch.backends.docker.compose import compose
from cclaunch.backends.docker.look import details
from cclaunch.config.model import Config, Grafana
from cclaunch.errors import StackError
from cclaunch.hot.paths import Paths, our_paths

MADE = Config(grafana=Grafana(admin_password="generate"))
OWN = "s3cret $HOME"


@pytest.fixture
def paths(environ: dict[str, str]) -> Paths:
    """Our directories."""
    return our_paths(environ)


def in_grafana(paths: Paths, environ: dict[str, str], config: Config) -> str:
    """Return the password that Grafana's container is given."""
    files = {file.path: file for file in service_of(DockerBackend(paths, config, environ).model(), "grafana").files}
    return files["/etc/cclaunch/admin_password"].data.decode()


def test_a_password_is_made_once_and_stays(paths: Paths, environ: dict[str, str]) -> None:
    """Long, random, in a file for its user alone, and what Grafana is given."""
    login.make(paths, MADE)
    first = in_grafana(paths, environ, MADE)
    login.make(paths, MADE)

    assert len(first) >= 24
    assert in_grafana(paths, environ, MADE) == first
    assert os.stat(paths.grafana_password).st_mode & 0o777 == 0o600
    assert Path(paths.grafana_password).read_text() == f"{first}\n"


def test_two_at_once_make_the_same_password(paths: Paths) -> None:
    """Whoever comes second takes what is there."""
    seen = set()

    def work() -> None:
        login.make(paths, MADE)
        seen.add(login.filled(paths, MADE).grafana.admin_password)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 1
    assert "" not in seen


@pytest.mark.parametrize("word", ["", "s3cret", "Generate"])
def test_nothing_is_made_unless_that_is_asked_for(paths: Paths, word: str) -> None:
    """Another word is the password itself."""
    config = Config(grafana=Grafana(admin_password=word))

    login.make(paths, config)

    assert not os.path.exists(paths.grafana_password)
    assert login.filled(paths, config) == config


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", b"\xff\n", b"x" * 300, b"a\x1b[1m"])
def test_a_file_that_holds_no_password_is_named_with_the_mend(paths: Paths, content: bytes) -> None:
    """It is not made anew by itself: Grafana has the old one."""
    os.makedirs(os.path.dirname(paths.grafana_password))
    with open(paths.grafana_password, "wb") as file:
        file.write(content)

    with pytest.raises(StackError) as caught:
        login.make(paths, MADE)
    assert paths.grafana_password in caught.value.message
    assert caught.value.hint == f"rm {paths.grafana_password}; cclaunch stack up"


def test_a_password_that_was_made_is_named_by_its_file_and_told_only_when_asked(paths: Paths) -> None:
    """Programs get the file's name, a person on a terminal the password."""
    login.make(paths, MADE)
    password = login.filled(paths, MADE).grafana.admin_password

    plain, clear = details(MADE, paths), details(MADE, paths, clear=True)

    assert plain["grafana"] == f"login admin and the password in {paths.grafana_password}"
    assert clear["grafana"] == f"login admin / {password}"


def compose_of(sandbox: Sandbox, password: str, *words: str) -> tuple[str, str]:
    """Return (what `stack compose` prints, stderr) with *password* in config.toml."""
    sandbox.config_file.parent.mkdir(parents=True, exist_ok=True)
    sandbox.config_file.write_text(f'[grafana]\nadmin_password = "{password}"\n')
    done = sandbox.cclaunch("stack", "compose", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(), done.stderr.decode()


def content(text: str) -> Any:
    """Return what the compose file *text* gives Grafana as its password."""
    document = yaml.safe_load(text)
    source = next(
        one["source"] for one in document["services"]["grafana"]["configs"] if one["target"] == "/etc/cclaunch/admin_password"
    )
    return document["configs"][source]["content"]


@pytest.mark.parametrize("password", [OWN, "generate"])
def test_the_compose_file_asks_for_the_password_unless_it_is_to_be_shown(sandbox: Sandbox, password: str) -> None:
    """It is valid, holds the password nowhere, and compose does not go on without it; with --show-password it does."""
    masked, told = compose_of(sandbox, password)
    shown, warned = compose_of(sandbox, password, "--show-password")
    real = content(shown).replace("$$", "$")

    assert real == password if password == OWN else len(real) >= 24
    assert real not in masked
    assert content(masked).startswith("${CCLAUNCH_GRAFANA_PASSWORD:?********")
    assert "--show-password" in masked.splitlines()[3]
    assert told == ""
    assert "in clear" in warned


def test_the_copy_that_is_kept_is_masked_and_the_default_is_not(paths: Paths, environ: dict[str, str]) -> None:
    """Everybody knows `admin`."""
    own = Config(grafana=Grafana(admin_password=OWN))

    assert OWN not in compose(DockerBackend(paths, own, environ).model())
    assert content(compose(DockerBackend(paths, Config(), environ).model())) == "admin"


def test_the_dashboard_tells_a_person_the_password_and_a_program_nothing(sandbox: Sandbox) -> None:
    """On a terminal, beside the address."""
    paths = our_paths(sandbox.environ)
    sandbox.config_file.parent.mkdir(parents=True, exist_ok=True)
    sandbox.config_file.write_text('[grafana]\nadmin_password = "generate"\n')
    login.make(paths, MADE)
    password = login.filled(paths, MADE).grafana.admin_password
    with open(f"{paths.data}/stack/ports", "w") as file:
        file.write("grafana=3000\n")

    piped = sandbox.cclaunch("dashboard", "grafana")
    command, *words = sandbox.command("dashboard", "grafana")
    seen = pexpect.run(" ".join([command, *words]), env=sandbox.environment(), cwd=str(sandbox.work), timeout=120)

    assert password.encode() not in piped.stdout + piped.stderr
    assert f"login admin / {password}".encode() in seen
