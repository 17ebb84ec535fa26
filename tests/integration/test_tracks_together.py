"""Two viewers of one room, each with tracks of their own, which are remembered for the next episode; frame steps."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemons.party import TRACKS, Person, person, room_server, wait_for

# Each question is a run of hangctl: on a busy machine all of them together took more than a minute.
pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Person, Person]]:
    with person("ada", tmp_path) as ada, person("bob", tmp_path) as bob:
        for each in (ada, bob):
            each.environment["HANG_VLC_OPTIONS"] = "--vout=dummy --aout=dummy"
        yield ada, bob


def plays(somebody: Person, episode: str, aid: object, sid: object) -> bool:
    path = somebody.get("path")
    return bool(path) and path.endswith(episode) and (somebody.get("aid"), somebody.get("sid")) == (aid, sid)


def test_each_has_their_own_tracks_from_episode_to_episode(pair: tuple[Person, Person], tmp_path: Path) -> None:
    ada, bob = pair
    bob.environment |= {"HANG_ALANG": "de", "HANG_SLANG": "ja,en"}
    for name in ("ada-films", "bob-films"):
        (tmp_path / name).mkdir()
        for number in (1, 2, 3):
            # Each episode is a film of its own: a Void element of Matroska's at its end makes it one.
            (tmp_path / name / f"e{number}.mkv").write_bytes(TRACKS.read_bytes() + b"\xec\x81" + bytes([number]))
    of_ada, of_bob = tmp_path / "ada-films", tmp_path / "bob-films"
    bob.environment["HANG_MEDIA_DIRS"] = str(of_bob)
    with room_server() as server:
        room = ada.ctl("create", of_ada / "e1.mkv", "--server", server.url)
        bob.ctl("join", room, of_bob / "e1.mkv", "--server", server.url)
        ada.ctl("playlist", "add", of_ada / "e2.mkv", of_ada / "e3.mkv")
        wait_for(lambda: plays(bob, "e1.mkv", 2, 1), "bob's languages")
        wait_for(lambda: plays(ada, "e1.mkv", 1, False), "ada's languages")
        ada.ctl("subs", "2")
        bob.ctl("subs", "off")
        ada.ctl("next")
        wait_for(lambda: plays(ada, "e2.mkv", 1, 2), "ada's subtitles in the next episode")
        wait_for(lambda: plays(bob, "e2.mkv", 2, False), "no subtitles at bob's")
        bob.kill_daemon()
        bob.ctl("join", room, of_bob / "e2.mkv", "--server", server.url)
        wait_for(lambda: plays(bob, "e2.mkv", 2, False), "what was chosen before the daemon died")


def test_a_frame_step_is_for_everyone_in_both_directions(pair: tuple[Person, Person]) -> None:
    ada, bob = pair
    with room_server() as server:
        room = ada.ctl("create", TRACKS, "--server", server.url)
        bob.ctl("join", room, TRACKS, "--server", server.url)
        ada.ctl("seek", "2")

        def frames() -> tuple[int, int]:
            return ada.get("estimated-frame-number"), bob.get("estimated-frame-number")

        wait_for(lambda: frames() in ((50, 50), (60, 60)), "one frame at both")
        first = frames()[0]
        ada.ctl("step")
        wait_for(lambda: frames() == (first + 1, first + 1), "the next frame at both")
        bob.ctl("ipc", '["frame-step"]')
        wait_for(lambda: frames() == (first + 2, first + 2), "the one after that")
        bob.ctl("ipc", '["frame-back-step"]')
        wait_for(lambda: frames() == (first + 1, first + 1), "one back at both")
        ada.ctl("step", "back")
        wait_for(lambda: frames() == (first, first), "and the first one")
        assert ada.get("pause")
        assert bob.get("pause")
