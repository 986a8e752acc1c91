"""
Some weeks of work, made up: all that the page shows, the same each time, up to the present moment.

The problem it owns: a picture has to look like what people have, and who checks it needs to know what was told. So each session
is a value: the events that its claude sends, the records of its transcript, and what its requests come to. Days are counted back
from the present, and two of seven are a weekend, whatever the calendar says; prices are those of the list.
"""

import random
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from scripted_month import HAIKU, NS, OPUS, SONNET, TOKENS
from transcript_lines import record

from cclaunch.prices.price import price_of

SEED = 18
DAYS = 35
DAY_S = 86_400
VERSION = "2.1.330"

WORK = (
    (9, "data-eng", "data", "ingestion", "ingest", (("late-events", 24), ("parquet", 21), ("main", 0))),
    (5, "data-eng", "data", "lakehouse", "lake", (("compaction", 88), ("main", 0))),
    (6, "shop", "retail", "webshop", "webshop", (("login-loop", 51), ("checkout", 47), ("main", 0))),
    (3, "shop", "retail", "billing", "billing", (("vat-rounding", 37), ("main", 0))),
    (3, "platform", "infra", "deploys", "cluster", (("node-upgrade", 61), ("main", 0))),
)
"""How often, profile, team, project, repository, its branches with the pull request of each."""

HELPERS = ("Explore", "Explore", "Plan", "test-writer")
SKILLS = ("code-review", "code-review", "release-notes", "db-migration")
SERVERS = ("github", "github", "postgres", "browser")
TOOLS = (("Read", 0.03), ("Edit", 0.06), ("Bash", 7.0), ("Grep", 0.15), ("Read", 0.04), ("Write", 0.05), ("WebFetch", 2.2))
"""Name, and how long it takes about (s)."""

MAIN = "repl_main_thread"
FAILURES = (("Overloaded", 529), ("Rate limited", 429), ("Connection error.", 0))
KILLED_AGO, KILLED_AFTER = 32, 3
"""So many days ago a claude was killed, and so many answers stand in its transcript of which no event came."""


class Session(NamedTuple):
    """
    One session.

    Attributes:
        name: Its id.
        resource: What its claude says of itself with everything that it sends.
        pull: Repository and number of its pull request; None where it has none.
        live: Whether its process is alive.
        events: What it sends, in order: ``name``, ``time`` (ns), and attributes.
        lines: The records of its transcript.
    """

    name: str
    resource: dict[str, str]
    pull: tuple[str, int] | None
    live: bool
    events: list[dict[str, Any]]
    lines: list[dict[str, Any]]

    def called(self, name: str) -> list[dict[str, Any]]:
        """Return the events of a name."""
        return [one for one in self.events if one["name"] == name]

    @property
    def micros(self) -> int:
        """Return what the requests have cost that events tell of, in micro-dollars."""
        return sum(one["cost_usd_micros"] for one in self.called("api_request"))

    @property
    def missed(self) -> int:
        """Return how many requests the transcript alone tells of."""
        return len({one["requestId"] for one in self.lines} - {one["request_id"] for one in self.called("api_request")})


def cost(model: str, counts: tuple[int, int, int, int]) -> int:
    """Return what tokens cost by the list of `VERSION`, in micro-dollars: those that claude and an estimate both count with."""
    listed = price_of(VERSION, model)
    assert listed is not None, f"no price of {model}"
    return listed.micros(*counts, 0, 0, False, None)


def weeks(now_ns: int, days: int = DAYS) -> Iterator[Session]:
    """Yield the sessions of the last *days* up to *now_ns* and the one that was killed, the oldest first; the last is at work."""
    chance = random.Random(SEED)
    for ago in range(DAYS - 1, -1, -1):
        begun = sorted(chance.random() * 7.5 * 3600 + 1200 for _ in range(_sessions(chance, ago)))
        for number, before in enumerate(reversed(begun)):
            killed = (ago, number) == (KILLED_AGO, 0)
            made = _session(chance, now_ns, ago * DAY_S + before, killed=killed)
            if ago < days or killed:
                yield made
    yield _session(chance, now_ns, 1100, live=True)


def _sessions(chance: random.Random, ago: int) -> int:
    """Return how many begin on a day; today counts as the end of a working week."""
    return chance.choice((0, 0, 1, 2)) if ago % 7 in (5, 6) else 5 + int(chance.random() * 6)


def _session(chance: random.Random, now_ns: int, before: float, *, killed: bool = False, live: bool = False) -> Session:
    profile, team, project, repository, branches = chance.choices(WORK, [one[0] for one in WORK])[0][1:]
    branch, number = chance.choices(branches, [5, 4, 2][: len(branches)])[0]
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(2)]
    resource = {
        "service.name": "claude-code",
        "service.version": VERSION,
        "service.instance.id": ids[1],
        "cclaunch.profile": profile,
        "team": team,
        "project": project,
        "vcs.repository.name": repository,
        "vcs.ref.head.name": branch,
    }
    teller = Teller(chance, ids[0], repository, branch, OPUS if chance.random() < 0.62 else SONNET, now_ns - int(before * NS))
    for _ in range(42 if live else 8 + int(chance.random() * 34)):
        if teller.now_ns < now_ns - 70 * NS:
            teller.turn()
    if live:
        teller.ask(at_ns=now_ns - 20 * NS)
    events = teller.events
    if killed:
        last = [one["time"] for one in events if one.get("query_source") == MAIN][-KILLED_AFTER]
        events = [one for one in events if one["time"] < last]
    return Session(ids[0], resource, (f"acme/{repository}", number) if number else None, live, events, teller.lines)


class Teller:
    """Tells a session from *now_ns* on, which goes forward; its context grows, and what was sent once comes from the cache."""

    def __init__(self, chance: random.Random, session: str, repository: str, branch: str, model: str, now_ns: int) -> None:
        self.now_ns = now_ns
        self.events: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self._chance, self._session, self._model = chance, session, model
        self._place = {"cwd": f"/home/somebody/{repository}", "gitBranch": branch}
        self._context = 0
        self._server = chance.choice(SERVERS)
        self._skill = chance.choice(SKILLS)
        self._prompt()

    def turn(self) -> None:
        """An answer, and what it asks for; now and then a person's next words, a helper, a failure."""
        drawn = self._chance.random()
        if drawn < 0.07:
            self._prompt()
        elif drawn < 0.15:
            self._help()
        elif drawn < 0.165:
            error, status = self._chance.choice(FAILURES)
            said = {"status_code": status} if status else {}
            self._add("api_error", 8, model=self._model, error=error, attempt=1, duration_ms=700, **said)
        drawn = self._chance.random()
        more = {"skill.name": self._skill} if drawn < 0.09 else {"mcp_server.name": self._server} if drawn < 0.2 else {}
        self.ask(more)
        if drawn < 0.9:
            tool, took = self._chance.choice(TOOLS)
            self._use(*((f"mcp__{self._server}__query", 0.9) if "mcp_server.name" in more else (tool, took)))

    def ask(self, more: Mapping[str, str] | None = None, at_ns: int = 0) -> None:
        """A request of the session's own, now or at *at_ns*."""
        added = 9_000 + int(self._chance.random() * 9_000) if not self._context else 600 + int(self._chance.random() * 8_000)
        self.now_ns = at_ns or self.now_ns
        self._request(
            self._model, (4, 60 + int(self._chance.random() * 1_300), self._context or 14_000, added), MAIN, **(more or {})
        )
        self._context = (self._context or 14_000) + added

    def _prompt(self) -> None:
        self._add("user_prompt", 2, prompt="<REDACTED>", prompt_length=20 + int(self._chance.random() * 400))
        if not self._context:
            self._request(HAIKU, (310, 24, 0, 0), "generate_session_title")

    def _help(self) -> None:
        helper = self._chance.choice(HELPERS)
        model, read = (HAIKU if helper == "Explore" else SONNET), 0
        for _ in range(3 + int(self._chance.random() * 6)):
            written = 4_000 + int(self._chance.random() * 14_000)
            counts = (6, 90 + int(self._chance.random() * 500), read, written)
            self._request(model, counts, f"agent:builtin:{helper}", **{"agent.name": helper})
            self._use("Grep" if helper == "Explore" else "Read", 0.1)
            read += written

    def _request(self, model: str, counts: tuple[int, int, int, int], source: str, **more: Any) -> None:
        took = 1.2 + counts[1] / 90 + self._chance.random() * 3
        request = f"req_{self._session[:8]}_{len(self.events)}"
        tokens = dict(zip(TOKENS, counts, strict=True))
        micros = cost(model, counts)
        said = {"model": model, "request_id": request, "query_source": source, "duration_ms": int(took * 1000), **tokens, **more}
        self._add("api_request", took, cost_usd_micros=micros, cost_usd=micros / 1e6, **said)
        if source.startswith((MAIN, "agent")):
            self.lines.append(self._line(request, model, counts, side=source != MAIN))

    def _line(self, request: str, model: str, counts: tuple[int, int, int, int], *, side: bool) -> dict[str, Any]:
        fresh, out, read, written = counts
        usage = {
            "input_tokens": fresh,
            "output_tokens": out,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": written},
        }
        return record(
            request,
            message={"id": f"msg_{request}", "model": model},
            usage=usage,
            requestId=request,
            requestedModel=model,
            isSidechain=side,
            timestamp=datetime.fromtimestamp(self.now_ns / NS, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            sessionId=self._session,
            version=VERSION,
            uuid=f"uuid-{request}",
            **self._place,
        )

    def _use(self, tool: str, usual: float) -> None:
        said = {"tool_name": tool, "tool_use_id": f"toolu_{len(self.events)}"}
        decided = self._chance.random()
        if tool == "Bash" and decided < 0.04:
            self._add("tool_decision", 4, decision="reject", source="user_reject", **said)
            return
        asked = tool in ("Bash", "Edit", "Write") and decided < 0.3
        self._add("tool_decision", 3 if asked else 0.1, decision="accept", source="user_temporary" if asked else "config", **said)
        took = usual * (0.4 + self._chance.random() * 1.6)
        failed = {"success": "false", "error_type": "ShellError"} if tool == "Bash" and self._chance.random() < 0.11 else {}
        self._add("tool_result", took, duration_ms=int(took * 1000), **{"success": "true", **failed}, **said)

    def _add(self, name: str, passed: float, **more: Any) -> None:
        self.now_ns += int(passed * NS) // 1_000_000 * 1_000_000
        number = len(self.events)
        self.events.append({"name": name, "time": self.now_ns, "session.id": self._session, "event.sequence": number, **more})
