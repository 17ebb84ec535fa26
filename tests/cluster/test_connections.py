"""How a node comes to its Redis, and comes back to it."""

import asyncio
import contextlib
import itertools
import logging
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hangd.cluster.base import ClusterFailed, Outcome, Renewal, new_incarnation
from hangd.cluster.redis.cluster import RedisCluster
from hangd.redis_url import parse_redis_url
from hangd.tasks import Tasks
from tests.cluster.listening import Node, Recorder, change, running_node, until
from tests.support.daemons.party import free_port
from tests.support.network.badlink import BadLink
from tests.support.servers.certificates import Authority
from tests.support.servers.redis_server import RedisServer, running_redis, running_sentinel

pytestmark = pytest.mark.real

_SECRET = "hunter2 /?#@:"
_QUOTED = "hunter2%20%2F%3F%23%40%3A"


async def _works(url: str) -> None:
    async with running_node(url, "one") as one:
        room_id = one.name
        owned = await one.make(room_id)
        assert await one.commit(owned, room_id, 1, parcels=[(one.name, b"x")]) is Outcome.OK
        await until(lambda: one.told.parcels, "the parcel")
        assert await one.cluster.rooms_without_owner() == []
        assert await one.cluster.take(room_id, 1.0, 2.0) == 0.0
        assert await one.cluster.forget(room_id, owned.fence)


async def _why(url: str) -> str:
    """Return why a node does not start, and look that it leaves nothing behind."""
    cluster = RedisCluster(parse_redis_url(url), new_incarnation("one"))
    tasks = asyncio.all_tasks()
    with pytest.raises(ClusterFailed) as failed:
        await cluster.start(Recorder())
    assert asyncio.all_tasks() == tasks
    assert "hunter" not in str(failed.value)
    return str(failed.value)


async def test_by_tcp_by_a_unix_socket_and_in_another_database(redis_server: RedisServer) -> None:
    for url in (redis_server.url, redis_server.socket_url, f"{redis_server.socket_url}?db=3"):
        await _works(url)
    await _works(redis_server.url.replace("127.0.0.1", "localhost").replace("/0", "/15"))


async def test_with_a_password() -> None:
    with running_redis(password=_SECRET) as server:
        await _works(f"redis://:{_QUOTED}@127.0.0.1:{server.port}")
        await _works(f"unix://:{_QUOTED}@{server.path}")
        place = parse_redis_url(f"redis://127.0.0.1:{server.port}")
        assert "invalid username-password" in await _why(f"redis://:hunter3@127.0.0.1:{server.port}")
        assert "Authentication required" in await _why(place.shown)


async def test_as_a_user_who_may_do_no_more_than_is_documented() -> None:
    """The list of commands is the one of docs/cluster.md."""
    allowed = "+auth +client|setname +role +info +ping +select +subscribe +publish +evalsha +script|load"
    allowed += " +@string +@hash +@sortedset +exists +del +expire +pexpire +scan +time"
    with running_redis() as server:
        server.ask("ACL", "SETUSER", "hang", "on", ">hunter2", "~hang:*", "&hang:*", *allowed.split())
        await _works(f"redis://hang:hunter2@127.0.0.1:{server.port}")
        server.ask("ACL", "SETUSER", "hang", "-info")
        assert "no permissions to run the 'info' command" in await _why(f"redis://hang:hunter2@127.0.0.1:{server.port}")


async def test_with_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    pair = authority.issue("127.0.0.1")
    own = authority.issue("node", file="node")
    files = ("--tls-cert-file", str(pair.certificate), "--tls-key-file", str(pair.key))
    with running_redis(*files, "--tls-ca-cert-file", str(authority.path), tls=True) as server:
        url = f"rediss://127.0.0.1:{server.port}/0?cacert={authority.path}"
        await _works(f"{url}&cert={own.certificate}&key={own.key}")
        assert "certificate" in await _why(url)  # Redis wants to see one.
        assert "its certificate is not good" in await _why(f"rediss://127.0.0.1:{server.port}/0")
        assert "cannot be used" in await _why(f"redis://127.0.0.1:{server.port}/0")
    missing = f"rediss://127.0.0.1:1/0?cacert={tmp_path}/none.pem"
    assert f"{tmp_path}/none.pem" in await _why(missing)


async def test_why_there_is_no_redis(redis_server: RedisServer, tmp_path: Path) -> None:
    assert "Connect" in await _why(f"redis://127.0.0.1:{free_port()}")
    assert "No such file" in await _why(f"unix://{tmp_path}/none.sock")
    assert "sentinel 127.0.0.1" in await _why(f"redis+sentinel://127.0.0.1:{free_port()}/hang")
    # It answers, but is no sentinel.
    assert "unknown command" in await _why(f"redis+sentinel://127.0.0.1:{redis_server.port}/hang")
    with running_redis("--replicaof", "127.0.0.1", str(redis_server.port)) as replica:
        assert "it is a slave, which takes no changes" in await _why(replica.url)
    async with await asyncio.start_server(lambda _, writer: writer.write(b"HTTP/1.1 400\r\n"), "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        assert "not what Redis says" in await _why(f"redis://127.0.0.1:{port}")


async def test_a_redis_that_does_not_answer_is_given_up_after_two_seconds(redis_server: RedisServer) -> None:
    redis_server.stop()
    try:
        assert "has not answered for 2 s" in await _why(redis_server.url)
    finally:
        redis_server.go_on()


async def test_scripts_that_redis_forgot_are_loaded_again(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        owned = await one.make("r1")
        redis_server.ask("SCRIPT", "FLUSH")
        outcomes: list[Outcome] = []
        for number in range(1, 101):
            one.cluster.commit(change("r1", owned.fence, number), outcomes.append)
        await until(lambda: len(outcomes) == 100, "all answers")
        assert set(outcomes) == {Outcome.OK}
        redis_server.ask("SCRIPT", "FLUSH")
        assert await one.cluster.find("r1", "r1") == "r1"


async def test_while_redis_is_away_asking_fails_and_renewing_too(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        redis_server.kill()
        try:
            await until(lambda: not one.told.connections[-1], "it notices it")
            assert await one.live() is Renewal.FAILED
            one.cluster.post(one.name, b"lost")
            with pytest.raises(ClusterFailed, match="has not answered for 5 s"):
                await one.cluster.find("r1", "r1")
            assert isinstance(one.cluster, RedisCluster)
            assert one.cluster.unanswered == 0
            asked = Tasks().start(one.cluster.put("k", b"x", 60.0), name="asking")
            await asyncio.sleep(0)
        finally:
            redis_server.start()
        await asked
        assert await one.cluster.get("k") == b"x"
        assert one.told.parcels == []
        assert one.told.connections == [True, False, True]


async def test_a_redis_that_takes_no_changes_is_left_and_commits_wait(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        owned = await one.make("r1")
        for refuse, allow in (
            (("REPLICAOF", "127.0.0.1", free_port()), ("REPLICAOF", "NO", "ONE")),
            (("CONFIG", "SET", "maxmemory", 1), ("CONFIG", "SET", "maxmemory", 0)),
        ):
            number = (await one.claim("r1")).number + 1
            owned = await one.claim("r1")
            redis_server.ask(*refuse)
            outcomes: list[Outcome] = []
            one.cluster.commit(change("r1", owned.fence, number, fields={"room": b"x"}), outcomes.append)
            one.cluster.commit(change("r1", owned.fence, number + 1), outcomes.append)
            await until(lambda: not one.told.connections[-1], "it leaves it")
            assert outcomes == []
            redis_server.ask(*allow)
            await until(lambda outcomes=outcomes: outcomes == [Outcome.OK] * 2, "the answers")  # type: ignore[misc]
            await until(lambda: one.told.connections[-1], "a connection")


async def test_connections_on_which_beats_do_not_come_back_are_made_again(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        redis_server.ask("ACL", "SETUSER", "default", "-publish")
        try:
            while one.told.connections == [True]:
                one.cluster.beat(1)
                await asyncio.sleep(0.05)
        finally:
            redis_server.ask("ACL", "SETUSER", "default", "+publish")
        await until(lambda: one.told.connections[-1], "a connection")
        one.cluster.beat(2)
        await until(lambda: one.told.beats == [2], "the beat")


async def test_a_node_that_stood_still_keeps_its_connections(redis_server: RedisServer) -> None:
    """Its beat has come back, and is not read yet when the next one goes out."""
    async with running_node(redis_server.url, "one") as one:
        one.cluster.beat(1)
        await asyncio.sleep(0)  # It leaves.
        time.sleep(2.5)  # noqa: ASYNC251 - nothing runs meanwhile
        one.cluster.beat(2)
        await until(lambda: one.told.beats == [1, 2], "both beats")
        assert one.told.connections == [True]


_COMMITS = """
import asyncio, sys, time
from tests.cluster.listening import change, running_node

async def main(url):
    async with running_node(url, "one") as one:
        owned = await one.make(one.name)
        print("ready", flush=True)
        sys.stdin.readline()
        outcomes = []
        one.cluster.commit(change(one.name, owned.fence, 1), outcomes.append)
        await asyncio.sleep(0)  # It leaves.
        print(time.monotonic(), flush=True)
        while not outcomes:
            await asyncio.sleep(0.2)
        print(outcomes[0].value, one.told.connections, flush=True)

asyncio.run(main(sys.argv[1]))
"""


def test_a_node_that_was_stopped_does_not_take_redis_for_dead(redis_server: RedisServer) -> None:
    for _ in range(5):
        command = [sys.executable, "-c", _COMMITS, redis_server.url]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdin is not None and child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            redis_server.stop()
            try:
                child.stdin.write("\n")
                child.stdin.flush()
                sent = float(child.stdout.readline())
                child.send_signal(signal.SIGSTOP)
                stopped = time.monotonic()
            finally:
                redis_server.go_on()
            # The answer waits in its socket for longer than a connection may be silent.
            time.sleep(2.5)
            child.send_signal(signal.SIGCONT)
            told = child.stdout.readline()
        if stopped - sent < 1.0:  # Else Redis was silent for too long before the node was stopped.
            assert told == "ok [True]\n"
            return
    raise AssertionError("the machine was too busy five times")


async def test_a_link_on_which_nothing_moves_is_left(redis_server: RedisServer) -> None:
    with BadLink(redis_server.port) as link:
        async with running_node(f"redis://127.0.0.1:{link.port}", "one") as one:
            owned = await one.make("r1")
            outcomes: list[Outcome] = []
            await asyncio.to_thread(link.freeze, 6.0)
            one.cluster.commit(change("r1", owned.fence, 1, parcels=[(one.name, b"x")]), outcomes.append)
            await until(lambda: not one.told.connections[-1], "it notices it")
            await until(lambda: outcomes, "the answer")
            assert outcomes == [Outcome.OK]
            assert one.told.connections[-1]


async def test_a_name_that_leads_to_two_servers_is_refused(redis_server: RedisServer) -> None:
    with running_redis() as other:
        ports = itertools.cycle((redis_server.port, other.port))
        tasks = Tasks()

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            async with asyncio.TaskGroup() as both:
                back, out = await asyncio.open_connection("127.0.0.1", next(ports))
                both.create_task(_carry(reader, out))
                both.create_task(_carry(back, writer))

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await tasks.start(relay(reader, writer), name="relay")

        async with await asyncio.start_server(accepted, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            cluster = RedisCluster(parse_redis_url(f"redis://127.0.0.1:{port}"), new_incarnation("one"))
            with pytest.raises(ClusterFailed, match="led to two servers"):
                await cluster.start(Recorder())
            await tasks.cancel()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def test_one_connection_of_the_two_does_not_live_without_the_other(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        for kind in ("P", "N"):
            before = len(one.told.connections)
            assert redis_server.drop_connections(f"hang-{one.name}", kind) == 1
            await until(lambda before=before: len(one.told.connections) == before + 2, "new ones")  # type: ignore[misc]
            assert len(redis_server.clients(f"hang-{one.name}")) == 2
            one.cluster.beat(before)
            await until(lambda before=before: one.told.beats[-1:] == [before], "the beat")  # type: ignore[misc]


async def test_a_node_that_ends_leaves_its_rooms_at_once_and_fails_what_is_under_way(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "two") as two:
        outcomes: list[Outcome] = []
        async with running_node(redis_server.url, "one") as one:
            owned = await one.make("r1")
            one.cluster.commit(change("r1", owned.fence, 1), outcomes.append)
        assert outcomes == [Outcome.OK]
        assert (await two.claim("r1")).number == 1
        assert redis_server.clients(f"hang-{one.name}") == []
        third = Node(RedisCluster(parse_redis_url(redis_server.url), new_incarnation("three")))
        await third.cluster.start(third.told)
        await third.live()
        owned = await third.make("r3")
        redis_server.stop()
        try:
            third.cluster.commit(change("r3", owned.fence, 1), outcomes.append)
            await third.cluster.aclose()
        finally:
            redis_server.go_on()
        assert outcomes == [Outcome.OK, Outcome.FAILED]
        assert third.told.connections == [True]


async def test_a_memory_policy_that_would_drop_rooms_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with running_redis("--maxmemory-policy", "volatile-lru") as server, caplog.at_level(logging.WARNING):
        await _works(server.url)
    assert caplog.text.count("set maxmemory-policy noeviction, not volatile-lru") == 1


async def test_sentinels_lead_to_the_new_redis_when_the_old_one_dies() -> None:
    with running_redis() as first, running_redis("--replicaof", "127.0.0.1", str(first.port)) as second:
        with running_sentinel(first) as sentinel:
            await _works(sentinel.url)
            async with running_node(sentinel.url, "one") as one, running_node(sentinel.url, "two") as two:
                owned = await one.make("r1", "films", room=b"0")
                for number in range(1, 11):
                    fields = {"room": b"%d" % number}
                    assert await one.commit(owned, "r1", number, fields=fields) is Outcome.OK
                await until(lambda: second.ask("HGET", "hang:r:r1", "n") == b"10", "the replica has it")
                first.kill()
                outcomes: list[Outcome] = []
                parcels = [(two.name, b"after")]
                one.cluster.commit(change("r1", owned.fence, 11, parcels=parcels), outcomes.append)
                await until(lambda: outcomes, "the answer")
                assert outcomes == [Outcome.OK]
                assert second.ask("HGET", "hang:r:r1", "n") == b"11"
                assert one.told.connections[-1]
                await until(lambda: two.told.connections[-1], "the other node is there as well")
                assert await two.cluster.find("films", "films") == "r1"
