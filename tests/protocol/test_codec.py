"""The codec decodes any bytes to a message or raises RemoteProtocolError."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hangd.protocol.codec import decode_client, decode_server, encode_client, encode_server
from hangd.protocol.errors import LocalProtocolError, RemoteProtocolError
from hangd.protocol.messages import CLIENT_TYPES, SERVER_TYPES, GetRoom, LeaveRoom, Ping, Pong, Say, Stop
from hangd.protocol.model import FRAME_BYTES_MAX

GOLDEN = Path(__file__).parent.parent / "golden"
FRAMES = [
    line for name in ("client", "server") for line in (GOLDEN / f"{name}-messages.jsonl").read_bytes().splitlines()
]
Decode = Callable[[bytes | str], Any]


def refusal(data: bytes | str, decode: Decode = decode_client) -> RemoteProtocolError:
    with pytest.raises(RemoteProtocolError) as caught:
        decode(data)
    return caught.value


def survives(data: bytes | str) -> None:
    """Decode with both decoders. Any exception but RemoteProtocolError fails the test."""
    for decode in (decode_client, decode_server):
        try:
            decode(data)
        except RemoteProtocolError as error:
            assert error.code in ("InvalidMessage", "UnknownType", "TooLarge")
            assert error.path.startswith("$")
            assert 0 < len(error.message) <= 500


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
@example(b'{"type":"Say","payload":{"text":"\xff"}}')
@example(b'{"type":"Say","payload":{"text":"\\ud800"}}')
@example(b'{"type":"Say","type":"Ping","payload":{}}')
def test_any_bytes_decode_or_raise_remote_protocol_error(data: bytes) -> None:
    survives(data)


@given(st.text(st.characters(), max_size=100))
@example("\ud800")
@example('{"type":"Say","payload":{"text":"\ud800"}}')
def test_any_text_decodes_or_raises_remote_protocol_error(data: str) -> None:
    survives(data)


@given(frame=st.sampled_from(FRAMES), data=st.data())
def test_a_frame_with_a_few_bytes_changed(frame: bytes, data: st.DataObject) -> None:
    changed = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not changed:
            break
    survives(bytes(changed))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
field_names = sorted({name for line in FRAMES for name in json.loads(line)["payload"]} | {"action", "nothing"})


@given(
    kind=st.sampled_from([*CLIENT_TYPES, *SERVER_TYPES]),
    payload=st.dictionaries(st.sampled_from(field_names), anything, max_size=5) | anything,
    mark=anything,
)
def test_a_valid_envelope_around_any_payload(kind: str, payload: object, mark: object) -> None:
    survives(json.dumps({"type": kind, "payload": payload, "id": mark, "re": mark}))


@pytest.mark.parametrize("inside", ['"x":{}', '"payload":{}', '"payload":{{"text":{}}}', '"type":{}', '"id":{}'])
@pytest.mark.parametrize("brackets", ["[]", ['{"a":', "}"]])
def test_deep_nesting(inside: str, brackets: list[str]) -> None:
    depth = FRAME_BYTES_MAX // 8
    deep = brackets[0] * depth + "1" + brackets[1] * depth
    survives('{"type":"Say",' + inside.format(deep) + "}")


def test_a_frame_may_be_as_long_as_the_limit_and_no_longer() -> None:
    padded = b'{"type":"GetRoom"' + b" " * (FRAME_BYTES_MAX - 18) + b"}"
    assert len(padded) == FRAME_BYTES_MAX
    assert decode_client(padded).message == GetRoom()
    error = refusal(padded + b" ")
    assert (error.code, error.message) == ("TooLarge", "the message is 65537 bytes long, and at most 65536 are taken")


def test_the_limit_counts_bytes_in_text_too() -> None:
    text = '{"type":"GetRoom","x":"' + "é" * (FRAME_BYTES_MAX // 2) + '"}'
    assert len(text) < FRAME_BYTES_MAX
    assert refusal(text).code == "TooLarge"


def test_a_server_may_send_longer_frames_than_a_client() -> None:
    padded = b'{"type":"Pong","payload":{"t0":1,"t1":2,"t2":3}' + b" " * FRAME_BYTES_MAX + b"}"
    assert decode_server(padded).message == Pong(t0=1, t1=2, t2=3)
    assert refusal(b" " * (4 * 1024 * 1024 + 1), decode_server).code == "TooLarge"


def test_a_payload_without_required_fields_may_be_absent() -> None:
    assert decode_client('{"type":"LeaveRoom"}').message == LeaveRoom()
    assert refusal('{"type":"Say"}').path == "$.payload"


@pytest.mark.parametrize("mark", [0, -1, 2**53 - 1, -(2**53) + 1, "", "x" * 64])
def test_a_request_id_is_read_and_carried_back(mark: int | str) -> None:
    assert decode_client(encode_client(GetRoom(), mark)).id == mark
    assert decode_server(encode_server(Pong(1, 2, 3), mark)).re == mark
    assert json.loads(encode_server(Pong(1, 2, 3), mark))["re"] == mark


@pytest.mark.parametrize("mark", [2**53, -(2**53), 10**30, 1.5, True, "x" * 65, [1], {}])
def test_a_request_id_that_could_not_be_carried_back_is_refused(mark: object) -> None:
    error = refusal(json.dumps({"type": "GetRoom", "id": mark}))
    assert (error.code, error.path, error.request_id) == ("InvalidMessage", "$.id", None)


def test_the_request_id_is_known_though_the_payload_is_wrong() -> None:
    assert refusal('{"type":"Say","payload":{},"id":7}').request_id == 7
    assert refusal('{"type":"Dance","id":"a"}').request_id == "a"


def test_an_unknown_type_is_distinguished_from_a_wrong_payload() -> None:
    error = refusal('{"type":"Dance","payload":{"no":"matter"}}')
    assert (error.code, error.path, error.message) == ("UnknownType", "$.type", "there is no message type 'Dance'")
    assert len(refusal(json.dumps({"type": "x" * 5000})).message) < 100


def test_each_side_decodes_only_messages_of_the_other_side() -> None:
    assert refusal(encode_server(Pong(1, 2, 3))).code == "UnknownType"
    assert refusal(encode_client(Ping(1)), decode_server).code == "UnknownType"
    with pytest.raises(LocalProtocolError):
        encode_client(Pong(1, 2, 3))  # type: ignore[arg-type]
    with pytest.raises(LocalProtocolError):
        encode_server(Stop())  # type: ignore[arg-type]


def test_type_names_are_exact() -> None:
    for name in ("say", "SAY", "Say ", "Play", ""):
        assert refusal(json.dumps({"type": name, "payload": {"text": "x"}})).code == "UnknownType"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "the message is not JSON: it ends too early"),
        ("[]", "the message must be an object, not a list"),
        ("{}", "the message has no type"),
        ("{'type'}", "the message is not JSON: object keys must be strings (byte 1)"),
        ('{"type":3}', "$.type must be text, not a whole number"),
        ('{"type":"Say","payload":null}', "$.payload must be an object, not null"),
        ('{"type":"Say","payload":{"text":""}}', "$.payload.text must not be empty"),
        ('{"type":"Say","payload":{"text":"a\\nb"}}', "$.payload.text must be one line without control characters"),
        ('{"type":"SyncCommand","payload":{"action":"Dance"}}', "$.payload.action must not be 'Dance'"),
        ('{"type":"SyncCommand","payload":{"timestamp":1}}', "$.payload has no action"),
        ('{"type":"SyncCommand","payload":{"action":"Speed","rate":9}}', "$.payload.rate must be at most 2"),
        ('{"type":"Ping","payload":{"t0":1e999}}', "$.payload[...] must be a number that is less far from zero"),
        (b'{"type":"Say","payload":{"text":"\xff"}}', "$.payload is not UTF-8 text"),
    ],
)
def test_validation_errors_are_explained_for_a_user(data: bytes | str, message: str) -> None:
    assert refusal(data).message == message


def test_unknown_fields_must_be_valid_json() -> None:
    """Otherwise two implementations would disagree about whether a frame is valid."""
    assert refusal(b'{"type":"Say","payload":{"text":"x","y":"\xff"}}').code == "InvalidMessage"
    assert refusal('{"type":"Say","payload":{"text":"x","y":nul}}').code == "InvalidMessage"
    assert refusal('{"type":"Say","payload":{"text":"x"}} {}').code == "InvalidMessage"


def test_text_and_bytes_decode_alike() -> None:
    frame = encode_client(Say(text="é🍿"))
    assert decode_client(frame) == decode_client(frame.decode())
