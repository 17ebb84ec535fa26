"""Steps by one picture, and seeks to one, judged by the pictures themselves: each has its number in a bar code."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.clips.barcode import decode
from tests.support.clips.odd_films import ffmpeg
from tests.web.measure.film import PAUSE, Film, resume, seek, step
from tests.web.measure.film_page import MEDIA, film_page

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

FRAME: Final = 1 / 30
STEPS: Final = 10
FILMS: Final = ("steady.mp4", "uneven.mp4", "uneven.mkv")
SLIDE: Final = 90
"""Each picture of slides.mkv stands for so many thirtieths of a second."""

_LEFT_OUT: Final = {number for number in range(360) if number % 7 in (1, 2, 5) or number % 31 == 30}
"""Of the pictures of the uneven films, so that those that are there last one, two, three or four thirtieths."""


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    made = {name: folder / name for name in FILMS}
    ffmpeg("-i", MEDIA / "clip.mp4", "-t", "12", "-c", "copy", made["steady.mp4"])
    chosen = "*".join(f"not(eq(n,{number}))" for number in sorted(_LEFT_OUT) if number % 7 not in (1, 2, 5))
    uneven = f"select='not(eq(mod(n,7),1)+eq(mod(n,7),2)+eq(mod(n,7),5))*{chosen}'"
    # Chromium cannot seek to each picture of an mp4 that is uneven and has pictures that refer to later ones.
    for name, later in (("uneven.mp4", "0"), ("uneven.mkv", "2")):
        words = ("-t", "12", "-vf", uneven, "-fps_mode", "vfr", "-c:v", "libx264", "-preset", "ultrafast", "-g", "60")
        ffmpeg("-i", MEDIA / "clip.mp4", *words, "-bf", later, "-an", made[name])
    made["slides.mkv"] = folder / "slides.mkv"
    slides = ("-t", "12", "-vf", f"select='not(mod(n,{SLIDE}))'", "-fps_mode", "vfr", "-c:v", "libx264", "-an")
    ffmpeg("-i", MEDIA / "clip.mp4", *slides, "-bf", "0", made["slides.mkv"])
    return made


def _numbers(name: str) -> list[int]:
    """Return the numbers of the pictures in this film, in order."""
    return [number for number in range(360) if name == "steady.mp4" or number not in _LEFT_OUT]


@pytest_asyncio.fixture(loop_scope="module")
async def film(kiosk: Browser, films: dict[str, Path]) -> AsyncIterator[Film]:
    context = await kiosk.new_context(no_viewport=True)
    try:
        with film_page(films) as url:
            yield await Film.open(await context.new_page(), url)
    finally:
        await context.close()


async def _number(film: Film) -> int:
    """Return the number of the picture that is shown."""
    row = await film.call(
        """() => {
            const {video} = film;
            const canvas = Object.assign(document.createElement("canvas"), {width: video.videoWidth, height: 1});
            const context = canvas.getContext("2d");
            context.drawImage(video, 0, video.videoHeight >> 1, video.videoWidth, 1, 0, 0, video.videoWidth, 1);
            return [...context.getImageData(0, 0, video.videoWidth, 1).data];
        }"""
    )
    number = decode(bytes(row), 4)
    assert number is not None, "no picture with a number"
    return number


async def _stepped(film: Film, *, back: bool) -> int:
    """Make one step. Return the number of the picture that is shown then, at which the film says that it stands."""
    await film.do(step(back=back))
    position = (await film.next("Settled", unless=("Started", "Sampled")))["position"]
    number = await _number(film)
    assert (await film.next("Shown"))["position"] == position
    assert position == pytest.approx(number * FRAME, abs=0.0015)  # Matroska has milliseconds
    return number


async def _steps(film: Film, name: str) -> None:
    """Make ten steps forwards, and ten back."""
    numbers = _numbers(name)
    first = numbers.index(await _number(film))
    wanted = numbers[first + 1 : first + 1 + STEPS]
    assert [await _stepped(film, back=False) for _ in range(STEPS)] == wanted
    back = [numbers[first], *wanted[:-1]][::-1]
    assert [await _stepped(film, back=True) for _ in range(STEPS)] == back


async def _pause_in(film: Film, name: str) -> None:
    """Play a little, and pause: at the picture that is shown then."""
    await film.load(await film.extra(name), 2.0)
    await film.do(resume())
    for _ in range(3):
        await film.next("Sampled")
    await film.do(PAUSE)
    settled = await film.next("Settled")
    assert settled["position"] == pytest.approx(await _number(film) * FRAME, abs=0.0015)
    assert (await film.next("Shown"))["position"] == settled["position"]


@pytest.mark.parametrize("name", FILMS)
async def test_steps_after_a_seek_show_each_picture_once(film: Film, name: str) -> None:
    await film.load(await film.extra(name), 4.0)
    await _steps(film, name)


@pytest.mark.parametrize("name", FILMS)
async def test_steps_after_a_pause_show_each_picture_once(film: Film, name: str) -> None:
    await _pause_in(film, name)
    await _steps(film, name)


async def test_a_step_back_from_the_first_picture_stays_there(film: Film) -> None:
    await film.load(await film.extra("steady.mp4"))
    assert await _stepped(film, back=True) == 0


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize(
    "aside", [-0.002, -0.0009, -0.0001, 0.0, 0.0004, 0.02], ids=lambda aside: f"{1000 * aside:g} ms"
)
async def test_a_seek_shows_the_picture_of_its_target(film: Film, name: str, aside: float) -> None:
    if name.endswith(".mkv") and aside == -0.0009:
        pytest.skip("Matroska rounds times to a millisecond, so this may be either")
    await _pause_in(film, name)
    numbers = _numbers(name)
    for index in range(54, 170, 23):
        position = numbers[index] * FRAME + aside
        # A name of a picture may be rounded by half a millisecond: the picture that begins so soon is meant.
        wanted = [number for number in numbers if number * FRAME <= position + 0.0005][-1]
        await film.do(seek(position))
        assert (await film.next("Settled"))["position"] == position
        assert await _number(film) == wanted
        assert (await film.next("Shown"))["position"] == pytest.approx(wanted * FRAME, abs=0.001)


async def test_a_picture_that_stands_for_seconds_is_known_wherever_a_seek_leads_in_it(film: Film) -> None:
    await film.load(await film.extra("slides.mkv"), 1.0)
    # To the picture's beginning, on from there, far on, and to another picture.
    for position, number in ((3.0, 90), (3.1, 90), (5.5, 90), (3.05, 90), (8.9, 180), (2.9, 0)):
        await film.do(seek(position))
        assert (await film.next("Settled"))["position"] == position
        assert await _number(film) == number
        assert (await film.next("Shown"))["position"] == pytest.approx(number * FRAME, abs=0.001)


_TOLD_LATE: Final = """() => {
    const {prototype} = HTMLVideoElement;
    const ask = prototype.requestVideoFrameCallback;
    prototype.requestVideoFrameCallback = function (told) {
        return ask.call(this, (...words) => setTimeout(() => told(...words), 200));
    };
}"""
"""From the next picture on each is told 200 ms late, and until then no other is asked for, as on a busy machine."""

_SEEK_TWICE: Final = """async ([first, second]) => {
    const seeked = new Promise((done) => film.video.addEventListener("seeked", done, {once: true}));
    film.do(first);
    await seeked;
    film.do(second);
}"""


async def test_a_picture_that_was_given_to_the_screen_while_another_was_told_is_known(film: Film) -> None:
    await film.load(await film.extra("steady.mp4"), 4.0)
    await film.call(_TOLD_LATE)
    for position in (2.0, 6.0, 3.0):
        # The picture of the first seek is being told when the second one shows its own.
        await film.call(_SEEK_TWICE, [seek(position + 3), seek(position)])
        assert (await film.next("Settled"))["position"] == position
        assert await _number(film) == round(position / FRAME)
        assert (await film.next("Shown"))["position"] == pytest.approx(position, abs=0.001)
