"""The JSON Schema agrees with the codec and with the file in docs/."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from hangd.protocol.codec import decode_client, encode_client
from hangd.protocol.errors import RemoteProtocolError
from hangd.protocol.messages import CLIENT_TYPES, SERVER_TYPES, LeaveRoom
from hangd.protocol.schema import schema, schema_text

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
CLIENT_FRAMES = (GOLDEN / "client-messages.jsonl").read_text(encoding="utf-8").splitlines()
SERVER_FRAMES = (GOLDEN / "server-messages.jsonl").read_text(encoding="utf-8").splitlines()

frames = Draft202012Validator(schema())
client_frames = Draft202012Validator({**schema(), "oneOf": [{"$ref": "#/$defs/ClientFrame"}]})


def test_the_file_in_docs_is_up_to_date() -> None:
    """If this fails: run hangd protocol-schema > docs/protocol.schema.json, and review what changed for others."""
    assert (ROOT / "docs" / "protocol.schema.json").read_text(encoding="utf-8") == schema_text()


def test_it_is_a_valid_schema_with_every_message() -> None:
    Draft202012Validator.check_schema(schema())
    for side, types in (("ClientFrame", CLIENT_TYPES), ("ServerFrame", SERVER_TYPES)):
        assert [one["title"] for one in schema()["$defs"][side]["oneOf"]] == list(types)


@pytest.mark.parametrize("frame", CLIENT_FRAMES + SERVER_FRAMES, ids=lambda frame: frame[9:40])
def test_the_golden_frames_are_valid(frame: str) -> None:
    frames.validate(json.loads(frame))


def test_client_frames_and_server_frames_are_distinguished() -> None:
    assert not client_frames.is_valid(json.loads(SERVER_FRAMES[0]))
    assert client_frames.is_valid(json.loads(encode_client(LeaveRoom())))


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "LeaveRoom"},
        {"type": "Say", "payload": {"text": "x"}, "id": "a"},
        {"type": "Say", "payload": {"text": ""}},
        {"type": "Say", "payload": {"text": "a\n"}},
        {"type": "Say", "payload": {"text": "a" * 501}},
        {"type": "Say"},
        {"type": "Dance", "payload": {}},
        {"payload": {}},
        {"type": "Ping", "payload": {"t0": 1}, "id": 2**53},
        {"type": "Ping", "payload": {"t0": 1}, "id": [1]},
        {"type": "Hello", "payload": {"protocol": 1, "name": " ", "client": ""}},
        {"type": "Hello", "payload": {"protocol": 1, "name": "a b", "client": ""}},
        {"type": "SyncCommand", "payload": {"action": "Play"}},
        {"type": "SyncCommand", "payload": {"action": "Stop"}},
        {"type": "SyncCommand", "payload": {"action": "Speed", "rate": 2.5}},
        {"type": "CreateRoom", "payload": {"file_hash": "a" * 64 + "\n"}},
    ],
    ids=str,
)
def test_it_agrees_with_the_codec(frame: dict[str, object]) -> None:
    try:
        decode_client(json.dumps(frame))
    except RemoteProtocolError:
        taken = False
    else:
        taken = True
    assert client_frames.is_valid(frame) is taken
