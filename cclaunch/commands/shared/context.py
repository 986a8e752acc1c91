"""What every verb needs to know about where it runs: the environment it was given, our directories, the configuration."""

import contextlib
import os
from typing import TYPE_CHECKING, cast

import click

from cclaunch.files.ownership import refuse_foreign
from cclaunch.hot.paths import Environ, Paths, our_paths

if TYPE_CHECKING:
    from cclaunch.config.model import Config


def environ_of(ctx: click.Context) -> Environ:
    """Return the environment that the door handed in."""
    return cast(Environ, ctx.find_root().obj)


def directory_of() -> str:
    """Return the directory that we are in; an empty string where it is gone."""
    with contextlib.suppress(FileNotFoundError):
        return os.getcwd()
    return ""


def paths_of(ctx: click.Context) -> Paths:
    """Return our directories. Raises DirectoryRefused for one that must not be believed."""
    environ = environ_of(ctx)
    paths = our_paths(environ)
    refuse_foreign(paths, environ)
    return paths


def config_of(paths: Paths) -> "Config":
    """Return the configuration in force. Raises ConfigError naming file, line and key."""
    from cclaunch.config.model import load_config

    return load_config(paths.config_file)
