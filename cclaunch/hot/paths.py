"""
Where our files live.

The problem it owns: platformdirs decides, but costs more than a launch may; this is its rule in a few lines (a test holds
one to the other).

Hot: C modules only.
"""

import sys

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows has the same functions under another name
    import os as system  # type: ignore[no-redef]

APP = "cclaunch"


class File:
    """A file of ours, or a directory, by its name in one of the four: read of a `Paths`, it is a path."""

    __slots__ = ("base", "name")

    def __init__(self, base: str, name: str) -> None:
        self.base = base
        self.name = name

    def __get__(self, paths: "Paths", kind: object = None) -> str:
        """Return the path among *paths*."""
        return getattr(paths, self.base) + self.name  # type: ignore[no-any-return]


class Paths:
    """Where our files live: four directories, absolute (*config*, *state*, *cache*, *data*), and each file by its name."""

    __slots__ = ("cache", "config", "data", "state")

    def __init__(self, config: str, state: str, cache: str, data: str) -> None:
        self.config = config
        self.state = state
        self.cache = cache
        self.data = data

    config_file = File("config", "/config.toml")
    """What the person has set."""
    profiles = File("config", "/profiles")
    """The directory of the profiles, one file each."""
    shell = File("config", "/shell")
    """The directory of what blocks in rc files read, one file for each kind of shell."""

    state_file = File("state", "/state.toml")
    """What we remember: the active profile, bindings, the backend, where blocks are."""
    state_lock = File("state", "/state.lock")
    """Held while the state is changed."""
    profiles_lock = File("state", "/profiles.lock")
    """Held while profiles are changed."""
    profile_names = File("state", "/profile-names")
    """The names of all profiles, for completions."""
    adopted = File("state", "/foreign")
    """The collector of somebody else that is used, and why."""
    start_lock = File("state", "/start.lock")
    """Held by whoever starts or ends a collector."""
    hand_back_lock = File("state", "/hand-back.lock")
    """Held by whoever waits for the engine to give the ports back."""
    wake_failed = File("state", "/wake-failed")
    """Why the stack could not be woken a moment ago."""
    roused = File("state", "/roused")
    """Which services a launch had started a moment ago."""
    kept = File("state", "/keeper-woken")
    """That the keeper was started a moment ago."""
    transcripts_told = File("state", "/transcripts-told")
    """That a person was told that claude's transcripts are read."""
    collector_log = File("state", "/collector.log")
    """The embedded collector's words."""
    stack_log = File("state", "/stack.log")
    """The words of what runs behind a launch."""
    bug_log = File("state", "/bug.log")
    """The traceback of the last fault of ours."""
    shim = File("state", "/shim")
    """The directory that a block puts first on PATH; a link `claude` to our command lies in it (`claude.SHIM`)."""
    copies = File("state", "/rc")
    """The directory of the copies of the person's own files."""
    page_log = File("state", "/page.log")
    """The words of the page's process."""
    page_start_lock = File("state", "/page-start.lock")
    """Held by whoever starts or ends it."""
    password_lock = File("state", "/grafana-password.lock")
    """Held while a password is made."""

    plan = File("cache", "/plan")
    """The compiled plan."""

    database = File("data", "/telemetry.db")
    """What the embedded collector stores."""
    ledger = File("data", "/ledger.db")
    """Every request once, for ever."""
    ledger_lock = File("data", "/ledger.lock")
    """Held by whoever brings the ledger up to date."""
    ledger_copies = File("data", "/ledger-copies")
    """The directory of the ledger's weekly copies."""
    history_lock = File("data", "/history.lock")
    """Held by whoever reads claude's transcripts."""
    history_asked = File("data", "/history.asked")
    """That a person waits for that lock."""
    claude_dirs = File("data", "/claude-dirs")
    """The directory whose names say where launches had claude's own files."""
    spending = File("data", "/spending")
    """What was spent today, this week and this month, for those who cannot ask the ledger."""
    notified = File("data", "/notified")
    """Which budgets a notification has told of."""
    status_lines = File("cache", "/statusline")
    """The directory of what the status line of each session said last."""
    collector_ports = File("data", "/collector.ports")
    """Where the embedded collector listens."""
    collector_key = File("data", "/collector.key")
    """The key of its proof."""
    collector_lock = File("data", "/collector.lock")
    """Held while it lives."""
    collector_alive = File("data", "/collector.alive")
    """Where the locks are that say it is well."""
    launched = File("data", "/launched")
    """The directory of the launched processes that it stays for."""
    collector_pids = File("data", "/collector.pids")
    """The same as release 0.1 kept it."""
    collector_next = File("data", "/collector.next")
    """Who takes its place next."""
    collector_stays = File("data", "/collector.stays")
    """The unit or agent that it stays for."""
    page_lock = File("data", "/page.lock")
    """Held while the page's process lives."""
    page_port = File("data", "/page.port")
    """Where it listens."""
    page_codes = File("data", "/page.codes")
    """The directory of what lets a browser in, once."""
    page_burnt = File("data", "/page.burnt")
    """That somebody else had one of these."""
    stack_ports = File("data", "/stack/ports")
    """Where the Docker stack listens, as it was started."""
    compose_file = File("data", "/stack/compose.yaml")
    """The Docker stack as a file that `docker compose` reads."""
    grafana_password = File("data", "/stack/grafana_password")
    """The password of Grafana that was made here."""
    dashboards = File("data", "/stack/dashboards")
    """The directory of dashboards that were added."""
    powershell_completion = File("data", "/completions/cclaunch.ps1")
    """The completion that PowerShell's profile reads."""


def noted(paths: Paths, directory: str) -> str:
    """Return the path of the file among `Paths.claude_dirs` whose name says *directory*, an absolute path."""
    return f"{paths.claude_dirs}/{directory.replace('%', '%25').replace('/', '%2F')}"


def home(environ: "dict[str, str]") -> str:
    """Return the home directory: ``HOME``, else the password database's, as platformdirs does."""
    return environ.get("HOME") or _listed_home()


def _lasting_home(environ: "dict[str, str]") -> str:
    """Return the home directory that our files go to: with a relative ``HOME`` they would lie in whatever directory we are in."""
    found = home(environ)
    return found if found[0] == "/" else _listed_home()


def _listed_home() -> str:
    """Return the home directory that the password database has; ``~`` where it has none."""
    try:
        import pwd  # cold: a HOME that is not set is rare

        return pwd.getpwuid(system.getuid()).pw_dir
    except (ImportError, KeyError):
        import os.path

        return os.path.expanduser("~")


def our_paths(environ: "dict[str, str]") -> Paths:
    """
    Return our directories for *environ*.

    A cheap copy of platformdirs' rule for Linux and macOS (a test holds one to the other); Windows
    asks platformdirs itself. ``CCLAUNCH_CONFIG_DIR`` and ``CCLAUNCH_DATA_DIR`` win; see `relative`.
    """
    if sys.platform == "win32":
        import platformdirs

        found = platformdirs.PlatformDirs(APP, appauthor=False)
        paths = [found.user_config_dir, found.user_state_dir, found.user_cache_dir, found.user_data_dir]
    elif sys.platform == "darwin":
        base = _lasting_home(environ) + "/Library/"
        support = _xdg(environ, "XDG_DATA_HOME", base + "Application Support")
        paths = [
            _xdg(environ, "XDG_CONFIG_HOME", base + "Application Support"),
            _xdg(environ, "XDG_STATE_HOME", base + "Application Support"),
            _xdg(environ, "XDG_CACHE_HOME", base + "Caches"),
            support,
        ]
    else:
        base = _lasting_home(environ) + "/"
        paths = [
            _xdg(environ, "XDG_CONFIG_HOME", base + ".config"),
            _xdg(environ, "XDG_STATE_HOME", base + ".local/state"),
            _xdg(environ, "XDG_CACHE_HOME", base + ".cache"),
            _xdg(environ, "XDG_DATA_HOME", base + ".local/share"),
        ]
    config = environ.get("CCLAUNCH_CONFIG_DIR") or paths[0]
    data = environ.get("CCLAUNCH_DATA_DIR") or paths[3]
    return Paths(config, paths[1], paths[2], data)


def xdg(environ: "dict[str, str]", name: str, default: str) -> str:
    """Return the base directory that the variable *name* sets; one that is relative counts as not set, says its specification."""
    value = environ.get(name, "")
    return value if value[:1] == "/" else default


def _xdg(environ: "dict[str, str]", name: str, default: str) -> str:
    return xdg(environ, name, default) + "/" + APP


def relative(paths: Paths) -> "list[str]":
    """Return those of our directories that are not absolute: they would be others in every directory, and lie in a repository."""
    if sys.platform == "win32":
        return []
    return [path for path in (paths.config, paths.state, paths.cache, paths.data) if path[:1] != "/"]


Environ = dict[str, str]
