"""hangctl: ask the daemon for something, from a shell, a script or a key binding.

Verbs are loaded by name, so that a key press pays for its own file only. Whatever goes wrong ends here, as one line on
stderr and an exit code; HANG_DEBUG=1 shows the traceback instead.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from hangctl.client import ControlError, Exit
from hangctl.options import Settings, shared_options

__all__ = ["VERBS", "cli", "main", "run"]

VERBS = {
    "create": "room:create",
    "join": "room:join",
    "leave": "room:leave",
    "media": "room:media",
    "playlist": "playlist:playlist",
    "play": "playback:play",
    "pause": "playback:pause",
    "toggle": "playback:toggle",
    "stop": "playback:stop",
    "next": "playback:next_",
    "previous": "playback:previous",
    "seek": "playback:seek",
    "chapter": "chapters:chapter",
    "speed": "playback:speed",
    "step": "playback:step",
    "status": "status:status",
    "watch": "watch:watch",
    "members": "people:members",
    "say": "people:say",
    "ready": "people:ready",
    "kick": "people:kick",
    "ban": "people:ban",
    "role": "people:role",
    "policy": "people:policy",
    "rooms": "people:rooms",
    "volume": "machine:volume",
    "mute": "machine:mute",
    "audio": "machine:audio",
    "subs": "machine:subs",
    "fullscreen": "machine:fullscreen",
    "get": "raw:get",
    "set": "raw:set_",
    "cycle": "raw:cycle",
    "observe": "raw:observe",
    "events": "raw:events",
    "wait": "raw:wait",
    "ipc": "raw:ipc",
    "daemon": "daemon:daemon",
    "debug": "debug:debug",
    "completion": "about:completion",
    "version": "about:version_",
}
"""Each verb's name, in the order in which help lists them, and where it is: "module:attribute" in hangctl.commands."""


class Verbs(click.Group):
    """A group whose commands are imported when they are named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if (place := VERBS.get(cmd_name)) is None:
            return None
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(f"hangctl.commands.{module}"), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and not args[0].startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            ctx.fail(f"there is no verb '{args[0]}'" + (f"; did you mean '{near[0]}'?" if near else ""))
        return super().resolve_command(ctx, args)


cli = Verbs(
    "hangctl",
    params=shared_options(waits=True, reads=True),
    help="Watch together: tell the hang daemon what to do, and ask it how things stand.",
    epilog="Exit status: 0 done, 1 refused, 2 usage, 3 no daemon, 4 timed out, 5 not in a room, "
    "6 server unreachable or not authorized, 130 interrupted. The manual: man hangctl",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line and return the exit code. Writes to the process's stdout and stderr."""
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
        # Whoever read our output has seen enough. Python would complain once more on its way out, into the same pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except click.UsageError as error:
        return _usage(error)
    except Exception as error:
        if debugging:
            raise
        return _failure(error)
    return Exit.DONE


def _usage(error: click.UsageError) -> int:
    from hangctl.output import complain

    if error.ctx is not None and error.message == error.ctx.get_help():
        print(error.message, file=sys.stderr)  # nothing was asked: the help is the answer
        return Exit.USAGE
    path = "hangctl" if error.ctx is None else error.ctx.command_path
    message = error.format_message().rstrip(".")
    complain(message[:1].lower() + message[1:], f"`{path} --help` shows what there is")
    return Exit.USAGE


def _failure(error: Exception) -> int:
    from hangctl.output import complain

    if isinstance(error, ControlError):
        complain(str(error), error.hint)
        return error.exit_code
    complain(f"{type(error).__name__}: {error}", "this is a mistake in hangctl; HANG_DEBUG=1 shows where")
    return Exit.REFUSED


def main() -> None:
    """Run the process."""
    if "_HANGCTL_COMPLETE" in os.environ:
        cli.main(prog_name="hangctl", obj=Settings())
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
