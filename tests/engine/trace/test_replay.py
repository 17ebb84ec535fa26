"""Traces: what is written down is all that there was, another follower goes on from it, and a change is found."""

import json
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from msgspec.structs import replace

from hangd.client.follower.trace_recorder import Recorder
from hangd.engine.follower.clock import ClockFilter
from hangd.engine.follower.drift import DriftController
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import DeadlineReached, FileOpened, FollowerInput, PlayerSaid
from hangd.engine.follower.learned import StartBias
from hangd.engine.follower.memory import FollowerMemory, Policies, recall, remember
from hangd.engine.follower.pending_input import PendingInput
from hangd.engine.follower.picture import Picture
from hangd.engine.player_messages import (
    Chapter,
    Description,
    Loaded,
    LoadFailed,
    PlayerEvent,
    Sampled,
    Track,
    TracksChanged,
)
from hangd.engine.trace.replay import replay, same
from hangd.engine.trace.trace import FORMAT, Disguise, Header, NotATrace, Step, decode, encode, read
from tests.sim.world import Way
from tests.support.recorded import RecordedViewer, RecordedWorld

HEADER = encode(Header(format=FORMAT, hangd="0", policies=Policies()))


def evening(world: RecordedWorld) -> Iterator[RecordedViewer]:
    """Have everything happen that a follower knows of. Yields the two viewers again and again, as time goes by."""
    ada = world.join("ada", Way(), offset=5000.25, skew=30e-6)
    world.run(1)
    bob = world.join("bob", Way(out=0.1, back=0.08, jitter=0.03, loss=0.02), offset=99.5, skew=-40e-6)
    world.run(2)
    deeds = (
        (70, ada.play),
        (15, lambda: bob.freeze(0.02)),
        (15, lambda: bob.freeze(1.0)),
        (0.03, lambda: ada.seek(2000)),
        (0.03, lambda: bob.seek(2100)),
        (15, lambda: bob.seek(2200)),
        (0.03, ada.pause),
        (0.2, lambda: bob.speed(1.5)),
        (10, bob.play),
        (5, lambda: ada.speed(1.0)),
        (5, lambda: bob.cut(8)),
        (15, bob.pause),
        (15, lambda: ada.sleep(5)),
        (5, ada.play),
    )
    for seconds, deed in deeds:
        deed()
        for _ in range(round(seconds / 0.03)):
            world.run(0.03)
            yield ada
            yield bob


def told(limits: dict[str, Any] | None = None) -> list[RecordedViewer]:
    world = RecordedWorld(3, lambda follower: Recorder(follower, **(limits or {})))
    return list(dict.fromkeys(evening(world)))


def trace(viewer: RecordedViewer) -> list[bytes]:
    return [HEADER, *viewer.recorder.lines()]


def attributes(machine: object) -> dict[str, Any]:
    """Return all that a machine has as plain data, its parts' too; but for its constants, which are no memory."""
    return {
        name: attributes(value)
        if isinstance(value, ClockFilter | DriftController | Picture | StartBias | PendingInput)
        else msgspec.to_builtins(value)
        for name, value in vars(machine).items()
        if name.lstrip("_") != "policy"
    }


def test_a_follower_remembers_all_that_it_has() -> None:
    seen: set[str] = set()
    for moment, viewer in enumerate(evening(RecordedWorld(3))):
        follower = viewer.inner
        state = attributes(follower)
        seen |= {name for name, value in state.items() if value}
        seen |= {name for part in ("_drift", "_hand") for name, value in state[part].items() if value}
        if moment % 20 > 1 and follower._hand.held is None and follower._pending is None:
            continue
        twin = Policies().make_follower()
        recall(twin, msgspec.json.decode(msgspec.json.encode(remember(follower)), type=FollowerMemory))
        assert attributes(twin) == state
    assert {"wants", "held", "_pending", "_trimming", "_errors", "_resynced_at", "_reported"} <= seen, (
        "what never had a value was never tried"
    )


def test_a_whole_evening_comes_out_the_same() -> None:
    for viewer in told({"span": 1e9}):
        replayed = replay(trace(viewer))
        assert replayed.difference is None
        assert replayed.steps > 500 and replayed.span > 150


def test_what_is_left_of_a_long_evening_goes_on_from_the_middle() -> None:
    for viewer in told({"span": 30.0, "chapter": 7.0}):
        replayed = replay(trace(viewer))
        assert replayed.difference is None
        assert 30 <= replayed.span <= 30 + 7 + 2, "as long as was promised, and one chapter more at most"


def test_the_book_takes_no_more_memory_than_was_said() -> None:
    world = RecordedWorld(3, lambda follower: Recorder(follower, size=50_000))
    most = {"ada": 0, "bob": 0}
    for viewer in evening(world):
        most[viewer.name] = max(most[viewer.name], viewer.recorder.size)
    for somebody in world.viewers.values():
        assert isinstance(somebody, RecordedViewer)
        assert 25_000 < most[somebody.name] <= 50_000
        assert somebody.recorder.size >= sum(map(len, somebody.recorder.lines()))
        assert replay(trace(somebody)).is_same


def test_the_first_step_that_comes_out_otherwise_is_named() -> None:
    lines = trace(told({"span": 1e9})[0])
    number, line = next((n, line) for n, line in enumerate(lines, 1) if b'"SeekTo"' in line)
    spoilt = json.loads(line)
    (seek,) = [effect for effect in spoilt["effects"] if effect["type"] == "SeekTo"]
    seek["position"] += 0.001
    lines[number - 1] = json.dumps(spoilt).encode()
    difference = replay(lines).difference
    assert difference is not None
    assert (difference.line, difference.now) == (number, spoilt["now"])
    assert same(difference.recorded, spoilt["effects"])
    assert not same(difference.came, spoilt["effects"])


def test_another_policy_is_another_behaviour() -> None:
    lines = trace(told({"span": 1e9})[1])
    header = decode(lines[0])
    assert isinstance(header, Header)
    policies = header.policies
    lines[0] = encode(
        replace(header, policies=replace(policies, drift=replace(policies.drift, act=10.0, act_fresh=10.0)))
    )
    assert replay(lines).difference is not None


def test_a_follower_that_failed_is_recorded_and_fails_again(monkeypatch: pytest.MonkeyPatch) -> None:
    follower = Policies().make_follower()
    recorder = Recorder(follower)

    def broken(self: Follower, now: float) -> list[Any]:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(Follower, "expire", broken)
        with pytest.raises(ZeroDivisionError):
            recorder.tell(DeadlineReached(), 1.0)
        assert replay([HEADER, *recorder.lines()]).is_same
    difference = replay([HEADER, *recorder.lines()]).difference
    assert difference is not None
    assert (difference.recorded_raised, difference.came_raised) == ("ZeroDivisionError", None)


def test_nobody_learns_from_a_trace_what_was_watched() -> None:
    recorder = Recorder(Policies().make_follower(), chapter=1.0)
    secret = "Heimat"
    said: tuple[FollowerInput, ...] = (
        FileOpened(f"/films/{secret}.mkv"),
        PlayerSaid(
            Loaded(
                1,
                60.0,
                (Track("audio", 1, secret, True, title=secret, file=f"/films/{secret}.mka"),),
                Description((Chapter(secret, 0.0),), {"title": secret}),
            )
        ),
        PlayerSaid(TracksChanged(1, (Track("audio", 1, secret, True),))),
        PlayerSaid(LoadFailed(1, "vanished", f"{secret}.mkv is gone")),
        FileOpened(f"/films/{secret} 2.mkv"),
        FileOpened(f"/films/{secret}.mkv"),
    )
    for now, input in enumerate(said):
        recorder.tell(input, float(now))
    lines = list(recorder.lines())
    assert secret.encode() not in b"".join(lines)
    opened = [
        step.input.path
        for step in map(decode, lines[1:])
        if isinstance(step, Step) and isinstance(step.input, FileOpened)
    ]
    assert opened == ["film-1", "film-2", "film-1"]
    assert replay([HEADER, *lines]).is_same


def test_a_disguise_remembers_the_newest_thousand_films_and_no_paths() -> None:
    """A path may be as long as a line on the control socket, and anybody may name any number of them."""
    disguise = Disguise()
    tracemalloc.start()
    names = [disguise.film(f"/{number}/" + "x" * 2**14) for number in range(1000)]
    assert names == [f"film-{number + 1}" for number in range(1000)]
    assert disguise.film("/0/" + "x" * 2**14) == "film-1"
    assert disguise.film("/1000") == "film-1001"
    assert tracemalloc.get_traced_memory()[0] < 2**20
    tracemalloc.stop()
    assert disguise.film("/0/" + "x" * 2**14) == "film-1", "opened again, it was not the oldest"
    assert disguise.film("/1/" + "x" * 2**14) == "film-1002", "no name is given twice"


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ([], 1),
        ([b"\n"], 1),
        ([b"not json\n"], 1),
        ([b"\xff\n"], 1),
        ([b"{}\n"], 1),
        ([encode(Step(1.0, DeadlineReached(), []))], 1),
        ([HEADER, HEADER], 2),
        ([HEADER.replace(b'"format":1', b'"format":2')], 1),
        ([HEADER, b'{"type":"step","now":"soon","input":{"type":"DeadlineReached"},"effects":[]}\n'], 2),
        ([HEADER, b'{"type":"step","now":1,"input":{"type":"Sneezed"},"effects":[]}\n'], 2),
        ([HEADER, b'{"type":"memory","memory":{}}\n'], 2),
        ([HEADER, encode(Step(1.0, DeadlineReached(), [])), b'{"type":"memory"}\n'], 3),
    ],
)
def test_what_is_no_trace_is_said_with_its_line(lines: list[bytes], wrong: int) -> None:
    with pytest.raises(NotATrace, match=f"^line {wrong}: ") as caught:
        replay(lines)
    assert caught.value.number == wrong


def test_a_memory_in_the_middle_is_wrong() -> None:
    recorder = Recorder(Policies().make_follower())
    recorder.tell(DeadlineReached(), 1.0)
    memory, step = recorder.lines()
    with pytest.raises(NotATrace, match="line 3"):
        list(read([HEADER, step, memory]))


def test_a_line_comes_back_as_it_was_written() -> None:
    step = Step(12.5, PlayerSaid(Sampled(1, 0.1, 12.4, 1.0)), [])
    assert json.loads(encode(step)) == {
        "type": "step",
        "now": 12.5,
        "input": {
            "type": "PlayerSaid",
            "event": {"type": "Sampled", "generation": 1, "position": 0.1, "at": 12.4, "rate": 1.0},
        },
        "effects": [],
    }
    assert decode(encode(step)) == step


PAGE = Path(__file__).parents[3] / "docs" / "traces.md"


@pytest.mark.parametrize("input", get_args(FollowerInput), ids=lambda struct: struct.__name__)
def test_an_input_and_its_fields_stand_in_the_page(input: type[msgspec.Struct]) -> None:
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| {input.__name__} |")]
    assert all(field in row.split("|")[2] for field in input.__struct_fields__)


@pytest.mark.parametrize("event", get_args(PlayerEvent), ids=lambda struct: struct.__name__)
def test_an_event_stands_in_the_page_with_what_a_follower_reads_of_it(event: type[msgspec.Struct]) -> None:
    page = " ".join(PAGE.read_text().split())
    found = re.search(rf"\b{event.__name__}\b(?: {{(.*?)}})?", page.partition("`event` is one of")[2])
    assert found is not None
    told = set((found[1] or "").split(", ")) - {""}
    assert told == set(event.__struct_fields__) - {"generation", "tracks", "about", "message"}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (1, 1.0, True),
        (1.0, 1.0 + 1e-7, True),
        (1e9, 1e9 + 0.001, False),
        (1.0, 1.00001, False),
        (0, False, False),
        (True, 1, False),
        (None, None, True),
        (None, 0, False),
        ("1", 1, False),
        ([1, 2], [1], False),
        ({"a": [1]}, {"a": [1.0]}, True),
        ({"a": 1}, {"b": 1}, False),
    ],
)
def test_what_counts_as_the_same(one: Any, other: Any, alike: bool) -> None:
    assert same(one, other) is alike
