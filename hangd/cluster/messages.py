"""What travels through a node's inbox: parcels of other nodes, its own beats, and parcels to all."""

from typing import Final

from msgspec import Struct

PARCEL: Final = b"P"
_BEAT: Final = b"B"
_TO_ALL: Final = b"A"
_BREAK: Final = b"\n"
"""Ends the sender's name, which cannot contain it."""


class Beat(Struct, frozen=True):
    number: int


class ToAll(Struct, frozen=True):
    """A parcel to all nodes but the one that has sent it."""

    sender: str
    parcel: bytes


def parcel(content: bytes) -> bytes:
    """Return the message that carries a parcel to one node."""
    return PARCEL + content


def beat(number: int) -> bytes:
    """Return the message by which a node hears itself."""
    return b"%b%d" % (_BEAT, number)


def to_all(sender: str, content: bytes) -> bytes:
    """Return the message that carries a parcel to all nodes."""
    return b"".join((_TO_ALL, sender.encode(), _BREAK, content))


def read(message: bytes) -> bytes | Beat | ToAll | None:
    """Return what a message carries; of a parcel to one node, the parcel itself. None: no hang has written this."""
    kind, content = message[:1], message[1:]
    if kind == PARCEL:
        return content
    if kind == _BEAT:
        return Beat(int(content)) if content.isdigit() else None
    sender, found, rest = content.partition(_BREAK)
    if kind != _TO_ALL or not found:
        return None
    try:
        return ToAll(sender.decode(), rest)
    except UnicodeDecodeError:
        return None
