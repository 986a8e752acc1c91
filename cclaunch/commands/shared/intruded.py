"""What the verbs say when somebody else holds the port that telemetry is sent to."""

from cclaunch import console
from cclaunch.backends.intruders import intruder
from cclaunch.config.model import configuration
from cclaunch.hot.paths import Paths


def tell_intruder(paths: Paths) -> None:
    """Say so when somebody else holds the port that a shell's variables and a bare claude keep to."""
    if intruded := intruder(paths, configuration(paths)):
        console.note(intruded)
