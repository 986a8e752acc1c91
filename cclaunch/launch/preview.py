"""The environment that a launch in this directory would give claude, composed without launching anything."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from cclaunch import compiled
from cclaunch.compiled.claims import Claim
from cclaunch.hot.claims import Claims
from cclaunch.hot.compose import Composition, compose
from cclaunch.hot.gather import gather, gather_claims
from cclaunch.hot.paths import Environ, Paths
from cclaunch.hot.plan import Place, Plan
from cclaunch.hot.ports import Ports, adopted_ports, collector_ports
from cclaunch.hot.words import Reading
from cclaunch.launch.override import answer_claims

FRESH = "fresh-per-launch"
"""Stands for the instance id that only a launch can mint."""


class Composed(NamedTuple):
    """
    What came out.

    *plan* and *place* are what it rests on, *ports* the collector's, *listening* whether it left any; *made* is the
    environment, *notes* what a launch would say of claude's settings files, *overridden* what they claim in vain.
    """

    plan: Plan
    place: Place
    ports: Ports
    listening: bool
    made: Composition
    notes: list[str]
    overridden: Sequence[Claim] = ()


def composed(environ: Environ, paths: Paths, *, launch: bool) -> Composed:
    """
    Return what claude would get.

    Args:
        environ: What we were started with.
        paths: Our directories.
        launch: As a launch from this directory has it: with its automatic attributes, an instance id, and what claude's
            settings files say. Without, as a shell can keep it: what belongs to one directory or one process must not
            stick to a whole session of a shell.
    """
    try:
        directory = os.getcwd()
    except OSError:  # it was removed under us
        directory = ""
    plan, place, selection = gather(paths, environ, directory, "", False, lambda: compiled)
    found = collector_ports(paths) or adopted_ports(paths)
    ports = found or Ports(plan.settings["grpc"], plan.settings["http"], plan.settings["metrics"])

    def compose_with(said: Claims | None) -> Composition:
        return compose(plan, environ, place if launch else Place([]), ports, FRESH if launch else "", selection, said)

    if not launch:
        return Composed(plan, place, ports, found is not None, compose_with(None), [])
    claims = gather_claims(plan, paths, directory, selection, environ, False, lambda: compiled)
    made, _, notes, overridden = answer_claims(compose_with, claims, [], Reading(), plan, paths, dry=True)
    return Composed(plan, place, ports, found is not None, made, notes, overridden)
