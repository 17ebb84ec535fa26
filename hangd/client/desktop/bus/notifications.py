"""Notifications: tells on the desktop what the others in the room do, as the setting ``notifications`` says.

There is one note of each kind, which is replaced as long as it is not closed; in that of the chat the last lines stay.
What a service does with markup is taken from its capabilities: texts of others are never markup.
"""

import asyncio
import html
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from dbus_fast.aio import MessageBus
from dbus_fast.message import Message
from dbus_fast.signature import Variant

from hangd.client.control.port import ControlEvent
from hangd.client.desktop.base import Read
from hangd.client.desktop.bus.session import ANSWER_ERRORS, bus_call, call, in_words, watch_service
from hangd.client.osd import PLAYBACK
from hangd.client.settings import ClientSettings, NotificationKind
from hangd.player.vlc.tracks.texts import line

_log = logging.getLogger(__name__)

_SERVICE: Final = (
    "org.freedesktop.Notifications",
    "/org/freedesktop/Notifications",
    "org.freedesktop.Notifications",
)
_CHAT_LINES: Final = 4
_PAUSE_SECONDS: Final = 0.5
"""Between two notes: a member who writes without end does not keep the desktop busy."""
_DEFAULT_TIME: Final = -1
_CATEGORIES: Final[dict[NotificationKind, str]] = {"chat": "im.received", "members": "presence"}
_NORMAL, _LOW = 1, 0


class Notifications:
    """See the module's docstring. `serve` is for a `BusConnection`, `heard` for the viewer.

    Args:
        is_seen: returns whether the viewer sees the film's window, where the same is told.
    """

    def __init__(self, read: Read, settings: Callable[[], ClientSettings], is_seen: Callable[[], bool]) -> None:
        self._read = read
        self._settings = settings
        self._is_seen = is_seen
        self._wake = asyncio.Event()
        self._is_lost = False
        """The bus is gone. What is heard meanwhile would be old news when it is back."""
        self._due: dict[NotificationKind, None] = {}
        """The kinds of which there is something to tell, in their order."""
        self._texts: dict[NotificationKind, deque[str]] = {}
        self._shown: dict[NotificationKind, int] = {}
        """The service's number of the note of each kind that is not closed yet."""

    def heard(self, event: ControlEvent) -> None:
        """Take one event for control clients."""
        told = self._told(event)
        if told is None or told[0] not in self._settings().notifications or self._is_lost or self._is_seen():
            return
        kind, text = told
        lines = self._texts.setdefault(kind, deque(maxlen=_CHAT_LINES if kind == "chat" else 1))
        lines.append(line(text))
        self._due[kind] = None
        self._wake.set()

    def _told(self, event: ControlEvent) -> tuple[NotificationKind, str] | None:
        """Return the kind of an event and what it says; None for what is not told: what the viewer did itself."""
        match event:
            case {"event": "acted", "self": False, "action": action, "text": str(text)} if action in PLAYBACK:
                return "playback", text
            case {"event": "member-joined", "member": {"name": str(name), "self": False}}:
                return "members", f"{name} has joined the room"
            case {"event": "member-left", "text": str(text)}:
                return "members", text
            case {"event": "said", "client_id": sender, "name": str(name), "text": str(text)}:
                members = self._read("room/members") or ()
                if not any(member["self"] and member["client_id"] == sender for member in members):
                    return "chat", f"{name}: {text}"
        return None

    async def serve(self, bus: MessageBus) -> None:
        """Show notes on this bus, until cancelled."""

        def closed(message: Message) -> None:
            if message.member == "NotificationClosed" and message.interface == _SERVICE[2]:
                for kind in [kind for kind, number in self._shown.items() if message.body[:1] == [number]]:
                    self._forget(kind)

        self._forget_all()
        bus.add_message_handler(closed)
        await bus_call(bus, "AddMatch", "s", [f"type='signal',interface='{_SERVICE[2]}',member='NotificationClosed'"])
        await watch_service(bus, _SERVICE[0], self._forget_all)
        self._is_lost = False
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._due:
                    await self._show_next(bus)
                    await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            self._is_lost = True

    async def _show_next(self, bus: MessageBus) -> None:
        kind = next(iter(self._due))
        del self._due[kind]
        try:
            await self._show(bus, kind)
        except ANSWER_ERRORS as error:
            _log.debug("no notification is shown: %s", in_words(error))
            self._forget(kind)

    def _forget(self, kind: NotificationKind) -> None:
        """The note of this kind is not there any more: the next one is new."""
        self._shown.pop(kind, None)
        if kind not in self._due:
            self._texts.pop(kind, None)

    def _forget_all(self) -> None:
        for kind in list(self._texts):
            self._forget(kind)

    async def _show(self, bus: MessageBus, kind: NotificationKind) -> None:
        capabilities = (await call(bus, *_SERVICE, "GetCapabilities")).body[0]
        text = "\n".join(self._texts[kind])
        if "body-markup" in capabilities:
            text = html.escape(text, quote=False)
        room = self._read("room/name")
        title = "hang" if room is None else line(f"hang: {room}")
        hints = {
            "desktop-entry": Variant("s", "hang"),
            "urgency": Variant("y", _NORMAL if kind == "chat" else _LOW),
        }
        if kind in _CATEGORIES:
            hints["category"] = Variant("s", _CATEGORIES[kind])
        body = ["hang", self._shown.get(kind, 0), "hang", title, text, [], hints, _DEFAULT_TIME]
        self._shown[kind] = int((await call(bus, *_SERVICE, "Notify", "susssasa{sv}i", body)).body[0])
