"""Films whose headers are wrong, whose times begin late, that are cut short, or still being written: with real VLC."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from hangd.engine.player_messages import (
    AddAudioFile,
    AddSubtitleFile,
    CommandFailed,
    DurationChanged,
    Ended,
    Load,
    Loaded,
    LoadFailed,
    PauseNow,
    Resume,
    Sampled,
    SeekTo,
    Settled,
    Stalled,
    Started,
    TracksChanged,
)
from hangd.player.vlc import backend, film
from hangd.player.vlc.player import VlcPlayer
from hangd.player.vlc.tracks import added
from hangd.player.vlc.tracks.tracks import list_tracks
from tests.support.clips.odd_films import CLIP_SECONDS, cut, ffmpeg, mkv_of_duration, mp4_of_duration, slides
from tests.support.daemons.party import CLIP, TRACKS
from tests.support.daemons.playing import Stagehand
from tests.support.desktop.framebuffer import FrameBuffer, virtual_screen

pytestmark = pytest.mark.real

PICTURES_A_SECOND = 30
ATTEMPTS = 5
"""Pauses until the picture is the one that it has to be: on a busy machine some are shown some tenths aside."""


@pytest.fixture
async def hand() -> AsyncIterator[Stagehand]:
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--vout=dummy", "--aout=dummy")))
    yield hand
    await hand.player.close()


@pytest.fixture(scope="module")
def screen() -> Iterator[FrameBuffer]:
    with virtual_screen() as buffer:
        yield buffer


@pytest.fixture
async def shown(screen: FrameBuffer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stagehand]:
    """A player whose pictures are on ``screen``."""
    monkeypatch.setenv("DISPLAY", screen.display)
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--vout=xcb_x11", "--aout=dummy")))
    yield hand
    await hand.player.close()


async def load(hand: Stagehand, path: Path) -> Loaded:
    hand.do(Load(path=str(path), generation=1))
    loaded = await hand.next(Loaded, unless=(LoadFailed,))
    await hand.next(Settled)
    return loaded


async def play_from(hand: Stagehand, position: float) -> None:
    hand.do(SeekTo(position))
    assert (await hand.next(Settled)).position == pytest.approx(position, abs=0.002)
    hand.do(Resume())
    await hand.next(Started)


async def resting(screen: FrameBuffer) -> int:
    """Return the number of the picture that is shown while a film stands."""
    number, same = screen.read().number, 0
    async with asyncio.timeout(30.0):
        while number is None or same < 10:
            await asyncio.sleep(0.05)
            before, number = number, screen.read().number
            same = same + 1 if number == before else 0
    return number


# ---- headers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "told"),
    [(mkv_of_duration, 10.0), (mkv_of_duration, 600.0), (mp4_of_duration, 10.0), (mp4_of_duration, 0.0)],
)
async def test_a_wrong_duration_hides_nothing_of_the_film(
    hand: Stagehand, tmp_path: Path, make: Callable[[Path, float], Path], told: float
) -> None:
    path = make(tmp_path / "film", told)
    assert (await load(hand, path)).duration == pytest.approx(CLIP_SECONDS, abs=0.1)
    await play_from(hand, 30.0)
    assert 30.0 <= (await hand.next(Sampled)).position < CLIP_SECONDS
    await play_from(hand, 58.5)
    ended = await hand.next(Ended, unless=(LoadFailed,))
    assert ended.position == pytest.approx(CLIP_SECONDS, abs=0.2)
    durations = [event.duration for event in hand.events if isinstance(event, DurationChanged)]
    assert durations == pytest.approx([CLIP_SECONDS] * len(durations), abs=0.2)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg to make films with")
async def test_a_duration_that_nobody_knows_is_known_at_the_end(hand: Stagehand, tmp_path: Path) -> None:
    path = tmp_path / "one-picture.avi"
    ffmpeg("-i", CLIP, "-frames:v", "1", "-an", "-c:v", "mpeg4", path)
    assert (await load(hand, path)).duration is None
    hand.do(Resume())
    changed = await hand.next(DurationChanged, unless=(Ended,))
    assert (await hand.next(Ended)).position == changed.duration < 1.0


# ---- openings that fail once ----------------------------------------------------------------------------------------


async def test_a_good_film_that_vlc_does_not_open_at_first(hand: Stagehand, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine that was seen once in some hundred openings."""
    options = iter([[":demux=none"]])
    monkeypatch.setattr(film.Film, "options", lambda _: next(options, []))
    await load(hand, CLIP)
    await play_from(hand, 30.0)


async def test_tracks_that_vlc_tells_late(hand: Stagehand, monkeypatch: pytest.MonkeyPatch) -> None:
    tells = iter([False])
    monkeypatch.setattr(backend, "list_tracks", lambda context: list_tracks(context) if next(tells, True) else ())
    monkeypatch.setattr(backend, "_OUTPUT_SECONDS", 0.5)
    assert len((await load(hand, CLIP)).tracks) >= 1


async def test_a_file_that_is_no_film_is_refused_at_once(hand: Stagehand, tmp_path: Path) -> None:
    (tmp_path / "noise.mkv").write_bytes(bytes(range(256)) * 400)
    hand.do(Load(str(tmp_path / "noise.mkv"), 1))
    failed = await hand.next(LoadFailed, unless=(Loaded,))
    assert failed.message == "'noise.mkv' is not a media file that can be played"


# ---- times ----------------------------------------------------------------------------------------------------------

KINDS = {
    "late.mkv": "-c copy -output_ts_offset 100",
    "late.mp4": "-c copy -output_ts_offset 100",
    "late.wmv": "-c:v mpeg4 -q:v 3 -g 30 -c:a wmav2 -output_ts_offset 100",
    "late.ogv": "-c:v libtheora -q:v 6 -g 30 -c:a libvorbis -output_ts_offset 100",
    "fragments.mp4": "-c copy -movflags +dash+frag_keyframe",
    "late.vob": "-c:v mpeg2video -q:v 3 -g 15 -c:a mp2 -output_ts_offset 100",
}


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg to make films with")
@pytest.mark.parametrize("name", KINDS)
async def test_positions_count_from_the_films_beginning(
    shown: Stagehand, screen: FrameBuffer, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    ffmpeg("-i", CLIP, "-t", "12", *KINDS[name].split(), path)
    assert (await load(shown, path)).duration == pytest.approx(12.0, abs=0.3)
    # After a seek to 0, VLC shows the pictures of such a WMV only from its second key frame on.
    for position in (6.0,) if name == "late.wmv" else (0.0, 6.0):
        aside = []
        for _ in range(ATTEMPTS):
            await play_from(shown, position)
            await asyncio.sleep(0.3)
            shown.do(PauseNow())
            stands = (await shown.next(Settled)).position
            assert position < stands < position + 5.0
            aside.append(stands - await resting(screen) / PICTURES_A_SECOND)
            if aside[-1] == pytest.approx(0.0, abs=0.1):
                break
        else:
            pytest.fail(f"the pictures are aside of where the film stands by {aside} s")


# ---- files beside the film ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("add", [AddSubtitleFile, AddAudioFile])
async def test_a_file_beside_the_film_may_be_opened_late_but_one_that_cannot_be_read_is_refused_soon(
    hand: Stagehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, add: type[AddSubtitleFile | AddAudioFile]
) -> None:
    monkeypatch.setattr(added, "_OPEN_SECONDS", 1e6)
    (tmp_path / "noise.srt").write_bytes(bytes(range(256)) * 400)
    await load(hand, CLIP)
    hand.do(add(str(tmp_path / "noise.srt")))
    failed = await hand.next(CommandFailed)
    assert failed.command == add.__name__
    assert failed.message == "'noise.srt' cannot be read, or not at this position"
    # The next one is not held up.
    hand.do(AddAudioFile(str(TRACKS)))
    while not any(track.file == str(TRACKS) for track in (await hand.next(TracksChanged)).tracks):
        pass


# ---- files that are not whole ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cut.mkv", "cut.mp4"])
async def test_a_film_that_is_cut_short_is_as_long_as_what_is_there(hand: Stagehand, tmp_path: Path, name: str) -> None:
    path = cut(tmp_path / name, TRACKS if name == "cut.mkv" else CLIP)
    duration = (await load(hand, path)).duration
    assert duration is not None and 10 < duration < 50
    await play_from(hand, duration - 1.0)
    failed = await hand.next(LoadFailed, unless=(Ended,))
    assert failed.message == f"'{name}' is cut short: only its first {duration:.0f} seconds are there"


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg to make films with")
async def test_a_film_whose_pictures_are_far_apart_goes_on_to_its_end(hand: Stagehand, tmp_path: Path) -> None:
    """VLC reads all of it at once, and ends it within a second."""
    assert (await load(hand, slides(tmp_path / "slides.mkv"))).duration == pytest.approx(56.04, abs=0.01)
    await play_from(hand, 20.0)
    await asyncio.sleep(2.0)
    hand.do(PauseNow())
    assert 21.5 < (await hand.next(Settled, unless=(LoadFailed, Ended))).position < 40.0
    hand.do(SeekTo(54.0), Resume())
    started, ended = await hand.next(Started), await hand.next(Ended, unless=(LoadFailed,))
    assert ended.position == pytest.approx(56.04, abs=0.01)
    assert ended.at - started.at == pytest.approx(1.94, abs=0.3)


async def test_an_mp4_without_its_index_is_refused_in_a_sentence(hand: Stagehand, tmp_path: Path) -> None:
    path = tmp_path / "part.mp4"
    path.write_bytes(CLIP.read_bytes().replace(b"moov", b"free", 1))
    hand.do(Load(path=str(path), generation=1))
    failed = await hand.next(LoadFailed, unless=(Loaded,))
    assert failed.code == "unrecognized"
    assert failed.message.endswith("its index is missing. Is it still being written, or was it cut short?")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg to make films with")
@pytest.mark.parametrize("name", ["part.mkv", "part.ts"])
async def test_a_film_that_is_still_being_written_plays_on(hand: Stagehand, tmp_path: Path, name: str) -> None:
    """VLC ends both where the files ended when it opened them, and then is sent on."""
    ffmpeg("-i", CLIP, "-c", "copy", tmp_path / f"whole-{name}")
    content = (tmp_path / f"whole-{name}").read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: len(content) // 10])
    before = (await load(hand, path)).duration
    assert before is not None and before < 12
    await play_from(hand, max(0.0, before - 4.0))
    path.write_bytes(content[: len(content) // 2])
    while (await hand.next(Sampled, unless=(Ended, LoadFailed, Settled))).position < before + 2.0:
        pass
    longer = [event.duration for event in hand.events if isinstance(event, DurationChanged)]
    assert longer and longer[-1] > before + 5
    stalls = [event.stalled for event in hand.events if isinstance(event, Stalled)]
    assert stalls == [True, False]
