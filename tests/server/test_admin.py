"""hangd admin: look at a server that runs, put people out, close rooms, greet, drain."""

import asyncio
import json
import os
import socket
import stat
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from websockets.exceptions import ConnectionClosed

from hangd.cli.main import main
from tests.support.servers.server import HASH, PATIENCE, Typist, typist
from tests.support.servers.server_process import ServerProcess, server_process

pytestmark = pytest.mark.real


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that greets, and whose folder is ``data``."""
    (tmp_path / "motd").write_text("hello")
    async with server_process(tmp_path, "--motd-file", str(tmp_path / "motd")) as server:
        yield server


async def ended(server: ServerProcess) -> int:
    """Wait until the server ends by itself, and return its exit code."""
    assert server.process is not None
    return await asyncio.to_thread(server.process.wait, PATIENCE)


@pytest.fixture
async def people(server: ServerProcess) -> AsyncIterator[tuple[Typist, Typist]]:
    """Ada is the host of the room Friday, and a basic client is in it, too."""
    async with await typist(server.url) as ada, await typist(server.url) as guest:
        await ada.hello("Ada")
        await ada.create(name="Friday")
        await guest.join("Friday")
        yield ada, guest


class Admin:
    def __init__(self, data: Path) -> None:
        self._data = data

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["admin", words[0], "--data-dir", str(self._data), *words[1:]])

    async def says(self, *words: str) -> str:
        result = await asyncio.to_thread(self.run, *words)
        assert result.exit_code == 0, result.output
        return result.stdout

    async def refuses(self, *words: str) -> str:
        result = await asyncio.to_thread(self.run, *words)
        assert result.exit_code in (1, 2), result.output
        return result.stderr

    async def rows(self, *words: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in (await self.says(*words, "--json")).splitlines()]


@pytest.fixture
def admin(tmp_path: Path) -> Admin:
    return Admin(tmp_path / "data")


async def closed(client: Typist) -> int:
    """Wait until the server has closed this connection, and return the close code."""
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            await asyncio.wait_for(client.next(), PATIENCE)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


def readyz(server: ServerProcess) -> tuple[int, str]:
    url = server.url.replace("ws://", "http://").removesuffix("/ws") + "/readyz"
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


async def test_rooms_and_clients_are_listed(people: object, admin: Admin, server: ServerProcess) -> None:
    (room,) = await admin.rows("rooms")
    assert room["name"] == "Friday" and (room["present"], room["away"], room["state"]) == (2, 0, "paused")
    ada, guest = await admin.rows("clients")
    assert (ada["name"], ada["room"], ada["program"], ada["network"]) == ("Ada", "Friday", "test", "127.0.0.1")
    assert guest["program"] is None and str(guest["name"]).startswith("guest-")
    assert (ada["messages"], guest["messages"], ada["limited"]) == (2, 1, 0)
    since, rtt = ada["since"], ada["rtt"]
    assert isinstance(since, float) and abs(time.time() - since) < PATIENCE
    shown = await admin.says("clients", "--room", "friday")
    assert "c1" in shown and time.strftime("%Y-%m-%d") in shown
    assert rtt is None or (isinstance(rtt, float) and rtt < 1.0 and " ms " in shown)
    assert "no  " in await admin.says("rooms") and "False" not in await admin.says("rooms")
    assert "lists them" in await admin.refuses("clients", "--room", "Saturday")
    assert HASH not in await admin.says("rooms"), "what people watch is theirs"


async def test_who_is_kicked_is_told_why_and_may_come_again(
    people: tuple[Typist, Typist], admin: Admin, server: ServerProcess
) -> None:
    ada, _ = people
    (row,) = [row for row in await admin.rows("clients") if row["name"] == "Ada"]
    said = await admin.says("kick", str(row["connection"]), "--reason", "too loud")
    assert "is out; `hangd ban 127.0.0.1` keeps its network out" in said
    assert f"{row['connection']}: is put out by the administrator: too loud\n" in server.log()
    left = await ada.hear("RoomLeft")
    assert (left["reason"], left["detail"]) == ("removed", "too loud")
    assert await closed(ada) == 4505
    (room,) = await admin.rows("rooms")
    assert room["present"] == 1 and room["away"] == 0
    async with await typist(server.url) as again:
        await again.hello("Ada")
        await again.join("Friday")
    assert "lists them" in await admin.refuses("kick", str(row["connection"]))


async def test_who_is_in_no_room_is_told_too(admin: Admin, server: ServerProcess) -> None:
    async with await typist(server.url) as ada:
        await ada.hello("Ada")
        (row,) = await admin.rows("clients")
        await admin.says("kick", str(row["connection"]))
        assert "administrator" in (await ada.hear("Error"))["message"]
        assert await closed(ada) == 4505


async def test_a_room_is_closed_and_its_name_is_free(
    people: tuple[Typist, Typist], admin: Admin, server: ServerProcess
) -> None:
    _, guest = people
    assert "2 of 2 members were there" in await admin.says("close", "Friday", "--reason", "it is late")
    for one in people:
        left = await one.hear("RoomLeft")
        assert (left["reason"], left["detail"]) == ("closed", "it is late")
    assert "is closed by the administrator: it is late\n" in server.log()
    assert await admin.rows("rooms") == []
    await guest.create(name="Friday")
    assert "there is no room" in await admin.refuses("close", "Saturday")


async def test_the_greeting_is_set_for_those_who_come(admin: Admin, server: ServerProcess) -> None:
    assert await admin.says("motd") == "hello\n"
    assert await admin.says("motd", "two\nlines") == "two\nlines\n"
    async with await typist(server.url) as ada:
        assert (await ada.hello("Ada"))["motd"] == "two\nlines"
    assert "nothing" in await admin.says("motd", "--clear")
    async with await typist(server.url) as ada:
        assert (await ada.hello("Ada")).get("motd") is None
    assert "either" in await admin.refuses("motd", "x", "--clear")
    log = server.log()
    assert "clients are greeted with another text by the administrator: two\\nlines\n" in log
    assert "clients are greeted with nothing any more by the administrator\n" in log


async def test_a_text_that_is_too_long_is_refused_in_words(admin: Admin, server: ServerProcess) -> None:
    assert "the text may have 4000 characters, not 6000" in await admin.refuses("motd", 6000 * "x")
    for words in (["kick", "c1"], ["close", "Friday"]):
        assert "the reason may have 500 characters, not 501" in await admin.refuses(*words, "--reason", 501 * "é")


async def test_who_is_in_a_room_while_the_server_drains_may_come_back_and_nobody_else(
    people: tuple[Typist, Typist], admin: Admin, server: ServerProcess
) -> None:
    async with await typist(server.url) as eve:
        welcome = await eve.hello("Eve")
        await eve.join("Friday")
        assert "stops when its 3 clients in rooms are gone\n" in await admin.says("drain")
        stops = "this server is about to stop: it waits until the rooms are empty, and makes no new ones"
        assert (await eve.hear("Notice"))["text"] == stops
        assert readyz(server) == (503, "not ready: the server is about to stop, and takes nobody in\n")
    async with await typist(server.url) as stranger, await typist(server.url) as basic, await typist(server.url) as eve:
        await stranger.say("Hello", protocol=1, name="Mallory", client="test")
        assert (await stranger.hear("Error"))["code"] == "ServerFull"
        assert await closed(stranger) == 1013
        await basic.say("JoinRoom", room_id="Friday", file_hash=HASH)
        assert (await basic.hear("Error"))["code"] == "ServerFull"
        again = await eve.hello("Eve", resume={"client_id": welcome["client_id"], "secret": welcome["resume_secret"]})
        assert again["resumed"] and again["room"]["name"] == "Friday" and again["motd"] == stops
        assert "takes clients in again" in await admin.says("drain", "--cancel")
        assert "does not stop after all" in (await eve.hear("Notice"))["text"]
        assert readyz(server)[0] == 200
        assert "was not draining" in await admin.says("drain", "--cancel")
    async with await typist(server.url) as stranger:
        assert (await stranger.hello("Mallory"))["motd"] == "hello"


async def test_whoever_is_put_out_of_a_server_that_drains_must_not_come_back(
    people: tuple[Typist, Typist], admin: Admin, server: ServerProcess
) -> None:
    ada, _ = people
    assert "its 2 clients in rooms are gone, or in 10m at the latest" in await admin.says("drain", "--within", "10m")
    assert "within 10 minutes" in (await ada.hear("Notice"))["text"]
    (row,) = [row for row in await admin.rows("clients") if row["name"] == "Ada"]
    await admin.says("kick", str(row["connection"]), "--reason", "no")
    assert (await ada.hear("RoomLeft"))["reason"] == "removed"
    assert await closed(ada) == 4505


async def test_who_is_in_no_room_is_sent_away_from_a_server_that_drains(
    people: tuple[Typist, Typist], admin: Admin, server: ServerProcess
) -> None:
    ada, guest = people
    async with await typist(server.url) as idle, await typist(server.url):
        await idle.hello("Eve")
        assert "its 2 clients in rooms are gone" in await admin.says("drain")
        goodbye = await idle.hear("Goodbye")
        assert goodbye["reason"] == "going-down" and goodbye["retry_after"] > 0
        assert await closed(idle) == 4001
    await ada.say("LeaveRoom")
    assert (await ada.hear("Goodbye"))["reason"] == "going-down"
    assert await closed(ada) == 4001
    assert server.runs
    await guest.say("LeaveRoom")
    assert await closed(guest) == 4001
    assert await ended(server) == 0


async def test_a_drained_server_stops_when_the_last_client_has_gone(
    people: tuple[Typist, Typist], admin: Admin, server: ServerProcess
) -> None:
    await admin.says("drain")
    for one in people:
        assert server.runs
        await one.connection.close()
    assert await ended(server) == 0
    assert "nobody is left: the server stops" in server.log()


async def test_a_drained_server_stops_in_time_and_says_goodbye(
    people: tuple[Typist, Typist], admin: Admin, server: ServerProcess
) -> None:
    ada, _ = people
    assert "or in 10m at the latest" in await admin.says("drain", "--within", "10m")
    assert "or in 1s at the latest" in await admin.says("drain", "--within", "1s")
    assert (await ada.hear("Goodbye"))["reason"] == "going-down"
    assert await closed(ada) == 4001
    assert await ended(server) == 0
    log = server.log()
    assert "until its 2 clients in rooms are gone, or in 10m at the latest\n" in log
    assert "the time of the drain is up: the server stops, though 2 clients are left" in log
    assert "nobody is left" not in log and "2 clients in 1 room are told" in log


async def test_an_empty_server_stops_at_once(admin: Admin, server: ServerProcess) -> None:
    async with await typist(server.url):
        pass
    assert await admin.says("drain") == "the server takes nobody in, and stops now: nobody is in a room\n"
    assert await ended(server) == 0
    assert "the server drains: nobody is in a room" in server.log()
    assert "no server answers at" in await admin.refuses("rooms")


async def test_the_socket_is_for_its_user_alone_and_takes_no_nonsense(
    admin: Admin, server: ServerProcess, tmp_path: Path
) -> None:
    await admin.says("rooms")
    path = tmp_path / "data" / "admin.sock"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    for line in (b"", b"{}", b'{"ask":"rooms","more":1}', b"\xff", b"x" * 200_000, b'{"ask":"shutdown"}'):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(str(path))
            sock.sendall(line + b"\n")
            answer = sock.makefile("rb").readline()
            assert "error" in json.loads(answer)
        assert "$" not in json.loads(answer)["error"], "no path of a schema"
    assert await admin.rows("rooms") == []
    await server.terminate()
    assert not path.exists()


async def test_a_second_server_leaves_the_first_ones_socket(
    admin: Admin, server: ServerProcess, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    mine = str(tmp_path / "data" / "admin.sock")
    async with server_process(tmp_path / "other", "--admin-socket", mine) as other:
        assert "cannot ask this server" in other.log() and "is in use by process" in other.log()
        await admin.says("rooms")


async def test_what_is_in_the_sockets_place_is_said_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "admin.sock").write_text("mine")
    async with server_process(tmp_path) as server:
        assert (
            f"cannot ask this server: {tmp_path}/data/admin.sock is there already, and is not a socket: remove it"
            in (server.log())
        )
    assert "--admin-socket" not in server.log() and (tmp_path / "data" / "admin.sock").read_text() == "mine"


async def test_no_folder_is_made_for_a_socket_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "x.sock"
    async with server_process(tmp_path, "--admin-socket", str(path)) as server:
        assert f"(--admin-socket {path}): there is no folder {path.parent}" in server.log()
    assert not path.parent.exists()
