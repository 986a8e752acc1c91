"""
Where our files live.

The problem it owns: platformdirs decides, but costs more than a launch may; this is its rule in a few lines (a test holds
one to the other).

Hot: C modules only.
"""

import sys

pass

APP = "cclaunch"


class Paths:
    """Where our files live; four absolute paths: *config*, *state*, *cache* and *data*."""

    __slots__ = ("cache", "config", "data", "state")

    def __init__(self, config: str, state: str, cache: str, data: str) -> None:
        self.config = config
        self.state = state
        self.cache = cache
        self.data = data


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


def database(paths: Paths) -> str:
    """Return the path of the embedded collector's store."""
    return f"{paths.data}/telemetry.db"
