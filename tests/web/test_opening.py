"""How a browser is led in: by a file of ours where it can read one, and never by words that help another user."""

import os
import re
import signal
import stat
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from collector_client import wait_until
from page_client import PagePlace

from cclaunch.web import codes, opening

ADDRESS = "http://127.0.0.1:4316/"


def program(path: Path, text: str = "#!/bin/sh\n") -> str:
    """Return the path of a program that is *text*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_a_browser_is_led_on_by_a_file_that_only_we_can_read(page_place: PagePlace, tmp_path: Path) -> None:
    """What stands in the process list is the name of that file."""
    code = codes.make(page_place.paths)
    shown = opening.way_in(page_place.paths, program(tmp_path / "browser"), ADDRESS, code, page_place.environ)
    path = Path(unquote(urlparse(shown).path))

    assert shown.startswith("file:///")
    assert code not in shown
    assert f'action="{ADDRESS}open"' in path.read_text()
    assert f'value="{code}"' in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_that_file_goes_with_its_code(page_place: PagePlace, tmp_path: Path) -> None:
    """The code in it is used."""
    code = codes.make(page_place.paths)
    shown = opening.way_in(page_place.paths, program(tmp_path / "browser"), ADDRESS, code, page_place.environ)

    assert codes.take(page_place.paths, code)
    assert not os.path.exists(unquote(urlparse(shown).path))


@pytest.mark.parametrize("text", ['#!/bin/sh\nexec /snap/bin/firefox "$@"\n', '#!/bin/sh\nexec flatpak run org.x.Y "$@"\n'])
def test_a_browser_in_a_sandbox_gets_the_address(page_place: PagePlace, tmp_path: Path, text: str) -> None:
    """It may not read our directories; the code is good for this user's connections alone."""
    code = codes.make(page_place.paths)

    shown = opening.way_in(page_place.paths, program(tmp_path / "firefox", text), ADDRESS, code, page_place.environ)
    assert re.fullmatch(re.escape(f"{ADDRESS}open?") + "[0-9a-f]{8}" + re.escape(f"#{code}"), shown)


def test_a_link_to_snap_is_a_sandbox(tmp_path: Path) -> None:
    """As /snap/bin has them."""
    program(tmp_path / "bin/snap", "\x7fELF")
    (tmp_path / "firefox").symlink_to(tmp_path / "bin/snap")

    assert opening.reads_no_file(str(tmp_path / "firefox"), {})


@pytest.mark.parametrize(("application", "boxed"), [("firefox_firefox.desktop", True), ("firefox.desktop", False), ("", False)])
def test_the_desktops_own_browser_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, application: str, boxed: bool
) -> None:
    """xdg-open says nothing of itself."""
    (tmp_path / "applications").mkdir()
    (tmp_path / "applications/firefox_firefox.desktop").touch()
    monkeypatch.setattr(opening, "APPLICATIONS", (str(tmp_path / "applications"),))
    for name in ("xdg-settings", "xdg-mime"):
        program(tmp_path / "bin" / name, f"#!/bin/sh\necho {application}\n")
    environ = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path)}

    assert opening.reads_no_file(program(tmp_path / "bin/xdg-open"), environ) is boxed


@pytest.mark.parametrize(("viewer", "boxed"), [("editor.desktop", True), ("firefox.desktop", False), ("", False)])
def test_where_an_editor_shows_files_the_browser_gets_the_address(tmp_path: Path, viewer: str, boxed: bool) -> None:
    """It would show the code, and lead nowhere."""
    program(tmp_path / "bin/xdg-settings", "#!/bin/sh\necho firefox.desktop\n")
    program(tmp_path / "bin/xdg-mime", f'#!/bin/sh\n[ "$*" = "query default text/html" ] && echo {viewer}\n')
    environ = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path)}

    assert opening.reads_no_file(program(tmp_path / "bin/xdg-open"), environ) is boxed


def test_what_cannot_show_a_page_says_so_and_what_shows_one_is_not_waited_for(tmp_path: Path) -> None:
    """A browser stays; an opener that finds none ends."""
    environ = {"PATH": "/usr/bin:/bin"}
    stays = program(tmp_path / "stays", f"#!/bin/sh\necho $$ >{tmp_path}/pid\nexec sleep 1000\n")

    assert opening.show(program(tmp_path / "none", "#!/bin/sh\nexit 3\n"), "x", environ).endswith("it ended with 3")
    assert opening.show(program(tmp_path / "fine", "#!/bin/sh\nexit 0\n"), "x", environ) == ""
    assert opening.show(stays, "x", environ) == ""
    assert wait_until((tmp_path / "pid").exists)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_on_windows_the_browser_has_other_files() -> None:
    """From WSL, it is given the address."""
    assert opening.reads_no_file("/usr/bin/wslview", {"WSL_DISTRO_NAME": "Debian"})


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, None),
        ({"DISPLAY": ":0"}, "xdg-open"),
        ({"WAYLAND_DISPLAY": "w"}, "xdg-open"),
        ({"BROWSER": "mine:other"}, "mine"),
        ({"BROWSER": "none:mine %s"}, "mine"),
        ({"WSL_DISTRO_NAME": "Debian"}, "wslview"),
        ({"BROWSER": "none", "DISPLAY": ":0"}, None),
    ],
)
def test_a_browser_is_looked_for_where_there_is_a_screen(tmp_path: Path, environ: dict[str, str], found: str | None) -> None:
    """The person's own comes first."""
    for name in ("xdg-open", "mine", "wslview"):
        program(tmp_path / name)

    assert opening.opener({**environ, "PATH": str(tmp_path)}) == (found and str(tmp_path / found))
