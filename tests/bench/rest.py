"""`make bench-rest`: do two viewers in a room show the same picture while they are paused, and the one that they claim?

They watch a heavy film, while other processes keep all cores busy. Time after time one of them pauses, or seeks while
both are paused. The picture at rest is read from both screens, and compared with the other's and with what each daemon
says that it shows: ``time-pos`` and ``sync/error``. That claim has to be there on both sides, and to stay the same for
a second.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.bench.skew import clips
from tests.bench.skew.clips import Clip
from tests.support.daemons.mpv import Talk
from tests.support.daemons.party import Person, person, room_server, wait_for
from tests.support.desktop.framebuffer import FrameBuffer, virtual_screen
from tests.support.figures import percentile

__all__ = ["main"]

_SIZES: Final = {"heavy": (1920, 1080), "heavy720": (1280, 720)}
_CLAIM_SECONDS: Final = 60.0
_STAYS_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.02


class _Viewer:
    """A viewer, its control socket and its screen."""

    def __init__(self, who: Person, screen: FrameBuffer, rate: float) -> None:
        self.who = who
        self.screen = screen
        self._rate = rate
        self._talk: Talk | None = None

    def ask(self, *words: Any) -> Any:
        """Send a command, and return its data; None if it failed."""
        if self._talk is None:
            self._talk = Talk(self.who.socket)
        self._talk.send(json.dumps({"command": words, "request_id": 1}).encode() + b"\n")
        while "event" in (answer := json.loads(self._talk.line())):
            pass
        return answer.get("data")

    @property
    def claim(self) -> int | None:
        """The picture that the daemon says that it shows at rest; None: it does not stand, or does not know."""
        if self.ask("get_property", "player/state") != "standing":
            return None
        position, error = self.ask("get_property", "time-pos"), self.ask("get_property", "sync/error")
        return None if position is None or error is None else round((position + error) * self._rate)


class _Rest(NamedTuple):
    """One time that both were at rest. ``at`` is how long after the command the claim was there."""

    what: str
    claims: tuple[int | None, ...]
    shown: tuple[int | None, ...]
    errors: tuple[float | None, ...]
    at: float

    @property
    def is_same(self) -> bool:
        return self.shown[0] is not None and self.shown[0] == self.shown[1]

    @property
    def is_as_claimed(self) -> bool:
        return None not in self.claims and self.claims == self.shown

    def __str__(self) -> str:
        verdict = "" if self.is_same and self.is_as_claimed else "  <-- " + ("other" if self.is_same else "APART")
        errors = "/".join("?" if error is None else f"{error * 1000:+.0f}" for error in self.errors)
        return f"{self.what:14} claimed {self.claims}, shown {self.shown}, errors {errors} ms, {self.at:.2f} s{verdict}"


def _rest(viewers: tuple[_Viewer, ...], what: str, began: float) -> _Rest:
    """Wait until both claim a picture and stay with it, and read the screens."""
    claims: tuple[int | None, ...] = ()
    until, since = began + _CLAIM_SECONDS, began
    while (now := time.monotonic()) < until:
        new = tuple(viewer.claim for viewer in viewers)
        shown = tuple(viewer.screen.read().number for viewer in viewers)
        if new != claims or None in new:
            claims, since = new, now
        elif now > since + _STAYS_SECONDS:
            break
        time.sleep(_LOOK_SECONDS)
    errors = tuple(viewer.ask("get_property", "sync/error") for viewer in viewers)
    return _Rest(what, claims, shown, errors, since - began)


def _rests(clip: Clip, viewers: tuple[_Viewer, ...], count: int, chance: random.Random) -> Iterator[_Rest]:
    rate = float(clip.rate)
    for number in range(count):
        by = chance.randrange(len(viewers))
        if number % 2 == 0:
            viewers[by].ask("set_property", "pause", False)
            wait_for(
                lambda: all(viewer.ask("get_property", "player/state") == "running" for viewer in viewers), "both play"
            )
            time.sleep(chance.uniform(0.2, 2.5))
            began = time.monotonic()
            viewers[by].ask("set_property", "pause", True)
            yield _rest(viewers, f"pause by {viewers[by].who.name}", began)
        else:
            target = chance.randrange(round(rate), clip.pictures - round(10 * rate))
            began = time.monotonic()
            viewers[by].ask("seek", target / rate, "absolute")
            yield _rest(viewers, f"seek by {viewers[by].who.name}", began)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-rest ARGS=", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--busy", type=int, default=os.cpu_count(), metavar="N", help="so many busy processes beside them"
    )
    parser.add_argument("--film", choices=list(_SIZES), default="heavy")
    options = parser.parse_args()
    clip = clips.make(options.film)
    found: list[_Rest] = []
    with ExitStack() as stack:
        for _ in range(options.busy):
            stack.callback(subprocess.Popen([sys.executable, "-c", "while True: pass"]).kill)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-rest-")))
        server = stack.enter_context(room_server())
        screens = [stack.enter_context(virtual_screen(*_SIZES[options.film])) for _ in range(2)]
        viewers = tuple(
            _Viewer(stack.enter_context(person(name, folder, display=screen.display)), screen, float(clip.rate))
            for name, screen in zip(("ada", "bob"), screens, strict=True)
        )
        room = viewers[0].who.ctl("create", clip.path, "--server", server.url)
        viewers[1].who.ctl("join", room, clip.path, "--server", server.url)
        wait_for(lambda: all(viewer.claim is not None for viewer in viewers), "both stand")
        for number, rest in enumerate(_rests(clip, viewers, options.count, random.Random(options.seed))):
            found.append(rest)
            print(f"{number:3} {rest}", flush=True)
    same = sum(rest.is_same for rest in found)
    claimed = sum(rest.is_as_claimed for rest in found)
    print(f"{len(found)} times at rest: {same} at the same picture, {claimed} at the picture that both claimed")
    times = [rest.at for rest in found]
    print(
        f"the claim was there after {percentile(times, 0.5):.1f} s in half of them, {percentile(times):.1f} s (p95), "
        f"{max(times):.1f} s at worst"
    )
    return 0 if same == claimed == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
