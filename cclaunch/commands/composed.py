"""The environment that a launch in this directory would give claude, composed without launching anything."""

import os
from typing import NamedTuple

from cclaunch import __version__
from cclaunch.commands.context import Environ
from cclaunch.compile import compile_place, compile_plan
from cclaunch.environment import Composition, Place, Plan, Ports, compose
from cclaunch.plan import Directories, adopted_ports, collector_ports, plan_key, read_compiled

FRESH = "fresh-per-launch"
"""Stands for the instance id that only a launch can mint."""


class Composed(NamedTuple):
    """What came out: the *plan* it rests on, the collector's *ports*, whether it is *listening*, and what was *made*."""

    plan: Plan
    ports: Ports
    listening: bool
    made: Composition


def composed(environ: Environ, where: Directories, *, launch: bool) -> Composed:
    """
    Return what claude would get.

    Args:
        environ: What we were started with.
        where: Our directories.
        launch: As a launch from this directory has it: with its automatic attributes and an instance id. Without, as a
            shell can keep it: what belongs to one directory or one process must not stick to a whole session of a shell.
    """
    records = read_compiled(f"{where.cache}/plan", plan_key(__version__, where.config))
    plan = Plan(records) if records is not None else compile_plan(where, write=False)
    found = collector_ports(where.data) or adopted_ports(where.state)
    ports = found or Ports(plan.settings["grpc"], plan.settings["http"], plan.settings["metrics"])
    attributes = _place(where).attributes if launch else {}
    made = compose(plan, environ, attributes, ports, FRESH if launch else "")
    return Composed(plan, ports, found is not None, made)


def _place(where: Directories) -> Place:
    try:
        return compile_place(where, os.getcwd(), write=False)
    except OSError:  # the directory was removed under us
        return Place([])
