"""status, members, policy and rooms: text for people, JSON for programs, and the format of Waybar."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hangctl.commands.room.members import error_text, member_line
from hangctl.commands.status import (
    Format,
    playlist_lines,
    polybar,
    status_json,
    status_line,
    status_text,
    tmux,
    waybar,
)
from tests.support.daemons.scripted_daemon import ScriptedDaemon

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
        "may_control": False,
        "state": "paused",
        "ready": False,
        "verifying": True,
        "self": False,
    },
]

MEASURED = [{**MEMBERS[0], "age": None}, {**MEMBERS[1], "error": None, "clock_error": None, "age": None}]

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
        "* anna             host                playing   -3 ms, known to 4 ms, rtt 12 ms, ready",
        r"  be\x1b[31mrt     viewer              paused    not known, file not yet checked",
    ]
    assert len(daemon.writes) == 1  # all properties are read in one write


def test_status_says_who_you_are_and_who_may_come_in() -> None:
    room = IN_A_ROOM["room"]
    for policy, about in (
        ({"access": "anyone"}, "room friday (0d9f), host"),
        ({"access": "accounts"}, "room friday (0d9f), host, for those who have an account"),
        ({"access": "invited", "locked": True}, "room friday (0d9f), host, for the invited, locked"),
    ):
        values = {**IN_A_ROOM, "room": {**room, "policy": policy}, "server/account": "ada\x1b"}
        lines = status_text(values).splitlines()
        assert about in lines
        assert r"server ws://h:3005/ws, connected, rtt 12 ms, account ada\x1b" in lines
        assert status_json(values)["server"]["account"] == "ada\x1b"


def test_who_you_are_is_told_out_of_rooms_too() -> None:
    values = {"server/url": "ws://h/ws", "server/state": "connected", "server/rtt": 0.0}
    assert status_text(values).splitlines()[-1] == "in no room"
    assert status_text(values | {"server/account": "ada"}).endswith(
        "in no room\nserver ws://h/ws, connected, rtt 0 ms, account ada"
    )


@pytest.mark.parametrize(
    ("values", "line", "word"),
    [
        (
            {"sync/state": "away", "sync/away": 75.2, "server/state": "connected"},
            "away: on your own for 1:15",
            "away",
        ),
        ({"sync/state": "away", "sync/away": 3.0, "server/state": "waiting"}, "away: on your own for 0:03", "away"),
        (
            {"sync/state": "apart"},
            "paused by you while the room goes on: `hangctl play` takes you back",
            "apart",
        ),
    ],
)
def test_a_machine_that_does_not_follow_the_room_says_so(values: dict[str, Any], line: str, word: str) -> None:
    assert status_text({**IN_A_ROOM, **values}).splitlines()[2] == line
    assert status_line({**IN_A_ROOM, "sync/error": None, **values}).split()[-1] == word


def test_a_server_that_does_not_answer_is_not_said_to_be_connected() -> None:
    away = {"sync/state": "away", "sync/away": 75.2, "server/state": "connected", "server/rtt": 0.0}
    text = status_text({**IN_A_ROOM, **away})
    assert f"server {IN_A_ROOM['server/url']}, does not answer" in text.splitlines()
    assert "connected" not in text and "rtt 0 ms" not in text


def test_a_member_that_does_not_follow_the_room_has_no_error() -> None:
    member = {"name": "carl", "role": "viewer", "state": "paused", "error": -3.0, "clock_error": 0.004, "apart": True}
    assert member_line(member).split() == ["carl", "viewer", "paused", "on", "its", "own"]


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
        "playlist": [],
        "missing": None,
        "error": None,
        "picture_problem": None,
        "sound_problem": None,
        "room": {"room_id": "0d9f", "name": "friday", "role": "host", "invite": "hang://h/friday"},
        "left": None,
        "members": MEASURED,
        "sync": {"error": 0.002, "clock_error": 0.004, "state": "synced", "away": None},
        "server": {"url": "ws://h:3005/ws", "state": "connected", "reason": None, "rtt": 0.012, "account": None},
        "player": "vlc 3.0.24",
    }


def test_the_json_keys_are_the_same_when_idle(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties = {"idle-active": True, "pause": False, "volume": 100.0}
    found = json.loads(hangctl("status", "--json").stdout)
    assert found.keys() == status_json(IN_A_ROOM).keys()
    assert found["state"] == "idle"
    assert found["room"] is None and found["members"] == [] and found["position"] is None
    assert hangctl("status").stdout.splitlines() == ["idle", "in no room"]


FILM = {"name": "next\x1b.mkv", "size": 123, "duration": 90.0, "file_hash": "ab" * 32, "quick_hash": None}


def test_a_film_that_is_not_here_is_named_with_what_to_do(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    values = IN_A_ROOM | {"path": None, "idle-active": True, "media/missing": FILM, "media/hash-progress": 0.257}
    daemon.properties = values
    lines = hangctl("status").stdout.splitlines()
    told = "this machine has not got the film: next\\x1b.mkv, 123 bytes, 1:30, SHA-256 " + "ab" * 32
    assert lines[1] == told + "; open your copy with `hangctl media FILE`"
    assert lines[2] == "the file is being read, to be compared with the others': 25 %"
    assert json.loads(hangctl("status", "--json").stdout)["missing"] == FILM
    assert "without the film next\\x1b.mkv" in status_line(values)
    for command in ("play", "toggle"):
        done = hangctl(command)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == lines[1] + "\n"


def test_a_film_that_broke_is_named_with_the_reason(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    failure = {"code": "truncated", "message": "'dam\x1b1.mkv' is cut short: it ended long before its own duration"}
    daemon.properties = IN_A_ROOM | {"path": None, "idle-active": True, "room/role": "host", "media/error": failure}
    told = failure["message"].replace("\x1b", "\\x1b")
    assert hangctl("status").stdout.splitlines()[1] == f"{told}; open another copy with `hangctl media FILE`"
    assert json.loads(hangctl("status", "--json").stdout)["error"] == failure
    for command in ("play", "toggle"):
        done = hangctl(command)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == f"{told}; open another copy with `hangctl media FILE`\n"
    daemon.properties = {"idle-active": True, "media/error": failure}
    assert hangctl("status").stdout.splitlines() == ["idle", told, "in no room"]


def test_a_film_without_a_picture_is_said_to_have_none(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    problem = "no picture here: the display :5 (DISPLAY) cannot be opened"
    daemon.properties = IN_A_ROOM | {"player/picture": False, "player/picture-problem": problem}
    assert hangctl("status").stdout.splitlines()[1] == problem
    assert json.loads(hangctl("status", "--json").stdout)["picture_problem"] == problem


def out(reason: str, at: float | None = None) -> dict[str, Any]:
    """Return the properties of a viewer that is out of its room since ``at``."""
    detail = "the host of friday put you out of it: spo\x1bilers; you may come again: hangctl join friday"
    left = {"room_id": "0d9f", "name": "friday", "reason": reason, "detail": detail, "at": at or time.time()}
    return {key: value for key, value in IN_A_ROOM.items() if key != "room"} | {"room/left": left}


def test_a_viewer_that_is_out_of_its_room_is_told_why(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties = out("kicked")
    clock = time.strftime("%H:%M", time.localtime(daemon.properties["room/left"]["at"]))
    why = r"the host of friday put you out of it: spo\x1bilers; you may come again: hangctl join friday"
    assert hangctl("status").stdout.splitlines()[1:] == [f"in no room since {clock}: {why}"]
    assert json.loads(hangctl("status", "--json").stdout)["left"] == daemon.properties["room/left"]
    assert "[out of friday: kicked]" in status_line(daemon.properties)
    assert why in json.loads(hangctl("status", "--waybar").stdout)["tooltip"]
    daemon.properties = out("kicked", 86400.0)
    assert "in no room since 1970-01-0" in hangctl("status").stdout


def test_a_viewer_that_left_of_its_own_accord_is_not_told_why(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties = out("left")
    daemon.properties["room/left"]["detail"] = "you have left friday"
    assert hangctl("status").stdout.splitlines()[1:] == ["in no room"]
    assert "[" not in status_line(daemon.properties)


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


@pytest.mark.parametrize("as_json", [False, True])
def test_follow_prints_who_did_what_before_the_status(
    environment: dict[str, str], start_hangctl: StartHangctl, as_json: bool
) -> None:
    folder = Path(environment["XDG_RUNTIME_DIR"], "hang")
    folder.mkdir(mode=0o700)
    with ScriptedDaemon(folder / "hangd.sock") as daemon:
        daemon.properties = dict(IN_A_ROOM)
        process = start_hangctl("status", "-F", *(["--json"] if as_json else []))
        assert process.stdout is not None
        status = process.stdout.readline()
        for _ in range(2):
            daemon.emit({"event": "acted", "name": "ann", "text": "ann\x1b[31m went to 1:02:03"})
        daemon.change("pause", True)
        if as_json:
            assert json.loads(process.stdout.readline())["state"] == "paused"
            return
        lines = [process.stdout.readline()]
        while not lines[-1].startswith("paused"):
            lines.append(process.stdout.readline())
        acts = [line for line in lines if line != status and not line.startswith("paused")]
        assert acts == [r"ann\x1b[31m went to 1:02:03" + "\n"] * 2


def test_a_room_that_waits_says_for_whom() -> None:
    start = {"by": "ann", "waiting_for": ["be\x1b[31mrt"], "missing": 1, "text": "waiting for be\x1b[31mrt to be ready"}
    values = IN_A_ROOM | {"room": IN_A_ROOM["room"] | {"start": start}}
    assert status_json(values)["state"] == "waiting"
    assert status_json(values)["room"]["start"] == start
    assert r"waiting for be\x1b[31mrt to be ready" in status_text(values).splitlines()
    assert r"[friday: 2] waiting for be\x1b[31mrt to be ready" in status_line(values)


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


@pytest.mark.parametrize(
    ("variables", "encoding"),
    [
        ({"LANG": "C"}, "utf-8"),
        ({"LC_ALL": "C"}, "utf-8"),
        ({"LC_ALL": "C.UTF-8"}, "utf-8"),
        ({"LC_ALL": "de_DE.UTF-8"}, "utf-8"),  # also where that locale is not installed
        ({"LC_ALL": "C", "PYTHONIOENCODING": "latin-1"}, "latin-1"),
    ],
)
def test_names_are_shown_as_they_are_where_the_terminal_can(
    daemon: ScriptedDaemon, environment: dict[str, str], hangctl: Hangctl, variables: dict[str, str], encoding: str
) -> None:
    for name in ("LANG", "PYTHONUTF8"):
        environment.pop(name, None)
    daemon.properties = {**IN_A_ROOM, "room": {**IN_A_ROOM["room"], "name": "Fri day ün"}}
    daemon.answers["room-kick"] = {
        "error": "invalid parameter",
        "details": {"message": "there is no member 'Zoë' here"},
    }
    shown = hangctl("status", variables=variables, text=False)
    assert "room Fri day ün (0d9f), host".encode(encoding) in shown.stdout.splitlines()
    refused = hangctl("kick", "Zoë", variables=variables, text=False)
    said = "hangctl: error: cannot remove 'Zoë': there is no member 'Zoë' here\n"
    assert refused.stderr == said.encode(encoding)


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


def test_the_keys_are_listed_that_count(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    def bound(key: str, command: str, priority: int, **more: str) -> dict[str, Any]:
        return {"section": "default", "cmd": command, "is_weak": priority < 1, "priority": priority, **more, "key": key}

    paused = bound("SPACE", "cycle pause", 0, comment="pause or play")
    daemon.properties["input-bindings"] = [
        paused, bound("s", "screenshot", 0), bound("m", "ignore", 0), bound("m", "cycle mute", -1),
        bound("s", "seek 5", 1), bound("q", "quit", -1),
    ]  # fmt: skip
    assert hangctl("keys").stdout == "SPACE  pause or play  cycle pause\ns  seek 5\n"
    assert json.loads(hangctl("keys", "--json").stdout.splitlines()[0]) == paused


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


# -- for other bars --


@pytest.mark.parametrize(
    ("bar", "name"), [("polybar", "100 #1 % {A1:reboot:} % % {F}"), ("tmux", "100 ##1 %{A1:reboot:} % %{F}")]
)
def test_a_bar_does_not_read_a_name_as_orders(daemon: ScriptedDaemon, hangctl: Hangctl, bar: str, name: str) -> None:
    daemon.properties = IN_A_ROOM | {"media-title": "100 #1 %{A1:reboot:} % %{F}"}
    line = f"playing  1:23 / 1:32:00  1.25x  volume 80 %  {name} [friday: 2]\n"
    assert hangctl("status", f"--{bar}").stdout == line


@pytest.mark.parametrize("layout", [polybar, tmux])
def test_a_bar_shows_nothing_if_there_is_nothing_to_show(layout: Format) -> None:
    assert layout({}) == layout({"idle-active": True}) == ""
    assert layout({"idle-active": True, "room": IN_A_ROOM["room"]}) == "[friday: 2]"


def listed(count: int, current: int | None) -> list[dict[str, Any]]:
    return [
        {"filename": f"/films/{number}.mkv", "id": number, **({"current": True} if number == current else {})}
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("count", "current", "line"),
    [
        (0, None, None),
        (1, 1, None),
        (1, None, "the playlist has 1 film: 1.mkv"),
        (2, 1, "film 1 of 2, then 2.mkv"),
        (2, 2, "film 2 of 2, the last one"),
        (9, 3, "film 3 of 9, then 4.mkv, 5.mkv, 6.mkv, 3 more"),
        (9, None, "the playlist has 9 films: 1.mkv, 2.mkv, 3.mkv, 6 more"),
    ],
)
def test_the_next_films_are_shown(count: int, current: int | None, line: str | None) -> None:
    values = IN_A_ROOM | {"playlist": listed(count, current)}
    assert playlist_lines(values) == ([] if line is None else [line])
    assert len(status_json(values)["playlist"]) == count


def test_a_viewer_who_may_control_is_told_from_one_who_may_not() -> None:
    viewer = {"name": "bert", "role": "viewer", "state": "paused"}
    assert "viewer, may control" in member_line({**viewer, "may_control": True})
    assert "may control" not in member_line({**viewer, "may_control": False})
    assert "may control" not in member_line({**viewer, "role": "host", "may_control": True})
    room = {"room_id": "0d9f", "role": "viewer", "may_control": True, "members": []}
    assert "room 0d9f, viewer, may control" in status_text(IN_A_ROOM | {"room": room})


def test_an_idle_machine_that_was_put_off_says_why(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties = {"server/url": "ws://h:3005/ws", "server/state": "disconnected", "server/reason": "bann\x1bed"}
    daemon.properties |= {"idle-active": True}
    told = "not connected to ws://h:3005/ws: bann\\x1bed; `hangctl connect` tries again"
    assert hangctl("status").stdout.splitlines()[1:] == ["in no room", told]
    daemon.properties["server/state"] = "waiting"
    assert hangctl("status").stdout.splitlines()[1:] == ["in no room"]
