"""
Sixteen sessions of every kind with a real claude, and what the scripted API has billed for them.

The problem it owns: a claim about money needs a truth that is nobody's own figure: the API's log, each answer once, its tokens by
kind, and its price by the list.
"""

import subprocess
from collections import Counter
from collections.abc import Sequence

from messages_api import Answer
from real_claude import Outcome, outcome
from sandbox import Sandbox

AS_JSON = ("--output-format", "json")
ALLOWED = ("--allowedTools", "Bash", "Task", "Agent")
PRICES = {
    "opus-5-5": (400, 2000, 20, 500),
    "opus": (500, 2500, 50, 625),
    "sonnet-5": (200, 1000, 10, 250),
    "sonnet": (300, 1500, 30, 375),
    "haiku": (100, 500, 10, 125),
}
"""Part of a model's name -> hundredths of a micro-dollar a token: in, out, read from the cache, written to it."""

UNKNOWN = "mystery-model-9"
SUMS = ("requests", "cost_usd", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
Row = tuple[int, ...]


def price(answer: Answer, default: str) -> int:
    """Return the list price of an answer in micro-dollars; a model that claude does not know costs what its *default* does."""
    model = default if answer.model == UNKNOWN else answer.model
    prices = next(prices for part, prices in PRICES.items() if part in model)
    hundredths = sum(price * count for price, count in zip(prices, answer.tokens, strict=True))
    assert hundredths % 100 == 0
    return hundredths // 100


def billed(answers: Sequence[Answer]) -> dict[str, Row]:
    """Return model -> what the API has billed for it, as `SUMS`."""
    default = next(answer.model for answer in answers if answer.kind == "main")
    found: dict[str, Counter[str]] = {}
    for answer in answers:
        row = (1, price(answer, default), *answer.tokens)
        found.setdefault(answer.model, Counter()).update(dict(zip(SUMS, row, strict=True)))
    return {model: tuple(sums[name] for name in SUMS) for model, sums in found.items()}


class Sessions:
    """Launches, to their end or several at once; *count* is how many processes ran."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.count = 0

    def run(self, text: str, *words: str) -> Outcome:
        """Run one to its end."""
        self.count += 1
        return outcome(self.sandbox.cclaunch("-p", text, *AS_JSON, *words))

    def together(self, *all_words: tuple[str, ...]) -> list[Outcome]:
        """Run several at the same time."""
        self.count += len(all_words)
        running = [self.sandbox.popen(self.sandbox.command("-p", *words, *AS_JSON)) for words in all_words]
        ended = [(one, *one.communicate(timeout=240)) for one in running]
        return [outcome(subprocess.CompletedProcess(one.args, one.returncode, out, err)) for one, out, err in ended]


def sixteen(sessions: Sessions) -> None:
    """Run them: fresh, resumed, side by side, forked, with a helper, retried, refused, of an unknown model, behind gateways."""
    first = sessions.run("say hi")
    sessions.run("three steps", *ALLOWED)
    sessions.run("and again", "--resume", first.session)
    sessions.run("another way", "--resume", first.session, "--fork-session")
    sessions.together(("one of three", *ALLOWED), ("run ls", *ALLOWED), ("third of three",))
    sessions.together(("both at once", "--resume", first.session), ("run ls", "--resume", first.session, *ALLOWED))
    sessions.run("ask a helper", *ALLOWED)
    sessions.run("overloaded twice")
    assert sessions.run("fail 400").code == 1
    sessions.run("of a model that nobody knows", "--model", UNKNOWN)
    sessions.run("behind a gateway")
    sessions.run("behind a gateway, three steps", *ALLOWED)
    sessions.run("without an id, run ls", *ALLOWED)
    assert sessions.count == 16
