"""Mpris: hang on the session bus, for media keys, playerctl and the desktop's own controls.

Of properties a client is told only what has changed, in one signal for all that changed together. Where the film is
clients calculate, from the last position that they know and the speed; `Expected` knows what they calculate, and they
are told a position (`Seeked`) when that is wrong: after a seek, whoever sought, and after the room has waited.
"""

import asyncio
import os
from typing import Any, Final

from dbus_fast.aio import MessageBus
from dbus_fast.constants import NameFlag, RequestNameReply

from hangd.client.control.port import ControlEvent
from hangd.client.desktop.bus.controls import MICROSECONDS, RELEVANT, Controls
from hangd.client.desktop.bus.interfaces import PATH, Player, Root, metadata_variants
from hangd.client.desktop.bus.session import bus_call

_NAME: Final = "org.mpris.MediaPlayer2.hang"
_JUMP: Final = 0.03 * MICROSECONDS
"""After a seek: less than a frame. A pause that is put right by a few milliseconds is no jump."""
_WRONG: Final = 0.4 * MICROSECONDS
"""At any other time: more than any correction of the picture, and less than people notice."""


class Expected:
    """Where clients believe the film to be. Times are in seconds, positions in microseconds."""

    def __init__(self) -> None:
        self._position, self._at, self._speed = 0.0, 0.0, 0.0

    def told(self, position: float, now: float) -> None:
        """Clients have been told a position."""
        self._position, self._at = position, now

    def moves(self, speed: float, now: float) -> None:
        """Clients have been told a speed; 0: the film stands."""
        self.told(self.position(now), now)
        self._speed = speed

    def position(self, now: float) -> float:
        return self._position + (now - self._at) * self._speed * MICROSECONDS


class Mpris:
    """See the module's docstring. `serve` is for a `BusConnection`; `heard` and `changed` are for the viewer."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._wake = asyncio.Event()
        self._has_jumped = False

    def heard(self, event: ControlEvent) -> None:
        """Take one event for control clients."""
        if event["event"] == "playback-restart":
            self._has_jumped = True
            self._wake.set()

    def changed(self, names: frozenset[str]) -> None:
        """Properties with these names may have changed."""
        if not RELEVANT.isdisjoint(names):
            self._wake.set()

    def wake(self) -> None:
        """Something else has changed: look."""
        self._wake.set()

    async def serve(self, bus: MessageBus) -> None:
        """Be a player on this bus, until cancelled."""
        root, player = Root(self._controls), Player(self._controls)
        bus.export(PATH, root)
        bus.export(PATH, player)
        name = await bus.request_name(_NAME, NameFlag.DO_NOT_QUEUE)
        if name is not RequestNameReply.PRIMARY_OWNER:
            await bus.request_name(f"{_NAME}.instance{os.getpid()}", NameFlag.DO_NOT_QUEUE)
        await self._tell_changes(bus, root, player)

    async def _tell_changes(self, bus: MessageBus, root: Root, player: Player) -> None:
        controls, clock, expected = self._controls, asyncio.get_running_loop().time, Expected()
        sent: dict[str, Any] = {}
        root_sent = controls.root_values()
        while True:
            values, root_values, now = controls.values(), controls.root_values(), clock()
            if values["Metadata"]["mpris:trackid"] != sent.get("Metadata", {}).get("mpris:trackid"):
                expected.told(0.0, now)
            if values["PlaybackStatus"] != sent.get("PlaybackStatus") or values["Rate"] != sent.get("Rate"):
                expected.moves(values["Rate"] if values["PlaybackStatus"] == "Playing" else 0.0, now)
            news = {key: value for key, value in values.items() if key not in sent or sent[key] != value}
            if "Metadata" in news:
                news["Metadata"] = metadata_variants(news["Metadata"])
            if news:
                player.emit_properties_changed(news)
            root_news = {key: value for key, value in root_values.items() if root_sent[key] != value}
            if root_news:
                root.emit_properties_changed(root_news)
            sent, root_sent = values, root_values
            self._tell_jump(player, expected, now)
            # The next signals wait until the bus has taken these: one that hangs does not fill the memory.
            await bus_call(bus, "GetId")
            await self._wake.wait()
            self._wake.clear()

    def _tell_jump(self, player: Player, expected: Expected, now: float) -> None:
        """Tell the position, if clients are wrong about it. While it is on its way elsewhere there is none to tell."""
        jumped, self._has_jumped = self._has_jumped, False
        stands_as_told = self._controls.status() == "Paused"
        if not (jumped or stands_as_told or self._controls.is_moving):
            return
        position = self._controls.position()
        if abs(position - expected.position(now)) > (_JUMP if jumped else _WRONG):
            player.Seeked(position)
            expected.told(position, now)
