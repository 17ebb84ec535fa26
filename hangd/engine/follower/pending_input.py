"""PendingInput: what the viewer did or asked for and the room has not answered yet.

While the viewer's own pause or start is unanswered, the timeline does not control the player. A request that has no
answer after ``answer_timeout`` is overdue: the room is silent (`hangd.engine.follower.on_own`). A pause is carried out
at once and requested when the picture has settled, because the request names the frame on which it stopped. Seeks that
follow one another closely are merged: the first one is requested at once, and of the others only the last, when
``merge_interval`` is over.
"""

from typing import Literal

from msgspec import Struct, field

from hangd.engine.timeline import earliest
from hangd.protocol.messages import SyncCommand


class PendingInputPolicy(Struct, frozen=True):
    """Seconds."""

    answer_timeout: float = 1.0
    """Chosen: longer than a round trip on nearly any usable network, short enough to wait for."""
    merge_interval: float = 0.1
    """Chosen: a key that is held down requests ten seeks a second, whatever its repeat rate."""


class PendingInputState(Struct):
    """What a `PendingInput` knows. Positions are seconds of media, times are local times."""

    wanted: Literal["paused", "playing"] | None = None
    """What the viewer made the player do. None: nothing, or the room has answered."""
    wanted_at_rev: int = 0
    """The timeline's rev when the viewer did it."""
    unanswered: list[SyncCommand] = field(default_factory=list)
    """What was requested and has no answer yet, oldest first."""
    answer_due: float | None = None
    """When to stop waiting for an answer."""
    requested: float | None = None
    """The position of the last seek that was requested and has no answer yet."""
    merged: float | None = None
    """The position of a later seek that is requested when the merge interval is over."""
    merge_until: float | None = None


class PendingInput:
    def __init__(self, policy: PendingInputPolicy | None = None, state: PendingInputState | None = None) -> None:
        self._policy = policy or PendingInputPolicy()
        self.state = state or PendingInputState()

    @property
    def seek_position(self) -> float | None:
        """The position that the viewer asked for last, if no answer of the room's has come since."""
        state = self.state
        return state.requested if state.merged is None else state.merged

    def want(self, wanted: Literal["paused", "playing"], rev: int, now: float) -> None:
        """Note that the viewer paused or started the player, at this rev of the timeline."""
        self.state.wanted, self.state.wanted_at_rev = wanted, rev
        self.await_answer(now)

    def asked(self, command: SyncCommand, now: float) -> None:
        """Note that the room was asked for this."""
        self.state.unanswered.append(command)
        self.await_answer(now)

    def await_answer(self, now: float) -> None:
        """Expect an answer within the timeout, if none is expected already."""
        if self.state.answer_due is None:
            self.state.answer_due = now + self._policy.answer_timeout

    def is_overdue(self, now: float) -> bool:
        """Return whether an answer should have come by ``now``."""
        return self.state.answer_due is not None and self.state.answer_due <= now

    def answered(self, *, keep_wanted: bool = False) -> None:
        """Let the timeline control the player again, and expect no answer.

        ``keep_wanted``: the viewer's pause is not done yet, so its request is still to come.
        """
        state = self.state
        state.unanswered = []
        if not keep_wanted:
            state.wanted = state.answer_due = None

    def clear_wanted(self) -> None:
        """Let the timeline control the player again."""
        self.state.wanted = None
        if not self.state.unanswered:
            self.state.answer_due = None

    def clear(self) -> None:
        """Forget what was requested: the room refused it, or there is no room any more. A merged seek stays."""
        self.answered()
        self.state.requested = None

    def merge(self, position: float, now: float) -> bool:
        """Take a seek. Return True if `expire` will return it later; False if the caller has to request it now."""
        state = self.state
        if state.merge_until is not None and now < state.merge_until:
            state.merged = position
            return True
        state.merge_until = now + self._policy.merge_interval
        return False

    def forget_merged(self) -> None:
        """Forget a merged seek: it was meant for a film that is open no more."""
        self.state.merged = None

    def deadline(self) -> float | None:
        """Return when to call `expire`; None if nothing is due at any time."""
        state = self.state
        return earliest(state.answer_due, None if state.merged is None else state.merge_until)

    def expire(self, now: float) -> float | None:
        """Return the position of a merged seek that has to be requested now, or None."""
        state = self.state
        if state.merged is None or (state.merge_until is not None and now < state.merge_until):
            return None
        position, state.merged = state.merged, None
        state.merge_until = now + self._policy.merge_interval
        return position

    def check(self) -> None:
        """Assert the invariants."""
        state = self.state
        assert state.answer_due is not None or (state.wanted is None and not state.unanswered)
        assert state.merged is None or state.merge_until is not None
