"""Two people listen to one piece of music. What they hear is recorded and compared, as `make bench-skew` does it."""

import statistics
import time
from functools import partial
from pathlib import Path

import pytest

from tests.bench.skew.clips import SAMPLE_RATE, available, noise
from tests.bench.skew.sound import Recording, recording
from tests.bench.skew.sound import available as recorder_available
from tests.media.make_clips import ffmpeg
from tests.support.daemons.party import Person, person, room_server, wait_for

_MISSING = available() or recorder_available()
pytestmark = [pytest.mark.real, pytest.mark.skipif(_MISSING is not None, reason=str(_MISSING))]

SECONDS = 60


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    sound = noise(1, SECONDS, folder)
    ffmpeg("-f lavfi -i testsrc=size=500x500 -frames:v 1 cover.jpg", folder=folder)
    cover = "-i cover.jpg -map 0 -map 1 -c:v copy -disposition:v attached_pic"
    ffmpeg(f"-f s16le -ar {SAMPLE_RATE} -ac 1 -i {sound.name} {cover} music.flac", folder=folder)
    return folder / "music.flac"


def apart(heard: Recording, begin: float, seconds: float = 1.5) -> float:
    """Return the median distance of the two sounds, in milliseconds."""
    time.sleep(max(0.0, begin + seconds + 1.0 - time.monotonic()))
    lags = [each.apart for each in heard.apart(begin, begin + seconds) if each.apart is not None]
    assert len(lags) >= 3, [heard.loudest(viewer, begin, begin + seconds) for viewer in (0, 1)]
    return abs(statistics.median(lags)) * 1000


def heard_after(by: Person, pair: tuple[Person, Person], heard: Recording, *command: str) -> float:
    by.ctl(*command)
    for somebody in pair:
        somebody.ctl("wait", "playing")
    return apart(heard, time.monotonic() + 1.5)


@pytest.mark.timed
def test_two_hear_the_same(music: Path, tmp_path: Path) -> None:
    with (
        recording() as heard,
        room_server() as server,
        person("ada", tmp_path) as ada,
        person("bob", tmp_path) as bob,
    ):
        for number, somebody in enumerate((ada, bob)):
            somebody.environment.update(heard.environment(number), HANG_VLC_OPTIONS="--vout=dummy")
        room = ada.ctl("create", music, "--server", server.url)
        bob.ctl("join", room, music, "--server", server.url)
        found = [heard_after(ada, (ada, bob), heard, "play")]
        found.append(heard_after(bob, (ada, bob), heard, "seek", "+20"))
        bob.ctl("pause")
        for somebody in (ada, bob):
            somebody.ctl("wait", "paused")
        found.append(heard_after(ada, (ada, bob), heard, "play"))
        assert max(found) < 20 and statistics.median(found) < 8, found
        bob.ctl("seek", str(SECONDS - 2))
        for somebody in (ada, bob):
            wait_for(partial(somebody.get, "eof-reached"), "the end")
            assert somebody.get("media/error") is None
