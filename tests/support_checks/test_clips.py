"""The films of the bench have the pictures and sound that `clips` promises. ffmpeg decodes a short one of each kind."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bench.skew.clips import NAMES, SAMPLE_RATE, Clip, make
from tests.bench.skew.correlate import SAMPLE_BYTES, lag
from tests.media.make_clips import HEIGHT, WIDTH
from tests.support.clips.barcode import decode

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg"),
]
SECONDS = 12


@pytest.fixture(name="clip", params=NAMES, scope="module")
def make_short_clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return make(request.param, tmp_path_factory.mktemp("a folder"), seconds=SECONDS)


def run(*words: str) -> bytes:
    return subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout


def decoded(clip: Clip, arguments: str) -> bytes:
    return run("ffmpeg", "-loglevel", "error", "-i", str(clip.path), *arguments.split(), "pipe:1")


def test_each_picture_carries_its_number(clip: Clip) -> None:
    size = f"scale={WIDTH}:{HEIGHT}:flags=area"  # some are larger
    rows = decoded(clip, f"-vf {size},crop={WIDTH}:2:0:{HEIGHT // 2} -pix_fmt gray -f rawvideo")
    numbers = [decode(rows[begin : begin + WIDTH]) for begin in range(0, len(rows), 2 * WIDTH)]
    assert numbers == list(range(clip.pictures))
    assert clip.seconds == pytest.approx(SECONDS, abs=0.05)


def test_pictures_are_at_their_times(clip: Clip) -> None:
    probe = "ffprobe -loglevel error -select_streams v -show_entries frame=pts_time,key_frame -of csv=p=0"
    frames = [line.split(",")[:2] for line in run(*probe.split(), str(clip.path)).decode().split()]
    assert [number for number, frame in enumerate(frames) if frame[0] == "1"] == list(
        range(0, clip.pictures, clip.key_every)
    )
    for number, (_, at) in enumerate(frames):
        assert float(at) == pytest.approx(number / clip.rate, abs=0.0011), "Matroska's timestamps are in milliseconds"


@pytest.mark.parametrize("at", [0.5, 3.7, SECONDS - 1.5])
def test_the_sound_is_found_at_its_place_and_nowhere_else(clip: Clip, at: float) -> None:
    begin, end = (int(moment * SAMPLE_RATE) * SAMPLE_BYTES for moment in (at - 0.25, at + 0.5))
    heard = decoded(clip, f"-map 0:a:0 -ar {SAMPLE_RATE} -ac 1 -f s16le")[begin:end]
    sound = clip.sound.read_bytes()
    found = lag(sound[begin:end], heard, SAMPLE_RATE // 4)
    assert abs(found.samples) <= 10, "a codec may shift it by some samples"
    assert found.agreement > 0.9
    elsewhere = sound[begin + SAMPLE_RATE * SAMPLE_BYTES : end + SAMPLE_RATE * SAMPLE_BYTES]
    assert lag(elsewhere, heard[: len(elsewhere)], len(elsewhere) // 6).agreement < 0.65


def test_an_existing_film_is_not_made_again(clip: Clip) -> None:
    before = {path: path.stat().st_mtime_ns for path in clip.path.parent.iterdir()}
    assert make(clip.name, clip.path.parent, seconds=SECONDS) == clip
    assert {path: path.stat().st_mtime_ns for path in clip.path.parent.iterdir()} == before


def test_sound_tracks_differ(tmp_path: Path) -> None:
    clip = make("mkv", tmp_path, seconds=1)
    first, second = (decoded(clip, f"-map 0:a:{track} -ar {SAMPLE_RATE} -ac 1 -f s16le") for track in (0, 1))
    size = SAMPLE_RATE // 2 * SAMPLE_BYTES
    assert lag(first[:size], second[:size], SAMPLE_RATE // 8).agreement < 0.65
