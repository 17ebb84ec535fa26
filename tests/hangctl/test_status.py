"""status, members, policy and rooms: text for people, JSON for programs, and the format of Waybar."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hangctl.commands.members import error_text, member_line
from hangctl.commands.status import status_json, status_line, status_text, waybar
from tests.support.scripted_daemon import ScriptedDaemon

Hangctl = Callable[..., "subprocess.CompletedProcess[Any]"]
StartHangctl = Callable[..., "subprocess.Popen[str]"]

MEMBERS = [
    {
        "client_id": "1",
        "name": "anna",
        "role": "host",
        "state": "playing",
        "ready": True,
        "verifying": False,
        "error": -0.003,
        "clock_error": 0.004,
        "rtt": 0.012,
        "self": True,
    },
    {
        "client_id": "2",
        "name": "be\x1b[31mrt",
        "role": "viewer",
        "state": "paused",
        "ready": False,
        "verifying": True,
        "self": False,
    },
]

MEASURED = [MEMBERS[0], {**MEMBERS[1], "error": None, "clock_error": None}]

IN_A_ROOM: dict[str, Any] = {
    "pause": False,
    "idle-active": False,
    "eof-reached": False,
    "seeking": False,
    "time-pos": 83.5,
    "duration": 5520.0,
    "speed": 1.25,
    "volume": 80.0,
    "mute": False,
    "path": "/films/film.mkv",
    "media-title": "film.mkv",
    "room": {"room_id": "0d9f", "name": "friday", "role": "host", "invite": "hang://h/friday", "members": MEMBERS},
    "room/id": "0d9f",
    "room/members": MEMBERS,
    "sync/error": 0.002,
    "sync/state": "synced",
    "server/url": "ws://h:3005/ws",
    "server/state": "connected",
    "server/rtt": 0.012,
    "server/clock-error": 0.004,
    "player/name": "vlc 3.0.24",
}


def test_status_for_people(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties = dict(IN_A_ROOM)
    done = hangctl("status")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "playing  1:23 / 1:32:00  1.25x  volume 80 %  film.mkv",
        "room friday (0d9f), host",
        "server ws://h:3005/ws, connected, rtt 12 ms",
        "drift +2 ms, known to 4 ms",
        "* anna             host       playing   -3 ms, known to 4 ms, rtt 12 ms, ready",
        r"  be\x1b[31mrt     viewer     paused    file not yet checked",
    ]
    assert len(daemon.writes) == 1  # all properties are read in one write


@pytest.mark.parametrize(
    ("error", "bound", "words"),
    [
        (0.0021, 0.004, "+2 ms, known to 4 ms"),
        (-0.0123, 0.0001, "-12 ms, known to 1 ms"),
        (0.0, 0.0041, "+0 ms, known to 5 ms"),
        (0.5, None, "+500 ms"),
        (None, 0.004, ""),
    ],
)
def test_a_bound_is_rounded_up(error: float | None, bound: float | None, words: str) -> None:
    assert error_text(error, bound) == words


def test_the_error_of_a_member_without_a_picture_is_not_shown() -> None:
    member = {"name": "carl", "role": "viewer", "error": 0.0, "clock_error": 0.004}
    assert "ms" in member_line({**member, "state": "paused"})
    for state in ("seeking", "buffering", "idle", "away"):
        assert "ms" not in member_line({**member, "state": state})


def test_status_for_programs(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties = dict(IN_A_ROOM)
    done = hangctl("status", "--json")
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout) == {
        "state": "playing",
        "position": 83.5,
        "duration": 5520.0,
        "speed": 1.25,
        "volume": 80.0,
        "mute": False,
        "path": "/films/film.mkv",
        "title": "film.mkv",
        "room": {"room_id": "0d9f", "name": "friday", "role": "host", "invite": "hang://h/friday"},
        "members": MEASURED,
        "sync": {"error": 0.002, "clock_error": 0.004, "state": "synced"},
        "server": {"url": "ws://h:3005/ws", "state": "connected", "rtt": 0.012},
        "player": "vlc 3.0.24",
    }


def test_the_json_keys_are_the_same_when_idle(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties = {"idle-active": True, "pause": False, "volume": 100.0}
    found = json.loads(hangctl("status", "--json").stdout)
    assert found.keys() == status_json(IN_A_ROOM).keys()
    assert found["state"] == "idle"
    assert found["room"] is None and found["members"] == [] and found["position"] is None
    assert hangctl("status").stdout.splitlines() == ["idle", "in no room"]


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "playing"),
        ({"pause": True}, "paused"),
        ({"pause": True, "seeking": True}, "seeking"),
        ({"pause": True, "eof-reached": True}, "ended"),
        ({"idle-active": True, "path": None}, "idle"),
    ],
)
def test_the_state_is_one_word(changes: dict[str, Any], state: str) -> None:
    values = IN_A_ROOM | changes
    assert status_json(values)["state"] == state
    assert status_text(values).startswith(state)
    assert status_line(values).startswith(state)


def test_a_format_is_filled_in_by_the_daemon(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.answers["expand-text"] = {"error": "success", "data": "film\x1b.mkv 00:01:23"}
    done = hangctl("status", "-f", "${filename} ${time-pos}")
    assert done.stdout == "film\\x1b.mkv 00:01:23\n"
    assert daemon.received == [["expand-text", "${filename} ${time-pos}"]]


def test_follow_prints_each_change_and_outlives_the_daemon(
    environment: dict[str, str], start_hangctl: StartHangctl
) -> None:
    folder = Path(environment["XDG_RUNTIME_DIR"], "hang")
    folder.mkdir(mode=0o700)
    process = start_hangctl("status", "-F")
    assert process.stdout is not None
    assert process.stdout.readline() == "no daemon\n"
    for _ in range(2):
        with ScriptedDaemon(folder / "hangd.sock") as daemon:
            daemon.properties = dict(IN_A_ROOM)
            playing = "playing  1:23 / 1:32:00  1.25x  volume 80 %  film.mkv [friday: 2] +2 ms\n"
            assert process.stdout.readline() == playing
            daemon.change("pause", True)
            assert process.stdout.readline() == playing.replace("playing", "paused")
            daemon.properties["room"] = {**IN_A_ROOM["room"], "members": MEMBERS[:1]}
            daemon.emit({"event": "member-left", "client_id": "2"})
            assert "[friday: 1]" in process.stdout.readline()
            daemon.properties["time-pos"] = 84.5  # not observed, so it is read once a second
            assert "1:24" in process.stdout.readline()
        assert process.stdout.readline() == "no daemon\n"


@pytest.mark.parametrize(("arguments", "line"), [(["--json"], None), (["-f", "${pause}"], "\n")])
def test_follow_reports_a_missing_daemon_in_each_format(
    start_hangctl: StartHangctl, arguments: list[str], line: str | None
) -> None:
    process = start_hangctl("status", "-F", *arguments)
    assert process.stdout is not None
    printed = process.stdout.readline()
    if line is None:
        assert json.loads(printed)["state"] == "no-daemon"
    else:
        assert printed == line


def test_members_are_listed(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties = dict(IN_A_ROOM)
    assert [line.split()[:2] for line in hangctl("members").stdout.splitlines()] == [
        ["*", "anna"],
        [r"be\x1b[31mrt", "viewer"],
    ]
    assert [json.loads(line) for line in hangctl("members", "--json").stdout.splitlines()] == MEASURED


@pytest.mark.parametrize("subcommand", ["members", "policy"])
def test_members_and_policy_need_a_room(daemon: ScriptedDaemon, hangctl: Hangctl, subcommand: str) -> None:
    done = hangctl(subcommand)
    assert done.returncode == 5
    assert "not in a room" in done.stderr


def test_the_policy_is_printed(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties = {"room/id": "0d9f", "room/policy": {"control": "host", "capacity": 10, "locked": False}}
    assert hangctl("policy").stdout == "control host\ncapacity 10\nlocked no\n"
    assert json.loads(hangctl("policy", "--json").stdout) == daemon.properties["room/policy"]


def test_rooms_are_listed(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    room = {"room_id": "0d9f", "members": 1, "locked": True, "has_password": False, "name": "fri", "media": "a\x1bb"}
    daemon.answers["room-list"] = {"error": "success", "data": [room]}
    assert hangctl("rooms").stdout == "0d9f  1 member  fri  a\\x1bb  locked\n"
    assert json.loads(hangctl("rooms", "--json").stdout) == room


# -- for Waybar --


def test_waybar_output_has_its_keys_and_is_escaped(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties = IN_A_ROOM | {"media-title": "<b>Tom & Jerry</b>"}
    (line,) = hangctl("status", "--waybar").stdout.splitlines()
    told = json.loads(line)
    assert told.keys() == {"text", "alt", "tooltip", "class", "percentage"}
    assert told["text"] == "1:23 / 1:32:00  1.25x  volume 80 %  &lt;b&gt;Tom &amp; Jerry&lt;/b&gt; [friday: 2]"
    assert (told["alt"], told["class"], told["percentage"]) == ("playing", "playing", 2)
    assert told["tooltip"].splitlines()[1] == "room friday (0d9f), host"
    assert "&amp;" in told["tooltip"] and "<" not in told["tooltip"] and "\x1b" not in told["tooltip"]


def test_the_waybar_text_is_empty_if_there_is_nothing_to_show() -> None:
    assert waybar({}) == {
        "text": "",
        "alt": "no-daemon",
        "tooltip": "no daemon",
        "class": "no-daemon",
        "percentage": 0,
    }
    assert waybar({"idle-active": True})["text"] == ""
    assert waybar({"idle-active": True, "room": IN_A_ROOM["room"]})["text"] == "[friday: 2]"


@pytest.mark.parametrize(
    ("position", "duration", "percentage"), [(0.0, 10.0, 0), (5.0, 10.0, 50), (11.0, 10.0, 100), (5.0, None, 0)]
)
def test_the_waybar_percentage_is_between_0_and_100(position: float, duration: float | None, percentage: int) -> None:
    values = {"path": "/film.mkv", "time-pos": position, "duration": duration}
    assert waybar(values)["percentage"] == percentage
