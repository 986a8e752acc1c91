"""
An attribute of ours on every row of a batch.

The problem it owns: who sends does not say who sent it, so the mark is laid on what was decoded; and it is no part of what
tells one record from another, so keys stay as they are.
"""

import json

from cclaunch.store.record_key import number_of
from cclaunch.store.rows import Batch
from cclaunch.store.schema import dump
from cclaunch.store.shared import Shared


def marked(batch: Batch, key: str, value: str) -> Batch:
    """Return *batch* with the attribute *key* on every row."""
    made: dict[Shared | None, Shared] = {}
    for row in batch.events:
        if row.shared not in made:
            text = dump({**(json.loads(row.shared.text) if row.shared else {}), key: value})
            made[row.shared] = Shared(number_of(text), text)
    events = [row._replace(shared=made[row.shared]) for row in batch.events]
    points = [point._replace(attributes={**point.attributes, key: value}) for point in batch.points]
    return batch._replace(events=events, points=points)
