"""OwnerRelay: the owner's end of all links of one room.

Theory of operation. An Attach begins a session, and Attached is published by the commit that also tells the edge's
clients the state of the room: a node that has lost the room can admit nobody. Inputs are given to the room in the order
of their numbers, each once: for each link the number of the last one is known, it is kept by each commit together with
the room, and the next owner begins with it.

What the room says goes out in numbered batches, and each is kept until the edge has acknowledged it. Only batches whose
commit was accepted are sent again. An edge that does not acknowledge, or for which too much is kept, loses its session:
it attaches again and gets the state of the room, which takes less than what it has missed.

An edge forgets its inputs when it is told that they are applied. So it is told so by the commit itself; or, for inputs
that changed nothing and made no commit, when no commit is on its way.
"""

from collections import deque
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from hangd.engine.cluster.edge_relay import GIVE_UP
from hangd.engine.cluster.effects import Admit, Apply, Drop, OwnerEffect, PostToEdge, Published
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

# Batches of one link that are kept: so many, and so many bytes. One is kept however large it is.
_MOST: Final = 1024
_MOST_BYTES: Final = 4 * 2**20
# Seconds.
_APPLIED_AFTER: Final = 0.2
_ASK: Final = 1.0
_ASK_MOST: Final = 4.0
_SILENT: Final = 10.0
"""A link whose edge acknowledges nothing for so long, though there is something, loses its session."""
_UNSEEN: Final = 30.0
"""So does one whose edge sends nothing for so long: living ones ask every 10 s at least."""
_DROP: Final = GIVE_UP[1]
"""The members at a link without a session have lost their connections after so long: as long as any edge seeks."""
_FORGET: Final = 60.0
"""What was applied of a link without a session is forgotten after so long. Its edge has given up long before."""
_MISSING_AGAIN: Final = 0.1


UNHEARD_MOST: Final = 200
"""Items that are kept for a link that has no session, or a new one; the oldest go first."""


class _Kept(Struct, frozen=True):
    batch: Batch
    commit: int
    size: int
    lasting: tuple[bytes, ...] = ()


class _Link(Struct):
    """One link. Without a session, its edge is to attach, or has lost its session."""

    edge: str
    idle_since: float
    """Since when it has no session; only of meaning then."""
    dropped: bool = False
    """Whether its members have lost their connections."""
    applied: int = 0
    """Number of the last input that was given to the room."""
    kept: int = 0
    """The same, of what cannot be lost with this process, or has changed nothing."""
    told: int = 0
    """The same, as far as the edge was told or the next commit tells it."""
    attempt: int = 0
    session: str | None = None
    attached_by: int | None = None
    """The commit that publishes Attached; None: the next one."""
    number: int = 0
    """Of the last batch that was made."""
    sent: int = 0
    """Of the last batch that was committed."""
    heard: int = 0
    """Of the last batch that was acknowledged."""
    batches: deque[_Kept] = field(default_factory=deque)
    size: int = 0
    unheard: deque[tuple[str, int, bytes]] = field(default_factory=lambda: deque(maxlen=UNHEARD_MOST))
    """Lasting items of earlier sessions, each with its session and the number of its batch; 0: of none."""
    said_again: tuple[bytes, ...] = ()
    """Those of them that the first batch of this session has."""
    applied_at: float | None = None
    """When to tell the edge what was applied."""
    ask_at: float | None = None
    ask_gap: float = _ASK
    silent_since: float = 0.0
    """When the edge last acknowledged something, or began to have something to acknowledge."""
    missing_asked_at: float | None = None
    seen_at: float = 0.0
    """When the edge last sent something in this session, or the session began."""

    @property
    def cut_at(self) -> float:
        """When its session ends if the edge does not speak."""
        unseen = self.seen_at + _UNSEEN
        return unseen if self.ask_at is None else min(unseen, self.silent_since + _SILENT)


class OwnerRelay:
    """See the module's docstring. Local times in seconds.

    Args:
        room: the room's id.
        node: this node.
        applied: for each link, the number of its last input that the room as it was kept has in it.
        edges: the edges of some of these links.
        unheard: lasting items that the last owner has said, and that some of these links may not have delivered.
    """

    def __init__(
        self,
        room: str,
        node: str,
        fence: int,
        now: float,
        applied: Mapping[str, int] | None = None,
        edges: Mapping[str, str] | None = None,
        unheard: Iterable[bytes] = (),
    ) -> None:
        self.room = room
        self.node = node
        self.fence = fence
        self._links = {
            link: _Link((edges or {}).get(link, ""), now, applied=number, kept=number, told=number)
            for link, number in (applied or {}).items()
        }
        for link in self._links.values():
            link.unheard.extend(("", 0, item) for item in unheard)
        self._sessions = 0
        self._changed: dict[str, int | None] = {}
        """What `commit` has to keep next."""
        self._on_way: deque[tuple[int, dict[str, int]]] = deque()
        """The commits that have not been accepted yet: their numbers, and what they keep as applied."""

    @property
    def links(self) -> dict[str, str]:
        """The links that are attached, each with its edge."""
        return {id: link.edge for id, link in self._links.items() if link.session is not None}

    @property
    def edges(self) -> dict[str, str]:
        """The edge of each link of which it is known."""
        return {id: link.edge for id, link in self._links.items() if link.edge}

    def session(self, link: str) -> str | None:
        """Return the session in which this link is told what is said now. None: it has none, so it is told nothing."""
        found = self._links.get(link)
        return None if found is None else found.session

    def applied_by_link(self) -> dict[str, int]:
        """Return what a commit of the whole room keeps: for each link the number of the last input applied."""
        return {id: link.applied for id, link in self._links.items()}

    def unheard(self) -> set[bytes]:
        """Return the lasting items that some link has not acknowledged: the next owner has to say them."""
        found: set[bytes] = set()
        for link in self._links.values():
            found.update(item for _, _, item in link.unheard)
            found.update(link.said_again)
            for kept in link.batches:
                found.update(kept.lasting)
        return found

    def received(self, edge: str, parcel: ToOwner, now: float) -> list[OwnerEffect]:
        """Take a parcel that this edge has sent."""
        match parcel:
            case Attach():
                return self._attach(edge, parcel, now)
            case Leave(link=id):
                if (left := self._links.get(id)) is None:
                    return []
                self._forget(id)
                return [] if left.dropped else [Drop(id, left.edge)]
        link = self._links.get(parcel.link)
        if link is None or link.session != parcel.session:
            return [PostToEdge(edge, Detached(self.room, parcel.link, parcel.session))]
        link.seen_at = now
        match parcel:
            case Told():
                return self._told(parcel, link, now)
            case Heard():
                return self._heard(parcel, link, now)

    def commit(
        self, items: Mapping[str, Sequence[bytes]], number: int, now: float, lasting: Sequence[bytes] = ()
    ) -> Published:
        """Return what the commit with this number publishes: what is said to each link, and what was applied.

        Call it in the turn in which the inputs were applied, before `expire`. Items for links that are not attached
        are dropped: their clients are told the whole state later.

        Args:
            lasting: items that are said to all links and are in no state, such as chat. A link that has no session, or
                loses it before it has heard them, gets them by its next `Admit`.
        """
        parcels: dict[str, list[ToEdge]] = {}
        for id, link in self._links.items():
            if link.session is None:
                link.unheard.extend(("", 0, item) for item in lasting)
                continue
            said = items.get(id)
            if said or link.attached_by is None:
                parcels.setdefault(link.edge, []).extend(self._say(id, link, tuple(said or ()), number, now, lasting))
        changed, self._changed = self._changed, {}
        self._on_way.append((number, {id: applied for id, applied in changed.items() if applied is not None}))
        return Published({edge: tuple(said) for edge, said in parcels.items()}, changed)

    def committed(self, number: int, now: float) -> None:
        """All commits up to this number have been accepted."""
        while self._on_way and self._on_way[0][0] <= number:
            for id, applied in self._on_way.popleft()[1].items():
                if (link := self._links.get(id)) is not None:
                    link.kept = max(link.kept, applied)
        for link in self._links.values():
            before = link.sent
            while link.sent < link.number and link.batches[link.sent - link.heard].commit <= number:
                link.sent += 1
            if link.sent > before and link.ask_at is None:
                link.silent_since, link.ask_at, link.ask_gap = now, now + _ASK, _ASK

    def refence(self, fence: int) -> None:
        """The same owner goes on under a higher fence with the room as it is in memory. Sessions live on."""
        assert fence > self.fence
        self.fence = fence

    def edge_died(self, edge: str, now: float) -> list[OwnerEffect]:
        """This node does not count as alive. If it was only cut off, it attaches again."""
        effects: list[OwnerEffect] = []
        for id, link in self._links.items():
            if link.edge == edge and not link.dropped:
                if link.session is not None:
                    self._cut(id, link, now)
                link.dropped = True
                effects.append(Drop(id, edge))
        return effects

    def edges_alive(self, alive: Container[str]) -> list[OwnerEffect]:
        """These nodes are alive: the edges that the last owner knew, and that have not attached, may not be."""
        effects: list[OwnerEffect] = []
        for id, link in self._links.items():
            if link.session is None and not link.dropped and link.edge and link.edge not in alive:
                link.dropped = True
                effects.append(Drop(id, link.edge))
        return effects

    def release(self) -> list[PostToEdge]:
        """The room is given up: send all edges to find the next owner. Nothing may follow."""
        posts = [PostToEdge(edge, NotHere(self.room, id)) for id, edge in self.links.items()]
        self._links.clear()
        return posts

    def deadline(self) -> float | None:
        due: float | None = None
        for link in self._links.values():
            if link.session is None:
                at = link.idle_since + (_FORGET if link.dropped else _DROP)
            else:
                at = min(at for at in (link.applied_at, link.ask_at, link.cut_at) if at is not None)
            if due is None or at < due:
                due = at
        return due

    def expire(self, now: float) -> list[OwnerEffect]:
        """Do what is due. Not to be called while the node may not decide (`NodeLease.may_decide`)."""
        effects: list[OwnerEffect] = []
        for id, link in list(self._links.items()):
            if link.session is None:
                if not link.dropped and now >= link.idle_since + _DROP:
                    link.dropped = True
                    effects.append(Drop(id, link.edge))
                if now >= link.idle_since + _FORGET:
                    self._forget(id)
            elif now >= link.cut_at:
                effects.append(PostToEdge(link.edge, self._cut(id, link, now)))
            else:
                effects += self._speak(id, link, now)
        return effects

    def check(self) -> None:
        """Assert the invariants."""
        for link in self._links.values():
            assert link.kept <= link.applied
            assert link.heard <= link.sent <= link.number
            assert link.size == sum(kept.size for kept in link.batches)
            assert [kept.batch.number for kept in link.batches] == list(range(link.heard + 1, link.number + 1))
            assert len(link.batches) <= 1 or (len(link.batches) <= _MOST and link.size <= _MOST_BYTES)
            assert link.session is not None or not link.batches
            assert link.session is None or not link.dropped
            assert (link.ask_at is not None) == (link.sent > link.heard)

    def _attach(self, edge: str, parcel: Attach, now: float) -> list[OwnerEffect]:
        id = parcel.link
        if parcel.fence > self.fence:
            return [PostToEdge(edge, NotHere(self.room, id))]
        link = self._links.get(id)
        if link is None:
            if parcel.sent:
                # A link with inputs that may have been applied, and nobody knows how many.
                return [PostToEdge(edge, Attached(self.room, id, parcel.attempt, "", self.fence, -1))]
            link = self._links[id] = _Link(edge, now)
        elif parcel.attempt < link.attempt:
            return []
        elif parcel.attempt == link.attempt and link.session is not None:
            if link.attached_by is None or (self._on_way and link.attached_by >= self._on_way[0][0]):
                return []
            attached = Attached(self.room, id, link.attempt, link.session, self.fence, link.kept)
            return [PostToEdge(edge, attached), PostToEdge(edge, self._applied(id, link))]
        self._skip(link, parcel.low)
        self._sessions += 1
        self._empty(link)
        # What the edge has delivered of its last session is not said again.
        kept, link.unheard = link.unheard, deque(maxlen=UNHEARD_MOST)
        unheard = tuple(item for of, number, item in kept if not of or of != parcel.before or number > parcel.heard)
        link.said_again = unheard
        link.edge, link.attempt, link.attached_by, link.seen_at = edge, parcel.attempt, None, now
        link.dropped = False
        link.session = f"{self.fence}.{self._sessions}.{self.node}"
        self._changed[id] = link.applied
        return [Admit(id, edge, parcel.who, unheard)]

    def _told(self, parcel: Told, link: _Link, now: float) -> list[OwnerEffect]:
        self._skip(link, parcel.low)
        self._acknowledge(link, parcel.heard, now)
        effects: list[OwnerEffect] = []
        before = link.applied
        fresh = parcel.items[before + 1 - parcel.number :] if parcel.number <= before + 1 else ()
        if fresh:
            link.applied += len(fresh)
            link.missing_asked_at = None
            self._changed[parcel.link] = link.applied
            effects.append(Apply(parcel.link, before + 1, fresh))
        if link.applied > link.told and link.applied_at is None:
            link.applied_at = now + _APPLIED_AFTER
        missing = parcel.number > link.applied + 1
        if parcel.ask or (missing and (link.missing_asked_at is None or now >= link.missing_asked_at + _MISSING_AGAIN)):
            if missing:
                link.missing_asked_at = now
            effects.append(PostToEdge(link.edge, self._applied(parcel.link, link, missing=missing)))
        return effects

    def _heard(self, parcel: Heard, link: _Link, now: float) -> list[OwnerEffect]:
        self._acknowledge(link, parcel.heard, now)
        if not parcel.missing:
            return []
        if parcel.heard < link.heard:
            return [PostToEdge(link.edge, self._cut(parcel.link, link, now))]
        return [PostToEdge(link.edge, kept.batch) for kept in link.batches if kept.batch.number <= link.sent]

    def _skip(self, link: _Link, low: int) -> None:
        """The edge has forgotten the inputs before ``low``: an owner has told it that these are done."""
        if low > link.applied + 1:
            link.applied = link.kept = link.told = low - 1

    def _acknowledge(self, link: _Link, heard: int, now: float) -> None:
        # An edge may have a batch before this node is told that its commit was accepted.
        heard = min(heard, link.number)
        link.sent = max(link.sent, heard)
        if heard <= link.heard:
            return
        while link.batches and link.batches[0].batch.number <= heard:
            link.size -= link.batches.popleft().size
        link.heard, link.silent_since = heard, now
        link.ask_at, link.ask_gap = (now + _ASK if link.sent > heard else None), _ASK

    def _say(
        self, id: str, link: _Link, items: tuple[bytes, ...], commit: int, now: float, lasting: Sequence[bytes]
    ) -> list[ToEdge]:
        """Return what a commit publishes for this link."""
        assert link.session is not None
        said: list[ToEdge] = []
        link.told, link.applied_at = link.applied, None
        if link.attached_by is None:
            link.attached_by = commit
            lasting, link.said_again = (*link.said_again, *lasting), ()
            said.append(Attached(self.room, id, link.attempt, link.session, self.fence, link.applied))
        if items:
            link.number += 1
            batch = Batch(self.room, id, link.session, self.fence, link.number, link.applied, items)
            link.batches.append(kept := _Kept(batch, commit, sum(map(len, items)), tuple(lasting)))
            link.size += kept.size
            said.append(batch)
            if len(link.batches) > 1 and (len(link.batches) > _MOST or link.size > _MOST_BYTES):
                return [self._cut(id, link, now)]
        return said

    def _speak(self, id: str, link: _Link, now: float) -> list[OwnerEffect]:
        """Say what was applied, and ask what was heard, if that is due."""
        ask = link.ask_at is not None and now >= link.ask_at
        if ask:
            link.ask_at, link.ask_gap = now + link.ask_gap, min(2 * link.ask_gap, _ASK_MOST)
        due = link.applied_at is not None and now >= link.applied_at
        if due:
            if not self._on_way:
                link.kept = link.applied
            due = link.kept > link.told
            link.applied_at = now + _APPLIED_AFTER if link.applied > link.kept else None
        return [PostToEdge(link.edge, self._applied(id, link, ask=ask))] if ask or due else []

    def _applied(self, id: str, link: _Link, *, ask: bool = False, missing: bool = False) -> Applied:
        assert link.session is not None
        link.told = max(link.told, link.kept)
        return Applied(self.room, id, link.session, link.kept, link.sent, ask, missing)

    def _cut(self, id: str, link: _Link, now: float) -> Detached:
        """End the session."""
        assert link.session is not None
        detached = Detached(self.room, id, link.session)
        self._empty(link)
        link.session, link.idle_since = None, now
        return detached

    def _empty(self, link: _Link) -> None:
        for kept in link.batches:
            link.unheard.extend((kept.batch.session, kept.batch.number, item) for item in kept.lasting)
        link.batches.clear()
        link.size = link.number = link.sent = link.heard = 0
        link.applied_at = link.ask_at = link.missing_asked_at = None

    def _forget(self, id: str) -> None:
        del self._links[id]
        self._changed[id] = None
