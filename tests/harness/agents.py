"""
What starts claude by itself: the Agent SDK in Python and in TypeScript, and the adapter through which editors speak to claude.

The problem it owns: they are programs of other people in two languages, installed outside the repository; here each of them
is a command that says hi to the claude it is told, and a test that misses one says so by name.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from guard import CACHE
from required import missing, require
from sandbox import Sandbox

EXECUTABLE = "CLAUDE_CODE_EXECUTABLE"
"""Names the claude to be started: the adapter's own variable, and what our two programs read."""

PYTHON = """\
import asyncio, os, sys
from claude_agent_sdk import ClaudeAgentOptions, ResultMessage, query

async def say_hi(**more):
    options = ClaudeAgentOptions(cli_path=os.environ.get("CLAUDE_CODE_EXECUTABLE"), **more)
    async for message in query(prompt="say hi", options=options):
        session = message.session_id if isinstance(message, ResultMessage) else None
    return session

async def main():
    session = await say_hi()
    if "again" in sys.argv:
        await asyncio.gather(say_hi(resume=session), say_hi())

asyncio.run(main())
"""

TYPESCRIPT = """\
const { query } = await import(process.argv[2]);
const options = { pathToClaudeCodeExecutable: process.env.CLAUDE_CODE_EXECUTABLE };
for await (const message of query({ prompt: "say hi", options })) {}
"""

EDITOR = """\
import json, os, subprocess, sys
adapter = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

def ask(method, **params):
    print(json.dumps({"jsonrpc": "2.0", "id": method, "method": method, "params": params}), file=adapter.stdin, flush=True)
    for line in adapter.stdout:
        message = json.loads(line)
        if message.get("id") == method:
            return message["result"]

ask("initialize", protocolVersion=1, clientCapabilities={})
session = ask("session/new", cwd=os.getcwd(), mcpServers=[])["sessionId"]
ask("session/prompt", sessionId=session, prompt=[{"type": "text", "text": "say hi"}])
adapter.stdin.close()
sys.exit(adapter.wait(60))
"""
"""What an editor does: it asks the adapter, in lines of JSON-RPC."""


class Agent(NamedTuple):
    """
    One of them.

    Attributes:
        package: What is installed, as its registry calls it.
        start: The file that is run, or imported.
        runtime: The program that runs ours.
        text: Our program.
        words: What ours is told.
    """

    package: str
    start: Path
    runtime: str
    text: str
    words: tuple[str, ...] = ()

    def command(self, sandbox: Sandbox, *words: str) -> list[str]:
        """Return the command line, with *words* at its end. Without its package or runtime the test is skipped, or fails."""
        if not self.start.exists():
            missing(f"{self.package} (tests/run fetches it)")
        program = sandbox.home / ("agent.mjs" if self.runtime == "node" else "agent.py")
        program.write_text(self.text)
        if self.start.suffix:
            require("node")
        return [self.runtime, str(program), *self.words, *words]


SDK = CACHE / f"agent-sdk-python-0.2.189-{sys.version_info[0]}.{sys.version_info[1]}/bin/python"
MODULES = CACHE / "claude-agent-sdk-0.3.332/node_modules/@anthropic-ai/claude-agent-sdk/sdk.mjs"
ADAPTER = CACHE / "claude-agent-acp-0.49.0/node_modules/@agentclientprotocol/claude-agent-acp/dist/index.js"

AGENTS = {
    "python": Agent("claude-agent-sdk (PyPI)", SDK, str(SDK), PYTHON),
    "typescript": Agent("@anthropic-ai/claude-agent-sdk (npm)", MODULES, "node", TYPESCRIPT, (str(MODULES),)),
    "editor": Agent("@agentclientprotocol/claude-agent-acp (npm)", ADAPTER, sys.executable, EDITOR, ("node", str(ADAPTER))),
}


def run(sandbox: Sandbox, command: Sequence[str], executable: Path | str = "") -> subprocess.CompletedProcess[bytes]:
    """Run *command*, an agent's, to its end; it starts *executable*, or the claude that came with its SDK."""
    return sandbox.run(command, environ={EXECUTABLE: str(executable)} if executable else None)
