"""What every verb shares: the options that all of them take, and the settings that these fill in.

The options stand before the verb or after it: ``hangctl --timeout 3 play`` and ``hangctl play --timeout 3``.
"""

from collections.abc import Callable
from typing import Any

import click

from hangctl.client import Command, Connection
from hangd.paths import runtime_socket_path

__all__ = ["DEFAULT_TIMEOUT", "FILE", "Settings", "shared_options", "verb", "words"]

DEFAULT_TIMEOUT = 10.0
"""Seconds for which a reply is waited for."""

FILE = click.Path(readable=False)
"""Something that shells complete as a file; whether it is there, whoever opens it says."""


def words(*these: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return what completes an argument that is one of ``these`` or something else, such as a number."""
    return lambda context, parameter, incomplete: [word for word in these if word.startswith(incomplete)]


class Settings:
    """What the shared options say."""

    def __init__(self) -> None:
        self.socket: str | None = None
        self.timeout: float | None = None
        """Seconds; None: not said."""
        self.no_wait = False
        self.json = False

    def path(self) -> str:
        return runtime_socket_path(self.socket)

    def patience(self) -> float | None:
        """Return how long to wait for a reply; ``--timeout 0`` waits as long as it takes."""
        if self.timeout is None:
            return DEFAULT_TIMEOUT
        return self.timeout or None

    def connect(self) -> Connection:
        return Connection(self.path(), self.patience())

    def carry_out(self, *commands: Command, doing: str) -> None:
        """Ask for this and, unless --no-wait, wait in the same breath until the room (or alone the player) did it."""
        with self.connect() as connection:
            connection.ask(*commands, *([] if self.no_wait else [["hang-wait", "done"]]), doing=doing)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 1e6:  # neither NaN nor infinity is a time-out that a socket takes
        raise ValueError
    return seconds


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    settings = context.find_object(Settings)
    if settings is not None and value is not None and parameter.name is not None:
        setattr(settings, parameter.name, value)


def shared_options(*, waits: bool = False, reads: bool = False) -> list[click.Parameter]:
    """Return new option objects for a command that waits for what it asked, or that reads something."""
    options: list[click.Parameter] = [
        click.Option(
            ["--socket"],
            metavar="PATH",
            type=FILE,
            callback=_remember,
            expose_value=False,
            help="The daemon's control socket. Default: $HANG_SOCKET, or its usual place.",
        ),
        click.Option(
            ["--timeout"],
            metavar="SECONDS",
            type=_seconds,
            callback=_remember,
            expose_value=False,
            help="Wait so long for an answer (default 10; 0: as long as it takes).",
        ),
    ]
    if waits:
        options.append(
            click.Option(
                ["--no-wait"],
                is_flag=True,
                default=None,
                callback=_remember,
                expose_value=False,
                help="Only ask; do not wait until it is done.",
            )
        )
    if reads:
        options.append(
            click.Option(
                ["--json"],
                is_flag=True,
                default=None,
                callback=_remember,
                expose_value=False,
                help="Print one compact JSON object a line.",
            )
        )
    return options


def verb(
    name: str, *, waits: bool = False, reads: bool = False, signed: bool = False
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a verb of hangctl with the shared options. ``signed``: an argument may begin with a minus."""

    def make(function: Callable[..., Any]) -> click.Command:
        command = click.command(name, context_settings={"ignore_unknown_options": signed})(function)
        command.params.extend(shared_options(waits=waits, reads=reads))
        return command

    return make
