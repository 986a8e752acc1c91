"""
Money, tokens and shares in few characters, with as many digits as mean something.

The problem it owns: the status line, a launch and the verbs say the same amount in the same way.

Hot: C modules only.
"""

UNITS = ("", "k", "M", "B", "T")


def money(micros: int) -> str:
    """Return micro-dollars as dollars: two decimals, four below a dollar."""
    dollars = micros / 1_000_000
    decimals = 2 if micros == 0 or abs(dollars) >= 0.99995 else 4
    return f"{'-' if dollars < 0 else ''}${abs(dollars):,.{decimals}f}"


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


def of_limit(spent: int, limit: int) -> str:
    """
    Return ``$212 of $300``, both in micro-dollars: whole dollars where that says the same, more digits where it would not.

    What is nearly spent is not rounded to all of it, nor what is a little more; nor is a limit rounded away.
    """
    decimals = next((number for number in (0, 2, 4) if _says_the_same(spent, limit, number)), 6)
    return f"{_dollars(spent, decimals)} of {_dollars(limit, decimals)}"


def _says_the_same(spent: int, limit: int, decimals: int) -> bool:
    """Say whether both, in micro-dollars, are told well enough with so many *decimals*."""
    is_exact = limit % 10 ** (6 - decimals) == 0
    if not decimals and not (is_exact and limit >= 20_000_000):
        return False
    if limit <= 0:
        return True
    if limit < 1_000_000 and not is_exact:
        return False
    return spent == limit or _dollars(spent, decimals) != _dollars(limit, decimals)


def _dollars(micros: int, decimals: int) -> str:
    return f"${micros / 1_000_000:,.{decimals}f}"
