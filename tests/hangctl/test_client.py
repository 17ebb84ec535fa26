import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hangctl.client import Connection, ControlError, Exit, NoDaemon, Refused, TimedOut
from tests.support.scripted_daemon import ScriptedDaemon, refusal


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[ScriptedDaemon]:
    with ScriptedDaemon(tmp_path / "s") as daemon:
        yield daemon


@pytest.fixture
def connection(scripted: ScriptedDaemon) -> Iterator[Connection]:
    with Connection(str(scripted.path), 10) as connected:
        yield connected


def test_commands_go_out_in_one_write(scripted: ScriptedDaemon, connection: Connection) -> None:
    connection.ask(["cycle", "pause"], ["hang-wait", "done"], doing="toggle")
    assert scripted.received == [["cycle", "pause"], ["hang-wait", "done"]]
    assert len(scripted.writes) == 1


def test_the_first_refusal_is_raised_with_its_reason(scripted: ScriptedDaemon, connection: Connection) -> None:
    scripted.answers["room-join"] = refusal("WrongPassword", "wrong password")
    with pytest.raises(Refused, match=r"^cannot join 'friday': wrong password$") as raised:
        connection.ask(["room-join", "friday"], ["hang-wait", "done"], doing="join 'friday'")
    assert raised.value.code == "WrongPassword"
    assert raised.value.exit_code == Exit.REFUSED


def test_a_refusal_without_details_says_what_mpv_says(scripted: ScriptedDaemon, connection: Connection) -> None:
    scripted.answers["seek"] = {"error": "error running command"}
    with pytest.raises(Refused, match=r"^cannot seek: error running command$"):
        connection.ask(["seek", 1], doing="seek")


def test_what_has_no_value_reads_as_none(scripted: ScriptedDaemon, connection: Connection) -> None:
    scripted.properties = {"pause": True}
    assert connection.read("pause", "room", "nonsense") == {"pause": True, "room": None, "nonsense": None}


def test_events_between_replies_are_seen_by_who_asks_for_them(scripted: ScriptedDaemon, connection: Connection) -> None:
    def hashing(_: object) -> dict[str, object]:
        for tenth in range(3):
            scripted.change("media/hash-progress", tenth / 10)
        return {"error": "success", "data": {"room_id": "r"}}

    scripted.answers["room-create"] = hashing
    connection.observe("media/hash-progress")
    seen: list[object] = []

    def notice(event: dict[str, object]) -> bool:
        seen.append(event.get("data"))
        return True

    answer = connection.ask(["room-create", "f"], doing="", on_event=notice)
    assert answer == [{"room_id": "r"}]
    assert seen[-3:] == [0.0, 0.1, 0.2]


def test_no_answer_in_time_is_a_time_out(scripted: ScriptedDaemon) -> None:
    done = threading.Event()
    scripted.answers["hang-wait"] = lambda _: (done.wait(30), {"error": "success"})[1]
    with Connection(str(scripted.path), 0.1) as connection, pytest.raises(TimedOut, match=r"within 0\.1 s"):
        connection.ask(["hang-wait", "playing"], doing="wait")
    done.set()


def test_a_daemon_that_hangs_up_is_no_daemon(scripted: ScriptedDaemon, connection: Connection) -> None:
    scripted.answers["stop"] = lambda _: None
    with pytest.raises(NoDaemon, match="went away"):
        connection.ask(["stop"], doing="stop")


def test_a_socket_that_nobody_listens_on_is_no_daemon(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "stale"))
    for path in (tmp_path / "stale", tmp_path / "missing", tmp_path / ("long" * 40)):
        with pytest.raises(NoDaemon):
            Connection(str(path), 1)


@pytest.mark.parametrize("line", [b"HTTP/1.1 400 Bad Request\n", b"[1]\n", b"\xff\n"])
def test_what_speaks_another_language_is_said_to(tmp_path: Path, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        with Connection(str(tmp_path / "s"), 10) as connection:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(line)
                with pytest.raises(ControlError, match="no hangd"):
                    connection.ask(["stop"], doing="stop")


def test_bytes_that_are_no_text_survive_both_ways(scripted: ScriptedDaemon, connection: Connection) -> None:
    scripted.properties = {"path": "/films/bad\udcff.mkv"}
    assert connection.read("path") == {"path": "/films/bad\udcff.mkv"}
    connection.ask(["loadfile", "/films/bad\udcff.mkv"], doing="load")
    assert scripted.received[-1] == ["loadfile", "/films/bad\udcff.mkv"]
