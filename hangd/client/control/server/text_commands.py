"""Carry out a text line that no client has sent: what a key is bound to, or what a click in the window means."""

import logging
from collections import deque
from typing import Any, Final

from hangd.client.control.commands import prepare, repeats
from hangd.client.control.language.lines import text_line
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Context, Waiting
from hangd.log import escape
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_SHOWN_SECONDS: Final = 4.0
"""How long the picture shows why something was refused: long enough to read a sentence."""


def run_text(context: Context, tasks: Tasks, text: str, repeated: bool = False) -> None:
    """Carry out the commands of a text line in their order; none if any of it is wrong.

    What fails is logged, and shown on the picture where there is a reason for people.

    Args:
        repeated: a key is held down. As in mpv, the first command decides whether the line is repeated.
    """
    try:
        requests = text_line(text.encode("utf-8", "surrogateescape")).requests
        commands = deque(
            prepare(request.name, request.arguments, expanding=request.expanding, shown=request.shown)
            for request in requests
        )
    except (CommandRefused, UnicodeError):
        _log.warning("this is no line of commands: %s", escape(text))
        return
    if repeated and not repeats(context, requests[0]):
        return

    def refused(refusal: CommandRefused) -> None:
        _log.info("a command of this line failed: %s: %s", escape(text), escape(refusal.message or refusal.error))
        if refusal.message is not None:
            context.viewer.desktop.show_message(refusal.message, _SHOWN_SECONDS)

    def run() -> None:
        """Carry out what is left, up to the first command that has to wait; that one on a task, and then the rest."""
        while commands:
            try:
                outcome: Any = commands.popleft()(context)
            except CommandRefused as refusal:
                refused(refusal)
                continue
            if isinstance(outcome, Waiting):
                tasks.start(finish(outcome), name="text-command")
                return

    async def finish(waiting: Waiting) -> None:
        try:
            await waiting.coroutine
        except CommandRefused as refusal:
            refused(refusal)
        run()

    run()
