"""Two viewers with libVLC whose film's header is wrong: seeks and the end are those of the film."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clips.odd_films import CLIP_SECONDS, mkv_of_duration
from tests.support.daemons.party import CLIP, Person, person, room_server, wait_for

pytestmark = pytest.mark.real


@pytest.fixture(params=[10.0, 600.0])
def party(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Person, Person]]:
    """Ada and bob, in a room with a film whose header says so many seconds, and another film behind it."""
    film = mkv_of_duration(tmp_path / "film.mkv", request.param)
    following = shutil.copy(CLIP, tmp_path / "next.mp4")
    with room_server() as server, person("ada", tmp_path) as ada, person("bob", tmp_path) as bob:
        for one in (ada, bob):
            one.environment["HANG_VLC_OPTIONS"] = "--vout=dummy --aout=dummy"
        room = ada.ctl("create", film, "--server", server.url)
        bob.ctl("join", room, film, "--server", server.url)
        ada.ctl("playlist", "add", following)
        yield ada, bob


def plays(one: Person, name: str, after: float, before: float) -> None:
    """Wait until this film plays there."""
    wait_for(
        lambda: one.get("filename") == name and after < (one.get("time-pos") or 0) < before,
        f"{one.name} plays {name} after {after:g} s",
    )


def test_a_room_seeks_in_all_of_the_film_and_moves_on_at_its_end(party: tuple[Person, Person]) -> None:
    ada, bob = party
    ada.ctl("play")
    ada.ctl("seek", "30")
    for one in party:
        assert one.get("duration") == pytest.approx(CLIP_SECONDS, abs=0.1)
        plays(one, "film.mkv", 30.2, 50.0)
    bob.ctl("seek", "58.5")
    for one in party:
        plays(one, "next.mp4", 0.2, 30.0)
