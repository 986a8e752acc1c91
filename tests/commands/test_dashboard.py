"""`cclaunch dashboard`: the browser, and other people's dashboards beside ours."""

import contextlib
import json
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from collector_client import wait_until
from page_client import PagePlace
from runners import Verb
from sandbox import Sandbox

from cclaunch.commands.dashboard import grafana as verb_module
from cclaunch.errors import DownloadFailed
from cclaunch.grafana import added, download, foreign
from cclaunch.grafana.panels import PROMETHEUS, VLOGS
from cclaunch.grafana.shipped import shipped
from cclaunch.hot.paths import our_paths
from cclaunch.web import codes

MINE = {
    "title": "Mine",
    "uid": "mine",
    "id": 7,
    "panels": [
        {"type": "row", "panels": [{"type": "stat"}]},
        {"type": "stat", "datasource": {"type": "prometheus", "uid": "abc"}},
    ],
}


@pytest.fixture
def written(sandbox: Sandbox) -> Callable[..., str]:
    """Write a dashboard into a file and return its path."""

    def run(value: Any, name: str = "some.json") -> str:
        path = sandbox.work / name
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return str(path)

    return run


Kept = Callable[[], dict[str, Any]]


@pytest.fixture
def kept(sandbox: Sandbox) -> Kept:
    """The dashboards that were added, by name."""
    return lambda: {name: json.loads(content) for name, content in added.added(our_paths(sandbox.environ)).items()}


# The page in the browser.


Opened = Callable[[], str]


@pytest.fixture
def browser(sandbox: Sandbox) -> tuple[str, Opened]:
    """A browser that writes down what it is to show, and what it has shown; it takes its time, as they do."""
    path, shown = sandbox.home / "browser", sandbox.home / "opened"
    path.write_text(f'#!/bin/sh\necho "$@" > {shown}.tmp; mv {shown}.tmp {shown}\n')
    path.chmod(0o755)

    def opened() -> str:
        assert wait_until(shown.exists, 120)
        return shown.read_text().strip()

    return str(path), opened


@pytest.fixture
def page(sandbox: Sandbox) -> PagePlace:
    """The page of the sandbox, on a free port."""
    sandbox.configure()
    return PagePlace.of(our_paths(sandbox.environ))


def test_the_page_is_shown_without_docker(verb: Verb, page: PagePlace, browser: tuple[str, Opened]) -> None:
    """The address is printed; the browser gets a file that leads on, and no code on its command line."""
    code, out, err = verb("dashboard", BROWSER=browser[0])
    words = browser[1]()
    content = Path(unquote(urlparse(words).path)).read_text()

    assert (code, out, err) == (0, f"http://127.0.0.1:{page.port}/\n", "")
    assert words.startswith("file:///")
    brought = content.partition(' value="')[2].partition('"')[0]
    assert brought not in words
    assert page.bring(brought).status == 204


@pytest.mark.parametrize("environ", [{}, {"BROWSER": "/no/such"}, {"BROWSER": "/etc/passwd"}, {"DISPLAY": ":0", "PATH": "/no"}])
def test_without_a_browser_the_address_lets_one_in(verb: Verb, page: PagePlace, environ: dict[str, str]) -> None:
    """On a machine without a screen too; once, within a minute."""
    code, out, err = verb("dashboard", **environ)
    address, _, brought = out.strip().partition("#")

    assert (code, address.partition("?")[0]) == (0, f"http://127.0.0.1:{page.port}/open")
    assert "once, within a minute" in err
    assert [page.bring(brought).status, page.bring(brought).status] == [204, 403]


def test_no_open_opens_nothing(verb: Verb, page: PagePlace, browser: tuple[str, Opened], sandbox: Sandbox) -> None:
    """And is the same page."""
    _, out, _ = verb("dashboard", "--no-open", BROWSER=browser[0])

    assert page.bring(out.strip().partition("#")[2]).status == 204
    assert not (sandbox.home / "opened").exists()


@pytest.mark.parametrize(
    ("script", "why"),
    [("#!/no/such\n", "cannot start {}"), ("#!/bin/sh\nexit 3\n", "{} shows nothing: it ended with 3")],
    ids=["cannot be started", "shows nothing"],
)
def test_a_browser_that_is_of_no_use_is_said(verb: Verb, page: PagePlace, sandbox: Sandbox, script: str, why: str) -> None:
    """With the other way; as xdg-open ends where a screen has no browser."""
    useless = sandbox.home / "useless"
    useless.write_text(script)
    useless.chmod(0o755)
    code, out, err = verb("dashboard", BROWSER=str(useless))

    assert (code, out) == (0, f"http://127.0.0.1:{page.port}/\n")
    assert why.format(useless) in err
    assert "`cclaunch dashboard --no-open`" in err


def test_a_code_that_somebody_else_had_is_told_once(verb: Verb, page: PagePlace) -> None:
    """At the next time that the page is asked for."""
    verb("dashboard")
    codes.burn(page.paths, "another user of this machine", "it was void from then on")

    said = verb("dashboard")[2]
    assert "another user of this machine brought a code that was made for your browser: it was void from then on" in said
    assert "brought a code" not in verb("dashboard")[2]


def test_a_broken_configuration_is_said_and_the_page_is_shown(verb: Verb, sandbox: Sandbox, page: PagePlace) -> None:
    """With the defaults, or beside them where their port is taken."""
    sandbox.config_file.write_text("[ports]\nno = 1\n")

    code, out, err = verb("dashboard", "--no-open")
    assert (code, out.startswith("http://127.0.0.1:")) == (0, True)
    assert "`no`" in err or "no" in err
    assert "the defaults are used" in err


def test_another_port_is_said(verb: Verb, page: PagePlace) -> None:
    """As long as that page lives."""
    with socket.create_server(("127.0.0.1", page.port)):
        _, out, err = verb("dashboard")

    assert f"port {page.port} was held by another program" in err
    assert f":{page.port}/" not in out


def test_no_open_belongs_to_what_opens(verb: Verb) -> None:
    """Not to the list."""
    assert verb("dashboard", "--no-open", "list")[0] == 2


# Grafana in the browser.


@pytest.fixture
def grafana(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of dashboards in a Grafana that is said to run."""
    monkeypatch.setattr(verb_module, "grafana_url", lambda where: "http://127.0.0.1:3000")
    return "http://127.0.0.1:3000/d/cclaunch-cost"


def test_without_grafana_it_says_what_there_is_instead(verb: Verb) -> None:
    """And the way to have one."""
    code, out, err = verb("dashboard", "grafana")

    assert (code, out) == (1, "")
    assert "`cclaunch dashboard`" in err
    assert "hint: cclaunch stack use docker" in err


def test_grafana_is_opened_and_the_address_printed(verb: Verb, grafana: str, browser: tuple[str, Opened]) -> None:
    """The browser is the person's own, and claims no terminal."""
    assert verb("dashboard", "grafana", BROWSER=browser[0]) == (0, f"{grafana}\n", "")
    assert browser[1]() == grafana


@pytest.mark.parametrize("words", [["grafana", "--no-open"], ["--no-open", "grafana"]])
def test_grafana_is_not_opened_when_that_is_said(
    verb: Verb, grafana: str, browser: tuple[str, Opened], sandbox: Sandbox, words: list[str]
) -> None:
    """In either place."""
    assert verb("dashboard", *words, BROWSER=browser[0]) == (0, f"{grafana}\n", "")
    assert not (sandbox.home / "opened").exists()


@pytest.mark.parametrize("environ", [{}, {"BROWSER": "/no/such"}, {"BROWSER": "/etc/passwd"}, {"DISPLAY": ":0", "PATH": "/no"}])
def test_without_a_browser_the_address_of_grafana_is_printed(verb: Verb, grafana: str, environ: dict[str, str]) -> None:
    """On a machine without a screen too."""
    code, out, _ = verb("dashboard", "grafana", **environ)

    assert (code, out) == (0, f"{grafana}\n")


# Other people's dashboards.


def test_ours_are_listed(verb: Verb) -> None:
    """With their names and panels."""
    code, out, _ = verb("dashboard", "list", "--json")

    assert code == 0
    assert [(one["name"] + ".json", one["ours"]) for one in map(json.loads, out.splitlines())] == [
        (name, True) for name in shipped()
    ]
    assert "Claude Code: one session" in verb("dashboard", "list")[1]


def test_a_file_is_added_listed_replaced_and_removed(
    verb: Verb, written: Callable[..., str], kept: Kept, sandbox: Sandbox
) -> None:
    """For its owner alone, and under its uid."""
    assert verb("dashboard", "add", written(MINE))[:2] == (0, "dashboard mine: added, Mine, 2 panels\n")
    path = sandbox.data / "stack/dashboards/mine.json"
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert kept()["mine.json"]["id"] is None
    assert '"mine"' in verb("dashboard", "list", "--json")[1]

    assert verb("dashboard", "add", written({**MINE, "title": "New"}))[1] == "dashboard mine: replaced, New, 2 panels\n"
    assert verb("dashboard", "remove", "mine")[:2] == (0, "dashboard mine: removed\n")
    assert (verb("dashboard", "remove", "mine")[0], kept()) == (1, {})


@pytest.mark.parametrize("name", [name.removesuffix(".json") for name in shipped()])
def test_ours_are_neither_replaced_nor_removed(verb: Verb, written: Callable[..., str], kept: Kept, name: str) -> None:
    """A file with our name is refused, with the way out."""
    code, _, err = verb("dashboard", "add", written({**MINE, "uid": name}))

    assert (code, kept()) == (1, {})
    assert 'change "uid"' in err
    assert verb("dashboard", "remove", name)[0] == 1


@pytest.mark.parametrize("name", ["../mine", ".lock", "", "a/b", "x" * 300, "no\x00", "there-is-none"])
def test_a_name_that_is_none_removes_nothing(verb: Verb, written: Callable[..., str], sandbox: Sandbox, name: str) -> None:
    """Nothing outside the directory is ever touched."""
    verb("dashboard", "add", written(MINE))
    (sandbox.data / "stack/mine.json").write_text("kept")

    assert verb("dashboard", "remove", name)[0] == 1
    assert (sandbox.data / "stack/mine.json").read_text() == "kept"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no JSON"),
        (b"<html>", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"a":' * 400 + b"1" + b"}" * 400, "no dashboard"),
        (json.dumps({"title": "x", "panels": [json.loads('{"a":' * 400 + "1" + "}" * 400)]}).encode(), "nested"),
        (b"[]", "no dashboard"),
        (b"null", "no dashboard"),
        ({"title": "x"}, "no dashboard"),
        ({"title": "", "panels": []}, "no dashboard"),
        ({"title": 5, "panels": []}, "no dashboard"),
        ({"apiVersion": "dashboard.grafana.app/v2", "spec": {"elements": {}}}, "no dashboard"),
        ({**MINE, "__inputs": [{"name": "DS_LOKI", "type": "datasource", "pluginId": "loki"}]}, "type `loki`"),
        (b" " * (foreign.SIZE_LIMIT + 1), "larger than 4 MiB"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_dashboard_is_refused(
    verb: Verb, written: Callable[..., str], kept: Kept, content: dict[str, Any] | bytes, word: str
) -> None:
    """In one sentence, and nothing is written."""
    code, out, err = verb("dashboard", "add", written(content))

    assert (code, out, kept()) == (1, "", {})
    assert word in err


@pytest.mark.parametrize("source", ["/no/such.json", "/", "", "a\x00b"])
def test_a_file_that_cannot_be_read_is_an_error_of_its_own(verb: Verb, source: str) -> None:
    """Exit 2: the words are wrong."""
    code, _, err = verb("dashboard", "add", source)

    assert code == 2
    assert "cannot read" in err


def test_a_fifo_does_not_hang(verb: Verb, sandbox: Sandbox) -> None:
    """Nobody will ever write into it."""
    os.mkfifo(sandbox.work / "fifo")

    assert verb("dashboard", "add", "fifo")[0] == 1


# Whose datasources.


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "prometheus", "uid": "${DS_ANY}"}, {"type": "prometheus", "uid": "ds-prometheus"}),
        ("${DS_ANY}", "ds-prometheus"),
        ({"type": "prometheus", "uid": "${DS_PROMETHEUS}"}, PROMETHEUS),
        ({"type": VLOGS["type"], "uid": "${DS_OTHER}"}, VLOGS),
        ({"uid": "${DS_VICTORIALOGS}"}, VLOGS),
        ({"type": "prometheus", "uid": "fe2x"}, PROMETHEUS),
        ({"type": VLOGS["type"], "uid": "fe2y"}, VLOGS),
        ({"type": "prometheus", "uid": "prometheus"}, {"type": "prometheus", "uid": "prometheus"}),
        ({"type": "prometheus", "uid": "${datasource}"}, {"type": "prometheus", "uid": "${datasource}"}),
        ({"type": "prometheus", "uid": "$ds"}, {"type": "prometheus", "uid": "$ds"}),
        ({"type": "grafana", "uid": "-- Grafana --"}, {"type": "grafana", "uid": "-- Grafana --"}),
        ({"type": "loki", "uid": "x"}, {"type": "loki", "uid": "x"}),
        ("Prometheus", "Prometheus"),
        (None, None),
    ],
)
def test_datasources_become_ours(given: dict[str, str] | str | None, made: dict[str, str] | str | None) -> None:
    """Inputs, and identifiers of another installation; what works here as it is stays."""
    inputs = [{"name": "DS_ANY", "type": "datasource", "pluginId": "prometheus"}]
    panel = {"targets": [{"datasource": given, "expr": "x"}], "datasource": given}

    found = foreign.read_dashboard(json.dumps({**MINE, "__inputs": inputs, "__requires": [], "panels": [panel]}).encode(), "it")

    assert found["panels"] == [{"targets": [{"datasource": made, "expr": "x"}], "datasource": made}]
    assert not [key for key in found if key.startswith("__")]


def test_other_inputs_get_their_values() -> None:
    """A constant that the file brings along."""
    inputs = [{"name": "VAR_JOB", "type": "constant", "value": "claude"}]

    found = foreign.read_dashboard(
        json.dumps({**MINE, "__inputs": inputs, "panels": [{"expr": 'x{job="${VAR_JOB}"} ${other}'}]}).encode(), "it"
    )

    assert found["panels"] == [{"expr": 'x{job="claude"} ${other}'}]


@pytest.mark.parametrize(
    ("uid", "title", "made"),
    [
        ("ok-1_A", "T", "ok-1_A"),
        ("../x", "My Board!", "my-board"),
        (None, "Ünï", "n"),
        ("", "日本", "dashboard"),
        ("x" * 41, "A" * 99, "a" * 40),
    ],
)
def test_a_uid_is_always_a_safe_name(uid: str | None, title: str, made: str) -> None:
    """It is the name of a file, and of a link."""
    assert foreign.read_dashboard(json.dumps({**MINE, "uid": uid, "title": title}).encode(), "it")["uid"] == made


def test_what_the_stack_does_not_have_is_told(verb: Verb, written: Callable[..., str]) -> None:
    """The dashboard is added all the same: its other panels work."""
    code, _, err = verb("dashboard", "add", written({**MINE, "panels": [{"datasource": {"type": "loki", "uid": "x"}}]}))

    assert code == 0
    assert "some of its panels ask for loki" in err


def test_a_dashboard_of_the_api_is_unwrapped() -> None:
    """As `GET /api/dashboards/uid/...` gives it."""
    assert foreign.read_dashboard(json.dumps({"dashboard": MINE, "meta": {}}).encode(), "it")["title"] == "Mine"


# Downloads.


class Handler(BaseHTTPRequestHandler):
    """Answers by the path."""

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """Give a dashboard, or what its path asks for."""
        location = {"/out": "http://example.invalid/x", "/file": "file:///etc/passwd", "/round": "/round", "/moved": "/ok"}.get(
            self.path
        )
        if location:
            self.send_response(302)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = {"/ok": json.dumps(MINE).encode(), "/big": b" " * (foreign.SIZE_LIMIT + 70_000), "/short": b"{}"}.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"") + (5 if self.path == "/short" else 0)))
        self.end_headers()
        if self.path == "/slow":
            time.sleep(2)
        with contextlib.suppress(OSError):
            self.wfile.write(body or b"")


@pytest.fixture
def web() -> Iterator[str]:
    """The URL of a server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("path", ["/ok", "/moved"])
def test_a_url_is_downloaded(verb: Verb, web: str, kept: Kept, path: str) -> None:
    """Also by a redirect."""
    assert verb("dashboard", "add", web + path)[0] == 0
    assert list(kept()) == ["mine.json"]


def test_pigsty_is_a_word_for_its_address(verb: Verb, web: str, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """The raw file of its public repository."""
    assert verb_module.PIGSTY_URL.startswith("https://raw.githubusercontent.com/pgsty/pigsty/")
    monkeypatch.setattr(verb_module, "PIGSTY_URL", web + "/ok")

    assert verb("dashboard", "add", "pigsty")[0] == 0
    assert list(kept()) == ["mine.json"]


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/none", "HTTP 404"),
        ("/big", "larger than"),
        ("/short", "breaks off"),
        ("/out", "not https"),
        ("/file", "file:///etc/passwd"),
        ("/round", "cannot be had"),
    ],
)
def test_a_download_that_cannot_be_had_is_one_sentence(verb: Verb, web: str, kept: Kept, path: str, word: str) -> None:
    """And nothing is written."""
    code, out, err = verb("dashboard", "add", web + path)

    assert (code, out, kept()) == (1, "", {})
    assert word in err


def test_silence_ends_a_download(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline on each answer."""
    monkeypatch.setattr(download, "SILENCE_S", 0.2)

    with pytest.raises(DownloadFailed, match="cannot be had"):
        download.download(web + "/slow", 100, {})


@pytest.mark.parametrize(
    "url", ["http://example.invalid/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "https://", "http://[", "https://a:b"]
)
def test_only_https_is_asked(url: str) -> None:
    """Nothing is sent to any other address."""
    with pytest.raises(DownloadFailed, match="no https URL"):
        download.download(url, 100, {})


def test_a_damaged_file_is_listed_and_stops_nothing(verb: Verb, written: Callable[..., str], sandbox: Sandbox) -> None:
    """It was edited by hand."""
    verb("dashboard", "add", written(MINE))
    (sandbox.data / "stack/dashboards/mine.json").write_text("{")

    code, out, _ = verb("dashboard", "list")

    assert code == 0
    assert "(damaged)" in out
