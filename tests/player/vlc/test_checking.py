"""Films and subtitles on a network share that does not answer: a folder in which looking at a file blocks."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hangd.engine.player_messages import (
    AddSubtitleFile,
    CommandFailed,
    Load,
    Loaded,
    LoadFailed,
    PauseNow,
    Resume,
    Sampled,
    SeekTo,
    SelectTrack,
    Settled,
    Started,
    TracksChanged,
    Unload,
)
from hangd.player import files
from hangd.player.vlc import backend
from hangd.player.vlc.player import VlcPlayer
from hangd.player.vlc.tracks import added
from tests.support.daemons.party import CLIP
from tests.support.daemons.playing import Stagehand

pytestmark = pytest.mark.real

DEADLINE = 3.0
CALL_SECONDS = 1.5
"""Less than the deadline: a call that waited for the share would be taken for a hung libVLC."""


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(CLIP.read_bytes())
    monkeypatch.setattr(backend, "_OPEN_SECONDS", DEADLINE)
    monkeypatch.setattr(added, "_CHECK_SECONDS", DEADLINE)
    return folder


@pytest.fixture
def answers(share: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Set it, and the share answers."""
    event, examine = threading.Event(), files.examine

    def blocks(path: str) -> object:
        if path.startswith(str(share)):
            event.wait(60)
        return examine(path)

    monkeypatch.setattr(files, "examine", blocks)
    yield event
    event.set()


@pytest.fixture
async def hand() -> AsyncIterator[Stagehand]:
    options = ("--vout=dummy", "--aout=dummy")
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=options, call_seconds=CALL_SECONDS))
    yield hand
    await hand.player.close()


@pytest.mark.usefixtures("answers")
async def test_a_film_on_it_is_unreadable_and_the_player_goes_on(hand: Stagehand, share: Path) -> None:
    hand.do(Load(str(share / "film.mp4"), 1), SeekTo(5.0))
    failed = await hand.next(LoadFailed)
    assert (failed.code, failed.message) == ("unreadable", "reading 'film.mp4' took longer than 3 seconds")
    assert (await hand.next(CommandFailed)).command == "SeekTo", "what waited for the film is answered"
    await hand.load(str(CLIP), generation=2)


async def test_commands_wait_until_it_answers_and_keep_their_order(
    hand: Stagehand, share: Path, answers: threading.Event
) -> None:
    hand.do(Load(str(share / "film.mp4"), 1), SeekTo(20.0), SelectTrack("subtitle", None), Resume())
    threading.Timer(CALL_SECONDS / 2, answers.set).start()
    await hand.next(Loaded)
    assert (await hand.next(Settled)).position == pytest.approx(20, abs=0.002)
    assert (await hand.next(Started, unless=(Settled,))).position == pytest.approx(20, abs=0.002)


async def test_another_film_does_not_wait_for_it(hand: Stagehand, share: Path, answers: threading.Event) -> None:
    hand.do(Load(str(share / "film.mp4"), 1), SeekTo(20.0), Load(str(CLIP), 2))
    assert (await hand.next(Settled)).position == 0.0
    answers.set()
    await asyncio.sleep(0.3)
    hand.do(Resume())
    await hand.next(Sampled, unless=(Settled, LoadFailed))


async def test_unload_ends_the_waiting(hand: Stagehand, share: Path, answers: threading.Event) -> None:
    await hand.load(str(CLIP))
    hand.do(Resume())
    await hand.next(Sampled)
    hand.do(Load(str(share / "film.mp4"), 2), Unload(), PauseNow())
    assert (await hand.next(CommandFailed, unless=(Settled,))).command == "PauseNow"
    answers.set()
    await asyncio.sleep(0.3)
    hand.do(PauseNow())
    await hand.next(CommandFailed, unless=(Settled, Loaded))


@pytest.mark.usefixtures("answers")
async def test_subtitles_on_it_are_refused_while_the_film_plays(hand: Stagehand, share: Path, tmp_path: Path) -> None:
    good = tmp_path / "good.srt"
    good.write_bytes(b"1\n00:00:00,000 --> 00:00:50,000\nhello\n")
    await hand.load(str(CLIP))
    hand.do(Resume())
    await hand.next(Sampled)
    hand.do(AddSubtitleFile(str(share / "slow.srt")), AddSubtitleFile(str(good)))
    asked = time.monotonic()
    assert (await hand.next(Sampled)).at < asked + DEADLINE
    failed = await hand.next(CommandFailed, unless=(TracksChanged,))
    assert failed.message == "reading 'slow.srt' took longer than 3 seconds"
    changed = await hand.next(TracksChanged, unless=(CommandFailed,))
    assert [track.file for track in changed.tracks if track.kind == "subtitle"] == [str(good)]


async def test_closing_does_not_wait_for_it(hand: Stagehand, share: Path, answers: threading.Event) -> None:
    await hand.load(str(CLIP))
    hand.do(Load(str(share / "film.mp4"), 2))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await hand.player.close()
    assert time.monotonic() - began < 4
