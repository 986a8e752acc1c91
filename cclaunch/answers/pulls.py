"""
Where pull requests are to be looked at: their addresses, as claude's status line was told them.

The problem it owns: an address comes from outside and becomes a link. So it is https, of a bounded length, or nothing.
"""

from urllib.parse import urlsplit

from cclaunch import otel
from cclaunch.store.ledger.pull_requests import told
from cclaunch.store.newest import newest
from cclaunch.store.places import Places

MOST = 2000
"""Events that are looked at, the newest; each tells where one session was."""

LONGEST = 2048
FOREVER = (1 << 63) - 1


def urls(places: Places) -> dict[str, str]:
    """Return name of a pull request -> its address; of those that events name which are kept still."""
    found: dict[str, str] = {}
    for one in newest(places, otel.PULL_REQUEST, 0, FOREVER, MOST):
        pulled, url = told(one.time_ns, one.attributes), one.attributes.get("pr_url")
        if pulled is not None and isinstance(url, str) and is_safe(url):
            found.setdefault(pulled.name, url)
    return found


def is_safe(url: str) -> bool:
    """Say whether *url* may be a link: https, a host and no user, nothing that cannot be seen."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False
