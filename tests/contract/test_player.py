"""The rules of `hangd.player.base`, which every player obeys: with the simulated one and with libVLC, on real files."""

import asyncio
import os
import shutil
import struct
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from hangd.engine.player_messages import (
    AddAudioFile,
    AddSubtitleFile,
    CommandFailed,
    Ended,
    Load,
    Loaded,
    LoadFailed,
    PauseFor,
    PauseNow,
    PictureTaken,
    PlayerCommand,
    PlayerOpened,
    RaiseSubtitles,
    RemoveTrack,
    Resume,
    Sampled,
    SeekTo,
    SelectTrack,
    SetAspect,
    SetDeinterlace,
    SetDelay,
    SetFullscreen,
    SetMute,
    SetPicture,
    SetRate,
    SetSubtitleLook,
    Settled,
    SetVolume,
    SetWindowSize,
    Shown,
    ShowText,
    Started,
    StepFrame,
    TakePicture,
    TracksChanged,
    Unload,
    VolumeChanged,
)
from hangd.engine.timeline import playable_rate
from hangd.player.base import EventSink, Player, PlayerFactory
from hangd.player.simulated import SimulatedMachine, SimulatedPlayer
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.playing import Stagehand

MEDIA = Path(__file__).parent.parent / "media"
CLIP = str(MEDIA / "clip.mp4")
TRACKS = str(MEDIA / "tracks.mkv")
SUBTITLES = b"1\n00:00:00,000 --> 00:00:50,000\nhello\n"
FRAME = 1 / 30
LATE = 0.25
"""Seconds by which a busy machine may be late with something that is otherwise exact to a millisecond."""

NO_SOUND_NO_PICTURE = ("--vout=dummy", "--aout=dummy")


def simulated(sink: EventSink) -> Player:
    return SimulatedPlayer(sink, machine=SimulatedMachine(duration=60.0))


def vlc(sink: EventSink) -> Player:
    return VlcPlayer(sink, options=NO_SOUND_NO_PICTURE)


@pytest.fixture(params=[pytest.param(simulated, id="simulated"), pytest.param(vlc, id="vlc", marks=pytest.mark.real)])
def make(request: pytest.FixtureRequest) -> PlayerFactory:
    factory: PlayerFactory = request.param
    return factory


@pytest.fixture
async def hand(make: PlayerFactory) -> AsyncIterator[Stagehand]:
    hand = Stagehand(make)
    yield hand
    await hand.player.close()


@pytest.fixture
async def vlc_hand() -> AsyncIterator[Stagehand]:
    hand = Stagehand(vlc)
    yield hand
    await hand.player.close()


# ---- opening --------------------------------------------------------------------------------------------------------


async def test_a_factory_returns_at_once_and_the_name_is_known_once_it_is_open(make: PlayerFactory) -> None:
    hand = Stagehand(make)
    assert (hand.player.name, hand.events) == (None, [])
    opened = await hand.next(PlayerOpened)
    assert opened.generation == 0
    assert opened.name == hand.player.name
    await hand.load(CLIP)
    assert [event for event in hand.events if isinstance(event, PlayerOpened)] == hand.events[:1]
    await hand.player.close()


async def test_commands_given_before_it_is_open_are_carried_out_in_their_order(make: PlayerFactory) -> None:
    hand = Stagehand(make)
    hand.do(Load(path=CLIP, generation=1), SeekTo(20.0), SetVolume(30))
    assert hand.player.name is None
    assert (await hand.next(VolumeChanged)).percent == pytest.approx(30)
    assert (await hand.next(Settled)).position == pytest.approx(20, abs=0.002)
    await hand.player.close()


async def test_close_before_it_is_open(make: PlayerFactory) -> None:
    hand = Stagehand(make)
    hand.do(Load(path=CLIP, generation=1))
    began = time.monotonic()
    await hand.player.close()
    assert time.monotonic() - began < 5
    await asyncio.sleep(0.3)
    assert hand.events == []


# ---- loading --------------------------------------------------------------------------------------------------------


async def test_load_is_answered_by_loaded_and_then_settled(hand: Stagehand) -> None:
    hand.do(Load(path=CLIP, generation=7, start=12.3))
    loaded = await hand.next(Loaded, unless=(Settled,))
    settled = await hand.next(Settled)
    assert loaded.duration == pytest.approx(60, abs=0.1)
    assert {track.kind for track in loaded.tracks} >= {"video", "audio"}
    assert settled.position == pytest.approx(12.3, abs=0.002)
    assert {event.generation for event in hand.events if not isinstance(event, PlayerOpened)} == {7}


async def test_do_emits_no_event_itself(hand: Stagehand) -> None:
    await hand.next(PlayerOpened)
    hand.do(Load(path=CLIP, generation=1), SetVolume(50), Load(path="/nowhere/film.mkv", generation=2))
    assert len(hand.events) == 1
    await hand.next(LoadFailed)


async def test_no_event_of_an_older_load_follows_a_newer_load(hand: Stagehand) -> None:
    hand.do(Load(path=CLIP, generation=1), Load(path=TRACKS, generation=2, start=5.0))
    assert (await hand.next(Settled)).position == pytest.approx(5, abs=0.002)
    assert {event.generation for event in hand.events if not isinstance(event, PlayerOpened)} == {2}


async def test_a_load_replaces_a_film_that_plays(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(Resume())
    await hand.next(Sampled)
    heard = len(hand.events)
    hand.do(Load(path=TRACKS, generation=2, start=30.0))
    assert (await hand.next(Settled)).position == pytest.approx(30, abs=0.002)
    assert {event.generation for event in hand.events[heard:]} == {2}
    hand.do(Resume())
    assert (await hand.next(Sampled)).position > 29.9


async def test_commands_given_during_a_load_take_effect_in_their_order(hand: Stagehand) -> None:
    hand.do(Load(path=CLIP, generation=1), SeekTo(20.0), Resume())
    assert (await hand.next(Settled)).position == pytest.approx(20, abs=0.002)
    assert (await hand.next(Started, unless=(Settled,))).position == pytest.approx(20, abs=0.002)
    assert (await hand.next(Sampled)).position > 20


@pytest.mark.parametrize(
    ("path_in", "code"),
    [
        (lambda folder: folder / "missing.mkv", "not-found"),
        (lambda folder: folder, "directory"),
        (lambda folder: _written(folder / "empty.mp4", b""), "empty"),
        (lambda folder: folder / "missing\x1b[31m.mkv", "not-found"),
        (lambda folder: _pipe(folder / "pipe.mkv"), "unreadable"),
    ],
)
async def test_each_kind_of_unusable_file_has_its_own_code(
    hand: Stagehand, tmp_path: Path, path_in: Callable[[Path], Path], code: str
) -> None:
    path = path_in(tmp_path)
    hand.do(Load(path=str(path), generation=1))
    failed = await hand.next(LoadFailed, unless=(Loaded, Settled))
    assert failed.code == code
    assert path.name.split("\x1b")[0] in failed.message
    assert failed.message.isprintable()
    assert (await hand.load(CLIP, generation=2)).generation == 2


async def test_a_list_of_films_is_no_film_and_says_what_it_lists(hand: Stagehand, tmp_path: Path) -> None:
    path = _written(tmp_path / "list", b"#EXTM3U\n#EXTINF:1,One\n1.mkv\n/2.mkv\n")
    hand.do(Load(path=str(path), generation=1))
    failed = await hand.next(LoadFailed, unless=(Loaded, Settled))
    assert (failed.code, failed.message) == ("list", "'list' is a list of films, and no film")
    assert failed.films == ((str(tmp_path / "1.mkv"), "One"), ("/2.mkv", None))
    hand.do(Load(path="http://films.example/film.mkv", generation=2))
    failed = await hand.next(LoadFailed, unless=(Loaded, Settled))
    assert failed.message == "'http://films.example/film.mkv' is a URL: hang plays files on this machine only"


@pytest.mark.parametrize("who", [os.geteuid()])
async def test_a_file_without_permission_to_read_is_unreadable(hand: Stagehand, tmp_path: Path, who: int) -> None:
    path = _written(tmp_path / "secret.mp4", b"x")
    if who == 0:
        path.unlink()
        path.symlink_to(path)  # root may read everything, but not a link that leads to itself
    else:
        path.chmod(0)
    hand.do(Load(path=str(path), generation=1))
    assert (await hand.next(LoadFailed)).code == "unreadable"


async def test_commands_that_need_a_film_fail_while_none_is_loaded(hand: Stagehand) -> None:
    refused: list[PlayerCommand] = [
        Resume(), PauseNow(), PauseFor(0.1), SeekTo(1.0), SetRate(1.5), StepFrame(), Unload(), ShowText("hello"),
        SelectTrack("audio", 1), AddSubtitleFile(CLIP),
    ]  # fmt: skip
    for command in refused:
        hand.do(command)
        assert (await hand.next(CommandFailed)).command == type(command).__name__
    hand.do(SetFullscreen(False), SetDelay("audio", 0.0), SetVolume(40))
    assert (await hand.next(VolumeChanged, unless=(CommandFailed,))).percent == pytest.approx(40)


async def test_after_unload_commands_fail_and_no_event_comes(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(Resume())
    await hand.next(Sampled)
    hand.do(Unload(), PauseNow())
    await hand.next(CommandFailed)
    hand.do(Resume())
    await hand.next(CommandFailed, unless=(Sampled, Settled, Ended))


# ---- starting and pausing -------------------------------------------------------------------------------------------


async def test_resume_starts_at_its_time(hand: Stagehand) -> None:
    await hand.load(CLIP, start=10.0)
    at = time.monotonic() + 0.3
    hand.do(Resume(at))
    started = await hand.next(Started, unless=(Sampled, Settled))
    assert at - 0.005 <= started.at <= at + LATE
    assert started.position == pytest.approx(10, abs=0.002)
    for _ in range(3):
        sample = await hand.next(Sampled, unless=(Settled, Started))
        assert sample.rate == 1.0
        assert sample.position - started.position == pytest.approx(sample.at - started.at, abs=LATE)


async def test_resume_without_a_time_or_with_a_past_one_starts_at_once(hand: Stagehand) -> None:
    await hand.load(CLIP)
    for at in (None, time.monotonic() - 10):
        asked = time.monotonic()
        hand.do(Resume(at))
        assert asked <= (await hand.next(Started)).at <= asked + LATE + FRAME
        hand.do(PauseNow())
        await hand.next(Settled)


@pytest.mark.parametrize("command", [PauseNow(), SeekTo(30.0), Load(path=TRACKS, generation=1), Unload()])
async def test_a_newer_command_cancels_a_resume(hand: Stagehand, command: PlayerCommand) -> None:
    await hand.load(CLIP)
    hand.do(Resume(time.monotonic() + 0.3), command)
    await asyncio.sleep(0.6)  # twice the time after which it would have started
    hand.do(SetMute(False))
    await hand.next(VolumeChanged, unless=(Started, Sampled))


async def test_a_newer_resume_replaces_an_older(hand: Stagehand) -> None:
    await hand.load(CLIP)
    later = time.monotonic() + 0.6
    hand.do(Resume(time.monotonic() + 30), Resume(later))
    assert later - 0.005 <= (await hand.next(Started)).at <= later + LATE


async def test_pause_settles_at_the_position_of_the_samples(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(Resume())
    await hand.next(Sampled)
    sample = await hand.next(Sampled)
    hand.do(PauseNow())
    settled = await hand.next(Settled)
    there = sample.position + (settled.at - sample.at)
    assert settled.position == pytest.approx(there, abs=2 * FRAME + 0.05)
    hand.do(Resume())
    assert (await hand.next(Started, unless=(Sampled,))).position == pytest.approx(settled.position, abs=0.001)
    hand.do(PauseNow())
    await hand.next(Settled)


async def test_a_resume_continues_from_the_position_of_settled(hand: Stagehand) -> None:
    """At the resume's time the media is at the position of Settled."""
    await hand.load(CLIP)
    for _ in range(3):
        hand.do(Resume())
        await hand.next(Sampled)
        hand.do(PauseNow())
        settled = await hand.next(Settled)
        at = time.monotonic() + 0.3
        hand.do(Resume(at))
        started = await hand.next(Started)
        sample = await hand.next(Sampled)
        assert sample.position - settled.position == pytest.approx(sample.at - started.at, abs=0.1)
        hand.do(PauseNow())
        await hand.next(Settled)


async def test_pause_while_paused_is_answered_by_settled(hand: Stagehand) -> None:
    first = await hand.load(CLIP, start=3.0)
    hand.do(PauseNow())
    assert (await hand.next(Settled)).position == pytest.approx(first.position)


async def test_pause_for_delays_without_an_event(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(Resume())
    await hand.next(Sampled)
    before = await hand.next(Sampled)
    hand.do(PauseFor(0.5))
    await hand.next(Sampled, unless=(Settled, Started, Ended))
    after = await hand.next(Sampled, unless=(Settled, Started, Ended))
    lost = (after.at - before.at) - (after.position - before.position)
    assert lost == pytest.approx(0.5, abs=0.1)


async def test_a_pause_during_pause_for_lasts(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(Resume())
    await hand.next(Sampled)
    hand.do(PauseFor(0.3), PauseNow())
    await hand.next(Settled)
    await asyncio.sleep(0.6)
    hand.do(SetMute(False))
    await hand.next(VolumeChanged, unless=(Sampled, Started))


# ---- seeking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [0.0, 0.1, 12.345, 40.0, 58.5])
async def test_seek_settles_at_its_target(hand: Stagehand, position: float) -> None:
    await hand.load(CLIP, start=5.0)
    hand.do(SeekTo(position))
    settled = await hand.next(Settled)
    assert settled.position == pytest.approx(position, abs=0.002)
    at = time.monotonic() + 0.2
    hand.do(Resume(at))
    started = await hand.next(Started)
    sample = await hand.next(Sampled)
    # Never ahead. How late it is, a sample may show: VLC stops its clock if a busy machine gives it no time to read.
    assert -0.002 <= sample.position - position <= sample.at - started.at + 0.02


async def test_seek_while_playing_pauses_and_no_sample_comes_before_settled(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(Resume())
    await hand.next(Sampled)
    await hand.next(Sampled)
    heard = len(hand.events)
    hand.do(SeekTo(40.0))
    await hand.next(Settled)
    assert not any(isinstance(event, Sampled) for event in hand.events[heard:])
    hand.do(SetMute(False))
    await hand.next(VolumeChanged, unless=(Sampled, Started))


async def test_of_many_seeks_the_last_counts(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(*(SeekTo(float(position)) for position in range(5, 45, 5)))
    assert (await hand.next(Settled)).position == pytest.approx(40, abs=0.002)
    hand.do(Resume())
    assert (await hand.next(Sampled, unless=(Settled,))).position > 40


async def test_a_resume_during_a_seek_starts_after_settled(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(SeekTo(20.0), Resume())
    await hand.next(Settled, unless=(Started,))
    assert (await hand.next(Started)).position == pytest.approx(20, abs=0.002)


async def test_a_step_back_moves_by_one_frame(hand: Stagehand) -> None:
    position = (await hand.load(CLIP, start=2.0)).position
    for _ in range(2):
        hand.do(StepFrame(back=True))
        stepped = (await hand.next(Settled, unless=(Started, Sampled))).position
        assert position - stepped == pytest.approx(FRAME, abs=0.002)
        position = stepped


async def test_a_frame_step_moves_by_one_frame(hand: Stagehand) -> None:
    position = (await hand.load(CLIP, start=2.0)).position
    for _ in range(4):
        hand.do(StepFrame())
        stepped = (await hand.next(Settled, unless=(Started, Sampled))).position
        assert 0.5 * FRAME < stepped - position < 0.2  # a busy machine may be some frames late
        position = stepped
    hand.do(Resume())
    started = await hand.next(Started)
    sample = await hand.next(Sampled)
    assert sample.position - position == pytest.approx(sample.at - started.at, abs=0.1)


# ---- rate -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.5, 1.25, 2.0])
async def test_rate_after_a_seek(hand: Stagehand, rate: float) -> None:
    await hand.load(CLIP, start=10.0)
    hand.do(SetRate(rate), Resume())
    started = await hand.next(Started)
    while (first := await hand.next(Sampled)).rate == 1.0:
        pass
    while (later := await hand.next(Sampled)).at < first.at + 1.0:
        pass
    assert later.rate == playable_rate(rate)
    assert (later.position - first.position) / (later.at - first.at) == pytest.approx(playable_rate(rate), rel=0.05)
    # What VLC had read ahead is played too.
    assert first.position - started.position == pytest.approx(first.at - started.at, abs=1.0)


async def test_rate_while_it_plays_and_back(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(Resume())
    await hand.next(Sampled)
    hand.do(SetRate(1.5))
    while (sample := await hand.next(Sampled)).rate == 1.0:
        pass
    assert sample.rate == playable_rate(1.5)
    hand.do(SeekTo(30.0))
    await hand.next(Settled)
    hand.do(SetRate(1.0), Resume())
    started = await hand.next(Started)
    await hand.next(Sampled)
    sample = await hand.next(Sampled)
    assert sample.rate == 1.0
    assert sample.position - 30.0 == pytest.approx(sample.at - started.at, abs=0.1)


# ---- the end --------------------------------------------------------------------------------------------------------


async def test_ended_is_emitted_and_seeking_back_works(hand: Stagehand) -> None:
    await hand.load(CLIP, start=59.0)
    hand.do(Resume())
    ended = await hand.next(Ended, unless=(Settled, LoadFailed))
    assert ended.position == pytest.approx(60, abs=0.2)
    hand.do(SeekTo(20.0))
    assert (await hand.next(Settled, unless=(Loaded,))).position == pytest.approx(20, abs=0.002)
    hand.do(Resume())
    assert 20 < (await hand.next(Sampled)).position < 25


async def test_resume_at_the_end_ends_again(hand: Stagehand) -> None:
    await hand.load(CLIP, start=59.0)
    hand.do(Resume())
    await hand.next(Ended)
    hand.do(Resume())
    await hand.next(Started)
    await hand.next(Ended)
    hand.do(PauseNow())
    await hand.next(Settled)
    hand.do(SeekTo(10.0))
    assert (await hand.next(Settled)).position == pytest.approx(10, abs=0.002)


@pytest.mark.parametrize("position", [59.99, 60.0, 61.0])
async def test_a_seek_to_the_end_settles_and_a_resume_ends(hand: Stagehand, position: float) -> None:
    await hand.load(CLIP)
    hand.do(SeekTo(position))
    await hand.next(Settled)
    hand.do(Resume())
    await hand.next(Ended)
    hand.do(SeekTo(5.0))
    assert (await hand.next(Settled)).position == pytest.approx(5, abs=0.002)


# ---- the rest -------------------------------------------------------------------------------------------------------


async def test_volume_and_mute(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(SetVolume(250), SetMute(True), SetVolume(30))
    told = [await hand.next(VolumeChanged) for _ in range(3)]
    assert [(event.percent, event.mute) for event in told] == [(130, False), (130, True), (30, True)]


async def test_a_picture_is_written_or_fails_with_a_reason(hand: Stagehand, tmp_path: Path) -> None:
    hand.do(TakePicture(str(tmp_path / "early.png")))
    assert (await hand.next(CommandFailed)).command == "TakePicture"
    await hand.load(CLIP)
    hand.do(TakePicture(str(tmp_path / "taken.png")))
    if isinstance(hand.player, SimulatedPlayer):
        assert "no pictures" in (await hand.next(CommandFailed)).message
        return
    await hand.next(PictureTaken, unless=(CommandFailed,))
    signature, size = b"\x89PNG\r\n\x1a\n", (640, 360)
    written = (tmp_path / "taken.png").read_bytes()
    assert (written[:8], struct.unpack(">II", written[16:24])) == (signature, size)
    hand.do(TakePicture(str(tmp_path / "small.png"), width=64))
    await hand.next(PictureTaken, unless=(CommandFailed,))
    assert struct.unpack(">II", (tmp_path / "small.png").read_bytes()[16:24]) == (64, 36)
    for _ in range(5):  # at once: a client that is answered may ask for the next one
        hand.do(TakePicture(str(tmp_path / "no" / "such" / "folder.png")))
        assert "cannot be written" in (await hand.next(CommandFailed)).message


@pytest.mark.real
@pytest.mark.timed  # after three seconds any picture is written
async def test_a_picture_is_that_of_the_seek_before(vlc_hand: Stagehand, tmp_path: Path) -> None:
    await vlc_hand.load(CLIP)
    at_once, later = tmp_path / "at-once.png", tmp_path / "later.png"
    vlc_hand.do(SeekTo(30.0), TakePicture(str(at_once)))
    await vlc_hand.next(Shown, unless=(PictureTaken,))
    await vlc_hand.next(PictureTaken, unless=(CommandFailed,))
    vlc_hand.do(TakePicture(str(later)))
    await vlc_hand.next(PictureTaken, unless=(CommandFailed,))
    assert at_once.read_bytes() == later.read_bytes()


@pytest.mark.real
async def test_a_picture_that_waits_for_a_film_fails_with_it(vlc_hand: Stagehand, tmp_path: Path) -> None:
    await vlc_hand.load(CLIP)
    vlc_hand.do(SeekTo(30.0), TakePicture(str(tmp_path / "none.png")), Unload())
    assert "closed" in (await vlc_hand.next(CommandFailed)).message


async def test_tracks_are_listed_and_selected(hand: Stagehand) -> None:
    hand.do(Load(path=TRACKS, generation=1))
    tracks = (await hand.next(Loaded)).tracks
    await hand.next(Settled)
    assert [track.kind for track in tracks] == ["video", "audio", "audio", "subtitle", "subtitle"]
    assert [track.language for track in tracks[1:]] == ["eng", "deu", "eng", "deu"]
    for kind, other in (("audio", tracks[2]), ("subtitle", tracks[4])):
        hand.do(SelectTrack(other.kind, other.id))
        changed = (await hand.next(TracksChanged)).tracks
        assert [track.id for track in changed if track.kind == kind and track.selected] == [other.id]
    hand.do(SelectTrack("subtitle", None))
    assert not any(t.selected for t in (await hand.next(TracksChanged)).tracks if t.kind == "subtitle")


async def test_tracks_have_codec_size_and_rates(hand: Stagehand) -> None:
    hand.do(Load(path=TRACKS, generation=1))
    tracks = (await hand.next(Loaded)).tracks
    for track in tracks:
        assert track.codec and track.file is None
        assert (track.kind == "video") == bool(track.width and track.height and track.frame_rate)
        assert (track.kind == "audio") == bool(track.channels and track.sample_rate)


async def test_loaded_describes_the_film(hand: Stagehand) -> None:
    hand.do(Load(path=TRACKS, generation=1))
    loaded = await hand.next(Loaded)
    assert loaded.about is not None and loaded.duration is not None
    assert loaded.about.file_format == "mkv"
    starts = [chapter.start for chapter in loaded.about.chapters]
    assert starts == sorted(starts) and all(0 <= start < loaded.duration for start in starts)


async def test_a_subtitle_file_is_added_and_selected(hand: Stagehand, tmp_path: Path) -> None:
    file = _written(tmp_path / "mine & yours.srt", SUBTITLES)
    await hand.load(CLIP)
    hand.do(AddSubtitleFile(str(file), title="Mine", language="fra"))
    while not (found := [t for t in (await hand.next(TracksChanged)).tracks if t.file and t.selected]):
        pass
    assert [(t.kind, t.file, t.title, t.language) for t in found] == [("subtitle", str(file), "Mine", "fra")]


async def test_a_subtitle_file_is_added_without_being_selected(hand: Stagehand, tmp_path: Path) -> None:
    file = _written(tmp_path / "later.srt", SUBTITLES)
    await hand.load(CLIP)
    hand.do(SelectTrack("subtitle", None), AddSubtitleFile(str(file), select=False))
    while not (found := [t for t in (await hand.next(TracksChanged)).tracks if t.file]):
        pass
    assert [(t.file, t.selected) for t in found] == [(str(file), False)]


async def test_an_audio_file_is_added_and_removed(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(AddAudioFile(CLIP))
    while not (found := [t for t in (await hand.next(TracksChanged)).tracks if t.kind == "audio" and t.file]):
        pass
    hand.do(RemoveTrack("audio", found[0].id))
    while any(t.id == found[0].id for t in (await hand.next(TracksChanged)).tracks if t.kind == "audio"):
        pass
    hand.do(SelectTrack("audio", found[0].id))
    assert (await hand.next(CommandFailed)).command == "SelectTrack"


async def test_a_track_of_the_film_itself_cannot_be_removed(hand: Stagehand) -> None:
    hand.do(Load(path=TRACKS, generation=1))
    tracks = (await hand.next(Loaded)).tracks
    await hand.next(Settled)
    for number in (tracks[1].id, 4711):
        hand.do(RemoveTrack("audio", number))
        assert (await hand.next(CommandFailed, unless=(TracksChanged,))).command == "RemoveTrack"


@pytest.mark.parametrize("add", [AddSubtitleFile, AddAudioFile])
async def test_a_pipe_is_not_added(hand: Stagehand, tmp_path: Path, add: type[AddSubtitleFile | AddAudioFile]) -> None:
    await hand.load(CLIP)
    hand.do(add(str(_pipe(tmp_path / "pipe.srt"))))
    failed = await hand.next(CommandFailed)
    assert (failed.command, failed.message) == (add.__name__, "'pipe.srt' is not a regular file")


@pytest.mark.parametrize("add", [AddSubtitleFile, AddAudioFile])
async def test_a_missing_file_is_not_added(
    hand: Stagehand, tmp_path: Path, add: type[AddSubtitleFile | AddAudioFile]
) -> None:
    await hand.load(CLIP)
    hand.do(add(str(tmp_path / "missing.srt")))
    failed = await hand.next(CommandFailed)
    assert failed.command == add.__name__ and "missing.srt" in failed.message


async def test_settings_of_the_display_do_not_disturb_playback(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(Resume())
    await hand.next(Sampled)
    hand.do(
        ShowText("50 % of \x1b[31m äöü 日本", 1.0),
        SetDelay("audio", 0.03),
        SetDelay("subtitle", -0.5),
        SetFullscreen(True),
        SetAspect(4 / 3),
        SetAspect(None),
        SetDeinterlace(True),
        SetDeinterlace(False),
        SetPicture(brightness=20, hue=-50, rotation=90),
        SetPicture(rotation=180),
        SetPicture(),
        SetSubtitleLook(0.5, 80.0),
        SetWindowSize(800, 600),
        RaiseSubtitles(0.2),
    )
    for _ in range(3):
        await hand.next(Sampled, unless=(CommandFailed, Settled, Started))


async def test_no_event_comes_after_close(hand: Stagehand) -> None:
    await hand.load(CLIP)
    hand.do(Resume())
    await hand.next(Sampled)
    began = time.monotonic()
    await hand.player.close()
    assert time.monotonic() - began < 5
    heard = len(hand.events)
    hand.do(PauseNow(), Load(path=CLIP, generation=9))
    await asyncio.sleep(0.5)
    assert len(hand.events) == heard
    await hand.player.close()  # a second close has no effect


async def test_close_during_a_load(hand: Stagehand) -> None:
    await hand.next(PlayerOpened)
    hand.do(Load(path=CLIP, generation=1))
    began = time.monotonic()
    await hand.player.close()
    assert time.monotonic() - began < 5


# ---- what only a player that reads the file can know ----------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("noise.mp4", bytes(range(256)) * 400, "unrecognized"),
        ("text.mkv", b"this is no film\n" * 100, "unrecognized"),
        ("cut.mp4", Path(CLIP).read_bytes()[:2000], "unrecognized"),
    ],
)
async def test_a_file_without_a_film_fails_to_load(
    vlc_hand: Stagehand, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    path = _written(tmp_path / name, content)
    vlc_hand.do(Load(path=str(path), generation=1))
    failed = await vlc_hand.next(LoadFailed, unless=(Loaded, Settled))
    assert failed.code == code
    assert name in failed.message
    await vlc_hand.load(CLIP, generation=2)


@pytest.mark.real
async def test_a_truncated_file_plays_up_to_the_cut(vlc_hand: Stagehand, tmp_path: Path) -> None:
    path = _cut(tmp_path / "film.mkv")
    await vlc_hand.load(str(path))
    vlc_hand.do(SeekTo(20.0))
    await vlc_hand.next(Settled)
    vlc_hand.do(Resume())
    failed = await vlc_hand.next(LoadFailed, unless=(Ended,))
    assert failed.code == "truncated"
    await vlc_hand.load(CLIP, generation=2)


@pytest.mark.real
async def test_a_seek_past_the_cut_is_answered(vlc_hand: Stagehand, tmp_path: Path) -> None:
    await vlc_hand.load(str(_cut(tmp_path / "film.mkv")))
    vlc_hand.do(SeekTo(50.0))
    await vlc_hand.next(Settled)
    vlc_hand.do(Resume())
    assert (await vlc_hand.next(LoadFailed)).code == "truncated"


@pytest.mark.real
async def test_a_file_that_shrinks_while_it_plays(vlc_hand: Stagehand, tmp_path: Path) -> None:
    path = Path(shutil.copy(TRACKS, tmp_path / "film.mkv"))
    await vlc_hand.load(str(path))
    vlc_hand.do(Resume())
    await vlc_hand.next(Sampled)
    os.truncate(path, 100_000)
    failed = await vlc_hand.next(LoadFailed, unless=(Ended,))
    assert failed.code == "vanished"
    await vlc_hand.load(CLIP, generation=2)


@pytest.mark.real
async def test_a_file_that_is_deleted_plays_on(vlc_hand: Stagehand, tmp_path: Path) -> None:
    """The system keeps the file while it is open. Only opening it again fails."""
    path = Path(shutil.copy(CLIP, tmp_path / "film.mp4"))
    await vlc_hand.load(str(path))
    vlc_hand.do(Resume())
    await vlc_hand.next(Sampled)
    os.unlink(path)
    for _ in range(3):
        await vlc_hand.next(Sampled, unless=(LoadFailed,))
    vlc_hand.do(Load(path=str(path), generation=2))
    assert (await vlc_hand.next(LoadFailed)).code == "not-found"


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _cut(path: Path) -> Path:
    """Write the first 40 % of a film that lasts a minute."""
    content = Path(TRACKS).read_bytes()
    return _written(path, content[: len(content) * 4 // 10])
