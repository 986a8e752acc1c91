"""Which backend is in force: `stack use` wins over config.toml."""

from cclaunch.config.model import Config
from cclaunch.config.state import load_state
from cclaunch.errors import CclaunchError
from cclaunch.hot.paths import Paths


def chosen(paths: Paths, config: Config) -> str:
    """Return the name of the backend in force: what `stack use` chose, else what config.toml says."""
    try:
        return load_state(paths).backend or config.stack.backend
    except CclaunchError:  # a broken state file is told by the plan, and chooses nothing
        return config.stack.backend
