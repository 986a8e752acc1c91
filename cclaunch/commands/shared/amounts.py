"""Money, tokens and shares, as people read them: short, and with as many digits as mean something."""

import re
from collections.abc import Sequence

ESTIMATE = "≈"
UNITS = ("", "k", "M", "B", "T")


def money(micros: int) -> str:
    """Return micro-dollars as dollars: two decimals, four below a dollar."""
    dollars = micros / 1_000_000
    decimals = 2 if micros == 0 or abs(dollars) >= 0.99995 else 4
    return f"{'-' if dollars < 0 else ''}${abs(dollars):,.{decimals}f}"


def estimated(text: str, *, doubtful: bool) -> str:
    """Return an amount of money with the sign of an estimate, where a part of it is one."""
    return f"{ESTIMATE}{text}" if doubtful else text


def tokens(count: int) -> str:
    """Return a number of tokens in four characters or five: ``950``, ``15.8k``, ``11.8M``, ``116M``."""
    amount = float(count)
    for unit in UNITS:
        if amount < 999.5 or unit == UNITS[-1]:
            break
        amount /= 1000
    return str(count) if not unit else f"{amount:.1f}{unit}" if amount < 99.95 else f"{amount:.0f}{unit}"


def percent(share: float) -> str:
    """Return a share (0 to 1) in percent: whole, but ``<1 %`` for a little, and never 100 where something is missing."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return "99 %"
    return f"{share * 100:.0f} %"


def change(now: int, before: int) -> str:
    """Return by how much *now* is more than *before*, as ``+12 %``; nothing where there was nothing before."""
    if before <= 0:
        return ""
    grown = now / before - 1
    if grown >= 9.995:
        return f"{now / before:,.0f} x"
    return f"{round(grown * 100):+d} %"


def model_label(name: str) -> str:
    """Return the name of a model without what all have: ``claude-opus-4-1-20250805`` is ``opus-4-1``."""
    return re.sub(r"-\d{8}$", "", name.removeprefix("claude-")) or name


def aligned(amounts: Sequence[str]) -> list[str]:
    """Return amounts of money one below the other: the sign at the left, the points in one column."""
    parts = [amount.removeprefix("$").partition(".") for amount in amounts]
    before, behind = max(len(whole) for whole, _, _ in parts), max(len(rest) for _, _, rest in parts)
    return [f"${whole:>{before}}{point}{rest:<{behind}}" for whole, point, rest in parts]
