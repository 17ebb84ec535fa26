"""Every name that Linux allows, through hangctl, the control socket, the playlist and VLC, and back unchanged."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.mpv import Talk
from tests.support.daemons.party import CLIP, Person, person, room_server, wait_for
from tests.support.names import HARD_NAMES

pytestmark = pytest.mark.real

ODD = b"odd \xff\xfe\n#?%20 ' \xf0\x9f\x98\x80  "
SUBTITLES = b"1\n00:00:00,000 --> 00:00:50,000\nhello\n"


class Teller:
    """A control client that sends and receives names as bytes: a byte that is not UTF-8 is a surrogate here."""

    def __init__(self, somebody: Person) -> None:
        self._talk = Talk(somebody.socket)

    def ask(self, *words: Any) -> Any:
        command = json.dumps({"command": words, "request_id": 1}, ensure_ascii=False)
        self._talk.send(command.encode("utf-8", "surrogateescape") + b"\n")
        while "event" in (message := json.loads(self._talk.line().decode("utf-8", "surrogateescape"))):
            pass
        assert message["error"] == "success", message
        return message.get("data")

    def get(self, name: str) -> Any:
        return self.ask("get_property", name)


@pytest.fixture
def ada(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    """Somebody with a real VLC, whose folders for screenshots and films have an odd name."""
    with person("ada", tmp_path) as somebody:
        folder = os.path.join(somebody.folder, os.fsdecode(ODD))
        somebody.environment |= {
            "HANG_VLC_OPTIONS": "--vout=dummy --aout=dummy",
            "HANG_SCREENSHOT_DIR": folder,
            "HANG_MEDIA_DIRS": folder,
        }
        # In a locale that takes letters for ASCII, as others take them for Latin-1: hangd's own names are UTF-8.
        somebody.environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        yield somebody


def in_odd_folder(somebody: Person, name: bytes, content: bytes) -> str:
    """Write a file, and return its path as a control client is told of it."""
    folder = os.fsencode(somebody.folder) + b"/" + ODD
    os.makedirs(folder, exist_ok=True)
    with open(folder + b"/" + name, "wb") as file:
        file.write(content)
    return (folder + b"/" + name).decode("utf-8", "surrogateescape")


def test_films_of_every_name_are_played_and_named(ada: Person) -> None:
    ada.start_daemon()
    teller = Teller(ada)
    names = [in_odd_folder(ada, name, b"") for name in HARD_NAMES]
    for path in names:
        shutil.copyfile(CLIP, path)
        teller.ask("loadfile", path)
        teller.ask("hang-wait", "done")
        assert teller.get("path") == path
        for name in ("filename", "media-title"):
            assert teller.get(name) == os.path.basename(path), name
        assert teller.get("playlist/0/filename") == path
    for path in names[1:]:
        teller.ask("loadfile", path, "append")
    ada.ctl("playlist", "save", ada.folder / "list.m3u")
    listed = [entry["filename"] for entry in teller.get("playlist")]
    ada.ctl("playlist", "load", ada.folder / "list.m3u")
    assert [entry["filename"] for entry in teller.get("playlist")] == listed


def test_what_belongs_to_a_film_may_have_any_name(ada: Person, tmp_path: Path) -> None:
    film = in_odd_folder(ada, ODD + b".mp4", CLIP.read_bytes())
    subtitles = in_odd_folder(ada, ODD + b".en", SUBTITLES)
    sound = in_odd_folder(ada, ODD + b".wav", b"")
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=d=50", "-f", "wav", f"file:{sound}"],
        check=True,
        timeout=60,
    )
    ada.start_daemon()
    teller = Teller(ada)
    ada.ctl("playlist", "add", "--play", film)
    ada.ctl("wait", "playing")
    ada.ctl("subs", "add", subtitles)
    teller.ask("audio-add", sound)
    wait_for(
        lambda: {subtitles, sound} <= {track.get("external-filename") for track in teller.get("track-list")},
        "both files' tracks",
    )
    teller.ask("screenshot")
    taken = os.path.join(os.path.dirname(film), "hang-shot0001.png")
    assert Path(taken).stat().st_size > 0
    with room_server() as server, person("bob", tmp_path, player="simulated") as bob:
        room = ada.ctl("create", film, "--server", server.url)
        bob.ctl("join", room, "--server", server.url)
        # What the server is told is Unicode.
        name = bob.get("media/missing")["name"]
        assert name == os.fsencode(os.path.basename(film)).decode(errors="replace").replace("\n", "\ufffd")
        bob.ctl("leave")
        # A copy is found by its content, and named by its bytes.
        bob.environment["HANG_MEDIA_DIRS"] = str(ada.folder)
        bob.ctl("daemon", "stop")
        bob.ctl("join", room, "--server", server.url)
        wait_for(lambda: Teller(bob).get("path") == film, "her copy at bob's")
        ada.ctl("leave")
