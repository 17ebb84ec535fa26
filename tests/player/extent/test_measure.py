"""How long films really are, whatever their headers say. The films are the sample clips, changed."""

import random
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hangd.player.container import container_of
from hangd.player.extent.extent import AVFORMAT, Extent, Incomplete
from hangd.player.extent.measure import measure
from tests.support.clips.odd_films import CLIP_SECONDS, cut, ffmpeg, mkv_of_duration, mp4_of_duration, piped_mkv, slides
from tests.support.daemons.party import CLIP, TRACKS


def measured(path: Path) -> Extent:
    return measure(str(path), container_of(str(path)))


@pytest.mark.parametrize("clip", [CLIP, TRACKS])
def test_a_film_that_is_as_it_should_be(clip: Path) -> None:
    extent = measured(clip)
    assert extent.duration == pytest.approx(CLIP_SECONDS, abs=0.1)
    assert (extent.whole, extent.demuxer) == (True, None)


@pytest.mark.parametrize("told", [0.0, 10.0, 59.9, 600.0])
def test_a_headers_duration_is_not_believed(tmp_path: Path, told: float) -> None:
    assert measured(mkv_of_duration(tmp_path / "a.mkv", told)).duration == pytest.approx(CLIP_SECONDS, abs=0.1)
    assert measured(mp4_of_duration(tmp_path / "a.mp4", told)).duration == pytest.approx(CLIP_SECONDS, abs=0.1)


def test_vlc_seeks_beyond_a_duration_that_is_too_short_only_with_another_demuxer(tmp_path: Path) -> None:
    assert measured(mkv_of_duration(tmp_path / "short.mkv", 10.0)).demuxer == AVFORMAT
    assert measured(mkv_of_duration(tmp_path / "long.mkv", 600.0)).demuxer is None
    assert measured(mkv_of_duration(tmp_path / "none.mkv", 0.0)).demuxer is None, "then VLC looks for itself"


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg to make films with")
def test_when_the_first_picture_is_shown(tmp_path: Path) -> None:
    assert (measured(CLIP).first_picture, measured(TRACKS).first_picture) == (0.0, 0.0)
    for name in ("film.mkv", "film.mp4"):
        ffmpeg(
            "-itsoffset", "0.05", "-i", CLIP, "-i", CLIP, "-map", "0:v", "-map", "1:a", "-c", "copy", tmp_path / name
        )
        again = "late-" + name
        ffmpeg("-i", tmp_path / name, "-c", "copy", "-output_ts_offset", "100", tmp_path / again)
        first = measured(tmp_path / name).first_picture
        assert first == pytest.approx(0.071 if name == "film.mkv" else 0.05, abs=0.002)
        assert measured(tmp_path / again).first_picture is None, "avformat counts otherwise"


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg to make films with")
def test_pictures_that_are_far_apart(tmp_path: Path) -> None:
    assert measured(slides(tmp_path / "slides.mkv")).sparse
    assert not measured(TRACKS).sparse


def test_a_film_that_was_written_to_a_pipe(tmp_path: Path) -> None:
    extent = measured(piped_mkv(tmp_path / "a.mkv"))
    assert extent.duration == pytest.approx(CLIP_SECONDS, abs=0.1)
    assert extent.whole, "nothing says how long the file should be"


@pytest.mark.parametrize("clip", [CLIP, TRACKS])
def test_a_film_that_is_cut_short_has_what_is_there(tmp_path: Path, clip: Path) -> None:
    before = 0.0
    for share in (0.3, 0.5, 0.7, 0.9):
        extent = measured(cut(tmp_path / clip.name, clip, share))
        assert not extent.whole
        assert extent.duration is not None
        assert before < extent.duration < CLIP_SECONDS
        before = extent.duration


def test_an_mp4_without_its_index_says_what_is_missing(tmp_path: Path) -> None:
    content = CLIP.read_bytes()
    path = tmp_path / "part.mp4"
    path.write_bytes(content.replace(b"moov", b"free", 1))
    with pytest.raises(Incomplete, match="index is missing"):
        measured(path)


def test_a_matroska_file_that_is_cut_before_its_first_picture_says_so(tmp_path: Path) -> None:
    content = TRACKS.read_bytes()
    path = tmp_path / "a.mkv"
    path.write_bytes(content[: content.index(b"\x1f\x43\xb6\x75") + 20])
    with pytest.raises(Incomplete, match="nothing of its pictures"):
        measured(path)


def test_a_second_film_behind_the_first_does_not_count(tmp_path: Path) -> None:
    """VLC plays the first segment of a Matroska file."""
    path = tmp_path / "two.mkv"
    path.write_bytes(cut(path, mkv_of_duration(tmp_path / "a.mkv", 60.0), 1.0).read_bytes() + TRACKS.read_bytes())
    assert measured(path).duration == pytest.approx(CLIP_SECONDS, abs=0.1)


_CONTENT = {clip: clip.read_bytes() for clip in (CLIP, TRACKS)}
_HEADS = {clip: content[:4000] + content[-4000:] for clip, content in _CONTENT.items()}


@given(
    clip=some.sampled_from([CLIP, TRACKS]),
    seed=some.integers(0, 2**32),
    damage=some.integers(1, 200),
    everywhere=some.booleans(),
    length=some.floats(0, 1),
)
def test_no_damage_raises_or_takes_long(
    tmp_path_factory: pytest.TempPathFactory, clip: Path, seed: int, damage: int, everywhere: bool, length: float
) -> None:
    chance = random.Random(seed)
    content = bytearray(_CONTENT[clip] if everywhere else _HEADS[clip])
    for _ in range(damage):
        # What is read is at the beginning and at the end.
        at = chance.choice((chance.randrange(2000), -1 - chance.randrange(2000), chance.randrange(len(content))))
        content[at] = chance.choice((0, 0xFF, chance.randrange(256)))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content[: int(len(content) * length)])
    began = time.monotonic()
    for container in ("mkv", "mov,mp4,m4a,3gp,3g2,mj2", "asf", "flv", "ogg", "mpeg", None):
        try:
            extent = measure(str(path), container)
        except Incomplete:
            continue
        assert extent.duration is None or extent.duration >= 0.0
    assert time.monotonic() - began < 5.0
