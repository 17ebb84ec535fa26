"""The commands that each subcommand sends to the daemon."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangctl.commands.film.playlist import _m3u_entry, arranged
from hangctl.main import SUBCOMMANDS, run
from hangd.engine.playlist.m3u import read_playlist
from tests.support.daemons.scripted_daemon import ScriptedDaemon, refusal
from tests.support.names import file_names

DONE = ["hang-wait", "done"]
AFTER = [
    "expand-text",
    "${=idle-active} ${room/id:alone} ${=pause} ${=playlist-count} "
    "${=room/role}\n${=room/start}\n${=media/missing}\n${=media/error}",
]

ROOM = {"room_id": "0d9f", "invite": "hang://films.example:3005/0d9f", "host": True}

PAUSE, SPEED = (
    ["expand-text", f"${{=idle-active}} ${{room/id:alone}} ${{={name}}} ${{=playlist-count}}"]
    for name in ("pause", "speed")
)
IDLE_AUDIO, IDLE_SUBS = (
    ["expand-text", f"${{=idle-active}} ${{=playlist-count}} ${{={name}}}"] for name in ("aid", "sid")
)

COUNT = ["get_property", "playlist-count"]

SENT: list[tuple[list[str], list[Any]]] = [
    (["play"], [PAUSE, ["hang-play"], DONE, AFTER]),
    (["play", "--no-wait"], [["hang-play"]]),
    (["play", "--now"], [PAUSE, ["room-start"], DONE, AFTER]),
    (["pause"], [PAUSE, ["set_property", "pause", True], DONE, PAUSE]),
    (["toggle"], [PAUSE, ["hang-play", "toggle"], DONE, AFTER]),
    (["toggle", "--no-wait"], [["hang-play", "toggle"]]),
    (["--no-wait", "toggle"], [["hang-play", "toggle"]]),
    (["stop"], [["expand-text", "${=idle-active} ${room/id:alone} ${=playlist-count}"], ["stop"], DONE]),
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
    (["playlist", "move", "4", "2"], [COUNT, ["playlist-move", 3, 1], DONE]),
    (["playlist", "move", "1", "3"], [COUNT, ["playlist-move", 0, 3], DONE]),
    (["playlist", "move", "2", "2"], [COUNT, ["playlist-move", 1, 1], DONE]),
    (["playlist", "clear"], [["playlist-clear"], DONE]),
    (["playlist", "shuffle"], [["playlist-shuffle"], DONE]),
    (["speed", "1.25"], [SPEED, ["set_property", "speed", 1.25], DONE, SPEED]),
    (["step"], [["frame-step"], DONE]),
    (["volume", "80"], [["set_property", "volume", 80], DONE]),
    (["volume", "+5"], [["add", "volume", 5], DONE]),
    (["volume", "-5"], [["add", "volume", -5], DONE]),
    (["volume", "-5%"], [["add", "volume", -5], DONE]),
    (["mute"], [["cycle", "mute"], DONE]),
    (["mute", "on"], [["set_property", "mute", "yes"], DONE]),
    (["mute", "no"], [["set_property", "mute", "no"], DONE]),
    (["fullscreen", "off"], [["set_property", "fullscreen", "no"], DONE]),
    (["fullscreen", "yes", "--no-wait"], [["set_property", "fullscreen", "yes"]]),
    (["fullscreen", "toggle"], [["cycle", "fullscreen"], DONE]),
    (["undo"], [["revert-seek"], DONE]),
    (["fullscreen"], [["cycle", "fullscreen"], DONE]),
    (["audio", "2"], [IDLE_AUDIO, ["set_property", "aid", 2], DONE]),
    (["audio", "next"], [IDLE_AUDIO, ["cycle", "aid"], DONE]),
    (["subs", "2"], [IDLE_SUBS, ["set_property", "sid", 2], DONE]),
    (["subs", "next"], [IDLE_SUBS, ["cycle", "sid"], DONE]),
    (["subs", "off"], [IDLE_SUBS, ["set_property", "sid", "no"], DONE]),
    (["leave"], [["room-leave"]]),
    (["say", "hello", "all", "-_-"], [["room-say", "hello all -_-"]]),
    (["ready"], [["room-ready", "yes"]]),
    (["ready", "no"], [["room-ready", "no"]]),
    (["ready", "yes", "bert"], [["room-ready", "yes", "bert"]]),
    (["policy", "start", "2"], [["room-set", "start", "2"]]),
    (["policy", "loop", "film"], [["room-set", "loop", "film"]]),
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
    daemon.properties["playlist-count"] = 10
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


def test_films_are_added_all_at_once(scripted: ScriptedDaemon, tmp_path: Path) -> None:
    film, other = str(tmp_path / "film.mkv"), str(tmp_path / "-other.mkv")
    Path(other).write_bytes(b"other")
    assert run(["playlist", "add", "--", "film.mkv", "-other.mkv"]) == 0
    assert sent_commands(scripted) == [["hang-playlist-add", "append", film, other], DONE]
    scripted.received.clear()
    assert run(["playlist", "add", "--play", "--no-wait", "film.mkv"]) == 0
    assert sent_commands(scripted) == [["hang-playlist-add", "append-play", film]]


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
    assert "no file is loaded" in capfd.readouterr().err
    scripted.properties = {"path": "/film.mkv", "chapter-list": [{"time": 0.0}, {"time": 9.0}]}
    assert run(["chapter", "9"]) == 1
    assert capfd.readouterr().err.splitlines()[0] == "hangctl: error: cannot go to chapter 9: there are 2 chapters"
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


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (["--control", "controllers"], {"control": "controllers"}),
        (["--host-only"], {"control": "host"}),
        (["--host-only", "--control", "host"], {"control": "host"}),
        (["--match", "none", "--wait", "nobody"], {"match": "none", "wait": "nobody"}),
        (["--start", "ready"], {"start": "ready"}),
        (["--start", "3"], {"start": "3"}),
    ],
    ids=str,
)
def test_create_sends_the_rules_of_the_room(
    scripted: ScriptedDaemon, tmp_path: Path, options: list[str], sent: dict[str, str]
) -> None:
    assert run(["create", "film.mkv", *options]) == 0
    assert sent_requests(scripted) == [{"_name": "room-create", "file": str(tmp_path / "film.mkv"), **sent}]


@pytest.mark.parametrize(
    "options", [["--host-only", "--control", "everyone"], ["--start", "0"], ["--start", "soon"], ["--match", "size"]]
)
def test_create_refuses_rules_that_make_no_sense(scripted: ScriptedDaemon, options: list[str]) -> None:
    assert run(["create", "film.mkv", *options]) == 2
    assert scripted.received == []


def test_rooms_of_another_server_are_listed(scripted: ScriptedDaemon) -> None:
    assert run(["rooms", "--server", "ws://h:1/ws"]) == 0
    assert scripted.received == [["server-connect", "ws://h:1/ws"], ["room-list"]]


def test_a_list_of_films_is_loaded(scripted: ScriptedDaemon, tmp_path: Path) -> None:
    path = str(tmp_path / "film.mkv")
    assert run(["playlist", "load", "film.mkv"]) == run(["playlist", "load", "--append", "film.mkv"]) == 0
    assert scripted.received == [["loadlist", path, "replace"], DONE, ["loadlist", path, "append"], DONE]


def test_a_playlist_is_saved(
    scripted: ScriptedDaemon, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    scripted.properties["playlist"] = [
        {"filename": "/films/one.mkv", "id": 1, "title": "One,\nand only"},
        {"filename": "/films/two \udcff.mkv", "id": 2},
        {"filename": "#three.mkv", "id": 3},
    ]
    (tmp_path / "film.m3u").write_bytes(b"#EXTM3U\n/old.mkv\n")
    assert run(["playlist", "save", "film.m3u"]) == 0
    written = (tmp_path / "film.m3u").read_bytes()
    assert written.splitlines() == [
        b"#EXTM3U",
        b"#EXTINF:-1,One,\\nand only",
        b"/films/one.mkv",
        b"file:///films/two%20%FF.mkv",
        b"./#three.mkv",
    ]
    assert run(["playlist", "save", "-"]) == 0
    assert capfdbinary.readouterr().out == written
    assert [path.name for path in tmp_path.glob("*.new")] == []


@pytest.mark.parametrize("name", ["film.mkv", "home", "missing/list.m3u"])
def test_a_playlist_is_not_saved_over_something_else(
    scripted: ScriptedDaemon, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    scripted.properties["playlist"] = []
    assert run(["playlist", "save", name]) == 1
    assert f"cannot save '{name}': " in capfd.readouterr().err
    assert (tmp_path / "film.mkv").read_bytes() == b"film"


NAMES = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=20)


@given(st.lists(st.tuples(NAMES, st.one_of(st.none(), NAMES)), max_size=5))
def test_what_is_saved_is_what_is_read_again(entries: list[tuple[str, str | None]]) -> None:
    listed = [{"filename": f"/films/{name}", "title": title} for name, title in entries]
    content = "#EXTM3U\n" + "".join(map(_m3u_entry, arranged(listed)))
    read = read_playlist(content.encode(), "/films")
    assert [film.path for film in read] == [entry["filename"] for entry in listed]


@given(st.lists(file_names(), max_size=5))
def test_files_of_any_name_are_saved_and_read_again(names: list[bytes]) -> None:
    paths = [os.fsdecode(b"/films/" + name) for name in names]
    content = "#EXTM3U\n" + "".join(map(_m3u_entry, arranged([{"filename": path} for path in paths])))
    read = read_playlist(content.encode("utf-8", "surrogateescape"), "/elsewhere")
    assert [film.path for film in read] == paths


@pytest.mark.parametrize(
    ("command", "property_name"),
    [
        ("audio-delay", "audio-delay"),
        ("sub-delay", "sub-delay"),
        ("picture-offset", "video-offset"),
        ("sound-offset", "audio-offset"),
    ],
)
def test_delays_count_in_milliseconds(
    scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str], command: str, property_name: str
) -> None:
    for value, sent in (("120", 0.12), ("=-120", -0.12), ("0", 0.0), ("1.5ms", 0.0015)):
        assert run([command, value]) == 0
        assert scripted.received[-2:] == [["set_property", property_name, sent], DONE]
    for value, sent in (("+20", 0.02), ("-20", -0.02)):
        assert run([command, value]) == 0
        assert scripted.received[-2:] == [["add", property_name, sent], DONE]
    scripted.properties[property_name] = -0.1205
    assert run([command]) == 0
    assert capfd.readouterr().out == "-120.5\n"
    assert run([command, "soon"]) == 2


def test_play_says_what_the_room_waits_for(scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> None:
    for role, missing, shown in (
        ("viewer", 1, "waiting for b\\x1bob to be ready\n"),
        ("host", 1, "waiting for b\\x1bob to be ready\nhint: `hangctl play --now` starts at once\n"),
        ("host", 0, "waiting for b\\x1bob to be ready\n"),
        ("own", 1, "waiting for b\\x1bob to be ready\nhint: `hangctl ready` says that you are ready\n"),
    ):
        text = "waiting for b\x1bob to be ready"
        start = {"by": "ann", "missing": missing, "self": role == "own", "text": text}
        scripted.properties = {"room/role": role, "room/start": start}
        assert run(["play"]) == 0
        assert capfd.readouterr() == ("", shown)


def test_a_wrong_readiness_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["ready", "bob"]) == 2
    assert "'bob' is neither yes nor no: write ready [yes|no] [MEMBER]" in capfd.readouterr().err


def test_one_rule_is_printed(scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> None:
    scripted.properties = {"room/id": "0d9f", "room/policy": {"stall": "go-on", "locked": False}}
    for arguments, printed in ((["stall"], "go-on"), (["locked"], "no"), (["locked", "--json"], "false")):
        assert run(["policy", *arguments]) == 0
        assert capfd.readouterr().out == f"{printed}\n"
    assert run(["policy"]) == 0
    assert capfd.readouterr().out == "stall go-on\nlocked no\n"


def test_a_rule_that_is_not_set_is_named(scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> None:
    scripted.answers["room-set"] = refusal("Forbidden", "only the host may do that")
    assert run(["policy", "locked", "yes"]) == 1
    assert capfd.readouterr().err == "hangctl: error: cannot set the rule 'locked': only the host may do that\n"


def test_a_password_file_that_is_not_there_is_told_in_words(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["join", "friday", "--password-file", "/nowhere"]) == 1
    words = "cannot read the password in '/nowhere': no such file or directory"
    assert capfd.readouterr().err == f"hangctl: error: {words}\n"


def test_the_message_of_the_day_is_shown(scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> None:
    def answered(command: Any) -> Mapping[str, Any]:
        scripted.emit({"event": "motd", "text": "Be nice.\n\x1b[31mPopcorn!"})
        return {"error": "success", "data": ROOM}

    scripted.answers["room-join"] = answered
    assert run(["join", "friday", "film.mkv"]) == 0
    assert capfd.readouterr() == ("", "Be nice.\n\\x1b[31mPopcorn!\n")


DEVICES = [
    {"name": "auto", "description": "Autoselect device"},
    {"name": "pulse/usb", "description": "\x1b[2JHeadset"},
]


def test_the_devices_are_listed_and_chosen_by_number_or_name(
    scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]
) -> None:
    scripted.properties = {"audio-device-list": DEVICES, "audio-device": "pulse/usb"}
    assert run(["audio", "device"]) == 0
    assert capfd.readouterr().out.splitlines() == ["  1 Autoselect device (auto)", r"* 2 \x1b[2JHeadset (pulse/usb)"]
    assert run(["audio", "device", "--json"]) == 0
    assert json.loads(capfd.readouterr().out.splitlines()[1]) == {"id": 2, **DEVICES[1], "selected": True}
    for which in ("2", "pulse/usb"):
        scripted.received.clear()
        assert run(["audio", "device", which]) == 0
        assert ["set_property", "audio-device", "pulse/usb"] in scripted.received
    for wrong in ("3", "0", "pulse/gone"):
        scripted.received.clear()
        assert run(["audio", "device", wrong]) == 1
        assert not any(command[0] == "set_property" for command in scripted.received)
        assert "`hangctl audio device` lists them" in capfd.readouterr().err
    assert run(["audio", "next", "2"]) == 2
