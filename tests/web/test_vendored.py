"""What the page is drawn with and we did not write: whole, as its authors gave it, and said where it is from."""

import hashlib
from pathlib import Path

import pytest

from cclaunch.web.assets import HERE

VENDORED = sorted(path for path in (HERE / "vendor").iterdir() if path.is_dir())


def origin(place: Path) -> dict[str, str]:
    """Return what the file ORIGIN of *place* says."""
    return dict(line.split(": ", 1) for line in (place / "ORIGIN").read_text().splitlines())


@pytest.mark.parametrize("place", VENDORED, ids=lambda place: str(place.name))
def test_each_file_is_what_its_origin_says(place: Path) -> None:
    """Byte for byte, and there is no other."""
    told = {name.removeprefix("sha256 "): value for name, value in origin(place).items() if name.startswith("sha256 ")}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in place.iterdir() if path.name != "ORIGIN"}

    assert found == told


@pytest.mark.parametrize("place", VENDORED, ids=lambda place: str(place.name))
def test_it_has_a_licence_a_version_and_an_origin(place: Path) -> None:
    """Its directory is named by them."""
    said = origin(place)

    assert place.name == f"{said['name'].lower()}-{said['version']}"
    assert said["project"].startswith("https://")
    assert said["license"] in (place / "LICENSE").read_text()


def test_the_page_loads_all_of_it() -> None:
    """What nobody loads is not carried about."""
    page = (HERE / "page.html").read_text()
    for place in VENDORED:
        for path in place.iterdir():
            assert path.suffix not in (".js", ".css") or f"/assets/vendor/{place.name}/{path.name}" in page
