"""
The line to claude: what a launch does from its first word to the exec.

Hot: it is loaded with what lies in it.
"""


def __getattr__(name: str) -> object:
    """Hand `main` on: a launcher of 0.1.0 or 0.1.1 takes it from here, and its environment may hold this package."""
    if name != "main":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cclaunch.main import main

    return main
