"""What is in memory at once is a part, however much transcripts told before."""

import tracemalloc
from collections.abc import Callable

from two_witnesses import NOON, event, ledger, send, tell, told

from cclaunch.store.ledger.joining import MOST, join_events
from cclaunch.store.ledger.schema import QUARTER_NS


def peak(work: Callable[[], object]) -> int:
    """Return the bytes that were in use at most while that was done."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_taking_a_part_costs_no_more_after_many() -> None:
    """The same number of rows, when little is known and when much is."""
    connection = ledger()
    parts = [[told(number, number / 100) for number in range(first, first + 500)] for first in range(0, 10_000, 500)]
    tell(connection, *parts[0])
    tell(connection, *parts[1])
    early = peak(lambda: tell(connection, *parts[2]))
    for part in parts[3:-1]:
        tell(connection, *part)
    assert peak(lambda: tell(connection, *parts[-1])) < 1.5 * early


def test_an_event_is_held_against_what_transcripts_told_a_part_at_a_time() -> None:
    """A quarter of an hour in which they alone told of thousands."""

    def with_alone(count: int) -> int:
        connection = ledger()
        for begin in range(0, count, 4000):
            tell(connection, *(told(number, number * 890 / count) for number in range(begin, min(begin + 4000, count))))
        send(connection, event(10**6, 1, request="of none of them"))
        return peak(lambda: join_events(connection, {NOON // QUARTER_NS}))

    assert with_alone(5 * MOST) < 1.5 * with_alone(MOST)
