"""Subtitles that are not UTF-8, as VLC draws them: the picture is the same as with the same text in UTF-8."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from hangd.engine.player_messages import (
    AddSubtitleFile,
    Ended,
    Loaded,
    PictureTaken,
    RemoveTrack,
    Resume,
    SeekTo,
    SelectTrack,
    SetSubtitleEncoding,
    Settled,
    TakePicture,
    TracksChanged,
)
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.playing import Stagehand

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg to make films with"),
]

PATIENCE = 30.0
TRIES = 20
TEXT = "Привет, как дела?"
STYLES = "Format: Name, Fontname, Fontsize, PrimaryColour\nStyle: Default,Sans,24,&H00FFFFFF"
# Without SAMI: of that, VLC shows nothing after a seek before its next text begins.
FILES = {
    ".srt": "1\n00:00:00,000 --> 00:00:50,000\n{}\n",
    ".ass": f"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n{STYLES}\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Text\nDialogue: 0,0:00:00.00,0:00:50.00,Default,{}\n",
    ".vtt": "WEBVTT\n\n00:00.000 --> 00:50.000\n{}\n",
    ".sub": "{{0}}{{1250}}{}\n",
}


@pytest.fixture(scope="module")
def blue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of four seconds in one colour."""
    film = tmp_path_factory.mktemp("blue") / "blue.mkv"
    source = ["-f", "lavfi", "-i", "color=c=blue:s=320x180:d=4"]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *source, "-g", "10", film], check=True, timeout=60)
    return film


@pytest.fixture
def film(blue: Path, tmp_path: Path) -> Iterator[Path]:
    yield Path(shutil.copy(blue, tmp_path / "film.mkv"))


@pytest.fixture
async def hand() -> AsyncIterator[Stagehand]:
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--vout=dummy", "--aout=dummy")))
    yield hand
    await hand.player.close()


def selected(hand: Stagehand, path: Path) -> int | None:
    """Return the id of this file's track, if it has just one, and that is selected."""
    tracks = next(event.tracks for event in reversed(hand.events) if isinstance(event, Loaded | TracksChanged))
    of_file = [track for track in tracks if track.file == str(path)]
    return of_file[0].id if [track.selected for track in of_file] == [True] else None


async def shown(hand: Stagehand, path: Path, *, not_as: int | None = None) -> int:
    """Wait until this file has just one track, which is selected and has another id than that; return its id."""

    async def poll() -> int:
        # It may have come already, with an event that was passed over.
        while (found := selected(hand, path)) is None or found == not_as:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return found

    return await asyncio.wait_for(poll(), PATIENCE)


async def picture(hand: Stagehand, film: Path, wanted: Callable[[bytes], bool] = lambda drawn: True) -> bytes:
    """Return what is drawn a second into the film, once it is what is wanted, or after some tries.

    VLC draws a text some time after the picture, when it has found the font.
    """
    path = film.parent / "picture.png"
    for _ in range(TRIES):
        hand.do(SeekTo(1.0))
        await hand.next(Settled)
        hand.do(TakePicture(str(path)))
        await hand.next(PictureTaken)
        if wanted(path.read_bytes()):
            break
    return path.read_bytes()


async def ends(hand: Stagehand) -> None:
    """Play the film to its end, and let it be opened again."""
    hand.do(SeekTo(3.5), Resume())
    await hand.next(Ended)
    hand.do(SeekTo(0.5))
    await hand.next(Settled)


@pytest.mark.parametrize("form", FILES)
async def test_text_in_another_encoding_is_drawn_as_the_same_text(hand: Stagehand, film: Path, form: str) -> None:
    content = FILES[form].format(TEXT)
    await hand.load(str(film))
    without = await picture(hand, film)
    for encoding in ("utf-8", "cp1251"):
        path = film.parent / f"{encoding}{form}"
        path.write_bytes(content.encode(encoding))
        hand.do(AddSubtitleFile(str(path)))
        await shown(hand, path)
        if encoding == "utf-8":
            right = await picture(hand, film, lambda drawn: drawn != without)
            assert right != without
    assert await picture(hand, film, lambda drawn: drawn == right) == right


async def test_a_file_that_vlc_has_found_is_read_in_its_own_encoding(hand: Stagehand, film: Path) -> None:
    beside = film.with_suffix(".srt")
    beside.write_bytes(FILES[".srt"].format(TEXT).encode())
    await hand.load(str(film))
    first = await shown(hand, beside)
    hand.do(SelectTrack("subtitle", None))
    without = await picture(hand, film)
    hand.do(SelectTrack("subtitle", first))
    right = await picture(hand, film, lambda drawn: drawn != without)
    beside.write_bytes(FILES[".srt"].format(TEXT).encode("koi8-r"))
    await hand.load(str(film), generation=2)
    track = await shown(hand, beside, not_as=first)
    assert await picture(hand, film, lambda drawn: drawn == right) == right

    await ends(hand)
    assert await shown(hand, beside, not_as=first) == track
    assert await picture(hand, film, lambda drawn: drawn == right) == right
    hand.do(SelectTrack("subtitle", None))
    await hand.next(TracksChanged)
    await ends(hand)
    assert await picture(hand, film, lambda drawn: drawn == without) == without
    assert selected(hand, beside) is None


async def test_the_viewers_choice_counts_when_a_file_is_read_again(hand: Stagehand, film: Path) -> None:
    path = film.parent / "other.srt"
    path.write_bytes(FILES[".srt"].format(TEXT).encode())
    await hand.load(str(film))
    hand.do(AddSubtitleFile(str(path)))
    right = await shown(hand, path)
    read = await picture(hand, film)
    hand.do(SetSubtitleEncoding("+koi8-r"), RemoveTrack("subtitle", right), AddSubtitleFile(str(path)))
    wrong = await shown(hand, path, not_as=right)
    assert await picture(hand, film, lambda drawn: drawn != read) != read
    hand.do(SetSubtitleEncoding("auto"), RemoveTrack("subtitle", wrong), AddSubtitleFile(str(path)))
    await shown(hand, path, not_as=wrong)
    assert await picture(hand, film, lambda drawn: drawn == read) == read
