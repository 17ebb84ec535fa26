"""Asks for names and passwords at the terminal, or reads them from standard input or from a file.

A password is never an argument of hangctl, because every user of the machine can read command lines.
"""

import sys

import click

from hangctl.client import ControlError, Refused
from hangctl.options import Settings

_TRIES = 3
"""How often a person is asked for the same password."""
_LINE_MAX = 4096
"""Bytes of a line of standard input that is a password."""


def can_ask() -> bool:
    """Tell whether a person is there who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask_password(prompt: str, *, confirm: bool = False, least: int = 0) -> str:
    """Ask at the terminal, which does not show what is typed. With ``confirm`` it has to be typed twice.

    ``least``: a password of fewer characters is asked for again, before it is typed twice.
    """

    def long_enough(text: str) -> str:
        if len(text) < least:
            raise click.UsageError(f"a password has at least {least} characters")
        return text

    password: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, value_proc=long_enough, err=True)
    return password


def password_of_stdin() -> str:
    """Return the first line of standard input. Raises ControlError: there is none, or it is no password."""
    doing = "read the password from standard input"
    try:
        line = sys.stdin.buffer.readline(_LINE_MAX + 1)
    except OSError as error:
        raise ControlError(f"cannot {doing}: {error.strerror}") from None
    return _password(line, doing)


def read_password(settings: Settings, ask: bool, file: str | None, *, confirm: bool) -> str | None:
    """Return a password from the terminal or from a file; None if neither is asked for."""
    if ask:
        if not sys.stdin.isatty():
            raise click.UsageError("--password asks on a terminal, and there is none: use --password-file FILE")
        return ask_password("Password", confirm=confirm)
    if file is None:
        return None
    from hangctl.files import first_line

    doing = f"read the password in '{file}'"
    return _password(first_line(file, settings.answer_timeout(), doing), doing)


def _password(line: bytes, doing: str) -> str:
    try:
        password = line.rstrip(b"\r\n").decode()
    except UnicodeError:
        raise ControlError(f"cannot {doing}: it is no UTF-8 text") from None
    if not password:
        raise ControlError(f"cannot {doing}: its first line is empty")
    if len(line) > _LINE_MAX:
        raise ControlError(f"cannot {doing}: its first line is longer than {_LINE_MAX} bytes")
    return password


class Asked:
    """The passwords that a person has typed because a server or a room has asked for them.

    Do the request in a loop, with these passwords, and pass each refusal to `answer`.

    Args:
        server: what the server is called in the question.
        server_password: it was given already, by other means, so it is not asked for.
        for_room: whether the room's password may be asked for.
    """

    def __init__(self, server: str | None, server_password: str | None, *, for_room: bool) -> None:
        self._server = server
        self._for_server = server_password is None
        self._for_room = for_room
        self._tries = {"server": 0, "room": 0}
        self.server_password = server_password
        self.room_password: str | None = None

    def answer(self, refused: Refused) -> None:
        """Ask for the password that was missing or wrong. Raises ``refused`` where nobody can answer it."""
        if refused.needs == "password" and self._for_server:
            what, place = "server", f"the server {self._server or ''}".rstrip()
        elif refused.code == "WrongPassword" and self._for_room:
            what, place = "room", "the room"
        else:
            raise refused
        if self._tries[what] == _TRIES or not can_ask():
            raise refused
        from hangctl.output import escape, note

        if self._tries[what]:
            note(f"that is not the password of {place}")
        self._tries[what] += 1
        password = ask_password(escape(f"Password of {place}"))
        if what == "server":
            self.server_password = password
        else:
            self.room_password = password
