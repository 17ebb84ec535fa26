"""What the subcommands share: the common options, the settings that these fill in, and how a subcommand is made.

The common options may stand before the subcommand or after it: ``hangctl --timeout 3 play`` and
``hangctl play --timeout 3`` are the same. Every subcommand imports this module, so it imports little.
"""

import errno
import os
import stat
from collections.abc import Callable
from typing import Any

import click

from hangctl.client import Command, Connection, ControlError
from hangd.paths import runtime_socket

DEFAULT_TIMEOUT = 10.0
"""Longest time to wait for an answer, in seconds, unless --timeout says otherwise."""

FILE = click.Path(readable=False)
"""A parameter that shells complete as a file name. The code that opens the file checks that it exists."""

Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def words(*choices: str) -> Completer:
    """Return a completer that offers ``choices``, for an argument that also takes other values, such as a number."""
    return lambda context, parameter, incomplete: [word for word in choices if word.startswith(incomplete)]


def absolute_path(file: str) -> str:
    """Return the absolute path of a file, for the daemon, which has another working directory.

    Raises:
        ControlError: The file cannot be opened for reading.
    """
    try:
        # O_NONBLOCK, because opening a FIFO waits for a writer otherwise. The daemon refuses files of such kinds.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        finally:
            os.close(descriptor)
        return os.path.abspath(file)
    except OSError as error:
        raise ControlError(f"cannot read '{file}': {(error.strerror or str(error)).lower()}") from None


class Settings:
    """The values of the common options. One instance is click's context object during one run."""

    def __init__(self) -> None:
        self.socket: str | None = None
        self.timeout: float | None = None
        """Seconds, as --timeout says; None if it was not given."""
        self.no_wait = False
        self.json = False

    def socket_path(self) -> str:
        return runtime_socket(self.socket)

    def answer_timeout(self) -> float | None:
        """Return how long to wait for an answer, in seconds; None (``--timeout 0``) waits without a limit."""
        if self.timeout is None:
            return DEFAULT_TIMEOUT
        return self.timeout or None

    def connect(self) -> Connection:
        return Connection(self.socket_path(), self.answer_timeout())

    def request(self, *commands: Command, action: str) -> Any:
        """Send the commands on a new connection, and return the data of the first answer.

        ``action`` completes the error "cannot ...".
        """
        with self.connect() as connection:
            return connection.request(*commands, action=action)[0]

    def perform(self, *commands: Command, action: str) -> None:
        """Send the commands and wait until they took effect: in a room when it has answered, else in the player.

        With --no-wait, return when the daemon has accepted them.
        """
        self.request(*commands, *([] if self.no_wait else [["hang-wait", "done"]]), action=action)


def _timeout(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 1e6:  # a socket accepts neither NaN nor infinity as a timeout
        raise ValueError
    return seconds


def _store(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    settings = context.find_object(Settings)
    if settings is not None and value is not None and parameter.name is not None:
        setattr(settings, parameter.name, value)


def shared_options(*, waits: bool = False, reads: bool = False) -> list[click.Parameter]:
    """Return new option objects: --socket and --timeout, with ``waits`` also --no-wait, with ``reads`` also --json."""

    options: list[click.Parameter] = []

    def add(name: str, help: str, **attributes: Any) -> None:
        options.append(click.Option([name], help=help, callback=_store, expose_value=False, **attributes))

    add(
        "--socket", "The daemon's control socket. Default: $HANG_SOCKET, or its usual place.", metavar="PATH", type=FILE
    )
    add("--timeout", "Wait at most so long for an answer (default 10; 0: no limit).", metavar="SECONDS", type=_timeout)
    # These options exist before and after the subcommand. With the default False, the second would overwrite the first:
    # `hangctl --json status` would print text.
    if waits:
        add("--no-wait", "Do not wait until it is done.", is_flag=True, default=None)
    if reads:
        add("--json", "Print one compact JSON object a line.", is_flag=True, default=None)
    return options


def subcommand(
    name: str, *, waits: bool = False, reads: bool = False, signed: bool = False, help: str | None = None
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a subcommand with the common options; ``waits`` and ``reads`` as in `shared_options`.

    Args:
        signed: An argument may begin with a minus sign, as in ``seek -10``.
        help: The help text, if it is not the function's docstring.
    """

    def make(function: Callable[..., Any]) -> click.Command:
        command = click.command(name, context_settings={"ignore_unknown_options": signed}, help=help)(function)
        command.params.extend(shared_options(waits=waits, reads=reads))
        return command

    return make


def action_command(name: str, help: str, request: Command, *, action: str) -> click.Command:
    """Return a subcommand that takes no arguments, sends ``request``, and waits until that took effect."""

    @subcommand(name, waits=True, help=help)
    @click.pass_obj
    def send(settings: Settings) -> None:
        settings.perform(request, action=action)

    return send
