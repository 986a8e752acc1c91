"""
axe-core, which finds what keeps people from using a page: fetched by npm into the cache of the tests.

The problem it owns: the page is asked the same questions about colours, names and roles each time, without a network.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from npm import fetched

if TYPE_CHECKING:
    from playwright.sync_api import Page

VERSION = "4.14.1"
SERIOUS = ("serious", "critical")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def script() -> Path | None:
    """Return the script, fetched if it is not there; None where it cannot be."""
    place = fetched("axe-core", VERSION)
    return place and place / "node_modules/axe-core/axe.min.js"


def faults(shown: "Page", text: Path) -> list[Any]:
    """Return what is serious on a page, and where: a few places of each; *text*: the script."""
    shown.evaluate(text.read_text())
    found = shown.evaluate("tags => axe.run({runOnly: tags})", TAGS)
    return [
        (one["id"], node["target"], node["failureSummary"])
        for one in found["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"][:3]
    ]
