"""hangctl.client against a scripted daemon."""

import fcntl
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hangctl.client import Connection, ControlError, Exit, NoDaemon, Refused, TimedOut
from tests.support.daemons.scripted_daemon import ScriptedDaemon, refusal


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[ScriptedDaemon]:
    with ScriptedDaemon(tmp_path / "s") as daemon:
        yield daemon


@pytest.fixture
def connection(scripted: ScriptedDaemon) -> Iterator[Connection]:
    with Connection(str(scripted.path), 10) as connected:
        yield connected


def test_commands_are_sent_in_one_write(scripted: ScriptedDaemon, connection: Connection) -> None:
    connection.request(["cycle", "pause"], ["hang-wait", "done"], action="toggle")
    assert scripted.received == [["cycle", "pause"], ["hang-wait", "done"]]
    assert len(scripted.writes) == 1


def test_request_raises_the_first_refusal_with_its_reason(scripted: ScriptedDaemon, connection: Connection) -> None:
    scripted.answers["room-join"] = refusal("WrongPassword", "wrong password")
    with pytest.raises(Refused, match=r"^cannot join 'friday': wrong password$") as raised:
        connection.request(["room-join", "friday"], ["hang-wait", "done"], action="join 'friday'")
    assert raised.value.code == "WrongPassword"
    assert raised.value.exit_code == Exit.REFUSED


def test_a_refusal_without_details_shows_mpvs_error_string(scripted: ScriptedDaemon, connection: Connection) -> None:
    scripted.answers["seek"] = {"error": "error running command"}
    with pytest.raises(Refused, match=r"^cannot seek: error running command$"):
        connection.request(["seek", 1], action="seek")


def test_a_property_without_a_value_is_none(scripted: ScriptedDaemon, connection: Connection) -> None:
    scripted.properties = {"pause": True}
    assert connection.get_properties("pause", "room", "nonsense") == {"pause": True, "room": None, "nonsense": None}


def test_events_before_an_answer_are_passed_to_on_event(scripted: ScriptedDaemon, connection: Connection) -> None:
    def hashing(_: object) -> dict[str, object]:
        for tenth in range(3):
            scripted.change("media/hash-progress", tenth / 10)
        return {"error": "success", "data": {"room_id": "r"}}

    scripted.answers["room-create"] = hashing
    connection.observe("media/hash-progress")
    seen: list[object] = []

    def on_event(event: dict[str, object]) -> bool:
        seen.append(event.get("data"))
        return True

    answer = connection.request(["room-create", "f"], action="", on_event=on_event)
    assert answer == [{"room_id": "r"}]
    assert seen[-3:] == [0.0, 0.1, 0.2]


def test_no_answer_within_the_timeout_raises_timed_out(scripted: ScriptedDaemon) -> None:
    done = threading.Event()
    scripted.answers["hang-wait"] = lambda _: (done.wait(30), {"error": "success"})[1]
    with Connection(str(scripted.path), 0.1) as connection, pytest.raises(TimedOut, match=r"within 0\.1 s"):
        connection.request(["hang-wait", "playing"], action="wait")
    done.set()


def test_a_daemon_that_hangs_is_named(scripted: ScriptedDaemon) -> None:
    scripted.answers["stop"] = lambda _: time.sleep(1)
    with open(f"{scripted.path}.lock", "w") as lock, Connection(str(scripted.path), 0.1) as connection:
        lock.write("4711\n")
        lock.flush()
        for held in (True, False):  # The lock file stays when a daemon ends.
            fcntl.flock(lock, fcntl.LOCK_EX if held else fcntl.LOCK_UN)
            with pytest.raises(TimedOut) as raised:
                connection.request(["stop"], action="stop")
            assert ("(process 4711)" in str(raised.value)) is held
            assert ("`kill -KILL 4711`" in (raised.value.hint or "")) is held


def test_the_log_is_named_where_a_daemon_did_not_end_in_order(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "stale"))
    for name, has_failed in (("stale", True), ("missing", False)):
        with pytest.raises(NoDaemon) as raised:
            Connection(str(tmp_path / name), 1)
        assert ("hangctl daemon log" in (raised.value.hint or "")) is has_failed


def test_a_closed_connection_raises_no_daemon(scripted: ScriptedDaemon, connection: Connection) -> None:
    scripted.answers["stop"] = lambda _: None
    with pytest.raises(NoDaemon, match="went away") as raised:
        connection.request(["stop"], action="stop")
    assert "hangctl daemon log" in (raised.value.hint or "")


def test_a_socket_without_a_listener_raises_no_daemon(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "stale"))
    for path in (tmp_path / "stale", tmp_path / "missing", tmp_path / ("long" * 40)):
        with pytest.raises(NoDaemon):
            Connection(str(path), 1)


@pytest.mark.parametrize("line", [b"HTTP/1.1 400 Bad Request\n", b"[1]\n", b"\xff\n"])
def test_a_listener_that_speaks_another_protocol_is_an_error(tmp_path: Path, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        with Connection(str(tmp_path / "s"), 10) as connection:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(line)
                with pytest.raises(ControlError, match="no hangd"):
                    connection.request(["stop"], action="stop")


def test_bytes_that_are_not_utf8_arrive_unchanged_both_ways(scripted: ScriptedDaemon, connection: Connection) -> None:
    scripted.properties = {"path": "/films/bad\udcff.mkv"}
    assert connection.get_properties("path") == {"path": "/films/bad\udcff.mkv"}
    connection.request(["loadfile", "/films/bad\udcff.mkv"], action="load")
    assert scripted.received[-1] == ["loadfile", "/films/bad\udcff.mkv"]
