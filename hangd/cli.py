"""The command line of ``hangd``. Without a subcommand it is ``hangd run``.

Only click is imported at the top; each subcommand imports what it needs. Options are not validated here: `hangd.config`
does that, together with the environment variables and the config file.
"""

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click
from click.core import ParameterSource

from hangd.systemd import UNITS

if TYPE_CHECKING:
    from hangd.client.settings import ClientSettings
    from hangd.config import Config, Given

EXIT_USAGE: Final = 2
"""Exit code for wrong options or a wrong config file. The service manager need not try again."""

_EXITS: Final[dict[str, Any]] = {"is_eager": True, "expose_value": False}
"""Attributes of an option whose callback does all that there is to do."""


class _RunByDefault(click.Group):
    """A group that passes its arguments to ``run``, unless they begin with a subcommand or an option of the group."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {name for parameter in self.get_params(ctx) for name in (*parameter.opts, *parameter.secondary_opts)}
        if not args or (args[0] not in self.commands and args[0].partition("=")[0] not in own):
            args = ["run", *args]
        return super().parse_args(ctx, args)


_config_option = click.option(
    "--config", "config_file", metavar="FILE", help="Read this file instead of the usual one."
)


def _shared_options(command: Callable[..., None]) -> Callable[..., None]:
    levels, formats = click.Choice(["debug", "info", "warning", "error"]), click.Choice(["text", "json"])
    command = click.option("--log-format", type=formats, help="How a line of the log looks.")(command)
    command = click.option("--log-level", type=levels, help="How much to log.")(command)
    return _config_option(command)


def _print_unit(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is None or context.resilient_parsing:
        return
    from hangd.systemd import command, unit

    words = command()
    click.echo(unit(value, words), nl=False)
    if value == "system" and words[0].startswith(("/home/", "/root/")):
        click.echo(
            f"hangd: hint: {words[0]} is in a home folder, which this unit hides: install hangd elsewhere", err=True
        )
    context.exit()


def _print_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from hangd.lifetime import version

    click.echo(f"hangd {version()}")
    context.exit()


@click.group(cls=_RunByDefault, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, callback=_print_version, help="Print the version, and exit.", **_EXITS)
@click.option(
    "--print-unit",
    type=click.Choice(list(UNITS)),
    callback=_print_unit,
    help="Print a systemd unit that starts this hangd, and exit.",
    **_EXITS,
)
def main() -> None:
    """Watch films together, each from their own copy of the file.

    Without a command, hangd runs the daemon that plays the film ("hangd run --help" lists its options).
    """


@main.command()
@click.option("--socket", metavar="PATH", help="Where control clients find the daemon.")
@click.option(
    "--control-tcp", metavar="HOST:PORT", help="Let control clients come by TCP too, on this machine: see hangd(1)."
)
@click.option("--server", metavar="URL", help="The room server: ws://HOST:PORT/ws or wss://HOST/ws.")
@click.option("--name", metavar="NAME", help="What the others see, 1 to 32 characters.")
@click.option("--player", type=click.Choice(["vlc", "simulated"]), help="What plays the film.")
@click.option(
    "--vlc-option", "vlc_options", metavar="OPTION", multiple=True, help="An option for libVLC; may be repeated."
)
@click.option("--video-offset", "video_offset_ms", metavar="MS", help="Show this machine's picture so much earlier.")
@click.option("--audio-offset", "audio_offset_ms", metavar="MS", help="Play this machine's sound so much earlier.")
@click.option("--media-dir", "media_dirs", metavar="DIR", multiple=True, help="Look here for files; may be repeated.")
@click.option("--screenshot-dir", metavar="DIR", help="Where screenshots go.")
@_shared_options
@click.pass_context
def run(context: click.Context, /, **_options: object) -> None:
    """Play films: run the daemon in the foreground."""
    config = _load_for_process(context)
    from hangd.client import daemon
    from hangd.notify import listen_sockets

    def reload() -> "ClientSettings | None":
        from hangd.config import ConfigError, load

        try:
            return load(file=context.params["config_file"], flags=_given(context)).client
        except ConfigError as error:
            for problem in error.problems:
                logging.getLogger(__name__).error("the settings stay as they are: %s", problem)
            return None

    sys.exit(daemon.run(config.client, sockets=listen_sockets(), reload=reload))


@main.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    multiple=True,
    help="Where to listen; may be repeated. [default: 127.0.0.1:3005 and [::1]:3005]",
)
@click.option("--tls-cert", metavar="FILE", help="Certificate chain (PEM): speak wss only.")
@click.option("--tls-key", metavar="FILE", help="The certificate's key (PEM).")
@click.option("--echo", type=click.Choice(["full", "always", "never"]), help="Who gets its own commands back.")
@click.option("--keep-rooms/--no-keep-rooms", default=None, help="Whether rooms outlive the server.")
@click.option("--data-dir", metavar="DIR", help="Where rooms are kept.")
@click.option("--room-ttl", metavar="SECONDS", help="How long an empty room lives on.")
@click.option("--away", metavar="SECONDS", help="How long a member whose connection dropped keeps its place.")
@click.option("--room-capacity", metavar="NUMBER", help="The largest room.")
@click.option("--max-clients", metavar="NUMBER", help="Connections at the same time.")
@click.option("--max-rooms", metavar="NUMBER", help="Rooms at the same time.")
@click.option("--max-per-address", metavar="NUMBER", help="Connections from one address at the same time.")
@click.option("--publish-rooms/--no-publish-rooms", default=None, help="Whether anybody may list the rooms.")
@click.option("--motd-file", type=click.File(encoding="utf-8"), help="A text to greet each client with.")
@click.option("--messages-per-second", metavar="NUMBER", help="What one connection may send in the long run.")
@click.option("--burst", metavar="NUMBER", help="Messages that one connection may send at once.")
@click.option("--shutdown-timeout", metavar="SECONDS", help="How long to wait for connections to close.")
@_shared_options
@click.pass_context
def server(context: click.Context, /, **_options: object) -> None:
    """Run the room server in the foreground."""
    config = _load_for_process(context)
    from hangd.notify import listen_sockets
    from hangd.server import app

    sys.exit(app.run(config.server, sockets=listen_sockets()))


@main.group(name="config")
def config_group() -> None:
    """Look at the settings."""


@config_group.command()
@_config_option
def path(config_file: str | None) -> None:
    """Print where the config file is, or would be."""
    from hangd.config import config_path

    click.echo(config_path(config_file))


@config_group.command()
@_config_option
@click.pass_context
def show(context: click.Context, /, **_options: object) -> None:
    """Print the settings in force, and where each comes from."""
    click.echo(_load(context).show())


@config_group.command()
@_config_option
@click.pass_context
def check(context: click.Context, /, **_options: object) -> None:
    """Tell all that is wrong with the settings; exit 1 if anything is."""
    for warning in _load(context, exit_code=1).warnings:
        click.echo(f"hangd: warning: {warning}", err=True)


@main.command(name="protocol-schema")
def protocol_schema() -> None:
    """Print the JSON Schema of all messages between clients and servers."""
    from hangd.protocol.schema import schema_text

    click.echo(schema_text(), nl=False)


@main.command()
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def replay(context: click.Context, file: BinaryIO, as_json: bool) -> None:
    """Replay a trace, and tell whether it comes out the same.

    FILE is what "hangctl debug dump" wrote; "-" reads it from stdin. Exit status: 0 the same, 1 not the same, 2 not a
    trace.
    """
    from hangd.engine.trace.replay import replay as replay_lines
    from hangd.engine.trace.trace import NotATrace
    from hangd.log import escape
    from hangd.replay_report import report, report_json

    try:
        replayed = replay_lines(file)
    except NotATrace as error:
        click.echo(f"hangd: error: {escape(f'{file.name} is not a trace: {error}')}", err=True)
        context.exit(EXIT_USAGE)
    click.echo(report_json(replayed) if as_json else report(replayed))
    context.exit(0 if replayed.is_same else 1)


def _load(context: click.Context, exit_code: int = EXIT_USAGE) -> "Config":
    """Return the settings. If they are wrong, print all errors and exit."""
    from hangd.config import ConfigError, load

    try:
        return load(file=context.params["config_file"], flags=_given(context))
    except ConfigError as error:
        for problem in error.problems:
            click.echo(f"hangd: error: {problem}", err=True)
        context.exit(exit_code)


def _given(context: click.Context) -> "dict[str, Given]":
    """Return the values that the command line contains, by the name of the setting."""
    from hangd.config import Given

    given = {}
    for parameter in context.command.get_params(context):
        name = parameter.name or ""
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE or name == "config_file":
            continue
        value = context.params[name]
        if name == "motd_file":
            name, value = "motd", value.read()
        given[name] = Given(parameter.opts[0], value)
    return given


def _load_for_process(context: click.Context) -> "Config":
    """Return the settings for the daemon or the server, and set up logging."""
    from hangd import log

    config = _load(context)
    log.set_up(config.shared.log_level, config.shared.log_format)
    for warning in config.warnings:
        logging.getLogger(__name__).warning("%s", warning)
    return config
