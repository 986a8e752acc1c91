"""
Another command than claude, as `exec --` runs it: found as execvp(3) would.

The problem it owns: what is said of one that cannot be run must be what a shell would have said.
"""

from cclaunch.hot import claude


def find_command(name: str, environ: "dict[str, str]") -> "tuple[str, str]":
    """Return (path, trouble) of the command *name*, as `hot.claude.find` does for claude."""
    if "/" in name:
        return claude.find({"CCLAUNCH_CLAUDE": name}, [])
    refused = ""
    for folder in environ.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":"):
        path, trouble = claude.find({"CCLAUNCH_CLAUDE": f"{folder or '.'}/{name}"}, [])
        if not trouble:
            return path, ""
        if trouble == "not executable":
            refused = refused or path
    return refused or name, "not executable" if refused else "not found"
