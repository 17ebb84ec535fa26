"""The messages on the wire: golden frames, values at and past their limits, round trips."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.protocol.codec import (
    ClientFrame,
    ServerFrame,
    decode_client,
    decode_server,
    encode_client,
    encode_server,
)
from hangd.protocol.errors import RemoteProtocolError
from hangd.protocol.films import QueueChanged
from hangd.protocol.messages import (
    CLIENT_TYPES,
    SERVER_TYPES,
    ClientMessage,
    QueueInsert,
    QueueMove,
    RequestId,
    RoomState,
    ServerMessage,
    SyncCommand,
)
from hangd.protocol.model import FRAME_BYTES_MAX, QUEUE_MAX, FileInfo, Queue, QueueChange, QueueEntry, QueueItem
from tests.support.rooms.strategies import values

GOLDEN = Path(__file__).parent.parent / "golden"
CLIENT_FRAMES = (GOLDEN / "client-messages.jsonl").read_bytes().splitlines()
SERVER_FRAMES = (GOLDEN / "server-messages.jsonl").read_bytes().splitlines()


@pytest.mark.parametrize("frame", CLIENT_FRAMES, ids=lambda frame: frame[9:40].decode())
def test_golden_client_frames_decode_and_encode_unchanged(frame: bytes) -> None:
    decoded = decode_client(frame)
    assert encode_client(decoded.message, decoded.id) == frame


@pytest.mark.parametrize("frame", SERVER_FRAMES, ids=lambda frame: frame[9:40].decode())
def test_golden_server_frames_decode_and_encode_unchanged(frame: bytes) -> None:
    decoded = decode_server(frame)
    assert encode_server(decoded.message, decoded.re) == frame


def test_every_message_and_action_has_a_golden_frame() -> None:
    assert {json.loads(frame)["type"] for frame in CLIENT_FRAMES} == set(CLIENT_TYPES)
    assert {json.loads(frame)["type"] for frame in SERVER_FRAMES} == set(SERVER_TYPES)
    actions = {type(decode_client(frame).message) for frame in CLIENT_FRAMES} & set(get_args(SyncCommand))
    assert actions == set(get_args(SyncCommand))


def test_the_types_are_those_of_the_unions() -> None:
    assert set(get_args(ClientMessage)) == {
        *get_args(SyncCommand),
        *(kind for name, kind in CLIENT_TYPES.items() if name != "SyncCommand"),
    }
    assert set(get_args(ServerMessage)) == set(SERVER_TYPES.values())
    assert not set(CLIENT_TYPES) & set(SERVER_TYPES)


marks: st.SearchStrategy[Any] = st.none() | values(RequestId)


@given(message=values(ClientMessage), mark=marks)
def test_what_a_client_encodes_a_server_decodes(message: ClientMessage, mark: RequestId | None) -> None:
    assert decode_client(encode_client(message, mark)) == ClientFrame(message, mark)


@given(message=values(ServerMessage), mark=marks)
def test_what_a_server_encodes_a_client_decodes(message: ServerMessage, mark: RequestId | None) -> None:
    assert decode_server(encode_server(message, mark)) == ServerFrame(message, mark)


def test_promised_fields_are_encoded_though_they_have_their_defaults() -> None:
    """Clients that follow the protocol's page expect these fields always."""
    joined = next(json.loads(frame) for frame in SERVER_FRAMES if b'"RoomJoined"' in frame)
    assert joined["payload"]["room"]["policy"].keys() >= {"control", "match", "wait", "capacity", "locked"}
    member = next(json.loads(frame) for frame in SERVER_FRAMES if b'"MemberJoined"' in frame)["payload"]["member"]
    assert member.keys() >= {"client_id", "name", "role", "state", "ready", "verifying"}
    queue = next(json.loads(frame) for frame in SERVER_FRAMES if b'"queue"' in frame)["payload"]["room"]["queue"]
    assert queue.keys() == {"rev", "entries", "current"}
    broadcast = next(json.loads(frame) for frame in SERVER_FRAMES if b'"SyncBroadcast"' in frame)["payload"]
    assert broadcast["timeline"].keys() == {"epoch", "rev", "playing", "position", "rate", "at", "gate"}


# ---- limits ---------------------------------------------------------------------------------------------------------

HASH = "0123456789abcdef" * 4
FILE = {"size": 1}
HELLO = {"protocol": 1, "name": "Ada", "client": "c"}
REPORT = {"state": "playing", "position": 1.0, "at": 1.0}
RESUME = {"client_id": "a", "secret": "s" * 16}


def play(**fields: object) -> tuple[str, dict[str, object]]:
    return "SyncCommand", {"action": "Play", "timestamp": 0, **fields}


def speed(rate: object) -> tuple[str, dict[str, object]]:
    return "SyncCommand", {"action": "Speed", "rate": rate}


def hello(**fields: object) -> tuple[str, dict[str, object]]:
    return "Hello", {**HELLO, **fields}


def create(**fields: object) -> tuple[str, dict[str, object]]:
    return "CreateRoom", {"file_hash": HASH, **fields}


def join(**fields: object) -> tuple[str, dict[str, object]]:
    return "JoinRoom", {"room_id": "r", **fields}


def report(**fields: object) -> tuple[str, dict[str, object]]:
    return "Report", {**REPORT, **fields}


def insert(**fields: object) -> tuple[str, dict[str, object]]:
    return "QueueInsert", {"after": None, "entries": [], **fields}


def file(**fields: object) -> tuple[str, dict[str, object]]:
    return "SetFile", {"file": {**FILE, **fields}}


def one(kind: str, field: str) -> Callable[[object], tuple[str, dict[str, object]]]:
    return lambda value: (kind, {field: value})


Case = tuple[Callable[[Any], tuple[str, dict[str, object]]], list[object], list[object], str]

# What makes a payload of a value; values at the edge; values past it; the path that an error names.
CASES: dict[str, Case] = {
    "hello name": (
        lambda v: hello(name=v),
        ["x", "é" * 32, "a b"],
        ["", "x" * 33, " x", "x ", "x\n", "\x1b[0m", "\u3164\u200d"],
        "name",
    ),
    "hello client": (lambda v: hello(client=v), ["", "x" * 200], ["x" * 201, "a\tb", "a\n", None], "client"),
    "hello protocol": (lambda v: hello(protocol=v), [0, 2, -1], ["1", 1.5, None], "protocol"),
    "features": (lambda v: hello(features=v), [[], ["x" * 32] * 32], [["x"] * 33, "x"], "features"),
    "a feature": (lambda v: hello(features=["a", v]), ["", "x" * 32], ["x" * 33, 1], "features[1]"),
    "token": (lambda v: hello(token=v), ["", "x" * 1024, None], ["x" * 1025, "a b"], "token"),
    "resume secret": (
        lambda v: hello(resume={**RESUME, "secret": v}),
        ["s" * 16, "s" * 256],
        ["s" * 15, "s" * 257],
        "resume.secret",
    ),
    "resume client": (
        lambda v: hello(resume={**RESUME, "client_id": v}),
        ["a", "a" * 64],
        ["", "a" * 65],
        "resume.client_id",
    ),
    "ping": (one("Ping", "t0"), [-1e12, 1e12, 0], [-1.1e12, 1.1e12, "0", None], "t0"),
    "file hash": (
        lambda v: create(file_hash=v),
        [HASH, "f" * 64],
        ["f" * 63, "f" * 65, "F" * 64, "g" * 64, "f" * 64 + "\n", ""],
        "file_hash",
    ),
    "alias": (
        lambda v: create(name=v),
        [
            "a",
            "9" * 64,
            "A.b_c-d",
            "Fri day \u00fcn",
            "u\u0308n",
            "\u91d1\u66dc\u3000\u6620\u753b",
            "\u2764\ufe0f",
            "..",
            "?#%",
            None,
        ],
        ["", "a" * 65, "a/b", " a", "a ", "a\n", "a\u200db", "a\u202eb", "\xad", "\U000e0041", "\ue000", "\u0958" * 33],
        "name",
    ),
    "password": (lambda v: create(password=v), ["p", "p" * 256, None], ["", "p" * 257], "password"),
    "capacity": (
        lambda v: create(policy={"capacity": v}),
        [1, 1000, None],
        [0, 1001, 1.5, True],
        "policy.capacity",
    ),
    "control": (
        lambda v: create(policy={"control": v}),
        ["everyone", "host", "controllers"],
        ["nobody", "Host", 1],
        "policy.control",
    ),
    "room": (lambda v: join(room_id=v), ["r", "r" * 64, "ä b"], ["", "r" * 65, 1], "room_id"),
    "host secret": (lambda v: join(host_secret=v), ["s" * 16, None], ["s" * 15], "host_secret"),
    "file size": (lambda v: file(size=v), [0, 2**53 - 1], [-1, 2**53, 1.5], "file.size"),
    "file duration": (lambda v: file(duration=v), [0, 1e8, None], [-0.1, 1.1e8], "file.duration"),
    "file name": (
        lambda v: file(name=v),
        ["f", "é" * 255, None],
        ["", "f" * 256, "a/b", "a\\b", "a\x00", "a\n"],
        "file.name",
    ),
    "quick hash": (lambda v: file(quick_hash=v), [HASH, None], ["f" * 63], "file.quick_hash"),
    "timestamp": (lambda v: play(timestamp=v), [0, 0.0, 1e8], [-0.001, 1.1e8, "1", None, True], "timestamp"),
    "command id": (lambda v: play(command_id=v), ["c", "c" * 64, None], ["", "c" * 65, 1], "command_id"),
    "rate": (speed, [0.25, 2.0, 2, 1], [0.249, 2.001, 0, -1, None], "rate"),
    "action": (lambda v: ("SyncCommand", {"action": v}), ["Stop"], ["stop", "Dance", 1], "action"),
    "state": (lambda v: report(state=v), ["playing", "idle"], ["away", "", None], "state"),
    "position": (lambda v: report(position=v), [0, 1e8], [-1, 1.1e8], "position"),
    "at": (lambda v: report(at=v), [-1e12, 1e12], [1.1e12], "at"),
    "error": (lambda v: report(error=v), [-1e8, 1e8], [-1.1e8, 1.1e8], "error"),
    "clock error": (lambda v: report(clock_error=v), [0, 1e8], [-0.1, 1.1e8], "clock_error"),
    "revision": (lambda v: report(rev=v), [0, 2**53 - 1], [-1, 2**53], "rev"),
    "ready": (one("SetReady", "ready"), [True, False], [1, "yes", None], "ready"),
    "say": (one("Say", "text"), ["x", "é" * 500, "\u202e"], ["", "x" * 501, "a\nb", "a\n", "\x9b1m", "\x7f"], "text"),
    "policy password": (one("SetPolicy", "password"), ["", "p" * 256, None], ["p" * 257], "password"),
    "match": (one("SetPolicy", "match"), ["hash", "duration", "none"], ["name"], "match"),
    "wait": (one("SetPolicy", "wait"), ["everyone", "nobody"], ["host"], "wait"),
    "locked": (one("SetPolicy", "locked"), [True, None], [0], "locked"),
    "start": (one("SetMedia", "start"), [0, 1e8], [-0.001, 1.1e8, None], "start"),
    "entry": (one("SetMedia", "entry"), ["7-0", "e" * 64, None], ["", "e" * 65, 7], "entry"),
    "play": (one("SetMedia", "play"), [True, False], [1, None], "play"),
    "after": (lambda v: insert(after=v), ["7-0", "e" * 64, "end", None], ["", "e" * 65, 7], "after"),
    "entries": (lambda v: insert(entries=v), [[], [{"file": FILE}] * 500], [[{"file": FILE}] * 501, None], "entries"),
    "removed": (one("QueueRemove", "ids"), [[], ["e"] * 500], [["e"] * 501, None, "e"], "ids"),
    "moved": (
        lambda v: ("QueueMove", {"ids": ["e", v], "after": None}),
        ["7-0", "e" * 64],
        ["", "e" * 65, 7],
        "ids[1]",
    ),
    "an entry's hash": (
        lambda v: ("SetEntry", {"id": "7-0", "file_hash": v}),
        [HASH, None],
        ["f" * 63, 7],
        "file_hash",
    ),
    "a queue's film": (
        lambda v: insert(entries=[{"file": FILE}, {"file_hash": HASH, "file": {"size": 1, "name": v}}]),
        ["f", "é" * 255],
        ["", "f" * 256, "a/b", "a\n"],
        "entries[1].file.name",
    ),
    "role": (
        lambda v: ("SetRole", {"client_id": "a", "role": v}),
        ["host", "controller", "viewer"],
        ["king", None],
        "role",
    ),
    "kicked": (one("Kick", "client_id"), ["a", "a" * 64], ["", "a" * 65], "client_id"),
    "reason": (lambda v: ("Kick", {"client_id": "a", "reason": v}), ["", "x" * 200, None], ["x" * 201, "\n"], "reason"),
}

AT_THE_EDGE = [(build, value) for build, good, _, _ in CASES.values() for value in good]
PAST_IT = [(build, value, path) for build, _, bad, path in CASES.values() for value in bad]


def frame(kind: str, payload: dict[str, object]) -> str:
    return json.dumps({"type": kind, "payload": payload, "id": "mark"})


@pytest.mark.parametrize(("build", "value"), AT_THE_EDGE)
def test_a_value_at_its_limit_is_valid(build: Callable[[object], tuple[str, dict[str, object]]], value: object) -> None:
    assert decode_client(frame(*build(value))).id == "mark"


@pytest.mark.parametrize(("build", "value", "path"), PAST_IT)
def test_a_value_past_its_limit_is_named_by_its_path(
    build: Callable[[object], tuple[str, dict[str, object]]], value: object, path: str
) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_client(frame(*build(value)))
    error = caught.value
    assert (error.code, error.path, error.request_id) == ("InvalidMessage", f"$.payload.{path}", "mark")
    assert error.message.startswith(f"$.payload.{path} must ")
    assert "`" not in error.message and "matching" not in error.message


def test_every_required_field_is_missed_if_absent() -> None:
    needed: dict[str, dict[str, object]] = {
        "Hello": HELLO,
        "Report": REPORT,
        "SetRole": {"client_id": "a", "role": "host"},
    }
    needed |= {"QueueInsert": {"after": None, "entries": []}, "QueueMove": {"ids": [], "after": None}}
    needed |= {
        "SetEntry": {"id": "e"},
        "JoinRoom": {"room_id": "r"},
        "Say": {"text": "x"},
        "Ping": {"t0": 1},
        "SetFile": {"file": FILE},
    }
    for kind, payload in needed.items():
        decode_client(frame(kind, payload))
        for name in payload:
            with pytest.raises(RemoteProtocolError, match=f"has no {name}$"):
                decode_client(frame(kind, {key: value for key, value in payload.items() if key != name}))


def test_the_frames_of_a_full_queue_with_long_names_are_within_the_limits() -> None:
    ids = ("9" * 64,) * QUEUE_MAX
    assert len(encode_client(QueueMove(ids, "9" * 64))) < FRAME_BYTES_MAX, "all of it can be put into another order"
    file = FileInfo(2**53 - 1, duration=1e8, name="🎬" * 255, quick_hash=HASH)
    assert len(encode_client(QueueInsert("9" * 64, (QueueItem(file, HASH),) * 30))) < FRAME_BYTES_MAX
    told = QueueChanged(QueueChange(1, ids, ids, tuple(QueueEntry(id, file, HASH) for id in ids)))
    assert decode_server(encode_server(told)).message == told


def test_a_room_of_a_server_without_queues_has_an_empty_queue() -> None:
    messages = (decode_server(frame).message for frame in SERVER_FRAMES)
    room = next(message for message in messages if isinstance(message, RoomState)).room
    assert room.queue == Queue(rev=0, entries=(), current=None)


def test_unknown_fields_are_ignored() -> None:
    """A newer peer may send more fields."""
    assert (
        decode_client(frame("Say", {"text": "x", "colour": "blue"})).message
        == decode_client(frame("Say", {"text": "x"})).message
    )
