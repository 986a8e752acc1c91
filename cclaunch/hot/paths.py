"""
Where our files live.

The problem it owns: platformdirs decides, but costs more than a launch may; this is its rule in a few lines (a test holds
one to the other).

Hot: C modules only.
"""

import sys

APP = "cclaunch"


class Paths:
    """Where our files live: four directories, absolute (*config*, *state*, *cache*, *data*), and each file by its name."""

    __slots__ = ("cache", "config", "data", "state")

    def __init__(self, config: str, state: str, cache: str, data: str) -> None:
        self.config = config
        self.state = state
        self.cache = cache
        self.data = data

    @property
    def config_file(self) -> str:
        """What the person has set."""
        return self.config + "/config.toml"

    @property
    def profiles(self) -> str:
        """The directory of the profiles, one file each."""
        return self.config + "/profiles"

    @property
    def shell(self) -> str:
        """The directory of what blocks in rc files read, one file for each kind of shell."""
        return self.config + "/shell"

    @property
    def state_file(self) -> str:
        """What we remember: the active profile, bindings, the backend, where blocks are."""
        return self.state + "/state.toml"

    @property
    def state_lock(self) -> str:
        """Held while the state is changed."""
        return self.state + "/state.lock"

    @property
    def profiles_lock(self) -> str:
        """Held while profiles are changed."""
        return self.state + "/profiles.lock"

    @property
    def profile_names(self) -> str:
        """The names of all profiles, for completions."""
        return self.state + "/profile-names"

    @property
    def adopted(self) -> str:
        """The collector of somebody else that is used, and why."""
        return self.state + "/foreign"

    @property
    def start_lock(self) -> str:
        """Held by whoever starts or ends a collector."""
        return self.state + "/start.lock"

    @property
    def hand_back_lock(self) -> str:
        """Held by whoever waits for the engine to give the ports back."""
        return self.state + "/hand-back.lock"

    @property
    def wake_failed(self) -> str:
        """Why the stack could not be woken a moment ago."""
        return self.state + "/wake-failed"

    @property
    def roused(self) -> str:
        """Which services a launch had started a moment ago."""
        return self.state + "/roused"

    @property
    def collector_log(self) -> str:
        """The embedded collector's words."""
        return self.state + "/collector.log"

    @property
    def stack_log(self) -> str:
        """The words of what runs behind a launch."""
        return self.state + "/stack.log"

    @property
    def bug_log(self) -> str:
        """The traceback of the last fault of ours."""
        return self.state + "/bug.log"

    @property
    def copies(self) -> str:
        """The directory of the copies of the person's own files."""
        return self.state + "/rc"

    @property
    def password_lock(self) -> str:
        """Held while a password is made."""
        return self.state + "/grafana-password.lock"

    @property
    def plan(self) -> str:
        """The compiled plan."""
        return self.cache + "/plan"

    @property
    def database(self) -> str:
        """What the embedded collector stores."""
        return self.data + "/telemetry.db"

    @property
    def collector_ports(self) -> str:
        """Where the embedded collector listens."""
        return self.data + "/collector.ports"

    @property
    def collector_key(self) -> str:
        """The key of its proof."""
        return self.data + "/collector.key"

    @property
    def collector_lock(self) -> str:
        """Held while it lives."""
        return self.data + "/collector.lock"

    @property
    def collector_pids(self) -> str:
        """The launched processes that it stays for."""
        return self.data + "/collector.pids"

    @property
    def collector_next(self) -> str:
        """Who takes its place next."""
        return self.data + "/collector.next"

    @property
    def collector_stays(self) -> str:
        """The unit or agent that it stays for."""
        return self.data + "/collector.stays"

    @property
    def stack_ports(self) -> str:
        """Where the Docker stack listens, as it was started."""
        return self.data + "/stack/ports"

    @property
    def compose_file(self) -> str:
        """The Docker stack as a file that `docker compose` reads."""
        return self.data + "/stack/compose.yaml"

    @property
    def grafana_password(self) -> str:
        """The password of Grafana that was made here."""
        return self.data + "/stack/grafana_password"

    @property
    def dashboards(self) -> str:
        """The directory of dashboards that were added."""
        return self.data + "/stack/dashboards"

    @property
    def powershell_completion(self) -> str:
        """The completion that PowerShell's profile reads."""
        return self.data + "/completions/cclaunch.ps1"


def home(environ: "dict[str, str]") -> str:
    """Return the home directory: ``HOME``, else the password database's, as platformdirs does."""
    found = environ.get("HOME")
    if found:
        return found
    import os.path  # cold: a HOME that is not set is rare

    return os.path.expanduser("~")


def our_paths(environ: "dict[str, str]") -> Paths:
    """
    Return our directories for *environ*.

    A cheap copy of platformdirs' rule for Linux and macOS (a test holds one to the other); Windows
    asks platformdirs itself. ``CCLAUNCH_CONFIG_DIR`` and ``CCLAUNCH_DATA_DIR`` win.
    """
    if sys.platform == "win32":
        import platformdirs

        found = platformdirs.PlatformDirs(APP, appauthor=False)
        paths = [found.user_config_dir, found.user_state_dir, found.user_cache_dir, found.user_data_dir]
    elif sys.platform == "darwin":
        base = home(environ) + "/Library/"
        support = _xdg(environ, "XDG_DATA_HOME", base + "Application Support")
        paths = [
            _xdg(environ, "XDG_CONFIG_HOME", base + "Application Support"),
            _xdg(environ, "XDG_STATE_HOME", base + "Application Support"),
            _xdg(environ, "XDG_CACHE_HOME", base + "Caches"),
            support,
        ]
    else:
        base = home(environ) + "/"
        paths = [
            _xdg(environ, "XDG_CONFIG_HOME", base + ".config"),
            _xdg(environ, "XDG_STATE_HOME", base + ".local/state"),
            _xdg(environ, "XDG_CACHE_HOME", base + ".cache"),
            _xdg(environ, "XDG_DATA_HOME", base + ".local/share"),
        ]
    config = environ.get("CCLAUNCH_CONFIG_DIR") or paths[0]
    data = environ.get("CCLAUNCH_DATA_DIR") or paths[3]
    return Paths(config, paths[1], paths[2], data)


def _xdg(environ: "dict[str, str]", name: str, default: str) -> str:
    value = environ.get(name, "").strip()
    return (value or default) + "/" + APP


Environ = dict[str, str]
