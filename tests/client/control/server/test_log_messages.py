"""``request_log_messages``: hangd's log as events."""

import asyncio
import logging
import socket
import threading
from pathlib import Path

import pytest

from hangd.client.control.server import log_messages
from hangd.client.control.server.sockets import ControlServer
from tests.support.daemons.control import ControlClient, until
from tests.support.daemons.recording_viewer import RecordingViewer

_log = logging.getLogger("hangd.client.viewer")


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "hangd")


async def texts(client: ControlClient) -> list[str]:
    """Return the texts of the log lines up to now."""
    _log.critical("that was all")
    found: list[str] = []
    while (text := str((await client.event("log-message"))["text"])) != "that was all\n":
        found.append(text)
    return found


async def test_each_line_is_an_event(client: ControlClient) -> None:
    await client.ask("request_log_messages", "debug")
    _log.warning("%d of %s", 2, "two\nlines \x1b")
    expected = b'{"event":"log-message","prefix":"client.viewer","level":"warn","text":"%s\\n"}\n'
    assert await client.line() == expected % b"2 of two"
    assert await client.line() == expected % b"lines \\u001b"


@pytest.mark.parametrize(
    ("level", "sent"),
    [
        ("fatal", []), ("error", ["error"]), ("warn", ["error", "warn"]), ("info", ["error", "warn", "info"]),
        ("v", ["error", "warn", "info"]), ("trace", ["error", "warn", "info", "debug"]),
        ("terminal-default", ["error", "warn", "info", "debug"]),
    ],
)  # fmt: skip
async def test_levels_have_mpvs_names(client: ControlClient, level: str, sent: list[str]) -> None:
    await client.ask("request_log_messages", level)
    for ours, theirs in ((40, "error"), (30, "warn"), (20, "info"), (10, "debug")):
        _log.log(ours, theirs)
    assert await texts(client) == [f"{word}\n" for word in sent]


@pytest.mark.parametrize("level", ["nope", "", "silent:no", "silent:", "INFO", 5])
async def test_other_levels_are_refused(client: ControlClient, level: object) -> None:
    assert (await client.ask("request_log_messages", level))["error"] == "invalid parameter"


async def test_it_ends_on_request_and_with_the_connection(
    client: ControlClient, server: ControlServer, tmp_path: Path
) -> None:
    listeners = logging.getLogger("hangd").handlers
    before = len(listeners)
    await client.ask("request_log_messages", "info")
    await client.ask("request_log_messages", "debug")
    other = await ControlClient.connect(tmp_path / "hangd.sock")
    await other.ask("request_log_messages", "info")
    assert len(listeners) == before + 2
    await client.ask("request_log_messages", "no")
    await other.close()
    await until(lambda: len(listeners) == before)
    _log.error("not sent")
    assert (await client.ask("client_name"))["data"] == "ipc_0"
    assert client.events == []


async def test_lines_that_were_kept_silently_are_sent_later(client: ControlClient) -> None:
    await client.ask("request_log_messages", "silent:info")
    _log.info("kept")
    await client.ask("client_name")
    assert client.events == []
    await client.ask("request_log_messages", "info")
    assert (await client.event("log-message"))["text"] == "kept\n"


async def test_log_lines_come_after_events_and_properties(client: ControlClient, viewer: RecordingViewer) -> None:
    await client.ask("request_log_messages", "info")
    await client.ask("observe_property", 1, "pause")
    await client.event("property-change")
    _log.info("last")
    viewer.paused = False
    viewer.tell("pause")
    viewer.sink({"event": "seek"})
    assert [(await client.message())["event"] for _ in range(3)] == ["seek", "property-change", "log-message"]


async def test_print_text_has_mpvs_prefix(client: ControlClient) -> None:
    await client.ask("request_log_messages", "info")
    await client.ask("print-text", "hello")
    expected = b'{"event":"log-message","prefix":"cplayer","level":"info","text":"hello\\n"}\n'
    assert await client.line() == expected


async def test_lines_of_any_thread_are_sent(client: ControlClient) -> None:
    await client.ask("request_log_messages", "info")
    thread = threading.Thread(target=_log.info, args=("from afar",))
    thread.start()
    assert (await client.event("log-message"))["text"] == "from afar\n"
    thread.join()


async def test_tracebacks_and_lines_about_sending_are_not_sent(client: ControlClient) -> None:
    await client.ask("request_log_messages", "trace")
    try:
        raise ValueError("the password")
    except ValueError:
        _log.exception("it failed")
    for name in ("outbox", "log_messages"):
        logging.getLogger(f"hangd.client.control.server.{name}").error("would cause the next one")
    assert await texts(client) == ["it failed\n"]


async def test_a_message_that_cannot_be_formatted_does_not_reach_the_logging_call(client: ControlClient) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("broken")

    await client.ask("request_log_messages", "info")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(logging, "raiseExceptions", False)
        _log.info("%s", Broken())
    assert await texts(client) == []


async def test_a_slow_client_loses_the_oldest_lines_and_receives_an_overflow(
    client: ControlClient, server: ControlServer, tmp_path: Path
) -> None:
    slow = socket.socket(socket.AF_UNIX)
    slow.connect(str(tmp_path / "hangd.sock"))
    slow.sendall(b'{"command":["request_log_messages","info"]}\n')
    listeners = logging.getLogger("hangd").handlers
    await until(lambda: any(isinstance(each, log_messages.LogMessages) for each in listeners))
    for number in range(20_000):
        _log.info("%d %s", number, "x" * 200)
        if number % 1000 == 0:
            await client.ask("client_name")
    (kept,) = (each for each in listeners if isinstance(each, log_messages.LogMessages))
    assert len(kept._lines) <= 1000 and kept._size <= 1 << 20
    slow.setblocking(False)
    late = ControlClient(*await asyncio.open_unix_connection(sock=slow))
    assert (await late.answer())["error"] == "success"
    # Whatever the socket took before it was full: each line arrives, or is counted among those that are lost.
    arrived, lost, text = 0, [], ""
    while not text.startswith("19999 "):
        event = await late.event("log-message")
        text = event["text"]
        if event["prefix"] == "overflow":
            assert event["level"] == "fatal"
            lost.append(int(text.removeprefix("log message buffer overflow: ").removesuffix(" messages skipped\n")))
        else:
            arrived += 1
    assert lost and arrived + sum(lost) == 20_000
    await late.close()
