"""The embedded wing: our own collector, started, found again and ended."""
