"""The port by which a connection learns who this viewer is to a server."""

from typing import NamedTuple, Protocol

from hangd.protocol.messages import Error, Welcome


class Introduced(NamedTuple):
    """What a Hello says beside the name. None: nothing of that kind."""

    token: str | None = None
    device: str | None = None
    password: str | None = None


class Introduction(Protocol):
    """Knows who this viewer is to each server. `hangd.client.account` implements it."""

    async def prepare(self, url: str) -> None:
        """A connection to this server is dialed next: read what has to be known for it. Raises nothing."""

    def hello(self, url: str) -> Introduced:
        """Return what is told to this server."""

    def welcomed(self, url: str, welcome: Welcome) -> None:
        """This server has greeted the viewer. Called before the listener's."""

    def refused(self, url: str, error: Error) -> None:
        """This server has ended the connection, or not granted it, for this reason."""
