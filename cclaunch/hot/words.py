"""
What claude's words say, as far as a launch must know: the subcommand, ``--settings``, its sources, a background session, and
whether a session goes on.

The problem it owns: the table of claude's options that take values, without which a value is taken for a subcommand.

Hot: C modules only.
"""

QUIET = frozenset(
    (
        "mcp plugin plugins auth auto-mode doctor install update upgrade setup-token project import purge logs stop kill rm "
        "import-conversations"
    ).split()
)
"""Subcommands of claude that export no telemetry (asked of the real releases) and wake no stack. With ``-p`` they are prompts."""

VALUE_OPTIONS = frozenset(
    (
        "--agent --agents --append-system-prompt --append-system-prompt-file --autocompact --debug-file --effort "
        "--environment --fallback-model --input-format --json-schema --max-budget-usd --max-thinking-tokens --max-turns "
        "--model -n --name --output-format --permission-mode --permission-prompt-tool --permission-prompts "
        "--plan-mode-instructions --plugin-dir --plugin-url --remote-control-session-name-prefix --resume-session-at "
        "--session-id --setting-sources --settings --system-prompt --system-prompt-file --system-prompt-snapshot "
        "--task-budget --thinking --advisor --agent-color --agent-id --agent-name --agent-type "
        "--append-subagent-system-prompt --append-subagent-system-prompt-file --attach-serve --client-data-url "
        "--correlation-id --deep-link-cwd-b64 --deep-link-last-fetch --deep-link-repo --initialize-fields --lead-verify-key "
        "--managed-settings --messaging-socket-path --metadata --on-branch --parent-session-id --plugin-dir-no-mcp --pool "
        "--prefill --prefill-b64 --proactivity --project-config-root --ref --rewind-files --runner-declares --sdk-url "
        "--team-name --teammate-mode --thinking-display --watch-artifact --fast-mode --inherit-permission-mode "
        "--forward-home-settings --session-began-as-copy --resume-drops-turn"
    ).split()
)
"""Options of claude that take the next word as their value."""

LIST_OPTIONS = frozenset(
    (
        "--add-dir --allowedTools --allowed-tools --betas --disallowedTools --disallowed-tools --file --mcp-config --tools "
        "--channels --dangerously-load-development-channels --workload"
    ).split()
)
"""Options that take the next word, and every further one up to the next option."""

OPTIONAL_OPTIONS = frozenset(
    (
        "-d --debug --cloud --remote --from-pr --prompt-suggestions --rc --remote-control -r --resume --teleport -w --worktree"
    ).split()
)
"""Options that take the next word unless it is an option."""

FLAGS = frozenset(
    (
        "--allow-dangerously-skip-permissions --ax-screen-reader --bare --bg --background --brief --chrome -c --continue "
        "--dangerously-skip-permissions --desktop --disable-slash-commands --exclude-dynamic-system-prompt-sections "
        "--fork-session --forward-subagent-text --ide --include-hook-events --include-partial-messages --mcp-debug "
        "--no-chrome --no-session-persistence -p --print --replay-user-messages --restricted --safe-mode "
        "--strict-mcp-config --tmux --verbose"
    ).split()
)
"""Options that take no value. What stands in none of these tables may take one: the word behind it is not sure."""

RESUMING = frozenset(("--resume", "-r", "--continue", "-c", "--from-pr", "--teleport"))
"""Options by which a session goes on that was begun before."""

ANSWERED = frozenset(("--version", "-v", "--help", "-h"))
"""Options that claude answers, wherever they stand, and ends."""


class Reading:
    """
    What claude's words say, as far as a launch must know.

    Attributes:
        first: The first word that is neither an option nor an option's value: claude's subcommand, or a prompt.
        is_prompt: Whether there may be no subcommand: with ``-p`` every word is a prompt. The releases differ in where
            it counts, and an option that we do not know may have taken the first word; then a prompt is assumed, for
            a collector that wakes for nothing does no harm.
        is_answered: Whether ``--version`` or ``--help`` is asked for, which exports nothing.
        settings: Position of the word that holds the value of the last ``--settings`` (claude heeds only that one), or -1.
        sources: The value of ``--setting-sources``, or None.
        background: Whether a background session is asked for.
        is_resumed: Whether a session is to go on that was begun before.
    """

    __slots__ = ("background", "first", "is_answered", "is_prompt", "is_resumed", "settings", "sources")

    def __init__(self) -> None:
        self.first = ""
        self.is_prompt = False
        self.is_answered = False
        self.is_resumed = False
        self.settings = -1
        self.sources: str | None = None
        self.background = False

    @property
    def command(self) -> str:
        """Return claude's subcommand, or an empty string where the first word is, or may be, a prompt."""
        return "" if self.is_prompt else self.first

    @property
    def exports(self) -> bool:
        """Say whether claude may send telemetry."""
        return not self.is_answered and self.command not in QUIET


def read_words(words: "list[str]") -> Reading:
    """Return what *words* say, by claude's own rules for them. They are only read: nothing is reordered, dropped or rewritten."""
    found = Reading()
    found.is_prompt = "-p" in words or "--print" in words  # releases up to 2.1.197 heed it also as a value and behind `--`
    begun = False
    unsure = position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word == "--":
            break  # a prompt follows
        if not is_option(word):
            if not begun:
                found.first = word
                found.is_prompt |= position == unsure
            begun = True
            continue
        if word[1] != "-":
            word = _end_of_bundle(word, found)
        if word.partition("=")[0] in RESUMING:
            found.is_resumed = True
        if word in ANSWERED:
            found.is_answered = True
        elif word in VALUE_OPTIONS or word in LIST_OPTIONS:
            if word == "--settings" and position < len(words):
                found.settings = position
            elif word == "--setting-sources" and position < len(words):
                found.sources = words[position]
            position += 1
            while word in LIST_OPTIONS and position < len(words) and not is_option(words[position]):
                position += 1
        elif word in OPTIONAL_OPTIONS:
            if position < len(words) and not is_option(words[position]):
                position += 1
        elif word in ("--bg", "--background"):
            found.background = True
        elif word == "--restricted":
            found.sources = ""
        elif word.startswith("--settings="):
            found.settings = position - 1
        elif word.startswith("--setting-sources="):
            found.sources = word.partition("=")[2]
        elif word and word not in FLAGS and "=" not in word:
            unsure = position + 1
    return found


def is_option(word: str) -> bool:
    """Say whether claude takes *word* for an option; a dash alone is a word."""
    return word[:1] == "-" and len(word) > 1


def _end_of_bundle(word: str, found: Reading) -> str:
    """
    Return the option at the end of a bundle of short ones (``-n`` of ``-pn``), and note in *found* what stands before it.

    Empty where its value stands in *word* too (``-nNAME``, ``-d2e``): then it takes no other.
    """
    while len(word) > 2 and word[:2] in FLAGS:
        found.is_prompt |= word[1] == "p"  # the releases tried do not heed it in there; the next one may
        found.is_resumed |= word[:2] in RESUMING
        word = "-" + word[2:]
    found.is_prompt |= word == "-p"
    if len(word) > 2 and (word[:2] in VALUE_OPTIONS or word[:2] in OPTIONAL_OPTIONS):
        found.is_resumed |= word[:2] in RESUMING
        return ""
    return word[:2] if word[:2] in ANSWERED else word
