"""What a person is told when the stack runs: where it is, and who else may read what it keeps."""

from cclaunch import console
from cclaunch.backends.protocol import Backend, Page, Started
from cclaunch.config.model import Config
from cclaunch.errors import CclaunchError
from cclaunch.hot.paths import Paths
from cclaunch.profiles.disk import profile_names, resolve_profile


def tell_started(used: Backend, started: Started, paths: Paths, config: Config) -> None:
    """Write where the services of the backend *used* are, and what *started* has to say."""
    for text in started.notes:
        console.note(text)
    ports = started.ports
    if ports.owner:
        console.line(f"collector: {ports.owner}, grpc 127.0.0.1:{ports.grpc}")
        return
    metrics = f"metrics http://127.0.0.1:{ports.metrics}/metrics"
    console.line(f"collector: healthy, grpc 127.0.0.1:{ports.grpc}, http 127.0.0.1:{ports.http}, {metrics}")
    if pages := used.pages(clear=console.terminal()):
        _tell_pages(pages, paths, config)


def _tell_pages(pages: list[Page], paths: Paths, config: Config) -> None:
    for page in pages:
        console.line(f"{page.name}: healthy, {page.url}" + (f", {page.detail}" if page.detail else ""))
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
