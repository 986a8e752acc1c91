"""
What blocks export: the variables that a bare ``claude`` needs, as they are for every shell of this person.

They stand in a file of ours, which the block in an rc file only reads. It outlives the shell and the directory it is made
in, so neither has a say in it: the profile is the one of ``profile use``, and nothing automatic goes in but that profile's
name. No header, no proxy, no directory: what may be secret, or differs from shell to shell, is a launch's to say.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cclaunch import otel
from cclaunch.compiled.plan import compile_plan
from cclaunch.hot.compose import compose
from cclaunch.hot.paths import Paths, home
from cclaunch.hot.plan import Place
from cclaunch.hot.ports import Ports, adopted_ports, collector_ports
from cclaunch.hot.selection import select
from cclaunch.persist.shim import leads_to, shim_line
from cclaunch.persist.template import WHOLE, block_text, file_name, file_text
from cclaunch.shells.table import find_shell

ROUTING = (otel.ENABLE, otel.METRICS_EXPORTER, otel.LOGS_EXPORTER, otel.PROTOCOL, otel.ENDPOINT)
PRIVACY = tuple(otel.PRIVACY.values())
ALL = (*ROUTING, otel.RESOURCE_ATTRIBUTES, *PRIVACY)
"""Every variable that a block of this or an older release may have set."""


class Content(NamedTuple):
    """
    What blocks would export now.

    Attributes:
        values: name -> value, for all of ``ALL``; None where there is nothing to set.
        profile: The name of the active profile, or an empty string.
        notes: Sentences to say: a broken file, an attribute that was left out, a profile that is gone.
        folder: The directory of the files of ours that blocks read.
        home: The home directory: a block names such a file by it.
        shim: The directory that blocks put first on PATH, or an empty string.
    """

    values: Mapping[str, str | None]
    profile: str
    notes: list[str]
    folder: str
    home: str
    shim: str = ""

    def text(self, shell: str, kind: str = WHOLE) -> str:
        """Return the text of the block of *kind* for *shell*, without markers."""
        row = find_shell(shell)
        text = block_text(row, kind, self.file(shell), self.home)
        return text + shim_line(row, self.shim, self.home) if self.shim else text

    def file(self, shell: str) -> str:
        """Return the path of the file of ours that a block of *shell* reads."""
        return f"{self.folder}/{file_name(find_shell(shell))}"

    def file_data(self, shell: str, made: int = 0) -> bytes:
        """Return what that file is to say; *made*, and what is raised, as ``file_text`` has it."""
        return file_text(find_shell(shell), self.values, made).encode("utf-8", "surrogateescape")


def content(environ: dict[str, str], paths: Paths) -> Content:
    """Return what blocks export for the person whose home is in *environ*; no other variable of it counts."""
    plan = compile_plan(paths, home(environ), write=False)
    nowhere = Place([])
    selection = select(plan, nowhere, {}, "")
    settings = plan.settings
    ports = collector_ports(paths) or adopted_ports(paths)
    made = compose(plan, {}, nowhere, ports or Ports(settings["grpc"], settings["http"], settings["metrics"]), "", selection)
    notes = [*plan.warnings, *made.dropped]
    if selection.trouble:
        notes.append(f"{selection.trouble} (`profile use` asks for it): the block holds no profile")
    values = {name: made.environ.get(name) for name in ALL}
    if attributes := values[otel.RESOURCE_ATTRIBUTES]:  # the one character of them that means something in a shell
        values[otel.RESOURCE_ATTRIBUTES] = attributes.replace("~", "%7E")
    return Content(values, selection.name, notes, paths.shell, home(environ), paths.shim if leads_to(paths) else "")
