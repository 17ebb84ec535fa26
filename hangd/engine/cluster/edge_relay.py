"""EdgeRelay: one edge's end of one link. It finds the owner of the room, and goes on with another one if that is lost.

Theory of operation. Inputs are numbered from 1 and kept until an owner has said that they are applied, and that this
cannot be lost with the owner. The relay starts ``SEEKING``; with `found` it attaches (``ATTACHING``), and Attached
begins a session (``ATTACHED``), in which inputs are sent as they come. Attached says which inputs the room has in it;
all later ones are sent again, so each is applied once, by whichever owner.

Batches of a session are delivered in order. What is missing is asked for; if the owner does not have it any more, it
ends the session, and the next one begins with the state of the room.

Silence. As long as something has no answer (an input, a question, an Attach), the relay asks again, at first after
0.4 s; after 1 s it also asks who owns the room, at first every 0.5 s. So an owner that died is replaced within half a
second of the expiry of its key, if nobody says earlier that it died. Sessions in which nothing happens are tried every
10 s, because the last batch may have been lost.

Giving up. A relay that has had no answer for 15 to 20 s gives up, and the room's clients here are sent away. Each relay
has a time of its own, so that the clients of a node that is cut off do not come to the others all at once. Those of one
room go together: whoever came back first would find the others away, and be alone with what it does to the film. How
many these are is bounded by what a room takes in.
"""

import enum
from collections import deque
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from hangd.engine.cluster.effects import Close, Deliver, EdgeEffect, Find, GiveUp, PostToOwner, Reset, Vanish
from hangd.engine.cluster.parcels import (
    Applied,
    Attach,
    Attached,
    Batch,
    Detached,
    Heard,
    Leave,
    NotHere,
    ToEdge,
    Told,
    ToOwner,
)

# Inputs that wait for the owner: so many, and so many bytes.
_MOST: Final = 1024
_MOST_BYTES: Final = 2**20
_PARCEL_BYTES: Final = 2**16
"""Inputs that are sent again travel in parcels of about this size."""
# Seconds. Until something is sent again for the first time, and at most.
_AGAIN: Final = 0.4
_AGAIN_MOST: Final = 2.0
# Until the owner is sought, counted from its last answer; between two questions, at first and after some seconds.
_SEEK: Final = 1.0
_SEEK_AGAIN: Final = 0.5
_SEEK_SELDOM: Final = 1.5
_SEEK_OFTEN_FOR: Final = 5.0
_SEEK_LEAST: Final = 0.25
"""However often other nodes say that they do not own the room."""
GIVE_UP: Final = (15.0, 20.0)
"""Without an answer a relay gives up after a time of its own, between these."""
_BELIEVED: Final = 3.0
"""An owner that has answered within this time is believed rather than an older fence from Redis."""
_MISSING: Final = 5.0
"""A room that was there is believed to be gone if Redis does not know it for so long: after Redis has lost its memory,
the owner brings the room back."""
_TRY: Final = 10.0
# A Heard of its own is sent after so many batches, or so many seconds.
_HEARD_BATCHES: Final = 16
_HEARD_AFTER: Final = 0.2
_GAP_AGAIN: Final = 0.1


class EdgeState(enum.Enum):
    SEEKING = "seeking"
    ATTACHING = "attaching"
    ATTACHED = "attached"
    ENDED = "ended"


class EdgeRelay(Struct):
    """See the module's docstring. Its fields are all of its state; callers only read them. Local times in seconds.

    Call `start` first. After GiveUp, Vanish or Close the relay has ended and takes nothing more.
    """

    room: str
    link: str
    """A random id that no other link of any room has."""
    patience: float = GIVE_UP[0]
    """After how many seconds without an answer it gives up."""
    state: EdgeState = EdgeState.SEEKING
    owner: str | None = None
    fence: int = 0
    """The highest one known, or a lower one that Redis insists on."""
    attempt: int = 0
    """Number of the last Attach."""
    session: str | None = None
    before: str = ""
    """The session of which batches were delivered last."""
    sessions: int = 0
    leaving: bool = False

    inputs: deque[bytes] = field(default_factory=deque)
    """Those that are not known to be applied, in order."""
    input_bytes: int = 0
    low: int = 1
    """Number of the first of ``inputs``, or of the next one."""
    sent: int = 0
    """The highest number of an input that was ever sent."""

    delivered: int = 0
    """Number of the last batch of this session that was delivered."""
    heard: int = 0
    """The same, as far as the owner was told."""
    heard_at: float | None = None
    """When to tell the owner."""
    gap_asked_at: float | None = None

    asked: bool = False
    """Whether a question has no answer."""
    waiting_since: float | None = None
    """Since when something has no answer, or when the owner was last heard, whichever is later."""
    again_at: float | None = None
    again_gap: float = _AGAIN
    seek_at: float | None = None
    sought_at: float | None = None
    missing_since: float | None = None

    @property
    def next_number(self) -> int:
        return self.low + len(self.inputs)

    def start(self, now: float) -> list[EdgeEffect]:
        """Seek the owner."""
        self._await(now)
        return self._seek(now)

    def tell(self, item: bytes, now: float, *, always: bool = False) -> list[EdgeEffect] | None:
        """Tell the room an input. None: it was not taken, because too many are waiting or the relay has ended.

        Args:
            always: take it however many are waiting: for what cannot be refused, such as the end of a connection.
        """
        full = len(self.inputs) >= _MOST or self.input_bytes + len(item) > _MOST_BYTES
        if self.state is EdgeState.ENDED or (full and not always):
            return None
        self.leaving = False
        number = self.next_number
        self.inputs.append(item)
        self.input_bytes += len(item)
        if self.state is not EdgeState.ATTACHED:
            return []
        self._await(now)
        return [self._told(number, (item,))]

    def found(self, owner: str, fence: int, now: float) -> list[EdgeEffect]:
        """This node owns the room under this fence, says Redis."""
        if self.state is EdgeState.ENDED:
            return []
        self.missing_since = None
        if self.state is not EdgeState.SEEKING:
            if (owner, fence) == (self.owner, self.fence):
                return []
            believed = self.waiting_since is None or now - self.waiting_since < _BELIEVED
            if fence < self.fence and self.state is EdgeState.ATTACHED and believed:
                return []
        return self._attach(owner, fence, now)

    def missing(self, now: float) -> list[EdgeEffect]:
        """There is no such room, says Redis."""
        if self.state is EdgeState.ENDED:
            return []
        if self.missing_since is None:
            self.missing_since = now
        if self.sessions and now - self.missing_since < _MISSING:
            return []
        return self._end(Vanish())

    def received(self, parcel: ToEdge, now: float) -> list[EdgeEffect]:
        """Take a parcel for this link. One of another session, attempt or fence is ignored."""
        if self.state is EdgeState.ENDED or (parcel.room, parcel.link) != (self.room, self.link):
            return []
        match parcel:
            case Attached():
                return self._attached(parcel, now)
            case NotHere():
                return self._doubt(now)
        if self.state is not EdgeState.ATTACHED or parcel.session != self.session:
            return []
        match parcel:
            case Batch():
                return self._batch(parcel, now)
            case Applied():
                return self._applied(parcel, now)
            case Detached():
                assert self.owner is not None
                return self._attach(self.owner, self.fence, now)

    def node_died(self, node: str, now: float) -> list[EdgeEffect]:
        """This node has died, or cannot be reached. If it was the owner, seek at once."""
        return self._doubt(now) if node == self.owner and self.state is not EdgeState.ENDED else []

    def inbox_broke(self, now: float) -> list[EdgeEffect]:
        """Parcels to this node may have been lost: find out at once which."""
        if self.state in (EdgeState.SEEKING, EdgeState.ENDED):
            return []
        self.again_gap = _AGAIN
        return self._again(now)

    def leave(self, now: float) -> list[EdgeEffect]:
        """No client of this edge is in the room any more: end the link as soon as all inputs have been applied.

        If an input is told before Close, the link stays.
        """
        if self.state is EdgeState.ENDED:
            return []
        self.leaving = True
        return self._left()

    def deadline(self) -> float | None:
        if self.state is EdgeState.ENDED:
            return None
        give_up = None if self.waiting_since is None else self.waiting_since + self.patience
        due = [at for at in (give_up, self.seek_at, self.again_at, self.heard_at) if at is not None]
        return min(due, default=None)

    def expire(self, now: float) -> list[EdgeEffect]:
        """Do what is due."""
        if self.state is EdgeState.ENDED:
            return []
        if self.waiting_since is not None and now >= self.waiting_since + self.patience:
            return self._end(GiveUp())
        effects: list[EdgeEffect] = []
        if self.seek_at is not None and now >= self.seek_at:
            effects += self._seek(now)
        if self.again_at is not None and now >= self.again_at:
            effects += self._again(now)
        if self.heard_at is not None and now >= self.heard_at:
            effects.append(self._heard())
        return effects

    def check(self) -> None:
        """Assert the invariants."""
        assert self.input_bytes == sum(map(len, self.inputs))
        assert self.sent < self.next_number
        assert self.heard <= self.delivered
        assert (self.session is not None) == (self.state is EdgeState.ATTACHED)
        assert self.state is EdgeState.ENDED or self.deadline() is not None
        if self.state in (EdgeState.SEEKING, EdgeState.ATTACHING):
            assert self.waiting_since is not None
            assert self.seek_at is not None
            assert (self.again_at is not None) == (self.state is EdgeState.ATTACHING)
        if self.state is EdgeState.ATTACHED:
            assert (self.waiting_since is not None) == (self.seek_at is not None)
            assert (self.waiting_since is not None) == bool(self.inputs or self.asked)

    def _seek(self, now: float) -> list[EdgeEffect]:
        """Ask who owns the room, if that was not done a moment ago; then a moment later."""
        assert self.waiting_since is not None
        if self.sought_at is not None and now < self.sought_at + _SEEK_LEAST:
            self.seek_at = self.sought_at + _SEEK_LEAST
            return []
        self.sought_at = now
        self.seek_at = now + (_SEEK_AGAIN if now - self.waiting_since < _SEEK_OFTEN_FOR else _SEEK_SELDOM)
        return [Find(self.room)]

    def _doubt(self, now: float) -> list[EdgeEffect]:
        """Seek the owner, but keep the session until there is another one: who says that it is lost may be late."""
        self.asked = self.asked or self.state is EdgeState.ATTACHED
        self._await(now)
        return self._seek(now)

    def _attach(self, owner: str, fence: int, now: float) -> list[EdgeEffect]:
        self.state, self.owner, self.fence, self.session = EdgeState.ATTACHING, owner, fence, None
        self.attempt += 1
        self.heard_at, self.again_gap = None, _AGAIN
        self._await(now)
        return self._again(now)

    def _attached(self, parcel: Attached, now: float) -> list[EdgeEffect]:
        if self.state is not EdgeState.ATTACHING or parcel.attempt != self.attempt or parcel.fence < self.fence:
            return []
        if parcel.applied < 0:
            return self._end(GiveUp())
        assert self.owner is not None
        self.state, self.session, self.fence = EdgeState.ATTACHED, parcel.session, parcel.fence
        self.delivered, self.heard, self.before = 0, 0, ""
        self.gap_asked_at, self.asked = None, False
        self._count(parcel.applied)
        effects: list[EdgeEffect] = [Reset(self.owner, self.fence)] if self.sessions else []
        self.sessions += 1
        self._alive(now, progress=True)
        return [*effects, *self._inputs(), *self._left()]

    def _batch(self, parcel: Batch, now: float) -> list[EdgeEffect]:
        self.fence = max(self.fence, parcel.fence)
        progress = self._count(parcel.applied)
        self._alive(now, progress=progress)
        effects: list[EdgeEffect] = []
        if parcel.number == self.delivered + 1:
            self.delivered, self.gap_asked_at, self.before = parcel.number, None, parcel.session
            effects.append(Deliver(parcel.items))
        elif parcel.number > self.delivered:
            effects += self._gap(now)
        if self.delivered - self.heard >= _HEARD_BATCHES:
            effects.append(self._heard())
        elif self.heard_at is None:
            # Also for a batch that has come before: the owner may not have got the last Heard.
            self.heard_at = now + _HEARD_AFTER
        return [*effects, *self._left()]

    def _applied(self, parcel: Applied, now: float) -> list[EdgeEffect]:
        progress = self._count(parcel.applied)
        self.asked = False
        self._alive(now, progress=progress)
        effects: list[EdgeEffect] = self._inputs() if parcel.missing else []
        if parcel.sent > self.delivered:
            effects += self._gap(now)
        elif parcel.ask:
            effects.append(self._heard())
        return [*effects, *self._left()]

    def _count(self, applied: int) -> bool:
        """Forget the inputs up to this number. Return whether there were any."""
        before = self.low
        while self.inputs and self.low <= applied:
            self.input_bytes -= len(self.inputs.popleft())
            self.low += 1
        return self.low > before

    def _await(self, now: float) -> None:
        """Something has no answer from now on, if nothing had none before."""
        if self.waiting_since is None:
            self.waiting_since, self.seek_at = now, now + _SEEK
            if self.state is not EdgeState.SEEKING:
                self.again_at, self.again_gap = now + _AGAIN, _AGAIN

    def _alive(self, now: float, *, progress: bool) -> None:
        """The owner was heard. ``progress``: it has answered something."""
        self.missing_since = None
        if not self.inputs and not self.asked:
            self.waiting_since = self.seek_at = None
            self.again_at = now + _TRY
            return
        self.waiting_since, self.seek_at = now, now + _SEEK
        if progress:
            self.again_at, self.again_gap = now + _AGAIN, _AGAIN

    def _again(self, now: float) -> list[EdgeEffect]:
        """Attach, or ask what the owner has got: it says if inputs are missing, and the number of the last batch."""
        assert self.owner is not None
        if self.state is EdgeState.ATTACHED:
            self.asked = True
            self._await(now)
        self.again_at = now + self.again_gap
        self.again_gap = min(2 * self.again_gap, _AGAIN_MOST)
        if self.state is EdgeState.ATTACHED:
            return [self._told(self.next_number, (), ask=True)]
        attach = Attach(self.room, self.link, self.fence, self.attempt, self.low, self.sent)
        return [self._post(replace(attach, before=self.before, heard=self.delivered) if self.before else attach)]

    def _inputs(self) -> list[EdgeEffect]:
        """Send all inputs that are kept."""
        effects: list[EdgeEffect] = []
        part: list[bytes] = []
        number, size = self.low, 0
        for item in self.inputs:
            if part and size + len(item) > _PARCEL_BYTES:
                effects.append(self._told(number, tuple(part)))
                number, size = number + len(part), 0
                part.clear()
            part.append(item)
            size += len(item)
        return [*effects, self._told(number, tuple(part))] if part else effects

    def _told(self, number: int, items: tuple[bytes, ...], *, ask: bool = False) -> EdgeEffect:
        assert self.session is not None
        self.sent = max(self.sent, number + len(items) - 1)
        self.heard, self.heard_at = self.delivered, None
        return self._post(Told(self.room, self.link, self.session, number, self.low, self.delivered, ask, items))

    def _heard(self, *, missing: bool = False) -> EdgeEffect:
        assert self.session is not None
        self.heard, self.heard_at = self.delivered, None
        return self._post(Heard(self.room, self.link, self.session, self.delivered, missing))

    def _gap(self, now: float) -> list[EdgeEffect]:
        """Ask for the batches that are missing, if that was not done a moment ago."""
        if self.gap_asked_at is not None and now < self.gap_asked_at + _GAP_AGAIN:
            return []
        self.gap_asked_at = now
        return [self._heard(missing=True)]

    def _post(self, parcel: ToOwner) -> EdgeEffect:
        assert self.owner is not None
        return PostToOwner(self.owner, parcel)

    def _left(self) -> list[EdgeEffect]:
        if not self.leaving or self.inputs:
            return []
        told: list[EdgeEffect] = [] if self.owner is None else [self._post(Leave(self.room, self.link))]
        return [*told, *self._end(Close())]

    def _end(self, effect: EdgeEffect) -> list[EdgeEffect]:
        self.state, self.session, self.low = EdgeState.ENDED, None, self.next_number
        self.inputs.clear()
        self.input_bytes = 0
        return [effect]
