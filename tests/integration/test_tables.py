"""Every property and command of the tables works on a real daemon with a real film: alone, and in a room."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.properties import PROPERTIES
from hangd.client.control.tables.placeholders import UNAVAILABLE
from tests.support.daemons import mpv
from tests.support.daemons.mpv import Talk
from tests.support.daemons.party import CLIP, TRACKS, room_server, wait_for

pytestmark = pytest.mark.real

ALONE = {
    **dict.fromkeys([name for name in PROPERTIES if name.split("/")[0] == "room"], "there is no room"),
    **dict.fromkeys(["server/rtt", "server/clock-offset", "server/clock-error"], "there is no connection"),
    "server/account": "nobody has logged in",
    "server/features": "there is no connection",
    "server/reason": "there is a server, or nobody wants one",
    "sync/error": "there is no room to be synchronized with",
    "sync/away": "there is no room that could not be reached",
    "media/missing": "there is no room whose film could be missing",
    "media/hash": "it has not been requested",
    "media/hash-progress": "nothing is being read",
    "media/error": "no film was broken",
    "player/picture-problem": "nothing is wrong with the picture",
    "player/sound-problem": "nothing is wrong with the sound",
    "estimated-vf-fps": "nothing has been played",
    "video-bitrate": "the file does not tell",
    "audio-bitrate": "the file does not tell",
    "osd/messages": "there is no window",
    "chapter": "the film has no chapters",
    "chapter-metadata": "the film has no chapters",
}
IN_ROOM = {
    **{
        name: why
        for name, why in ALONE.items()
        if name.startswith(
            ("chapter", "estimated", "video-", "audio-", "media/hash-progress", "media/error", "player/", "osd/")
        )
    },
    "room/left": "nobody is out of the room",
    "server/account": "nobody has logged in",
    "server/reason": "the server lets everybody in",
    "sync/away": "the room can be reached",
    "media/missing": "the film is here",
    "room/name": "the room was created without a name",
    "room/start": "no start waits",
}
"""Properties that have no value there, and why."""

SUBTITLES = "1\n00:00:01,000 --> 00:00:02,000\nbeside\n"


class Client:
    """A control client that parses its answers."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk

    def ask(self, *words: Any) -> dict[str, Any]:
        heard = self.talk.ask(json.dumps({"command": words, "request_id": 7}).encode())
        answers: list[dict[str, Any]] = [json.loads(line.decode("utf-8", "replace")) for line in heard]
        (answer,) = [answer for answer in answers if answer.get("request_id") == 7]
        return answer

    def do(self, *words: Any) -> Any:
        answer = self.ask(*words)
        assert answer["error"] == "success", (words, answer)
        return answer.get("data")

    def get(self, name: str) -> Any:
        return self.ask("get_property", name).get("data")

    def open(self, path: Path) -> None:
        self.do("loadfile", str(path))
        wait_for(lambda: self.get("path") == str(path) and self.get("seeking") is False, "the film")
        wait_for(lambda: self.get("width"), "its tracks")


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Client]:
    (tmp_path / "ada").mkdir()
    with mpv.hangd(tmp_path / "ada") as speaker:
        client = Client(speaker.connect())
        client.do("set_property", "pause", True)  # what is counted while a film plays has no value
        client.open(TRACKS)
        yield client


def read_all(client: Client, without: dict[str, str]) -> None:
    """Read every listed property in each way: it has a value, or is in ``without``."""
    for name in client.do("get_property", "property-list"):
        answer, text = client.ask("get_property", name), client.do("get_property_string", name)
        if name in without or name in UNAVAILABLE:
            assert (answer["error"], text) == ("property unavailable", None), (name, answer)
            assert client.do("expand-text", f"${{{name}}}") == "(unavailable)"
        else:
            assert answer["error"] == "success", (name, answer)
            assert isinstance(text, str), name
            assert isinstance(client.do("expand-text", f"${{{name}}}"), str)


def test_every_property_reads(ada: Client) -> None:
    read_all(ada, ALONE)


def test_every_property_takes_what_it_reads(ada: Client) -> None:
    for name, row in PROPERTIES.items():
        if row.write is not None and name not in ALONE and name not in UNAVAILABLE:
            ada.do("set_property", name, ada.do("get_property", name))
            ada.do("set_property_string", name, ada.do("get_property_string", name))


def test_every_option_has_its_other_names(ada: Client) -> None:
    for name in ada.do("get_property", "options"):
        assert ada.do("get_property", f"options/{name}") == ada.do("get_property", name)
        assert ada.do("get_property", f"file-local-options/{name}") == ada.do("get_property", name)


def test_a_list_is_read_to_its_end(ada: Client) -> None:
    for name in ("track-list", "playlist", "chapter-list", "audio-device-list"):
        whole = ada.do("get_property", name)
        assert ada.do("get_property", f"{name}/count") == len(whole)
        for number, item in enumerate(whole):
            for key, value in item.items():
                assert ada.do("get_property", f"{name}/{number}/{key}") == value
    for key, value in ada.do("get_property", "metadata").items():
        assert ada.do("get_property", f"metadata/by-key/{key}") == value


def test_properties_of_a_film(ada: Client) -> None:
    assert [ada.get(name) for name in ("width", "height", "dwidth", "dheight")] == [640, 360, 640, 360]
    assert ada.get("container-fps") == pytest.approx(30.0, abs=0.001)  # Matroska stores whole nanoseconds.
    assert (ada.get("video-codec"), ada.get("audio-codec-name"), ada.get("file-format")) == ("h264", "flac", "mkv")
    assert ada.get("audio-params/samplerate") == 48000
    assert ada.get("file-size") == TRACKS.stat().st_size
    assert [(row["type"], row.get("lang")) for row in ada.get("track-list")] == [
        ("video", None), ("audio", "eng"), ("audio", "deu"), ("sub", "eng"), ("sub", "deu"),
    ]  # fmt: skip


def insist(client: Client, command: str) -> None:
    """Repeat a command until it succeeds: a reloaded track is a new track, which exists only once VLC has read it."""
    wait_for(lambda: client.ask(command)["error"] == "success", command)


def run_all(client: Client, folder: Path, given: dict[str, list[Any]]) -> set[str]:
    """Run commands with these arguments; return their names."""
    for name, words in given.items():
        match name:
            case "sub-remove" | "sub-reload" if not any(row["external"] for row in client.get("track-list")):
                client.do("sub-add", str(folder / "beside.srt"))
        if name in ("sub-remove", "sub-reload"):
            wait_for(lambda: client.get("current-tracks/sub/external"), "the subtitles")
        if name in ("audio-remove", "audio-reload"):
            wait_for(lambda: client.get("current-tracks/audio/external"), "the sound")
        if name in ("sub-remove", "audio-remove"):
            insist(client, name)
        else:
            client.do(name, *words)
    return set(given)


def test_every_command_runs(ada: Client, tmp_path: Path) -> None:
    (tmp_path / "beside.srt").write_text(SUBTITLES)
    ada.do("set_property", "user-data/x", 1)
    ran = run_all(
        ada,
        tmp_path,
        {
            "ignore": [], "set": ["volume", "50"], "add": ["volume", 5], "multiply": ["volume", 1.1],
            "cycle": ["mute"], "cycle-values": ["speed", "1", "1.25"], "del": ["user-data/x"],
            "hang-play": [], "seek": [10], "revert-seek": [], "frame-step": [], "frame-back-step": [], "ab-loop": [],
            "sub-add": [str(tmp_path / "beside.srt")], "sub-reload": [], "sub-remove": [],
            "keybind": ["F5", "ignore"], "keypress": ["F5"], "keydown": ["F5"], "keyup": [],
            "screenshot": [], "screenshot-to-file": ["x.png"], "rescan-external-files": [],
            "audio-add": [str(CLIP)], "audio-reload": [], "audio-remove": [],
            "show-text": ["hello", 100], "show-progress": [], "expand-text": ["${pause}"], "expand-path": ["~/x"],
            "print-text": ["hello"], "script-message": ["a"], "script-message-to": [ada.do("client_name"), "b"],
            "hang-wait": ["done"], "hang-debug-dump": [], "window-hide": [], "window-show": [],
            "window-close": [], "history": [], "history-clear": [],
        },
    )  # fmt: skip
    for name in ("window-open-chat", "window-show-keys"):
        assert ada.ask(name)["details"]["code"] == "NotSupported", "there is no window"
        ran.add(name)
    assert ada.ask("window-leave-room")["details"]["code"] == "NotInRoom"
    ran.add("window-leave-room")
    listed = {command["name"] for command in ada.do("get_property", "command-list")}
    ran |= run_playlist(ada, tmp_path, listed)
    ada.do("stop")
    quit = ada.ask("quit")
    assert (quit["error"], quit["details"]["code"]) == ("error running command", "Forbidden"), "as is configured"
    rooms = {name for name in listed if name.startswith(("room-", "server-"))}
    assert listed - ran - rooms - {"loadfile", "stop", "quit"} == set()


def run_playlist(client: Client, folder: Path, listed: set[str]) -> set[str]:
    """Run all playlist commands on a playlist of four entries; return their names."""
    films = folder / "films.m3u"
    films.write_text(f"{CLIP}\n{TRACKS}\n")
    given: list[tuple[str, list[Any]]] = [
        ("loadfile", [str(CLIP), "append"]), ("hang-playlist-add", ["append", str(CLIP)]),
        ("loadlist", [str(films), "append"]), ("playlist-shuffle", []),
        ("playlist-unshuffle", []), ("playlist-move", [0, 2]), ("playlist-play-index", [1]), ("playlist-next", []),
        ("playlist-prev", []), ("playlist-remove", [3]), ("playlist-clear", []),
    ]  # fmt: skip
    for name, words in given:
        if name in listed:
            client.do(name, *words)
    return {name for name, _ in given}


def test_everything_works_in_a_room(ada: Client, tmp_path: Path) -> None:
    (tmp_path / "bob").mkdir()
    with room_server("--publish-rooms") as server, mpv.hangd(tmp_path / "bob", "--player=simulated") as speaker:
        bob = Client(speaker.connect())
        ada.do("server-connect", server.url)
        room = ada.do("room-create", str(TRACKS))["room_id"]
        wait_for(lambda: ada.get("server/clock-error") is not None, "the clock")
        wait_for(lambda: ada.get("sync/error") is not None, "to be where the room is")
        read_all(ada, IN_ROOM)
        bob.do("server-connect", server.url)
        bob.do("room-join", room, str(TRACKS))
        wait_for(lambda: ada.get("room/members/count") == 2, "bob")
        own = next(row for row in ada.get("room/members") if not row["self"])["client_id"]
        ada.do("room-role", own, "controller")
        ada.do("room-say", "hello")
        ada.do("room-ready", "yes")
        ada.do("room-set", "capacity", 7)
        ada.do("room-set", "start", "ready")
        bob.do("set_property", "pause", False)
        wait_for(lambda: ada.get("room/start/missing") == 1, "a start that waits for bob")
        assert (ada.get("pause"), ada.get("core-idle"), ada.get("room/state")) == (False, True, "ready")
        refused = bob.ask("room-start")
        assert (refused["error"], refused["details"]["code"]) == ("error running command", "Forbidden")
        ada.do("room-ready", "yes", own)
        wait_for(lambda: ada.get("room/state") in ("countdown", "playing"), "the countdown")
        ada.do("room-start")
        wait_for(lambda: ada.get("room/state") == "playing", "the start")
        ada.do("room-set", "control", "host")
        ada.do("room-role", own, "viewer")
        wait_for(lambda: bob.get("room/role") == "viewer" and bob.get("room/policy")["control"] == "host", "the rule")
        step = bob.ask("frame-step")
        assert (step["error"], step["details"]["code"]) == ("error running command", "Forbidden")
        ada.do("room-list")
        ada.do("room-media", str(CLIP))
        loop = ada.ask("set_property", "ab-loop-a", 5)
        assert (loop["error"], loop["details"]["code"]) == ("error accessing property", "NotSupported")
        invite = ada.do("room-create-invite", "controller", "3600", "1")["id"]
        assert [row["id"] for row in ada.do("room-invites")] == [invite]
        ada.do("room-revoke-invites", invite)
        assert ada.do("room-invites") == []
        ada.do("room-kick", own, "yes")
        (ban,) = ada.do("room-bans")
        assert ada.do("room-unban", ban["id"])["id"] == ban["id"]
        assert ada.do("room-bans") == []
        ada.do("room-leave")
        ada.do("server-disconnect")
