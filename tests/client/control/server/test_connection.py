"""One connection: the order of answers, commands that wait, observers, failures, and clients that do not read."""

import asyncio
import socket
import traceback
from pathlib import Path

import pytest

from hangd.client.control.language import lines
from hangd.client.control.port import CommandRefused
from hangd.client.control.server import connection as connection_module
from hangd.client.control.server import outbox as outbox_module
from hangd.client.control.server.sockets import ControlServer
from hangd.engine.player_messages import SetVolume
from tests.support.daemons.control import PATIENCE, ControlClient, control_server, until
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer

# ---- requests -------------------------------------------------------------------------------------------------------


async def test_a_command_reaches_the_viewer_within_data_received(
    client: ControlClient, viewer: RecordingViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks: list[list[str]] = []

    def seek(position: float) -> None:
        stacks.append([frame.name for frame in traceback.extract_stack()])

    monkeypatch.setattr(viewer, "seek", seek)
    await client.ask("seek", 5)
    assert "data_received" in stacks[0]


async def test_requests_sent_together_are_answered_before_events(
    client: ControlClient, viewer: RecordingViewer
) -> None:
    client.send(
        b'{"command":["observe_property",1,"pause"],"request_id":1}',
        b'{"command":["seek",5],"request_id":2}',
        b'{"command":["cycle","pause"],"request_id":3}',
        b'{"command":["get_property","pause"],"request_id":4}',
    )
    assert [await client.line() for _ in range(6)] == [
        b'{"request_id":1,"error":"success"}\n',
        b'{"data":null,"request_id":2,"error":"success"}\n',
        b'{"data":null,"request_id":3,"error":"success"}\n',
        b'{"data":false,"request_id":4,"error":"success"}\n',
        b'{"event":"seek"}\n',
        b'{"event":"property-change","id":1,"name":"pause","data":false}\n',
    ]


async def test_lines_may_arrive_byte_by_byte(client: ControlClient) -> None:
    for byte in b'{"command":["client_name"],"request_id":1}\n{"command":["client_name"],"request_id":2}\n':
        client.writer.write(bytes([byte]))
        await asyncio.sleep(0)
    assert [(await client.answer())["request_id"] for _ in range(2)] == [1, 2]


async def test_a_waiting_command_delays_its_own_connection_only(
    tmp_path: Path, client: ControlClient, viewer: RecordingViewer
) -> None:
    bystander = await ControlClient.connect(tmp_path / "hangd.sock")
    first = client.begin("room-leave")
    second = client.begin("client_name")
    assert (await bystander.ask("client_name"))["data"] == "ipc_1"
    viewer.sink({"event": "said", "text": "hi"})
    assert (await client.event("said"))["text"] == "hi"
    viewer.gate.set()
    assert await client.answer() == {"data": {"room_id": "r"}, "request_id": first, "error": "success"}
    assert (await client.answer())["request_id"] == second
    await bystander.close()


async def test_an_asynchronous_command_delays_no_later_request(client: ControlClient, viewer: RecordingViewer) -> None:
    number = client.begin("room-leave", **{"async": True})
    assert (await client.ask("client_name"))["data"] == "ipc_0"
    viewer.gate.set()
    expected = f'{{"request_id":{number},"error":"success","data":{{"room_id":"r"}}}}\n'
    assert await client.line() == expected.encode()


async def test_asynchronous_answers_come_after_the_batch_and_before_their_events(
    client: ControlClient, viewer: RecordingViewer
) -> None:
    client.send(
        b'{"command":["seek",5],"request_id":1,"async":true}',
        b'{"command":["seek","x"],"request_id":2,"async":true}',
        b'{"command":["cycle","nope"],"request_id":3,"async":true}',
        b'{"command":["client_name"],"request_id":4,"async":true}',
    )
    assert [await client.line() for _ in range(5)] == [
        b'{"request_id":2,"error":"invalid parameter"}\n',
        b'{"data":"ipc_0","request_id":4,"error":"success"}\n',
        b'{"request_id":1,"error":"success","data":null}\n',
        b'{"event":"seek"}\n',
        b'{"request_id":3,"error":"error running command","data":null}\n',
    ]


async def test_the_prefix_async_is_answered_at_once_whatever_the_outcome(
    client: ControlClient, viewer: RecordingViewer
) -> None:
    assert (await client.ask("async", "cycle", "nope"))["error"] == "success"
    assert (await client.ask("async", "expand-text", "x"))["data"] is None
    assert (await client.ask("async", "room-leave"))["error"] == "success", "before it is done"
    assert (await client.ask("async", "seek", "x"))["error"] == "invalid parameter"
    assert (await client.ask("async", "sync", "expand-text", "x"))["data"] == "x"


async def test_half_closed_clients_receive_asynchronous_answers(client: ControlClient) -> None:
    client.begin("seek", 5, **{"async": True})
    client.writer.write_eof()
    assert (await client.rest()).startswith(b'{"request_id":1,"error":"success","data":null}\n')


async def test_the_number_of_waiting_commands_is_limited(client: ControlClient, viewer: RecordingViewer) -> None:
    for _ in range(70):
        client.begin("hang-wait", "done", **{"async": True})
    refused = [await client.answer() for _ in range(6)]
    assert {answer["details"]["code"] for answer in refused} == {"RateLimited"}
    viewer.gate.set()
    assert [(await client.answer())["error"] for _ in range(64)] == ["success"] * 64


async def test_refusals_have_details(client: ControlClient, viewer: RecordingViewer) -> None:
    viewer.gate.set()
    viewer.forbidden = CommandRefused("error running command", "Forbidden", "only the host may")
    details = b'"details":{"code":"Forbidden","message":"only the host may"}'
    client.send(b'{"command":["room-say","x"],"request_id":1}', b'{"command":["cycle","pause"],"request_id":2}')
    client.send(b'{"command":["set_property","pause",true],"request_id":3}')
    client.send(b'{"command":["room-say","x"],"request_id":4,"async":true}')
    assert await client.line() == b'{"request_id":1,"error":"error running command",' + details + b"}\n"
    assert await client.line() == b'{"request_id":2,"error":"error running command",' + details + b"}\n"
    assert await client.line() == b'{"request_id":3,"error":"error accessing property",' + details + b"}\n"
    assert await client.line() == b'{"request_id":4,"error":"error running command","data":null,' + details + b"}\n"


async def test_text_lines_are_carried_out_and_not_answered(client: ControlClient, viewer: RecordingViewer) -> None:
    viewer.gate.set()
    client.send(b"set pause no; seek 5 absolute", b"nonsense", b"set nope 1", b'show-text "${pause}', b"room-leave")
    await client.ask("client_name")
    await until(lambda: viewer.calls[2:])
    assert viewer.calls == [("set_paused", False), ("seek", 5.0), ("room-leave", {})]


async def test_a_text_line_with_an_error_is_not_carried_out_at_all(
    client: ControlClient, viewer: RecordingViewer
) -> None:
    client.send(b"set pause no; nonsense", b"set pause no; seek x", b"set pause no; seek 5 'open", b"stop stop")
    client.send(
        b"seek nope:5; seek ${nope:5}", b"set pause ${?path:no}; seek 1 ;; stop", b"cycle nope; seek 7 absolute"
    )
    await client.ask("client_name")
    assert viewer.calls == [("set_paused", False), ("seek", 1.0), ("seek", 7.0)]


async def test_commands_of_a_text_line_wait_for_each_other(client: ControlClient, viewer: RecordingViewer) -> None:
    client.send(b"room-leave; seek 5; room-say hi; seek 6", b"seek 7")
    await until(lambda: viewer.calls)
    viewer.gate.set()
    assert (await client.ask("client_name"))["data"] == "ipc_0"
    assert viewer.calls == [
        ("room-leave", {}), ("seek", 5.0), ("room-say", {"text": "hi"}), ("seek", 11.0), ("seek", 18.0),
    ]  # fmt: skip


async def test_half_closed_clients_receive_nothing_but_answers(
    client: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the client closes its sending side a moment after its first line, as socat does."""
    monkeypatch.setattr(outbox_module, "_HELD_SECONDS", 10.0)
    client.send(
        b'{"command":["observe_property",1,"pause"]}',
        b'{"command":["request_log_messages","debug"]}',
        b'{"command":["script-message","a"]}',
        b'{"command":["script-message","b"],"async":true}',
    )
    assert [(await client.message())["error"] for _ in range(3)] == ["success"] * 3
    await asyncio.sleep(0.05)
    client.writer.write_eof()
    assert await client.rest() == b'{"request_id":0,"error":"success","data":null}\n'


async def test_nothing_is_lost_in_the_moment_after_the_first_line(
    client: ControlClient, viewer: RecordingViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "_HELD_SECONDS", 10.0)
    await client.ask("client_name")
    for number in range(1500):
        viewer.sink({"event": "said", "text": str(number)})
    for number in range(1500):
        assert (await client.event("said"))["text"] == str(number)


async def test_half_closed_clients_receive_every_answer(client: ControlClient, viewer: RecordingViewer) -> None:
    for _ in range(200):
        client.begin("client_name")
    client.begin("room-leave")
    client.begin("client_name")
    client.writer.write(b'{"command":["unfinished"')
    client.writer.write_eof()
    await until(lambda: viewer.calls)
    viewer.gate.set()
    assert len((await client.rest()).splitlines()) == 202


async def test_a_line_that_is_too_long_ends_the_connection(client: ControlClient) -> None:
    client.writer.write(b'{"command":["' + b"x" * (1 << 20))
    assert await client.line() == b'{"request_id":0,"error":"invalid parameter"}\n'
    with pytest.raises((ConnectionError, AssertionError)):
        assert await client.rest() == b"", "closed"
        raise ConnectionError


async def test_a_line_of_nearly_the_limit_is_answered(client: ControlClient) -> None:
    text = "x" * ((1 << 20) - 100)
    assert (await client.ask("expand-text", text))["data"] == text


async def test_other_clients_are_served_during_a_flood(tmp_path: Path, client: ControlClient) -> None:
    bystander = await ControlClient.connect(tmp_path / "hangd.sock")
    flood = 20_000
    client.send(*(b'{"command":["get_property","track-list"]}' for _ in range(flood)))
    answered = asyncio.get_running_loop().create_future()
    count = 0

    async def drink() -> None:
        nonlocal count
        for count in range(1, flood + 1):  # noqa: B007 - read while the bystander asks
            await client.line()
        answered.set_result(None)

    async with asyncio.TaskGroup() as group:
        group.create_task(drink())
        await bystander.ask("client_name")
        before = count
    assert before < flood
    await answered
    await bystander.close()


# ---- mistakes of ours -----------------------------------------------------------------------------------------------
# An unexpected exception is answered. It stops neither later requests of the client nor other clients.


def broken(*_: object) -> None:
    raise RuntimeError("broken")


async def test_an_exception_in_a_command_is_answered(
    client: ControlClient, viewer: RecordingViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer, "seek", broken)
    monkeypatch.setattr(viewer, "settle", broken)
    assert (await client.ask("seek", 5))["error"] == "error running command"
    assert (await client.ask("hang-wait", "done"))["error"] == "error running command"
    assert (await client.ask("client_name"))["error"] == "success"


async def test_an_exception_while_a_line_is_decoded_is_answered(
    tmp_path: Path, client: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await ControlClient.connect(tmp_path / "hangd.sock")
    await other.ask("client_name")
    with monkeypatch.context() as patched:
        patched.setattr(lines, "decode", broken)
        client.send(b'{"command":["client_name"],"request_id":5}')
        assert await client.line() == b'{"request_id":0,"error":"error running command"}\n'
    for each in (client, other):
        assert (await each.ask("client_name"))["error"] == "success"
    await other.close()


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_result_that_cannot_be_written_is_answered(
    asynchronous: bool, client: ControlClient, viewer: RecordingViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def room(*_: object) -> object:
        return object()

    monkeypatch.setattr(viewer, "room", room)
    monkeypatch.setattr(viewer.playlist, "load", lambda *_: [object()])
    more = {"async": True} if asynchronous else {}
    assert (await client.ask("room-leave", **more))["error"] == "error running command"
    assert (await client.ask("loadfile", CLIP, **more))["error"] == "error running command"
    assert (await client.ask("client_name"))["error"] == "success"


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_command_whose_future_is_cancelled_is_answered(
    asynchronous: bool, client: ControlClient, viewer: RecordingViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command itself was not cancelled, but a future inside the daemon that it waits for."""

    async def settle(awaited: str) -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    monkeypatch.setattr(viewer, "settle", settle)
    more = {"async": True} if asynchronous else {}
    first, second = client.begin("hang-wait", "done", **more), client.begin("client_name")
    answers = {answer["request_id"]: answer["error"] for answer in [await client.answer() for _ in range(2)]}
    assert answers == {first: "error running command", second: "success"}


async def test_a_text_line_goes_on_after_a_command_that_fails(
    client: ControlClient, viewer: RecordingViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer, "room", broken)
    client.send(b"room-leave; seek 5; nonsense", b"room-leave; seek 6 absolute; room-leave; seek 7 absolute")
    assert (await client.ask("client_name"))["error"] == "success"
    assert viewer.calls == [("seek", 6.0), ("seek", 7.0)]


@pytest.mark.parametrize("value", [object(), {"a": object()}])
async def test_a_property_that_cannot_be_written_does_not_stop_other_observers(
    value: object, tmp_path: Path, client: ControlClient, viewer: RecordingViewer
) -> None:
    """Both clients observe both properties, so the order in which they are served does not matter."""
    viewer.hang["room/id"] = "r"
    other = await ControlClient.connect(tmp_path / "hangd.sock")
    for each in (client, other):
        await each.ask("observe_property", 1, "room/id")
        await each.ask("observe_property", 2, "pause")
        for _ in range(2):
            await each.event("property-change")
    viewer.hang["room/id"] = value
    viewer.paused = False
    viewer.tell("room", "pause")
    for each in (client, other):
        assert await each.event("property-change") == {"event": "property-change", "id": 1, "name": "room/id"}
        assert (await each.event("property-change"))["data"] is False
    assert (await client.ask("get_property", "room/id"))["error"] == "error running command"
    await other.close()


async def test_an_outbox_that_fails_closes_its_own_connection_only(
    tmp_path: Path, client: ControlClient, viewer: RecordingViewer, server: ControlServer
) -> None:
    others = [await ControlClient.connect(tmp_path / "hangd.sock") for _ in range(8)]
    for other in others:
        await other.ask("client_name")
    (served,) = (each for each in server.connections if each.name == "ipc_0")
    served.outbox.flush = broken  # type: ignore[assignment,method-assign]
    viewer.sink({"event": "said", "text": "hi"})
    for other in others:
        assert (await other.event("said"))["text"] == "hi"
    assert await client.rest() == b""
    await until(lambda: len(server.connections) == len(others))
    for other in others:
        await other.close()


# ---- clients that go ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("half", [False, True])
async def test_waiting_is_cancelled_when_the_client_is_gone(
    half: bool, client: ControlClient, viewer: RecordingViewer, server: ControlServer
) -> None:
    client.begin("hang-wait", "playing")
    client.begin("hang-wait", "playing", **{"async": True})
    if half:
        client.writer.write_eof()
    await until(lambda: viewer.calls)
    client.writer.transport.abort()
    await until(lambda: not server.connections)
    await until(lambda: viewer.cancelled == 1)


async def test_a_request_to_the_room_goes_on_when_the_client_is_gone(
    client: ControlClient, viewer: RecordingViewer, server: ControlServer
) -> None:
    client.begin("room-leave")
    await until(lambda: viewer.calls)
    client.writer.transport.abort()
    await until(lambda: not server.connections)
    viewer.gate.set()
    await asyncio.sleep(0)
    assert viewer.cancelled == 0


# ---- observers ------------------------------------------------------------------------------------------------------


async def test_an_observer_always_receives_a_first_value(client: ControlClient, viewer: RecordingViewer) -> None:
    client.send(
        b'{"command":["observe_property",1,"pause"]}',
        b'{"command":["observe_property_string",2,"pause"]}',
        b'{"command":["observe_property",0,"nope"]}',
        b'{"command":["observe_property",-3,"room/id"]}',
    )
    for _ in range(4):
        assert await client.line() == b'{"request_id":0,"error":"success"}\n'
    assert [await client.line() for _ in range(4)] == [
        b'{"event":"property-change","id":1,"name":"pause","data":true}\n',
        b'{"event":"property-change","id":2,"name":"pause","data":"yes"}\n',
        b'{"event":"property-change","name":"nope"}\n',
        b'{"event":"property-change","id":-3,"name":"room/id"}\n',
    ]
    viewer.hang["room/id"] = "r"
    viewer.tell("room")
    assert (await client.event("property-change"))["data"] == "r"


async def test_an_observer_receives_new_values_only(client: ControlClient, viewer: RecordingViewer) -> None:
    await client.ask("observe_property", 1, "pause")
    assert (await client.event("property-change"))["data"] is True
    for _ in range(2):
        client.begin("cycle", "pause")
    for _ in range(2):
        await client.answer()
    viewer.tell("pause")
    await client.ask("set_property", "pause", False)
    assert (await client.event("property-change"))["data"] is False, "a change there and back is not sent"


async def test_unobserved_properties_are_not_sent(client: ControlClient, viewer: RecordingViewer) -> None:
    for name in ("pause", "volume"):
        await client.ask("observe_property", 1, name)
    await client.ask("observe_property", 2, "mute")
    for _ in range(3):
        await client.event("property-change")
    await client.ask("unobserve_property", 1)
    await client.ask("set_property", "volume", 20)
    await client.ask("cycle", "pause")
    await client.ask("cycle", "mute")
    assert (await client.event("property-change"))["name"] == "mute"


async def test_positions_are_sampled_only_while_they_move(
    client: ControlClient, viewer: RecordingViewer, server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0

    def position() -> float:
        nonlocal reads
        reads += 1
        return float(reads)

    monkeypatch.setattr(viewer, "position", position)
    loop = asyncio.get_running_loop()
    await client.ask("observe_property", 1, "time-pos")
    await client.event("property-change")
    viewer.tell("pause")
    await client.event("property-change")
    paused_at = reads
    await asyncio.sleep(0.35)
    assert reads == paused_at, "nothing moves, so nothing is read"
    await client.ask("set_property", "pause", False)
    began = loop.time()
    for _ in range(6):
        await client.event("property-change")
    assert loop.time() - began > 0.4, "at most ten times a second"
    await client.ask("set_property", "pause", True)
    await client.ask("unobserve_property", 1)
    await asyncio.sleep(0.25)
    last = reads
    await client.ask("set_property", "pause", False)
    await asyncio.sleep(0.25)
    assert reads <= last + 1, "nothing is observed, so nothing is read"


async def test_disabled_events_are_not_sent(client: ControlClient, viewer: RecordingViewer) -> None:
    await client.ask("disable_event", "all")
    viewer.sink({"event": "said", "text": "unheard"})
    await client.ask("enable_event", "said")
    viewer.sink({"event": "idle"})
    viewer.sink({"event": "said", "text": "heard"})
    assert await client.line() == b'{"event":"said","text":"heard"}\n'


async def test_changes_of_properties_cannot_be_disabled(client: ControlClient) -> None:
    await client.ask("disable_event", "all")
    await client.ask("observe_property", 1, "pause")
    assert (await client.event("property-change"))["data"] is True
    assert (await client.ask("disable_event", "shutdown"))["error"] == "invalid parameter"
    assert (await client.ask("enable_event", "none"))["error"] == "success"


async def test_script_messages_reach_every_client(tmp_path: Path, client: ControlClient) -> None:
    other = await ControlClient.connect(tmp_path / "hangd.sock")
    await other.ask("client_name")
    await client.ask("script-message", "a", "b")
    for each in (client, other):
        assert (await each.event("client-message"))["args"] == ["a", "b"]
    await other.close()


async def test_script_messages_to_one_client(tmp_path: Path, client: ControlClient) -> None:
    other = await ControlClient.connect(tmp_path / "hangd.sock")
    name = (await other.ask("client_name"))["data"]
    assert (await client.ask("script-message-to", name, "a", "b"))["error"] == "success"
    assert (await other.event("client-message"))["args"] == ["a", "b"]
    assert (await client.ask("script-message-to", "ipc_9", "a"))["error"] == "error running command"
    await client.ask("script-message-to", "ipc_0", "mine")
    assert (await client.event("client-message"))["args"] == ["mine"], "and not the message to the other client"
    await other.close()


# ---- clients that do not read ---------------------------------------------------------------------------------------


async def test_a_slow_client_loses_events_and_receives_an_overflow(
    tmp_path: Path, client: ControlClient, viewer: RecordingViewer, server: ControlServer
) -> None:
    slow = socket.socket(socket.AF_UNIX)
    slow.connect(str(tmp_path / "hangd.sock"))
    slow.sendall(b'{"command":["observe_property",1,"volume"]}\n')
    await until(lambda: len(server.connections) == 2)
    await client.ask("client_name")
    for number in range(20_000):
        viewer.sink({"event": "said", "text": str(number), "padding": "x" * 80})
        if number % 200 == 0:
            viewer.desired.take(SetVolume(number / 1000))
            viewer.tell("volume")
            await client.ask("client_name")
    viewer.desired.take(SetVolume(99.0))
    viewer.tell("volume")
    assert len(client.events) > 15_000, "a client that reads loses nothing"

    await asyncio.sleep(0)
    slow.setblocking(False)
    reader, writer = await asyncio.open_unix_connection(sock=slow)
    late = ControlClient(reader, writer)
    assert (await late.answer())["error"] == "success"
    await late.event("event-queue-overflow")
    while (change := await late.event("property-change"))["data"] != 99.0:
        assert change["data"] < 20, "values in between may be left out, the last one never"
    viewer.sink({"event": "said", "text": "again"})
    assert (await late.event("said"))["text"] == "again"
    await late.close()


async def test_a_client_that_never_reads_is_disconnected(tmp_path: Path) -> None:
    viewer = RecordingViewer(CLIP)
    async with control_server(tmp_path, viewer, patience=0.05) as server:
        deaf = socket.socket(socket.AF_UNIX)
        deaf.connect(str(tmp_path / "hangd.sock"))
        await until(lambda: server.connections)
        async with asyncio.timeout(PATIENCE):
            while server.connections:
                for _ in range(500):
                    viewer.sink({"event": "said", "text": "x" * 200})
                await asyncio.sleep(0.001)
        deaf.close()


async def test_no_more_requests_are_read_of_a_client_that_does_not_read(
    tmp_path: Path, client: ControlClient, viewer: RecordingViewer, server: ControlServer
) -> None:
    greedy = socket.socket(socket.AF_UNIX)
    greedy.connect(str(tmp_path / "hangd.sock"))
    greedy.setblocking(False)
    sent, quiet = 0, 0
    line = b'{"command":["get_property","command-list"]}\n' * 100
    while quiet < 50:
        try:
            sent += greedy.send(line)
            quiet = 0
        except BlockingIOError:
            quiet += 1
        await client.ask("client_name")
    assert sent < 8 << 20, "the kernel's buffers and ours, and no more"
    greedy.close()
    await until(lambda: len(server.connections) == 1)


async def test_two_hundred_clients_observe_and_ask(
    tmp_path: Path, viewer: RecordingViewer, server: ControlServer
) -> None:
    clients = await asyncio.gather(*(ControlClient.connect(tmp_path / "hangd.sock") for _ in range(200)))

    async def use(client: ControlClient) -> None:
        await client.ask("observe_property", 1, "volume")
        assert (await client.event("property-change"))["data"] == 100.0
        assert (await client.ask("get_property", "pause"))["data"] is True

    await asyncio.gather(*map(use, clients))
    assert len({client for client in server.connections}) == 200
    await clients[0].ask("set_property", "volume", 42)
    for client in clients:
        assert (await client.event("property-change"))["data"] == 42.0
    await asyncio.gather(*(client.close() for client in clients))
    await until(lambda: not server.connections)


def test_the_length_of_a_line_is_the_documented_one() -> None:
    assert connection_module.LINE_MAX == 1024 * 1024
