"""The playlist by mpv's commands: two real daemons in one room, and one alone."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.mpv import Talk
from tests.support.daemons.party import CLIP, TRACKS, Person, Server, person, room_server, wait_for

pytestmark = pytest.mark.real


class Remote:
    """A control client of a person's daemon, which sends mpv's JSON."""

    def __init__(self, somebody: Person) -> None:
        self._talk = Talk(somebody.socket)
        self.events: list[Any] = []

    def ask(self, *words: Any) -> Any:
        self._talk.send(json.dumps({"command": words, "request_id": 1}).encode() + b"\n")
        while "event" in (message := json.loads(self._talk.line())):
            self.events.append(message)
        return message

    def get(self, name: str) -> Any:
        return self.ask("get_property", name).get("data")

    def next(self, event: str) -> Any:
        """Return the next event of this name, from those received already or from the socket."""
        while True:
            message = self.events.pop(0) if self.events else json.loads(self._talk.line())
            if message.get("event") == event:
                return message

    @property
    def names(self) -> list[str]:
        return [Path(entry["filename"]).name for entry in self.get("playlist")]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with room_server() as running:
        yield running


@pytest.fixture(params=["simulated", "vlc"])
def player(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pair(player: str, tmp_path: Path, server: Server) -> Iterator[tuple[Person, Person]]:
    """Two people in one room that shows the first of two films; each has copies of both in one folder."""
    with person("ada", tmp_path, player=player) as ada, person("bob", tmp_path, player=player) as bob:
        for somebody in (ada, bob):
            for film in (CLIP, TRACKS):
                (somebody.folder / film.name).write_bytes(film.read_bytes())
        room = ada.ctl("create", ada.folder / CLIP.name, "--server", server.url)
        bob.ctl("join", room, bob.folder / CLIP.name, "--server", server.url)
        yield ada, bob


def shows(somebody: Person, remote: Remote, film: Path) -> bool:
    return bool(remote.get("path") == str(somebody.folder / film.name) and remote.get("duration") is not None)


def test_a_rooms_queue_by_mpvs_commands(pair: tuple[Person, Person]) -> None:
    ada, bob = pair
    of_ada, of_bob = Remote(ada), Remote(bob)
    answer = of_ada.ask("loadfile", str(ada.folder / TRACKS.name), "append")
    entry = answer["data"]["playlist_entry_id"]
    assert of_ada.names == [CLIP.name, TRACKS.name]
    copy = str(bob.folder / TRACKS.name)
    wait_for(lambda: of_bob.get("playlist/1/filename") == copy, "ada's film at bob's, where he has a copy")

    assert of_bob.ask("playlist-next")["error"] == "success"
    for somebody, remote in ((ada, of_ada), (bob, of_bob)):
        wait_for(partial(shows, somebody, remote, TRACKS), "the next film, at both ends")
        assert remote.get("playlist-pos") == 1
        assert remote.get("pause") is True
    assert of_ada.next("start-file")["playlist_entry_id"] == entry
    assert of_bob.ask("playlist-next")["error"] == "error running command", "there is none"

    assert of_ada.ask("set_property", "playlist-pos", 0)["error"] == "success"
    for somebody, remote in ((ada, of_ada), (bob, of_bob)):
        wait_for(partial(shows, somebody, remote, CLIP), "the first film, at both ends")
        somebody.ctl("wait", "paused")
        somebody.ctl("wait", "synced")
    near_end = of_ada.get("duration") - 2.0
    of_ada.ask("set_property", "time-pos", near_end)
    for somebody, remote in ((ada, of_ada), (bob, of_bob)):
        wait_for(lambda remote=remote: abs(remote.get("time-pos") - near_end) < 0.5, "the seek, at both ends")  # type: ignore[misc]
        somebody.ctl("wait", "paused")
    of_ada.ask("set_property", "pause", False)
    for somebody, remote in ((ada, of_ada), (bob, of_bob)):
        wait_for(partial(shows, somebody, remote, TRACKS), "at the end of a film the next one, at both ends")
        assert remote.get("pause") is False
        somebody.ctl("wait", "playing")
        somebody.ctl("wait", "synced")
        assert remote.get("playlist-pos") == 1


def test_a_forbidden_command_gets_mpvs_error_and_changes_nothing(pair: tuple[Person, Person]) -> None:
    ada, bob = pair
    of_ada, of_bob = Remote(ada), Remote(bob)
    of_ada.ask("loadfile", str(ada.folder / TRACKS.name), "append")
    wait_for(lambda: of_bob.names == [CLIP.name, TRACKS.name], "ada's film at bob's")
    ada.ctl("policy", "control", "host")
    wait_for(lambda: of_bob.get("room/policy")["control"] == "host", "the rule at bob's")
    for command in (
        ["playlist-next"], ["playlist-prev"], ["playlist-clear"], ["playlist-remove", "current"], ["stop"],
        ["playlist-move", 0, 2], ["playlist-play-index", 1], ["playlist-shuffle"], ["playlist-unshuffle"],
        ["loadfile", str(bob.folder / TRACKS.name)], ["loadfile", str(bob.folder / TRACKS.name), "append-play"],
    ):  # fmt: skip
        answer = of_bob.ask(*command)
        assert (answer["error"], answer["details"]["code"]) == ("error running command", "Forbidden"), command
    assert of_bob.ask("set_property", "playlist-pos", 1)["error"] == "error accessing property"
    for remote in (of_ada, of_bob):
        assert (remote.names, remote.get("playlist-pos")) == ([CLIP.name, TRACKS.name], 0)
        assert Path(remote.get("path")).name == CLIP.name


def test_a_list_of_films_alone(player: str, tmp_path: Path) -> None:
    with person("ada", tmp_path, player=player) as ada:
        ada.start_daemon()
        ada.ctl("set", "pause", "yes")
        remote = Remote(ada)
        listing = tmp_path / "films.m3u"
        listing.write_text(f"#EXTM3U\n#EXTINF:20,A clip\n{CLIP}\n/nowhere/at all.mp4\n{TRACKS}\n")
        assert remote.ask("loadlist", str(listing))["data"] == {"playlist_entry_id": 1, "num_entries": 3}
        assert remote.get("playlist/0/title") == "A clip"
        ada.ctl("wait", "paused")
        remote.ask("set_property", "time-pos", remote.get("duration") - 1.0)
        remote.ask("set_property", "pause", False)
        wait_for(lambda: remote.get("path") == str(TRACKS), "the next film that can be opened")
        ended, begun = remote.next("end-file"), remote.next("start-file")
        assert (ended["playlist_entry_id"], ended["reason"], begun["playlist_entry_id"]) == (1, "eof", 2)
        ended, begun = remote.next("end-file"), remote.next("start-file")
        assert (ended["file_error"], begun["playlist_entry_id"]) == ("loading failed", 3)
        ada.ctl("wait", "playing")
        assert remote.ask("playlist-remove", 1)["error"] == "success"
        assert remote.ask("playlist-remove", 7)["error"] == "error running command"
        assert remote.ask("loadlist", "/nowhere.m3u")["error"] == "error running command"
        assert [entry["id"] for entry in remote.get("playlist")] == [1, 3]
