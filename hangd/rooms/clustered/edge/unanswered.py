"""Unanswered: the requests of clients at one edge that the room has not answered.

A room that gets another owner has what was done, but not the answers that were on their way when the first one was lost
together with them. A client must not wait for such an answer for ever.
"""

from typing import Final

from hangd.protocol.invites import CreateInvite, GetBans, GetInvites, RevokeInvites, Unban
from hangd.protocol.messages import ClientMessage, GetRoom, LeaveRoom, Report, RequestId

_MOST: Final = 256
"""Of one client; the oldest are forgotten first. None waits for so many answers at once, but for one that is slow to
come, requests are sent for as long as the client may."""
_OF_BASIC: Final = (GetRoom, LeaveRoom, CreateInvite, GetInvites, RevokeInvites, GetBans, Unban)
"""What a basic client is answered if it is granted. The rest is announced to full ones."""


def is_answered(message: ClientMessage, *, full: bool) -> bool:
    """Tell whether a room always answers this request of a full client, or of a basic one."""
    return type(message) is not Report if full else isinstance(message, _OF_BASIC)


class Unanswered:
    """Requests, and the number that each of them has as an input of the link."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[RequestId, int]] = {}

    def asked(self, client_id: str, re: RequestId, number: int) -> None:
        of_client = self._numbers.setdefault(client_id, {})
        of_client.pop(re, None)
        if len(of_client) >= _MOST:
            del of_client[next(iter(of_client))]
        of_client[re] = number

    def answered(self, client_id: str, re: RequestId) -> None:
        of_client = self._numbers.get(client_id)
        if of_client is not None:
            of_client.pop(re, None)

    def drop(self, client_id: str) -> list[tuple[str, RequestId]]:
        """A client waits for nothing any more. Returns for what it has waited."""
        return [(client_id, re) for re in self._numbers.pop(client_id, {})]

    def take(self, applied: int) -> list[tuple[str, RequestId]]:
        """Forget the requests up to this number, which were applied, and return them."""
        found = [
            (client_id, re)
            for client_id, of_client in self._numbers.items()
            for re, number in of_client.items()
            if number <= applied
        ]
        for client_id, re in found:
            del self._numbers[client_id][re]
        return found
