"""The commands that each subcommand sends to the daemon."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hangctl.main import SUBCOMMANDS, run
from tests.support.scripted_daemon import ScriptedDaemon, refusal

DONE = ["hang-wait", "done"]

ROOM = {"room_id": "0d9f", "invite": "hang://films.example:3005/0d9f", "host": True}

SENT: list[tuple[list[str], list[Any]]] = [
    (["play"], [["set_property", "pause", False], DONE]),
    (["pause"], [["set_property", "pause", True], DONE]),
    (["toggle"], [["cycle", "pause"], DONE]),
    (["toggle", "--no-wait"], [["cycle", "pause"]]),
    (["--no-wait", "toggle"], [["cycle", "pause"]]),
    (["stop"], [["stop"], DONE]),
    (["seek", "+10"], [["seek", 10, "relative"], DONE]),
    (["seek", "-10"], [["seek", -10, "relative"], DONE]),
    (["seek", "-1:00", "--no-wait"], [["seek", -60, "relative"]]),
    (["seek", "1:02:03"], [["seek", 3723, "absolute"], DONE]),
    (["seek", "50%"], [["seek", 50, "absolute-percent"], DONE]),
    (["next"], [["playlist-next"], DONE]),
    (["previous", "--no-wait"], [["playlist-prev"]]),
    (["chapter", "3"], [["set_property", "chapter", 2], DONE]),
    (["chapter", "next"], [["add", "chapter", 1], DONE]),
    (["chapter", "previous"], [["add", "chapter", -1], DONE]),
    (["playlist", "remove", "2"], [["playlist-remove", 1], DONE]),
    (["playlist", "remove", "2", "10", "1", "2"], [*(["playlist-remove", index] for index in (9, 1, 0)), DONE]),
    (["playlist", "move", "4", "2"], [["playlist-move", 3, 1], DONE]),
    (["playlist", "move", "1", "3"], [["playlist-move", 0, 3], DONE]),
    (["playlist", "move", "2", "2"], [["playlist-move", 1, 1], DONE]),
    (["playlist", "clear"], [["playlist-clear"], DONE]),
    (["playlist", "shuffle"], [["playlist-shuffle"], DONE]),
    (["speed", "1.25"], [["set_property", "speed", 1.25], DONE]),
    (["step"], [["frame-step"], DONE]),
    (["volume", "80"], [["set_property", "volume", 80], DONE]),
    (["volume", "+5"], [["add", "volume", 5], DONE]),
    (["volume", "-5"], [["add", "volume", -5], DONE]),
    (["volume", "-5%"], [["add", "volume", -5], DONE]),
    (["mute"], [["cycle", "mute"], DONE]),
    (["fullscreen"], [["cycle", "fullscreen"], DONE]),
    (["audio", "2"], [["set_property", "aid", 2], DONE]),
    (["audio", "next"], [["cycle", "aid"], DONE]),
    (["subs", "2"], [["set_property", "sid", 2], DONE]),
    (["subs", "next"], [["cycle", "sid"], DONE]),
    (["subs", "off"], [["set_property", "sid", "no"], DONE]),
    (["leave"], [["room-leave"]]),
    (["say", "hello", "all", "-_-"], [["room-say", "hello all -_-"]]),
    (["ready"], [["room-ready", "yes"]]),
    (["ready", "no"], [["room-ready", "no"]]),
    (["kick", "bert"], [{"_name": "room-kick", "member": "bert", "ban": "no"}]),
    (["ban", "bert", "--reason", "x"], [{"_name": "room-kick", "member": "bert", "ban": "yes", "reason": "x"}]),
    (["role", "bert", "controller"], [["room-role", "bert", "controller"]]),
    (["policy", "locked", "yes"], [["room-set", "locked", "yes"]]),
    (["policy", "password", "none"], [["room-set", "password", ""]]),
    (["rooms"], [["room-list"]]),
    (["set", "audio-delay", "-0.1"], [["set_property", "audio-delay", "-0.1"], DONE]),
    (["cycle", "pause"], [["cycle", "pause"], DONE]),
    (["wait", "playing"], [["hang-wait", "playing"]]),
    (["ipc", '{"command": ["seek", 5]}'], [["seek", 5]]),
    (["ipc", '["seek", 5]'], [["seek", 5]]),
]


@pytest.fixture
def scripted(daemon: ScriptedDaemon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ScriptedDaemon:
    monkeypatch.setenv("HANG_SOCKET", str(daemon.path))
    monkeypatch.delenv("HANG_PASSWORD_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film.mkv").write_bytes(b"film")
    daemon.answers["room-create"] = daemon.answers["room-join"] = {"error": "success", "data": ROOM}
    return daemon


@pytest.mark.parametrize(("arguments", "commands"), SENT, ids=lambda value: str(value[0]))
def test_subcommand_sends_these_commands(scripted: ScriptedDaemon, arguments: list[str], commands: list[Any]) -> None:
    assert run(arguments) == 0
    assert scripted.received == commands


def test_a_subcommand_that_changes_something_prints_nothing_to_a_pipe(
    scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]
) -> None:
    for arguments, _ in SENT:
        if arguments[0] not in ("ipc", "rooms"):
            assert run(arguments) == 0
    assert run(["join", "friday", "film.mkv"]) == 0
    assert capfd.readouterr() == ("", "")


def sent_commands(scripted: ScriptedDaemon) -> list[Any]:
    return [command for command in scripted.received if command[0:1] != ["observe_property"]]


def sent_requests(scripted: ScriptedDaemon) -> list[Any]:
    return [command for command in scripted.received if isinstance(command, dict) or command[0] != "observe_property"]


def test_create_prints_the_id_of_the_room(
    scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["create", "film.mkv", "--name", "friday", "--host-only", "--server", "ws://h:1/ws"]) == 0
    assert capfd.readouterr() == ("0d9f\n", "")
    assert sent_requests(scripted) == [
        ["server-connect", "ws://h:1/ws"],
        {"_name": "room-create", "file": str(tmp_path / "film.mkv"), "name": "friday", "control": "host"},
    ]


def test_join_takes_an_invite_and_makes_the_file_absolute(scripted: ScriptedDaemon, tmp_path: Path) -> None:
    assert run(["join", "hang://films.example/friday", "film.mkv"]) == 0
    assert sent_requests(scripted) == [
        ["server-connect", "ws://films.example:3005/ws"],
        {"_name": "room-join", "room": "friday", "file": str(tmp_path / "film.mkv")},
    ]


def test_join_without_a_file_sends_no_file(scripted: ScriptedDaemon) -> None:
    assert run(["join", "friday"]) == 0
    assert scripted.received == [{"_name": "room-join", "room": "friday"}]


@pytest.mark.parametrize("how", ["option", "variable"])
def test_a_password_comes_from_a_file(
    scripted: ScriptedDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("open sesame\n")
    if how == "variable":
        monkeypatch.setenv("HANG_PASSWORD_FILE", str(secret))
    options = ["--password-file", str(secret)] if how == "option" else []
    assert run(["join", "friday", *options]) == 0
    assert scripted.received == [{"_name": "room-join", "room": "friday", "password": "open sesame"}]


def test_policy_reads_a_new_password_from_a_file(scripted: ScriptedDaemon, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open sesame\n")
    assert run(["policy", "password", "--password-file", "secret"]) == 0
    assert scripted.received == [["room-set", "password", "open sesame"]]


def test_a_password_on_the_command_line_is_refused(scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "password", "open sesame"]) == 2
    assert scripted.received == []
    assert "command line" in capfd.readouterr().err


def test_media_and_subtitles_are_made_absolute(scripted: ScriptedDaemon, tmp_path: Path) -> None:
    film = str(tmp_path / "film.mkv")
    assert run(["media", "film.mkv"]) == 0
    assert sent_commands(scripted) == [["room-media", film]]
    scripted.received.clear()
    assert run(["subs", "add", "./film.mkv"]) == 0
    assert sent_commands(scripted) == [["sub-add", film], DONE]


def test_films_are_added_one_after_the_other(scripted: ScriptedDaemon, tmp_path: Path) -> None:
    film, other = str(tmp_path / "film.mkv"), str(tmp_path / "-other.mkv")
    Path(other).write_bytes(b"other")
    assert run(["playlist", "add", "--", "film.mkv", "-other.mkv"]) == 0
    assert sent_commands(scripted) == [["loadfile", film, "append"], DONE, ["loadfile", other, "append"], DONE]
    scripted.received.clear()
    assert run(["playlist", "add", "--play", "--no-wait", "film.mkv"]) == 0
    assert sent_commands(scripted) == [["loadfile", film, "append-play"]]


def test_an_entry_after_the_end_of_the_playlist_is_not_played(
    scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]
) -> None:
    scripted.properties["playlist-count"] = 2
    assert run(["playlist", "play", "2"]) == 0
    assert scripted.received[1:] == [["playlist-play-index", 1], DONE]
    scripted.received.clear()
    assert run(["playlist", "play", "3"]) == 1
    assert "the playlist ends at 2" in capfd.readouterr().err
    assert scripted.received == [["get_property", "playlist-count"]]


def test_the_playlist_is_listed(scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> None:
    scripted.properties["playlist"] = [
        {"filename": "/films/one.mkv", "id": 4, "current": True, "playing": True, "title": "\x1b[2JOne"},
        {"filename": "/films/two.mkv", "id": 7},
    ]
    for arguments in (["playlist"], ["playlist", "list"]):
        assert run(arguments) == 0
        assert capfd.readouterr().out.splitlines() == [r"* 1 \x1b[2JOne", "  2 two.mkv"]
    for arguments in (["playlist", "--json"], ["playlist", "list", "--json"], ["--json", "playlist"]):
        assert run(arguments) == 0
        first, second = map(json.loads, capfd.readouterr().out.splitlines())
        assert second == {
            "number": 2,
            "id": 7,
            "filename": "/films/two.mkv",
            "title": None,
            "current": False,
            "playing": False,
        }
        assert first.keys() == second.keys()


def test_the_chapters_are_listed(scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["chapter"]) == 1
    assert "no file is loaded" in capfd.readouterr().err
    scripted.properties = {
        "path": "/film.mkv",
        "chapter-list": [{"title": "Opening", "time": 0.0}, {"title": "\x1b[2J", "time": 3723.5}, {"time": 4000.0}],
        "chapter": 1,
    }
    assert run(["chapter"]) == 0
    assert capfd.readouterr().out.splitlines() == ["  1 0:00 Opening", r"* 2 1:02:03 \x1b[2J", "  3 1:06:40"]
    assert run(["chapter", "list", "--json"]) == 0
    assert json.loads(capfd.readouterr().out.splitlines()[2]) == {
        "number": 3,
        "time": 4000.0,
        "title": None,
        "current": False,
    }


def test_a_chapter_that_does_not_exist_is_a_readable_error(
    scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]
) -> None:
    scripted.answers["set_property"] = {"error": "unsupported format for accessing property"}
    assert run(["chapter", "9"]) == 1
    assert capfd.readouterr().err.splitlines()[0] == "hangctl: error: cannot go to chapter 9: there is none"
    scripted.answers["set_property"] = refusal("Forbidden", "only the host may do that", "error accessing property")
    assert run(["chapter", "9"]) == 1
    assert "only the host" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "x"],
        ["join", "r", "x"],
        ["media", "x"],
        ["subs", "add", "x"],
        ["playlist", "add", "film.mkv", "x"],
    ],
)
def test_a_missing_file_is_an_error_before_any_request(
    scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run(arguments) == 1
    assert capfd.readouterr().err == "hangctl: error: cannot read 'x': no such file or directory\n"
    assert scripted.received == []


def test_a_directory_is_not_accepted_as_a_film(scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> None:
    os.mkdir("films")
    assert run(["create", "films"]) == 1
    assert "is a directory" in capfd.readouterr().err


def test_every_subcommand_loads_and_has_help() -> None:
    for name in SUBCOMMANDS:
        assert run([name, "--help"]) == 0


def test_tracks_are_listed(scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> None:
    scripted.properties = {
        "path": "/film.mkv",
        "track-list": [
            {"id": 1, "type": "audio", "selected": False, "lang": "en", "title": "Stereo"},
            {"id": 2, "type": "audio", "selected": True, "title": "\x1b[2JCommentary"},
            {"id": 1, "type": "sub", "selected": False, "lang": "fr"},
        ],
    }
    assert run(["audio"]) == 0
    assert capfd.readouterr().out.splitlines() == ["  1 [en] Stereo", r"* 2 \x1b[2JCommentary"]
    assert run(["subs", "list", "--json"]) == 0
    assert capfd.readouterr().out == '{"id":1,"type":"sub","selected":false,"lang":"fr"}\n'


def test_the_volume_is_printed(scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> None:
    scripted.properties = {"volume": 55.0}
    assert run(["volume"]) == 0
    assert capfd.readouterr().out == "55\n"
