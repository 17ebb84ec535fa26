"""PendingInput: what the viewer has done or asked for, as long as the room has not answered.

While it is up, the timeline does not pull at the player: for ``wait`` at most, for a room may never answer. A pause is
done first and asked for once the picture stands: the frame that it stopped on is part of the request. Seeks that follow
one another closely are one: the first goes out at once, of the others the last, as soon as ``merge`` is over.
"""

from typing import Literal

from msgspec import Struct

from hangd.engine.timeline import earliest

__all__ = ["PendingInput", "PendingInputPolicy"]


class PendingInputPolicy(Struct, frozen=True):
    """Seconds."""

    wait: float = 2.0
    """For so long after the viewer's own pause the timeline does not pull, unless the room answers earlier."""
    merge: float = 0.1
    """Seeks of the viewer's within this time of one another are one: the last."""


class PendingInput:
    """Positions are seconds of media, times are the local monotonic clock's."""

    def __init__(self, policy: PendingInputPolicy | None = None) -> None:
        self._policy = policy or PendingInputPolicy()
        self.wants: Literal["paused", "playing"] | None = None
        """What the player was made to do; None: the hand is down."""
        self.rev = 0
        """Of the timeline at which it went up."""
        self.asked: float | None = None
        """Where the viewer asked the room to be."""
        self.held: float | None = None
        """Where else since, which the room is to be asked for in a moment."""
        self._until: float | None = None
        self._merge_until: float | None = None

    @property
    def sought(self) -> float | None:
        """Where the viewer wants to be, if the room has not answered that."""
        return self.asked if self.held is None else self.held

    def raise_for(self, wants: Literal["paused", "playing"], rev: int, now: float) -> None:
        self.wants, self.rev, self._until = wants, rev, now + self._policy.wait

    def lower(self) -> None:
        self.wants = self._until = None

    def holds_back(self, position: float, now: float) -> bool:
        """Take a seek. Returns whether it is kept for `expire`, as another one went out just before."""
        if self._merge_until is not None and now < self._merge_until:
            self.held = position
            return True
        self._merge_until = now + self._policy.merge
        return False

    def deadline(self) -> float | None:
        return earliest(self._until, None if self.held is None else self._merge_until)

    def expire(self, now: float) -> float | None:
        """Do what is due. Returns where the room is now to be asked to be, if anywhere."""
        if self._until is not None and self._until <= now:
            self.lower()
        if self.held is None or (self._merge_until is not None and now < self._merge_until):
            return None
        position, self.held = self.held, None
        self._merge_until = now + self._policy.merge
        return position

    def check(self) -> None:
        """Assert the invariants."""
        assert (self.wants is None) == (self._until is None)
        assert self.held is None or self._merge_until is not None
