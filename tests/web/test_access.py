"""Who gets to see the page: the browser of the person who asked for it, and nobody else."""

import http.client
import json
import os
import shutil
import socket
import stat
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
import pytest
from collector_client import Answer
from other_user import UID, need_root, told_by
from page_client import PagePlace, page

from cclaunch.errors import FileTrouble
from cclaunch.web import codes
from cclaunch.web.cookies import MOST, Came, Cookies
from cclaunch.web.headers import ALWAYS

ROUTES = ("/", "/open", "/alive", "/assets/page.js", "/api/head", "/none")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagePlace]:
    """A page for all of these tests."""
    with page(tmp_path_factory.mktemp("access")) as place:
        yield place


@pytest.fixture(scope="module")
def cookie(shown: PagePlace) -> str:
    """The cookie of a browser that was let in."""
    return shown.enter()


def test_without_a_cookie_the_page_says_what_to_type(shown: PagePlace) -> None:
    """A static page, with nothing of the ledger in it."""
    answer = shown.ask("GET", "/")

    assert answer.status == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert b"cclaunch dashboard" in answer.body


def test_without_a_cookie_there_is_no_answer(shown: PagePlace) -> None:
    """To programs in their form."""
    answer = shown.ask("GET", "/api/head")

    assert (answer.status, json.loads(answer.body)["hint"]) == (403, "type `cclaunch dashboard`")


def test_a_code_becomes_a_cookie_that_lets_in(shown: PagePlace) -> None:
    """No script can read it, no other site sends it, and its name has the port."""
    answer = shown.bring(codes.make(shown.paths))
    cookie, *words = answer.headers["set-cookie"].split("; ")

    assert answer.status == 204
    assert cookie.startswith(f"cclaunch-page-{shown.port}=")
    assert {word.lower() for word in words} == {"httponly", "path=/", "samesite=strict"}
    assert [shown.ask("GET", path, Cookie=cookie).status for path in ("/", "/api/head")] == [200, 200]


def test_a_code_lets_in_once(shown: PagePlace) -> None:
    """The second one who brings it was not asked."""
    code = codes.make(shown.paths)

    assert [shown.bring(code).status, shown.bring(code).status] == [204, 403]


def test_a_code_that_comes_twice_puts_both_out_and_is_told(shown: PagePlace) -> None:
    """Nobody can tell which of them is the person."""
    code = codes.make(shown.paths)
    cookie = shown.bring(code).headers["set-cookie"].partition(";")[0]
    codes.burnt(shown.paths)

    assert shown.ask("GET", "/", Cookie=cookie).status == 200
    assert shown.bring(code).status == 403
    assert shown.ask("GET", "/", Cookie=cookie).status == 403
    told: Any = codes.burnt(shown.paths)
    assert (told.who, told.then) == ("a second browser", "whoever had been let in by it was put out")
    assert abs(time.time() - told.at) < 3600
    assert codes.burnt(shown.paths) is None


def test_the_browser_that_was_let_in_may_bring_its_code_again(shown: PagePlace) -> None:
    """A reload at the wrong moment is no attack."""
    code = codes.make(shown.paths)
    cookie = shown.bring(code).headers["set-cookie"].partition(";")[0]

    assert shown.bring(code, Cookie=cookie).status == 204
    assert shown.ask("GET", "/", Cookie=cookie).status == 200


def test_a_code_is_good_for_a_minute(shown: PagePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that nobody can set."""
    began = codes.clock()
    monkeypatch.setattr(codes, "clock", lambda: began - codes.VALID_S - 5)
    late = codes.make(shown.paths)
    monkeypatch.setattr(codes, "clock", lambda: began + 1000)
    ahead = codes.make(shown.paths)
    monkeypatch.undo()

    assert [shown.bring(late).status, shown.bring(ahead).status] == [403, 403]


def test_a_code_of_another_boot_is_none(shown: PagePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home directory is copied, restored, or shared by machines."""
    monkeypatch.setattr(codes, "boot_id", lambda: "another")
    code = codes.make(shown.paths)
    monkeypatch.undo()

    assert shown.bring(code).status == 403


def test_what_is_left_of_a_code_is_no_code(shown: PagePlace) -> None:
    """Its file has a hash for a name, for the owner's eyes, and it goes after a while by itself."""
    code = codes.make(shown.paths)
    folder = Path(shown.paths.page_codes)
    name = folder / codes.name_of(code)

    assert stat.S_IMODE(name.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert code not in name.read_text()
    assert shown.bring(name.name).status == 403
    os.utime(name, (1, 1))
    codes.sweep(shown.paths)
    assert not name.exists()


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the system has no clock that counts its sleep")
def test_that_minute_goes_on_while_the_machine_sleeps() -> None:
    """A laptop is closed, and opened by somebody else."""
    assert abs(codes.clock() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 600


def test_behind_a_link_nothing_is_deleted(shown: PagePlace, page_place: PagePlace, tmp_path: Path) -> None:
    """The files there are somebody's; no code is left there, and none is believed."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    code = codes.make(shown.paths)
    shutil.copy(f"{shown.paths.page_codes}/{codes.name_of(code)}", theirs)
    old = [theirs / "thesis.tex", theirs / ("a" * 40)]
    for one in old:
        one.touch()
        os.utime(one, (1, 1))
    os.symlink(theirs, page_place.paths.page_codes)

    codes.sweep(page_place.paths)
    assert [one.exists() for one in old] == [True, True]
    assert not codes.take(page_place.paths, code)
    with pytest.raises(FileTrouble, match="is a link"):
        codes.make(page_place.paths)


def test_what_has_no_name_of_ours_is_not_deleted(shown: PagePlace) -> None:
    """Whoever keeps something there keeps it; what we left half-written goes."""
    folder = Path(shown.paths.page_codes)
    codes.make(shown.paths)
    theirs, ours = [folder / "notes.txt", folder / ("g" * 40)], [folder / f".{'a' * 40}.12.34", folder / f"{'b' * 40}.html"]
    for one in (*theirs, *ours):
        one.touch()
        os.utime(one, (1, 1))

    codes.sweep(shown.paths)
    assert [one.exists() for one in (*theirs, *ours)] == [True, True, False, False]
    for one in theirs:
        one.unlink()


def test_no_look_goes_through_a_million_files(shown: PagePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one each second: it takes a bounded part."""
    codes.make(shown.paths)
    monkeypatch.setattr(codes, "SWEPT", 3)
    looked: list[int] = []

    def some(entries: Any, most: int) -> Any:
        looked.append(most)
        return islice(entries, most)

    monkeypatch.setattr(codes, "islice", some)

    codes.sweep(shown.paths)
    assert looked == [3]


def test_nobody_else_can_leave_a_code(page_place: PagePlace) -> None:
    """In a directory that was open to all: it is closed, and a file of another user is no code."""
    folder = Path(page_place.paths.page_codes)
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    code = codes.make(page_place.paths)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    need_root()
    os.chown(folder / codes.name_of(code), UID, UID)
    assert not codes.take(page_place.paths, code)
    os.chown(folder, UID, UID)
    with pytest.raises(FileTrouble, match=r"somebody else's|belongs to user"):
        codes.make(page_place.paths)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"code": 5}', "application/json"),
        (b'{"code": "../../telemetry.db"}', "application/json"),
        (b'{"code": "\\u0000"}', "application/json"),
        (b'{"code": "\\ud800"}', "application/json"),
        (b"[" * 500, "application/json"),
        (b'{"code": "' + b"x" * 100_000 + b'"}', "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"code=x", "application/x-www-form-urlencoded"),
        (b'{"code": "GOOD"}', "text/plain"),
    ],
    ids=range(12),
)
def test_what_is_no_code_lets_nobody_in(shown: PagePlace, body: bytes, kind: str) -> None:
    """A form of another page can send some of these without asking; none with the type that we want."""
    body = body.replace(b"GOOD", codes.make(shown.paths).encode())

    assert shown.ask("POST", "/open", body, Content__Type=kind).status == 403
    assert shown.ask("GET", "/alive").status == 204


def test_to_look_changes_nothing(shown: PagePlace) -> None:
    """A link, or a prefetch, uses up no code."""
    code = codes.make(shown.paths)
    before = sorted(os.listdir(shown.paths.data))
    for path in (*ROUTES, f"/open?code={code}"):
        shown.ask("GET", path)
        shown.ask("HEAD", path)

    assert sorted(os.listdir(shown.paths.data)) == before
    assert shown.bring(code).status == 204


# Other names, other pages.


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4316",
        "127.0.0.1.evil.example",
        "localhost.evil",
        "localhost:evil",
        "[::1]:evil.example",
        "localhost:80:evil",
        "localhost.",
        "127.1",
        "",
        "[::1",
        "0.0.0.0",
    ],
)
def test_a_name_that_was_bound_to_loopback_gets_nothing(shown: PagePlace, cookie: str, host: str, path: str) -> None:
    """On every route, with a good cookie too."""
    assert shown.ask("GET", path, Host=host, Cookie=cookie).status in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST", "localhost:9999", "[::1]:1", "localhost:"])
def test_loopback_has_several_names(shown: PagePlace, cookie: str, host: str) -> None:
    """And another port, where somebody hands it on through ssh."""
    assert shown.ask("GET", "/", Host=host, Cookie=cookie).status == 200


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:PORT", "http://localhost:PORT", ""]
)
def test_a_page_of_another_origin_gets_nothing(shown: PagePlace, cookie: str, origin: str, path: str) -> None:
    """Another port of this machine is another origin; so is another name of it."""
    origin = origin.replace("PORT", str(shown.port))
    answer = shown.ask("GET", path, Origin=origin, Cookie=cookie)

    assert answer.status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_origin_cannot_use_a_code(shown: PagePlace, origin: str) -> None:
    """Nor does it use it up."""
    code = codes.make(shown.paths)

    assert shown.bring(code, Origin=origin).status == 403
    assert shown.bring(code, Origin=f"http://127.0.0.1:{shown.port}").status == 204


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "x"])
def test_what_another_site_has_a_browser_ask_gets_nothing(shown: PagePlace, cookie: str, path: str, site: str) -> None:
    """An image or a script of a page names no origin."""
    assert shown.ask("GET", path, Sec__Fetch__Site=site, Sec__Fetch__Mode="no-cors", Cookie=cookie).status == 403


def test_a_file_of_ours_may_lead_to_the_way_in_only(shown: PagePlace, cookie: str) -> None:
    """A browser says of that, too, that it comes from another site; what it gets there is no secret."""
    led: Any = {"Sec__Fetch__Site": "cross-site", "Sec__Fetch__Mode": "navigate", "Sec__Fetch__Dest": "document"}
    led |= {"Cookie": cookie}

    assert shown.ask("GET", "/open", **led).status == 200
    assert [shown.ask("GET", path, **led).status for path in ROUTES if path != "/open"] == [403] * (len(ROUTES) - 1)
    assert shown.ask("GET", "/open", **{**led, "Sec__Fetch__Dest": "iframe"}).status == 403


def by_form(place: PagePlace, code: str, **headers: str) -> Answer:
    """Bring *code* by the form of a file, as a browser sends it."""
    said = {"Origin": "null", "Sec__Fetch__Site": "cross-site", "Sec__Fetch__Mode": "navigate", "Sec__Fetch__Dest": "document"}
    named: Any = {"Content__Type": "application/x-www-form-urlencoded", **said, **headers}
    return place.ask("POST", "/open", f"code={code}".encode(), **named)


def test_the_form_of_a_file_of_ours_brings_a_code(shown: PagePlace) -> None:
    """The answer leads on by itself: after a redirect the browser would leave the cookie out."""
    code = codes.make(shown.paths)
    answer = by_form(shown, code)

    assert (answer.status, "set-cookie" in answer.headers, "location" in answer.headers) == (200, True, False)
    assert b'content="0; url=/"' in answer.body
    assert by_form(shown, code).status == 403
    assert b"cclaunch dashboard" in by_form(shown, "x").body


@pytest.mark.parametrize(
    "changed",
    [
        {"Origin": "http://evil.example"},
        {"Sec__Fetch__Dest": "iframe"},
        {"Sec__Fetch__Mode": "no-cors"},
        {"Content__Type": "text/plain"},
        {"Content__Type": "application/json"},
        {"Host": "evil.example"},
    ],
    ids=str,
)
def test_no_other_page_brings_a_code_by_a_form(shown: PagePlace, changed: dict[str, str]) -> None:
    """Nor does it use one up."""
    code = codes.make(shown.paths)

    assert by_form(shown, code, **changed).status == 403
    assert shown.bring(code).status == 204


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE"])
def test_every_answer_says_what_the_browser_may_do_with_it(shown: PagePlace, cookie: str, method: str, path: str) -> None:
    """Also one that refuses; and none lets another origin read."""
    tried: Any = ({"Cookie": cookie}, {}, {"Host": "evil.example"})
    for headers in tried:
        answer = shown.ask(method, path, **headers)

        assert {name: answer.headers[name.lower()] for name in ALWAYS} == ALWAYS
        assert "cache-control" in answer.headers
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_what_is_of_the_ledger_is_kept_nowhere_and_what_is_of_the_page_is_asked_for_again(shown: PagePlace, cookie: str) -> None:
    """A cache on the disk outlives the page."""
    kept = {
        path: shown.ask("GET", path, Cookie=cookie).headers["cache-control"] for path in ("/", "/assets/page.css", "/api/head")
    }

    assert kept == {"/": "no-cache", "/assets/page.css": "no-cache", "/api/head": "no-store"}


@pytest.mark.parametrize("name", ["page.html", "..%2Fprocess.py", "%2e%2e/process.py", "page.js/", "", "x.py"])
def test_only_files_of_the_page_are_given_out(shown: PagePlace, cookie: str, name: str) -> None:
    """By their names, and nothing above them."""
    assert shown.ask("GET", f"/assets/{name}", Cookie=cookie).status in (404, 307)


@pytest.mark.parametrize("value", ["", "x", "ü", "=", "a" * 5000, '"', "; ;"])
def test_a_cookie_that_was_not_given_out_lets_nobody_in(shown: PagePlace, value: str) -> None:
    """Whatever it is."""
    header = f"cclaunch-page-{shown.port}={value}".encode().decode("latin-1")

    assert shown.ask("GET", "/", Cookie=header).status == 403


def test_of_two_cookies_of_one_name_none_gets_around(shown: PagePlace, cookie: str) -> None:
    """Another program on this host may set one for all ports; it keeps the person out at worst."""
    name = cookie.partition("=")[0]

    assert shown.ask("GET", "/", Cookie=f"{name}=x; {name}=y").status == 403
    assert shown.ask("GET", "/", Cookie=f"other=1; {cookie}").status == 200


def test_the_oldest_browser_makes_room(shown: PagePlace) -> None:
    """What is kept has a bound."""
    sessions = Cookies()
    first = sessions.open("first")
    values = [sessions.open(str(number)) for number in range(MOST)]

    assert not sessions.knows(first)
    assert all(map(sessions.knows, values))
    assert sessions.came_again("first", first) is Came.NEVER


def test_only_loopback_listens(shown: PagePlace) -> None:
    """On both of its addresses."""
    listening = {one.laddr for one in shown.process().net_connections("tcp") if one.status == psutil.CONN_LISTEN}

    assert listening == {("127.0.0.1", shown.port), ("::1", shown.port)}
    assert shown.ask("GET", "/alive", address="::1").status == 204


# Other users.


def asked_by_another(
    place: PagePlace, method: str, path: str, body: bytes = b"", address: str = "127.0.0.1", **headers: str
) -> bytes:
    """Return status and body of what another user is answered."""

    def work() -> bytes:
        connection = http.client.HTTPConnection(address, place.port, timeout=60)
        connection.request(method, path, body, {"Host": "localhost", **headers})
        answer = connection.getresponse()
        return str(answer.status).encode() + b" " + answer.read()

    return told_by(UID, work)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("path", ROUTES)
def test_another_user_gets_nothing_with_the_persons_own_cookie(shown: PagePlace, cookie: str, path: str, address: str) -> None:
    """The kernel tells who asks."""
    need_root()

    said = asked_by_another(shown, "GET", path, address=address, Cookie=cookie)
    assert said.startswith(b"403 ")
    assert b"only the user whose page this is" in said


def test_a_code_that_another_user_brings_is_void_and_told(shown: PagePlace) -> None:
    """He has read it somewhere: it lets nobody in any more."""
    need_root()
    code = codes.make(shown.paths)
    codes.burnt(shown.paths)
    body = json.dumps({"code": code}).encode()

    assert asked_by_another(shown, "POST", "/open", body, **{"Content-Type": "application/json"}).startswith(b"403 ")
    assert shown.bring(code).status == 403
    told: Any = codes.burnt(shown.paths)
    assert (told.who, told.then) == ("another user of this machine", "it was void from then on")


def test_a_code_that_another_user_brings_too_late_is_told_once(shown: PagePlace) -> None:
    """He has read it somewhere; the person's browser is known by its user, and stays."""
    need_root()
    code = codes.make(shown.paths)
    cookie = shown.bring(code).headers["set-cookie"].partition(";")[0]
    codes.burnt(shown.paths)
    body = json.dumps({"code": code}).encode()

    assert asked_by_another(shown, "POST", "/open", body, **{"Content-Type": "application/json"}).startswith(b"403 ")
    assert shown.ask("GET", "/", Cookie=cookie).status == 200
    told: Any = codes.burnt(shown.paths)
    assert (told.who, "nobody else was let in" in told.then) == ("another user of this machine", True)
    asked_by_another(shown, "POST", "/open", body, **{"Content-Type": "application/json"})
    assert codes.burnt(shown.paths) is None


def test_what_another_user_guesses_is_no_ones_code(shown: PagePlace) -> None:
    """Nobody is told of it."""
    need_root()
    codes.burnt(shown.paths)
    asked_by_another(shown, "POST", "/open", b'{"code": "guess"}', **{"Content-Type": "application/json"})

    assert codes.burnt(shown.paths) is None


# What is half-sent.


def test_who_sends_no_end_keeps_nobody_out(shown: PagePlace, cookie: str) -> None:
    """Many connections that begin a request and stop."""
    held = []
    try:
        for _ in range(150):
            line = socket.create_connection(("127.0.0.1", shown.port), timeout=60)
            line.sendall(
                b"POST /open HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
            )
            held.append(line)
        assert shown.ask("GET", "/api/head", Cookie=cookie).status == 200
    finally:
        for line in held:
            line.close()


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example",
        "GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost",
        "GET / HTTP/1.1",
        "GET / HTTP/1.0",
        "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "x" * 70_000,
        "PRI * HTTP/2.0",
    ],
    ids=range(7),
)
def test_an_odd_head_gets_nothing(shown: PagePlace, cookie: str, head: str) -> None:
    """Two names, none, or one in the first line."""
    with socket.create_connection(("127.0.0.1", shown.port), timeout=60) as line:
        line.sendall(f"{head}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode())
        said = b""
        try:
            while part := line.recv(65536):
                said += part
        except ConnectionError:
            pass

    assert not said or said.split()[1] in (b"400", b"403", b"431"), said[:200]
    assert shown.ask("GET", "/alive").status == 204


def test_what_is_no_http_fills_no_log(tmp_path: Path) -> None:
    """Whoever reaches the port may send that for ever."""
    with page(tmp_path) as place:
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", place.port), timeout=60) as line:
                line.sendall(b"\0\r\n\r\n")
                line.recv(1000)
        assert 0 < place.log().count("Invalid HTTP request") <= 20
