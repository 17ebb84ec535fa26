"""What the subcommands share: the common options, the settings that these fill in, and how a subcommand is made.

The common options may stand before the subcommand or after it: ``hangctl --timeout 3 play`` and
``hangctl play --timeout 3`` are the same. Every subcommand imports this module, so it imports little.
"""

import math
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from hangctl.client import HINTS, Command, Connection, ControlError, NoDaemon
from hangd.paths import runtime_socket, state_socket

if TYPE_CHECKING:
    from hangctl.files import LocalFile

DEFAULT_TIMEOUT = 10.0
"""Longest time to wait for an answer, in seconds, unless --timeout says otherwise."""


class _File(click.Path):
    """A parameter that shells complete as a file name. Unlike click's own it is not looked at: a disk can block."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value


FILE = _File()

Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def words(*choices: str) -> Completer:
    """Return a completer that offers ``choices``, for an argument that also takes other values, such as a number."""
    return lambda context, parameter, incomplete: [word for word in choices if word.startswith(incomplete)]


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

    def files(self, *files: str) -> "list[LocalFile]":
        """Return these files as the daemon is to be told of them. Raises as `local_files` does."""
        from hangctl.files import local_files  # Here, because key presses need no files.

        return local_files(files, self.answer_timeout())

    def path(self, file: str) -> str:
        """Return the path of one file for the daemon. Raises as `local_files` does."""
        return self.files(file)[0].path

    def connect(self) -> Connection:
        """Connect to the daemon. Raises NoDaemon."""
        try:
            return Connection(self.socket_path(), self.answer_timeout())
        except NoDaemon:
            # It may have been started at boot, before there was a runtime directory.
            if self.socket is not None or "HANG_SOCKET" in os.environ or not os.path.exists(state_socket()):
                raise
            with suppress(NoDaemon):
                return Connection(state_socket(), self.answer_timeout())
            raise

    def request(self, *commands: Command, action: str) -> Any:
        """Send the commands on a new connection, and return the data of the first answer.

        ``action`` completes the error "cannot ...".
        """
        with self.connect() as connection:
            return connection.request(*commands, action=action)[0]

    def done(self) -> list[Command]:
        """Return the command that waits until what was sent took effect; with --no-wait, none."""
        return [] if self.no_wait else [["hang-wait", "done"]]

    def perform(self, *commands: Command, action: str) -> None:
        """Send the commands and wait until they took effect: in a room when it has answered, else in the player.

        With --no-wait, return when the daemon has accepted them.
        """
        with self.connect() as connection:
            done = connection.request(*commands, *self.done(), action=action)[-1]
        if not self.no_wait:
            _tell_if_away(done)

    def perform_on_film(self, command: Command, *, keeps: str, action: str, reads: str = "") -> str:
        """The same for a command about playback, which mpv accepts while nothing is loaded: that is refused here.

        The daemon accepts it too, since it speaks mpv's language; what the command changed is put back then. In a room
        it is never refused: a member without the film may control the others.

        Args:
            keeps: the property that the command changes.
            reads: a text with properties, as for ``expand-text``. It is expanded when all is done, and returned; with
                --no-wait, "" is returned.

        Raises:
            NothingLoaded: Nothing is loaded, and the command has not loaded anything either, as ``play`` can.
        """
        if self.no_wait:
            self.request(command, action=action)
            return ""
        # All in one write, because a key press should cost one round trip.
        state = f"${{=idle-active}} ${{room/id:alone}} ${{={keeps}}} ${{=playlist-count}}"
        last = ["expand-text", f"{state} {reads}".rstrip()]
        with self.connect() as connection:
            before, _, done, after = connection.request(
                ["expand-text", state], command, ["hang-wait", "done"], last, action=action
            )
            # Idle or not, the room or "alone", the property's value, the number of entries, and what is read.
            then, now = (str(answer).split(" ", 4) for answer in (before, after))
            if then[:2] == now[:2] == ["yes", "alone"]:
                connection.request(["set_property", keeps, then[2]], action=action)
                raise NothingLoaded(action, now[3] if len(now) > 3 else "0")
        _tell_if_away(done)
        return now[4] if len(now) > 4 else ""


def _tell_if_away(done: Any) -> None:
    """Tell the user that the command was done here alone, if the answer of ``hang-wait done`` says so."""
    if done and done.get("away") and sys.stderr.isatty():
        from hangctl.output import note  # Here, because a key press needs it hardly ever.

        note("note: the server does not answer: this machine is on its own until it does")


class NothingLoaded(ControlError):
    """A command that controls playback, while nothing is loaded. ``listed``: the property ``playlist-count``."""

    def __init__(self, action: str, listed: str = "0") -> None:
        hint = "`hangctl playlist play 1` begins with the first film of the playlist"
        super().__init__(f"cannot {action}: nothing is loaded", HINTS["NoMedia"] if listed in ("0", "") else hint)


def number(text: str, low: float, high: float, *, sentence: str) -> float:
    """Return the number that a person wrote. Raises BadParameter with ``sentence`` if it is none from low to high."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise click.BadParameter(f"'{text}' is {sentence}")
    return value


def _timeout(text: str) -> float:
    # A socket accepts neither NaN nor infinity as a timeout.
    return number(text, 0, 1e6, sentence="no time to wait: write seconds, such as 30; 0 waits without a limit")


SWITCH = {"on": "yes", "yes": "yes", "off": "no", "no": "no", "toggle": "toggle"}
"""What people write for yes, no, and the other one of the two."""


def switch_command(property_name: str, help: str, *, action: str) -> click.Command:
    """Return a subcommand that switches a property of this machine: on, off, or to the other one of the two."""

    @subcommand(property_name, waits=True, help=help)
    @click.argument("setting", default="toggle", metavar="[on|off|toggle]", type=click.Choice(list(SWITCH)))
    @click.pass_obj
    def switch(settings: Settings, setting: str) -> None:
        value = SWITCH[setting]
        command = ["cycle", property_name] if value == "toggle" else ["set_property", property_name, value]
        settings.perform(command, action=action)

    return switch


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


def film_command(name: str, help: str, request: Command, *, keeps: str, action: str) -> click.Command:
    """Return a subcommand that takes no arguments and does what `Settings.perform_on_film` does."""

    @subcommand(name, waits=True, help=help)
    @click.pass_obj
    def send(settings: Settings) -> None:
        settings.perform_on_film(request, keeps=keeps, action=action)

    return send


def action_command(name: str, help: str, request: Command, *, action: str) -> click.Command:
    """Return a subcommand that takes no arguments, sends ``request``, and waits until that took effect."""

    @subcommand(name, waits=True, help=help)
    @click.pass_obj
    def send(settings: Settings) -> None:
        settings.perform(request, action=action)

    return send
