"""The programs: ``hangd run``, which is ``hangd`` without a subcommand, ``hangd server``, and tools beside them.

Only click is imported at the top; each subcommand imports what it needs. Options are not validated here: `hangd.config`
does that, together with the environment variables and the config file.
"""

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO

import click
from click.core import ParameterSource

from hangd.cli.admin import admin
from hangd.cli.bans import ban, bans, unban
from hangd.cli.cluster import cluster
from hangd.cli.database import database
from hangd.cli.history import history
from hangd.cli.stores import config_option
from hangd.cli.users import user
from hangd.interrupt import interruptible
from hangd.systemd import UNITS

if TYPE_CHECKING:
    from hangd.client.settings import ClientSettings
    from hangd.config import Config, Given

EXIT_USAGE: Final = 2
"""Exit code for wrong options or a wrong config file. The service manager need not try again."""

_EXITS: Final[dict[str, Any]] = {"is_eager": True, "expose_value": False}
"""Attributes of an option whose callback does all that there is to do."""


_MEANT: Final = {
    **dict.fromkeys(("start", "daemon", "client", "play"), "run"),
    **dict.fromkeys(("serve", "host", "listen"), "server"),
    **dict.fromkeys(("schema",), "protocol-schema"),
    **dict.fromkeys(("settings", "options"), "config show"),
    **dict.fromkeys(("man", "manual"), "help"),
    "version": "--version",
}
"""What people type, and what they mean by it: commands of hangd."""


_OPTIONS_MEANT: Final = {
    **dict.fromkeys(("--port", "--host", "--bind", "--address", "-p"), "--listen"),
    **dict.fromkeys(("--cert", "--certificate"), "--tls-cert"),
    "--key": "--tls-key",
}
"""Options that people type after ``hangd server``, and those that they mean."""


class _Server(click.Group):
    """The command ``server``: it runs the server where no subcommand is given.

    It knows what people mean by some options that it has not got.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from difflib import get_close_matches

            known = [name for parameter in self.get_params(ctx) for name in parameter.opts]
            near = get_close_matches(error.option_name, known, n=1, cutoff=0.8)
            meant = _OPTIONS_MEANT.get(error.option_name) or (near[0] if near else None)
            if meant is None:
                raise
            message = f"There is no option '{error.option_name}'; did you mean '{meant}'?"
            raise click.NoSuchOption(error.option_name, message, ctx=ctx) from None


class _RunByDefault(click.Group):
    """A group that passes its arguments to ``run``, unless they begin with a subcommand or an option of the group."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            from hangd.log import escape
            from hangd.unknown_command import unknown_command

            ctx.fail(escape(unknown_command(args[0], self.commands, _MEANT)))
        own = {name for parameter in self.get_params(ctx) for name in (*parameter.opts, *parameter.secondary_opts)}
        if not args or (args[0] not in self.commands and args[0].partition("=")[0] not in own):
            args = ["run", *args]
        return super().parse_args(ctx, args)


def _shared_options(command: Callable[..., None]) -> Callable[..., None]:
    levels, formats = click.Choice(["debug", "info", "warning", "error"]), click.Choice(["text", "json"])
    command = click.option("--log-format", type=formats, help="How a line of the log looks.")(command)
    command = click.option("--log-level", type=levels, help="How much to log.")(command)
    return config_option(command)


def _print_unit(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is None or context.resilient_parsing:
        return
    from hangd.systemd import command, installation, unit, unreachable

    words = command()
    if value == "system" and (problem := unreachable(installation(words))):
        click.echo(f"hangd: error: {problem}", err=True)
        context.exit(1)
    click.echo(unit(value, words), nl=False)
    context.exit()


def _print_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from hangd.lifetime import version

    click.echo(f"hangd {version()}")
    context.exit()


@click.group(cls=_RunByDefault, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-V", "--version", is_flag=True, callback=_print_version, help="Print the version, and exit.", **_EXITS)
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


for _command in (admin, user, ban, unban, bans, history, database, cluster):
    main.add_command(_command)


@main.command()
@click.option("--socket", metavar="PATH", help="Where control clients find the daemon.")
@click.option(
    "--control-tcp", metavar="HOST:PORT", help="Let control clients come by TCP too, on this machine: see hangd(1)."
)
@click.option("--server", metavar="URL", help="The room server: HOST, HOST:PORT, ws://HOST:PORT/ws or wss://HOST/ws.")
@click.option("--tls-ca", metavar="FILE", help="Also trust the authorities whose certificates are in FILE (PEM).")
@click.option("--proxy", metavar="URL", help="Reach the server through this proxy; none: through no proxy.")
@click.option("--name", metavar="NAME", help="What the others see, 1 to 32 characters.")
@click.option("--player", type=click.Choice(["vlc", "simulated"]), help="What plays the film.")
@click.option(
    "--vlc-option", "vlc_options", metavar="OPTION", multiple=True, help="An option for libVLC; may be repeated."
)
@click.option("--video-offset", "video_offset_ms", metavar="MS", help="Show this machine's picture so much earlier.")
@click.option("--audio-offset", "audio_offset_ms", metavar="MS", help="Play this machine's sound so much earlier.")
@click.option("--alang", metavar="LANGUAGES", help="Preferred languages of the sound, best first: ja,de.")
@click.option("--slang", metavar="LANGUAGES", help="Preferred languages of subtitles, best first.")
@click.option("--audio-device", metavar="NAME", help="The device that plays the sound; auto: the system's default.")
@click.option("--media-dir", "media_dirs", metavar="DIR", multiple=True, help="Look here for files; may be repeated.")
@click.option("--screenshot-dir", metavar="DIR", help="Where screenshots go.")
@click.option(
    "--sub-codepage", metavar="ENCODING", help="The encoding of subtitle files that are not UTF-8; auto: guess it."
)
@click.option(
    "--osd",
    metavar="KIND",
    multiple=True,
    help="What is written on the picture of what others do: playback, ready, films, rules, chat, members, corrections, "
    "or none; may be repeated.",
)
@click.option("--osd-size", metavar="PERCENT", help="How large that is written.")
@click.option("--osd-seconds", metavar="SECONDS", help="How long a short message stays.")
@click.option(
    "--window-close",
    type=click.Choice(["auto", "pause", "hide"]),
    help="What closing the window does: pause the film, or only hide it; auto: hide in rooms, else pause.",
)
@click.option(
    "--mpris",
    type=click.Choice(["auto", "yes", "no"]),
    help="Media keys and players' controls, over D-Bus; auto: where dbus-fast is installed.",
)
@click.option("--mpris-stop", type=click.Choice(["pause", "stop", "ignore"]), help="What MPRIS's Stop does.")
@click.option("--input-conf", metavar="FILE", help="The file of key bindings: see hang-input(5).")
@click.option(
    "--input-default-bindings/--no-input-default-bindings", default=None, help="Whether keys are bound by default."
)
@click.option(
    "--notifications",
    metavar="KIND",
    multiple=True,
    help="The desktop shows a note of this: members, chat, playback, or none; may be repeated.",
)
@click.option("--inhibit/--no-inhibit", default=None, help="Whether a film holds off screen saver and suspend.")
@click.option("--rejoin", metavar="SECONDS", help="Go back into the room after a restart within this time; 0: never.")
@click.option("--history/--no-history", default=None, help="Whether this machine keeps what was watched on it.")
@_shared_options
@click.pass_context
def run(context: click.Context, /, **_options: object) -> None:
    """Play films: run the daemon in the foreground."""
    config = _load_for_process(context, loads_libraries=True)
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

    sys.exit(interruptible(lambda: daemon.run(config.client, sockets=listen_sockets(), reload=reload)))


@main.group(cls=_Server, invoke_without_command=True)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    multiple=True,
    help="Where to listen; may be repeated. [default: port 3005 of every address]",
)
@click.option("--tls-cert", metavar="FILE", help="Certificate chain (PEM): speak wss only.")
@click.option("--tls-key", metavar="FILE", help="The certificate's key (PEM).")
@click.option("--echo", type=click.Choice(["full", "always", "never"]), help="Who gets its own commands back.")
@click.option("--keep-rooms/--no-keep-rooms", default=None, help="Whether rooms outlive the server.")
@click.option("--data-dir", metavar="DIR", help="Where rooms are kept.")
@click.option("--database", metavar="URL", help="Keep all that in sqlite:///PATH or postgresql://USER@HOST/NAME.")
@click.option(
    "--cluster",
    metavar="URL",
    help="Be one of several servers that share redis://HOST:PORT/0: rediss, unix and redis+sentinel, too.",
)
@click.option("--cluster-password-file", metavar="FILE", help="The password of that Redis is in this file.")
@click.option("--node", metavar="NAME", help="This server's name in the cluster. [default: the host's name]")
@click.option(
    "--register",
    type=click.Choice(["open", "invited", "closed"]),
    help="Who may make an account: anybody, the invited, or only the admin.",
)
@click.option("--require-token/--no-require-token", default=None, help="Whether nobody gets in without an account.")
@click.option(
    "--password-file",
    "server_password_file",
    metavar="FILE",
    help="Nobody gets in without the password in this file.",
)
@click.option("--history-days", metavar="DAYS", help="How long to keep what rooms watched; 0: not at all.")
@click.option("--max-history", metavar="NUMBER", help="How many records of what rooms watched are kept.")
@click.option("--room-ttl", metavar="SECONDS", help="How long an empty room lives on.")
@click.option("--away", metavar="SECONDS", help="How long a member whose connection dropped keeps its place.")
@click.option("--room-capacity", metavar="NUMBER", help="The largest room.")
@click.option("--max-clients", metavar="NUMBER", help="Connections at the same time.")
@click.option("--max-rooms", metavar="NUMBER", help="Rooms at the same time.")
@click.option("--max-waiting-memory", metavar="MIB", help="Memory for messages that wait for slow clients.")
@click.option("--max-queue-memory", metavar="MIB", help="Memory for the queues of all rooms.")
@click.option("--max-rooms-per-address", metavar="NUMBER", help="Rooms made from one address at the same time.")
@click.option("--max-per-address", metavar="NUMBER", help="Connections from one address at the same time.")
@click.option("--connections-per-second", metavar="NUMBER", help="New connections from one address.")
@click.option("--requests-per-second", metavar="NUMBER", help="Requests for the page from one address.")
@click.option("--idle-timeout", metavar="SECONDS", help="How long a client in no room may ask for nothing.")
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    metavar="NET",
    multiple=True,
    help="Believe this proxy (address, network or unix) for whom it connects; may be repeated.",
)
@click.option("--web/--no-web", default=None, help="Whether the page for browsers is served. [default: web]")
@click.option(
    "--web-origin",
    "web_origins",
    metavar="ORIGIN",
    multiple=True,
    help="Let pages of this site (https://HOST[:PORT]) in, too; may be repeated.",
)
@click.option("--push-contact", metavar="EMAIL", help="Send invitations by push; push services reach you here.")
@click.option(
    "--push-service",
    "push_services",
    metavar="HOST",
    multiple=True,
    help="Send invitations to browsers of this push service, too; may be repeated.",
)
@click.option("--metrics", metavar="HOST:PORT", help="Where Prometheus gets metrics; PORT alone: on this machine only.")
@click.option("--admin-socket", metavar="PATH", help="Where `hangd admin` reaches the server.")
@click.option("--publish-rooms/--no-publish-rooms", default=None, help="Whether anybody may list the rooms.")
@click.option("--public-url", metavar="URL", help="The server's URL for others, which invites then name.")
@click.option("--motd-file", type=click.File(encoding="utf-8"), help="A text to greet each client with.")
@click.option("--messages-per-second", metavar="NUMBER", help="What one connection may send in the long run.")
@click.option("--burst", metavar="NUMBER", help="Messages that one connection may send at once.")
@click.option("--chat-per-minute", metavar="NUMBER", help="Lines of chat that one connection may send.")
@click.option("--rooms-per-minute", metavar="NUMBER", help="Rooms that one connection may make.")
@click.option("--joins-per-minute", metavar="NUMBER", help="How often one connection may try to join a room.")
@click.option("--lists-per-minute", metavar="NUMBER", help="How often one connection may ask for lists and states.")
@click.option("--accounts-per-minute", metavar="NUMBER", help="Requests about accounts of one connection.")
@click.option("--deliveries-per-member", metavar="NUMBER", help="Messages a second that go out for each member.")
@click.option("--shutdown-timeout", metavar="SECONDS", help="How long to wait for connections to close.")
@_shared_options
@click.pass_context
def server(context: click.Context, /, **_options: object) -> None:
    """Run the room server in the foreground."""
    if context.invoked_subcommand is not None:
        return
    config = _load_for_process(context)
    from hangd.notify import listen_sockets
    from hangd.server import app

    sys.exit(interruptible(lambda: app.run(config.server, sockets=listen_sockets())))


@server.group()
def push() -> None:
    """Set up invitations by push (the extra "push")."""


@push.command(name="init")
@click.option("--data-dir", metavar="DIR", help="Where the server keeps its rooms.")
@config_option
@click.pass_context
def push_init(context: click.Context, /, **_options: object) -> None:
    """Make the key that signs invitations, in the server's folder."""
    config = _load(context)
    from hangd.server.storage import data_folder

    try:
        from hangd.server.push.keys import KeyUnusable, create_key

        key = create_key(data_folder(config.server))
    except ImportError:
        click.echo("hangd: error: that needs pywebpush: install hang-sync[push]", err=True)
        context.exit(1)
    except KeyUnusable as error:
        click.echo(f"hangd: error: {error}", err=True)
        context.exit(1)
    click.echo(f"made {key.path}; restart the server with --push-contact, and it sends invitations")


@main.group(name="config")
def config_group() -> None:
    """Look at the settings."""


@config_group.command()
@config_option
def path(config_file: str | None) -> None:
    """Print where the config file is, or would be."""
    from hangd.config import config_path

    click.echo(config_path(config_file))


@config_group.command()
@config_option
@click.pass_context
def show(context: click.Context, /, **_options: object) -> None:
    """Print the settings in force, and where each comes from."""
    click.echo(_load(context).show())


@config_group.command()
@config_option
@click.pass_context
def check(context: click.Context, /, **_options: object) -> None:
    """Tell all that is wrong with the settings, and with the files of the server; exit 1 if anything is."""
    config = _load(context, exit_code=1)
    for warning in config.warnings:
        click.echo(f"hangd: warning: {warning}", err=True)
    from hangd.log import escape
    from hangd.server.checking import problems

    found = problems(config.server)
    for problem in found:
        click.echo(f"hangd: error: {escape(problem)}", err=True)
    context.exit(1 if found else 0)


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


@main.command(name="help")
@click.argument("topic", nargs=-1)
def help_command(topic: tuple[str, ...]) -> None:
    """Show the manual, or the part on one command.

    TOPIC is a command of hangd, or one of the manual's pages: hangctl, hangd, hangd-server, hang.toml,
    hang-input, hang-ipc, hang-protocol.
    """
    from hangd.manual.show import NoSuchTopic, show

    try:
        show(" ".join(topic), "hangd")
    except NoSuchTopic as error:
        raise click.UsageError(str(error)) from None


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
            name, value = "motd", _text(parameter.opts[0], value)
        given[name] = Given(parameter.opts[0], value)
    return given


def _text(option: str, file: TextIO) -> str:
    from hangd.config import ConfigError
    from hangd.log import escape

    try:
        return file.read()
    except UnicodeDecodeError:
        raise ConfigError([f"{option} {escape(file.name)} must be text in UTF-8"]) from None


def _load_for_process(context: click.Context, *, loads_libraries: bool = False) -> "Config":
    """Return the settings for the daemon or the server, and set up logging.

    ``loads_libraries``: the process loads libraries that write to standard error by themselves.
    """
    from hangd import log

    config = _load(context)
    log.set_up(config.shared.log_level, config.shared.log_format, log.take_over_stderr() if loads_libraries else None)
    for warning in config.warnings:
        logging.getLogger(__name__).warning("%s", warning)
    return config
