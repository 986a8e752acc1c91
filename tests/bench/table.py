"""
The table: milliseconds and ratios beside one another, and what was asked of them.

The problem it owns: a figure is never without its spread, a ratio never without what it may be at most.
"""

import statistics
from collections.abc import Mapping, Sequence

from rounds import Taken

WIDTH = 38


def quartiles(values: Sequence[float], unit: float = 1000) -> tuple[float, float, float]:
    """Return (lower quartile, median, upper quartile), times *unit*."""
    low, median, high = statistics.quantiles(values, n=4)
    return low * unit, median * unit, high * unit


def print_table(times: Mapping[str, Sequence[Taken]], yardsticks: Sequence[str], targets: Mapping[tuple[str, str], float]) -> int:
    """
    Print a row for each of *times*, and return how many targets were missed.

    Args:
        times: Name -> what its runs took.
        yardsticks: The names that the others are divided by, a column for each.
        targets: (name, yardstick) -> at most so many times its median.
    """
    clocks = {name: [one.clock for one in taken] for name, taken in times.items()}
    heads = "".join(f"{'/ ' + name:>18}" for name in yardsticks)
    print(f"{'':{WIDTH}}  median      quartiles   fastest  processor{heads}")
    missed = 0
    for name, taken in times.items():
        cells = ""
        for yardstick in yardsticks:
            ratio = statistics.median(clocks[name]) / statistics.median(clocks[yardstick])
            most = targets.get((name, yardstick))
            missed += most is not None and ratio > most
            cells += f"{judged(ratio, most, 2):>18}"
        low, median, high = quartiles(clocks[name])
        processor = statistics.median(one.processor for one in taken) * 1000
        figures = f"{median:8.2f}  {low:6.2f} {high:6.2f}  {min(clocks[name]) * 1000:8.2f}  {processor:9.2f}"
        print(f"{name:{WIDTH}}{figures}{cells}")
    return missed


def judged(figure: float, most: float | None, digits: int) -> str:
    """Return *figure* with what it may be at most, and whether that holds; bare where nothing is asked."""
    if most is None:
        return f"{figure:.{digits}f}"
    return f"{figure:.{digits}f} {'> ' if figure > most else '<='} {most:.{digits}f}"


def print_figure(name: str, figure: float, most: float | None, unit: str, digits: int = 1, more: str = "") -> int:
    """Print one *figure* in its own line, and return whether it was more than it may be."""
    print(f"{name:{WIDTH}}{judged(figure, most, digits)} {unit}{more}")
    return int(most is not None and figure > most)


def print_parts(times: Mapping[str, Sequence[Taken]], first: str, steps: Sequence[tuple[str, str]]) -> None:
    """Print what lies between *first* and each of *steps* (part, contender), by the differences in each round."""
    print(f"\nparts of a warm launch, above {first}")
    print(f"{'':{WIDTH}}  median      quartiles  processor   of the differences")
    before = first
    for part, name in steps:
        print(f"{part:{WIDTH}}{difference(times[before], times[name])}")
        before = name
    print(f"{'together':{WIDTH}}{difference(times[first], times[before])}")


def difference(less: Sequence[Taken], more: Sequence[Taken]) -> str:
    """Return the milliseconds that *more* took above *less* in the same round: median, quartiles, and of the processor."""
    low, median, high = quartiles([b.clock - a.clock for a, b in zip(less, more, strict=True)])
    _, processor, _ = quartiles([b.processor - a.processor for a, b in zip(less, more, strict=True)])
    return f"{median:8.2f}  {low:6.2f} {high:6.2f}  {processor:9.2f}"
