"""
What was spent, as those read it who cannot ask the ledger: a launch that has a budget, and the status line.

The problem it owns: the form of one small file, and how old it may be. Whoever brings the ledger up to date writes it
(`store/ledger/spent`); it says what was spent, never what may be: limits are read where the person has set them.

Hot: C modules only.
"""

from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_small

FORMAT = "1"
SIZE_LIMIT = 256 * 1024
DAY, WEEK, MONTH = PERIODS = ("day", "week", "month")
TODAY = "today"
OLDEST_NS = 86_400 * 1_000_000_000
"""What is a day old says nothing."""


class Spent:
    """
    What was spent in one period.

    Attributes:
        begin: The first nanosecond of the period, since the epoch.
        end: The first one behind it.
        micros: Micro-dollars.
        estimated: Those of them that are a table's estimate.
    """

    __slots__ = ("begin", "end", "estimated", "micros")

    def __init__(self, begin: int, end: int, micros: int, estimated: int = 0) -> None:
        self.begin = begin
        self.end = end
        self.micros = micros
        self.estimated = estimated


class Spending:
    """
    What was spent.

    Attributes:
        made: When it was written, in nanoseconds since the epoch.
        today: What all requests of today cost, whoever sent them; None where that is not known.
        by: (period, profile) -> what requests of launches of ours cost; an empty profile stands for all launches. Of a profile
            only the month is told, and only where it spent anything.
    """

    __slots__ = ("by", "made", "today")

    def __init__(self, made: int, today: "Spent | None", by: "dict[tuple[str, str], Spent]") -> None:
        self.made = made
        self.today = today
        self.by = by


def as_text(spending: Spending) -> str:
    """Return *spending* as it is written to the file."""
    lines = [f"format={FORMAT}", f"made={spending.made}"]
    if spending.today is not None:
        lines.append(f"{TODAY}={_fields(spending.today)}")
    lines += [f"{period}.{profile}={_fields(spent)}" for (period, profile), spent in sorted(spending.by.items())]
    return "\n".join(lines) + "\n"


def _fields(spent: Spent) -> str:
    return f"{spent.begin} {spent.end} {spent.micros} {spent.estimated}"


def read_spending(paths: Paths, now_ns: int) -> "Spending | None":
    """Return what the file says of the periods that hold *now_ns*; None where it is missing, cannot be read or is too old."""
    data = read_small(paths.spending, SIZE_LIMIT)
    return None if data is None else parsed(data, now_ns)


def parsed(data: bytes, now_ns: int) -> "Spending | None":
    """Return what the bytes of the file say, as `read_spending` does."""
    try:
        found = Spending(0, None, {})
        lines = data.decode("ascii").split("\n")
        if lines[0] != f"format={FORMAT}" or lines[-1]:
            return None
        for line in lines[1:-1]:
            name, _, value = line.rpartition("=")
            if name == "made":
                found.made = int(value)
                continue
            spent = Spent(*map(int, value.split(" ")))
            period, _, profile = name.partition(".")
            if not spent.begin <= now_ns < spent.end:
                continue
            if name == TODAY:
                found.today = spent
            elif period in PERIODS:
                found.by[period, profile] = spent
    except (TypeError, ValueError):
        return None
    return found if 0 <= now_ns - found.made < OLDEST_NS else None
