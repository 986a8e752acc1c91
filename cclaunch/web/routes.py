"""The paths that the page's process and whoever starts it have to agree on; a verb that only asks loads no server."""

DOOR = "/open"
"""Where a code is brought."""

ALIVE = "/alive"
"""Where a verb asks whether the page lives, and keeps it for another while."""

VERSION = "cclaunch-page"
"""The header in which that answer says which release gives it."""
