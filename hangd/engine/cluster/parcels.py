"""The parcels that travel between an edge and the owner of a room, first those to the owner and then those to the edge.

An edge is a node with connections of a room's members, the owner is the node where the room runs. A *link* is one
edge's stream for one room; its id is random and is never used again. Within a link a *session* begins with each Attach
that the owner admits. The edge numbers its inputs from 1 in each link, through all sessions; the owner numbers its
batches from 1 in each session. A session's id is unique among all owners of the room, so a parcel of another session
tells nothing and is dropped.

Parcels to the owner are found by ``room``, parcels to the edge by ``link``.
"""

from msgspec import Struct


class Attach(Struct, frozen=True, array_like=True, tag="attach"):
    """The edge wants a session. Answered by Attached, which only a commit publishes."""

    room: str
    link: str
    fence: int
    """The fence under which the edge believes the room to be owned."""
    attempt: int
    """Rises with each session that the edge asks for. The same number again: the answer has not arrived."""
    low: int
    """The lowest number of an input that the edge still keeps: all before have been applied."""
    sent: int
    """The highest number of an input that was ever sent; 0: the link has never had a session."""
    who: bytes = b""
    """The edge's clients in this room, and whether they are full: an item. Who posts the parcel fills it in."""
    before: str = ""
    """The last session of which the edge has delivered something."""
    heard: int = 0
    """Number of the last batch of that session that it has delivered."""


class Told(Struct, frozen=True, array_like=True, tag="told"):
    """Inputs for the room, in order. Without items it only acknowledges and asks."""

    room: str
    link: str
    session: str
    number: int
    """Number of the first item; without items that of the next."""
    low: int
    """As in Attach."""
    heard: int
    """Number of the last batch that the edge has delivered: acknowledges it and all before it."""
    ask: bool
    """Answer with Applied at once."""
    items: tuple[bytes, ...] = ()


class Heard(Struct, frozen=True, array_like=True, tag="heard"):
    """The edge has delivered all batches up to this number. ``missing``: later ones are out, so send those again."""

    room: str
    link: str
    session: str
    heard: int
    missing: bool = False


class Leave(Struct, frozen=True, array_like=True, tag="leave"):
    """The edge has no use for the link any more, or does not know it."""

    room: str
    link: str


ToOwner = Attach | Told | Heard | Leave


class Attached(Struct, frozen=True, array_like=True, tag="attached"):
    """A session has begun: the first batch follows, which tells the edge's clients the state of the room."""

    room: str
    link: str
    attempt: int
    """That of the Attach."""
    session: str
    fence: int
    applied: int
    """Number of the last input that was applied: the edge sends from the next one on. -1: the link has been forgotten,
    so nobody can say what was applied."""


class Batch(Struct, frozen=True, array_like=True, tag="batch"):
    """What a commit says to one edge. It arrives only if the commit was accepted."""

    room: str
    link: str
    session: str
    fence: int
    number: int
    applied: int
    """All inputs up to this number are in what was committed."""
    items: tuple[bytes, ...] = ()


class Applied(Struct, frozen=True, array_like=True, tag="applied"):
    """All inputs up to this number have been applied, and nothing that they changed can be lost with the owner."""

    room: str
    link: str
    session: str
    applied: int
    sent: int
    """Number of the last batch that was committed: an edge that has not got it asks for it."""
    ask: bool = False
    """Answer with Heard at once."""
    missing: bool = False
    """Later inputs have arrived, and those between have not: send them again."""


class Detached(Struct, frozen=True, array_like=True, tag="detached"):
    """This session has ended: attach again."""

    room: str
    link: str
    session: str


class NotHere(Struct, frozen=True, array_like=True, tag="not-here"):
    """The sender does not own the room, or not any more: find out who does."""

    room: str
    link: str


ToEdge = Attached | Batch | Applied | Detached | NotHere
Parcel = ToOwner | ToEdge


def stray(parcel: Parcel) -> Parcel | None:
    """Return the answer to a parcel for a room that is not owned here, or for a link that is not one of ours.

    None: no answer is of use. The answer goes to the node that sent the parcel.
    """
    match parcel:
        case Attach(room=room, link=link) | Told(room=room, link=link):
            return NotHere(room, link)
        case Attached(room=room, link=link) | Batch(room=room, link=link) | Applied(room=room, link=link):
            return Leave(room, link)
        case _:
            return None
