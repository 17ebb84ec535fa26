"""A live view for a terminal: the film, the room, how far everybody is off, and what is said."""

import os
import signal
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import click

from hangctl.client import Connection
from hangctl.commands.people import HEADINGS, row
from hangctl.commands.status import NEWS, STANDING, matters, playback, server
from hangctl.following import follow, next_event
from hangctl.options import Settings, verb
from hangctl.output import escape, interactive, table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.live import Live
    from rich.text import Text

__all__ = ["View", "watch"]

_PERIOD = 0.5
"""Seconds between two looks at what moves all the time: half of the last digit that is shown."""
_MOST_LINES = 200
"""Of chat: no terminal is higher."""


@verb("watch")
@click.pass_obj
def watch(settings: Settings) -> None:
    """Show the film, the room and the chat, until interrupted.

    Goes on when the daemon restarts. To say something, use `hangctl say` elsewhere.
    """
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    if not interactive() or console.is_dumb_terminal:
        raise click.UsageError("watch draws on a terminal; `hangctl status -F` prints lines")
    view = View()
    with settings.connect():
        pass  # where there is no daemon, that is said on the terminal's own screen, which the view leaves again
    with Live(view, console=console, screen=True, auto_refresh=False) as live:
        _share_screen(live)

        def session(connection: Connection) -> None:
            connection.observe(*NEWS, on_event=view.hear)
            while True:
                view.values = connection.read(*STANDING, on_event=view.hear)
                live.refresh()
                view.wait(connection)

        def away(why: str) -> None:
            view.values = {}
            view.absence = why
            live.refresh()

        follow(settings, session, away=away)


def _share_screen(live: "Live") -> None:
    """Give the terminal's screen back where somebody else than the keyboard ends this, and while it is suspended."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def suspend(*_: object) -> None:
        live.stop()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, suspend)
        live.start(refresh=True)

    signal.signal(signal.SIGTSTP, suspend)


class View:
    """What stands on the screen."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        """``STANDING``; empty where there is no daemon."""
        self.absence = "no daemon"
        self.chat: deque[str] = deque(maxlen=_MOST_LINES)

    def hear(self, event: dict[str, Any]) -> bool:
        """Take an event; those that are for people become a line. Returns false: nobody is to wait longer for it."""
        match event:
            case {"event": "said", "name": name, "text": text}:
                self._tell(f"{name}: {text}")
            case {"event": "member-joined", "member": {"name": name}}:
                self._tell(f"{name} is here")
            case {"event": "member-left", "name": name}:
                self._tell(f"{name} has gone")
        return False

    def _tell(self, line: str) -> None:
        self.chat.append(f"{time.strftime('%H:%M')} {escape(line)}")

    def wait(self, connection: Connection) -> None:
        """Return when there is something new to draw."""
        deadline = time.monotonic() + _PERIOD
        heard = len(self.chat)
        while (event := next_event(connection, deadline - time.monotonic())) is not None:
            self.hear(event)
            if matters(event) or len(self.chat) != heard:
                return

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Draw: what plays, its bar, the room and its members, and below them as much of the chat as there is room."""
        from rich.layout import Layout

        room = self.values.get("room")
        members = [] if room is None else room.get("members", [])
        parts: list[tuple[RenderableType, int]] = [(self._film(), 3)]
        if room is None:
            parts.append((_line("in no room" if self.values else ""), 2))
        else:
            parts += [(self._room(room), 3), (table(HEADINGS, map(row, members)), len(members) + 2)]
        layout = Layout()
        layout.split_column(*(Layout(part, size=size) for part, size in parts), Layout(_Tail(self.chat)))
        yield layout

    def _film(self) -> "RenderableType":
        from rich.console import Group
        from rich.progress_bar import ProgressBar

        if not self.values:
            return _line(escape(self.absence), "red")
        place, duration = self.values.get("time-pos"), self.values.get("duration")
        bar = ProgressBar(total=duration or 1.0, completed=place or 0.0)
        return Group(_line(playback(self.values), "bold"), bar)

    def _room(self, room: dict[str, Any]) -> "RenderableType":
        from rich.console import Group

        named = escape(f"room {room.get('name') or room.get('room_id')}, invite {room.get('invite')}")
        return Group(_line(named), _line(server(self.values), "dim"))


class _Tail:
    """The last lines, as many as fit."""

    def __init__(self, lines: deque[str]) -> None:
        self._lines = lines

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.segment import Segment
        from rich.text import Text

        drawn = console.render_lines(Text("\n".join(self._lines)), options.update(height=None), pad=False)
        for line in drawn[-(options.height or len(drawn)) :]:
            yield from line
            yield Segment.line()


def _line(text: str, style: str = "") -> "Text":
    from rich.text import Text

    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
