"""The log of a real server over an evening with every kind of secret: lines of connections, and nothing secret."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.servers.server import Typist, typist
from tests.support.servers.server_process import server_process

pytestmark = pytest.mark.real

_WORDS: Final = "Unauthorized WrongPassword RoomNotFound InvalidInvite banned kicked viewer invited accounts register"
_KNOWN: Final = set(_WORDS.split())
"""Words of the protocol, which the log may use."""
_ACCOUNT: Final = "Ann-with-an-account"
"""An account's name is in the log where somebody logs in or out: an admin bans it by that."""


def texts(value: object) -> Iterator[str]:
    """Yield all strings in a message that are long enough to be a secret."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str) and len(value) >= 6:
        yield value


class Overheard(Typist):
    """A client of which everything is written down that it says and hears."""

    def __init__(self, typist: Typist, texts: set[str]) -> None:
        super().__init__(typist.connection)
        self._texts = texts

    async def say(self, type: str, id: int | str | None = None, **payload: Any) -> None:
        self._texts.update(texts(payload))
        await super().say(type, id, **payload)

    async def next(self) -> dict[str, Any]:
        message = await super().next()
        self._texts.update(texts(message["payload"]))
        return message


async def test_nothing_that_was_said_is_in_the_log(tmp_path: Path) -> None:
    overheard: set[str] = set()
    password, account_password = "the server's own password", "correct horse battery"
    (tmp_path / "password").write_text(f"{password}\n")
    (tmp_path / "password").chmod(0o600)
    options = ["--log-level", "debug", "--register", "open", "--password-file", str(tmp_path / "password")]
    async with server_process(tmp_path, *options, "--publish-rooms") as server:

        async def come() -> Overheard:
            return Overheard(await typist(server.url), overheard)

        ann, ben, cas = [await come() for _ in range(3)]
        await cas.say("Hello", protocol=1, name="Casper", client="test 9.9", password="a wrong password")
        await cas.hear("Error")
        assert await cas.closed() == 4501
        device = secrets.token_urlsafe(32)
        await ann.hello("Ann Annette", password=password, device=device)
        welcome = await ben.hello("Benjamin", password=password)
        await ann.say("Register", name=_ACCOUNT, password=account_password)
        tokens = await ann.hear("Tokens")
        film = {"name": "a private film.mkv", "size": 1234}
        room = (await ann.create(name="the alias", password="room's password", file=film))["room_id"]
        await ann.say("CreateInvite")
        invite = (await ann.hear("InviteCreated"))["token"]
        for shown in ({"password": "guessed wrongly"}, {"invite": "x" + invite[1:]}):
            await ben.say("JoinRoom", room_id="the alias", file_hash="a" * 64, **shown)
            await ben.hear("Error")
        await ben.join("the alias", invite=invite)
        await ben.say("Say", text="what a film this is")
        await ann.hear("Said")
        ben.connection.transport.abort()
        again = await come()
        resume = {"client_id": welcome["client_id"], "secret": welcome["resume_secret"]}
        back = await again.hello("Benjamin", password=password, resume=resume)
        assert back["resumed"]
        await ann.say("Kick", client_id=welcome["client_id"], ban=True, reason="for talking")
        await again.hear("RoomLeft")
        logged_in = await come()
        await logged_in.hello("Ann elsewhere", password=password, token=tokens["access"])
        await logged_in.say("ListRooms")
        await logged_in.hear("Rooms")
        await logged_in.connection.close(1000, "a reason of my own")
        for client in (ann, again):
            await client.connection.close()
        await asyncio.sleep(0.2)
        await server.terminate()
        log = server.log()
    overheard |= {"a reason of my own", password, account_password, "correct", invite, room}
    written = {text for text in overheard - _KNOWN - {_ACCOUNT} if text in log}
    assert written == set()
    assert len(overheard) > 40
    journal = [
        line.partition("hangd.rooms.edge.journal: ")[2] for line in log.splitlines() if "rooms.edge.journal" in line
    ]
    for number in range(1, 6):
        assert sum(line.startswith(f"c{number}: begins") for line in journal) == 1
        assert sum(line.startswith(f"c{number}: ends") for line in journal) == 1
    assert "c3: is refused, from 127.0.0.1: Unauthorized" in journal
    assert {f"c2: is refused, from 127.0.0.1: {code}" for code in ("WrongPassword", "InvalidInvite")} <= set(journal)
    assert f"c1: makes room {room[:8]}, from 127.0.0.1" in journal
    assert f"c2: comes into room {room[:8]}, from 127.0.0.1" in journal
    assert f"c4: comes back into room {room[:8]}, from 127.0.0.1" in journal
    assert f"c4: is put out of room {room[:8]}: banned by c1" in journal
