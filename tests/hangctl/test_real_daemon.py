"""hangctl with a real server and two real daemons, each as on a machine of its own. The player is simulated."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemons.machine import FILM, Person
from tests.support.servers.server import process

pytestmark = pytest.mark.real


@pytest.fixture
def server() -> Iterator[str]:
    with process() as running:
        yield running.url


@pytest.fixture
def people(tmp_path: Path) -> Iterator[tuple[Person, Person]]:
    anna, bert = Person("anna", tmp_path), Person("bert", tmp_path)
    yield anna, bert
    for person in (anna, bert):
        try:
            person.hangctl("daemon", "stop")
        except AssertionError:
            person.hangctl("status", code=3)  # it had ended already


def test_two_people_watch_a_film(people: tuple[Person, Person], server: str) -> None:
    anna, bert = people
    room = anna.hangctl("create", "film.mp4", "--name", "friday", "--server", server).strip()
    invite = anna.hangctl("get", "room/invite").strip()
    bert.hangctl("join", invite, "film.mp4")
    assert {json.loads(line)["name"] for line in anna.hangctl("members", "--json").splitlines()} == {"anna", "bert"}
    assert bert.status()["room"]["room_id"] == room

    anna.hangctl("play")
    for person in people:
        person.hangctl("wait", "playing")
        assert person.status()["state"] == "playing"
    bert.hangctl("seek", "+30")
    anna.watch(lambda status: status["state"] == "playing" and status["position"] > 29)
    bert.hangctl("speed", "1.5")
    assert anna.watch(lambda status: status["speed"] != 1)["speed"] == pytest.approx(1.5, abs=0.01)
    anna.hangctl("pause")
    for person in people:
        person.hangctl("wait", "paused")
    positions = [person.status()["position"] for person in people]
    assert positions[0] == pytest.approx(positions[1], abs=0.1)
    assert positions[0] >= 30
    bert.hangctl("seek", "-10")
    assert anna.watch(lambda status: status["position"] < positions[0] - 5)["state"] in ("paused", "seeking")
    anna.hangctl("toggle")
    bert.hangctl("wait", "playing")
    bert.hangctl("leave")
    assert bert.status()["room"] is None
    anna.watch(lambda status: len(status["members"]) == 1)


def test_refusals_give_their_reason(people: tuple[Person, Person], server: str) -> None:
    anna, bert = people
    (anna.folder / "secret").write_text("open sesame\n")
    (bert.folder / "wrong").write_text("open barley\n")
    anna.hangctl(
        "create", "film.mp4", "--name", "friday", "--host-only", "--password-file", "secret", "--server", server
    )
    assert "--password-file" in bert.hangctl("join", "friday", "film.mp4", "--server", server, code=1)
    assert "wrong password" in bert.hangctl("join", "friday", "film.mp4", "--password-file", "wrong", code=1)
    (bert.folder / "other.mp4").write_bytes(FILM.read_bytes() + b"\0")
    secret = ["--password-file", str(anna.folder / "secret")]
    assert "another file" in bert.hangctl("join", "friday", "other.mp4", *secret, code=1)
    bert.hangctl("leave", code=5)
    bert.hangctl("join", "friday", "film.mp4", *secret)
    assert "host" in bert.hangctl("play", code=1)
    assert "host" in bert.hangctl("kick", "anna", code=1)
    anna.hangctl("kick", "bert", "--reason", "enough")
    bert.watch(lambda status: status["room"] is None)
    bert.hangctl("members", code=5)
    assert bert.hangctl("create", "film.mp4", "--server", "ws://127.0.0.1:1/ws", code=6)


def test_chat_policy_and_events(people: tuple[Person, Person], server: str) -> None:
    anna, bert = people
    anna.hangctl("create", "film.mp4", "--name", "friday", "--server", server)
    bert.hangctl("join", "friday", "film.mp4", "--server", server)
    listener = subprocess.Popen(
        [sys.executable, "-m", "hangctl.main", "events", "said"],
        env=bert.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert listener.stdout is not None
    said: list[str] = []
    try:
        # It may not listen yet, so repeat the message until it is received.
        while not select.select([listener.stdout], [], [], 0.5)[0]:
            anna.hangctl("say", "hello", "-_-")
        said.append(listener.stdout.readline())
    finally:
        listener.kill()
        listener.communicate()
    assert json.loads(said[0])["text"] == "hello -_-"
    anna.hangctl("policy", "capacity", "5")
    assert "capacity 5" in bert.hangctl("policy").splitlines()
    anna.hangctl("role", "bert", "controller")
    bert.hangctl("ready")
    status = anna.watch(lambda status: any(member["ready"] for member in status["members"]))
    assert [member["role"] for member in status["members"] if member["name"] == "bert"] == ["controller"]


def test_commands_outside_a_room(people: tuple[Person, Person]) -> None:
    anna, _ = people
    anna.hangctl("daemon", "start")
    assert anna.hangctl("status").splitlines() == ["idle", "in no room"]
    anna.hangctl("volume", "50")
    assert anna.hangctl("volume") == "50\n"
    anna.hangctl("volume", "-5")
    assert anna.hangctl("get", "volume") == "45\n"
    anna.hangctl("mute")
    assert anna.hangctl("get", "mute") == "yes\n"
    anna.hangctl("set", "mute", "no")
    assert anna.hangctl("status", "-f", "${mute} $$") == "no $\n"
    assert json.loads(anna.hangctl("ipc", '["get_property", "mute"]'))["data"] is False
    too_deep = "[" * 60 + "]" * 60  # mpv answers a request that it cannot parse with the request id 0
    anna.hangctl("--timeout", "60", "ipc", f'{{"command": {too_deep}, "request_id": 5}}', code=1)
    anna.hangctl("ipc", json.dumps(["loadfile", str(anna.folder / "film.mp4")]))
    duration = anna.watch(lambda status: status["duration"])["duration"]
    anna.hangctl("seek", "50%")
    assert anna.status()["position"] == pytest.approx(duration / 2, abs=2)
    assert "there is no such property" in anna.hangctl("get", "nonsense", code=1)
    anna.hangctl("step", "--no-wait")
    anna.hangctl("stop")
    anna.watch(lambda status: status["state"] == "idle")


def test_the_room_goes_on_after_a_member_is_killed(people: tuple[Person, Person], server: str) -> None:
    anna, bert = people
    anna.hangctl("create", "film.mp4", "--name", "friday", "--server", server)
    bert.hangctl("join", "friday", "film.mp4", "--server", server)
    os.kill(int(bert.hangctl("get", "pid")), signal.SIGKILL)
    anna.watch(lambda status: any(member["state"] == "away" for member in status["members"]))
    bert.hangctl("status", code=3)
    bert.environment["HANG_NAME"] = "bert again"
    bert.hangctl("join", "friday", "film.mp4", "--server", server)
    assert bert.status()["room"]["name"] == "friday"


def test_a_seek_of_another_member_is_undone_for_everybody(people: tuple[Person, Person], server: str) -> None:
    anna, bert = people
    anna.hangctl("create", "film.mp4", "--control", "everyone", "--server", server, "--name", "friday")
    bert.hangctl("join", "friday", "film.mp4", "--server", server)
    assert "nothing has been sought" in anna.hangctl("undo", code=1)
    anna.hangctl("seek", "30")
    time.sleep(2.5)  # seeks that follow one another more quickly are undone together
    bert.hangctl("seek", "50")
    anna.watch(lambda status: status["position"] == pytest.approx(50, abs=0.5))
    anna.hangctl("undo")
    bert.watch(lambda status: status["position"] == pytest.approx(30, abs=0.5))
    bert.hangctl("undo")
    anna.watch(lambda status: status["position"] == pytest.approx(50, abs=0.5))


def test_without_a_film_commands_are_refused_and_change_nothing(people: tuple[Person, Person]) -> None:
    anna, _ = people
    anna.hangctl("daemon", "start")
    names = ("pause", "speed", "aid", "sid")
    before = [anna.hangctl("get", name) for name in names]
    for command in (
        ["play"], ["pause"], ["toggle"], ["speed", "1.5"], ["stop"], ["step"], ["seek", "5"], ["undo"], ["audio", "2"],
        ["subs", "off"],
    ):  # fmt: skip
        error = anna.hangctl(*command, code=1)
        assert "is loaded" in error and "hint: load a file" in error
    assert [anna.hangctl("get", name) for name in names] == before
    anna.hangctl("set", "pause", "yes")
    anna.hangctl("playlist", "add", "--play", "film.mp4")
    assert anna.watch(lambda status: status["state"] != "seeking")["state"] == "playing"
    anna.hangctl("stop")
    anna.hangctl("play")  # the same film again
    assert anna.watch(lambda status: status["state"] != "seeking")["state"] == "playing"


def test_an_offset_stays_for_the_next_film_and_a_list_comes_back(people: tuple[Person, Person]) -> None:
    anna, _ = people
    (anna.folder / "other film.mp4").write_bytes(FILM.read_bytes())
    anna.hangctl("daemon", "start")
    for command, property_name in (("picture-offset", "video-offset"), ("sound-offset", "audio-offset")):
        anna.hangctl(command, "40")
        anna.hangctl(command, "-55")
        assert anna.hangctl(command) == "-15\n"
        assert float(anna.hangctl("get", property_name)) == pytest.approx(-0.015)
    anna.hangctl("playlist", "add", "--play", "film.mp4", "other film.mp4")
    anna.hangctl("next")
    assert anna.hangctl("picture-offset") == anna.hangctl("sound-offset") == "-15\n"
    listed = anna.hangctl("playlist")
    anna.hangctl("playlist", "save", "list.m3u")
    anna.hangctl("playlist", "clear")
    anna.hangctl("playlist", "load", "list.m3u")
    assert anna.hangctl("playlist").replace("*", " ") == listed.replace("*", " ")
    assert [entry["title"] for entry in anna.status()["playlist"]] == [None, None]


def test_a_room_takes_all_films_of_a_list_or_none(people: tuple[Person, Person], server: str) -> None:
    anna, _ = people
    anna.hangctl("create", "film.mp4", "--server", server)
    (anna.folder / "list.m3u").write_text("#EXTM3U\nfilm.mp4\nmissing.mp4\n")
    before = anna.hangctl("playlist", "--json")
    error = anna.hangctl("playlist", "load", "list.m3u", code=1)
    assert "1 of its 2 films are not files of this machine" in error and "missing.mp4" in error
    assert anna.hangctl("playlist", "--json") == before
