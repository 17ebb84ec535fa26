"""The subcommand watch: a live view on the terminal of the film, the room, the members' errors, the chat and who does
what."""

import os
import signal
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import click

from hangctl.client import Connection
from hangctl.commands.room.members import HEADINGS, member_row
from hangctl.commands.status import (
    OBSERVED,
    PROPERTIES,
    absence_line,
    changes_status,
    playback_line,
    playlist_lines,
    server_line,
    start_line,
)
from hangctl.follow import follow, next_event
from hangctl.options import Settings, subcommand
from hangctl.output import escape, interactive, missing_text, table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.live import Live
    from rich.text import Text

_PERIOD = 0.5
"""Seconds between two reads of positions and measurements. The last digit shown is a second, so it is never skipped."""
_CHAT_LINES = 200
"""How many lines of chat are kept: more than fit on any terminal."""


@subcommand("watch")
@click.pass_obj
def watch(settings: Settings) -> None:
    """Show the film, the room, the chat and who does what, until interrupted.

    Goes on when the daemon restarts. To say something, use `hangctl say` in another terminal.
    """
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    if not interactive() or console.is_dumb_terminal:
        raise click.UsageError("watch draws on a terminal; `hangctl status -F` prints lines")
    view = View()
    # Fail here if there is no daemon: an error on the alternate screen would vanish with it.
    with settings.connect():
        pass
    # With get_renderable, Live draws nothing before the first refresh, when there are values.
    with Live(get_renderable=lambda: view, console=console, screen=True, auto_refresh=False) as live:
        _restore_screen_on_signals(live)

        def session(connection: Connection) -> None:
            connection.observe(*OBSERVED, on_event=view.handle_event)
            while True:
                view.values = connection.get_properties(*PROPERTIES, on_event=view.handle_event)
                live.refresh()
                view.wait_for_change(connection)

        def on_absence(reason: str) -> None:
            view.values = {}
            view.absence = reason
            live.refresh()

        follow(settings, session, on_absence=on_absence)


def _restore_screen_on_signals(live: "Live") -> None:
    """Leave the alternate screen on SIGTERM, and while the process is suspended (SIGTSTP)."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def suspend(*_: object) -> None:
        live.stop()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, suspend)
        live.start(refresh=True)

    signal.signal(signal.SIGTSTP, suspend)


class View:
    """What the screen shows. rich draws it through ``__rich_console__``."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        """The values of ``PROPERTIES``; empty if there is no daemon."""
        self.absence = "no daemon"
        self.chat: deque[str] = deque(maxlen=_CHAT_LINES)

    def handle_event(self, event: dict[str, Any]) -> None:
        """Add a line to the chat for an event that people want to see."""
        match event:
            case {"event": "said", "name": name, "text": text}:
                self._add(f"{name}: {text}")
            case {"event": "acted", "text": text}:
                self._add(text)
            case {"event": "motd", "text": text}:
                for line in text.splitlines():
                    self._add(line)
            case {"event": "member-joined", "member": {"name": name}}:
                self._add(f"{name} is here")
            case {"event": "film-missing", "self": True, "film": film}:
                self._add(missing_text(film))
            case {"event": "film-missing", "name": name, "film": film}:
                self._add(f"{name} has not got the film {film.get('name') or ''}".rstrip())
            case {"event": "member-left", "text": text}:
                self._add(text)
            case {"event": "room-left", "detail": detail, "reason": reason} if reason != "left":
                self._add(detail)

    def _add(self, line: str) -> None:
        self.chat.append(f"{time.strftime('%H:%M')} {escape(line)}")

    def wait_for_change(self, connection: Connection) -> None:
        """Handle events until there is something new to draw, at most for ``_PERIOD``."""
        deadline = time.monotonic() + _PERIOD
        lines = len(self.chat)
        while (event := next_event(connection, deadline)) is not None:
            self.handle_event(event)
            if changes_status(event) or len(self.chat) != lines:
                return

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Draw the film with its progress bar, the room with its members, and the end of the chat that fits below."""
        from rich.layout import Layout
        from rich.text import Text

        room = self.values.get("room")
        members = [] if room is None else room.get("members", [])
        parts: list[tuple[RenderableType, int]] = [(self._film(), 3 + len(playlist_lines(self.values)))]
        if room is None:
            # A space, because in place of an empty text Layout draws its own size.
            parts.append((Text((absence_line(self.values) if self.values else "") or " "), 3))
        else:
            parts += [(self._room(room), 3), (table(HEADINGS, map(member_row, members)), len(members) + 2)]
        layout = Layout()
        layout.split_column(*(Layout(part, size=size) for part, size in parts), Layout(_Tail(self.chat)))
        yield layout

    def _film(self) -> "RenderableType":
        from rich.console import Group
        from rich.progress_bar import ProgressBar

        if not self.values:
            return _line(escape(self.absence), "red")
        position, duration = self.values.get("time-pos"), self.values.get("duration")
        bar = ProgressBar(total=duration or 1.0, completed=position or 0.0)
        following = [_line(line, "dim") for line in playlist_lines(self.values)]
        return Group(_line(playback_line(self.values), "bold"), bar, *following)

    def _room(self, room: dict[str, Any]) -> "RenderableType":
        from rich.console import Group

        where = " (on this machine only)" if room.get("invite_local") else ""
        name = escape(f"room {room.get('name') or room.get('room_id')}, invite {room.get('invite')}{where}")
        return Group(_line(name), _line(start_line(room) or server_line(self.values), "dim"))


class _Tail:
    """Draws the last lines, as many as fit, after wrapping."""

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
