"""hangd cluster status: what is seen of a cluster in a real Redis."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hangd.cli.main import main
from hangd.cluster.base import NodeInfo
from tests.cluster.listening import running_node
from tests.support.daemons.party import free_port
from tests.support.servers.redis_server import RedisServer, running_redis

pytestmark = pytest.mark.real


async def status(*words: str, **environment: str) -> Result:
    """Run the command in a thread, since the nodes of a test need this one."""
    return await asyncio.to_thread(CliRunner().invoke, main, ["cluster", "status", *words], env=environment)


async def test_nodes_and_rooms_without_an_owner_are_listed(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        owned = await one.make("r1")
        await two.make("r2")
        assert await one.cluster.release("r1", owned.fence)
        await one.live(clients=12, rooms=3, address="10.0.0.1:3005", clock_offset=123.0, clock_bound=0.00025)
        await two.live(draining=True)
        done = await status("--cluster", redis_server.url)
        assert done.exit_code == 0, done.output
        heading, first, second, rooms, orphans, where = done.stdout.splitlines()
        assert heading.split() == "node since version address clients rooms clock offset clock within draining".split()
        assert (
            first.split()[0] == one.name
            and first.split()[-9:] == "test 10.0.0.1:3005 12 3 +123.0000 s 0.25 ms no".split()
        )
        assert second.split()[0] == two.name and second.split()[-7:] == "test - 0 0 - - yes".split()
        assert rooms == f"rooms: 2; {two.name} owns 1"
        assert orphans.endswith(": 1") and where == f"(redis://127.0.0.1:{redis_server.port}/0)"
        plain = json.loads((await status("--cluster", redis_server.url, "--json")).stdout)
        assert [node["node"] for node in plain["nodes"]] == [one.name, two.name] and plain["orphans"] == 1
        assert (plain["owners"], plain["rooms"]) == ({two.name: 1}, None)
        assert plain["nodes"][0]["clock_offset"] == 123.0
        assert {*plain["nodes"][0]} == {*NodeInfo.__struct_fields__}


async def test_of_many_rooms_a_thousand_are_listed(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        rooms = [f"r{number:04}" for number in range(1203)]
        await asyncio.gather(*(one.make(room_id) for room_id in rooms))
        lines = (await status("--cluster", redis_server.url, "--rooms")).stdout.splitlines()
        assert lines[2].split() == ["room", "name", "owner", "fence", "members", "edges"]
        assert [line.split()[0] for line in lines[3:-3]] == rooms[:1000], (
            "without an input nothing else is kept of them"
        )
        assert lines[-3:-1] == ["(and 203 more)", f"rooms: 1203; {one.name} owns 1203"]
        plain = json.loads((await status("--cluster", redis_server.url, "--rooms", "--json")).stdout)
        assert len(plain["rooms"]) == 1000 and plain["owners"] == {one.name: 1203}
        assert plain["rooms"][0] | {"fence": 0} == {
            "room": "r0000", "name": None, "owner": one.name, "fence": 0, "edges": [], "members": None,
        }  # fmt: skip


async def test_looking_makes_no_node(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        for _ in range(3):
            plain = json.loads((await status("--json", HANG_CLUSTER=redis_server.url)).stdout)
            assert [node["node"] for node in plain["nodes"]] == [one.name]


async def test_a_cluster_that_takes_nobody_in_is_an_error(redis_server: RedisServer) -> None:
    done = await status("--cluster", redis_server.url)
    assert done.exit_code == 1 and "no node is alive" in done.stderr
    async with running_node(redis_server.url, "one") as one:
        await one.live(draining=True)
        assert (await status("--cluster", redis_server.url)).exit_code == 1
        await one.live()
        assert (await status("--cluster", redis_server.url)).exit_code == 0


async def test_the_password_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    file.chmod(0o600)
    with running_redis(password="hunter2") as server:
        async with running_node(server.url, "one") as one:
            url = f"redis://127.0.0.1:{server.port}/0"
            done = await status("--cluster", url, "--cluster-password-file", str(file))
            assert done.exit_code == 0 and one.name in done.stdout
            assert "hunter2" not in (await status("--cluster", server.url)).output
            file.write_text("wrong\n")
            done = await status("--cluster", url, "--cluster-password-file", str(file))
            assert done.exit_code == 1 and done.stderr.startswith("hangd: error: ") and "wrong" not in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "hangd: error: name the Redis of the cluster: --cluster, or `cluster` in the server's config file"),
        (["--cluster", "redis://h:x"], "hangd: error: --cluster must have a port from 1 to 65535, not 'x'"),
        (["--cluster", f"redis://127.0.0.1:{free_port()}/0"], "hangd: error: "),
    ],
)
async def test_what_cannot_be_asked_is_said_in_one_line(words: list[str], sentence: str, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("")
    done = await status(*words, "--config", str(config))
    assert done.exit_code in (1, 2) and done.stderr.startswith(sentence) and done.stderr.count("\n") == 1, done.stderr
