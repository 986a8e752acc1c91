"""Money, tokens and shares, as people read them: short, and with as many digits as mean something."""

import re
from collections.abc import Sequence

from cclaunch.hot.amounts import money, percent, tokens

__all__ = ["ESTIMATE", "aligned", "change", "estimated", "model_label", "money", "percent", "tokens"]

ESTIMATE = "≈"


def estimated(text: str, *, doubtful: bool) -> str:
    """Return an amount of money with the sign of an estimate, where a part of it is one."""
    return f"{ESTIMATE}{text}" if doubtful else text


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
