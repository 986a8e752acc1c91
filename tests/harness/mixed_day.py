"""
A day of a real claude of one release, in one home: launched and bare, resumed, forked, killed, interrupted, in the background.

The problem it owns: what two witnesses tell of a request can be held against the scripted API's log only where it is known who
asked for what, and how it ended. A day costs some twenty claudes, so each release lives one, three
at a time, and many tests ask it.
"""

import contextlib
import json
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import real_claude
from collector_client import wait_until
from messages_api import Answer, MessagesApi
from real_claude import Claude, outcome
from recorded import events
from sandbox import Sandbox, kill

from cclaunch.hot.paths import our_paths

TOOLS = ("--output-format", "json", "--allowedTools", "Bash", "Task", "Agent", "WebSearch")
STREAM = ("--output-format", "stream-json", "--verbose", "--include-partial-messages")
NO_TITLES = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
"""A bare claude asks for none: neither witness could tell of it."""

ASKED, ANSWERED = "claude-sonnet-5", "claude-haiku-4-5"
DEARER = "claude-opus-4-8"
TRIES = 5


class Run(NamedTuple):
    """
    One process that has ended.

    Attributes:
        launched: By cclaunch; else it was a bare claude.
        session: Its session.
        first, last: It was given the answers of its session from that number on, up to that.
        micros: What claude says that its session cost, up to then in newer releases; -1 where it said nothing.
        kept: Whether it writes a transcript.
        cut: ``killed``, ``interrupted``, or empty.
    """

    launched: bool
    session: str
    first: int
    last: int
    micros: int = -1
    kept: bool = True
    cut: str = ""


class Day:
    """
    The day.

    Attributes:
        place: The home.
        claude: The release.
        api: What all of it asked.
        runs: Name -> what ran.
        missed: The request ids of killed runs of which no event was sent.
    """

    def __init__(self, place: Sandbox, claude: Claude, api: MessagesApi) -> None:
        self.place, self.claude, self.api = place, claude, api
        self.runs: dict[str, Run] = {}
        real_claude.prepare(place, claude, api.url)
        place.configure()
        (place.work / "script.sh").write_text("echo done\n")
        told = Path(our_paths(place.environ).transcripts_told)  # so that the collector reads transcripts, too
        told.parent.mkdir(parents=True)
        told.touch()

    def answers(self, name: str) -> list[Answer]:
        """Return what a run was answered, in that order."""
        run = self.runs[name]
        return self._of(run.session)[run.first : run.last]

    def live(self) -> None:
        """Let it happen."""
        self._together(
            lambda: self.bare("before", "three steps"),
            lambda: self.bare("before, another answers", f"answered by {ANSWERED}", "--model", ASKED),
            lambda: self.bare("before, another model", "say hi", "--model", ASKED),
        )
        assert self.place.cclaunch("stack", "up").returncode == 0
        self._together(
            self._a_session_that_goes_on,
            self._in_the_background,
            self._killed,
            lambda: self.launched("judged", f"run the script in {self.place.work}", "--permission-mode", "auto", tools=False),
            self._compacted,
            self._interrupted,
            lambda: self.launched("helped", "ask a helper"),
            self._bare_first,
            lambda: self.launched("without ids", "without an id, run ls"),
            lambda: self.launched("not kept", "say hi", "--no-session-persistence"),
            lambda: self.launched("searched", "search the web"),
            lambda: self.launched("fork of the past", "another way", *self._forked("before")),
        )

    def _a_session_that_goes_on(self) -> None:
        first = self.launched("blocks", "say and do")
        self.bare("resumed bare", "and again", "--resume", first.session)
        self.launched("resumed", "once more", "--resume", first.session)
        self.bare("fork", "another way", *self._forked("blocks"))

    def _compacted(self) -> None:
        first = self.launched("gateway", "behind a gateway, three steps")
        self.launched("compacted", "/compact", "--resume", first.session)

    def _bare_first(self) -> None:
        first = self.bare("bare", "ask a helper")
        self.launched("resumed by a launch", "and again", "--resume", first.session)

    def _forked(self, name: str) -> tuple[str, ...]:
        return "--resume", self.runs[name].session, "--fork-session"

    def bare(self, name: str, text: str, *words: str) -> Run:
        """Run a bare claude to its end."""
        return self._ran(name, False, ["claude", "-p", text, *words, *TOOLS], words, NO_TITLES)

    def launched(self, name: str, text: str, *words: str, tools: bool = True) -> Run:
        """Run a claude to its end, through cclaunch."""
        return self._ran(name, True, self.place.command("-p", text, *words, *(TOOLS if tools else TOOLS[:2])), words, {})

    def _ran(self, name: str, launched: bool, command: list[str], words: tuple[str, ...], environ: dict[str, str]) -> Run:
        resumed = words[words.index("--resume") + 1] if "--resume" in words and "--fork-session" not in words else ""
        first = len(self._of(resumed)) if resumed else 0
        said = outcome(self.place.run(command, environ=environ, timeout=300))
        assert said.code == 0, (name, said)
        kept = "--no-session-persistence" not in words
        self.runs[name] = Run(launched, said.session, first, len(self._of(said.session)), said.micros, kept)
        return self.runs[name]

    def _of(self, session: str) -> list[Answer]:
        return [answer for answer in self.api.good() if answer.session == session]

    def _in_the_background(self) -> None:
        """Older releases' sessions ignore where the API is, so they cannot be run here."""
        if not self.claude.restores_cost:
            return
        text = "run ls, in the background"
        try:
            assert self.place.run(self.place.command("--bg", text)).returncode == 0
            assert wait_until(lambda: self._purposes(text) >= {"turn", "label"} and self._is_told(text, 2), 300)
        finally:
            self.place.run(["claude", "daemon", "stop", "--any"])
        session = self._asked(text)[0].session
        self.runs["background"] = Run(True, session, 0, len(self._of(session)))

    def _asked(self, text: str) -> list[Answer]:
        return [answer for answer in self.api.good() if answer.prompt == text]

    def _purposes(self, text: str) -> set[str]:
        return {answer.purpose for one in self._asked(text)[:1] for answer in self._of(one.session)}

    def _is_told(self, text: str, count: int) -> bool:
        asked = {answer.request_id for answer in self._asked(text)}
        return len(asked) == count and asked <= self.told_by_events()

    def told_by_events(self) -> set[str]:
        """Return the request ids in the store."""
        return {str(event.get("request_id")) for event in events(self.place, "api_request")}

    def _killed(self) -> None:
        """Kill it while a tool runs, until once no event of the request has gone before: they go every five seconds."""
        session = self.launched("later killed", f"answered by {ANSWERED}", "--model", ASKED).session
        for turn in range(TRIES):
            first = len(self._of(session))
            self._kill_one(self.place.command("-p", f"sleep for a while, {turn}", "--resume", session, *TOOLS), session)
            self.runs[f"killed {turn}"] = Run(True, session, first, len(self._of(session)), cut="killed")
            if self.answers(f"killed {turn}")[0].request_id not in self.told_by_events():
                return

    def _kill_one(self, command: list[str], session: str) -> None:
        (transcript,) = (self.place.home / ".claude" / "projects").rglob(f"{session}.jsonl")
        known = transcript.stat().st_size
        running = self.place.popen(command)
        assert wait_until(lambda: b'"tool_use"' in transcript.read_bytes()[known:], 300)
        running.kill()
        running.communicate()

        def is_gone() -> bool:
            left = [*self.place.processes("slept-in"), *self.place.processes("sleep 60")]
            for process in left:
                kill(process)
            return not left

        assert wait_until(is_gone, 60)

    def _interrupted(self) -> None:
        """When the first block of the answer has come."""
        running = self.place.popen(self.place.command("-p", "this shall stall", *STREAM))
        assert running.stdout is not None
        session = ""
        for line in running.stdout:
            session = session or str(json.loads(line).get("session_id", ""))
            if b'"content_block_stop"' in line:
                break
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=300)
        self.api.let_go()
        self.runs["interrupted"] = Run(True, session, 0, len(self._of(session)), cut="interrupted")

    def _together(self, *works: Callable[[], object]) -> None:
        """Do *works*, three at a time."""
        with ThreadPoolExecutor(3) as three:
            for done in [three.submit(work) for work in works]:
                done.result()

    def sweep(self, files: list[Path]) -> None:
        """
        Have claude's own clean-up delete *files*, which are old.

        It comes some seconds after the start of any session, and of newer releases once a day: the mark of the last one goes.
        """
        (self.place.home / ".claude" / ".last-cleanup").unlink(missing_ok=True)
        running = self.place.popen(["claude", "-p", "hold", "--no-session-persistence"], environ=NO_TITLES)
        try:
            assert wait_until(lambda: not any(file.exists() for file in files), 300)
        finally:
            self.api.let_go()
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.communicate(timeout=300)
