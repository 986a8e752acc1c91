"""``cclaunch check``: find what is wrong, then prove that what claude would send arrives where ``usage`` reads."""

import secrets
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from cclaunch import console, otel
from cclaunch.backends.docker import record
from cclaunch.backends.embedded import collector, starting
from cclaunch.backends.every import backend
from cclaunch.backends.failure import forget_failure
from cclaunch.backends.in_force import in_force
from cclaunch.backends.sources import places_of
from cclaunch.backends.turn import turn
from cclaunch.commands.private import private_of
from cclaunch.commands.redacted import redacted
from cclaunch.commands.shared.budgets import budgets_here
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.commands.shared.dates import moment
from cclaunch.commands.shared.here import told_here
from cclaunch.commands.shared.kept import sentences
from cclaunch.commands.shared.status_line import line_here, unknown_names
from cclaunch.config.model import Config, read_configuration
from cclaunch.errors import CannotStore, CclaunchError
from cclaunch.history.told import state, tell_once
from cclaunch.hot import probe
from cclaunch.hot.paths import Environ, Paths
from cclaunch.hot.ports import Ports, collector_ports
from cclaunch.launch.installed import installed
from cclaunch.launch.preview import composed
from cclaunch.otlp.send import NotDelivered, Road, send
from cclaunch.reports.dates import FORMS

READ_BACK_S = 5.0
POLL_S = 0.05
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Finding(NamedTuple):
    """One check: its *name*, whether it is *ok*, what was seen, and what mends it."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


@click.command("check", epilog=f"A DATE is one of {FORMS}.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, without what is private.")
@click.option("--full", is_flag=True, help="With --json: show home, user, host, headers and attributes too.")
@click.option("--capture", is_flag=True, help="Instead: how many requests telemetry and claude's transcripts both saw.")
@click.option("--since", callback=moment(), metavar="DATE", help="With --capture: only what happened from then on.")
@click.pass_context
def command(ctx: click.Context, as_json: bool, full: bool, capture: bool, since: int | None) -> None:
    """
    Find what is wrong, and prove that telemetry arrives.

    Starts the collector if it sleeps, as a launch would. The proof is an event and a metric sent by the road
    that claude would take from here, and read back from where `usage` reads; they are never counted. Ends
    with 1 when one check fails.

    The JSON object is fit for a public issue: home directory, user, host, e-mail addresses, headers, credentials
    and the values of attributes are hidden in it, unless --full shows them.

    With --capture nothing is sent: requests that telemetry told of are held against claude's transcripts, from the
    first event to the last reading of both. What only one of them saw is told with the reason, as far as that can be
    known, in all and by session.

    \b
      cclaunch check
      cclaunch check --json
      cclaunch check --capture --since "this month"
    """
    if full and not as_json:
        raise click.UsageError("--full goes with --json; without it nothing is hidden")
    if since is not None and not capture:
        raise click.UsageError("--since goes with --capture")
    if full and capture:
        raise click.UsageError("--full does not go with --capture, which hides nothing")
    environ, paths = environ_of(ctx), paths_of(ctx)
    if capture:
        from cclaunch.commands.capture import show_capture

        show_capture(paths, environ, since, as_json=as_json)
        return
    tell_once(paths)
    findings = []
    for finding in _findings(environ, paths):
        findings.append(finding)
        if not as_json:
            _tell(finding, environ)
    fine = all(finding.ok for finding in findings)
    if as_json:
        document: object = {"ok": fine, "checks": [finding._asdict() for finding in findings]}
        console.json_line(document if full else redacted(document, private_of(environ, paths)), indent=2)
    if not fine:
        ctx.exit(1)


def _tell(finding: Finding, environ: Environ) -> None:
    label, style = ("ok    ", console.GREEN) if finding.ok else ("failed", console.RED)
    hint = f" (hint: {finding.hint})" if finding.hint else ""
    console.labelled(label, style, f"{finding.name}: {finding.detail}{hint}", environ)
    console.flush()


def _findings(environ: Environ, paths: Paths) -> Iterator[Finding]:
    """Yield one finding after the other; what a later one needs of an earlier one stands between them."""
    config, finding = _configuration(paths)
    yield finding
    with console.progress("asking claude", environ):
        finding = _claude(environ)
    yield finding
    for told in told_here(environ, paths):
        yield Finding(told.about, not told.wrong, told.text, told.mends)
    yield from _status_line(config, environ)
    with console.progress("asking the collector", environ):
        ports, finding = _collector(paths, config, environ)
    yield finding
    yield Finding("transcripts", True, state(paths))
    budgets, mends = budgets_here(paths, config)
    if budgets:
        yield Finding("budgets", True, budgets, mends)
    if kept := sentences(paths, waiting=False):
        yield Finding("store", False, "; ".join(kept))
    sick = ports is not None and not finding.ok
    for name, number in _numbers(ports, config):
        yield _port(name, number, ports, paths)
    if ports is not None and not ports.owner:
        yield from _left(ports, config)
    if sick:
        yield Finding("proof", False, "not tried: the collector cannot store anything just now")
    elif ports is not None:
        with console.progress("sending an event and a metric", environ):
            finding = _proof(environ, paths, ports)
        yield finding


def _configuration(paths: Paths) -> tuple[Config, Finding]:
    config, error = read_configuration(paths)
    if error:
        return config, Finding("config", False, f"{error.message}; the defaults are used", error.hint)
    return config, Finding("config", True, f"{paths.config_file} is fine, or not there")


def _claude(environ: Environ) -> Finding:
    try:
        found = installed(environ)
    except CclaunchError as error:
        return Finding("claude", False, error.message, error.hint)
    if found.trouble:
        return Finding("claude", False, f"{found.path}: {found.trouble}", f"{found.path} --version")
    return Finding("claude", True, f"{found.path}, {found.version}")


def _status_line(config: Config, environ: Environ) -> Iterator[Finding]:
    """Say what is wrong with the line of ours, as far as there is one, and with its format."""
    here = line_here(environ)
    trouble = here.trouble(environ)
    for text, mends in trouble:
        yield Finding("status line", False, text, mends)
    if here.ours and not trouble:
        yield Finding("status line", True, here.text())
    if names := unknown_names(config):
        told = f"[statusline] format names {', '.join(names)}, and there is no such part: it stays empty"
        yield Finding("status line format", False, told, "cclaunch statusline --help")


def _collector(paths: Paths, config: Config, environ: Environ) -> tuple[Ports | None, Finding]:
    used = backend(in_force(paths, config, environ), paths, config, environ)
    slept = used.health() is not None
    until = time.monotonic() + max(config.stack.wait, 0.1)
    try:
        with turn(paths, until, environ.get("HOME", "")):
            started = used.start(until)
    except CannotStore as error:  # its ports are in use all the same
        return collector_ports(paths), Finding("collector", False, error.message)
    except CclaunchError as error:
        last = "".join(error.cause.splitlines()[-1:])
        cause = f": {last}" if last and not error.message.startswith(starting.ENDED) else ""  # those are its last words
        return None, Finding("collector", False, f"{error.message}{cause}", error.hint)
    forget_failure(paths)
    if started.ports.owner:
        return started.ports, Finding("collector", True, f"{started.ports.owner}, not ours; `cclaunch usage` cannot see it")
    return started.ports, Finding("collector", True, "healthy" + (", started just now" if slept else ""))


def _numbers(ports: Ports | None, config: Config) -> list[tuple[str, int]]:
    """Return the ports to look at: those in use, else those that the configuration names."""
    if ports is None:
        return list(config.ports.ingest.items())
    if ports.owner:
        return [("grpc", int(ports.grpc))]
    return [("grpc", int(ports.grpc)), ("http", int(ports.http)), ("metrics", int(ports.metrics))]


def _port(name: str, number: int, ports: Ports | None, paths: Paths) -> Finding:
    """Say who holds a port. Without a collector of ours, whoever holds it may be the reason."""
    from cclaunch.backends.listeners import listener, strangers, whose

    holder = listener(number)
    title = f"port {number} ({name})"
    if ports is None:
        return (
            Finding(title, False, f"held by {holder}", "stop it, or set another port") if holder else Finding(title, True, "free")
        )
    if others := strangers([number], record.engine_uids(paths)):
        return Finding(title, False, f"held by {whose(others)}", "cclaunch stack restart")
    where = collector.hidden(paths)
    if (where or holder is None) and not ports.owner and _is_proven(number, paths):
        return Finding(title, True, f"held by the collector, {f'which runs {where}' if where else 'by its proof'}")
    if holder is None:
        return Finding(title, False, "nobody listens", "cclaunch stack restart")
    running = collector.running(paths)
    ours = running is not None and holder.pid == running.pid
    if running is None and record.was_up(paths):  # the engine holds it for a container, whose health was just asked
        return Finding(title, True, f"held by {holder}, for the collector's container")
    if ports.owner or ours:
        return Finding(title, True, f"held by {holder}{', the collector' if ours else ''}")
    return Finding(title, False, f"held by {holder}, which is not the collector", "cclaunch stack restart")


def _is_proven(number: int, paths: Paths) -> bool:
    """Say whether somebody listens on the port *number*, and the collector proves that its ports are its own."""
    return probe.listens(number, 0.5) and collector.health(paths) is None


def _left(ports: Ports, config: Config) -> Iterator[Finding]:
    """Say who holds each port that the configuration names and that is not used: another one is, so nothing is wrong."""
    from cclaunch.backends.listeners import listener

    for name, number in config.ports.ingest.items():
        used = getattr(ports, name)
        if str(number) != used:
            holder = listener(number)
            detail = f"held by {holder}" if holder else "free by now"
            yield Finding(f"port {number} ({name})", True, f"{detail}; {used} is used instead")


def _proof(environ: Environ, paths: Paths, ports: Ports) -> Finding:
    """Send by claude's road and read back from where `usage` reads."""
    made = composed(environ, paths, launch=True).made.environ
    road = Road(made.get(otel.PROTOCOL, ""), made.get(otel.ENDPOINT, ""))
    name = f"proof over {road.protocol or 'no protocol'} to {road.endpoint or 'no endpoint'}"
    if not _is_local(road, ports):
        return Finding(name, True, 'not tried: telemetry.routing = "environment" sends it elsewhere')
    nonce = secrets.token_hex(16)
    began = time.monotonic()
    try:
        send(road, nonce)
        if ports.owner:
            return Finding(name, True, f"taken; what {ports.owner} stores cannot be read back")
        event, metric = _read_back(paths, nonce)
    except NotDelivered as error:
        return Finding(name, False, str(error), "cclaunch stack restart")
    except CclaunchError as error:
        return Finding(name, False, error.message, error.hint)
    if event and metric:
        return Finding(name, True, f"an event and a metric came back in {(time.monotonic() - began) * 1000:.0f} ms")
    missing = " and ".join(what for what, seen in (("event", event), ("metric", metric)) if not seen)
    return Finding(name, False, f"acknowledged, but the {missing} cannot be read back", "cclaunch stack logs")


def _is_local(road: Road, ports: Ports) -> bool:
    """Say whether *road* leads to the collector with *ports*. A road that leads nowhere is for the proof to fail on."""
    if not road.endpoint:
        return True
    try:
        parts = urlsplit(road.endpoint)
        number = str(parts.port)
    except ValueError:
        return True
    if not parts.hostname:
        return True
    return parts.hostname in LOOPBACK and number in (ports.grpc, ports.http)


def _read_back(paths: Paths, nonce: str) -> tuple[bool, bool]:
    """Return what of (event, metric) can be read; asks until both can, or for five seconds."""
    from cclaunch.store.stores import find_check

    until = time.monotonic() + READ_BACK_S
    found = (False, False)
    while not all(found) and time.monotonic() < until:
        found = find_check(places_of(paths), nonce)
        if not all(found):
            time.sleep(POLL_S)
    return found
