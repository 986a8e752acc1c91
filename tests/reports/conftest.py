"""What the tests of reports share: made-up months, asked by the verb and by the report."""

from months import found, month, usage, zone

__all__ = ["found", "month", "usage", "zone"]
