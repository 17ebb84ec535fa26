"""A client that misbehaves affects its own connection only: not other clients, and not the log."""

import asyncio
import logging
import socket
from pathlib import Path

import pytest

from hangd.client.control.server.sockets import ControlServer
from tests.support.daemons.control import PATIENCE, ControlClient, until


async def test_the_number_of_observers_is_limited(client: ControlClient) -> None:
    client.send(*(b'{"command":["observe_property",%d,"volume"]}' % number for number in range(1, 1002)))
    answers = [await client.answer() for _ in range(1001)]
    assert {answer["error"] for answer in answers[:1000]} == {"success"}
    assert (answers[1000]["error"], answers[1000]["details"]["code"]) == ("error running command", "RateLimited")
    assert (await client.ask("unobserve_property", 1))["error"] == "success"
    assert (await client.ask("observe_property", 1, "x" * 1001))["error"] == "error running command"
    assert (await client.ask("observe_property", 1, "x" * 1000))["error"] == "success"


async def test_clients_share_a_round_of_commands(tmp_path: Path, server: ControlServer) -> None:
    """One request does not wait for another client's two thousand, and not for sixty-four of each client."""
    crowd = [await ControlClient.connect(tmp_path / "hangd.sock") for _ in range(100)]
    await until(lambda: len(server.connections) == 100)
    greedy, modest = crowd[:2]
    greedy.send(*[b'{"command":["client_name"]}'] * 2000)
    await modest.ask("client_name")
    answered = bytes(greedy.reader._buffer).count(b"\n")  # type: ignore[attr-defined]
    assert answered < 50
    for client in crowd:
        await client.close()


async def test_a_new_client_receives_events_from_its_connect_on(tmp_path: Path, client: ControlClient) -> None:
    """Some clients open a second connection to listen on, and then send a command on the first one."""
    await client.ask("client_name")
    for number in range(100):
        client.begin("client_name")  # something to read before the listener connects
        with socket.socket(socket.AF_UNIX) as listener:
            listener.connect(str(tmp_path / "hangd.sock"))
            client.begin("script-message", str(number))
            listener.setblocking(False)
            heard = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(listener, 4096), PATIENCE)
            assert heard == b'{"event":"client-message","args":["%d"]}\n' % number
        for _ in range(2):
            await client.answer()


async def test_nothing_is_written_to_a_client_that_is_gone(
    tmp_path: Path, client: ControlClient, server: ControlServer, caplog: pytest.LogCaptureFixture
) -> None:
    """asyncio logs a warning for every write to such a client, and there may be hundreds of answers."""
    caplog.set_level(logging.INFO)
    await client.ask("client_name")
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(tmp_path / "hangd.sock"))
            sock.sendall(b'{"command":["client_name"]}\n' * 500 + b'{"command":["observe_property",1,"volume"]}\n' * 50)
        await client.ask("client_name")
    await until(lambda: len(server.connections) == 1)
    assert caplog.messages == []


@pytest.mark.parametrize("name", ["audio-delay", "sub-delay"])
async def test_a_delay_beyond_64_bits_of_microseconds_is_refused(name: str, client: ControlClient) -> None:
    """Found by fuzzing: the player counts delays in microseconds."""
    answer = await client.ask("set_property", name, 1e308)
    assert answer["error"] == "unsupported format for accessing property"
    assert (await client.ask("set_property", name, -0.25))["error"] == "success"
    assert (await client.ask("expand-text", f"${{{name}}}"))["data"] == "-250 ms"


class _Looked(bytearray):
    """Counts the bytes that are looked at for the end of a line."""

    number = 0

    def find(self, what: bytes, start: int = 0) -> int:  # type: ignore[override]
        self.number += len(self) - start
        return super().find(what, start)


async def test_a_long_line_in_small_pieces_is_looked_at_once(client: ControlClient, server: ControlServer) -> None:
    await client.ask("client_name")
    (connection,) = server.connections
    looked = connection._buffer = _Looked()
    line = b'{"command":["print-text","' + b"x" * 100_000 + b'"]}\n'
    for at in range(0, len(line), 500):
        connection.data_received(line[at : at + 500])
    assert (await client.answer())["error"] == "success"
    assert looked.number <= 2 * len(line)
    for _ in range(3):  # lines that come together, and one that is not whole
        connection.data_received(b'{"command":["client_name"]}\n{"command":["client_name"]}\n{"command":["cl')
        connection.data_received(b'ient_name"]}\n')
        for _ in range(3):
            assert (await client.answer())["error"] == "success"
