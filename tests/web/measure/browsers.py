"""Measure how exactly a browser plays: the table behind the numbers of hangd/web/player/browsers.

    python -m tests.web.measure.browsers [--browser firefox] [line starts ...]

Everything is measured with the page's own player on the sample clip, on an X display of its own; pictures are read from
the display's memory. A busy machine measures itself: run it alone.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Final

from tests.support.browsers.browser import chromium
from tests.support.desktop.framebuffer import FrameBuffer, virtual_screen
from tests.web.measure.film import PAUSE, Event, Film, pause_for, rate, resume, seek
from tests.web.measure.film_page import film_page
from tests.web.measure.firefox import firefox

_FRAME: Final = 1 / 30
_ARGUMENTS: Final = ("--kiosk", "--autoplay-policy=no-user-gesture-required")


class Table:
    """Prints one row for each thing that was measured."""

    def row(self, what: str, values: Sequence[float], unit: str = "ms") -> None:
        scale = 1000 if unit == "ms" else 1
        ranked = sorted(value * scale for value in values)
        if not ranked:
            print(f"{what:58} nothing was measured", flush=True)
            return
        p5, p95 = ranked[len(ranked) // 20], ranked[-1 - len(ranked) // 20]
        mean = statistics.fmean(ranked)
        digits = 1 if unit == "ms" else 5
        print(
            f"{what:58} n={len(ranked):<4} mean {mean:8.{digits}f}  p5 {p5:8.{digits}f}  p95 {p95:8.{digits}f} {unit}",
            flush=True,
        )


class Bench:
    """A film in a browser, and the screen that it is on."""

    def __init__(self, film: Film, screen: FrameBuffer, table: Table) -> None:
        self.film = film
        self._screen = screen
        self.table = table
        self._offset = 0.0

    async def set_clocks(self) -> None:
        """Find out what to add to the page's time to get this process's."""
        trips: list[tuple[float, float]] = []
        for _ in range(20):
            before = time.monotonic()
            page = await self.film.now()
            after = time.monotonic()
            trips.append((after - before, (before + after) / 2 - page))
        self._offset = min(trips)[1]

    async def plays(self, position: float, wait: float = 0.4) -> tuple[float, Event]:
        """Let the film play from here on. Return the time at which it was to start, and Started."""
        await self.film.do(seek(position))
        await self.film.next("Settled")
        at = await self.film.now() + wait
        await self.film.do(resume(at))
        return at, await self.film.next("Started")

    async def samples(self, seconds: float) -> list[Event]:
        """Return the samples of so much time."""
        first = await self.film.next("Sampled", unless=("Ended",))
        samples = [first]
        while samples[-1]["at"] - first["at"] < seconds:
            samples.append(await self.film.next("Sampled", unless=("Ended",)))
        return samples

    async def pause(self) -> Event:
        await self.film.do(PAUSE)
        while (event := await self.film.next("Settled"))["type"] != "Settled":
            pass
        return event

    async def pictures(self, seconds: float) -> list[tuple[float, float]]:
        """Watch the screen. Return the time (of the page) and the position of each new picture."""
        return await asyncio.to_thread(self._watch, seconds)

    def _watch(self, seconds: float) -> list[tuple[float, float]]:
        pictures: list[tuple[float, float]] = []
        end, last = time.monotonic() + seconds, None
        while time.monotonic() < end:
            reading = self._screen.read()
            if reading.number is not None and reading.number != last:
                if last is not None:
                    pictures.append((reading.at - self._offset, reading.number * _FRAME))
                last = reading.number
            time.sleep(0.0004)
        return pictures

    async def shown(self) -> int | None:
        await asyncio.sleep(0.3)
        return self._screen.read().number


def _intercept(sample: Event) -> float:
    intercept: float = sample["position"] - sample["at"] * sample["rate"]
    return intercept


async def the_line(bench: Bench) -> None:
    residuals: list[float] = []
    late: list[float] = []
    for start in range(4):
        await bench.plays(5.0 + start)
        await bench.set_clocks()
        pictures, samples = await asyncio.gather(bench.pictures(4.0), bench.samples(4.0))
        line = statistics.median(_intercept(sample) for sample in samples)
        residuals += [_intercept(sample) - line for sample in samples]
        late += [at + line - position for at, position in pictures]
        await bench.pause()
    bench.table.row("samples beside the line of their start", residuals)
    bench.table.row("pictures on the screen later than the samples say", late)


async def starts(bench: Bench, warm: int, cold: int) -> None:
    for kind, count, stand in (("warm", warm, 0.5), ("cold", cold, 12.0)):
        late: list[float] = []
        for index in range(count):
            await bench.pause() if index else None
            await asyncio.sleep(stand)
            at, started = await bench.plays(10.0 + index)
            late.append(started["at"] - at)
            await bench.samples(0.5)
        bench.table.row(f"starts, {kind}: later than asked for", late[1:])
        await bench.pause()
    kept: list[tuple[str, list[float]]] = await bench.film.call("() => [...film.kept]")
    for key, values in kept:
        bench.table.row(f"  learned: {key}", values)


async def rates(bench: Bench, speeds: Sequence[float]) -> None:
    for speed in speeds:
        for keeps in (False, True):
            await bench.plays(2.0)
            await bench.film.call(
                "([speed, keeps]) => { film.video.preservesPitch = keeps; film.video.playbackRate = speed; }",
                [speed, keeps],
            )
            await asyncio.sleep(1.0)
            points: list[list[float]] = await bench.film.call(_CURRENT_TIMES, 4.0)
            await bench.pause()
            await bench.film.call("() => { film.video.playbackRate = 1; film.video.preservesPitch = false; }")
            bench.table.row(f"rate {speed:.5f}, {'keeps' if keeps else 'changes'} the pitch", [_slope(points)], "")


_CURRENT_TIMES: Final = """async (seconds) => {
  const points = [];
  const end = film.now() + seconds;
  while (film.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    points.push([film.now(), film.video.currentTime]);
  }
  return points;
}"""


def _slope(points: Sequence[Sequence[float]]) -> float:
    """Theil and Sen: the median of the slopes between points far apart."""
    half = len(points) // 2
    return statistics.median(
        (other[1] - one[1]) / (other[0] - one[0]) for one, other in zip(points[:half], points[half:], strict=False)
    )


async def trims(bench: Bench) -> None:
    """How far the film is, after a change of rate, from where it would be if the change had been at once."""
    off: list[float] = []
    for index, speed in enumerate((1000 / 995, 1000 / 1005, 1000 / 980, 1000 / 1020, 1000 / 970, 1000 / 1031)):
        await bench.plays(5.0 + index)
        before = statistics.median(_intercept(sample) for sample in await bench.samples(1.5))
        began = await bench.film.do(rate(speed))
        await asyncio.sleep(1.0)
        ended = await bench.film.do(rate(1))
        await bench.samples(0.8)
        after = statistics.median(_intercept(sample) for sample in await bench.samples(1.5))
        off.append(after - before - (ended - began) * (speed - 1))
        print(f"  {speed:.5f} for {ended - began:.3f} s: moved {1000 * (after - before):.1f} ms,"
              f" for {1000 * (ended - began) * (speed - 1):.1f}")  # fmt: skip
        await bench.pause()
    bench.table.row("trims of a second: further than they should", off)


async def holds(bench: Bench) -> None:
    off: list[float] = []
    for seconds in (0.15, 0.2, 0.3, 0.5, 1.0, 0.15, 0.2, 0.3, 0.5, 1.0):
        await bench.plays(5.0)
        before = statistics.median(_intercept(sample) for sample in await bench.samples(1.0))
        await bench.film.do(pause_for(seconds))
        after = statistics.median(_intercept(sample) for sample in (await bench.samples(1.0))[1:])
        off.append(before - after - seconds)
        await bench.pause()
    bench.table.row("PauseFor: longer than asked for", off)


async def pauses(bench: Bench) -> None:
    frames: list[float] = []
    sought: list[float] = []
    ahead: list[float] = []
    cost: list[float] = []
    for index in range(12):
        await bench.plays(5.0 + index)
        samples = await bench.samples(0.8)
        asked = await bench.film.now()
        line = statistics.median(_intercept(sample) for sample in samples)
        settled = await bench.pause()
        ahead.append(settled["position"] - line - asked)
        cost.append(settled["at"] - asked)
        number = await bench.shown()
        if number is not None:
            frames.append(number - settled["position"] / _FRAME)
        await bench.film.do(seek(settled["position"]))
        await bench.film.next("Settled")
        number = await bench.shown()
        if number is not None:
            sought.append(number - settled["position"] / _FRAME)
    bench.table.row("pause: pictures from the one that Settled names", frames, "pictures")
    bench.table.row("  the same after the seek to it", sought, "pictures")
    bench.table.row("  that picture later than the line when it was asked for", ahead)
    bench.table.row("  until Settled", cost)


async def seeks(bench: Bench) -> None:
    beside: list[float] = []
    cost: list[float] = []
    for index in range(20):
        target = (index * 7.919) % 58
        asked = await bench.film.do(seek(target))
        settled = await bench.film.next("Settled")
        cost.append(settled["at"] - asked)
        number = await bench.shown()
        if number is not None:
            beside.append(number - int(target / _FRAME + 0.001))
    bench.table.row("seeks: pictures from the one of the target", beside, "pictures")
    bench.table.row("  until Settled", cost)


_MEASUREMENTS: Final[dict[str, Callable[[Bench], Coroutine[None, None, None]]]] = {
    "line": the_line,
    "starts": lambda bench: starts(bench, warm=12, cold=5),
    "seeks": seeks,
    "pauses": pauses,
    "holds": holds,
    "trims": trims,
    "rates": lambda bench: rates(bench, (1.001, 1000 / 995, 1.02, 1.25, 1.5, 0.8)),
}


@contextlib.asynccontextmanager
async def _in_chromium(url: str, display: str) -> AsyncIterator[Film]:
    async with chromium(display, *_ARGUMENTS) as browser:
        context = await browser.new_context(no_viewport=True)
        page = await context.new_page()
        # Windows of a new context have a toolbar, in a kiosk too.
        devtools = await context.new_cdp_session(page)
        window = await devtools.send("Browser.getWindowForTarget")
        bounds = {"windowId": window["windowId"], "bounds": {"windowState": "fullscreen"}}
        await devtools.send("Browser.setWindowBounds", bounds)
        print(f"Chromium {browser.version}, load {os.getloadavg()[0]:.1f}")
        yield await Film.open(page, url)


@contextlib.asynccontextmanager
async def _in_firefox(url: str, display: str) -> AsyncIterator[Film]:
    async with firefox(display) as film:
        print(f"{await film.begin(url)}, load {os.getloadavg()[0]:.1f}")
        yield film


_BROWSERS: Final[dict[str, Callable[[str, str], contextlib.AbstractAsyncContextManager[Film]]]] = {
    "chromium": _in_chromium,
    "firefox": _in_firefox,
}


@contextlib.asynccontextmanager
async def _bench(table: Table, browser: str = "chromium") -> AsyncIterator[Bench]:
    with virtual_screen() as screen, film_page() as url:
        async with _BROWSERS[browser](url, screen.display) as film:
            await film.load(await film.media("clip.mp4"))
            yield Bench(film, screen, table)


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("what", nargs="*", choices=[*_MEASUREMENTS, []], help="only these; all of them by default")
    parser.add_argument("--browser", choices=[*_BROWSERS], default="chromium")
    arguments = parser.parse_args()
    for name in arguments.what or _MEASUREMENTS:
        async with _bench(Table(), arguments.browser) as bench:
            await _MEASUREMENTS[name](bench)


if __name__ == "__main__":
    asyncio.run(_main())
