"""Two viewers in one room, each real and on a screen of its own, and what measures them."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.bench.skew.clips import Clip
from tests.bench.skew.rig import Judge
from tests.bench.skew.sound import Recording, recording
from tests.bench.skew.sound import available as sound_available
from tests.bench.web.viewers import HangdViewer, PageViewer, Viewer
from tests.support.browsers.browser import chromium_tab
from tests.support.browsers.firefox import firefox_tab
from tests.support.daemons.party import Server, person, room_server, wait_for
from tests.support.desktop.framebuffer import virtual_screen
from tests.support.desktop.skew import Watch, watching
from tests.support.network.badlink import BadLink

__all__ = ["KINDS", "WebRig", "web_rig"]

KINDS: Final = ("hangd", "chromium", "firefox")


class WebRig(Judge):
    """Viewer 0 is connected to the server directly, viewer 1 through the link."""

    def __init__(
        self, clip: Clip, viewers: tuple[Viewer, Viewer], watches: tuple[Watch, Watch], server: Server, link: BadLink
    ) -> None:
        super().__init__(clip, watches)
        self.viewers = viewers
        self.server = server
        self.link = link

    def together(self, position: float = 2.0) -> None:
        """Bring both into one new room, paused at ``position``."""
        one, other = self.viewers
        room = one.create(self.clip.path, self.server.port)
        other.join(room, self.clip.path, self.link.port)
        wait_for(lambda: all(watch.number is not None for watch in self.watches), "a picture on both screens")
        self.rest(1.5)  # the burst of pings on connecting
        one.seek(position)
        self.rest(1.0)

    def do(self, step: Callable[[], None]) -> float:
        """Carry out a step of a viewer, and return the time at which it began."""
        began = time.monotonic()
        step()
        return began

    def first_moving(self, since: float) -> float:
        """As a `Judge`'s, and wait for it: a browser on a busy computer needs seconds for a seek."""

        def found() -> float | None:
            try:
                return super(WebRig, self).first_moving(since)
            except AssertionError:
                return None

        moment: float = wait_for(found, "a picture that moves")
        return moment

    def numbers(self) -> tuple[int | None, int | None]:
        """Return the numbers of the pictures that are on the screens."""
        one, other = self.watches
        return one.number, other.number

    def part(self) -> None:
        for viewer in self.viewers:
            viewer.leave()


@contextlib.contextmanager
def web_rig(clip: Clip, kinds: tuple[str, str], *, hear: bool = True) -> Iterator[WebRig]:
    """Set up two viewers of these kinds. ``hear`` also records the sound, if PulseAudio is installed.

    Without an output Chromium makes a clock of its own, on which starts are up to 10 ms off: a film begins with one of
    the buffers that would be played every 21.3 ms. With PulseAudio it begins 41 ms after ``play()``, to a millisecond.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-bench-")))
        screens = [stack.enter_context(virtual_screen()) for _ in kinds]
        sound = stack.enter_context(recording()) if hear and sound_available() is None else None
        server = stack.enter_context(room_server("--data-dir", str(folder / "server")))
        link = stack.enter_context(BadLink(server.port))
        one, other = (
            _viewer(stack, kind, screen.display, folder / f"{kind}-{number}", sound, number)
            for number, (kind, screen) in enumerate(zip(kinds, screens, strict=True))
        )
        watches = stack.enter_context(watching(*screens))
        rig = WebRig(clip, (one, other), (watches[0], watches[1]), server, link)
        rig.sound = sound
        yield rig


def _viewer(
    stack: contextlib.ExitStack, kind: str, display: str, folder: Path, sound: Recording | None, number: int
) -> Viewer:
    outputs = {} if sound is None else dict(sound.environment(number))
    if kind == "hangd":
        watcher = stack.enter_context(person("ada" if number == 0 else "bob", folder, display=display))
        watcher.environment.update(outputs)
        return HangdViewer(watcher)
    if kind == "firefox":
        return PageViewer(stack.enter_context(firefox_tab(display, environment=outputs)), kind)
    return PageViewer(stack.enter_context(chromium_tab(display, environment=outputs)), kind)
