"""
The ``/metrics`` page of the collector, read as a Prometheus server would.

The problem it owns: the tests must add up what the page says without trusting the code that wrote it.
"""

import re
import urllib.request
from typing import NamedTuple

SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)(?: \d+)?$")
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')


class Sample(NamedTuple):
    """One line of the page."""

    name: str
    labels: dict[str, str]
    value: float


def samples(port: int) -> list[Sample]:
    """Return the samples on the page; a line that is neither a comment nor a sample fails the test."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=120) as answer:
        text = answer.read().decode()
    return [_sample(line) for line in text.splitlines() if line and not line.startswith("#")]


def total(port: int, name: str, **labels: str) -> float:
    """Return the sum of all series of *name* that carry *labels*."""
    return sum(one.value for one in samples(port) if one.name == name and labels.items() <= one.labels.items())


def _sample(line: str) -> Sample:
    found = SAMPLE.match(line)
    assert found, f"no line of a metrics page: {line!r}"
    return Sample(found["name"], dict(LABEL.findall(found["labels"] or "")), float(found["value"]))
