"""The log of a process of ours that stays: its stderr, one line at a time."""

import sys
import time


def say(text: str) -> None:
    """Write one line to the log, which is this process's stderr."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    sys.stderr.flush()
