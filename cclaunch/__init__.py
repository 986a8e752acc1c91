"""
cclaunch: run Claude Code with telemetry that is kept and always says who the work was for.

Hot: a name and a number.
"""

__version__ = "0.1.1"
