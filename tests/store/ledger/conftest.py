"""The clock on the wall, for those who reckon in days of a zone."""

import os
import time
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture
def zone() -> Iterator[Callable[[str], None]]:
    """A function that has the clock on the wall be that of a zone."""
    before = os.environ.get("TZ")

    def use(name: str) -> None:
        os.environ["TZ"] = name
        time.tzset()

    yield use
    os.environ.pop("TZ", None)
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()
