"""
Forms of claude's command line, and what claude makes of each: a prompt, a subcommand, or an answer of its own.

The problem it owns: what is read from the words must be what claude reads. The fast tests hold our reading against this
table, the real ones hold the table against the releases. Pure: words only.
"""

from cclaunch.hot import words

Form = list[str]

_AROUND: tuple[tuple[Form, Form], ...] = (
    (["-p"], []),
    ([], ["-p"]),
    (["--print"], []),
    (["-p", "--"], []),
    (["-p", "--model", "haiku"], []),
    (["--model=haiku", "-p"], []),
    (["--add-dir", "/", "/tmp", "-p"], []),
    (["-n", "a name", "--verbose"], ["--print"]),
    (["-nname", "-p"], []),
    (["--debug=api", "-p"], []),
    (["-d", "api", "-p"], []),
    (["--allowedTools=Bash", "-p"], []),
    (["-p", "--tools", "Bash", "Read", "--no-session-persistence"], []),
    (["--debug", "-p"], []),
    (["-p", "--settings={}", "--setting-sources", "user"], []),
)
"""Words around a prompt: each is asked with another of the words that would be subcommands without ``-p``."""

PROMPTS: list[Form] = [
    *(
        [*before, word, *after]
        for (before, after), word in zip(_AROUND * 2, sorted(words.QUIET), strict=False)  # each word once, each form once
    ),
    ["-pn", "mcp", "say hi"],
    ["-pnmcp", "say hi"],
    ["-dapi", "-p", "doctor"],
    ["--", "-p", "doctor"],
    ["-p", "say hi", "doctor"],
    ["-p", "--", "--version"],
    ["-p", "agents"],
    ["say hi", "doctor"],
]
"""What they hold reaches the API."""

COMMANDS: list[Form] = [
    ["auth"],
    ["--model", "haiku", "auth"],
    ["-n", "say hi", "auth"],
    ["-nname", "auth"],
    ["-npname", "auth"],
    ["--debug", "api", "--verbose", "auth"],
    ["-dp", "auth"],
    ["--tools", "-x", "a", "--no-chrome", "auth"],
    ["--add-dir=/", "auth"],
    ["-c", "--debug=api", "auth"],
]
"""They run a subcommand of their last word: with ``--help`` behind it claude prints that one's help."""

LEANS: list[Form] = [
    ["--model", "-p", "auth"],
    ["-pc", "auth"],
    ["-cp", "auth"],
    ["auth", "--", "-p"],
    ["--unheard-of", "auth"],
    ["-z", "auth"],
    ["--", "auth"],
    ["stop", "--print"],
]
"""Subcommands or mistakes to some release, and prompts to another, or to one that may come: taken for a prompt."""

ANSWERED: list[Form] = [
    ["--version"],
    ["-p", "say hi", "--version"],
    ["-p", "mcp", "-v"],
    ["-pv", "say hi"],
    ["-vp", "say hi"],
    ["-ph", "say hi"],
    ["-p", "say hi", "--help"],
]
"""Claude prints its version or its help, and ends."""
