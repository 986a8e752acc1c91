"""``profile export`` and ``import``: a profile as one TOML file, to hand around in a team."""

import os
import sys
from typing import NamedTuple

import click

from cclaunch import console, dialog, otel
from cclaunch.commands.profile.write import SWITCHES, Keys
from cclaunch.commands.shared.confirm import agree, on_terminal
from cclaunch.commands.shared.context import paths_of
from cclaunch.errors import CclaunchError, FileTrouble, UsageError
from cclaunch.files.atomic import write_atomic
from cclaunch.hot.reading import read_small
from cclaunch.profiles.disk import (
    SIZE_LIMIT,
    profile_names,
    profile_path,
    profiles_locked,
    read_profile,
    resolve_profile,
    write_profile,
)
from cclaunch.profiles.edit import changed, edited, without_name
from cclaunch.profiles.family import family_troubles, name_trouble, refuse
from cclaunch.profiles.model import Profile, exported, is_name, parse_profile, parse_shared

STDIO = "-"
CONFIRMABLE = ("claude-config-dir", *(key.replace("_", "-") for key in otel.PRIVACY))
ACCEPT_HELP = f"Keep this setting of the file: one of {', '.join(CONFIRMABLE)}. Repeatable."


class Risk(NamedTuple):
    """What an import drops unless it is confirmed: its name for ``--accept``, its *keys*, and what it *means*."""

    name: str
    keys: tuple[str, ...]
    means: str


@click.command("export")
@click.argument("name")
@click.argument("file", required=False, metavar="[FILE]")
@click.option("--yes", is_flag=True, help="Replace FILE without asking.")
@click.pass_context
def export(ctx: click.Context, name: str, file: str | None, yes: bool) -> None:
    """
    Write a profile as TOML, to share it.

    To stdout, or into FILE. What its parent adds is part of it.

    \b
      cclaunch profile export data-eng > data-eng.toml
      cclaunch profile export data-eng | ssh build cclaunch profile import
    """
    import tomli_w

    merged = resolve_profile(paths_of(ctx), name).profile._replace(extends="")
    content = tomli_w.dumps(exported(merged)).encode()
    if file in (None, STDIO):
        console.data(content)
        return
    assert file is not None
    if os.path.lexists(file):
        if not os.path.isfile(file):
            raise UsageError(f"{file} is not a regular file", hint=f"cclaunch profile export {name} > {file}")
        agree(f"{file} exists. Replace it?", yes=yes, otherwise="nothing was written")
    write_atomic(os.path.abspath(file), content)
    console.note(f"{name} was written to {file}")


@click.command("import")
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--name", metavar="NAME", help="Give it this name instead of the one in the file.")
@click.option("--yes", is_flag=True, help="Replace a profile of that name without asking.")
@click.option("--accept", multiple=True, type=click.Choice(CONFIRMABLE), metavar="SETTING", help=ACCEPT_HELP)
@click.pass_context
def import_(ctx: click.Context, file: str | None, name: str | None, yes: bool, accept: tuple[str, ...]) -> None:
    """
    Read a profile that somebody shared.

    From FILE, or from stdin. It is somebody else's: another CLAUDE_CONFIG_DIR and every privacy switch that is on
    are left out, unless you confirm each, on the terminal or by --accept.

    \b
      cclaunch profile import data-eng.toml
      curl -s https://example.com/web.toml | cclaunch profile import --name web
      cclaunch profile import data-eng.toml --accept prompts
    """
    paths = paths_of(ctx)
    data, source = _content(ctx, file)
    inner, shared = parse_shared(data, source)
    name = name or inner or _stem(file)
    if trouble := name_trouble(paths, name):
        raise trouble
    dropped: Keys = {}
    for risk in _risks(shared.claude_config_dir, [key for key, is_on in shared.privacy.items() if is_on]):
        if not _confirmed(risk, accept, asked=file not in (None, STDIO)):
            dropped[risk.keys] = None
            console.note(f"left out: {risk.means} (to keep it: --accept {risk.name})")
    text = _text(name, data.decode(), shared, dropped, source)
    refuse(family_troubles(paths, parse_profile(name, text.encode(), source)))
    exists = name in profile_names(paths)
    if exists and _same(ctx, name, text):
        console.line(f"profile {name}: unchanged")
        return
    if exists:
        agree(f"There is a profile {name} already. Replace it?", yes=yes, otherwise="nothing was written")
    with profiles_locked(paths):
        if not exists and name in profile_names(paths):
            raise FileTrouble(f"{profile_path(paths, name)} was made by somebody else meanwhile", hint="import it again")
        write_profile(paths, name, text.encode())
    console.line(f"profile {name}: {'replaced' if exists else 'created'}")


def _text(name: str, text: str, shared: Profile, dropped: Keys, source: str) -> str:
    """Return the profile's file: what was shared with its comments, without its name and what is *dropped*."""
    import tomli_w

    try:
        return edited(name, without_name(text), dropped, source)
    except FileTrouble:  # no profile yet that an editor could open: without its comments, then
        return tomli_w.dumps(exported(changed(shared, dropped)._replace(name="")))


def _content(ctx: click.Context, file: str | None) -> tuple[bytes, str]:
    """Return (bytes, name for messages) of the file to import."""
    if file not in (None, STDIO):
        assert file is not None
        data = read_small(file, SIZE_LIMIT)
        if data is None:
            trouble = f"it must be a regular file of at most {SIZE_LIMIT // 1024} KiB that you may read"
            raise UsageError(f"cannot read {file}: {trouble}", hint=f"ls -l {file}")
        return data, file
    if sys.stdin is None or (file is None and sys.stdin.isatty()):
        raise click.UsageError("name a FILE, or hand the profile in on stdin", ctx)
    data = sys.stdin.buffer.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        raise UsageError(f"stdin holds more than {SIZE_LIMIT // 1024} KiB", hint="it is no profile")
    if not data.strip():
        raise UsageError("stdin is empty", hint="cclaunch profile import FILE")
    return data, "stdin"


def _stem(file: str | None) -> str:
    stem = os.path.basename(file or "").removesuffix(".toml")
    if not is_name(stem):
        raise UsageError("the profile has no name", hint="give it one: --name NAME")
    return stem


def _risks(claude_config_dir: str, disclosing: list[str]) -> list[Risk]:
    risks = []
    if claude_config_dir:
        means = f"CLAUDE_CONFIG_DIR={claude_config_dir}, another account and other settings of claude"
        risks.append(Risk("claude-config-dir", ("claude_config_dir",), means))
    for key in disclosing:
        means = f"{key.replace('_', '-')} on: events would hold {SWITCHES[key]}"
        risks.append(Risk(key.replace("_", "-"), ("privacy", key), means))
    return risks


def _confirmed(risk: Risk, accept: tuple[str, ...], *, asked: bool) -> bool:
    """Say whether the person wants to keep it. *asked*: stdin is not the profile, so a terminal can answer."""
    if risk.name in accept:
        return True
    return asked and on_terminal() and dialog.confirm(f"It sets {risk.means}. Keep that?", default=False)


def _same(ctx: click.Context, name: str, text: str) -> bool:
    try:
        return read_profile(paths_of(ctx), name) == text.encode()
    except CclaunchError:
        return False
