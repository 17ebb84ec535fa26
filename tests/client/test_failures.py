"""What fails while a server's message is handled ends that connection, and nothing else: the viewer connects anew."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from traceback import extract_stack
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from hangd.client.control.port import CommandRefused, RoomCommand
from hangd.client.control.server.sockets import ControlServer
from hangd.client.follower.driver import FollowerDriver
from hangd.client.media.files import MediaFiles
from hangd.client.membership import Membership
from hangd.client.notices import Notices
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.client.playlist.in_room import RoomPlaylist
from hangd.client.server import connection as connection_module
from hangd.client.server.room_view import RoomView
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.engine.link.link import LinkState
from hangd.engine.player_messages import Load, PlayerCommand, PlayerDied
from hangd.player.base import EventSink
from hangd.player.simulated import SimulatedPlayer
from tests.support.daemons.control import ControlClient
from tests.support.daemons.party import CLIP, TRACKS, free_port
from tests.support.servers.server import PATIENCE, running


def made(name: str, factory: Any = SimulatedPlayer) -> Viewer:
    return Viewer(ClientSettings(name=name), factory, MediaFiles(None), version="0", quit=lambda: None)


async def until(viewer: Viewer, condition: Any) -> None:
    await asyncio.wait_for(viewer.notices.until(condition), PATIENCE)


@pytest.fixture
async def pair(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Viewer, Viewer]]:
    """Two viewers in a room, which do not pause for long after a failure."""
    monkeypatch.setattr(connection_module, "_FAULT_PAUSE", 0.05)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running())
        ada, bob = made("ada"), made("bob")
        for viewer in (ada, bob):
            stack.push_async_callback(viewer.close)
            await viewer.room("server-connect", {"url": url})
        room = await ada.room("room-create", {"file": str(CLIP)})
        await bob.room("room-join", {"room": room["room_id"], "file": str(CLIP)})
        await bob.settle("paused")
        yield ada, bob


FAULTS: list[tuple[type, str, Callable[[Viewer], Any]]] = [
    (RoomView, "learn", lambda viewer: viewer.room_view),
    (RoomPlaylist, "received", lambda viewer: viewer.playlists.room),
    (Membership, "received", lambda viewer: viewer.membership),
    (Membership, "ponged", lambda viewer: viewer.membership),
    (Membership, "welcomed", lambda viewer: viewer.membership),
    (Membership, "link_changed", lambda viewer: viewer.membership),
    (Notices, "announce", lambda viewer: viewer.notices),
    (FollowerDriver, "decide", lambda viewer: viewer.driver),
    (PlayerSupervisor, "carry_out", lambda viewer: viewer.player),
]


@pytest.mark.parametrize(
    ("owner", "name", "part"), FAULTS, ids=[f"{owner.__name__}.{name}" for owner, name, _ in FAULTS]
)
async def test_a_failure_while_a_message_is_handled_ends_the_connection_and_the_link_dials_anew(
    owner: type, name: str, part: Callable[[Viewer], Any], pair: tuple[Viewer, Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = pair
    failures = 0
    sound = getattr(owner, name)

    def failing(self: Any, *arguments: Any, **more: Any) -> Any:
        nonlocal failures
        if failures == 0 and self is part(bob) and any(frame.name == "frame_received" for frame in extract_stack()):
            failures += 1
            raise RuntimeError("injected")
        return sound(self, *arguments, **more)

    monkeypatch.setattr(owner, name, failing)
    attempt = bob.connection._link.attempt
    if name in ("welcomed", "link_changed"):
        bob.connection._transport.abort()  # type: ignore[union-attr]
    ada.set_paused(False)
    await until(bob, lambda: failures == 1 and bob.connection.is_up and bob.connection._link.attempt > attempt)
    await until(bob, lambda: not bob.paused)
    ada.set_paused(True)
    await until(bob, lambda: bob.paused)
    assert bob.room_view is not None and len(bob.room_view.members) == 2


async def test_a_failure_of_every_message_is_tried_again_only_after_a_pause(
    pair: tuple[Viewer, Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same message may come again with each connection: the server is not to be dialed without end."""
    ada, bob = pair
    monkeypatch.setattr(connection_module, "_FAULT_PAUSE", 5.0)
    monkeypatch.setattr(bob.membership, "received", lambda *arguments: 1 / 0)
    ada.set_paused(False)
    await until(bob, lambda: bob.connection.state is LinkState.WAITING)
    pause = bob.connection._link.deadline()
    assert pause is not None and pause - asyncio.get_running_loop().time() > 4.0
    assert bob.connection.reason == "a message of the server's could not be handled"


CLOSING: list[Callable[[Viewer], tuple[Any, str]]] = [
    lambda viewer: (viewer.driver, "close"),
    lambda viewer: (viewer.membership, "end"),
    lambda viewer: (viewer.connection, "close"),
    lambda viewer: (viewer.tasks, "cancel"),
]


@pytest.mark.parametrize("step", range(len(CLOSING)))
async def test_everything_is_closed_though_one_part_fails(
    step: int, pair: tuple[Viewer, Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bob = pair
    part, name = CLOSING[step](bob)
    sound = getattr(part, name)
    monkeypatch.setattr(part, name, lambda: 1 / 0)
    closed: list[str] = []
    assert bob.player._player is not None
    player_close = bob.player._player.close

    async def noted() -> None:
        closed.append("player")
        await player_close()

    monkeypatch.setattr(bob.player._player, "close", noted)
    await bob.close()
    assert closed == ["player"]
    left = sound()
    if left is not None:
        await left


# ---- answers of another type -----------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def scripted(answers: dict[str, str]) -> AsyncIterator[tuple[str, list[str]]]:
    """Run a server that greets, and answers each request with the message (JSON) that ``answers`` has for its type.

    Yields its URL, and the types of the messages that it got.
    """
    heard: list[str] = []

    async def serve_one(client: ServerConnection) -> None:
        async for data in client:
            message = json.loads(data)
            heard.append(message["type"])
            answer = answers.get(message["type"])
            if answer is not None:
                reply = json.loads(answer)
                if "id" in message:
                    reply["re"] = message["id"]
                await client.send(json.dumps(reply))

    async with serve(serve_one, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/ws", heard


def golden(kind: str) -> str:
    """Return a message of this type, as the golden files have it."""
    lines = (Path(__file__).parents[1] / "golden" / "server-messages.jsonl").read_text().splitlines()
    return next(line for line in lines if json.loads(line)["type"] == kind)


REQUESTS: dict[RoomCommand, tuple[str, str, dict[str, str]]] = {
    "room-create": ("CreateRoom", "RoomCreated", {"file": str(CLIP)}),
    "room-join": ("JoinRoom", "RoomJoined", {"room": "friday", "file": str(CLIP)}),
    "room-list": ("ListRooms", "Rooms", {}),
}
ANSWERS = ("Rooms", "RoomLeft", "RoomJoined", "RoomCreated", "Said", "QueueChanged")


@pytest.mark.parametrize(
    ("command", "answer"),
    [(command, answer) for command, (_, right, _) in REQUESTS.items() for answer in ANSWERS if answer != right],
)
async def test_an_answer_of_another_type_is_refused_and_leaves_the_viewer_as_it_was(
    command: RoomCommand, answer: str
) -> None:
    request, _, arguments = REQUESTS[command]
    async with scripted({"Hello": golden("Welcome"), request: golden(answer)}) as (url, heard):
        viewer = made("ada")
        await viewer.room("server-connect", {"url": url})
        with pytest.raises(CommandRefused) as refused:
            await asyncio.wait_for(viewer.room(command, arguments), PATIENCE)
        assert refused.value.code == "NotConnected" and answer in str(refused.value.message)
        assert viewer.room_view is None and not viewer.follower.state.in_room
        await until(viewer, lambda: heard.count("Hello") == 2 and viewer.connection.is_up)
        await viewer.close()


async def test_a_wrong_answer_on_the_way_back_into_a_room_ends_in_no_room_or_in_it() -> None:
    """Never half in it: the connection ends, and the way back is tried again with the next one."""
    answers = {"Hello": golden("Welcome"), "JoinRoom": golden("RoomJoined")}
    async with scripted(answers) as (url, heard):
        viewer = made("ada")
        await viewer.room("server-connect", {"url": url})
        await viewer.room("room-join", {"room": "friday", "file": str(CLIP)})
        answers["JoinRoom"] = golden("Rooms")
        viewer.connection._transport.abort()  # type: ignore[union-attr]
        await until(viewer, lambda: heard.count("JoinRoom") >= 3)
        answers["JoinRoom"] = golden("RoomJoined")
        joined = heard.count("JoinRoom")
        await until(viewer, lambda: heard.count("JoinRoom") > joined and viewer.connection.is_up)
        assert viewer.room_view is not None and viewer.follower.state.in_room
        await viewer.close()


async def test_more_members_than_a_room_may_have_end_the_connection_with_a_sentence(
    pair: tuple[Viewer, Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = pair
    reasons: list[Any] = []
    bob.subscribe(lambda event: reasons.append(event.get("reason")), lambda names: None)
    monkeypatch.setattr("hangd.client.server.room_view.MEMBERS_MAX", 2)
    assert ada.room_view is not None and ada.connection.url is not None
    eve = made("eve")
    await eve.room("server-connect", {"url": ada.connection.url})
    await eve.room("room-join", {"room": ada.room_view.room_id})
    await until(bob, lambda: any("more than 2 members" in str(reason) for reason in reasons))
    await until(bob, lambda: bob.connection.is_up)
    await eve.close()


# ---- servers that do not answer --------------------------------------------------------------------------------------


async def test_the_refusal_tells_whether_anything_answers_at_the_servers_address() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        writer.close()

    viewer = made("ada")
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        places = {free_port(): "NoServer", other.sockets[0].getsockname()[1]: "NotConnected"}
        for port, code in [*places.items(), *places.items()]:
            with pytest.raises(CommandRefused) as refused:
                await viewer.room("server-connect", {"url": f"ws://127.0.0.1:{port}/ws"})
            assert refused.value.code == code
    await viewer.close()


# ---- films that do not open ------------------------------------------------------------------------------------------


class Deadly:
    """A player that dies of every film."""

    name = "deadly"

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink

    def do(self, command: PlayerCommand) -> None:
        if isinstance(command, Load):
            died = PlayerDied(command.generation, "hung", "it does not answer")
            asyncio.get_running_loop().call_soon(self._sink, died)

    async def close(self) -> None: ...


class Silent(Deadly):
    """A player that says nothing of what became of a film."""

    def do(self, command: PlayerCommand) -> None: ...


@pytest.mark.parametrize("command", ["room-create", "room-join"])
async def test_a_film_that_kills_every_player_ends_the_command_and_later_ones_are_answered(
    command: str, pair: tuple[Viewer, Viewer], tmp_path: Path
) -> None:
    ada, _ = pair
    assert ada.room_view is not None and ada.connection.url is not None
    viewer = made("eve", Deadly)
    control = ControlServer(viewer, tmp_path / "hangd.sock")
    await control.start()
    await viewer.room("server-connect", {"url": ada.connection.url})
    client = await ControlClient.connect(tmp_path / "hangd.sock")
    arguments = [str(CLIP)] if command == "room-create" else [ada.room_view.room_id, str(CLIP)]
    client.begin(command, *arguments)
    client.begin("get_property", "pid")
    first, second = await client.answer(), await client.answer()
    assert (first["request_id"], first["error"]) == (1, "error running command")
    assert first["details"]["code"] == "Hung"
    assert (second["request_id"], second["error"]) == (2, "success")
    await client.close()
    assert viewer.room_view is None
    await control.close()
    await viewer.close()


INTERRUPTIONS: dict[str, tuple[Callable[[Viewer], None], str]] = {
    "another file": (lambda viewer: viewer.driver.open_file(str(TRACKS), 7), "Replaced"),
    "the file is closed": (lambda viewer: viewer.driver.close_file(), "Closed"),
    "the room moves on to a film that is not here": (lambda viewer: viewer.driver.change_film(None, 7, None), "Closed"),
}


@pytest.mark.parametrize("interruption", INTERRUPTIONS)
async def test_an_opening_that_is_interrupted_ends(interruption: str) -> None:
    interrupt, code = INTERRUPTIONS[interruption]
    viewer = made("eve", Silent)
    async with running() as url:
        await viewer.room("server-connect", {"url": url})
        create = asyncio.ensure_future(viewer.room("room-create", {"file": str(CLIP)}))  # noqa: TID251
        await until(viewer, lambda: viewer.path == str(CLIP))
        await asyncio.sleep(0)
        interrupt(viewer)
        with pytest.raises(CommandRefused) as refused:
            await asyncio.wait_for(create, PATIENCE)
        assert refused.value.code == code
        await viewer.close()


async def test_an_opening_ends_with_the_daemon() -> None:
    viewer = made("eve", Silent)
    async with running() as url:
        await viewer.room("server-connect", {"url": url})
        create = asyncio.ensure_future(viewer.room("room-create", {"file": str(CLIP)}))  # noqa: TID251
        await until(viewer, lambda: viewer.path == str(CLIP))
        await asyncio.sleep(0)
        await viewer.close()
        with pytest.raises(CommandRefused):
            await asyncio.wait_for(create, PATIENCE)
