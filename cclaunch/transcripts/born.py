"""
When the session of a transcript began, where its file says so.

The problem it owns: a fork begins with copies of all that its parent had, under its own name. Newer releases name the parent on
each of them; older ones do not, but what was asked of the fork stands before the copies, with its time.
"""

import re

from cclaunch.transcripts.line import moment_ns

HEAD = 16 << 10
"""Bytes at the beginning of a file that are looked at."""

FIRST_RECORD = b'"parentUuid"'
"""Stands in each record of the conversation, copied or not."""

QUEUED = b'{"type":"queue-operation",'
ASKED = re.compile(QUEUED + rb'"operation":"\w{1,40}","timestamp":"([^"\\]{1,40})"')


def born_ns(head: bytes) -> int:
    """Return when the session began whose file begins with *head*, in nanoseconds since the epoch; 0 if it does not say."""
    before = head.partition(FIRST_RECORD)[0]
    found = ASKED.match(before, max(before.find(QUEUED), 0))
    return moment_ns(found[1].decode("utf-8", "replace")) or 0 if found else 0
