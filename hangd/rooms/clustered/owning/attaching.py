"""What a room is told and says when an edge has attached: whoever is there is present, and learns the state."""

from collections.abc import Callable

from hangd.engine.cluster.effects import Admit
from hangd.engine.room import effects, inputs
from hangd.protocol.messages import RoomLeft, RoomState
from hangd.rooms.clustered import items
from hangd.rooms.clustered.owning.owned_room import OwnedRoom


def admitted(
    hosted: OwnedRoom, order: Admit, feed: Callable[[inputs.RoomInput], list[effects.RoomEffect]], now: float
) -> list[effects.RoomEffect]:
    """Take in who is at an edge, and return what the room orders because of that. Raises Unreadable.

    Args:
        feed: gives the room an input, and returns what it orders.
        now: server time.
    """
    # Whoever has another connection by now, whose server was quicker to tell, is not there any more.
    who = [
        one
        for one in items.decode_who(order.who)
        if one.since is None or one.since >= hosted.since.get(one.client_id, 0.0)
    ]
    here = {one.client_id for one in who}
    said: list[effects.RoomEffect] = []
    for client_id in [one for one in hosted.at(order.link) if one not in here]:
        said += feed(inputs.ConnectionLost(client_id))
    for lost in hosted.hash_lost(order.link):
        said += feed(lost)
    known: list[items.Attending] = []
    for one in who:
        hosted.where[one.client_id] = order.link
        if one.since is not None:
            hosted.since[one.client_id] = one.since
        if not one.is_member:
            continue
        if not hosted.room.is_member(one.client_id):
            left = RoomLeft(hosted.room_id, "closed", "the server has lost your place: come in again")
            said += [effects.SendTo((one.client_id,), left), effects.ForgetMember(one.client_id, "lost")]
            continue
        if not hosted.room.is_present(one.client_id):
            said += feed(inputs.ConnectionResumed(one.client_id, one.identity))
        known.append(one)
    full = tuple(one.client_id for one in known if one.full)
    if full:
        said.append(effects.SendTo(full, RoomState(hosted.room.view())))
    basic = tuple(one.client_id for one in known if not one.full)
    if basic:
        said.append(effects.SendTo(basic, hosted.room.standing(now)))
    return said
