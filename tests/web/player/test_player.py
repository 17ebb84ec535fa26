"""The page's player in real Chromium, by the rules of `hangd.player.base`: the steps of tests/contract."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.web.measure.film import PAUSE, UNLOAD, Event, Film, load, pause_for, rate, resume, seek, step
from tests.web.measure.film_page import film_page

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

CLIP = "clip.mp4"
FRAME = 1 / 30
LATE = 0.5
"""Seconds by which a busy machine may be late with something that is otherwise exact to some milliseconds."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    folder = tmp_path_factory.mktemp("films")
    files = {
        "empty.mp4": b"",
        "noise.mp4": bytes(range(256)) * 400,
        "text.mkv": b"this is no film\n" * 100,
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with film_page({name: folder / name for name in files}) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def warm(kiosk: Browser, url: str) -> Browser:
    """The browser after its first picture, which on a busy machine comes later than a player waits for it."""
    context = await kiosk.new_context(no_viewport=True)
    film = await Film.open(await context.new_page(), url)
    await film.media(CLIP)
    await film.do(load(CLIP, 1, 0.0))
    await film.next("Shown")
    await context.close()
    return kiosk


@pytest_asyncio.fixture(loop_scope="module")
async def film(warm: Browser, url: str) -> AsyncIterator[Film]:
    context = await warm.new_context(no_viewport=True)
    try:
        film = await Film.open(await context.new_page(), url)
        await film.media("clip.mp4")
        yield film
        assert not any(event["insideDo"] for event in await film.events())
    finally:
        await context.close()


# ---- loading --------------------------------------------------------------------------------------------------------


async def test_load_is_answered_by_loaded_and_then_settled(film: Film) -> None:
    await film.do(load(CLIP, 7, 12.3))
    loaded = await film.next("Loaded", unless=("Settled",))
    settled = await film.next("Settled")
    assert loaded["duration"] == pytest.approx(60, abs=0.1)
    assert settled["position"] == pytest.approx(12.3, abs=0.002)
    shown = await film.next("Shown")
    assert shown["position"] == pytest.approx(12.3, abs=0.002)  # a picture begins there
    assert {event["generation"] for event in await film.events()} == {7}


async def test_no_event_of_an_older_load_follows_a_newer_load(film: Film) -> None:
    await film.do(load(CLIP, 1), load(CLIP, 2, 5.0))
    assert (await film.next("Settled"))["position"] == pytest.approx(5, abs=0.002)
    assert {event["generation"] for event in await film.events()} == {2}


async def test_a_load_replaces_a_film_that_plays(film: Film) -> None:
    await film.load(CLIP)
    await film.do(resume())
    await film.next("Sampled")
    heard = await film.do_from(load(CLIP, 2, 30.0))
    assert (await film.next("Settled"))["position"] == pytest.approx(30, abs=0.002)
    assert {event["generation"] for event in (await film.events())[heard:]} == {2}
    await film.do(resume())
    assert (await film.next("Sampled"))["position"] > 29.9


async def test_commands_given_during_a_load_take_effect_in_their_order(film: Film) -> None:
    await film.do(load(CLIP, 1), seek(20.0), resume())
    assert (await film.next("Settled"))["position"] == pytest.approx(20, abs=0.002)
    started = await film.next("Started", unless=("Settled",))
    assert started["position"] == pytest.approx(20, abs=0.002)
    assert (await film.next("Sampled"))["position"] > 20


@pytest.mark.parametrize(
    ("name", "code"), [("empty.mp4", "empty"), ("noise.mp4", "unrecognized"), ("text.mkv", "unrecognized")]
)
async def test_a_file_without_a_film_fails_to_load(film: Film, name: str, code: str) -> None:
    await film.extra(name)
    await film.do(load(name, 1))
    failed = await film.next("LoadFailed", unless=("Loaded", "Settled"))
    assert failed["code"] == code
    assert name in failed["message"]
    await film.do(load(CLIP, 2))
    assert (await film.next("Settled"))["generation"] == 2


async def test_a_file_that_is_not_in_the_table_is_not_found(film: Film) -> None:
    await film.do(load("nowhere", 1))
    assert (await film.next("LoadFailed"))["code"] == "not-found"


async def test_without_a_film_no_command_does_anything(film: Film) -> None:
    await film.do(resume(), PAUSE, seek(3), rate(1.5), step(), pause_for(1), UNLOAD)
    await film.load(CLIP)
    assert [event["type"] for event in await film.events()] == ["Loaded", "Settled", "Shown"]


async def test_after_unload_no_event_comes(film: Film) -> None:
    await film.load(CLIP)
    await film.do(resume())
    await film.next("Sampled")
    heard = await film.do_from(UNLOAD, PAUSE, resume())
    await asyncio.sleep(0.6)  # longer than from one sample to the next
    assert len(await film.events()) == heard


# ---- starting and pausing -------------------------------------------------------------------------------------------


async def test_resume_starts_at_its_time(film: Film) -> None:
    await film.load(CLIP, 10.0)
    at = await film.now() + 0.5
    await film.do(resume(at))
    started = await film.next("Started", unless=("Sampled", "Settled"))
    assert at - 0.15 <= started["at"] <= at + LATE  # nothing has been learned yet
    assert started["position"] == pytest.approx(10, abs=0.002)
    for _ in range(3):
        sample = await film.next("Sampled", unless=("Settled", "Started"))
        assert sample["rate"] == 1.0
        assert _moved(started, sample) == pytest.approx(_passed(started, sample), abs=LATE)


@pytest.mark.parametrize("ago", [None, 10.0])
async def test_resume_without_a_time_or_with_a_past_one_starts_at_once(film: Film, ago: float | None) -> None:
    await film.load(CLIP)
    asked = await film.now()
    await film.do(resume(None if ago is None else asked - ago))
    assert asked <= (await film.next("Started"))["at"] <= asked + LATE


@pytest.mark.parametrize("command", [PAUSE, seek(30.0), load(CLIP, 1), UNLOAD], ids=lambda command: command["type"])
async def test_a_newer_command_cancels_a_resume(film: Film, command: Event) -> None:
    await film.load(CLIP)
    await film.do(resume(await film.now() + 0.3), command)
    await asyncio.sleep(0.8)  # more than twice the time after which it would have started
    assert not {"Started", "Sampled"} & {event["type"] for event in await film.events()}


async def test_a_newer_resume_replaces_an_older(film: Film) -> None:
    await film.load(CLIP)
    later = await film.now() + 0.6
    await film.do(resume(later + 30), resume(later))
    assert later - 0.15 <= (await film.next("Started"))["at"] <= later + LATE


async def test_a_pause_settles_at_the_position_of_the_samples_and_a_resume_goes_on_from_there(film: Film) -> None:
    await film.load(CLIP)
    await film.do(resume())
    await film.next("Sampled")
    sample = await film.next("Sampled")
    await film.do(PAUSE)
    settled = await film.next("Settled")
    there = sample["position"] + _passed(sample, settled)
    assert there - 0.2 - LATE < settled["position"] < there + 2 * FRAME
    assert (await film.next("Shown"))["position"] == settled["position"]
    await film.do(resume())
    started = await film.next("Started", unless=("Sampled",))
    assert started["position"] == settled["position"]
    sample = await film.next("Sampled")
    assert _moved(started, sample) == pytest.approx(_passed(started, sample), abs=0.03)


async def test_a_pause_while_paused_is_answered_by_settled(film: Film) -> None:
    first = await film.load(CLIP, 3.0)
    await film.do(PAUSE)
    assert (await film.next("Settled"))["position"] == first["position"]


async def test_pause_for_delays_without_an_event(film: Film) -> None:
    await film.load(CLIP)
    await film.do(resume())
    await film.next("Sampled")
    before = await film.next("Sampled")
    await film.do(pause_for(0.5))
    await film.next("Sampled", unless=("Settled", "Started", "Ended"))
    after = await film.next("Sampled", unless=("Settled", "Started", "Ended"))
    assert 0.4 < _passed(before, after) - _moved(before, after) < 0.6 + LATE


async def test_a_pause_during_pause_for_lasts(film: Film) -> None:
    await film.load(CLIP)
    await film.do(resume())
    await film.next("Sampled")
    await film.do(pause_for(0.3), PAUSE)
    await film.next("Settled")
    shown = await film.next("Shown")
    await asyncio.sleep(0.8)
    assert len(await film.events()) == shown["index"] + 1


# ---- seeking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [0.0, 0.1, 12.345, 40.0, 58.5])
async def test_a_seek_settles_at_its_target_and_shows_its_picture(film: Film, position: float) -> None:
    await film.load(CLIP, 5.0)
    await film.do(seek(position))
    settled = await film.next("Settled")
    assert settled["position"] == position
    shown = await film.next("Shown")
    assert shown["position"] == pytest.approx(int((position + 0.001) / FRAME) * FRAME, abs=0.001)
    await film.do(resume())
    started = await film.next("Started")
    sample = await film.next("Sampled")
    assert _moved(started, sample) == pytest.approx(_passed(started, sample), abs=0.03)


async def test_a_seek_while_playing_pauses_and_no_sample_comes_before_settled(film: Film) -> None:
    await film.load(CLIP)
    await film.do(resume())
    await film.next("Sampled")
    heard = await film.do_from(seek(40.0))
    await film.next("Settled")
    await asyncio.sleep(0.6)
    told = [event["type"] for event in (await film.events())[heard:]]
    assert [kind for kind in told if kind != "Stalled"] == ["Settled", "Shown"]  # A busy machine may hold the seek up.
    assert told[-1] == "Shown"


async def test_of_many_seeks_the_last_counts(film: Film) -> None:
    await film.load(CLIP)
    await film.do(*(seek(float(position)) for position in range(5, 45, 5)))
    assert (await film.next("Settled"))["position"] == 40
    assert (await film.next("Shown", unless=("Settled",)))["position"] == pytest.approx(40, abs=0.001)
    await film.do(resume())
    assert (await film.next("Sampled", unless=("Settled",)))["position"] > 40


async def test_a_resume_during_a_seek_starts_after_settled(film: Film) -> None:
    await film.load(CLIP)
    await film.do(seek(20.0), resume())
    await film.next("Settled", unless=("Started",))
    assert (await film.next("Started"))["position"] == 20


@pytest.mark.parametrize("back", [False, True])
async def test_a_step_moves_by_one_picture(film: Film, back: bool) -> None:
    position = (await film.load(CLIP, 2.0))["position"]
    for _ in range(3):
        await film.do(step(back=back))
        stepped = (await film.next("Settled", unless=("Started", "Sampled")))["position"]
        assert stepped - position == pytest.approx(-FRAME if back else FRAME, abs=0.002)
        assert (await film.next("Shown"))["position"] == stepped
        position = stepped


# ---- rate -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [0.5, 1.25, 2.0])
async def test_rate_after_a_seek(film: Film, speed: float) -> None:
    await film.load(CLIP, 10.0)
    await film.do(rate(speed), resume())
    # A busy machine holds the film up, so a second counts in which it did not.
    kept_up = False
    while not kept_up:
        first = await film.next("Sampled", unless=("Ended",))
        while _passed(first, later := await film.next("Sampled", unless=("Ended",))) < 1.0:
            pass
        assert later["rate"] == speed
        kept_up = _moved(first, later) / _passed(first, later) == pytest.approx(speed, rel=0.15)


async def test_rate_while_it_plays(film: Film) -> None:
    await film.load(CLIP)
    await film.do(resume())
    await film.next("Sampled")
    await film.do(rate(1000 / 980))
    await film.next("Sampled")
    await film.next("Sampled")
    sample = await film.next("Sampled", unless=("Settled", "Started"))
    assert sample["rate"] == 1000 / 980


# ---- the end --------------------------------------------------------------------------------------------------------


async def test_ended_is_told_and_seeking_back_works(film: Film) -> None:
    await film.load(CLIP, 59.0)
    await film.do(resume())
    ended = await film.next("Ended", unless=("Settled", "LoadFailed"))
    assert ended["position"] == pytest.approx(60, abs=0.2)
    await film.do(resume())
    await film.next("Started")
    await film.next("Ended")
    await film.do(PAUSE)
    await film.next("Settled")
    await film.do(seek(20.0))
    assert (await film.next("Settled", unless=("Loaded",)))["position"] == 20
    await film.do(resume())
    assert 20 < (await film.next("Sampled"))["position"] < 25


@pytest.mark.parametrize("position", [59.99, 60.0, 61.0])
async def test_a_seek_to_the_end_settles_and_a_resume_ends(film: Film, position: float) -> None:
    await film.load(CLIP)
    await film.do(seek(position))
    await film.next("Settled")
    await film.do(resume())
    await film.next("Ended")
    await film.do(seek(5.0))
    assert (await film.next("Settled"))["position"] == 5


@pytest.mark.parametrize("position", [20.0, 40.0], ids=["before", "behind"])
async def test_a_film_that_is_cut_off_is_not_complete(film: Film, position: float) -> None:
    size = (Path(__file__).parents[2] / "media" / "tracks.mkv").stat().st_size
    await film.media("tracks.mkv", "cut.mkv", size * 4 // 10)
    await film.load("cut.mkv")
    await film.do(seek(position))
    await film.next("Settled")
    await film.do(resume())
    failed = await film.next("LoadFailed", unless=("Ended",))
    assert failed["code"] == "truncated"


async def test_no_event_comes_after_close(film: Film) -> None:
    await film.load(CLIP)
    await film.do(resume())
    await film.next("Sampled")
    heard = await film.call("() => { film.player.close(); return film.events.length; }")
    await film.do(PAUSE, load(CLIP, 9))
    await asyncio.sleep(0.6)
    assert len(await film.events()) == heard


def _moved(one: Event, other: Event) -> float:
    moved: float = other["position"] - one["position"]
    return moved


def _passed(one: Event, other: Event) -> float:
    passed: float = other["at"] - one["at"]
    return passed
