"""NodeLease: whether this node may count itself alive, from its own beats that come back through Redis.

Theory of operation. Every 0.75 s a beat goes out to the node's own inbox, and if one of the last two has come back, the
key of this node is renewed, which expires after 3 s. So a node that hears nothing through Redis, as one whose
connection has stayed open to a server that was demoted, loses its key though it could still write it. A beat that went
out late renews the key when it comes back: a node that gets no processor for a second is not dead. And a node that can
be reached again beats at once: it may have stood still, and have little time left.

All ages are counted from when a thing was ordered, not from when its answer came: the key cannot expire before the
node says that it may have. Once the last renewal that was acknowledged, or the last beat that was heard, is 3 s old,
the node is cut off and its rooms are mute. After 15 s more it sends its clients away, to nodes that are not.
"""

from typing import Final

from msgspec import Struct, field

LIFE: Final = 3.0
"""Seconds after which the key of a node expires."""
_BEAT: Final = 0.75
_BEAT_LEAST: Final = 0.3
"""Between two beats, however often its connection is made anew."""
_HEARD: Final = 1.6
"""The key is renewed only if a beat was heard that is not older than this, in seconds: one may be lost or late."""
_SEND_AWAY: Final = 15.0
_SPREAD: Final = 5.0
GONE: Final = LIFE + _SEND_AWAY + _SPREAD + 2.0
"""Seconds after its last renewal by which a node that lives, and is cut off, has no clients left."""


class Beat(Struct, frozen=True):
    """Publish this number to the own inbox; then call ``beat_heard``, when it arrives there."""

    number: int


class Renew(Struct, frozen=True):
    """Set the key of this node, to expire after LIFE seconds; then call ``renewed`` or ``failed`` with the number."""

    number: int


class Decide(Struct, frozen=True):
    """This node is alive, and goes on with the rooms that it owns: nobody else can have claimed them."""


class Mute(Struct, frozen=True):
    """This node is cut off: its rooms take no input and say nothing, and nobody may be let in."""


class Reclaim(Struct, frozen=True):
    """This node is alive, and its key had expired: anybody may have claimed its rooms.

    Make a commit of each, before it takes any input: the outcome says whether it is still this node's.
    """


class SendAway(Struct, frozen=True):
    """Cut off for too long: close the connections of all clients, each after a random part of ``spread`` seconds."""

    spread: float


LeaseEffect = Beat | Renew | Decide | Mute | Reclaim | SendAway


class NodeLease(Struct):
    """See the module's docstring. Its fields are all of its state; callers only read them. Local times in seconds.

    Call `start` first.
    """

    spread: float = _SPREAD
    """Seconds over which clients are sent away."""
    cut_since: float | None = None
    """Since when this node has been cut off. None: it is not."""
    number: int = 0
    """Of the last beat."""
    due: float | None = None
    """When the next one goes out."""
    ordered: dict[int, float] = field(default_factory=dict)
    """When each of the last beats, and the renewal of the same number, was ordered."""
    heard: float | None = None
    """When the last beat that came back was ordered."""
    kept: float | None = None
    """When the last renewal that was acknowledged was ordered."""
    renewal: int = 0
    """Number of the last renewal that was ordered."""
    lapsed: bool = False
    """Whether the key had expired at a renewal since this node was last alive."""
    was_alive: bool = False
    sent_away: bool = False

    def start(self, now: float) -> list[LeaseEffect]:
        """Begin to beat. The node is cut off until its first beat has come back and the key is set."""
        self.cut_since = now
        return self._beat(now)

    def connected(self, now: float) -> list[LeaseEffect]:
        """What is sent to the own inbox arrives from now on. What was sent before may be lost."""
        if self.due is None:
            return []
        last = self.ordered.get(self.number, -LIFE)
        self.due = min(self.due, max(now, last + _BEAT_LEAST))
        return self.expire(now)

    def beat_heard(self, number: int, now: float) -> list[LeaseEffect]:
        """A beat came back through the own inbox."""
        effects = self._look(now)
        if (ordered := self.ordered.get(number)) is None:
            return effects
        self.heard = ordered if self.heard is None else max(self.heard, ordered)
        if self.renewal < number:
            # Not only with the next beat: clients wait, or this node is so busy that its key would expire before.
            effects += self._renew(number, now)
        return effects

    def renewed(self, number: int, now: float, *, kept: bool | None = None) -> list[LeaseEffect]:
        """The key was set.

        Args:
            kept: whether it was there before, so that nobody can have claimed what this node owns. None: unknown, and
                judged by the time since the last renewal.
        """
        effects = self._look(now)
        ordered = self.ordered.get(number)
        if kept is None:
            kept = ordered is not None and self.kept is not None and ordered - self.kept < LIFE
        self.lapsed = self.lapsed or not kept
        if ordered is not None:
            self.kept = ordered if self.kept is None else max(self.kept, ordered)
        if not self._alive(now):
            return effects
        back, lapsed, first = self.cut_since is not None, self.lapsed, not self.was_alive
        self.cut_since, self.sent_away, self.lapsed, self.was_alive = None, False, False, True
        if lapsed and not first:
            return [*effects, Reclaim()]
        return [*effects, Decide()] if back else effects

    def failed(self, number: int, now: float) -> list[LeaseEffect]:
        """Redis did not set the key. The next beat tries again."""
        return self._look(now)

    def may_decide(self, now: float) -> bool:
        """Return whether rooms owned here may take inputs: right also before `expire` was called, after a suspend."""
        return self.cut_since is None and self._alive(now)

    def deadline(self) -> float | None:
        due = [self.due, self._end(), None if self.sent_away or self.cut_since is None else self.cut_since + _SEND_AWAY]
        return min((at for at in due if at is not None), default=None)

    def expire(self, now: float) -> list[LeaseEffect]:
        """Do what is due."""
        effects = self._look(now)
        if self.cut_since is not None and not self.sent_away and now >= self.cut_since + _SEND_AWAY:
            self.sent_away = True
            effects.append(SendAway(self.spread))
        return effects + self._beat(now) if self.due is not None and now >= self.due else effects

    def check(self) -> None:
        """Assert the invariants."""
        assert self.cut_since is not None or self.was_alive
        assert not self.sent_away or self.cut_since is not None
        assert len(self.ordered) < 3 * LIFE / _BEAT

    def _beat(self, now: float) -> list[LeaseEffect]:
        self.number += 1
        self.due = now + _BEAT
        self.ordered = {number: at for number, at in self.ordered.items() if now - at < LIFE}
        self.ordered[self.number] = now
        effects: list[LeaseEffect] = [Beat(self.number)]
        return (
            effects + self._renew(self.number, now) if self.heard is not None and now - self.heard < _HEARD else effects
        )

    def _renew(self, number: int, now: float) -> list[LeaseEffect]:
        self.renewal = number
        return [Renew(number)]

    def _alive(self, now: float) -> bool:
        return all(at is not None and now - at < LIFE for at in (self.heard, self.kept))

    def _end(self) -> float | None:
        """When this node is cut off if nothing comes any more. None: it is."""
        if self.cut_since is not None or self.heard is None or self.kept is None:
            return None
        return min(self.heard, self.kept) + LIFE

    def _look(self, now: float) -> list[LeaseEffect]:
        """Note that this node has been cut off, if it has."""
        end = self._end()
        if end is None or now < end:
            return []
        self.cut_since = end
        return [Mute()]
