"""The device's key, and what servers are told of it."""

import os
import stat
import threading
from pathlib import Path

import pytest

from hangd.client.account.device import DeviceKeyUnusable, device_for, device_key
from hangd.protocol import messages
from hangd.protocol.codec import decode_client, encode_client

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ws://films.test/ws", "ws://films.test:80/ws", True),
        ("wss://films.test/ws", "wss://films.test:443/ws", True),
        ("wss://films.test/ws", "wss://films.test/rooms/ws?x=1", True),
        ("ws://[::1]:3005/ws", "ws://[::1]:3005/other/ws", True),
        ("wss://films.test/ws", "ws://films.test/ws", False),
        ("wss://films.test/ws", "wss://other.test/ws", False),
        ("ws://films.test:3005/ws", "ws://films.test:3006/ws", False),
    ],
)
def test_a_server_is_its_host_and_port(one: str, other: str, same: bool) -> None:
    assert (device_for(KEY, one) == device_for(KEY, other)) is same


def test_what_a_server_is_told_is_of_the_protocol_and_does_not_hold_the_key() -> None:
    told = device_for(KEY, "wss://films.test/ws")
    hello = messages.Hello(protocol=1, name="ada", client="test", device=told)
    assert decode_client(encode_client(hello)).message == hello
    assert told != device_for(bytes(32), "wss://films.test/ws")


def test_the_key_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "state" / "device-key"
    key = device_key(path)
    assert len(key) == 32 and device_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["device-key"]


def test_daemons_that_start_together_have_one_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    start = threading.Barrier(8)

    def begin() -> None:
        start.wait()
        keys.append(device_key(tmp_path / "key"))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8 and len(set(keys)) == 1 and os.listdir(tmp_path) == ["key"]


def _make(path: Path, what: str) -> None:
    match what:
        case "too short":
            path.write_bytes(b"x" * 31)
            path.chmod(0o600)
        case "too long":
            path.write_bytes(b"x" * 33)
            path.chmod(0o600)
        case "seen by others":
            path.write_bytes(KEY)
            path.chmod(0o640)
        case "a link":
            (path.parent / "elsewhere").write_bytes(KEY)
            (path.parent / "elsewhere").chmod(0o600)
            path.symlink_to(path.parent / "elsewhere")
        case "a dead link":
            path.symlink_to(path.parent / "nowhere")
        case "a folder":
            path.mkdir()
        case "a pipe":
            os.mkfifo(path)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("too short", "holds no key: remove it"),
        ("too long", "holds no key: remove it"),
        ("seen by others", "can be read by others: remove it"),
        ("a link", "it is a symbolic link"),
        ("a dead link", "it is a symbolic link"),
        ("a folder", "Is a directory"),
        ("a pipe", "it is no file"),
    ],
)
def test_another_thing_in_the_keys_place_is_left_alone(tmp_path: Path, what: str, why: str) -> None:
    path = tmp_path / "key"
    _make(path, what)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(DeviceKeyUnusable, match=why) as unusable:
        device_key(path)
    assert str(path) in str(unusable.value) and sorted(os.listdir(tmp_path)) == before


def test_where_it_cannot_be_written_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(DeviceKeyUnusable, match="state"):
        device_key(tmp_path / "state" / "key")
