"""
The questions of the page.

The problem it owns: each answer is of one moment, bounded in time and size, and is what the verb would say.
"""

import shlex
import time
from collections.abc import Callable, Sequence

from cclaunch.answers import days, head, parts, pulls, sessions, vouching
from cclaunch.answers.asked import Asked, Words
from cclaunch.answers.asking import Asking, Document
from cclaunch.answers.living import live_of
from cclaunch.answers.sessions import MOST_STEPS, NEWEST
from cclaunch.answers.vouching import ROWS, Vouching
from cclaunch.budgets.limits import limits
from cclaunch.errors import UsageError
from cclaunch.hot.budget import standings
from cclaunch.hot.paths import Paths
from cclaunch.reports import captured, doings, records, windows
from cclaunch.reports.budgets import budget_reports, documents
from cclaunch.reports.capture import summed
from cclaunch.reports.dates import iso
from cclaunch.reports.figures import figures_of, together
from cclaunch.reports.keys import shown
from cclaunch.store.ledger.doings_read import doings as doings_of
from cclaunch.store.ledger.doings_read import unasked
from cclaunch.store.places import Places
from cclaunch.store.spending import Group, folded
from cclaunch.store.usage import Ledger

WORDS = Words()
CSV = ("days", "whom", *parts.WHAT, "sessions", "tools")


def plan_windows(places: Places, now_ns: int) -> Document | None:
    """Return how the plan's windows stood when claude said so last; None where nothing of it is known."""
    found = windows.windows(places, now_ns)
    return None if found is None else windows.document(found)


class Answers(Asking):
    """
    What a page asks of what was recorded below *paths*. One question at a time; may be used by several threads.

    Every answer has ``question`` (the words that ask the same of the verb), ``as_of`` (ISO 8601) and ``troubles``: sentences on
    what could not be read.

    Args:
        paths: Our directories.
        now: Returns the present in nanoseconds since the epoch.
        plan: Returns how much of the plan's windows is used, where that is known.

    Every method raises:
        UsageError: Words that make no sense: an unknown range, key, order.
        StoreMissing: Nothing was recorded yet.
        StoreTooNew, StoreBroken, StoreUnreachable: The ledger cannot be read.
    """

    def __init__(
        self,
        paths: Paths,
        now: Callable[[], int] = time.time_ns,
        plan: Callable[[Places, int], Document | None] = plan_windows,
    ) -> None:
        super().__init__(paths, now)
        self._plan = plan
        self._vouching = Vouching(self.known)

    def head(self, where: Sequence[str] = ()) -> Document:
        """
        Return today, the week, the month with its pace, budgets, the plan's windows, and what vouches for all that.

        ``lost_usd``: what claude's own metrics count beyond the events, ever; `cclaunch usage` says it below its screen.
        """
        question = self.asked(Words("today", where=where))
        periods = head.periods_at(question.now_ns, question.week_start)

        def ask(ledger: Ledger) -> Document:
            by_day = self.groups(ledger, question._replace(since=head.begin_ns(periods), until=None), ["day"])
            before = self.groups(ledger, question._replace(since=periods.before.since, until=periods.before.until), [])
            made = head.document(question, periods, by_day, before, ledger.extent[0] if ledger.extent else 0)
            spending = ledger.spending(question.now_ns, question.week_start)
            budgets = budget_reports(standings(limits(self.paths), spending, spending.made))
            badge = None if where else self._badge(ledger, question.now_ns)
            lost = ledger.lost_usd_micros(None, None, question.where) / 1_000_000
            return {**made, "budgets": documents(budgets), "badge": badge, "lost_usd": lost}

        made = self.answer("cclaunch usage", question, ask)
        return {**made, "plan_windows": self._plan(self.places, question.now_ns)}

    def days(self, words: Words = WORDS, by: str = "") -> Document:
        """
        Return the days of a range, each divided by the eight first values of a key, and the rest.

        Args:
            by: The key; empty: profile, or repository where no request of the range has a profile.
        """
        usual = by or "profile"
        days.refuse_key(usual)
        question = self.asked(words, usual)

        def ask(ledger: Ledger) -> Document:
            key, groups = usual, self.groups(ledger, question, ["day", usual])
            if not by and not days.told_apart(groups):
                others = self.groups(ledger, question, ["day", "repository"])
                if days.told_apart(others):
                    key, groups = "repository", others
            told = question._replace(sort=None).question(["day", key])
            return {"question": told, **days.document(question, key, groups, ledger.extent[0] if ledger.extent else 0)}

        return self.answer("", question, ask, usual)

    def whom(self, words: Words = WORDS) -> Document:
        """Return who it was for, as a tree: profile, project or repository, branch, pull request with ``urls`` where known."""
        question = self.asked(words)

        def ask(ledger: Ledger) -> Document:
            keys, groups = self._whom(ledger, question)
            urls = pulls.urls(self.places) if "pr" in keys else {}
            return {"question": question.question(keys), **parts.tree(question, keys, groups), "urls": urls}

        return self.answer("", question, ask)

    def what(self, words: Words = WORDS) -> Document:
        """Return where it went: by model with the kinds of tokens, by sub-agent, skill and MCP server, each as `usage` has it."""
        question = self.asked(words)

        def ask(ledger: Ledger) -> Document:
            groups = self.groups(ledger, question, list(parts.WHAT.values()))
            found = {name: parts.part(question, key, folded(groups, [at])) for at, (name, key) in enumerate(parts.WHAT.items())}
            return {**found, "cache_hit_rate": parts.hit_rate(found["models"]["total"])}

        return self.answer(question.question(["model"]), question, ask)

    def sessions(self, words: Words = WORDS, offset: int = 0, limit: int = NEWEST) -> Document:
        """Return a page of the sessions, the newest first unless sorted otherwise; ``live``: the ids of those that are."""
        sessions.refuse_page(offset, limit, sessions.MOST)
        question = self.asked(words)

        def ask(ledger: Ledger) -> Document:
            found, whole = sessions.page(ledger, self.known, question, offset, limit)
            total = together(map(figures_of, self.groups(ledger, question, [])))
            names = [one.name for one in found]
            live = live_of(ledger.connection, self.places, names, question.now_ns)
            return {**sessions.document(question, found, whole, total, offset), "live": live}

        more = () if offset else ("--top", str(limit))
        return self.answer(question.question(["session"], *more), question, ask)

    def session(self, session: str, offset: int = 0, limit: int = MOST_STEPS) -> Document:
        """Return the story of a session, given by its whole id, with a page of its timeline."""
        made = sessions.told(self.places, session, offset, limit)
        return {"question": shlex.join(["cclaunch", "events", "show", session, "--json"]), "as_of": iso(self.now()), **made}

    def tools(self, words: Words = WORDS) -> Document:
        """Return tools with calls, time, decisions and failures; errors; latency by model; and the days. ``question`` is null."""
        made = self._tools(words, doings.MOST_ROWS)
        more = [f"{made['tools_hidden']} tools that were called less often are in the CSV alone"] if made["tools_hidden"] else []
        return {**made, "troubles": [*made["troubles"], *more]}

    def _tools(self, words: Words, most: int | None) -> Document:
        question = self.asked(words)
        left = self.take_doings()

        def ask(ledger: Ledger) -> Document:
            span = question.since, question.until
            found = doings_of(ledger.connection, self.known, *span, question.where, question.week_start)
            return doings.document(found, most)

        made = self.answer("", question, ask)
        untold = [f"tools and errors are not told apart by `{key}`: they are those of all" for key in unasked(question.where)]
        return {**made, "question": None, "troubles": [*made["troubles"], *left, *untold]}

    def capture(self, since: str = "", offset: int = 0, limit: int = ROWS, *, holes: bool = False) -> Document:
        """Return what both witnesses saw, and a page of the sessions; *holes*: only of those of which one has not seen all."""
        sessions.refuse_page(offset, limit, sessions.MOST)
        question = self.asked(Words(since=since))
        if not since:
            question = question._replace(since=None, words=[])

        def ask(ledger: Ledger) -> Document:
            made_ns, found = self._vouching.of(ledger, question.since, question.now_ns)
            whole, count = vouching.page(ledger, found, offset, limit, holes=holes)
            of_page = {"sessions": list(captured.sessions(whole)), "offset": offset, "count": count}
            return {"as_of": iso(made_ns), **captured.document(whole), **of_page}

        told = shlex.join(["cclaunch", "check", "--capture", *question.words, "--json"])
        return self.answer(told, question, ask)

    def csv(self, what: str, words: Words = WORDS, by: str = "") -> str:
        """
        Return all rows of an answer, as `usage --csv` writes them where it has them.

        Args:
            what: ``days``, ``whom``, ``models``, ``agents``, ``skills``, ``mcp``, ``sessions`` or ``tools``.
            by: The key of days.
        """
        if what not in CSV:
            raise UsageError(f"there is no table `{shown(what)}`", hint=", ".join(CSV))
        if what == "tools":
            return records.csv_text(doings.COLUMNS, self._tools(words, None)["tools"])
        question, keys = self.asked(words, by or "profile"), ["day", by or "profile"]
        if what == "days":
            days.refuse_key(keys[1])

        def ask(ledger: Ledger) -> str:
            if what == "sessions":
                rows = map(records.of_session, sessions.every(ledger, question))
                return records.csv_text(records.empty(records.SESSION).names, rows)
            if what == "whom":
                found = parts.rows(question, *self._whom(ledger, question), None)
            else:
                by = keys if what == "days" else [parts.WHAT[what]]
                found = parts.rows(question, by, self.groups(ledger, question, by), None)
            return records.csv_text(found.names, found.rows)

        return self.found(question, ask, keys[1:] if what == "days" else [])[0]

    def _whom(self, ledger: Ledger, question: Asked) -> tuple[list[str], list[Group]]:
        """Return (the keys of who it was for, what was used by them)."""
        pulled = parts.any_pulled(ledger.connection)
        groups = self.groups(ledger, question, parts.WHOM if pulled else parts.WHOM[:-1])
        keys = parts.whom_keys(groups, pulled=pulled)
        return keys, folded(groups, [parts.WHOM.index(key) for key in keys])

    def _badge(self, ledger: Ledger, now_ns: int) -> Document | None:
        if not ledger.has_transcripts():
            return None
        made_ns, found = self._vouching.of(ledger, None, now_ns, whole=True)
        return head.badge(summed(found), made_ns)
