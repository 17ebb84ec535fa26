"""Unreadable: what a node of a newer version says and this one does not know (docs/cluster.md, "Upgrading")."""

import logging
from typing import Final

from hangd.protocol.errors import HangProtocolError, RequestRefused
from hangd.protocol.messages import RequestId

_log = logging.getLogger(__name__)

_TOLD_MOST: Final = 100


class Unreadable(Exception):
    """Something that this version does not know."""

    client_id: str | None = None
    """Of a request: the client that waits for its answer."""
    request_id: RequestId | None = None
    why: RequestRefused | None = None
    """What to answer to it."""

    @classmethod
    def request(cls, client_id: str, request_id: RequestId | None, error: HangProtocolError) -> "Unreadable":
        """A client's request, whose message cannot be read for this reason."""
        made = cls(f"a message of a client: {error}")
        text = f"the server at which this room runs, perhaps of an older version, cannot read that: {error}"
        made.client_id, made.request_id = client_id, request_id
        made.why = RequestRefused(error.code, text, details=error.details)
        return made


class Unknown:
    """Tells once of each thing that cannot be read. A newer node says it again and again."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, what: Unreadable) -> None:
        text = str(what)
        if text not in self._told and len(self._told) < _TOLD_MOST:
            self._told.add(text)
            _log.warning("another node, perhaps of a newer version of hang, says what this one does not know: %s", text)
