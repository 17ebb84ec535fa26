"""What the owner of a room keeps of basic members for the next owner: they cannot prove who they are, but the servers
to which they are connected know them.

The next owner has them as present members at their links from the beginning. A link that attaches says who is still
there; one that does not, because its server is lost, loses its members soon.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from hangd.cluster.base import Owned
from hangd.engine.room.saved import BasicMember

FIELD: Final = "basic"


class _AtLink(Struct, frozen=True, array_like=True):
    edge: str
    """The node that has this end of the link."""
    members: list[BasicMember] = []


class Basics(Struct, frozen=True):
    """The basic members of a room that is taken over."""

    members: tuple[BasicMember, ...] = ()
    """Oldest first."""
    where: dict[str, str] = {}
    """At which link each of them is."""
    edges: dict[str, str] = {}
    """The node of each of these links."""


_by_link: Final = msgspec.json.Decoder(dict[str, _AtLink])


def encode(members: tuple[BasicMember, ...], where: Mapping[str, str], edges: Mapping[str, str]) -> bytes | None:
    """Return what is kept of these members. None: nothing. ``where`` and ``edges``: as in `Basics`, of all members."""
    by_link: dict[str, _AtLink] = {}
    for one in members:
        link = where.get(one.member.client_id)
        if link is not None and link in edges:
            by_link.setdefault(link, _AtLink(edges[link], [])).members.append(one)
    return msgspec.json.encode(by_link) if by_link else None


def decode(owned: Owned) -> Basics:
    """Return the basic members of a room that this node owns now. Raises msgspec.MsgspecError: it cannot be read."""
    if FIELD not in owned.fields:
        return Basics()
    by_link = _by_link.decode(owned.fields[FIELD])
    # A node of a version without basic members leaves what it has found, though the link may have ended under it.
    kept = {link: at for link, at in by_link.items() if link in owned.applied}
    return Basics(
        members=tuple(sorted((one for at in kept.values() for one in at.members), key=lambda one: one.before)),
        where={one.member.client_id: link for link, at in kept.items() for one in at.members},
        edges={link: at.edge for link, at in kept.items()},
    )
