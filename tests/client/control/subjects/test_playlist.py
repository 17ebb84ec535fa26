"""loadlist reads files on threads: a file or a disk that blocks delays no other client."""

import os
import threading
from pathlib import Path

import pytest

from hangd.client.control.server.sockets import ControlServer
from hangd.client.control.subjects import playlist
from hangd.client.control.tables import command
from tests.support.daemons.control import ControlClient
from tests.support.daemons.recording_viewer import RecordingViewer


async def test_loadlist(client: ControlClient, viewer: RecordingViewer, tmp_path: Path) -> None:
    listing = tmp_path / "films.m3u"
    listing.write_text("a.mkv\n/films/b.mkv\n")
    answer = await client.ask("loadlist", str(listing))
    assert answer["data"] == {"playlist_entry_id": 2, "num_entries": 2}
    assert viewer.calls[0][1] == [str(tmp_path / "a.mkv"), "/films/b.mkv"]


async def test_empty_list(client: ControlClient, tmp_path: Path) -> None:
    (tmp_path / "empty.m3u").touch()
    assert (await client.ask("loadlist", str(tmp_path / "empty.m3u")))["data"] == {}


@pytest.mark.parametrize("name", ["fifo", "directory", "missing", "binary"])
async def test_unusable_lists(client: ControlClient, server: ControlServer, tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "directory").mkdir()
    (tmp_path / "binary").write_bytes(b"\0\1\2")
    other = await ControlClient.connect(tmp_path / "hangd.sock")
    client.begin("loadlist", str(tmp_path / name))
    assert (await other.ask("client_name"))["error"] == "success"
    answer = await client.answer()
    assert (answer["error"], answer["details"]["code"]) == ("error running command", "FileUnusable")
    await other.close()


async def test_disk_that_does_not_answer(
    client: ControlClient, server: ControlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(command, "_DISK_SECONDS", 0.2)
    monkeypatch.setattr(playlist, "_read_list", lambda path: released.wait(60))
    other = await ControlClient.connect(tmp_path / "hangd.sock")
    client.begin("loadlist", "/share/films.m3u")
    assert (await other.ask("client_name"))["error"] == "success"
    answer = await client.answer()
    assert (answer["error"], answer["details"]["code"]) == ("error running command", "TimedOut")
    assert answer["details"]["message"] == "reading 'films.m3u' took longer than 0.2 seconds"
    released.set()
    await other.close()
