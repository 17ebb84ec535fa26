"""Tracks, chapters and tags of films that ffmpeg makes: unusual ones, rich ones and hostile ones."""

import shutil
import subprocess
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hangd.engine.player_facts import Chapter, Description, Track
from hangd.engine.player_messages import (
    AddAudioFile,
    AddSubtitleFile,
    CommandFailed,
    Ended,
    Load,
    Loaded,
    LoadFailed,
    RemoveTrack,
    Resume,
    Sampled,
    SeekTo,
    SelectTrack,
    Settled,
    TracksChanged,
)
from hangd.player.vlc.backend import VlcBackend
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.playing import Stagehand

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg to make films with"),
]

MEDIA = Path(__file__).parents[2] / "media"
CLIP = str(MEDIA / "clip.mp4")
TRACKS = str(MEDIA / "tracks.mkv")
QUIET = ("--vout=dummy", "--aout=dummy")
SUBTITLES = b"1\n00:00:00,000 --> 00:00:50,000\nhello\n"


@pytest.fixture
async def hand() -> AsyncIterator[Stagehand]:
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=QUIET))
    yield hand
    await hand.player.close()


def ffmpeg(*arguments: str | Path) -> None:
    command = ("ffmpeg", "-nostdin", "-loglevel", "error", "-y", *map(str, arguments))
    subprocess.run(command, check=True, timeout=60)


def tagged(path: Path, text: str, *arguments: str) -> Path:
    """Make a film with these tags and chapters, in ffmpeg's "ffmetadata" format."""
    notes = path.with_suffix(".txt")
    notes.write_text(";FFMETADATA1\n" + text)
    ffmpeg(
        "-i", CLIP, "-i", notes, "-map", "0", "-map_metadata", "1", "-map_chapters", "1", "-c", "copy", *arguments, path
    )
    return path


def chapter(start: float, end: float, title: str = "") -> str:
    named = f"title={title}\n" if title else ""
    return f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={round(start * 1000)}\nEND={round(end * 1000)}\n{named}"


async def loaded(hand: Stagehand, path: Path | str) -> tuple[Loaded, Description]:
    hand.do(Load(path=str(path), generation=1))
    event = await hand.next(Loaded, unless=(LoadFailed, Settled))
    await hand.next(Settled, unless=(LoadFailed,))
    assert event.about is not None
    return event, event.about


async def known(hand: Stagehand, path: Path | str) -> tuple[Track, ...]:
    """Load the film; return its tracks as they are known when the first picture is shown."""
    await loaded(hand, path)
    told = [event for event in hand.events if isinstance(event, Loaded | TracksChanged)]
    return told[-1].tracks


# ---- the film -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
async def test_chapters_and_tags(hand: Stagehand, tmp_path: Path, ending: str) -> None:
    text = "title=The Film\nartist=Ann Artist\ngenre=Drama\nalbum=Album\n"
    text += chapter(0, 20, "Beginning") + chapter(20, 40.5, "Mitte ü") + chapter(40.5, 60)
    _, about = await loaded(hand, tagged(tmp_path / f"film.{ending}", text))
    assert about.chapters == (Chapter("Beginning", 0.0), Chapter("Mitte ü", 20.0), Chapter("", 40.5))
    expected = {"title": "The Film", "artist": "Ann Artist", "genre": "Drama", "album": "Album"}
    if ending == "mkv":
        expected = {name.upper(): value for name, value in expected.items()}  # as FFmpeg wrote them
    assert about.metadata.items() >= expected.items()
    assert about.file_format == {"mkv": "mkv", "mp4": "mov,mp4,m4a,3gp,3g2,mj2"}[ending]


async def test_a_film_without_chapters_and_tags(hand: Stagehand, tmp_path: Path) -> None:
    path = tmp_path / "name.mkv"
    ffmpeg("-i", CLIP, "-map_metadata", "-1", "-c", "copy", path)
    _, about = await loaded(hand, path)
    assert about.chapters == ()
    assert "title" not in map(str.casefold, about.metadata)  # VLC would use the file's name


async def test_cover_art_is_not_a_video_track(hand: Stagehand, tmp_path: Path) -> None:
    cover, path = tmp_path / "cover.png", tmp_path / "film.mkv"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", cover)
    ffmpeg("-i", CLIP, "-c", "copy", "-attach", cover, "-metadata:s:t", "mimetype=image/png", path)
    event, about = await loaded(hand, path)
    assert [track.kind for track in event.tracks] == ["video", "audio"]
    assert not any("cover" in value or "://" in value for value in about.metadata.values())


async def test_tags_of_any_bytes(hand: Stagehand, tmp_path: Path) -> None:
    mark = "MARKMARKMARK"
    path = tagged(
        tmp_path / "film.mkv",
        f"title={mark}\nartist={mark}\n" + chapter(0, 60, mark),
        "-metadata:s:a:0",
        f"title={mark}",
    )
    odd = b"\x1b[31m\xff\xc3\x28\x07\x80\xe2x"
    assert len(odd) == len(mark)
    content = path.read_bytes()
    assert content.count(mark.encode()) >= 4
    path.write_bytes(content.replace(mark.encode(), odd))
    event, about = await loaded(hand, path)
    said = [*about.metadata.values(), *(c.title for c in about.chapters), *(t.title or "" for t in event.tracks)]
    said += [track.name for track in event.tracks]
    assert any("[31m" in text for text in said)
    for text in said:
        assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in text), text


async def test_tags_of_any_length(hand: Stagehand, tmp_path: Path) -> None:
    many = "".join(chapter(n / 100, (n + 1) / 100, "c" * 1000) for n in range(1500))
    path = tagged(tmp_path / "film.mkv", f"title={'t' * 300_000}\ndescription={'d' * 300_000}\n" + many)
    _, about = await loaded(hand, path)
    assert len(about.chapters) == 1000
    assert {len(chapter.title) for chapter in about.chapters} <= {199, 200}  # VLC puts a blank before each
    assert len(about.metadata["TITLE"]) == 2000


async def test_chapters_after_the_end_are_left_out(hand: Stagehand, tmp_path: Path) -> None:
    text = chapter(0, 20, "in") + chapter(20, 1e6, "long") + chapter(1e6, 2e6, "out")
    _, about = await loaded(hand, tagged(tmp_path / "film.mkv", text, "-t", "60"))
    assert all(0 <= chapter.start < 61 for chapter in about.chapters)
    assert {chapter.title for chapter in about.chapters} >= {"in", "long"} - {"out"}


# ---- tracks ---------------------------------------------------------------------------------------------------------


async def test_tracks_say_what_they_are(hand: Stagehand, tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    ffmpeg(
        *("-i", TRACKS, "-t", "5", "-map", "0", "-c:v", "copy", "-c:s", "copy", "-aspect", "2:1"),
        *("-c:a:0", "aac", "-ac:a:0", "2", "-c:a:1", "libopus", "-metadata:s:a:1", "title=Kommentar", path),
    )
    tracks = await known(hand, path)
    video, *sound = (track for track in tracks if track.kind != "subtitle")
    assert (video.codec, video.width, video.height) == ("h264", 640, 360)
    assert video.frame_rate == pytest.approx(30, abs=0.01)
    assert video.pixel_aspect == pytest.approx(2 / (640 / 360), rel=0.01)
    assert [(t.codec, t.channels, t.sample_rate, t.language, t.title) for t in sound] == [
        ("aac", 2, 48000, "eng", None),
        ("opus", 1, 48000, "deu", "Kommentar"),
    ]
    assert {track.codec for track in tracks if track.kind == "subtitle"} == {"subrip"}
    assert all(track.file is None for track in tracks)


async def test_tracks_say_how_their_picture_is_turned(hand: Stagehand, tmp_path: Path) -> None:
    """By the degrees that mpv 0.35.1 says, too: the tag means the other direction."""
    for tag, degrees in ((90, 270), (180, 180), (270, 90)):
        path = tmp_path / f"{tag}.mp4"
        ffmpeg("-i", TRACKS, "-t", "2", "-map", "0:v", "-c", "copy", "-metadata:s:v:0", f"rotate={tag}", path)
        (video,) = await known(hand, path)
        assert (video.width, video.height, video.rotation) == (640, 360, degrees)


@pytest.mark.parametrize(
    ("ending", "codecs", "names"),
    [
        ("ts", "-c copy", ["h264", "aac"]),
        ("mpg", "-c:v mpeg2video -c:a mp2", ["mpeg2video", "mp2"]),
        ("avi", "-c:v mpeg4 -c:a mp3", ["mpeg4", "mp3"]),
        ("webm", "-c:v libvpx -deadline realtime -c:a libvorbis", ["vp8", "vorbis"]),
    ],
)
async def test_what_only_a_decoder_knows_is_reported_with_the_first_picture(
    hand: Stagehand, tmp_path: Path, ending: str, codecs: str, names: list[str]
) -> None:
    path = tmp_path / f"film.{ending}"
    ffmpeg("-i", CLIP, "-t", "4", *codecs.split(), path)
    tracks = await known(hand, path)
    assert [track.codec for track in tracks] == names
    assert (tracks[0].width, tracks[0].height) == (640, 360)
    assert tracks[0].frame_rate == pytest.approx(30, abs=0.1)
    assert tracks[1].sample_rate


async def test_subtitle_files_beside_the_film_are_found(hand: Stagehand, tmp_path: Path) -> None:
    path = Path(shutil.copy(TRACKS, tmp_path / "film.mkv"))
    (tmp_path / "film.srt").write_bytes(SUBTITLES)
    (tmp_path / "film.fr & ü.srt").write_bytes(SUBTITLES)
    event, _ = await loaded(hand, path)
    beside = {track.file for track in event.tracks if track.file is not None}
    assert beside == {str(tmp_path / "film.srt"), str(tmp_path / "film.fr & ü.srt")}
    assert [track.language for track in event.tracks if track.kind == "subtitle"][:2] == ["eng", "deu"]
    assert all(track.file is None for track in event.tracks if track.language in ("eng", "deu"))


async def test_one_file_with_two_subtitles_and_one_with_sound(hand: Stagehand, tmp_path: Path) -> None:
    both, sound = tmp_path / "both.mkv", tmp_path / "sound.m4a"
    ffmpeg("-i", TRACKS, "-map", "0:s", "-c", "copy", both)
    ffmpeg("-i", CLIP, "-map", "0:a", "-c", "copy", sound)
    await hand.load(CLIP)
    hand.do(AddSubtitleFile(str(both)), AddAudioFile(str(sound), language="fra"))
    while len(tracks := (await hand.next(TracksChanged, unless=(CommandFailed,))).tracks) < 5:
        pass
    assert [(track.kind, track.file, track.language) for track in tracks[2:]] == [
        ("audio", str(sound), "fra"),
        ("subtitle", str(both), "eng"),
        ("subtitle", str(both), "deu"),
    ]


async def test_a_file_without_subtitles_is_refused_and_the_next_one_is_added(hand: Stagehand, tmp_path: Path) -> None:
    noise, good = tmp_path / "noise.srt", tmp_path / "good.srt"
    noise.write_bytes(bytes(range(256)) * 10)
    good.write_bytes(SUBTITLES)
    await hand.load(CLIP)
    hand.do(AddSubtitleFile(str(noise)), AddSubtitleFile(str(good)))
    failed = await hand.next(CommandFailed, unless=(TracksChanged,))
    assert failed.command == "AddSubtitleFile" and "noise.srt" in failed.message
    changed = await hand.next(TracksChanged, unless=(CommandFailed,))
    assert [track.file for track in changed.tracks if track.kind == "subtitle"] == [str(good)]


async def test_a_transport_stream_keeps_its_picture_beside_a_subtitle_file(hand: Stagehand, tmp_path: Path) -> None:
    """VLC 3.0 would take the subtitles for another programme, and switch to that."""
    path, subtitles = tmp_path / "film.ts", tmp_path / "film.srt"
    ffmpeg("-i", CLIP, "-t", "10", "-c", "copy", path)
    subtitles.write_bytes(SUBTITLES)
    tracks = await known(hand, path)
    assert [track.kind for track in tracks] == ["video", "audio"]
    hand.do(AddSubtitleFile(str(subtitles)))
    assert "transport stream" in (await hand.next(CommandFailed)).message
    hand.do(Resume())
    await hand.next(Sampled, unless=(LoadFailed,))


async def test_added_files_and_selected_tracks_outlast_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With some films VLC stops at the end and closes the file: a seek back opens it again."""
    backends: list[VlcBackend] = []

    class Noted(VlcBackend):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            backends.append(self)

    monkeypatch.setattr("hangd.player.vlc.player.VlcBackend", Noted)
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=QUIET))
    assert isinstance(hand.player, VlcPlayer)
    subtitles = tmp_path / "mine.srt"
    subtitles.write_bytes(SUBTITLES)
    event, _ = await loaded(hand, TRACKS)
    german = event.tracks[2]
    hand.do(SelectTrack("audio", german.id), AddSubtitleFile(str(subtitles), title="Mine"))

    async def until_as_wanted() -> None:
        def selected(tracks: tuple[Track, ...]) -> list[tuple[str, str | None]]:
            return [(t.kind, t.title or t.language) for t in tracks if t.selected and t.kind != "video"]

        while selected((await hand.next(TracksChanged)).tracks) != [("audio", "deu"), ("subtitle", "Mine")]:
            pass

    await until_as_wanted()
    for _ in range(2):
        hand.do(SeekTo(58.5))
        await hand.next(Settled)
        hand.do(Resume())
        await hand.next(Ended)
        hand.player.call(backends[0]._player.stop)
        hand.do(SeekTo(5.0))
        await until_as_wanted()
    await hand.player.close()


async def test_a_removed_track_is_gone(hand: Stagehand, tmp_path: Path) -> None:
    subtitles = tmp_path / "mine.srt"
    subtitles.write_bytes(SUBTITLES)
    await hand.load(CLIP)
    for _ in range(2):  # twice, as "sub-reload" does
        hand.do(AddSubtitleFile(str(subtitles)))
        while not (found := [t for t in (await hand.next(TracksChanged)).tracks if t.file and t.selected]):
            pass
        (added,) = found
        hand.do(RemoveTrack("subtitle", added.id))
        left = (await hand.next(TracksChanged)).tracks
        assert [track.kind for track in left] == ["video", "audio"]
        hand.do(SelectTrack("subtitle", added.id))
        assert (await hand.next(CommandFailed)).command == "SelectTrack"
