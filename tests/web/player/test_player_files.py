"""What the page's player says of films that Chromium plays in part only, and of a browser that wants a tap first."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, CDPSession, Page

from tests.support.clips.odd_films import ffmpeg, piped_mkv
from tests.web.measure.film import PAUSE, UNLOAD, Event, Film, load, resume, seek
from tests.web.measure.film_page import MEDIA, film_page

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

CLIP = MEDIA / "clip.mp4"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    made = {name: folder / name for name in ("ac3.mp4", "mute.mp4", "sound.m4a", "piped.mkv")}
    ffmpeg("-i", CLIP, "-t", "12", "-c:v", "copy", "-c:a", "ac3", made["ac3.mp4"])
    ffmpeg("-i", CLIP, "-t", "12", "-c:v", "copy", "-an", made["mute.mp4"])
    ffmpeg("-i", CLIP, "-t", "12", "-c:a", "copy", "-vn", made["sound.m4a"])
    piped_mkv(made["piped.mkv"])
    return made


@pytest_asyncio.fixture(loop_scope="module")
async def film(browser: Browser, films: dict[str, Path]) -> AsyncIterator[Film]:
    context = await browser.new_context(no_viewport=True)
    try:
        with film_page(films, isolated=False) as url:
            yield await Film.open(await context.new_page(), url)
    finally:
        await context.close()


class Untouched(Film):
    """A page that nobody has clicked in. What Playwright evaluates counts as a click; this does not."""

    _devtools: CDPSession

    @classmethod
    async def open(cls, page: Page, url: str) -> "Untouched":
        await page.goto(url)
        film = cls(page)
        film._devtools = await page.context.new_cdp_session(page)
        return film

    async def call(self, function: str, argument: Any = None) -> Any:
        words = {"expression": f"({function})({json.dumps(argument)})", "awaitPromise": True, "returnByValue": True}
        answer = await self._devtools.send("Runtime.evaluate", {**words, "userGesture": False})
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")


@pytest_asyncio.fixture(loop_scope="module")
async def untouched(browser: Browser, films: dict[str, Path]) -> AsyncIterator[Film]:
    context = await browser.new_context(no_viewport=True)
    try:
        with film_page(films) as url:
            yield await Untouched.open(await context.new_page(), url)
    finally:
        await context.close()


async def _tapped(film: Film) -> None:
    """Click, so that the browser lets the page play."""
    await film.page.mouse.click(100, 100)


async def _contains(film: Film, name: str, video: str | None, audio: str | None) -> None:
    await film.page.evaluate("([name, video, audio]) => film.contents.set(name, {video, audio})", [name, video, audio])


async def test_a_browser_that_wants_a_tap_says_so_and_plays_after_it(untouched: Film) -> None:
    film = untouched
    await film.load(await film.media("clip.mp4"), 5.0)
    await film.do(resume())
    await film.notice("needs-tap")
    assert [event["type"] for event in await film.events()] == ["Loaded", "Settled", "Shown"]
    await film.call("() => document.addEventListener('click', () => film.player.tapped(), {once: true})")
    await _tapped(film)
    started = await film.next("Started")
    assert started["position"] == 5.0
    assert (await film.next("Sampled"))["position"] > 5.0
    assert await film.notices() == ["needs-tap", "tapped"]


@pytest.mark.parametrize(("command", "position"), [(PAUSE, 5.0), (seek(8.0), 8.0)], ids=["pause", "seek"])
async def test_what_the_room_does_while_a_tap_is_wanted_ends_the_wish(
    untouched: Film, command: Event, position: float
) -> None:
    film = untouched
    await film.load(await film.media("clip.mp4"), 5.0)
    await film.do(resume())
    await film.notice("needs-tap")
    await film.do(command)
    assert (await film.next("Settled"))["position"] == position
    assert await film.notices() == ["needs-tap", "tapped"]
    await film.call("() => film.player.tapped()")
    await asyncio.sleep(0.3)
    assert (await film.events())[-1]["type"] == "Shown"  # a tap that comes too late starts nothing
    await _tapped(film)
    await film.do(resume())
    assert (await film.next("Started"))["position"] == position
    assert await film.notices() == ["needs-tap", "tapped"]


async def test_without_a_film_no_tap_is_wanted(untouched: Film) -> None:
    film = untouched
    await film.load(await film.media("clip.mp4"), 5.0)
    await film.do(resume())
    await film.notice("needs-tap")
    await film.do(UNLOAD)
    assert await film.notices() == ["needs-tap", "tapped"]


async def test_sound_that_is_not_decoded_is_told(film: Film) -> None:
    await _tapped(film)
    await film.load(await film.extra("ac3.mp4"))
    await _contains(film, "ac3.mp4", "H.264", "AC-3")
    await film.do(resume())
    await film.notice("silent")


@pytest.mark.parametrize("name", ["mute.mp4", "clip.mp4", "sound.m4a", "piped.mkv"])
async def test_films_without_a_fault_are_played_without_a_notice(film: Film, name: str) -> None:
    await _tapped(film)
    await (film.media(name) if name == "clip.mp4" else film.extra(name))
    await _contains(film, name, None if name == "sound.m4a" else "H.264", None if name == "mute.mp4" else "AAC")
    assert (await film.load(name, 1.5))["position"] == 1.5
    await film.do(resume())
    started = await film.next("Started")
    for _ in range(7):
        sample = await film.next("Sampled", unless=("Settled", "Ended"))
    passed = sample["at"] - started["at"]
    assert sample["position"] - 1.5 == pytest.approx(passed, abs=0.25)
    assert await film.notices() == []


async def test_a_film_of_unknown_length_is_loaded_without_a_duration(film: Film) -> None:
    await film.do(load(await film.extra("piped.mkv"), 1))
    assert (await film.next("Loaded"))["duration"] is None


async def test_a_missing_picture_is_told(film: Film) -> None:
    await film.do(load(await film.extra("sound.m4a"), 1))  # as far as its name says, there is a picture
    await film.notice("no-picture")
    await film.next("Settled")
