"""The life of the page's process: there when it is asked for, one for each user, and gone when nobody looks."""

import asyncio
import contextlib
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from collector_client import wait_until
from guard import REPOSITORY
from page_client import PagePlace

from cclaunch import __version__
from cclaunch.errors import Busy, Elsewhere, FileTrouble, StartFailed
from cclaunch.files import lock, process_identity
from cclaunch.files.atomic import write_atomic
from cclaunch.hot.reading import read_flat
from cclaunch.serving import holder, interpreter
from cclaunch.serving.sockets import listen
from cclaunch.web import codes, process, starting
from cclaunch.web.idle import IDLE_S, Idle
from cclaunch.web.process import Page


def ended(one: psutil.Process) -> bool:
    """Say whether a process runs no more."""
    try:
        return not one.is_running() or one.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_it_is_started_once_and_then_found(page_place: PagePlace) -> None:
    """On the port of config.toml, which is written down with the process that has it."""
    wanted = page_place.port
    first = page_place.start()
    one = page_place.process()

    assert first == page_place.start() == starting.Running(wanted, wanted)
    assert first.address == f"http://127.0.0.1:{wanted}/"
    assert page_place.process() == one
    left = read_flat(page_place.paths.page_port)
    assert (left["version"], left["port"]) == (__version__, str(wanted))
    assert int(left["ticks"]) > 0


def test_of_many_starts_at_once_one_starts_it(page_place: PagePlace) -> None:
    """The others wait, and find it."""
    found: list[starting.Running] = []
    threads = [threading.Thread(target=lambda: found.append(page_place.start())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 6
    assert len(set(found)) == 1
    assert page_place.log().count("shows the page") == 1


def test_of_two_processes_one_leaves(page_place: PagePlace) -> None:
    """Whoever started the second: the lock is one."""
    page_place.start()
    before = page_place.process()

    second = interpreter.command("web.process", page_place.paths)
    subprocess.run(second, env=page_place.environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    assert page_place.start().port == page_place.port
    assert page_place.process() == before


def test_a_killed_one_leaves_nothing_in_the_way(page_place: PagePlace) -> None:
    """The next one has the same port."""
    port = page_place.start().port
    page_place.process().kill()

    assert page_place.start().port == port
    assert page_place.ask("GET", "/alive").status == 204


def test_one_that_hangs_is_replaced(page_place: PagePlace) -> None:
    """It listens, and answers nothing."""
    page_place.start()
    before = page_place.process()
    before.suspend()

    page_place.start()
    assert wait_until(lambda: ended(before))
    assert page_place.process() != before


def test_what_a_dead_one_has_written_is_not_believed(page_place: PagePlace, free_port: int) -> None:
    """Also where its pid is another process by now, and its port another program's."""
    write_atomic(page_place.paths.page_port, f"version={__version__}\npid={os.getpid()}\nport={free_port}\n".encode())
    write_atomic(page_place.paths.page_lock, b"pid=1\nticks=1\n")

    assert page_place.start().port != free_port


@pytest.mark.parametrize("rubbish", [b"", b"\xff\xfe", b"port=x\n", b"port=99999999\npid=1\n"])
def test_rubbish_in_its_files_is_not_in_the_way(page_place: PagePlace, rubbish: bytes) -> None:
    """Whatever a crash has left."""
    for path in (page_place.paths.page_port, page_place.paths.page_lock):
        write_atomic(path, rubbish)

    assert page_place.start().port == page_place.port


def pretend(place: PagePlace, version: str) -> None:
    """Have the page that is shown be one of another release."""
    text = Path(place.paths.page_port).read_text().replace(f"version={__version__}", f"version={version}")
    write_atomic(place.paths.page_port, text.encode())


def test_one_of_an_older_release_is_replaced(page_place: PagePlace) -> None:
    """On its port."""
    port = page_place.start().port
    before = page_place.process()
    pretend(page_place, "0.0.1")

    assert page_place.start().port == port
    assert wait_until(lambda: ended(before))
    assert read_flat(page_place.paths.page_port)["version"] == __version__


def test_one_of_a_newer_release_is_used(page_place: PagePlace) -> None:
    """Whoever goes back a release breaks nothing."""
    page_place.start()
    before = page_place.process()
    pretend(page_place, "99.0")

    page_place.start()
    assert page_place.process() == before


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_where_the_port_is_taken_a_free_one_is_used(page_place: PagePlace, address: str) -> None:
    """On one of the two addresses is taken, too: else `localhost` would lead to somebody else."""
    wanted = page_place.port
    with socket.create_server((address, wanted), family=socket.AF_INET6 if ":" in address else socket.AF_INET):
        found = page_place.start()

    assert found.wanted == wanted
    assert found.port not in (0, wanted)
    assert page_place.ask("GET", "/alive").status == 204


def test_without_any_port_it_says_so(
    page_place: PagePlace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And is gone."""

    def none(before: str, configured: int) -> list[int]:
        raise OSError(errno.EADDRINUSE, "no free port")

    monkeypatch.setattr(process, "first_free", none)
    paths = page_place.paths

    assert process.main([paths.config, paths.state, paths.cache, paths.data]) == 1
    assert "error: no free port" in capsys.readouterr().err


def test_one_that_does_not_come_up_is_told_with_its_last_words(page_place: PagePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where its log is."""
    write_atomic(page_place.paths.page_log, b"error: of yesterday\n")
    monkeypatch.setattr(starting, "command", lambda *words: ["/bin/sh", "-c", "echo 'error: no free port' >&2"])

    with pytest.raises(StartFailed) as failed:
        page_place.start()
    assert failed.value.cause == "no free port"
    assert page_place.paths.page_log in failed.value.hint


def test_a_lock_that_is_no_pages_is_named(page_place: PagePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can ask for it, and nobody waits long."""
    monkeypatch.setattr(starting, "ANSWER_S", 0.1)
    monkeypatch.setattr(starting, "FREE_S", 0.1)
    handle = lock.take(page_place.paths.page_lock, 1)
    assert handle is not None
    try:
        with pytest.raises(StartFailed, match="another program holds") as failed:
            page_place.start()
    finally:
        os.close(handle)
    assert page_place.paths.page_lock in failed.value.hint


@pytest.mark.parametrize("name", ["page_lock", "page_start_lock", "page_log"])
def test_a_pipe_in_the_place_of_a_file_is_one_sentence(page_place: PagePlace, name: str) -> None:
    """It would hang whoever opens it, until somebody opens its other end."""
    path = getattr(page_place.paths, name)
    os.mkfifo(path)

    with pytest.raises((StartFailed, FileTrouble)) as failed:
        page_place.start()
    assert path in f"{failed.value.message} {failed.value.cause}"


def test_behind_a_link_in_the_place_of_the_lock_nothing_is_written(page_place: PagePlace, tmp_path: Path) -> None:
    """Who holds a lock signs it."""
    theirs = tmp_path / "theirs"
    theirs.write_text("precious")
    os.symlink(theirs, page_place.paths.page_lock)

    with pytest.raises(StartFailed) as failed:
        page_place.start()
    assert page_place.paths.page_lock in failed.value.cause
    assert theirs.read_text() == "precious"


def test_one_that_is_started_already_is_waited_for(page_place: PagePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for ever."""
    monkeypatch.setattr(starting, "TURN_S", 0.2)
    with lock.locked(page_place.paths.page_start_lock, 1), pytest.raises(Busy):
        page_place.start()


def test_one_in_another_network_is_named(page_place: PagePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that shares the home has a loopback of its own."""
    page_place.start()
    mine = process_identity.here()
    monkeypatch.setattr(holder, "here", lambda: {**mine, "network": "net:[1]"})

    with pytest.raises(Elsewhere, match="in another network namespace"):
        page_place.start()
    monkeypatch.undo()


def test_it_keeps_nothing_of_whoever_starts_it(page_place: PagePlace) -> None:
    """No secret of the environment, no descriptor, no terminal, no directory; and it is nobody's child."""
    page_place.start(ANTHROPIC_API_KEY="sk-secret", PYTHONPATH="/evil", LD_PRELOAD="", TZ="Asia/Tokyo", LC_ALL="C.UTF-8")
    one = page_place.process()

    assert one.environ().keys() <= {"HOME", "PATH", "LANG", "TZ", "LC_ALL", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}
    assert one.environ()["TZ"] == "Asia/Tokyo"
    assert (one.cwd(), one.terminal(), os.getsid(one.pid) != os.getsid(0)) == ("/", None, True)
    assert one.ppid() != os.getpid()
    pipes = [os.readlink(f"/proc/{one.pid}/fd/{number}") for number in (0, 1, 2)]
    assert pipes == ["/dev/null", page_place.paths.page_log, page_place.paths.page_log]


def test_asked_to_end_it_ends_and_takes_its_word_away(page_place: PagePlace) -> None:
    """The lock is free, and the log says why."""
    page_place.start()
    one = page_place.process()
    one.send_signal(signal.SIGTERM)

    assert wait_until(lambda: ended(one))
    assert not os.path.exists(page_place.paths.page_port)
    assert not lock.held(page_place.paths.page_lock)
    assert "ending: asked to end" in page_place.log()


START = """
import os, sys
from cclaunch.config.model import configuration
from cclaunch.hot.paths import Paths
from cclaunch.web import starting
paths = Paths(*sys.argv[1:])
print(starting.start(paths, configuration(paths), dict(os.environ)).port)
"""


def test_when_its_program_is_removed_it_ends(page_place: PagePlace, tmp_path: Path) -> None:
    """`install.sh --uninstall`, or pip's, leaves nothing behind that listens; also while a tab goes on to ask."""
    copy = tmp_path / "site"
    shutil.copytree(REPOSITORY / "cclaunch", copy / "cclaunch")
    places = (page_place.paths.config, page_place.paths.state, page_place.paths.cache, page_place.paths.data)
    environ = {**page_place.environ, "PYTHONPATH": str(copy)}
    told = subprocess.run([sys.executable, "-c", START, *places], env=environ, cwd=tmp_path, capture_output=True, check=True)
    page_place.port = int(told.stdout)
    one = page_place.process()
    assert str(copy) in " ".join(one.cmdline())

    shutil.rmtree(copy)

    assert wait_until(lambda: ended(one))
    assert "ending: this program was removed" in page_place.log()


@pytest.mark.parametrize("how", ["moved", "deleted"])
def test_when_its_place_is_gone_it_ends(page_place: PagePlace, how: str) -> None:
    """Another one may be started there, and has its own."""
    page_place.start()
    one = page_place.process()
    if how == "moved":
        os.rename(page_place.paths.data, page_place.paths.data + ".old")
    else:
        os.unlink(page_place.paths.page_lock)

    assert wait_until(lambda: ended(one))


# With a clock of our own.


def shown_with(place: PagePlace, idle: Idle, during: Callable[[Page], None]) -> str:
    """Show the page in this process until it ends; *during* runs beside it, in a thread. Return why it ended."""

    async def run() -> str:
        handle = lock.take(place.paths.page_lock, 1)
        assert handle is not None
        try:
            page = Page(place.paths, handle, listen(0), idle, look_s=0.02)
            serving = asyncio.create_task(page.serve())
            while not os.path.exists(place.paths.page_port) and not serving.done():
                await asyncio.sleep(0.01)
            place.port = page.port
            await asyncio.to_thread(during, page)
            await asyncio.wait_for(serving, 60)
            return page.reason
        finally:
            os.close(handle)

    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        return asyncio.run(run())
    finally:
        for number, one in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(number, one)


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


def test_fifteen_minutes_after_the_last_look_it_ends(page_place: PagePlace) -> None:
    """Not before, and a look begins them anew."""
    clock = Clock()
    reasons = []

    def during(page: Page) -> None:
        cookie = page_place.enter()
        clock.now += IDLE_S
        page_place.ask("GET", "/api/head", Cookie=cookie)
        clock.now += IDLE_S
        assert page_place.ask("GET", "/", Cookie=cookie).status == 200
        reasons.append(page.reason)
        clock.now += IDLE_S + 1

    assert IDLE_S == 15 * 60
    assert shown_with(page_place, Idle(clock=clock), during) == "nobody looks"
    assert reasons == [""]
    assert not os.path.exists(page_place.paths.page_port)


def test_whoever_was_not_let_in_does_not_keep_it(page_place: PagePlace) -> None:
    """A page that was forgotten, and a program that looks for open ports."""
    clock = Clock()

    def during(page: Page) -> None:
        clock.now += IDLE_S
        for path in ("/", "/open", "/api/head", "/assets/page.js", "/x"):
            page_place.ask("GET", path, Cookie="cclaunch-page-1=x")
        page_place.bring("x")
        clock.now += 1

    assert shown_with(page_place, Idle(clock=clock), during) == "nobody looks"


def test_a_start_keeps_it(page_place: PagePlace) -> None:
    """It would end between the verb's look and the browser's."""
    clock = Clock()

    def during(page: Page) -> None:
        clock.now += IDLE_S
        page_place.ask("GET", "/alive")
        clock.now += 1
        page_place.ask("GET", "/alive")
        assert not page.reason
        page.end("seen")

    assert shown_with(page_place, Idle(clock=clock), during) == "seen"


def test_what_nobody_came_for_goes(page_place: PagePlace) -> None:
    """Codes, and the files that lead a browser on."""
    code = codes.make(page_place.paths)
    left = codes.leave(page_place.paths, codes.name_of(code) + codes.LEADS_ON, "x")
    for path in (left, left.removesuffix(codes.LEADS_ON)):
        os.utime(path, (1, 1))

    def during(page: Page) -> None:
        assert wait_until(lambda: not os.listdir(page_place.paths.page_codes))
        page.end("seen")

    shown_with(page_place, Idle(), during)


def test_a_place_that_cannot_be_written_is_one_sentence(page_place: PagePlace) -> None:
    """With the way to look at it."""
    os.mkdir(page_place.paths.page_log)

    with pytest.raises(StartFailed, match="cannot write") as failed:
        page_place.start()
    assert "ls -ld" in failed.value.hint
    with contextlib.suppress(OSError):
        os.rmdir(page_place.paths.page_log)
