"""What hangctl says when something cannot be done: what is wrong, and what would be right."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangctl.client import HINTS
from hangctl.commands.completion import completion
from hangctl.commands.film.delays import DELAY_MAX, OFFSET_MAX
from hangctl.commands.film.player import VOLUME_MAX
from hangctl.main import SUBCOMMANDS, cli, run
from hangctl.meant import MEANT
from hangd.cli.main import main as hangd
from hangd.client.control.language.kinds import Double
from hangd.client.control.properties import Properties
from hangd.client.control.tables.placeholders import CONSTANTS
from hangd.client.server.departure import departure
from hangd.unknown_command import unknown_command
from tests.support.daemons.scripted_daemon import ScriptedDaemon, refusal

Said = Callable[..., tuple[int, str]]


@pytest.fixture
def scripted(daemon: ScriptedDaemon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ScriptedDaemon:
    monkeypatch.setenv("HANG_SOCKET", str(daemon.path))
    monkeypatch.chdir(tmp_path)
    return daemon


@pytest.fixture
def said(scripted: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> Said:
    """Return a function that runs hangctl and returns its exit code and its error, with the hint on a second line."""

    def call(*arguments: str) -> tuple[int, str]:
        code = run(list(arguments))
        return code, capfd.readouterr().err.removeprefix("hangctl: error: ").rstrip("\n")

    return call


# ---- commands that do not exist -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("chat", "'say'"),
        ("msg", "'say'"),
        ("file", "'open' or 'create' or 'media'"),
        ("exit", "'daemon stop' or 'leave'"),
        ("resume", "'play'"),
        ("unpause", "'play'"),
        ("list", "'rooms' or 'playlist' or 'members'"),
        ("who", "'members'"),
        ("Vol", "'volume'"),
        ("plya", "'play'"),
        ("stauts", "'status'"),
        ("toogle", "'toggle'"),
        ("prev", "'previous'"),
        ("server", "'hangd server'"),
        ("sever", "'hangd server'"),
        ("resmue", "'play'"),
    ],
)
def test_an_unknown_command_suggests_what_was_meant(said: Said, word: str, meant: str) -> None:
    code, error = said(word)
    assert (code, error.splitlines()[0]) == (2, f"there is no command '{word}'; did you mean {meant}?")


def test_nothing_is_suggested_for_a_word_that_is_near_to_nothing(said: Said) -> None:
    assert said("xyzzy")[1].splitlines()[0] == "there is no command 'xyzzy'"


def test_a_file_is_no_command_but_it_is_plain_what_is_wanted(said: Said, tmp_path: Path) -> None:
    (tmp_path / "film.mkv").write_bytes(b"film")
    assert "hangctl create FILE" in said("film.mkv")[1]


def test_each_meaning_is_a_command() -> None:
    context = click.Context(cli)
    for word, meanings in MEANT.items():
        assert word not in SUBCOMMANDS
        for meaning in meanings.split(", "):
            first, *rest = meaning.split(" ")
            if first == "hangd":
                assert rest[0] in hangd.commands
                continue
            command = cli.get_command(context, first)
            assert command is not None, meaning
            if isinstance(command, click.Group) and rest:
                assert rest[0] in command.commands, meaning


@given(
    st.sampled_from(sorted(SUBCOMMANDS)),
    st.integers(min_value=0, max_value=20),
    st.sampled_from("swap drop add".split()),
)
def test_one_slip_in_a_command_still_finds_it(command: str, at: int, slip: str) -> None:
    at %= max(len(command) - 1, 1)
    if slip == "swap":
        typed = command[:at] + command[at + 1 : at + 2] + command[at] + command[at + 2 :]
    elif slip == "drop":
        typed = command[:at] + command[at + 1 :]
    else:
        typed = command[:at] + "x" + command[at:]
    if len(typed) < 3 or typed in SUBCOMMANDS:
        return
    begun = any(other.startswith(typed) for other in SUBCOMMANDS)
    assert f"'{command}'" in unknown_command(typed, SUBCOMMANDS, {}) or begun


def test_versions_are_options_too(hangctl: Callable[..., Any]) -> None:
    for option in ("--version", "-V"):
        done = hangctl(option)
        assert done.returncode == 0 and re.fullmatch(r"hangctl \d\S*\n", done.stdout)


# ---- nothing is loaded ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "restored"),
    [
        (["play"], ["set_property", "pause", "no"]),
        (["pause"], ["set_property", "pause", "no"]),
        (["toggle"], ["set_property", "pause", "no"]),
        (["speed", "1.5"], ["set_property", "speed", "no"]),
        (["stop"], None),
        (["audio", "next"], None),
        (["subs", "off"], None),
    ],
    ids=str,
)
def test_playback_is_refused_where_nothing_is_loaded(
    scripted: ScriptedDaemon, said: Said, arguments: list[str], restored: list[str] | None
) -> None:
    last = "0" if arguments == ["stop"] else "no"
    answer = "yes 0 auto" if arguments[0] in ("audio", "subs") else f"yes alone {last}"
    scripted.answers["expand-text"] = {"error": "success", "data": answer}
    code, error = said(*arguments)
    assert code == 1
    assert re.fullmatch(r"cannot .*: nothing is loaded\nhint: load a file with .*", error)
    assert restored is None or scripted.received[-1] == restored
    assert len(scripted.writes) <= 2


@pytest.mark.parametrize("answers", [["yes 0d9f no", "yes 0d9f no"], ["yes alone no", "no alone no"]], ids=str)
def test_playback_is_not_refused_in_a_room_or_where_a_film_begins_again(
    scripted: ScriptedDaemon, said: Said, answers: list[str]
) -> None:
    left = list(answers)
    scripted.answers["expand-text"] = lambda _: {"error": "success", "data": left.pop(0)}
    assert said("play") == (0, "")
    assert len(scripted.writes) == 1  # one round trip


# ---- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["speed", "9"], "invalid value for RATE: '9' is no speed: write a number from 0.25 to 2, such as 1.25"),
        (["speed", "abc"], "'abc' is no speed"),
        (["speed", "nan"], "'nan' is no speed"),
        (["seek", "abc"], "write +10, -10, 1:02:03, 90 or 50%"),
        (["seek", "1:99"], "minutes and seconds end at 59"),
        (["volume", "abc"], "write 80, +5 or -5"),
        (["play", "--timeout", "soon"], "'soon' is no time to wait: write seconds, such as 30"),
        (["wait", "banana"], "'banana' is not one of 'joined', 'playing', 'paused', 'ended', 'synced'"),
        (["wait"], "missing argument STATE: choose from joined, playing, paused, ended, synced"),
        (["mute", "loud"], "invalid value for SETTING: 'loud' is not one of 'on', 'yes', 'off', 'no', 'toggle'"),
        (["subs", "add"], "which file?"),
        (["subs", "1", "x.srt"], "only `hangctl subs add` takes a file"),
        (["subs", "some.srt"], "'some.srt' is a file: `hangctl subs add FILE` adds"),
        (["chapter", "0"], "none of list, a chapter's number from 1, next, previous"),
        (["audio", "0"], "'0' is none of list, a track's number from 1, next, off"),
        (["volume", "999"], "'999' is no volume: it goes from 0 to 130"),
        (["picture-offset", "100000"], "'100000' is too much: it goes from -60000 to 60000"),
        (["sound-offset", "=-60001"], "'=-60001' is too much: it goes from -60000 to 60000"),
        (["audio-delay", "1000000001"], "'1000000001' is too much: it goes from -1000000000 to 1000000000"),
    ],
    ids=str,
)
def test_a_wrong_value_is_told_what_would_be_right(
    said: Said, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "some.srt").write_bytes(b"")
    code, error = said(*arguments)
    assert code == 2
    assert words in error
    assert len(error.splitlines()) == 2 and "\\n" not in error


@pytest.mark.parametrize("arguments", [["audio", "9"], ["subs", "9"], ["audio", "next"]], ids=str)
def test_a_track_that_is_not_there_is_told_how_many_there_are(
    scripted: ScriptedDaemon, said: Said, arguments: list[str]
) -> None:
    for name in ("set_property", "cycle"):
        scripted.answers[name] = {"error": "unsupported format for accessing property"}
    scripted.properties = {"path": "/film.mkv", "track-list": [{"type": "audio"}, {"type": "audio"}, {"type": "sub"}]}
    code, error = said(*arguments)
    assert code == 1
    there_are = "there are 2 audio tracks" if arguments[0] == "audio" else "there is 1 subtitle track"
    assert error.endswith(f"{there_are}\nhint: `hangctl {arguments[0]}` lists them")


def test_the_ranges_are_those_of_the_daemon() -> None:
    assert CONSTANTS["volume-max"] == VOLUME_MAX
    for name, most in (("audio-delay", DELAY_MAX), ("sub-delay", DELAY_MAX), ("audio-offset", OFFSET_MAX)):
        kind = Properties.rows[name].kind
        assert isinstance(kind, Double) and (kind.low, kind.high) == (-most / 1000, most / 1000)


@pytest.mark.parametrize(
    ("numbers", "words"), [(("1", "99"), "the playlist ends at 2"), (("3", "1"), "the playlist ends at 2")], ids=str
)
def test_an_entry_is_moved_only_within_the_list(
    scripted: ScriptedDaemon, said: Said, numbers: tuple[str, str], words: str
) -> None:
    scripted.properties = {"playlist-count": 2}
    code, error = said("playlist", "move", *numbers)
    assert (code, error) == (1, f"cannot move {' to '.join(numbers)}: {words}\nhint: `hangctl playlist` lists it")
    assert "playlist-move" not in str(scripted.received)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["playlist"], "the playlist is empty: `hangctl playlist add FILE` adds to it"),
        (["chapter"], "the film has no chapters"),
        (["subs"], "the film has no subtitle tracks"),
    ],
    ids=str,
)
def test_a_person_is_told_that_there_is_nothing_to_list(
    scripted: ScriptedDaemon, said: Said, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    scripted.properties = {"path": "/film.mkv", "playlist": [], "chapter-list": [], "track-list": []}
    assert said(*arguments) == (0, "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert said(*arguments) == (0, words)


@pytest.mark.parametrize(("answer", "sent"), [("on", "yes"), ("off", "no"), ("yes", "yes")])
def test_ready_takes_on_and_off(scripted: ScriptedDaemon, said: Said, answer: str, sent: str) -> None:
    assert said("ready", answer) == (0, "")
    assert scripted.received == [["room-ready", sent]]


def test_completion_goes_by_the_shell_of_the_user(
    said: Said, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert said("completion")[1].splitlines()[0] == "for which shell? Name one of bash, zsh, fish"
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run(["completion"]) == 0
    assert "function _hangctl_completion" in capfd.readouterr().out
    assert completion.params[0].name == "shell"


# ---- waiting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "properties", "why"),
    [
        ("joined", {}, "this machine is in no room and connected to no server"),
        ("joined", {"server/state": "connected"}, "this machine is in no room"),
        ("synced", {}, "this machine is in no room and connected to no server"),
        ("playing", {"idle-active": True}, "nothing is loaded"),
        ("ended", {"idle-active": True}, "nothing is loaded"),
        ("playing", {"pause": True}, "the film is paused"),
        ("ended", {"pause": True}, "the film is paused"),
        ("paused", {"pause": False}, "the film plays"),
    ],
)
def test_a_wait_that_times_out_says_what_did_not_happen(
    scripted: ScriptedDaemon, said: Said, state: str, properties: dict[str, Any], why: str
) -> None:
    scripted.properties = properties
    scripted.answers["hang-wait"] = lambda _: time.sleep(1)
    code, error = said("wait", state, "--timeout", "0.1")
    assert code == 4
    assert error.splitlines()[0] == f"not {state} within 0.1 s: {why}"


def test_a_hint_does_not_ask_for_the_server_that_was_named(
    said: Said, scripted: ScriptedDaemon, tmp_path: Path
) -> None:
    (tmp_path / "film.mkv").write_bytes(b"film")
    scripted.answers["server-connect"] = refusal("NoServer", "no server is running at h:1")
    code, error = said("create", "film.mkv", "--server", "ws://h:1/ws")
    assert code == 6
    assert error.splitlines()[1] == "hint: is a server running at ws://h:1/ws, and can this machine reach it?"


def test_where_something_answers_no_hint_doubts_that(said: Said, scripted: ScriptedDaemon, tmp_path: Path) -> None:
    """The reason says what is wrong: TLS, a proxy, a server that is full."""
    (tmp_path / "film.mkv").write_bytes(b"film")
    scripted.answers["server-connect"] = refusal("NotConnected", "the server at h:1 cannot be trusted: ...")
    code, error = said("create", "film.mkv", "--server", "wss://h:1/ws")
    assert (code, len(error.splitlines())) == (6, 1)


# ---- hints that fit ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["play"], ["audio", "next"], ["subs", "off"]], ids=str)
def test_where_films_are_listed_the_hint_is_to_play_one(
    scripted: ScriptedDaemon, said: Said, arguments: list[str]
) -> None:
    answer = "yes alone no 2" if arguments == ["play"] else "yes 2 auto"
    scripted.answers["expand-text"] = {"error": "success", "data": answer}
    assert said(*arguments)[1].splitlines()[1].startswith("hint: `hangctl playlist play 1` ")


def test_a_name_that_is_taken_may_be_that_of_an_empty_room(
    said: Said, scripted: ScriptedDaemon, tmp_path: Path
) -> None:
    (tmp_path / "film.mkv").write_bytes(b"film")
    scripted.answers["room-create"] = refusal("NameTaken", "the name is taken")
    hint = said("create", "film.mkv", "--name", "film night")[1].splitlines()[1]
    assert hint.startswith("hint: `hangctl join 'film night'` goes into that room, also if everyone has left it; or ")
    assert hint.endswith("with --name")


@pytest.mark.parametrize("arguments", [["next"], ["say", "hi"], ["ready"], ["policy", "locked", "yes"]], ids=str)
def test_a_hint_names_no_option_that_the_subcommand_lacks(
    scripted: ScriptedDaemon, said: Said, arguments: list[str]
) -> None:
    for command in ("playlist-next", "room-say", "room-ready", "room-set"):
        scripted.answers[command] = refusal("NotConnected", "the room's server cannot be reached now; trying again")
    code, error = said(*arguments)
    assert code == 6
    assert "hint: `hangctl get server/url` tells which server is tried" in error and "--server" not in error


def test_where_the_server_can_be_named_the_hint_says_so(said: Said, scripted: ScriptedDaemon) -> None:
    scripted.answers["room-list"] = refusal("NotConnected", "connection refused")
    assert said("rooms")[1].endswith("name another with --server")


@pytest.mark.parametrize(
    ("message", "hints"), [("not in a room", 1), ("not in a room: the host banned you; a ban lasts as long as", 0)]
)
def test_a_message_that_gives_advice_gets_no_other_hint(
    said: Said, scripted: ScriptedDaemon, message: str, hints: int
) -> None:
    scripted.answers["room-leave"] = refusal("NotInRoom", message)
    code, error = said("leave")
    assert (code, error.count("hint: ")) == (5, hints)


def test_a_ban_is_told_the_same_way_in_both_places() -> None:
    for told in (departure("1", "friday", "banned"), departure("1", "friday", "lost", code="Banned")):
        assert "the host" in told.detail and "lift" in told.detail
    assert HINTS["Banned"].startswith("the host of a room lifts a ban")
