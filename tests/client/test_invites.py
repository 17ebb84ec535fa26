"""Viewers of a real server: invites that lead back to it, and members that are named by their names."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from hangd.client.control.port import CommandRefused
from hangd.server.settings import ServerSettings
from hangd.urls import parse_invite
from tests.support.daemons.viewers import Watcher
from tests.support.servers.server import running


@pytest.fixture
async def watchers(tmp_path: Path) -> AsyncIterator[list[Watcher]]:
    made: list[Watcher] = []
    yield made
    for watcher in made:
        await watcher.viewer.close()


async def join(watchers: list[Watcher], folder: Path, name: str, server: str, room: str) -> Watcher:
    """Return a new member; the first creates the room."""
    watcher = Watcher(folder / str(len(watchers)), name=name)
    film = watcher.film("film.mkv")
    watchers.append(watcher)
    await watcher.viewer.room("server-connect", {"url": server})
    if len(watchers) > 1:
        await watcher.viewer.room("room-join", {"room": room, "file": film})
    else:
        await watcher.viewer.room("room-create", {"name": room, "file": film})
    return watcher


@pytest.mark.parametrize("path", ["/ws", "/", "", "?a=b&c"])
async def test_an_invite_leads_to_the_room(watchers: list[Watcher], tmp_path: Path, path: str) -> None:
    async with running() as url:
        server = url.removesuffix("/ws") + path
        ada = await join(watchers, tmp_path, "ada", server, "Fri day ün?")
        room, found, _ = parse_invite(ada.viewer.hang_property("room/invite"))
        assert found == ada.viewer.hang_property("server/url") is not None
        bob = await join(watchers, tmp_path, "bob", found or "", room)
        assert bob.viewer.hang_property("room/id") == ada.viewer.hang_property("room/id")
        assert bob.viewer.hang_property("room")["invite_local"] is True


async def test_a_server_without_its_scheme_is_understood_and_is_the_same_server(
    watchers: list[Watcher], tmp_path: Path
) -> None:
    async with running() as url:
        ada = await join(watchers, tmp_path, "ada", url.removeprefix("ws://").removesuffix("/ws"), "friday")
        assert ada.viewer.hang_property("server/url") == url
        await ada.viewer.room("server-connect", {"url": url})  # nothing is to be done, though ada is in a room


@pytest.mark.parametrize("url", ["ftp://h", "ws://ada:secret@h/ws", "hang://h:3005/friday", "a b"])
async def test_what_is_no_server_is_refused(watchers: list[Watcher], tmp_path: Path, url: str) -> None:
    watchers.append(Watcher(tmp_path))
    with pytest.raises(CommandRefused, match=r"^url must ") as refused:
        await watchers[0].viewer.room("server-connect", {"url": url})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("web", [True, False])
async def test_there_is_a_link_for_browsers_where_the_server_shows_the_page(
    watchers: list[Watcher], tmp_path: Path, web: bool
) -> None:
    async with running(msgspec.structs.replace(ServerSettings(), web=web)) as url:
        ada = await join(watchers, tmp_path, "ada", url, "Fri day")
        link = ada.viewer.hang_property("room/link")
        assert link == (f"{url.replace('ws:', 'http:').removesuffix('ws')}#Fri%20day" if web else None)
        assert ada.viewer.hang_property("room").get("link") == link
        if link:
            assert parse_invite(link) == ("Fri day", url, None)


async def test_the_public_url_wins_over_what_the_creator_connected_to(watchers: list[Watcher], tmp_path: Path) -> None:
    settings = msgspec.structs.replace(ServerSettings(), public_url="wss://films.example.org/hang/ws")
    async with running(settings) as url:
        ada = await join(watchers, tmp_path, "ada", url, "friday")
        assert ada.viewer.hang_property("room/invite") == "hangs://films.example.org:443/hang/ws/friday"
        assert ada.viewer.hang_property("room/link") == "https://films.example.org/hang/#friday"
        assert ada.viewer.hang_property("room")["invite_local"] is False
        assert ada.viewer.hang_property("server/url") == url


async def test_a_public_url_that_is_none_is_passed_over(watchers: list[Watcher], tmp_path: Path) -> None:
    async with running(msgspec.structs.replace(ServerSettings(), public_url="ws://ada@evil/", web=False)) as url:
        ada = await join(watchers, tmp_path, "ada", url, "friday")
        assert parse_invite(ada.viewer.hang_property("room/invite")) == ("friday", url, None)


async def test_a_member_is_named_by_what_its_name_looks_like(watchers: list[Watcher], tmp_path: Path) -> None:
    async with running() as url:
        ada = await join(watchers, tmp_path, "ada", url, "friday")
        await join(watchers, tmp_path, "Jose\u0301", url, "FRIDAY")
        await join(watchers, tmp_path, "ada\u200d", url, "friday")
        assert [member["name"] for member in ada.viewer.hang_property("room/members")] == ["ada", "José", "ada-2"]
        for given in ("jos\u00e9", "JOSE\u0301", "ADA-2\u200d"):
            await ada.viewer.room("room-role", {"member": given, "role": "controller"})
        roles = [member["role"] for member in ada.viewer.hang_property("room/members")]
        assert roles == ["host", "controller", "controller"]
        with pytest.raises(CommandRefused, match="there is no member 'jose' here"):
            await ada.viewer.room("room-kick", {"member": "jose"})


async def test_a_name_of_several_members_is_refused_with_their_ids(watchers: list[Watcher], tmp_path: Path) -> None:
    """One of two members of the same name is away: the room gave its name to the other."""
    async with running() as url:
        ada = await join(watchers, tmp_path, "ada", url, "friday")
        bob = await join(watchers, tmp_path, "bob", url, "friday")
        room = ada.viewer.state.room
        assert room is not None
        (known,) = (member for member in room.members.values() if member.name == "bob")
        room.members["2"] = msgspec.structs.replace(known, client_id="2", name="BOB")
        with pytest.raises(CommandRefused) as refused:
            await ada.viewer.room("room-kick", {"member": "Bob"})
        assert f"'Bob' is the name of 'bob' ({known.client_id}) and 'BOB' (2)" in str(refused.value)
        await ada.viewer.room("room-role", {"member": "bob", "role": "controller"})
        await bob.until(lambda: bob.viewer.hang_property("room/role") == "controller")
