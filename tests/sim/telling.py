"""Simulates stories before a witness: one story, or as many as a number of viewer-hours needs, on all cores."""

import gc
import itertools
import os
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hangd.engine.follower.effects import FollowerEffect
from tests.sim.story import Deed, Person, Story, made_up
from tests.sim.witness import Witness
from tests.sim.world import Viewer, World

__all__ = ["Hours", "Told", "tell", "tell_hours"]

_LOOK: Final = 3.0
"""Seconds between two looks of the witness. Faults last longer than this, or are visible in the log afterwards."""
_CLOSE_LOOK: Final = 0.2
_CLOSELY: Final = 2.0
"""After a deed the witness looks every ``_CLOSE_LOOK`` seconds, for ``_CLOSELY`` seconds."""
_REDIALED: Final = 1.0


class Told(Struct, frozen=True):
    """The result of a story."""

    viewer_seconds: float
    broken: tuple[str, ...]
    """The promises that were broken (see `Witness`)."""
    logs: tuple[tuple[tuple[float, FollowerEffect], ...], ...]
    """The effects of each follower, with their times."""


def tell(story: Story) -> Told:
    """Simulate a story and return what the witness found."""
    return _Telling(story).told()


class Hours(Struct, frozen=True):
    """The result of many stories."""

    viewer_hours: float
    seconds: float
    """Wall clock time that the simulation took."""
    broken: dict[int, tuple[str, ...]]
    """The broken promises by the seed of the story."""

    @property
    def pace(self) -> float:
        """Viewer-hours a minute of wall clock time."""
        return self.viewer_hours / self.seconds * 60


def tell_hours(viewer_hours: float, *, sample_period: float = 0.41, workers: int | None = None) -> Hours:
    """Simulate random stories of an hour each, on all cores, until ``viewer_hours`` are reached.

    The seeds count up from 0, so the stories are the same each time (with a few more on a machine with many cores).
    """
    workers = workers or os.cpu_count() or 1
    began, seconds, broken, seeds = time.monotonic(), 0.0, dict[int, tuple[str, ...]](), itertools.count()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = set[Future[tuple[int, Told]]]()
        while seconds < viewer_hours * 3600 or running:
            if seconds < viewer_hours * 3600:
                missing = 2 * workers - len(running)
                running |= {pool.submit(_tell_seed, next(seeds), sample_period) for _ in range(missing)}
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                seed, told = future.result()
                seconds += told.viewer_seconds
                if told.broken:
                    broken[seed] = told.broken
    return Hours(seconds / 3600, time.monotonic() - began, broken)


def _tell_seed(seed: int, sample_period: float) -> tuple[int, Told]:
    # World and viewers refer to each other, so a story is garbage for the collector at its end, but hardly before.
    gc.disable()
    told = tell(made_up(seed, sample_period=sample_period))
    gc.collect()
    return seed, replace(told, logs=())  # the logs are large, and nobody reads them


class _Telling:
    def __init__(self, story: Story) -> None:
        self._story = story
        self._world = World(story.seed)
        self._witness = Witness(self._world)
        self._everybody: list[Viewer] = []
        self._viewer_seconds = 0.0

    def told(self) -> Told:
        for person in self._story.people:
            self._join(person)
            self._pass(1.0)
        self._pass(2.0)
        for deed in self._story.deeds:
            self._pass(deed.wait)
            self._happen(deed)
        self._pass(self._story.peace)
        self._witness.sum_up()
        logs = tuple(tuple(viewer.log) for viewer in self._everybody)
        return Told(self._viewer_seconds, tuple(self._witness.broken), logs)

    def _pass(self, seconds: float) -> None:
        world = self._world
        self._viewer_seconds += seconds * len(world.viewers)
        until = world.now + seconds
        while world.now < until:
            world.run(min(until - world.now, _LOOK))
            self._witness.look()

    def _join(self, person: Person) -> None:
        viewer = self._world.join(
            f"viewer-{len(self._everybody)}",
            person.way,
            offset=person.offset,
            skew=person.skew,
            skew_ppm=person.media_ppm,
            seek_cost=person.seek_cost,
            key_frames=person.key_frames,
            sample_period=person.sample_period,
        )
        self._everybody.append(viewer)
        self._witness.expect(viewer, person)

    def _happen(self, deed: Deed) -> None:
        viewers, witness = list(self._world.viewers.values()), self._witness
        viewer = viewers[deed.who % len(viewers)]
        if deed.what == "join":
            self._join(deed.person or Person())
            return
        if viewer.asleep or not viewer.connected:
            return  # one disturbance at a time
        match deed.what:
            case "leave":
                if len(viewers) > 2:
                    viewer.leave()
            case "cut":
                witness.happens_to(viewer, deed.value)
                viewer.cut(deed.value)
            case "sleep":
                witness.happens_to(viewer, deed.value + _REDIALED)
                viewer.sleep(deed.value)
            case "freeze":
                witness.happens_to(viewer, deed.value)
                viewer.freeze(deed.value)
            case _:
                witness.asked_for()
                self._ask(viewer, deed)
                for count in range(1, round(_CLOSELY / _CLOSE_LOOK)):
                    self._world.at(self._world.now + count * _CLOSE_LOOK, witness.look)

    @staticmethod
    def _ask(viewer: Viewer, deed: Deed) -> None:
        match deed.what:
            case "play":
                viewer.play()
            case "pause":
                viewer.pause()
            case "seek":
                viewer.seek(deed.value)
            case "speed":
                viewer.speed(deed.value)
