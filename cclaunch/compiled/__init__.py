"""What a launch reads, worked out: the plan, the place, the claims of claude's settings files."""

from cclaunch.compiled.claims import compile_claims
from cclaunch.compiled.place import compile_place
from cclaunch.compiled.plan import compile_plan

__all__ = ["compile_claims", "compile_place", "compile_plan"]
