"""MessageQueue: which messages are on the picture now, from top to bottom, and which wait until there is room.

A message stays for its seconds, counted from when it is shown. Of two messages with the same key only the later one is
of interest: it takes the place of the other. Messages that stay until they are removed stand above the others.
"""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

WAITING_MAX: Final = 50
"""Messages that wait. A room can send more than anybody can read: of what is beyond this only the number is told."""
HURRIED: Final = 0.5
"""The share of its seconds that a message stays while others wait."""
_LOST: Final = "lost"
"""The key of the message that tells how many were not shown."""


class Message(Struct, frozen=True):
    """A text on the picture."""

    text: str
    seconds: float | None
    """How long it stays; None: until it is removed."""
    key: str = ""
    """It replaces a message with this key. "": it replaces none."""
    name: str = ""
    """Who says the text, if it is somebody's own words."""
    kind: str = ""


class _Shown(Struct):
    message: Message
    since: float

    def until(self, hurried: bool) -> float:
        assert self.message.seconds is not None
        return self.since + self.message.seconds * (HURRIED if hurried else 1.0)


class MessageQueue:
    """See the module's docstring.

    Args:
        height: returns the height of a message.
        room: returns the height that there is for all of them. One is shown although it is higher.
    """

    def __init__(self, height: Callable[[Message], float], room: Callable[[], float]) -> None:
        self._height = height
        self._room = room
        self._lasting: dict[str, Message] = {}
        self._passing: list[_Shown] = []
        self._waiting: list[Message] = []
        self._lost = 0

    @property
    def shown(self) -> tuple[Message, ...]:
        """What is on the picture, from top to bottom."""
        return (*self._lasting.values(), *(each.message for each in self._passing))

    def add(self, message: Message, now: float) -> None:
        """Show a message, as soon as there is room. One without seconds needs a key, and is shown at once."""
        if message.seconds is None:
            assert message.key
            self._drop(message.key)
            self._lasting[message.key] = message
        elif not self._replace(message, now):
            self._waiting.append(message)
        self.refresh(now)

    def remove(self, key: str, now: float) -> None:
        """Remove the message with this key, wherever it is."""
        self._lasting.pop(key, None)
        self._drop(key)
        self.refresh(now)

    def refresh(self, now: float) -> None:
        """Remove what has been there for its time, and show what there is room for: heights may have changed."""
        self._passing = [each for each in self._passing if each.until(bool(self._waiting)) > now]
        while len(self._passing) > 1 and not self._fits(0):
            self._waiting.insert(0, self._passing.pop().message)
        while self._waiting and self._fits(self._height(self._waiting[0])):
            message = self._waiting.pop(0)
            if message.key == _LOST:
                self._lost = 0
            self._passing.append(_Shown(message, now))
        self._forget_some()

    def due(self) -> float | None:
        """Return when `refresh` has something to do next; None: nothing by time."""
        return min((each.until(bool(self._waiting)) for each in self._passing), default=None)

    def _fits(self, more: float) -> bool:
        """Return whether there is room for so much more."""
        if not self._passing and more:
            return True
        return sum(map(self._height, self.shown)) + more <= self._room()

    def _replace(self, message: Message, now: float) -> bool:
        if not message.key:
            return False
        for each in self._passing:
            if each.message.key == message.key:
                each.message, each.since = message, now
                return True
        for index, waiting in enumerate(self._waiting):
            if waiting.key == message.key:
                self._waiting[index] = message
                return True
        self._lasting.pop(message.key, None)
        return False

    def _drop(self, key: str) -> None:
        self._passing = [each for each in self._passing if each.message.key != key]
        self._waiting = [message for message in self._waiting if message.key != key]

    def _forget_some(self) -> None:
        """Forget the oldest messages that wait if too many do, and have it told how many."""
        too_many = len(self._waiting) - WAITING_MAX
        if too_many <= 0:
            return
        kept = [message for message in self._waiting if message.key != _LOST]
        forgotten = len(kept) - WAITING_MAX + 1
        self._lost += forgotten
        note = Message(f"{self._lost} more messages are not shown", 3.0, _LOST)
        self._waiting = [note, *kept[forgotten:]]


def reading_seconds(text: str, least: float) -> float:
    """Return how long a text stays, of which a short one stays for ``least`` seconds: as long as it takes to read."""
    return min(4 * least, max(least, least * len(text) / 40))


def texts(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Return messages as plain data."""
    return [{"kind": each.kind, **({"name": each.name} if each.name else {}), "text": each.text} for each in messages]
