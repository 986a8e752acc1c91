"""
Requests that are committed while somebody looks.

The problem it owns: what is asked after a commit is asked of another ledger than before; after that of a launch that nobody
knew, what sets are called has to be learned anew, too.
"""

import random
import time
import uuid
from pathlib import Path

from written import write_session
from year import DAY_NS, PER_SESSION, year


class Commits:
    """Commits a request more each time, as a session does that goes on, or a launch of its own."""

    def __init__(self, database: Path) -> None:
        self._database = str(database)
        self._keys = random.Random(time.time_ns())
        self._number = 0
        self._launched = next(iter(year(PER_SESSION, time.time_ns(), DAY_NS)))
        self.session = self._launched.name
        self.commit(launched=True)

    def commit(self, *, launched: bool) -> None:
        """Commit one; *launched*: of a launch that nobody has heard of yet."""
        self._number += 1
        if launched:
            ids = {"service.instance.id": str(uuid.UUID(int=self._keys.getrandbits(128)))}
            self._launched = self._launched._replace(
                name=f"committed-{self._keys.random()}", resource={**self._launched.resource, **ids}
            )
            self.session = self._launched.name
        request = self._launched.requests[0]._replace(
            time_ns=time.time_ns(), sequence=self._number, request_id=f"req_{self._keys.random()}"
        )
        write_session(self._database, self._launched._replace(requests=[request]), self._keys)
