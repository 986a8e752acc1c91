"""What a person is told when the stack runs: where it is, and who else may read what it keeps."""

from cclaunch import console
from cclaunch.backends.protocol import Started
from cclaunch.config.model import Config
from cclaunch.errors import CclaunchError
from cclaunch.hot.paths import Paths
from cclaunch.profiles.disk import profile_names, resolve_profile


def tell_started(name: str, started: Started, paths: Paths, config: Config) -> None:
    """Write where the services of the backend called *name* are, and what *started* has to say."""
    for text in started.notes:
        console.note(text)
    ports = started.ports
    if ports.owner:
        console.line(f"collector: {ports.owner}, grpc 127.0.0.1:{ports.grpc}")
        return
    metrics = f"metrics http://127.0.0.1:{ports.metrics}/metrics"
    console.line(f"collector: healthy, grpc 127.0.0.1:{ports.grpc}, http 127.0.0.1:{ports.http}, {metrics}")
    if name == "docker":
        _tell_containers(paths, config)


def tell_intruder(paths: Paths) -> None:
    """Say so when somebody else holds the port that a shell's variables and a bare claude keep to."""
    from cclaunch.backends.embedded.foreign import intruder
    from cclaunch.config.model import configuration

    if intruded := intruder(paths, configuration(paths)):
        console.note(intruded)


def _tell_containers(paths: Paths, config: Config) -> None:
    from cclaunch.backends.docker.look import details, urls

    said = details(config, paths, clear=console.terminal())
    for service in config.stack.services:
        if service != "collector":
            detail = said[service]
            console.line(f"{service}: healthy, {urls(config)[service]}" + (f", {detail}" if detail else ""))
    if disclosed := recorded(paths, config):
        console.note(f"every user of this machine can read what these ports show, and {disclosed} are recorded")


def recorded(paths: Paths, config: Config) -> str:
    """Return what of the conversations is recorded, by config.toml or by any profile; an empty string when nothing is."""
    names = {"prompts": "prompts", "responses": "answers", "tool_details": "details of tools", "raw_api_bodies": "whole requests"}
    found = {key for key in names if getattr(config.privacy, key)}
    for profile in profile_names(paths):
        try:
            privacy = resolve_profile(paths, profile).profile.privacy
        except CclaunchError:  # nothing is launched with it
            continue
        found |= {key for key in names if privacy.get(key)}
    return ", ".join(text for key, text in names.items() if key in found)
