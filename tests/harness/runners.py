"""
What a fixture hands to a test for running things, by name.
"""

from collections.abc import Callable

Verb = Callable[..., tuple[int, str, str]]
"""Runs a verb in the test's own process: ``verb("usage", "--json")`` returns (code, stdout, stderr)."""
