"""What nodes send each other, with the name of the sender."""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from hangd.cluster.base import Cluster
from hangd.engine.cluster.clusterclock import ClockPing, ClockPong
from hangd.engine.cluster.parcels import Parcel, ToEdge, ToOwner
from hangd.rooms.clustered.unreadable import Unreadable


class Moved(Struct, frozen=True, array_like=True, tag="moved"):
    """This client is connected to the sender now: its connection here, if there is one, has been replaced."""

    client_id: str


class Ended(Struct, frozen=True, array_like=True, tag="ended"):
    """As `hangd.rooms.trust.Ended`."""

    tag: str
    code: str
    why: str


class StoreChanged(Struct, frozen=True, array_like=True, tag="store"):
    """The sender has changed accounts, logins, bans or keys in the database that the nodes share."""


Message = Parcel | Moved | Ended | StoreChanged | ClockPing | ClockPong


class _Envelope(Struct, frozen=True, array_like=True):
    sender: str
    message: Message


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(_Envelope)


def decode(data: bytes) -> tuple[str, Message]:
    """Return who has sent a parcel, and what it says. Raises Unreadable."""
    try:
        envelope = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise Unreadable(f"a parcel: {error}") from error
    return envelope.sender, envelope.message


class Post:
    """Sends parcels to nodes. What is for this node does not leave it.

    Args:
        later: calls ``take_owner`` or ``take_edge`` soon, and not within the call.
    """

    def __init__(
        self,
        cluster: Cluster,
        later: Callable[..., object],
        take_owner: Callable[[str, ToOwner], None],
        take_edge: Callable[[str, ToEdge], None],
    ) -> None:
        self._cluster = cluster
        self._later = later
        self._take_owner = take_owner
        self._take_edge = take_edge

    def encode(self, message: Message) -> bytes:
        return _encoder.encode(_Envelope(self._cluster.node, message))

    def to_owner(self, node: str, parcel: ToOwner) -> None:
        if node == self._cluster.node:
            self._later(self._take_owner, node, parcel)
        else:
            self._cluster.post(node, self.encode(parcel))

    def to_edge(self, node: str, parcel: ToEdge) -> None:
        if node == self._cluster.node:
            self._later(self._take_edge, node, parcel)
        else:
            self._cluster.post(node, self.encode(parcel))

    def send(self, node: str, message: Message) -> None:
        self._cluster.post(node, self.encode(message))
