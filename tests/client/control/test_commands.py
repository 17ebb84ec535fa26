"""Commands: parsing of arguments, and what each command asks of the viewer."""

import os
from pathlib import Path
from typing import Any, get_args

import pytest

from hangd.client.control.commands import COMMANDS, command_list
from hangd.client.control.port import Awaited, CommandRefused, RoomCommand
from hangd.client.control.properties import Properties
from hangd.client.control.tables.command import Context, Waiting
from hangd.engine.player_facts import Track
from hangd.engine.player_messages import AddSubtitleFile, ShowText, StepFrame
from hangd.engine.playlist.playlist import Film, Loading
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer, command_refusal, do, run


@pytest.fixture
def viewer() -> RecordingViewer:
    viewer = RecordingViewer(CLIP)
    viewer.at = 8.0
    viewer.gate.set()
    return viewer


@pytest.fixture
def context(viewer: RecordingViewer) -> Context:
    told: list[Any] = viewer.calls
    return Context(viewer, Properties(viewer), told.append, lambda name, event: name == "5")


@pytest.mark.parametrize(
    ("arguments", "position"),
    [
        ([5], 13.0),
        (["-2.5", "relative+exact"], 5.5),
        ([-100], 0.0),
        ([100, "exact"], 20.0),
        (["0:12", "absolute", "exact"], 12.0),
        ([-5, "absolute"], 15.0),
        ([50, "absolute-percent+keyframes"], 10.0),
        ([-10, "relative-percent"], 6.0),
        ([7, "exact+absolute"], 7.0),
        ([1, ""], 9.0),
    ],
)
def test_seek(context: Context, viewer: RecordingViewer, arguments: list[Any], position: float) -> None:
    run(context, "seek", arguments)
    assert viewer.calls == [("seek", position)]


def test_a_relative_seek_past_the_end_ends_the_film(context: Context, viewer: RecordingViewer) -> None:
    """As in mpv, which finds no frame there. Where nothing follows, it is a seek to the end."""
    run(context, "seek", [100])
    assert viewer.calls == [("end_film",), ("seek", 20.0)]


@pytest.mark.parametrize(
    "command",
    [
        ["nope"], ["seek"], ["seek", "x"], ["seek", True], ["seek", 5, "absolute+relative"], ["seek", 5, 1],
        ["seek", 5, "exact+keyframes"], ["seek", "inf"], ["seek", 5, "relative", "exact", "x"], ["set", "volume", 30],
        ["cycle", "pause", -1], ["cycle-values", "speed"], ["cycle-values", "!reverse", "speed"], ["show-text"],
        ["show-text", "a", 1.5], ["script-message", 5], ["ignore", "x"], ["stop", "x"], ["quit", "x"],
        ["loadfile", "/x", "nope"], ["sub-add", "/x", "nope"], ["hang-wait", "rain"], ["hang-wait"], ["room-join"],
        ["room-say", ["x"]], ["room-join", "a", "b", "c", "d", "e"], ["room-leave", "x"],
    ],
)  # fmt: skip
async def test_wrong_arguments_are_refused(context: Context, viewer: RecordingViewer, command: list[Any]) -> None:
    assert (await command_refusal(context, *command)).error == "invalid parameter"
    assert viewer.calls == []


@pytest.mark.parametrize(
    "command",
    [
        ["set", "nope", "1"], ["set", "pause", "maybe"], ["set", "path", "/x"], ["add", "path", 1], ["cycle", "nope"],
        ["multiply", "pause", 2], ["cycle-values", "nope", "1"], ["cycle-values", "volume", "loud"],
        ["loadfile", "http://example.org/x.mp4"], ["sub-add", "/nowhere/to/be/found.srt"],
        ["screenshot", "video"], ["screenshot", "window"], ["screenshot", "each-frame"],
    ],
)  # fmt: skip
async def test_commands_that_fail(context: Context, viewer: RecordingViewer, command: list[Any]) -> None:
    assert (await command_refusal(context, *command)).error == "error running command"
    assert viewer.calls == []


@pytest.mark.parametrize(
    "command", [["seek", 5], ["frame-step"], ["sub-add", "/x"], ["set", "time-pos", "5"], ["screenshot"]]
)
async def test_commands_that_need_a_file(command: list[Any]) -> None:
    viewer = RecordingViewer()
    context = Context(viewer, Properties(viewer), print)
    assert (await command_refusal(context, *command)).error == "error running command"


def test_named_arguments(context: Context, viewer: RecordingViewer) -> None:
    run(context, "seek", {"target": 5, "flags": "absolute"})
    run(context, "set", {"name": "pause", "value": "no"})
    assert viewer.calls == [("seek", 5.0), ("set_paused", False)]
    for arguments in ({"flags": "absolute"}, {"target": 5, "speed": 1}):
        with pytest.raises(CommandRefused, match="invalid parameter"):
            run(context, "seek", arguments)
    with pytest.raises(CommandRefused, match="invalid parameter"):
        run(context, "script-message", {"args": "x"})


def test_underscores_are_the_same_as_dashes(context: Context) -> None:
    assert run(context, "expand_text", ["${pause}"]) == "yes"


def test_cycle_values(context: Context, viewer: RecordingViewer) -> None:
    seen = []
    for words in (["1", "1.5", "2"], ["1", "1.5", "2"], ["1.0", "2.0"], ["0.5", "2"]):
        run(context, "cycle-values", ["speed", *words])
        seen.append(viewer.speed)
    run(context, "cycle-values", ["!reverse", "speed", "1", "1.5", "2"])
    assert [*seen, viewer.speed] == pytest.approx([1.5, 2.0, 1.0, 0.5, 2.0], abs=0.001)


async def test_files_are_added_all_together_or_not_at_all(context: Context, viewer: RecordingViewer) -> None:
    before = len(viewer.playlist.entries())
    added = await do(context, "hang-playlist-add", "append", __file__, __file__)
    assert added["num_entries"] == 2 and len(viewer.playlist.entries()) == before + 2
    with pytest.raises(CommandRefused, match=r"'nothing\.mkv' does not exist: none of these files is added"):
        await do(context, "hang-playlist-add", "append", __file__, "/nowhere/nothing.mkv")
    assert len(viewer.playlist.entries()) == before + 2


async def test_what_is_added_to_play_plays_though_the_film_before_was_paused(
    context: Context, viewer: RecordingViewer
) -> None:
    """As `hangctl playlist add --play` says; the pause of a film outlives it."""
    run(context, "set", ["pause", "yes"])
    await do(context, "hang-playlist-add", "append-play", __file__)
    assert viewer.paused, "a film is loaded"
    run(context, "stop", [])
    await do(context, "hang-playlist-add", "append", __file__)
    run(context, "stop", [])
    assert viewer.paused, "it was not added to play"
    await do(context, "hang-playlist-add", "append-play", __file__)
    assert not viewer.paused


async def test_lists_are_added_as_the_films_that_they_list(
    context: Context, viewer: RecordingViewer, tmp_path: Path
) -> None:
    for film in "abc":
        (tmp_path / film).write_bytes(b"film")
    (tmp_path / "inner.pls").write_text("[playlist]\nFile1=b\n")
    (tmp_path / "outer.m3u").write_text("#EXTM3U\n#EXTINF:1,The first\na\ninner.pls\nc\n")
    added = await do(context, "hang-playlist-add", "append", __file__, str(tmp_path / "outer.m3u"))
    assert added["num_entries"] == 4
    new = viewer.playlist.entries()[-4:]
    assert [entry.filename for entry in new] == [__file__, *(str(tmp_path / film) for film in "abc")]
    assert new[1].title == "The first"
    before = len(viewer.playlist.entries())
    (tmp_path / "outer.m3u").write_text("#EXTM3U\na\nhttp://films.example/b.mkv\n")
    with pytest.raises(
        CommandRefused, match=r"'http://films\.example/b\.mkv' is a URL: hang plays files on this machine only"
    ):
        await do(context, "hang-playlist-add", "append", str(tmp_path / "outer.m3u"))
    (tmp_path / "outer.m3u").write_text("#EXTM3U\na\nouter.m3u\n")
    with pytest.raises(CommandRefused, match=r"'outer\.m3u' lists itself: none of these files is added"):
        await do(context, "hang-playlist-add", "append", str(tmp_path / "outer.m3u"))
    assert len(viewer.playlist.entries()) == before


def test_loadfile_makes_paths_absolute(
    context: Context, viewer: RecordingViewer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(context, "loadfile", ["/a b"]) == {"playlist_entry_id": 2}
    run(context, "loadfile", ["x.mp4", "replace", -1, "start=5"])
    run(context, "loadfile", ["file:///a%20b%FF"])
    run(context, "stop", [])
    run(context, "loadfile", ["/a", "append-play"])
    paths = ["/a b", str(tmp_path / "x.mp4"), os.fsdecode(b"/a b\xff"), "/a"]
    assert [call[1] for call in viewer.calls if call[0] == "load"] == [[path] for path in paths]


async def test_local_commands(context: Context, viewer: RecordingViewer, tmp_path: Path) -> None:
    subtitles = tmp_path / "x.srt"
    subtitles.touch()
    run(context, "frame-step", [])
    await do(context, "sub-add", str(subtitles), "select")
    run(context, "show-text", ["hi", 1500])
    run(context, "show-text", ["hi ${pause}"])
    run(context, "show-text", ["hi ${pause}"], expanding=True)
    assert [call[0] for call in viewer.calls] == [
        StepFrame(), AddSubtitleFile(str(subtitles)), ShowText("hi", 1.5), ShowText("hi ${pause}"), ShowText("hi yes"),
    ]  # fmt: skip


def test_script_message_is_sent_to_all_clients(context: Context, viewer: RecordingViewer) -> None:
    run(context, "script-message", ["a", "b"])
    assert viewer.calls == [{"event": "client-message", "args": ["a", "b"]}]


@pytest.mark.parametrize(
    ("command", "arguments", "call"),
    [
        ("room-create", ["/f", "friday"], ("room-create", {"file": "/f", "name": "friday"})),
        ("room-create", {"file": "/f", "wait": "nobody"}, ("room-create", {"file": "/f", "wait": "nobody"})),
        ("room-join", ["friday", "", "secret"], ("room-join", {"room": "friday", "password": "secret"})),
        ("room-ready", [False], ("room-ready", {"ready": "no"})),
        ("room-set", ["capacity", 5], ("room-set", {"key": "capacity", "value": "5"})),
        ("room-kick", {"member": "Bob", "ban": True}, ("room-kick", {"member": "Bob", "ban": "yes"})),
        ("room_leave", [], ("room-leave", {})),
        ("hang-wait", ["playing"], ("settle", "playing")),
        ("hang-debug-dump", [], ("debug_dump",)),
        ("screenshot", [], ("screenshot", None)),
        ("screenshot", ["subtitles"], ("screenshot", None)),
        ("screenshot-to-file", ["x.png"], ("screenshot", "x.png")),
    ],
)
async def test_own_commands(context: Context, viewer: RecordingViewer, command: str, arguments: Any, call: Any) -> None:
    waiting = run(context, command, arguments)
    assert isinstance(waiting, Waiting)
    await waiting.coroutine
    assert viewer.calls == [call]


def test_every_own_command_and_state_is_in_the_table() -> None:
    assert set(get_args(RoomCommand)) <= COMMANDS.keys()
    for state in get_args(Awaited):
        COMMANDS["hang-wait"].parameters[0].kind.parse(state)


async def test_every_command_succeeds_with_its_required_arguments(
    context: Context, viewer: RecordingViewer, tmp_path: Path
) -> None:
    subtitles = tmp_path / "x.srt"
    subtitles.touch()
    viewer.desktop.is_there = True
    fewest = {
        "name": "volume", "value": "50", "target": "5", "url": str(subtitles), "text": "t", "file": "/f", "room": "r",
        "filename": "x.png", "index": "0", "index1": "0", "index2": "0",
        "key": "k", "member": "m", "role": "host", "state": "done", "arg0": "volume", "argN": "50", "cmd": "ignore",
        "ban": "b", "password": "p",
    }  # fmt: skip
    for command in command_list():
        viewer.playlist.load([Film(CLIP)] * 3, Loading())
        viewer.playlist.play(1)
        viewer.tracks = (
            Track("video", 0, "", True, frame_rate=25.0),
            Track("audio", 5, "", True, file="/beside.flac"),
            Track("subtitle", 7, "", True, file="/beside.srt"),
        )
        run(context, "seek", [1])  # So that revert-seek has a position to go back to.
        context.properties.write("user-data/volume", 1)
        named = fewest | ({"name": "user-data/volume"} if command["name"] == "del" else {})
        named |= {"name": "SPACE"} if command["name"].startswith("key") else {}
        words = [
            named[arg["name"]]
            for arg in command["args"]
            if not arg["optional"] and arg["name"] not in ("args", "files")
        ]
        await do(context, command["name"], *words)


def test_show_progress(context: Context, viewer: RecordingViewer) -> None:
    run(context, "show-progress", [])
    assert viewer.calls == [(ShowText("00:00:08 / 00:00:20 (40%)", 1.0),)]
    viewer.at = None
    run(context, "show-progress", [])
    assert len(viewer.calls) == 1


@pytest.mark.parametrize(
    ("path", "expanded"),
    [
        ("/a/b", "/a/b"), ("a", "a"), ("~/x y", "HOME/x y"), ("~~/x", "CONFIG/hang/x"), ("~~home/x", "CONFIG/hang/x"),
        ("~~global/x", "~~global/x"), ("~bob/x", "~bob/x"), ("", ""),
    ],
)  # fmt: skip
def test_expand_path(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, expanded: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    expected = expanded.replace("HOME", str(tmp_path)).replace("CONFIG", str(tmp_path / "config"))
    assert run(context, "expand-path", [path]) == expected


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["room-say", "\udcff"], "the text is not text in UTF-8"),
        (["room-join", "\udcff\udcfe"], "the room is not text in UTF-8"),
        (["room-create", CLIP, "\udcff"], "the name is not text in UTF-8"),
    ],
)
async def test_what_others_read_has_to_be_unicode(context: Context, command: list[str], told: str) -> None:
    assert (await command_refusal(context, *command)).message == told
