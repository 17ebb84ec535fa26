"""The entry point of hangctl: it parses the command line, runs the subcommand, and turns errors into exit codes.

Modules of subcommands are imported by name when they are needed, because hangctl is started anew for each key press.
Every error ends here as one line on stderr and an exit code; HANG_DEBUG=1 shows the traceback instead.
"""

import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from hangctl.client import ControlError, Exit
from hangctl.options import DEFAULT_TIMEOUT, Settings, shared_options
from hangd.interrupt import interruptible

_MODULES = (
    ("room.entering", "create join"),
    ("room.invite", "invite"),
    ("room.entering", "leave media"),
    ("open", "open"),
    ("film.playlist", "playlist"),
    ("film.playback", "play pause toggle stop next previous seek"),
    ("film.chapters", "chapter"),
    ("film.playback", "speed step undo"),
    ("history", "history"),
    ("status", "status"),
    ("watch", "watch"),
    ("room.members", "members say ready kick"),
    ("room.bans", "ban unban bans"),
    ("room.members", "role"),
    ("room.policy", "policy"),
    ("room.entering", "rooms"),
    ("account", "connect login register logout whoami pair"),
    ("film.player", "volume mute audio subs"),
    ("film.delays", "audio-delay sub-delay picture-offset sound-offset"),
    ("film.player", "fullscreen window"),
    ("film.keys", "keys"),
    ("ipc", "get set cycle observe events wait ipc"),
    ("daemon", "daemon"),
    ("debug", "debug"),
    ("desktop", "desktop"),
    ("completion", "completion"),
    ("version", "version"),
    ("help", "help"),
)
"""Modules of hangctl.commands and the subcommands in them, in the order in which help lists them."""

SUBCOMMANDS = {name: module for module, names in _MODULES for name in names.split()}

_ATTRIBUTES = {"next": "next_", "set": "set_", "help": "help_", "open": "open_"}
"""Names of functions, where the subcommand's own name is Python's."""


class LazyGroup(click.Group):
    """A click group that imports a subcommand when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBCOMMANDS:
            return None
        module = import_module(f"hangctl.commands.{SUBCOMMANDS[cmd_name]}")
        command: click.Command = getattr(module, _ATTRIBUTES.get(cmd_name, cmd_name.replace("-", "_")))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in SUBCOMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            from hangctl.files import is_file
            from hangctl.meant import MEANT
            from hangd.unknown_command import unknown_command

            problem = unknown_command(args[0], SUBCOMMANDS, MEANT)
            if is_file(args[0], DEFAULT_TIMEOUT):
                problem = (
                    f"there is no command '{args[0]}'; to watch that file alone: hangctl open FILE; with others: "
                    "hangctl create FILE"
                )
            ctx.fail(problem)
        return super().resolve_command(ctx, args)


def _print_version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from hangctl.commands.version import own_version
    from hangctl.output import emit

    emit(f"hangctl {own_version()}")
    context.exit()


_version = click.Option(
    ["-V", "--version"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version of hangctl, and exit.",
)

cli = LazyGroup(
    "hangctl",
    params=[*shared_options(waits=True, reads=True), _version],
    help="Watch films together: control the hang daemon, and show what it does.",
    epilog="Exit status: 0 done, 1 refused, 2 usage, 3 no daemon, 4 timed out, 5 not in a room, "
    "6 server unreachable or not authorized, 130 interrupted. The manual: hangctl help",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return the exit code. Writes to the process's stdout and stderr."""
    debugging = bool(os.environ.get("HANG_DEBUG"))
    try:
        with cli.make_context("hangctl", list(arguments), obj=Settings()) as context:
            cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout has closed it. Python flushes stdout when it exits, and would print an error then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except click.UsageError as error:
        return _report_usage_error(error, arguments)
    except Exception as error:
        if debugging:
            raise
        return _report_error(error)
    return Exit.DONE


def _report_usage_error(usage: click.UsageError, arguments: Sequence[str]) -> int:
    from hangctl.output import error

    if isinstance(usage, click.exceptions.NoArgsIsHelpError):
        print(usage.message, file=sys.stderr)  # no subcommand was given, so click's message is the help text
        return Exit.USAGE
    path = "hangctl" if usage.ctx is None else usage.ctx.command_path
    if isinstance(usage, click.BadParameter) and isinstance(usage.param, click.Argument) and usage.param_hint is None:
        usage.param_hint = (usage.param.name or "").upper()  # click would write all choices: {bash|zsh|fish}
    # click puts the choices below one another.
    message = re.sub(r"\. Choose from:\s*", ": choose from ", usage.format_message().rstrip("."))
    message = re.sub(r"\s*\n\s*", " ", message)
    hint = f"`{path} --help` shows what there is"
    if usage.message.startswith("Got unexpected extra argument") and "--password" in arguments:
        hint = "--password takes no value: it asks for the password; --password-file FILE reads it"
    error(message[:1].lower() + message[1:], hint)
    return Exit.USAGE


def _report_error(exception: Exception) -> int:
    from hangctl.output import error

    if isinstance(exception, ControlError):
        error(str(exception), exception.hint)
        return exception.exit_code
    error(f"{type(exception).__name__}: {exception}", "this is a mistake in hangctl; HANG_DEBUG=1 shows where")
    return Exit.REFUSED


def main() -> None:
    """Run the process."""
    if "_HANGCTL_COMPLETE" in os.environ:
        cli.main(prog_name="hangctl", obj=Settings())
    sys.exit(interruptible(lambda: run(sys.argv[1:])))


if __name__ == "__main__":
    main()
