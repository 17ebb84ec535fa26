"""What commands beside a server have in common: they open its store, and say in one sentence why they cannot."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

if TYPE_CHECKING:
    from hangd.server.settings import ServerSettings
    from hangd.store.base import Store

SERVICE_CONFIG: Final = Path("/etc/hang/config.toml")
SERVICE_FOLDER: Final = Path("/var/lib/hang")
"""Where the system service has its settings, and what it keeps."""

_STORE: Final = "hang.store"
"""Under which a command's context has the store that it uses."""

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}

config_option: Final = click.option(
    "--config", "config_file", metavar="FILE", help="Read this file instead of the usual one."
)


def store_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which store it is. `opened` reads them."""
    command = config_option(command)
    command = click.option("--database", metavar="URL", help="The server's --database.")(command)
    return click.option("--data-dir", metavar="DIR", help="The server's --data-dir.")(command)


@contextmanager
def opened(
    context: click.Context, open_it: "Callable[[ServerSettings], Store] | None" = None, *, tell: bool = True
) -> "Iterator[Store]":
    """Open the store of the server that has this command's settings. If that fails, say why, and exit.

    ``tell``: write to standard error which store it is, also where the command fails. Who does not, has it in its own
    answer.

    ``open_it``: instead of `hangd.server.storage.open_existing`, which makes no file: what is asked for or written in a
    folder whose name is mistyped would be found by nobody.
    """
    from hangd.log import escape
    from hangd.server.storage import open_existing
    from hangd.store.base import StoreFailed

    settings = server_settings(context)
    try:
        store = (open_it or open_existing)(settings)
        _give_to_service(settings)
        if tell:
            context.meta[_STORE] = store.where
        try:
            yield store
            if tell:
                click.echo(f"({escape(store.where)})", err=True)
        finally:
            store.close()
    except StoreFailed as error:
        fail(context, str(error))


def server_settings(context: click.Context) -> "ServerSettings":
    """Return the settings of the server that this command is about. If they are wrong, print all errors, and exit.

    Root who names no store means the system service's, if that has run here: root's own folder is rarely what a server
    uses.
    """
    from msgspec.structs import replace

    from hangd.config import ConfigError, Given, load

    flags = {
        name: Given(f"--{name.replace('_', '-')}", context.params[name])
        for name in ("data_dir", "database", "admin_socket", "cluster", "cluster_password_file")
        if context.params.get(name) is not None
    }
    file = context.params["config_file"]
    try:
        config = load(file=file, flags=flags)
        named = {"data_dir", "database", "keep_rooms", "cluster"} & config.origins.keys()
        other = (file or os.environ.get("HANG_CONFIG") or str(SERVICE_CONFIG)) != str(SERVICE_CONFIG)
        if named or other or os.environ.get("STATE_DIRECTORY") or not _is_root():
            return config.server
        if SERVICE_CONFIG.exists():
            settings = load(file=str(SERVICE_CONFIG), flags=flags).server
        elif SERVICE_FOLDER.is_dir():
            settings = config.server
        else:
            return config.server
    except ConfigError as error:
        for problem in error.problems:
            click.echo(f"hangd: error: {problem}", err=True)
        context.exit(2)
    if settings.database is None and settings.data_dir is None and SERVICE_FOLDER.is_dir():
        settings = replace(settings, data_dir=str(SERVICE_FOLDER))
    return settings


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _give_to_service(settings: "ServerSettings") -> None:
    """Give files that root has just made in the service's folder to the folder's owner, who cannot use root's."""
    if settings.data_dir != str(SERVICE_FOLDER) or settings.database is not None or not _is_root():
        return
    owner = SERVICE_FOLDER.stat()
    for path in SERVICE_FOLDER.glob("rooms.db*"):
        if path.stat().st_uid != owner.st_uid:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def fail(context: click.Context, sentence: str) -> NoReturn:
    """Say why the command cannot be carried out, in which store it has looked, and exit."""
    from hangd.log import escape

    if where := context.meta.get(_STORE):
        sentence = f"{sentence} ({where})"
    click.echo(f"hangd: error: {escape(sentence)}", err=True)
    context.exit(1)


def say(sentence: str) -> None:
    """Print a line, with what is not printable escaped."""
    from hangd.log import escape

    click.echo(escape(sentence))


def say_rows(rows: list[dict[str, Any]], *, as_json: bool, nothing: str) -> None:
    """Print a table with a column for each key, or one object a line. ``nothing`` is what is said of no rows."""
    from hangd.log import escape

    if as_json:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    if not rows:
        click.echo(nothing, err=True)
        return
    texts = [[*rows[0]], *([escape(_text(value)) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in texts) for column in range(len(rows[0]))]
    for line in texts:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def date(wall: float) -> str:
    """Return a Unix time as people read it, in local time. "-": no year has it, since somebody wrote it by hand."""
    try:
        return datetime.fromtimestamp(wall).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return "-"


def seconds_of(
    most: float = 10 * 365 * 86400.0,
) -> Callable[[click.Context, click.Parameter, str | None], float | None]:
    """Return a callback for an option that is a time like 30m, 24h or 7d. The option's value is in seconds then."""

    def convert(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
        if value is None:
            return None
        number, unit = value[:-1], _UNITS.get(value[-1:].lower())
        if unit is None or not (number.isascii() and number.isdecimal() and len(number) <= 9 and int(number)):
            raise click.BadParameter(f"{value!r} is no time: write it like 30m, 24h or 7d", context, parameter)
        if int(number) * unit > most:
            raise click.BadParameter(f"{value} is too long: at most {most / 86400:g}d", context, parameter)
        return int(number) * unit

    return convert


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
