"""Which picture a paused film shows, by the numbers on the screen: after seeks, pauses and frame steps."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hangd.engine.player_messages import (
    Loaded,
    PauseNow,
    PictureTaken,
    Resume,
    Sampled,
    SeekTo,
    SelectTrack,
    Settled,
    Shown,
    Started,
    StepFrame,
    TakePicture,
)
from hangd.player.vlc.motion import transport as vlc_transport
from hangd.player.vlc.output.shown import ShownPicture
from hangd.player.vlc.player import VlcPlayer
from tests.support.clips.odd_films import ffmpeg
from tests.support.daemons.playing import Stagehand
from tests.support.desktop.framebuffer import FrameBuffer, virtual_screen

pytestmark = [pytest.mark.real, pytest.mark.timed]

CLIP = str(Path(__file__).parents[3] / "media" / "clip.mp4")
RATE = 30


@pytest.fixture(scope="module")
def buffer() -> Iterator[FrameBuffer]:
    with virtual_screen() as buffer:
        yield buffer


@pytest.fixture
async def hand(buffer: FrameBuffer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stagehand]:
    monkeypatch.setenv("DISPLAY", buffer.display)
    hand = Stagehand(VlcPlayer)
    yield hand
    await hand.player.close()


async def shows(hand: Stagehand, buffer: FrameBuffer, expected: int | None = None) -> tuple[float | None, int | None]:
    """Return which picture the player says that it shows, and the number on the screen.

    ``expected``: the number of the picture, if it is another one than its position's.
    """
    shown = (await hand.next(Shown)).position
    until = time.monotonic() + 5
    while True:  # the screen does not report changes
        number = buffer.read().number
        if shown is None or number == (expected or round(shown * RATE)) or time.monotonic() > until:
            return shown, number
        await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """A film of variable frame rate: of some seconds of the sample clip only these pictures, at their times."""
    path = tmp_path_factory.mktemp("films") / "uneven.mp4"
    numbers = [n for n in range(150) if n % 30 in (0, 1, 2, 9, 10, 21)]
    chosen = "+".join(f"eq(n\\,{number})" for number in numbers)
    words = f"-v error -i {CLIP} -an -vf select={chosen} -fps_mode vfr -c:v libx264 -bf 2 -g 20 {path}"
    subprocess.run(["ffmpeg", *words.split()], check=True, stdin=subprocess.DEVNULL)
    return path, numbers


@pytest.fixture(scope="module")
def far_apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample clip as a film whose key frames are 2 s apart, so that VLC dates a seek's picture by its old clock.

    Its sound has a frame of its codec's before the picture begins.
    """
    path = tmp_path_factory.mktemp("films") / "far_apart.mkv"
    words = f"-v error -i {CLIP} -t 20 -c:v libx264 -preset ultrafast -g 60 -c:a copy {path}"
    subprocess.run(["ffmpeg", *words.split()], check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The sample clip in Matroska, where its sound begins earlier than its pictures: at 0.021, 0.054, 0.088 s..."""
    path = tmp_path_factory.mktemp("films") / "beside.mkv"
    ffmpeg("-i", CLIP, "-c", "copy", path)
    return str(path)


async def test_after_a_seek_the_picture_of_the_target_is_shown(hand: Stagehand, buffer: FrameBuffer) -> None:
    await hand.load(CLIP, start=12.5)
    assert await shows(hand, buffer) == (12.5, 375)
    for number in (945, 96, 1342, 97):
        hand.do(SeekTo(number / RATE))
        assert (await hand.next(Settled)).position == number / RATE
        assert await shows(hand, buffer) == (number / RATE, number)


async def test_after_a_pause_the_player_says_which_picture_is_shown(hand: Stagehand, buffer: FrameBuffer) -> None:
    await hand.load(CLIP, start=12.5)
    for _ in range(4):
        hand.do(Resume())
        await hand.next(Sampled)
        hand.do(PauseNow())
        await hand.next(Settled)
        shown, number = await shows(hand, buffer)
        assert shown is not None
        assert number == pytest.approx(shown * RATE, abs=0.05)


async def test_a_film_whose_pictures_are_not_at_multiples_of_a_frame(
    hand: Stagehand, buffer: FrameBuffer, beside: str
) -> None:
    """Its pictures are named, found and stepped to as those of the same film in another container."""
    await hand.load(beside, start=12.5)
    assert await shows(hand, buffer) == (12.5, 375)
    for position, number in ((945 / RATE, 945), (3.21, 97), (1341.9 / RATE, 1342)):
        hand.do(SeekTo(position))
        assert (await hand.next(Settled)).position == position
        assert await shows(hand, buffer, number) == (position, number)
    for back, number in ((True, 1341), (True, 1340), (False, 1341), (False, 1342)):
        hand.do(StepFrame(back=back))
        assert (await hand.next(Settled)).position == pytest.approx(number / RATE, abs=0.001)
        assert (await shows(hand, buffer))[1] == number
    hand.do(Resume())
    await hand.next(Sampled)
    hand.do(PauseNow())
    named = (await hand.next(Settled)).position * RATE
    assert named == pytest.approx(round(named), abs=0.001)
    shown, on_screen = await shows(hand, buffer)
    assert shown is not None and on_screen == pytest.approx(shown * RATE, abs=0.05)


async def test_a_seek_that_lost_its_picture_is_made_again(
    hand: Stagehand, buffer: FrameBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seek right after a pause loses it in nine of ten trials, if it does not wait for the decoder."""
    await hand.load(CLIP, start=12.5)
    monkeypatch.setattr(ShownPicture, "toggled", lambda *_: None)
    monkeypatch.setattr(vlc_transport, "REST_SECONDS", 0.0)
    for number in (945, 96, 1342):
        hand.do(Resume())
        await hand.next(Sampled)
        hand.do(SeekTo(number / RATE))
        await hand.next(Settled)
        assert await shows(hand, buffer) == (number / RATE, number)


async def test_a_start_that_comes_while_the_picture_is_brought_is_on_time(hand: Stagehand) -> None:
    await hand.load(CLIP, start=12.5)
    for number, wait in ((945, 0.35), (96, 0.45), (1342, 0.55)):
        hand.do(SeekTo(number / RATE))
        await hand.next(Settled)
        await asyncio.sleep(wait)
        at = time.monotonic() + 0.3
        hand.do(Resume(at))
        started = await hand.next(Started)
        assert started.position == pytest.approx(number / RATE, abs=0.001)
        assert started.at == pytest.approx(at, abs=0.05)
        samples = [await hand.next(Sampled) for _ in range(2)]
        line = max(sample.position - sample.at for sample in samples)
        assert line == pytest.approx(number / RATE - at, abs=0.05)


async def test_each_step_shows_the_next_picture(hand: Stagehand, buffer: FrameBuffer) -> None:
    await hand.load(CLIP, start=8.2)
    assert (await shows(hand, buffer))[1] == 246
    for number in (247, 248, 249):
        hand.do(StepFrame())
        assert (await hand.next(Settled)).position == pytest.approx(number / RATE, abs=0.001)
        assert (await shows(hand, buffer))[1] == number


async def test_each_step_shows_the_next_picture_of_a_film_of_variable_frame_rate(
    hand: Stagehand, buffer: FrameBuffer, uneven: tuple[Path, list[int]]
) -> None:
    path, numbers = uneven
    await hand.load(str(path), start=1.0)
    assert (await shows(hand, buffer))[1] == 30
    for number in numbers[numbers.index(30) + 1 :][:7]:
        hand.do(StepFrame())
        assert (await hand.next(Settled)).position == pytest.approx(number / RATE, abs=0.005)
        shown, on_screen = await shows(hand, buffer)
        assert (shown and round(shown * RATE), on_screen) == (number, number)


async def test_steps_that_meet_the_seeks_of_the_steps_before_are_of_one_frame_each(
    hand: Stagehand, buffer: FrameBuffer, far_apart: Path
) -> None:
    """In a room each step is followed by a seek to it, and a viewer does not wait for that."""
    await hand.load(str(far_apart), start=150 / RATE)
    assert (await shows(hand, buffer))[1] == 150
    for number in range(151, 161):
        hand.do(StepFrame())
        while (position := (await hand.next(Settled)).position) < (number - 0.5) / RATE:
            pass  # of the seek before
        assert position == pytest.approx(number / RATE, abs=0.002)
        hand.do(SeekTo(position))
    assert (await shows(hand, buffer))[1] == 160


async def test_a_step_right_after_a_seek_goes_from_the_picture_of_the_seek(
    hand: Stagehand, buffer: FrameBuffer, uneven: tuple[Path, list[int]]
) -> None:
    path, numbers = uneven
    await hand.load(str(path), start=1.0)
    for number in (60, 99, 31):
        hand.do(SeekTo(number / RATE))
        await hand.next(Settled)
        hand.do(StepFrame())
        following = numbers[numbers.index(number) + 1]
        assert (await hand.next(Settled)).position == pytest.approx(following / RATE, abs=0.005)
        assert (await shows(hand, buffer))[1] == following


@pytest.fixture
def two_pictures(tmp_path: Path) -> Path:
    """A film with two video tracks."""
    path = tmp_path / "two pictures.mkv"
    words = f"ffmpeg -v error -i {CLIP} -map 0:v -map 0:v -map 0:a -c copy -t 12".split()
    subprocess.run([*words, path], check=True, stdin=subprocess.DEVNULL)
    return path


async def test_another_picture_that_is_selected_in_a_pause_is_shown(
    hand: Stagehand, buffer: FrameBuffer, two_pictures: Path, tmp_path: Path
) -> None:
    await hand.load(str(two_pictures), start=8.0)
    assert (await shows(hand, buffer))[1] == 240
    loaded = next(event for event in hand.events if isinstance(event, Loaded))
    one, other = (track.id for track in loaded.tracks if track.kind == "video")
    hand.do(SelectTrack("video", one), SelectTrack("video", other))
    assert await shows(hand, buffer) == (8.0, 240)
    hand.do(TakePicture(str(tmp_path / "picture.png")))
    await hand.next(PictureTaken)


async def test_each_step_back_shows_the_picture_before(hand: Stagehand, buffer: FrameBuffer) -> None:
    await hand.load(CLIP, start=8.2)
    assert (await shows(hand, buffer))[1] == 246
    for number in (245, 244, 243):
        hand.do(StepFrame(back=True))
        assert (await hand.next(Settled)).position == pytest.approx(number / RATE, abs=0.001)
        assert (await shows(hand, buffer))[1] == number


async def test_each_step_back_shows_the_picture_before_of_a_film_of_variable_frame_rate(
    hand: Stagehand, buffer: FrameBuffer, uneven: tuple[Path, list[int]]
) -> None:
    path, numbers = uneven
    await hand.load(str(path), start=40 / RATE)
    assert (await shows(hand, buffer))[1] == 40
    for number in reversed(numbers[: numbers.index(40)]):
        hand.do(StepFrame(back=True))
        assert (await hand.next(Settled)).position == pytest.approx(number / RATE, abs=0.005)
        shown, on_screen = await shows(hand, buffer)
        assert (shown and round(shown * RATE), on_screen) == (number, number)
    hand.do(StepFrame(back=True))
    assert (await hand.next(Settled)).position == 0.0


async def test_steps_back_that_come_at_once_are_made_one_after_the_other(hand: Stagehand, buffer: FrameBuffer) -> None:
    await hand.load(CLIP, start=8.2)
    await hand.next(Shown)
    hand.do(*[StepFrame(back=True)] * 3)
    for number in (245, 244):
        position = (await hand.next(Settled)).position
        assert position == pytest.approx(number / RATE, abs=0.001)
        hand.do(SeekTo(position))  # as a room commands, which takes the step to all
        assert (await hand.next(Settled)).position == position
    assert (await hand.next(Settled)).position == pytest.approx(243 / RATE, abs=0.001)
    assert (await shows(hand, buffer))[1] == 243


async def test_a_start_that_comes_during_a_step_back_begins_where_the_film_stood(hand: Stagehand) -> None:
    await hand.load(CLIP, start=12.5)
    for wait in (0.0, 0.2, 0.35):
        await hand.next(Shown)
        before = len(hand.events)
        hand.do(StepFrame(back=True))
        await asyncio.sleep(wait)
        at = time.monotonic() + 0.6
        hand.do(Resume(at))
        stood = [
            event.position for event in hand.events[before:] if isinstance(event, Settled)
        ]  # a fast machine has stepped
        started = await hand.next(Started)
        assert wait or not stood
        assert started.position == pytest.approx(stood[-1] if stood else 12.5, abs=0.001)
        assert started.at == pytest.approx(at, abs=0.05)
        hand.do(SeekTo(12.5))
        await hand.next(Settled)
