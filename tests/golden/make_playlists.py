"""Record what mpv does to its playlist: ``python -m tests.golden.make_playlists >tests/golden/mpv-playlists.jsonl``.

Each line is one sequence of commands, sent to an mpv that plays nothing yet, as a list of
``[command, answer, playlist]``. The playlist is the names of the entries with their ids, counted from the beginning of
the sequence, and then the index of the current entry and of the playing one (-1: none). mpv is paused, so no film ends
by itself. This takes half a minute.
"""

import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.support.daemons.party import CLIP, wait_for

STORIES = 24
STEPS = 24


class Mpv:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "socket"
        words = ["mpv", "--idle", "--no-config", "--vo=null", "--ao=null", "--pause", f"--input-ipc-server={self.path}"]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.path.exists, "mpv's socket")
        self._socket = socket.socket(socket.AF_UNIX)
        wait_for(lambda: self._socket.connect_ex(str(self.path)) == 0, "mpv")
        self._file = self._socket.makefile("rb")

    def ask(self, *words: Any) -> Any:
        self._socket.sendall(json.dumps({"command": words}).encode() + b"\n")
        while "event" in (answer := json.loads(self._file.readline())):
            pass
        return answer

    def settled(self) -> None:
        """Wait until mpv's core has carried out the last command."""
        before = None
        while before != (now := (self.ask("get_property", "playlist"), self.ask("get_property", "core-idle"))):
            before = now
            time.sleep(0.04)


def asked(chance: random.Random) -> list[Any]:
    """Return a random command, in the form that the test of hangd's playlist takes too."""
    place = chance.randrange(-1, 7)
    film = f"f{chance.randrange(6)}"
    return chance.choice(
        [
            ["loadfile", film, "append"],
            ["loadfile", film, "append"],
            ["loadfile", film, "append-play"],
            ["loadfile", film, "replace"] if chance.random() < 0.3 else ["loadfile", film, "append"],
            ["playlist-next", chance.choice(["weak", "force"])],
            ["playlist-prev", chance.choice(["weak", "force"])],
            ["playlist-next", "weak"],
            ["playlist-play-index", place],
            ["playlist-play-index", "current"],
            ["playlist-remove", max(place, 0)],
            ["playlist-remove", "current"],
            ["playlist-move", place, chance.randrange(-1, 7)],
            ["playlist-clear"] if chance.random() < 0.3 else ["playlist-move", 0, place],
            ["stop", "keep-playlist"] if chance.random() < 0.5 else ["playlist-unshuffle"],
            ["set_property", "playlist-pos", place],
            ["set_property", "playlist-current-pos", place],
            ["set_property", "loop-playlist", chance.choice(["no", "inf", "force", 2, 3])],
        ]
    )


def told(mpv: Mpv, folder: Path, chance: random.Random) -> list[Any]:
    mpv.ask("stop")
    mpv.ask("set_property", "loop-playlist", "no")
    mpv.settled()
    first: int | None = None
    story = []
    for _ in range(STEPS):
        words = asked(chance)
        given = [str(folder / words[1]), *words[2:]] if words[0] == "loadfile" else words[1:]
        answer = mpv.ask(words[0], *given)
        mpv.settled()
        if words[0] == "loadfile" and first is None:
            first = answer["data"]["playlist_entry_id"] - 1
        listed = mpv.ask("get_property", "playlist")["data"]
        entries = [f"{Path(entry['filename']).name}:{entry['id'] - (first or 0)}" for entry in listed]
        places = [mpv.ask("get_property", f"playlist-{which}-pos")["data"] for which in ("current", "playing")]
        story.append([words, answer["error"], [*entries, *places]])
    return story


def main() -> None:
    chance = random.Random(4)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(6):
            (folder / f"f{number}").symlink_to(CLIP)
        mpv = Mpv(folder)
        try:
            for _ in range(STORIES):
                sys.stdout.write(json.dumps(told(mpv, folder, chance), separators=(",", ":")) + "\n")
        finally:
            mpv.process.kill()
            mpv.process.wait()


if __name__ == "__main__":
    main()
