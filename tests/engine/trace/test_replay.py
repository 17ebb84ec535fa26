"""Traces: a recording is complete, can be replayed from the beginning or the middle, and a difference is found."""

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
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import DeadlineReached, FileOpened, FollowerInput, Pinged, PlayerSaid
from hangd.engine.follower.state import FollowerState, Policies
from hangd.engine.player_facts import Chapter, Description, Track
from hangd.engine.player_messages import Loaded, LoadFailed, PlayerEvent, Sampled, TracksChanged
from hangd.engine.trace.replay import replay, same
from hangd.engine.trace.trace import FORMAT, Anonymizer, Header, NotATrace, Step, decode, encode, read
from tests.sim.world import Way
from tests.support.rooms.recorded import RecordedViewer, RecordedWorld

HEADER = encode(Header(format=FORMAT, hangd="0", policies=Policies()))


def session(world: RecordedWorld) -> Iterator[RecordedViewer]:
    """Let all kinds of inputs happen to two viewers. Yields each of them every 0.03 s."""
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
        (5, bob.play),
        (0.3, lambda: bob.stall(3)),
        (2, bob.pause),
        (6, lambda: bob.seek(2300)),
        (5, ada.play),
    )
    for seconds, deed in deeds:
        deed()
        for _ in range(round(seconds / 0.03)):
            world.run(0.03)
            yield ada
            yield bob


def recorded(limits: dict[str, Any] | None = None) -> list[RecordedViewer]:
    world = RecordedWorld(3, lambda follower: Recorder(follower, **(limits or {})))
    return list(dict.fromkeys(session(world)))


def trace(viewer: RecordedViewer) -> list[bytes]:
    return [HEADER, *viewer.recorder.lines()]


def test_a_snapshot_comes_back_from_json() -> None:
    unseen = {(name, field) for name, part in parts(FollowerState()) for field in part.__struct_fields__}
    initial = dict(parts(FollowerState()))
    for moment, viewer in enumerate(session(RecordedWorld(3))):
        state = viewer.follower.state
        for name, part in parts(state):
            fields = part.__struct_fields__
            unseen -= {(name, field) for field in fields if getattr(part, field) != getattr(initial[name], field)}
        if moment % 20 < 2 or state.pending_input.merged is not None or state.scheduled is not None:
            snapshot = viewer.follower.snapshot()
            assert snapshot == state
            assert msgspec.json.decode(msgspec.json.encode(snapshot), type=FollowerState) == snapshot
    numbers_and_flags = {
        ("state", "video_offset"),
        ("state", "absence_unchecked"),
        ("picture", "entry"),
        ("picture", "stalled"),
        ("picture", "entry"),
        ("start_bias", "bias"),
    }
    assert unseen <= numbers_and_flags, "all other fields had values that differ from their first ones"


def parts(state: FollowerState) -> Iterator[tuple[str, msgspec.Struct]]:
    """Yield the state itself and the states of the parts."""
    yield "state", state
    for name in ("clock", "drift", "picture", "start_bias", "pending_input", "on_own"):
        yield name, getattr(state, name)


def test_a_follower_and_its_parts_keep_nothing_outside_their_states() -> None:
    follower = Follower()
    objects = [value for value in vars(follower).values() if not isinstance(value, msgspec.Struct)]
    assert len(objects) == 7
    for part in objects:
        kept = {name for name, value in vars(part).items() if value not in (*objects, follower.state)}
        assert kept <= {"state", "policy", "_policy"}
    assert vars(follower).keys() - {"policies", "_policy", "state"} == {
        name for name, value in vars(follower).items() if value in objects
    }


def test_a_snapshot_does_not_change_with_the_follower() -> None:
    follower = Follower()
    snapshot = follower.snapshot()
    follower.handle(Pinged(1.0, 5.0, 5.0, 1.1), 1.1)
    follower.handle(FileOpened("/film"), 2.0)
    assert snapshot == FollowerState() != follower.state


def test_a_complete_recording_comes_out_the_same() -> None:
    for viewer in recorded({"span": 1e9}):
        replayed = replay(trace(viewer))
        assert replayed.difference is None
        assert replayed.steps > 500 and replayed.span > 150


def test_what_is_left_of_a_long_recording_comes_out_the_same() -> None:
    for viewer in recorded({"span": 30.0, "segment_span": 7.0}):
        replayed = replay(trace(viewer))
        assert replayed.difference is None
        assert 30 <= replayed.span <= 30 + 7 + 2, "the span, and one segment more at most"


def test_a_recorder_takes_no_more_memory_than_it_may() -> None:
    world = RecordedWorld(3, lambda follower: Recorder(follower, size_max=50_000))
    most = {"ada": 0, "bob": 0}
    for viewer in session(world):
        most[viewer.name] = max(most[viewer.name], viewer.recorder.size)
    for somebody in world.viewers.values():
        assert isinstance(somebody, RecordedViewer)
        assert 25_000 < most[somebody.name] <= 50_000
        assert somebody.recorder.size >= sum(map(len, somebody.recorder.lines()))
        assert replay(trace(somebody)).is_same


def test_the_first_difference_is_found() -> None:
    lines = trace(recorded({"span": 1e9})[0])
    number, line = next((n, line) for n, line in enumerate(lines, 1) if b'"SeekTo"' in line)
    changed = json.loads(line)
    (seek,) = [effect for effect in changed["effects"] if effect["type"] == "SeekTo"]
    seek["position"] += 0.001
    lines[number - 1] = json.dumps(changed).encode()
    difference = replay(lines).difference
    assert difference is not None
    assert (difference.line, difference.now) == (number, changed["now"])
    assert same(difference.recorded, changed["effects"])
    assert not same(difference.effects, changed["effects"])


def test_another_policy_comes_out_different() -> None:
    lines = trace(recorded({"span": 1e9})[1])
    header = decode(lines[0])
    assert isinstance(header, Header)
    policies = header.policies
    lines[0] = encode(
        replace(header, policies=replace(policies, drift=replace(policies.drift, threshold=10.0, threshold_fresh=10.0)))
    )
    assert replay(lines).difference is not None


def test_an_exception_of_the_follower_is_recorded_and_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    follower = Follower()
    recorder = Recorder(follower)

    def broken(self: Follower, now: float) -> list[Any]:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(Follower, "expire", broken)
        with pytest.raises(ZeroDivisionError):
            recorder.handle(DeadlineReached(), 1.0)
        assert replay([HEADER, *recorder.lines()]).is_same
    difference = replay([HEADER, *recorder.lines()]).difference
    assert difference is not None
    assert (difference.recorded_raised, difference.raised) == ("ZeroDivisionError", None)


def test_a_trace_does_not_tell_what_was_watched() -> None:
    recorder = Recorder(Follower(), segment_span=1.0)
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
        recorder.handle(input, float(now))
    lines = list(recorder.lines())
    assert secret.encode() not in b"".join(lines)
    opened = [
        step.input.path
        for step in map(decode, lines[1:])
        if isinstance(step, Step) and isinstance(step.input, FileOpened)
    ]
    assert opened == ["film-1", "film-2", "film-1"]
    assert replay([HEADER, *lines]).is_same


def test_the_names_of_the_newest_thousand_films_are_remembered_without_their_paths() -> None:
    """A path may be as long as a line on the control socket, and a client may open any number of them."""
    anonymizer = Anonymizer()
    tracemalloc.start()
    names = [anonymizer.film(f"/{number}/" + "x" * 2**14) for number in range(1000)]
    assert names == [f"film-{number + 1}" for number in range(1000)]
    assert anonymizer.film("/0/" + "x" * 2**14) == "film-1"
    assert anonymizer.film("/1000") == "film-1001"
    assert tracemalloc.get_traced_memory()[0] < 2**20
    tracemalloc.stop()
    assert anonymizer.film("/0/" + "x" * 2**14) == "film-1", "it was opened again, so it is not the oldest"
    assert anonymizer.film("/1/" + "x" * 2**14) == "film-1002", "no name is used twice"


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
        ([HEADER.replace(b'"format":3', b'"format":2')], 1),
        ([HEADER, b'{"type":"step","now":"soon","input":{"type":"DeadlineReached"},"effects":[]}\n'], 2),
        ([HEADER, b'{"type":"step","now":1,"input":{"type":"Sneezed"},"effects":[]}\n'], 2),
        ([HEADER, b'{"type":"snapshot","state":{"timeline":{}}}\n'], 2),
        ([HEADER, encode(Step(1.0, DeadlineReached(), [])), b'{"type":"snapshot"}\n'], 3),
    ],
)
def test_a_wrong_line_is_named(lines: list[bytes], wrong: int) -> None:
    with pytest.raises(NotATrace, match=f"^line {wrong}: ") as caught:
        replay(lines)
    assert caught.value.number == wrong


def test_a_snapshot_after_a_step_is_wrong() -> None:
    recorder = Recorder(Follower())
    recorder.handle(DeadlineReached(), 1.0)
    snapshot, step = recorder.lines()
    with pytest.raises(NotATrace, match="line 3"):
        list(read([HEADER, step, snapshot]))


def test_a_line_is_decoded_as_it_was_encoded() -> None:
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
def test_each_input_and_its_fields_are_documented(input: type[msgspec.Struct]) -> None:
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| {input.__name__} |")]
    assert all(field in row.split("|")[2] for field in input.__struct_fields__)


@pytest.mark.parametrize("event", get_args(PlayerEvent), ids=lambda struct: struct.__name__)
def test_each_event_is_documented_with_the_fields_that_are_recorded(event: type[msgspec.Struct]) -> None:
    page = " ".join(PAGE.read_text().split())
    found = re.search(rf"\b{event.__name__}\b(?: {{(.*?)}})?", page.partition("`event` is one of")[2])
    assert found is not None
    documented = set((found[1] or "").split(", ")) - {""}
    assert documented == set(event.__struct_fields__) - {"generation", "tracks", "about", "message", "films"}


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
def test_same(one: Any, other: Any, alike: bool) -> None:
    assert same(one, other) is alike
