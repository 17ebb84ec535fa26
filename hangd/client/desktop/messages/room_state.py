"""RoomState: messages that stay for as long as the room is in a state: waiting for members, counting down."""

import math
from collections.abc import Callable
from typing import Any, Final

from hangd.client.control.port import ControlEvent
from hangd.client.desktop.base import Read

_START: Final = "start"
_GATE: Final = "gate"
_MISSING: Final = "missing"
"""Keys of the messages: a start that waits, a room that waits for a member's player, a film that is not here."""

_WAIT_SEEN: Final = 1.5
"""Seconds after which it is told for whom the room waits after a seek. Most seeks take less."""
_NAMED: Final = 3
"""How many of those are named."""
_AWAY: Final = "the room cannot be reached: trying again"
_BACK: Final = "the room is reached again"


class RoomState:
    """See the module's docstring.

    Args:
        read: reads properties.
        show: shows a text until it is removed, by its key; None removes it.
        tell: shows a text for a while.
    """

    def __init__(self, read: Read, show: Callable[[str, str | None], None], tell: Callable[[str], None]) -> None:
        self._read = read
        self._show = show
        self._tell = tell
        self._texts: dict[str, str] = {}
        self._is_away = False
        self._waits_since: float | None = None
        """When the room began to wait after a seek."""
        self._starts_at: float | None = None
        """When the film starts, in this machine's time, while that is counted down."""

    def heard(self, event: ControlEvent) -> bool:
        """Take an event. Returns whether its text is shown here, as long as what it tells is so."""
        if event["event"] != "acted":
            return False
        if event["action"] in ("wait", "countdown"):
            self._put(_START, event["text"])
            self._read_start()
            return True
        if event.get("reason") == "stall" and self._read("room/state") == "buffering":
            self._put(_GATE, event["text"])
            return True
        return False

    def changed(self, now: float) -> None:
        """The room, or the connection to it, may have changed."""
        self._read_start()
        missing = self._read("media/missing")
        self._put(
            _MISSING, None if missing is None else f"you have not got {missing['name'] or 'the film of the room'}"
        )
        state = self._read("room/state")
        if state != "seeking":
            self._waits_since = None
        elif self._waits_since is None:
            self._waits_since = now
        if state not in ("seeking", "buffering"):
            self._put(_GATE, None)
        was_away, self._is_away = self._is_away, self._read("sync/state") == "away"
        if was_away != self._is_away and self._read("room/id") is not None:
            self._tell(_AWAY if self._is_away else _BACK)

    def tick(self, now: float) -> float | None:
        """Count down, and tell for whom the room waits. Returns when to do so next."""
        if self._waits_since is not None:
            if now < self._waits_since + _WAIT_SEEN:
                return self._waits_since + _WAIT_SEEN
            self._put(_GATE, self._awaited())
        if self._starts_at is None:
            return None
        left = math.ceil(self._starts_at - now)
        if left <= 0:
            return None
        self._put(_START, f"starting in {left} s")
        return self._starts_at - left + 1

    def _awaited(self) -> str | None:
        """Return for whom the room waits after a seek, as far as they have told that they are not there yet."""
        slow = [member for member in self._read("room/members") or () if member["state"] in ("seeking", "buffering")]
        names = ["you" if member["self"] else member["name"] for member in slow]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return f"waiting for {', '.join(names[:_NAMED])}{more}" if names else None

    def _read_start(self) -> None:
        start: dict[str, Any] | None = self._read("room/start")
        self._starts_at = None
        if start is None:
            self._put(_START, None)
        elif start["missing"] == 0 and (offset := self._read("server/clock-offset")) is not None and "at" in start:
            self._starts_at = start["at"] - offset
        elif start["text"] not in self._texts.get(_START, ""):
            self._put(_START, start["text"])

    def _put(self, key: str, text: str | None) -> None:
        if self._texts.get(key) == text:
            return
        if text is None:
            del self._texts[key]
        else:
            self._texts[key] = text
        self._show(key, text)
