"""The rig: a server, two viewers with a screen each, a link that can be made bad, and the measurement of both.

::

    with rig(clip) as bench:
        bench.together()
        moment = bench.do(0, "play")
        bench.rest(3)
        bench.apart(moment, moment + 3)
"""

import contextlib
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.skew.clips import Clip
from tests.bench.skew.sound import Heard, Recording, recording
from tests.bench.skew.sound import available as sound_available
from tests.support.daemons.party import Person, Server, person, room_server, wait_for
from tests.support.desktop.framebuffer import FrameBuffer, virtual_screen
from tests.support.desktop.skew import Appearance, Distance, Watch, distances, watching
from tests.support.network.badlink import BadLink

__all__ = ["NAMES", "Judge", "Rig", "rig"]

NAMES: Final = ("ada", "bob")


class _Network(NamedTuple):
    server: Server
    link: BadLink


class Judge:
    """What measures two viewers: their screens, and the recording of their sound if there is one."""

    def __init__(self, clip: Clip, watches: tuple[Watch, Watch]) -> None:
        self.clip = clip
        self.watches = watches
        self.sound: Recording | None = None

    def rest(self, seconds: float) -> None:
        time.sleep(max(seconds, 0.0))

    def apart(self, begin: float, end: float) -> list[Distance]:
        """Return how far apart the pictures were between two times."""
        one, other = self.watches
        return distances(one, other, begin, end)

    def heard(self, begin: float, end: float) -> list[Heard]:
        return [] if self.sound is None else self.sound.apart(begin, end)

    def seen(self, by: int, begin: float, end: float) -> list[Appearance]:
        return self.watches[by].between(begin, end)

    def first_moving(self, since: float) -> float:
        """Return when the first of two consecutive pictures was seen, on either screen."""
        for watch in self.watches:
            shown = watch.between(since, since + 10)
            for before, after in itertools.pairwise(shown):
                if after.number == before.number + 1 and after.at - before.at < 0.1:
                    return before.at
        raise AssertionError("nothing moved")


class Rig(Judge):
    """Two viewers and what measures them. Viewer 0 connects to the server directly, viewer 1 through the link."""

    def __init__(
        self, clip: Clip, people: tuple[Person, Person], watches: tuple[Watch, Watch], network: _Network
    ) -> None:
        super().__init__(clip, watches)
        self.people = people
        self.server, self.link = network
        self._room = ""

    def together(self, position: float = 2.0) -> None:
        """Bring both into one room, paused at ``position``. The link keeps its present settings.

        Both daemons are started anew, so they know nothing of the network.
        """
        for viewer in self.people:
            viewer.close()
        self._room = self.people[0].ctl("create", self.clip.path, "--server", self.server.url)
        self.join()
        time.sleep(1.5)  # the burst of pings on connecting
        self.do(0, "seek", f"{position:g}")
        self.rest(1.0)

    def join(self) -> None:
        self.people[1].ctl("join", self._room, self.clip.path, "--server", self.link.url)
        wait_for(lambda: all(watch.number is not None for watch in self.watches), "a picture on both screens")

    def part(self) -> None:
        """Let both leave the room and end."""
        for viewer in self.people:
            viewer.run("leave")
            viewer.close()

    def do(self, by: int, *command: str) -> float:
        """Run hangctl for a viewer and return the time at which it was started."""
        moment = time.monotonic()
        self.people[by].ctl(*command)
        return moment


@contextlib.contextmanager
def rig(clip: Clip, *, hear: bool = True) -> Iterator[Rig]:
    """Set everything up for a film. ``hear`` also records the sound, if PulseAudio is installed."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-bench-")))
        screens: list[FrameBuffer] = [stack.enter_context(virtual_screen()) for _ in NAMES]
        sound = stack.enter_context(recording()) if hear and sound_available() is None else None
        server = stack.enter_context(room_server("--data-dir", str(folder / "server")))
        link = stack.enter_context(BadLink(server.port))
        ada, bob = (
            stack.enter_context(person(name, folder, display=screen.display))
            for name, screen in zip(NAMES, screens, strict=True)
        )
        for index, viewer in enumerate((ada, bob)):
            if sound is not None:
                viewer.environment.update(sound.environment(index))
        one, other = stack.enter_context(watching(*screens))
        bench = Rig(clip, (ada, bob), (one, other), _Network(server, link))
        bench.sound = sound
        yield bench
