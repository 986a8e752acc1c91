"""What every verb needs to know about where it runs: the environment it was given, our directories, the configuration."""

from typing import cast

import click

from cclaunch.config.model import Config, config_path, load_config
from cclaunch.files.ownership import refuse_foreign
from cclaunch.hot.paths import Directories, Environ, directories


def environ_of(ctx: click.Context) -> Environ:
    """Return the environment that the door handed in."""
    return cast(Environ, ctx.find_root().obj)


def where_of(ctx: click.Context) -> Directories:
    """Return our directories. Raises DirectoryRefused for one that must not be believed."""
    environ = environ_of(ctx)
    where = directories(environ)
    refuse_foreign(where, environ)
    return where


def config_of(where: Directories) -> Config:
    """Return the configuration in force. Raises ConfigError naming file, line and key."""
    return load_config(config_path(where))
