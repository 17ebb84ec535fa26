"""Which versions of Redis are taken. A stand-in says of itself what they say: only one version is installed."""

import asyncio
from typing import Any

import hiredis
import pytest

from hangd.cluster.base import ClusterFailed, new_incarnation
from hangd.cluster.redis.cluster import RedisCluster
from hangd.redis_url import parse_redis_url
from tests.cluster.listening import Recorder

_NOTHING = object()


def _answer(words: list[bytes], version: str) -> bytes:
    match [word.upper() for word in words[:2]]:
        case [b"ROLE"]:
            return b"*1\r\n$6\r\nmaster\r\n"
        case [b"INFO", _]:
            facts = f"# Server\r\n{version}run_id:1\r\n".encode()
            return b"$%d\r\n%s\r\n" % (len(facts), facts)
        case _:
            return b"+OK\r\n"


async def _start(version: str) -> None:
    """Let a node start with a Redis that says this in INFO."""

    async def accepted(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader: Any = hiredis.Reader(notEnoughData=_NOTHING)
        while data := await stream.read(65536):
            reader.feed(data)
            while (words := reader.gets()) is not _NOTHING:
                writer.write(_answer(words, version))
        writer.close()

    async with await asyncio.start_server(accepted, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        cluster = RedisCluster(parse_redis_url(f"redis://127.0.0.1:{port}"), new_incarnation("one"))
        await cluster.start(Recorder())
        await cluster.aclose()


@pytest.mark.parametrize("version", ["6.0.16", "6.2.14", "5.0.7"])
async def test_an_older_redis_is_refused_and_the_error_says_what_is_needed(version: str) -> None:
    """The answers of its scripts to a Redis that takes no changes begin in another way, and it lets them write where
    ``min-replicas-to-write`` forbids it."""
    with pytest.raises(ClusterFailed) as failed:
        await _start(f"redis_version:{version}\r\n")
    assert f"it is Redis {version}, which is too old: hang needs Redis 7.0 or later, or Valkey" in str(failed.value)


@pytest.mark.parametrize("version", ["7.0.0", "7.2.4\r\nvalkey_version:8.1.0", "8.0.2", "255.255.255"])
async def test_newer_ones_and_valkey_are_taken(version: str) -> None:
    await _start(f"redis_version:{version}\r\n")


async def test_what_does_not_say_its_version_is_refused() -> None:
    with pytest.raises(ClusterFailed, match="it does not say its version: hang needs Redis"):
        await _start("")
