"""
Tools that a test needs and a machine may lack: then it is skipped, or it fails where every tool was promised.
"""

import os
import shutil
from typing import NoReturn

import pytest

REQUIRE = "CCLAUNCH_TEST_REQUIRE"


def missing(tool: str) -> NoReturn:
    """Skip for want of *tool*, or fail when every tool was promised (``CCLAUNCH_TEST_REQUIRE=all``)."""
    if os.environ.get(REQUIRE) == "all":
        pytest.fail(f"{tool} is missing, and {REQUIRE}=all forbids to skip", pytrace=False)
    pytest.skip(f"{tool} is not installed")


def require(tool: str) -> str:
    """Return the path of the program *tool*; without it the test is skipped, or fails where all is required."""
    found = shutil.which(tool)
    if not found:
        missing(tool)
    return str(found)
