"""What one client does to its own connection must not be seen elsewhere: not by others, not in the log."""

import asyncio
import logging
import socket
from pathlib import Path

import pytest

from hangd.client.control.server.sockets import ControlServer
from tests.support.control import PATIENCE, ControlClient, until


async def test_nobody_observes_without_end(client: ControlClient) -> None:
    client.send(*(b'{"command":["observe_property",%d,"volume"]}' % number for number in range(1, 1002)))
    answers = [await client.answer() for _ in range(1001)]
    assert {answer["error"] for answer in answers[:1000]} == {"success"}
    assert (answers[1000]["error"], answers[1000]["details"]["code"]) == ("error running command", "RateLimited")
    assert (await client.ask("unobserve_property", 1))["error"] == "success"
    assert (await client.ask("observe_property", 1, "x" * 1001))["error"] == "error running command"
    assert (await client.ask("observe_property", 1, "x" * 1000))["error"] == "success"


async def test_many_clients_share_a_round(tmp_path: Path, server: ControlServer) -> None:
    """Who asks one thing does not wait until another one's two thousand are answered, nor sixty-four of each."""
    crowd = [await ControlClient.connect(tmp_path / "hangd.sock") for _ in range(100)]
    await until(lambda: len(server.connections) == 100)
    greedy, modest = crowd[:2]
    greedy.send(*[b'{"command":["client_name"]}'] * 2000)
    await modest.ask("client_name")
    answered = bytes(greedy.reader._buffer).count(b"\n")  # type: ignore[attr-defined]
    assert answered < 50
    for client in crowd:
        await client.close()


async def test_who_is_connected_misses_nothing(tmp_path: Path, client: ControlClient) -> None:
    """Some clients open a second connection to listen on, and then ask on the first one."""
    await client.ask("client_name")
    for number in range(100):
        client.begin("client_name")  # so that there is something to read before anybody is at the door
        with socket.socket(socket.AF_UNIX) as listener:
            listener.connect(str(tmp_path / "hangd.sock"))
            client.begin("script-message", str(number))
            listener.setblocking(False)
            heard = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(listener, 4096), PATIENCE)
            assert heard == b'{"event":"client-message","args":["%d"]}\n' % number
        for _ in range(2):
            await client.answer()


async def test_a_client_that_is_gone_is_not_answered(
    tmp_path: Path, client: ControlClient, server: ControlServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It asks much and is killed: asyncio would warn of each answer, and a log has other uses."""
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
async def test_a_delay_of_eons_is_refused(name: str, client: ControlClient) -> None:
    """Found by fuzzing: 1e308 seconds are a number, but not one of microseconds."""
    answer = await client.ask("set_property", name, 1e308)
    assert answer["error"] == "unsupported format for accessing property"
    assert (await client.ask("set_property", name, -0.25))["error"] == "success"
    assert (await client.ask("expand-text", f"${{{name}}}"))["data"] == "-250 ms"
