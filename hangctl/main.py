"""The entry point of hangctl: it parses the command line, runs the subcommand, and turns errors into exit codes.

Modules of subcommands are imported by name when they are needed, because hangctl is started anew for each key press.
Every error ends here as one line on stderr and an exit code; HANG_DEBUG=1 shows the traceback instead.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from hangctl.client import ControlError, Exit
from hangctl.options import Settings, shared_options

_MODULES = (
    ("room", "create join leave media"),
    ("playlist", "playlist"),
    ("playback", "play pause toggle stop next previous seek"),
    ("chapters", "chapter"),
    ("playback", "speed step"),
    ("status", "status"),
    ("watch", "watch"),
    ("members", "members say ready kick ban role"),
    ("room", "policy rooms"),
    ("player", "volume mute audio subs fullscreen"),
    ("ipc", "get set cycle observe events wait ipc"),
    ("daemon", "daemon"),
    ("debug", "debug"),
    ("completion", "completion"),
    ("version", "version"),
)
"""Modules of hangctl.commands and the subcommands in them, in the order in which help lists them."""

SUBCOMMANDS = {name: module for module, names in _MODULES for name in names.split()}


class LazyGroup(click.Group):
    """A click group that imports a subcommand when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBCOMMANDS:
            return None
        module = import_module(f"hangctl.commands.{SUBCOMMANDS[cmd_name]}")
        # next and set are Python's own, so these functions are called next_ and set_.
        command: click.Command = getattr(module, f"{cmd_name}_" if cmd_name in ("next", "set") else cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in SUBCOMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(args[0], SUBCOMMANDS, n=1)
            ctx.fail(f"there is no verb '{args[0]}'" + (f"; did you mean '{near[0]}'?" if near else ""))
        return super().resolve_command(ctx, args)


cli = LazyGroup(
    "hangctl",
    params=shared_options(waits=True, reads=True),
    help="Watch films together: control the hang daemon, and show what it does.",
    epilog="Exit status: 0 done, 1 refused, 2 usage, 3 no daemon, 4 timed out, 5 not in a room, "
    "6 server unreachable or not authorized, 130 interrupted. The manual: man hangctl",
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
        return _report_usage_error(error)
    except Exception as error:
        if debugging:
            raise
        return _report_error(error)
    return Exit.DONE


def _report_usage_error(usage: click.UsageError) -> int:
    from hangctl.output import error

    if usage.ctx is not None and usage.message == usage.ctx.get_help():
        print(usage.message, file=sys.stderr)  # no subcommand was given, so click's message is the help text
        return Exit.USAGE
    path = "hangctl" if usage.ctx is None else usage.ctx.command_path
    message = usage.format_message().rstrip(".")
    error(message[:1].lower() + message[1:], f"`{path} --help` shows what there is")
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
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
