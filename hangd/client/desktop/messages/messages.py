"""Messages: an `Overlay` that shows messages, bars and dialogs above the picture, and carries the `DesktopPort` out."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from msgspec import structs

from hangd.client.control.port import CommandRefused, ControlEvent
from hangd.client.desktop.base import Panel, Read, Request, WindowPort
from hangd.client.desktop.canvas import clean
from hangd.client.desktop.messages import drawing
from hangd.client.desktop.messages.bars import Bar, progress_bar, property_bar
from hangd.client.desktop.messages.dialogs import ChatLine, Dialog, Drawn, KeyList, Question
from hangd.client.desktop.messages.layout import Layout
from hangd.client.desktop.messages.queue import Message, MessageQueue, reading_seconds, texts
from hangd.client.desktop.messages.room_state import RoomState
from hangd.client.osd import announcement
from hangd.client.settings import ClientSettings
from hangd.tasks import Tasks

_ROWS: Final = 3
"""Rows that a message has at most. What is longer ends in an ellipsis."""
_TEXT_ROWS: Final = 100
"""The same for what `show_text` shows: a list of films or tracks is high."""
_TEXT: Final = "text"
"""The key of what `show_text` shows, and its kind."""
_NOTICE: Final = "notice"
"""The kind of what `show_message` shows."""
_OF_ROOM: Final = frozenset({"speed", "chapter", "playlist-pos", "playlist-pos-1", "loop-file", "loop-playlist"})
"""Properties that keys change and a room decides. They have their new value when it has answered."""
_ANSWER_SECONDS: Final = 2.0
"""How long that is waited for. A room that is silent for so long is told by itself."""
_ROOM: Final = frozenset({"room", "room/timeline", "sync/state", "media/missing"})
"""Properties on which messages that stay depend."""
_PROGRESS_PERIOD: Final = 0.25
"""Seconds between two looks at where the film is, while that is shown."""


class Messages:
    """See the module's docstring.

    Args:
        window: where the messages are drawn.
        request: carries out a command.
        read: reads a property.
        settings: returns the daemon's settings, which may change.
        wake: calls `tick`. It is called whenever something has changed.
    """

    def __init__(
        self, window: WindowPort, request: Request, read: Read, settings: Callable[[], ClientSettings],
        wake: Callable[[], None],
    ) -> None:  # fmt: skip
        self._window = window
        self._request = request
        self._read = read
        self._settings = settings
        self._wake = wake
        self._tasks = Tasks()
        self._panels: list[Panel] = []
        """For messages, for the bar and for a dialog; made when something is shown for the first time."""
        self._drawn: list[Any] = [None, None, None]
        """What each panel shows now."""
        self._queue = MessageQueue(self._height, self._room)
        self._bar: Bar | None = None
        self._bar_until = 0.0
        self._follows_film = False
        """The bar shows where the film is, as long as it is there."""
        self._dialogs: list[Dialog] = []
        """The first one is shown."""
        self._room_state = RoomState(read, self._show_lasting, lambda text: self._show(_NOTICE, text))

    async def close(self) -> None:
        await self._tasks.cancel()

    # ---- DesktopPort -------------------------------------------------------------------------------------------------

    def announce(self, event: ControlEvent) -> bool:
        if not self._window.is_shown:
            return False
        if self._room_state.heard(event):
            self._wake()
            return True
        told = announcement(event)
        if told is not None and told.kind in self._settings().osd:
            self._show(told.kind, told.text, told.topic, told.name)
        return True

    def show_message(self, text: str, seconds: float) -> bool:
        if not self._window.is_shown:
            return False
        words = clean(text)
        self._add(Message(words, seconds, key=f"{_NOTICE} {words}", kind=_NOTICE))
        return True

    def show_text(self, text: str, seconds: float) -> bool:
        if not self._window.is_shown:
            return False
        shown = clean(text, lines=True)
        if shown and seconds > 0:
            self._add(Message(shown, seconds, _TEXT, kind=_TEXT))
        else:
            self._queue.remove(_TEXT, time.monotonic())
            self._wake()
        return True

    def shown_messages(self) -> Sequence[Mapping[str, Any]] | None:
        bar = () if self._bar is None else (Message(self._bar.text, None, kind="bar"),)
        return texts((*self._queue.shown, *bar)) if self._window.is_shown else None

    def show_property(self, name: str) -> bool:
        if not self._window.is_shown:
            return False
        self._tasks.start(self._show_value(name), name="show-property")
        return True

    def show_progress(self) -> bool:
        if not self._window.is_shown:
            return False
        self._follows_film = self._read("time-pos") is not None
        if self._follows_film:
            self._show_bar(self._progress())
        return True

    def show_keys(self, bindings: Sequence[tuple[str, str]]) -> bool:
        if not self._window.is_shown:
            return False
        if self._close_keys() or self._dialog is not None:
            self._wake()
        else:
            self._open(KeyList([(clean(keys), clean(about)) for keys, about in bindings]))
        return True

    def open_chat(self) -> bool:
        if not self._window.is_shown:
            return False
        if self._read("room/id") is None:
            return self.show_message(
                "you are in no room: nobody would read what you write", self._settings().osd_seconds
            )
        self._close_keys()
        if not any(isinstance(dialog, ChatLine) for dialog in self._dialogs):
            self._open(ChatLine(lambda line: self._tasks.start(self._say(line), name="chat"), self._paste), first=True)
        return True

    def ask(self, question: str, then: Callable[[], None]) -> bool:
        if not self._window.is_shown:
            return False
        self._close_keys()
        self._open(Question(clean(question), then))
        return True

    @property
    def has_dialog(self) -> bool:
        """Whether the viewer writes or reads something here that has the keyboard."""
        return self._dialog is not None

    # ---- Overlay -----------------------------------------------------------------------------------------------------

    def key(self, name: str, text: str) -> bool:
        if (dialog := self._dialog) is None:
            return False
        dialog.key(name, text)
        self._wake()
        return True

    def press(self, name: str, x: int, y: int) -> bool:
        if (dialog := self._dialog) is None:
            return False
        taken = dialog.press(name, x, y, self._layout)
        self._wake()
        return taken

    def release(self, name: str, x: int, y: int) -> bool:
        return False

    def move(self, x: int, y: int) -> bool:
        """Take the pointer from the controller: it and the subtitles that it raises have a dialog's place."""
        return self.has_dialog

    def leave(self) -> None:
        """Nothing here depends on the pointer."""

    def resized(self) -> None:
        # Also when it is gone: panels of a new window would show again what was drawn last.
        for panel in self._panels:
            panel.hide()
        self._drawn = [None, None, None]
        if self._window.is_shown:
            # While there was no window, nobody looked at the room.
            self._room_state.changed(time.monotonic())
        self._wake()

    def tick(self, now: float) -> float | None:
        dialog_due = self._tick_dialog(now)
        self._queue.refresh(now)
        if self._bar is not None:
            if now >= self._bar_until:
                self._bar = None
            elif self._follows_film:
                self._bar = self._progress()
        times = [self._room_state.tick(now), dialog_due, self._queue.due()]
        if self._bar is not None:
            times.append(min(self._bar_until, now + _PROGRESS_PERIOD) if self._follows_film else self._bar_until)
        if self._window.is_shown:
            self._draw()
        return min((at for at in times if at is not None), default=None)

    def changed(self, names: frozenset[str]) -> None:
        if self._window.is_shown and not names.isdisjoint(_ROOM):
            self._room_state.changed(time.monotonic())
            self._wake()

    # ---- what is shown -----------------------------------------------------------------------------------------------

    def _show(self, kind: str, text: str, topic: str = "", name: str = "") -> None:
        words = " ".join(clean(text, lines=True).split())
        seconds = reading_seconds(words, self._settings().osd_seconds)
        self._add(Message(words, seconds, topic, clean(name), kind))

    def _show_lasting(self, key: str, text: str | None) -> None:
        if text is None:
            self._queue.remove(key, time.monotonic())
        elif "ready" in self._settings().osd:
            self._queue.add(Message(clean(text), None, key, kind="ready"), time.monotonic())

    def _add(self, message: Message) -> None:
        self._queue.add(message, time.monotonic())
        self._wake()

    async def _show_value(self, name: str) -> None:
        if name in _OF_ROOM and self._read("room/id") is not None:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self._request("hang-wait", "done")
            except TimeoutError:
                pass
            except CommandRefused as refused:
                self.show_message(refused.message or refused.error, self._settings().osd_seconds)
                return
        for_people = await self._request("expand-text", f"${{{name}}}")
        self._follows_film = False
        bar = property_bar(name, clean(for_people), self._read(name), mute=self._read("mute") is True)
        self._show_bar(structs.replace(bar, share=self._progress().share) if name == "chapter" else bar)

    def _show_bar(self, bar: Bar) -> None:
        self._bar, self._bar_until = bar, time.monotonic() + max(1.0, self._settings().osd_seconds / 2)
        self._wake()

    def _progress(self) -> Bar:
        return progress_bar(self._read("time-pos") or 0.0, self._read("duration"))

    async def _say(self, line: str) -> None:
        try:
            await self._request("room-say", line)
        except CommandRefused as refused:
            self.show_message(f"not said: {refused.message or refused.error}", 2 * self._settings().osd_seconds)

    def _paste(self, take: Callable[[str], None]) -> None:
        def pasted(text: str) -> None:
            take(text)
            self._wake()

        self._window.paste(pasted)

    # ---- dialogs -----------------------------------------------------------------------------------------------------

    def _open(self, dialog: Dialog, *, first: bool = False) -> None:
        self._dialogs.insert(0 if first else len(self._dialogs), dialog)
        self._wake()

    def _close_keys(self) -> bool:
        """Close the list of keys. Returns whether it was there."""
        count = len(self._dialogs)
        self._dialogs = [dialog for dialog in self._dialogs if not isinstance(dialog, KeyList)]
        return len(self._dialogs) < count

    @property
    def _dialog(self) -> Dialog | None:
        """The dialog that is shown. Those that are closed are forgotten here."""
        while self._dialogs and self._dialogs[0].is_closed:
            del self._dialogs[0]
        return self._dialogs[0] if self._dialogs else None

    def _tick_dialog(self, now: float) -> float | None:
        while (dialog := self._dialog) is not None:
            due = dialog.tick(now)
            if not dialog.is_closed:
                return due
        return None

    # ---- drawing -----------------------------------------------------------------------------------------------------

    @property
    def _layout(self) -> Layout:
        width, height = self._window.size
        return Layout(max(1, width), max(1, height), self._window.scale, self._settings().osd_size)

    def _rows(self, message: Message) -> int:
        most = _TEXT_ROWS if message.kind == _TEXT else _ROWS
        return self._layout.rows(message.text, message.name, most)

    def _height(self, message: Message) -> float:
        return self._layout.message_height(self._rows(message))

    def _room(self) -> float:
        layout, dialog = self._layout, self._dialog
        return layout.room(None if dialog is None else dialog.drawn(layout)[0])

    def _draw(self) -> None:
        layout, dialog, bar = self._layout, self._dialog, self._bar
        messages = tuple((message, self._rows(message)) for message in self._queue.shown)
        if isinstance(dialog, KeyList):
            messages, bar = (), None  # It needs their places.
        place = layout.messages(sum(self._height(message) for message, _ in messages))
        self._draw_panel(
            0, (place, partial(drawing.draw_messages, layout=layout, messages=messages)) if messages else None
        )
        self._draw_panel(1, (layout.bar, partial(drawing.draw_bar, layout=layout, bar=bar)) if bar else None)
        self._draw_panel(2, None if dialog is None else dialog.drawn(layout))

    def _draw_panel(self, index: int, drawn: Drawn | None) -> None:
        """Let a panel show this, unless it does so already; None: hide it."""
        content = None if drawn is None else (drawn[0], drawn[1].func, drawn[1].keywords)
        if content == self._drawn[index]:
            return
        self._drawn[index] = content
        if not self._panels:
            self._panels = [self._window.panel() for _ in self._drawn]
        if drawn is None:
            self._panels[index].hide()
        else:
            self._panels[index].draw(*drawn[0], drawn[1])
