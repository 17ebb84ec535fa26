"""The golden traces: what one viewer's follower is told and does in a few short stories, see docs/traces.md.

``python -m tests.golden.make_traces`` writes them again to tests/golden/traces, and those that are told by hand to
tests/golden/rare. Do this after an intended change of the
follower's behaviour, and review the difference: it shows what has changed. The docstring of a story is its title in the
trace.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from hangd.client.follower.trace_recorder import Recorder
from hangd.engine.follower.state import Policies
from hangd.engine.trace.trace import FORMAT, Header, encode
from tests.golden.by_hand_player import BY_PLAYER
from tests.golden.by_hand_room import BY_ROOM
from tests.golden.hand import Hand
from tests.sim.world import FILM_SECONDS, Way
from tests.support.rooms.recorded import RecordedViewer, RecordedWorld

__all__ = ["BY_HAND", "NAMES", "RARE", "STORIES", "TRACES", "make", "path", "write"]

TRACES: Final = Path(__file__).parent / "traces"
RARE: Final = Path(__file__).parent / "rare"

_LAN: Final = Way(0.0005, 0.0005, 0.0002)
_HOME: Final = Way(0.010, 0.010, 0.004)


def _couple(world: RecordedWorld, way: Way = _LAN) -> tuple[RecordedViewer, RecordedViewer]:
    """Bring ada, who opens the room, and bob into one room. Their clocks differ."""
    ada = world.join("ada", _LAN, offset=100.5, skew=20e-6)
    world.run(0.5)
    bob = world.join("bob", way, offset=7000.25, skew=-30e-6)
    world.run(1.0)
    return ada, bob


def _playing(world: RecordedWorld, way: Way = _LAN) -> tuple[RecordedViewer, RecordedViewer]:
    ada, bob = _couple(world, way)
    ada.play()
    world.run(5.0)
    return ada, bob


def _start(world: RecordedWorld) -> RecordedViewer:
    """Another member starts the film: the player waits for the time that the room names, and resumes at it."""
    return _playing(world, _HOME)[1]


def _own_start(world: RecordedWorld) -> RecordedViewer:
    """The viewer starts the film: the room is asked, and the player resumes at the time in its answer."""
    return _playing(world)[0]


def _gate(world: RecordedWorld) -> RecordedViewer:
    """Another member seeks while the film plays: all players settle at the target, then start together."""
    ada, bob = _playing(world, _HOME)
    ada.seek(1800.0)
    world.run(4.0)
    return bob


def _seeks_merged(world: RecordedWorld) -> RecordedViewer:
    """The viewer seeks three times within a tenth of a second: only the first and the last are requested."""
    ada, _ = _playing(world)
    for position in (600.0, 610.0, 620.0):
        ada.seek(position)
        world.run(0.03)
    world.run(4.0)
    return ada


def _pause(world: RecordedWorld) -> RecordedViewer:
    """The viewer pauses: at once here, and the room pauses on the same frame."""
    ada, _ = _playing(world)
    ada.pause()
    world.run(3.0)
    return ada


def _others_pause(world: RecordedWorld) -> RecordedViewer:
    """Another member pauses: the player seeks to the frame that was named."""
    ada, bob = _playing(world, _HOME)
    ada.pause()
    world.run(3.0)
    return bob


def _rest(world: RecordedWorld) -> RecordedViewer:
    """The room is paused for a minute, and plays again: the player reports seldom meanwhile."""
    ada, bob = _playing(world, _HOME)
    ada.pause()
    world.run(65.0)
    ada.play()
    world.run(3.0)
    return bob


def _trim(world: RecordedWorld) -> RecordedViewer:
    """The picture is 20 ms behind: a trim plays faster until that is corrected."""
    _, bob = _playing(world)
    bob.freeze(0.020)
    world.run(10.0)
    return bob


def _hold(world: RecordedWorld) -> RecordedViewer:
    """The picture is 100 ms ahead: a hold pauses for exactly that long."""
    _, bob = _playing(world)
    bob.set_video_offset(-0.100)
    world.run(6.0)
    return bob


def _resync(world: RecordedWorld) -> RecordedViewer:
    """The picture is a second behind: a resync seeks to the position that the room will have."""
    _, bob = _playing(world)
    bob.freeze(1.0)
    world.run(6.0)
    return bob


def _joiner(world: RecordedWorld) -> RecordedViewer:
    """A member joins while the film plays: it seeks ahead of the room, and starts when the room gets there."""
    _playing(world)
    carl = world.join("carl", _HOME, offset=300.0, skew=40e-6)
    world.run(6.0)
    return carl


def _speed(world: RecordedWorld) -> RecordedViewer:
    """The room changes its speed, from a time that it names."""
    ada, bob = _playing(world)
    ada.speed(1.5)
    world.run(5.0)
    ada.speed(1.0)
    world.run(3.0)
    return bob


def _link_lost(world: RecordedWorld) -> RecordedViewer:
    """The link is cut for five seconds, in which the others seek: when it is back, the player seeks to them."""
    ada, bob = _playing(world)
    bob.cut(5.0)
    world.run(2.0)
    ada.seek(900.0)
    world.run(8.0)
    return bob


def _on_own(world: RecordedWorld) -> RecordedViewer:
    """The link is cut and the viewer pauses: back in the room the player stands, until the viewer plays."""
    _, bob = _playing(world)
    bob.cut(4.0)
    world.run(1.0)
    bob.pause()
    world.run(5.0)
    bob.play()
    world.run(4.0)
    return bob


def _silent(world: RecordedWorld) -> RecordedViewer:
    """The server does not answer for some seconds: a pause stays, later input counts at once, then the room answers."""
    ada, _ = _playing(world)
    ada.stall(4.0)
    ada.pause()
    world.run(2.0)
    ada.seek(900.0)
    world.run(4.0)
    return ada


def _asleep(world: RecordedWorld) -> RecordedViewer:
    """The machine is suspended for four seconds: the server's clock is learned again, and the player catches up."""
    _, bob = _playing(world)
    bob.sleep(4.0)
    world.run(10.0)
    return bob


def _alone(world: RecordedWorld) -> RecordedViewer:
    """Outside a room: play, seek with a gate, pause, change the speed, play to the end, and start again."""
    ada = RecordedViewer(world, "ada", _LAN, offset=100.5)
    world.run(1.0)
    for deed in (
        ada.play,
        partial(ada.seek, 300.0),
        ada.pause,
        partial(ada.speed, 1.25),
        ada.play,
        partial(ada.seek, FILM_SECONDS - 1.0),
        ada.play,
        ada.pause,
    ):
        deed()
        world.run(2.0)
    return ada


STORIES: Final[dict[str, Callable[[RecordedWorld], RecordedViewer]]] = {
    "start": _start,
    "own-start": _own_start,
    "gate": _gate,
    "seeks-merged": _seeks_merged,
    "pause": _pause,
    "others-pause": _others_pause,
    "rest": _rest,
    "trim": _trim,
    "hold": _hold,
    "resync": _resync,
    "joiner": _joiner,
    "speed": _speed,
    "link-lost": _link_lost,
    "on-own": _on_own,
    "silent": _silent,
    "asleep": _asleep,
    "alone": _alone,
}


BY_HAND: Final = BY_ROOM | BY_PLAYER
NAMES: Final = (*STORIES, *BY_HAND)
"""Of all golden traces: of the simulated stories, and of those that are told by hand."""


def make(name: str) -> list[bytes]:
    """Return the lines of one trace."""
    if name in STORIES:
        # One segment that is never discarded. It begins with a new follower, so its snapshot is left out.
        world = RecordedWorld(1, lambda follower: Recorder(follower, span=1e9, size_max=10**9, segment_span=1e9))
        title, player, steps = STORIES[name].__doc__, "simulated", list(STORIES[name](world).recorder.lines())[1:]
    else:
        hand = Hand()
        BY_HAND[name](hand)
        title, player, steps = BY_HAND[name].__doc__, "by hand", list(hand.lines())
    header = Header(format=FORMAT, hangd="golden", policies=Policies(), player=player, title=(title or "").strip())
    return [encode(header), *steps]


def path(name: str) -> Path:
    """Return the file of a trace."""
    return (TRACES if name in STORIES else RARE) / f"{name}.jsonl"


def write() -> None:
    """Write all traces, and delete those that have no story any more."""
    for folder in (TRACES, RARE):
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.jsonl"):
            old.unlink()
    for name in NAMES:
        path(name).write_bytes(b"".join(make(name)))


if __name__ == "__main__":
    write()
