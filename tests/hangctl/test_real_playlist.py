"""The playlist with real daemons, outside a room and in a room. The player is simulated."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.party import CLIP, Person, person, room_server, wait_for

pytestmark = pytest.mark.real


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Person]:
    with person("ada", tmp_path, player="simulated") as somebody:
        yield somebody


def films(somebody: Person, *names: str) -> list[str]:
    """Create films with different contents on somebody's machine."""
    paths = [somebody.folder / name for name in names]
    for path in paths:
        path.write_bytes(CLIP.read_bytes() + path.name.encode())
    return [str(path) for path in paths]


def names(somebody: Person) -> list[str]:
    return [Path(entry["filename"]).name for entry in listed(somebody)]


def current(somebody: Person) -> list[str]:
    return [Path(entry["filename"]).name for entry in listed(somebody) if entry["current"]]


def listed(somebody: Person) -> list[dict[str, Any]]:
    return [json.loads(line) for line in somebody.ctl("playlist", "--json").splitlines()]


def test_the_playlist_outside_a_room(ada: Person) -> None:
    ada.start_daemon()
    paths = films(ada, "a.mp4", "b.mp4", "c.mp4", "d.mp4")
    ada.ctl("playlist", "add", "--play", *paths)
    wait_for(lambda: current(ada) == ["a.mp4"], "the first film")
    assert names(ada) == ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]
    ada.ctl("playlist", "move", "1", "3")
    assert names(ada) == ["b.mp4", "c.mp4", "a.mp4", "d.mp4"]
    ada.ctl("playlist", "move", "4", "1")
    assert names(ada) == ["d.mp4", "b.mp4", "c.mp4", "a.mp4"]
    ada.ctl("playlist", "play", "2")
    wait_for(lambda: current(ada) == ["b.mp4"], "the second film")
    ada.ctl("next")
    wait_for(lambda: current(ada) == ["c.mp4"], "the next film")
    ada.ctl("previous")
    wait_for(lambda: current(ada) == ["b.mp4"], "the previous film")
    ada.ctl("playlist", "remove", "1", "4")
    assert names(ada) == ["b.mp4", "c.mp4"]
    for refused in (["remove", "9"], ["move", "9", "1"], ["play", "9"]):
        assert ada.run("playlist", *refused).returncode == 1
    ada.ctl("playlist", "shuffle")
    assert sorted(names(ada)) == ["b.mp4", "c.mp4"]
    ada.ctl("playlist", "clear")
    assert names(ada) == ["b.mp4"]
    assert ada.run("next").returncode == 1


def test_the_playlist_of_a_room_is_shared(ada: Person, tmp_path: Path) -> None:
    with room_server() as server, person("bert", tmp_path, player="simulated") as bert:
        (first, *more), theirs = films(ada, "a.mp4", "b.mp4", "c.mp4"), films(bert, "a.mp4", "b.mp4", "c.mp4")
        ada.ctl("create", first, "--name", "friday", "--server", server.url)
        bert.ctl("join", "friday", theirs[0], "--server", server.url)
        ada.ctl("playlist", "add", *more)
        wait_for(lambda: names(bert) == ["a.mp4", "b.mp4", "c.mp4"], "the room's queue at bert's")
        bert.ctl("playlist", "move", "3", "2")
        wait_for(lambda: names(ada) == ["a.mp4", "c.mp4", "b.mp4"], "bert's edit at ada's")
        bert.ctl("next")
        wait_for(lambda: current(ada) == ["c.mp4"], "the room's next film")
        ada.ctl("playlist", "remove", "3")
        wait_for(lambda: names(bert) == ["a.mp4", "c.mp4"], "ada's edit at bert's")
        ada.ctl("policy", "control", "host")
        wait_for(lambda: "control host" in bert.ctl("policy"), "the room's rule at bert's")
        assert bert.run("playlist", "clear").returncode == 1
        assert names(ada) == ["a.mp4", "c.mp4"]
