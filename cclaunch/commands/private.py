"""What of this machine and of the person who runs it is nobody else's business: what a report leaves out."""

import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from cclaunch import otel
from cclaunch.commands.env import masked
from cclaunch.commands.redacted import LOOPBACK, Private
from cclaunch.errors import CclaunchError
from cclaunch.hot.attributes import decode
from cclaunch.hot.paths import Environ, Paths
from cclaunch.launch.preview import composed


def private_of(environ: Environ, paths: Paths) -> Private:
    """Return the homes, names, attributes and credentials that a report from here could hold. Never raises."""
    homes, users = {environ.get("HOME", "")}, {environ.get("USER", ""), environ.get("LOGNAME", ""), environ.get("SUDO_USER", "")}
    with suppress(KeyError):  # a uid without a name, as in a container
        person = pwd.getpwuid(os.getuid())
        homes.add(person.pw_dir)
        users.add(person.pw_name)
    homes |= {os.path.realpath(home) for home in homes if home}
    host = os.uname().nodename
    hosts = {host, host.partition(".")[0], environ.get("HOSTNAME", ""), environ.get("HOST", ""), *_hosts(environ)}
    return Private(homes, users, hosts, {*_credentials(environ), *_attributes(environ, paths)})


def _hosts(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the other machines that a variable leads to by a URL: an endpoint, a proxy, an engine."""
    for text in environ.values():
        if "://" in text:
            with suppress(ValueError):  # then it leads nowhere
                host = urlsplit(text).hostname or ""
                if not LOOPBACK.fullmatch(host):
                    yield host


def _credentials(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what the variables that may hold a credential say: as a whole, header by header, decoded, and without its scheme."""
    for name, text in environ.items():
        if not text or masked(name, text) == text:
            continue
        yield text
        for pair in text.replace("\n", ",").split(","):
            value = pair[min((place for place in map(pair.find, "=:") if place >= 0), default=-1) + 1 :].strip()
            for one in (value, decode(value)):
                yield one
                yield one.rpartition(" ")[2]


def _attributes(environ: Environ, paths: Paths) -> Iterator[str]:
    """Yield the values of the attributes (a profile's name is one): of the variable, all profiles, this place, claude's files."""
    yield from _values(environ.get(otel.RESOURCE_ATTRIBUTES, ""))
    try:
        found = composed(environ, paths, launch=True)
    except (CclaunchError, OSError):  # then nothing that we say can have them from there
        return
    yield from found.made.attributes.values()
    yield from found.place.stated.values()
    for name, profile in found.plan.profiles.items():
        yield from (name, *profile.attributes.values())
    for claim in found.overridden:
        yield from _values(claim.value) if claim.name == otel.RESOURCE_ATTRIBUTES else _credentials({claim.name: claim.value})


def _values(text: str) -> Iterator[str]:
    """Yield the values of a text like ``key=value,key=value``, as they stand there and decoded."""
    for pair in text.split(","):
        value = pair.partition("=")[2].strip()
        yield from (value, decode(value))
