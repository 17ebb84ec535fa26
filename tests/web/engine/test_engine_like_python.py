"""The page's follower and hangd's own, side by side on random stories: they do the same, and read one another's traces.

Some of the stories are simulated rooms in which people do what people do; in the others the follower is told anything
at all. All are replayed by one process of node, which records them anew for `hangd replay`.
"""

import json
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hangd.client.follower.trace_recorder import Recorder
from hangd.engine.follower.state import Policies
from hangd.engine.trace.replay import replay
from hangd.engine.trace.trace import FORMAT, Header, encode
from tests.sim.world import Way
from tests.support.rooms.random_inputs import told_at_random
from tests.support.rooms.recorded import RecordedViewer, RecordedWorld

_REPLAY = Path(__file__).parents[1] / "unit" / "engine" / "replay_folder.js"
_SIMULATED, _ANYTHING = 50, 150

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")


def _header(policies: Policies) -> bytes:
    return encode(Header(format=FORMAT, hangd="0", policies=policies))


def _anything(seed: int) -> bytes:
    hand = told_at_random(seed)
    return _header(hand.follower.policies) + b"".join(hand.lines())


def _simulated(seed: int) -> bytes:
    """Return the last 20 s of one of two people in a room, to whom something happens every few seconds."""
    chance = Random(seed)
    world = RecordedWorld(seed, lambda follower: Recorder(follower, span=20.0, segment_span=5.0))
    viewers: list[RecordedViewer] = []
    for name in ("ada", "bob"):
        way = Way(chance.uniform(0.0005, 0.1), chance.uniform(0.0005, 0.1), chance.choice((0.0, 0.004, 0.03)))
        habits = {"offset": chance.uniform(0.0, 1e4), "skew": chance.uniform(-2e-4, 2e-4)}
        viewers.append(world.join(name, way, **habits, seek_cost=chance.uniform(0.03, 0.4)))
        world.run(1.0)
    viewers[0].play()
    for _ in range(8):
        world.run(chance.choice((0.05, 0.5, 2.0, 6.0)))
        viewer = chance.choice(viewers)
        if viewer.connected and not viewer.asleep:  # one disturbance at a time
            _happens(viewer, chance)
    world.run(8.0)
    return _header(Policies()) + b"".join(chance.choice(viewers).recorder.lines())


def _happens(viewer: RecordedViewer, chance: Random) -> None:
    match chance.choice(
        ("play", "play", "pause", "seek", "seek", "speed", "freeze", "offset", "stall", "cut", "sleep")
    ):
        case "play":
            viewer.play()
        case "pause":
            viewer.pause()
        case "seek":
            viewer.seek(chance.uniform(0.0, 5000.0))
        case "speed":
            viewer.speed(chance.choice((0.5, 1.0, 1.25)))
        case "freeze":
            viewer.freeze(chance.choice((0.02, 0.1, 1.0)))
        case "offset":
            viewer.set_video_offset(chance.uniform(-0.1, 0.2))
        case "stall":
            viewer.stall(2.0)
        case "cut":
            viewer.cut(3.0)
        case _:
            viewer.sleep(3.0)


def _replayed_by_node(folder: Path) -> tuple[dict[str, Any], Path]:
    """Let node replay all traces of a folder. Return what it says, and the folder of those that it has recorded."""
    anew = folder.with_name("anew")
    anew.mkdir()
    done = subprocess.run(
        ["node", str(_REPLAY), str(folder), str(anew)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said, anew


def test_two_hundred_random_stories_have_the_same_effects_in_both_languages(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    for seed in range(_SIMULATED):
        (folder / f"simulated-{seed}").write_bytes(_simulated(seed))
    for seed in range(_ANYTHING):
        (folder / f"anything-{seed}").write_bytes(_anything(seed))
    said, anew = _replayed_by_node(folder)
    assert said["differences"] == {}
    assert said["steps"] > 50 * (_SIMULATED + _ANYTHING)
    for trace in anew.iterdir():
        replayed = replay(trace.read_bytes().splitlines(keepends=True))
        assert replayed.is_same, f"{trace.name} as node recorded it: {replayed.difference}"
        assert replayed.steps > 0


def test_a_difference_is_found(tmp_path: Path) -> None:
    """A number that is ten microseconds off, in an effect and in what can be read afterwards."""
    folder = tmp_path / "traces"
    folder.mkdir()
    steps = list(map(json.loads, _anything(1).splitlines()))
    for name, wrong in (("effect", _move_an_effect), ("deadline", _move_a_deadline)):
        changed = json.loads(json.dumps(steps))
        wrong(changed)
        (folder / name).write_text("\n".join(map(json.dumps, changed)))
    said, _ = _replayed_by_node(folder)
    assert said["differences"].keys() == {"effect", "deadline"}


def _move_an_effect(lines: list[dict[str, Any]]) -> None:
    effects = [effect for line in lines[1:] for effect in line["effects"] if effect["type"] == "SeekTo"]
    effects[-1]["position"] += 1e-5


def _move_a_deadline(lines: list[dict[str, Any]]) -> None:
    readings = [line["after"] for line in lines[1:] if line["after"]["deadline"] is not None]
    readings[-1]["deadline"] += 1e-5
