"""Which inputs of a link count for a room: those of clients that are connected there, as far as
the owner knows, and what an edge was told to find out."""

from hangd.engine.room import inputs
from hangd.rooms.clustered.owning.owned_room import OwnedRoom


def what_counts(hosted: OwnedRoom, link: str, input: inputs.RoomInput) -> inputs.RoomInput | None:
    """Return what a room is told when an input has come by this link. None: nothing, the input is out of date."""
    match input:
        case inputs.JoinRequested() | inputs.CreateRequested():
            return _asked(hosted, link, input)
        case inputs.ConnectionResumed(client_id=client_id, since=since):
            if since < hosted.since.get(client_id, 0.0):
                return None  # It has another connection by now, whose server was quicker to tell.
            hosted.where[client_id], hosted.since[client_id] = link, since
            return input
        case inputs.AccountEnded():
            return input
        case inputs.PasswordHashed(client_id=client_id):
            # Also of a client that is not connected there any more: the room waits for it.
            return input if hosted.hashing == (client_id, link) else None
        case _:
            return input if hosted.where.get(input.client_id) == link else None


def _asked(hosted: OwnedRoom, link: str, input: inputs.EntryRequest) -> inputs.RoomInput | None:
    """A client asks to come in. It is asked again for it whenever a session begins before it has had its answer."""
    client_id = input.client_id
    is_known = hosted.room.has(client_id)
    if is_known and hosted.where.get(client_id) == link and hosted.let_in.get(client_id) == hosted.relay.session(link):
        return None  # The answer is on its way.
    hosted.where[client_id] = link
    return inputs.AnswerLost(input) if is_known else input
