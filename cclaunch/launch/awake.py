"""
A collector that answers, woken if need be.

The problem it owns: whoever ran last is looked for before anything else is done, and heard when the answer is needed. One of
ours whose lock vouches for it is not asked at all; of anybody else `asking` knows.

Hot: C modules only.
"""

from cclaunch.hot import alive, plan
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports, adopted_ports, collector_ports, is_same
from cclaunch.hot.reading import read_flat
from cclaunch.launch.wanted import Launch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cclaunch.launch.asking import Questions


class Asked:
    """
    Who ran last, and what is known of it before anything else is done.

    Attributes:
        containers: What the Docker stack wrote down when it was started; empty when it was not.
        ports: Where the collector of ours, or an adopted one, listens; None when none does.
        vouched: Whether the collector of ours is known to be well, and stays for this launch, without being asked.
        questions: The questions that are open; None when there was none to ask.
        instance: The ``service.instance.id`` of this launch, which is left for the ledger.
    """

    __slots__ = ("containers", "instance", "ports", "questions", "vouched")

    def __init__(self, paths: Paths, wanted: bool, writable: bool, instance: str = "") -> None:
        self.instance = instance
        self.containers = read_flat(paths.stack_ports)
        self.ports = collector_ports(paths) or adopted_ports(paths)
        self.vouched = wanted and writable and not self.containers and _vouched(paths, self.ports, instance)
        self.questions = _questions(paths, self.containers, self.ports) if wanted and not self.vouched else None


def _questions(paths: Paths, containers: "dict[str, str]", ports: "Ports | None") -> "Questions":
    from cclaunch.launch.asking import Questions

    return Questions(paths, containers, ports)


def _vouched(paths: Paths, ports: "Ports | None", instance: str) -> bool:
    """Say whether our collector of this release is well by its lock. In another place than ours, that says nothing."""
    if ports is None or not is_same(ports.version) or not ports.here or ports.here != alive.here():
        return False
    return alive.vouched(paths.collector_alive, paths.launched, ports.pid, ports.here, instance)


def awake(made_plan: plan.Plan, paths: Paths, asked: Asked, wanted: Launch, writable: bool) -> "tuple[Ports | None, str]":
    """Return (ports, trouble): a collector that answers, woken if need be, or why there is none."""
    if asked.vouched or asked.questions is None:
        return asked.ports, ""
    from cclaunch.launch.asking import heard, leave_name, tell_of_transcripts

    ports, trouble = heard(asked.questions, made_plan, paths, wanted, writable)
    if asked.instance and writable and ports is not None and not ports.owner:
        leave_name(paths, asked.instance)
        tell_of_transcripts(paths, wanted)
    return ports, trouble
