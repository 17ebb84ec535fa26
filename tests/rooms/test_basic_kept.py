"""What the owner of a room keeps of basic members for the next one."""

import msgspec
import pytest

from hangd.cluster.base import Owned
from hangd.engine.room.saved import BasicMember, SavedMember
from hangd.rooms.clustered.owning import basic

EDGES = {"link-1": "one-1", "link-2": "two-2"}


def member(number: int) -> BasicMember:
    id = f"0000000{number}-1111-4222-8333-444444444444"
    return BasicMember(number, SavedMember(id, f"guest-000{number}", "viewer", full=False, file_hash="a" * 64))


def owned(kept: bytes | None, applied: dict[str, int]) -> Owned:
    return Owned(3, 7, {} if kept is None else {basic.FIELD: kept}, applied)


def test_members_are_kept_with_their_links_and_the_nodes_of_these() -> None:
    members = tuple(member(number) for number in (0, 2, 3))
    where = {one.member.client_id: f"link-{1 + one.before % 2}" for one in members} | {"ann": "link-1"}
    kept = basic.encode(members, where, EDGES)
    found = basic.decode(owned(kept, {"link-1": 4, "link-2": 1, "link-3": 0}))
    assert found.members == members
    assert found.where == {id: link for id, link in where.items() if id != "ann"}
    assert found.edges == EDGES


def test_nothing_is_kept_where_there_are_none() -> None:
    assert basic.encode((), {"ann": "link-1"}, EDGES) is None
    assert basic.decode(owned(None, {"link-1": 4})) == basic.Basics()


def test_what_is_kept_of_one_is_small() -> None:
    one = member(1)
    kept = basic.encode((one,), {one.member.client_id: "0123456789abcdef"}, {"0123456789abcdef": "node-1-01234567"})
    assert kept is not None
    assert len(kept) < 300


def test_a_link_that_has_ended_has_no_members() -> None:
    """An owner of a version that knew none of this has left what it found."""
    one, two = member(0), member(1)
    kept = basic.encode((one, two), {one.member.client_id: "link-1", two.member.client_id: "link-2"}, EDGES)
    found = basic.decode(owned(kept, {"link-2": 1}))
    assert (found.members, found.edges) == ((two,), {"link-2": "two-2"})


def test_what_cannot_be_read_is_an_error() -> None:
    with pytest.raises(msgspec.MsgspecError):
        basic.decode(owned(b'{"link-1": 3}', {"link-1": 1}))
