"""The effects of the two ends of a link: `EdgeRelay` and `OwnerRelay`. Orders in the imperative."""

from msgspec import Struct

from hangd.engine.cluster.parcels import ToEdge, ToOwner


class Find(Struct, frozen=True):
    """Ask who owns the room, and claim it if nobody who lives does. Then call ``found`` or ``missing``.

    No answer, because Redis gives none, is no fault: Find follows again.
    """

    room: str


class PostToOwner(Struct, frozen=True):
    """Send the parcel to this node. Before it is encoded, ``who`` of an Attach is filled in."""

    node: str
    parcel: ToOwner


class Deliver(Struct, frozen=True):
    """Carry out what the owner says, in this order: each item comes once, and none is left out within a session."""

    items: tuple[bytes, ...]


class Reset(Struct, frozen=True):
    """Another session begins: a gap could not be filled, or the room has another owner.

    What the last session has not delivered does not follow. The owner tells all clients of this edge the state of the
    room next. Requests that were told to the room and have not been answered may have been carried out.
    """

    owner: str
    fence: int


class GiveUp(Struct, frozen=True):
    """No owner could be reached for long, or nobody knows which inputs were applied: send the clients away.

    The relay has ended. Who wants the room again makes another one, with another link.
    """


class Vanish(Struct, frozen=True):
    """There is no such room. The relay has ended."""


class Close(Struct, frozen=True):
    """Everything that was told has been applied and the owner knows that the edge has left. The relay has ended."""


EdgeEffect = Find | PostToOwner | Deliver | Reset | GiveUp | Vanish | Close


class PostToEdge(Struct, frozen=True):
    """Send the parcel to this node at once, outside any commit."""

    node: str
    parcel: ToEdge


class Admit(Struct, frozen=True):
    """This edge has attached: tell its clients the state of the room, then commit, though nothing may have changed.

    The commit publishes Attached, and what is said to the link in it and from then on. Members that were at this link
    and are not among ``who`` any more have lost their connections.
    """

    link: str
    edge: str
    who: bytes
    unheard: tuple[bytes, ...] = ()
    """Items that were to last (`OwnerRelay.commit`), and that the edge has not delivered: say them after the state."""


class Apply(Struct, frozen=True):
    """Give these inputs to the room, in order, then commit if that changed or said something.

    Each input of a link comes once. ``number`` is that of the first one.
    """

    link: str
    number: int
    items: tuple[bytes, ...]


class Drop(Struct, frozen=True):
    """Members whose connections were at this link have lost them.

    Its edge has left, does not count as alive, or has been silent for long. In the latter cases it may attach again
    (Admit), and whoever is still connected to it is back then.
    """

    link: str
    edge: str
    """Empty: the link is the last owner's, has not attached to this one, and its edge is not known."""


OwnerEffect = PostToEdge | Admit | Apply | Drop


class Published(Struct, frozen=True):
    """What one commit publishes and keeps on behalf of the links, at once with the state of the room."""

    parcels: dict[str, tuple[ToEdge, ...]]
    """For each node with a link, in order."""
    applied: dict[str, int | None]
    """For each link of which that has changed since the last commit: the number of its last input that was applied.
    None: forget the link."""
