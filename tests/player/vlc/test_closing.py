"""A film is closed at once, whatever its subtitles wait for."""

import asyncio
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hangd.engine.player_messages import Load, LoadFailed, PauseNow, PlayerDied, Resume, Sampled, Settled, Unload
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.playing import Stagehand
from tests.support.desktop.screen import private_display

pytestmark = pytest.mark.real

CLIP = Path(__file__).parents[2] / "media" / "clip.mp4"
DEAD = (PlayerDied, LoadFailed)


@pytest.fixture(scope="module", autouse=True)
def display() -> Iterator[None]:
    with private_display() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", name)
        yield


@pytest.fixture
def films(tmp_path: Path) -> list[str]:
    """Two films with subtitles beside them, which VLC shows by itself, from their first moment on."""
    paths = [tmp_path / f"{name}.mp4" for name in ("one", "two")]
    for path in paths:
        shutil.copy(CLIP, path)
        path.with_suffix(".srt").write_text("1\n00:00:00,000 --> 00:00:50,000\nhello\n")
    return [str(path) for path in paths]


def player() -> Stagehand:
    """Make a player that is taken to be hung after two seconds: closing a film took six."""
    return Stagehand(lambda sink: VlcPlayer(sink, options=("--vout=xcb_x11", "--aout=dummy"), call_seconds=2.0))


@pytest.mark.parametrize("gap", [0.1, 0.2])
async def test_films_can_be_changed_before_their_windows_open(films: list[str], gap: float) -> None:
    hand = player()
    for generation, path in zip(range(1, 6), itertools.cycle(films), strict=False):
        hand.do(Load(path=path, generation=generation), Resume())
        await asyncio.sleep(gap)
    sample = await hand.next(Sampled, unless=DEAD)
    while sample.generation < 5:
        sample = await hand.next(Sampled, unless=DEAD)
    await hand.player.close()


async def test_a_film_can_be_taken_away_before_its_window_opens(films: list[str]) -> None:
    hand = player()
    for generation in range(1, 5):
        hand.do(Load(path=films[0], generation=generation))
        await asyncio.sleep(0.1)
        hand.do(Unload())
        await asyncio.sleep(0.02)
    await hand.load(films[1], generation=5)
    assert not any(isinstance(event, DEAD) for event in hand.events)
    await hand.player.close()


async def test_what_is_asked_of_a_film_while_the_one_before_is_closed_is_done(films: list[str]) -> None:
    hand = player()
    await hand.load(films[0])
    hand.do(Resume())
    await hand.next(Sampled)
    hand.do(Load(path=films[1], generation=2, start=20.0), Resume())
    sample = await hand.next(Sampled, unless=DEAD)
    assert sample.generation == 2
    assert 20.0 <= sample.position < 25.0
    hand.do(PauseNow())
    assert (await hand.next(Settled, unless=DEAD)).generation == 2
    await hand.player.close()
