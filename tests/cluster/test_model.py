"""The model of Redis is held to a real one: the same operations have the same results."""

import asyncio
import itertools
from collections.abc import Iterable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hangd.cluster.base import ClusterFailed, Commit, Elsewhere, Outcome, Owned, Renewal
from hangd.cluster.redis.cluster import RedisCluster
from hangd.redis_url import parse_redis_url
from tests.cluster.listening import PATIENCE, Node, until
from tests.cluster.model_redis import ModelNode, ModelRedis
from tests.support.servers.redis_server import RedisServer

pytestmark = pytest.mark.real

_LIFE: Final = 3600.0
"""Longer than the test. Nodes die because they are told to."""
_MARK: Final = b"mark "
_NAMES: Final = ("a-00000000", "b-00000000", "c-00000000")
_NOBODY: Final = "nobody-00000000"

_node = st.integers(0, 2)
_room = st.sampled_from(["r1", "r2", "r3"])
_alias = st.sampled_from(["films", "songs"])
_field = st.sampled_from(["room", "queue", "public"])
_link = st.sampled_from(["l1", "l2"])
_key = st.sampled_from(["k1", "k2"])
_client = st.sampled_from(["c1", "c2"])
_parcels = st.lists(st.tuples(st.sampled_from([*_NAMES, _NOBODY]), st.binary(max_size=3)), max_size=3)
_value = st.binary(max_size=3)
_entry = st.sampled_from([b"1", b"2"])
_step = st.sampled_from([1, 1, 1, 1, 0, -1, 2])

_operation = st.one_of(
    st.tuples(st.just("renew"), _node),
    st.tuples(st.just("dies"), _node),
    st.tuples(st.just("all is lost"), _node),
    st.tuples(st.just("create"), _node, _room, st.none() | _alias, st.dictionaries(st.just("room"), _value)),
    st.tuples(st.just("find"), _node, _room | _alias, _alias),
    st.tuples(st.just("claim"), _node, _room),
    st.tuples(st.just("claim"), _node, _room),
    *(
        st.tuples(
            st.just("commit"),
            _node,
            _room,
            _step,
            st.dictionaries(_field, st.none() | _value),
            st.dictionaries(_link, st.integers(1, 9)),
            st.lists(_link, max_size=1),
            _parcels,
            st.none() | _alias,
            st.booleans(),
        )
        for _ in range(4)
    ),
    st.tuples(st.just("release"), _node, _room, _parcels),
    st.tuples(st.just("forget"), _node, _room),
    st.tuples(st.just("sweep"), _node),
    st.tuples(st.just("rooms"), _node, st.booleans()),
    st.tuples(st.just("clients"), _node),
    st.tuples(st.just("public rooms"), _node, st.none() | _room, st.integers(1, 3)),
    st.tuples(st.just("post"), _node, _node, st.binary(max_size=3)),
    st.tuples(st.just("broadcast"), _node, st.binary(max_size=3)),
    st.tuples(st.just("beat"), _node, st.integers(0, 99)),
    st.tuples(st.just("nodes"), _node),
    st.tuples(st.just("silence"), _node),
    st.tuples(st.just("keep client"), _node, _client, _room, _value),
    st.tuples(st.just("keep client again"), _node, _client, _room, _value),
    st.tuples(st.just("client"), _node, _client),
    st.tuples(st.just("forget client"), _node, _client, _room),
    st.tuples(st.just("take"), _node, _key),
    st.tuples(st.just("add"), _node, _key, st.integers(1, 5)),
    st.tuples(st.just("share"), _node, _key, st.integers(0, 5)),
    st.tuples(st.just("put"), _node, _key, _value),
    st.tuples(st.just("put new"), _node, _key, _value),
    st.tuples(st.just("get"), _node, _key),
    st.tuples(st.just("delete"), _node, _key),
    st.tuples(st.just("entry"), _node, _key),
    st.tuples(st.just("change entry"), _node, _key, st.none() | _entry, st.none() | _entry, st.integers(1, 2)),
    st.tuples(st.just("lead"), _node, _key),
)


class World:
    """Three nodes, and what each believes of its rooms."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self._fences: dict[str, dict[int, int]] = {}
        """By room the fences in the order in which they were seen, and by fence its place."""
        self._owned: dict[tuple[int, str], tuple[int, int]] = {}
        """Fence and number of the last commit, by node and room."""
        self.losses = 0

    async def carry_out(self, what: str, at: int, *more: Any) -> Any:
        """Carry out one operation, and return what came of it, without the numbers that differ."""
        try:
            return await self._carry_out(what, at, *more)
        except ClusterFailed as failed:
            return str(failed)[:25]

    async def everything_arrived(self, marks: Iterable[bytes]) -> list[Any]:
        """Wait until all that was said has arrived, and return it."""
        mark = _MARK + next(iter(marks))
        for node in self.nodes:
            self.nodes[0].cluster.post(node.name, mark)
        await until(lambda: all(mark in node.told.parcels for node in self.nodes), "everything arrived")
        told = []
        for node in self.nodes:
            parcels = [parcel for parcel in node.told.parcels if not parcel.startswith(_MARK)]
            told.append((parcels, node.told.beats, node.told.deaf))
            node.told.__init__()  # type: ignore[misc]
        return told

    async def dies(self, at: int) -> None:
        raise NotImplementedError

    async def all_is_lost(self) -> None:
        raise NotImplementedError

    async def _carry_out(self, what: str, at: int, *more: Any) -> Any:
        node = self.nodes[at]
        cluster = node.cluster
        match what, *more:
            case "renew", *_:
                return await node.live()
            case "dies", *_:
                return await self.dies(at)
            case "all is lost", *_:
                return await self.all_is_lost()
            case "create", room, alias, fields:
                return self._seen(at, room, await cluster.create(room, alias, fields))
            case "find", name, alias:
                return await cluster.find(name, alias)
            case "claim", room:
                return self._seen(at, room, await cluster.claim(room))
            case "commit", room, step, fields, applied, ended, parcels, alias, whole:
                return await self._commit(at, room, step, fields, applied, ended, parcels, alias, whole)
            case "release", room, parcels:
                return await cluster.release(room, self._believed(at, room)[0], parcels)
            case "forget", room:
                return await cluster.forget(room, self._believed(at, room)[0])
            case "sweep", *_:
                return sorted(await cluster.rooms_without_owner())
            case "public rooms", after, limit:
                return await cluster.public_rooms(after, limit)
            case "rooms", reads:
                seen = [one async for one in cluster.rooms(("room", "queue") if reads else ())]
                return sorted(
                    (one.room_id, one.owner, one.kept.number, one.kept.fields, one.kept.applied) for one in seen
                )
            case "clients", *_:
                return sorted([(client_id, kept) async for client_id, kept in cluster.clients()])
            case "post", to, parcel:
                return cluster.post(_NAMES[to], parcel)
            case "broadcast", parcel:
                return cluster.broadcast(parcel)
            case "beat", number:
                return cluster.beat(number)
            case "silence", *_:
                return (await cluster.silence()) < 60.0
            case "nodes", *_:
                return await cluster.nodes()
            case "keep client", client, room, proof:
                cluster.renew_clients([client])
                return await cluster.keep_client(client, room, proof)
            case "keep client again", client, room, proof:
                return await cluster.keep_client_again(client, room, proof)
            case "client", client:
                return await cluster.client(client)
            case "forget client", client, room:
                return await cluster.forget_client(client, room)
            case "take", key:
                return round(await cluster.take(key, 0.00001, 2.0) / 1000)
            case "add", key, amount:
                return await cluster.add(key, amount, 3600.0)
            case "share", key, amount:
                return await cluster.share(key, amount)
            case "put", key, value:
                return await cluster.put(key, value, 3600.0)
            case "put new", key, value:
                return await cluster.put_new(key, value, 3600.0)
            case "get", key:
                return await cluster.get(key)
            case "delete", key:
                return await cluster.delete(key)
            case "entry", key:
                return await cluster.entry("list", key)
            case "change entry", key, before, after, most:
                return await cluster.change_entry("list", key, before, after, seconds=3600.0, most=most)
            case "lead", key:
                return await cluster.lead(key, 3600.0)
        raise AssertionError(what)

    async def _commit(
        self,
        at: int,
        room: str,
        step: int,
        fields: Any,
        applied: Any,
        ended: Any,
        parcels: Any,
        alias: Any,
        whole: bool,
    ) -> Outcome:
        fence, number = self._believed(at, room)
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        commit = Commit(
            room_id=room,
            fence=fence,
            number=max(0, number + step),
            fields={name: value for name, value in fields.items() if value is not None or not whole},
            applied={link: value for link, value in applied.items() if link not in ended},
            ended=() if whole else tuple(ended),
            parcels=parcels,
            whole=whole,
            alias_key=alias if whole else None,
        )
        self.nodes[at].cluster.commit(commit, done.set_result)
        outcome = await asyncio.wait_for(done, PATIENCE)
        if outcome is Outcome.OK:
            self._owned[at, room] = (fence, max(number, commit.number))
        return outcome

    def _believed(self, at: int, room: str) -> tuple[int, int]:
        return self._owned.get((at, room), (1, 0))

    def _seen(self, at: int, room: str, answer: object) -> object:
        """Return the answer with its fence in a form that both worlds have in common."""
        if not isinstance(answer, Owned | Elsewhere):
            return answer
        seen = self._fences.setdefault(room, {})
        place = seen.setdefault(answer.fence, len(seen))
        if isinstance(answer, Elsewhere):
            return Elsewhere(answer.node, place)
        assert answer.fence == max(seen), "the fence of a new owner is the highest"
        self._owned[at, room] = (answer.fence, answer.number)
        return Owned(place, answer.number, answer.fields, answer.applied)


class RealWorld(World):
    def __init__(self, server: RedisServer, nodes: list[Node]) -> None:
        super().__init__(nodes)
        self._server = server

    async def dies(self, at: int) -> None:
        self._server.ask("DEL", f"hang:n:{_NAMES[at]}")

    async def all_is_lost(self) -> None:
        self._server.ask("FLUSHALL")
        for node in self.nodes:
            await node.live()


class ModelWorld(World):
    def __init__(self, redis: ModelRedis, nodes: list[Node]) -> None:
        super().__init__(nodes)
        self._redis = redis

    async def dies(self, at: int) -> None:
        self._redis.memory.lives.drop(_NAMES[at])

    async def all_is_lost(self) -> None:
        self._redis.memory.clear()
        for node in self.nodes:
            await node.live()


def test_the_model_and_redis_do_the_same(redis_server: RedisServer) -> None:
    place = parse_redis_url(redis_server.socket_url)
    marks = (b"%d" % number for number in itertools.count())
    outcomes: set[object] = set()

    async def connected() -> list[Node]:
        nodes = [Node(RedisCluster(place, name, life=_LIFE)) for name in _NAMES]
        for node in nodes:
            await node.cluster.start(node.told)
        return nodes

    async def compare(operations: list[tuple[Any, ...]], real_nodes: list[Node]) -> None:
        redis_server.ask("FLUSHALL")
        redis = ModelRedis(life=_LIFE)
        model_nodes = [Node(ModelNode(redis, name)) for name in _NAMES]
        for node in model_nodes:
            await node.cluster.start(node.told)
        worlds = RealWorld(redis_server, real_nodes), ModelWorld(redis, model_nodes)
        for world in worlds:
            for node in world.nodes:
                assert await node.live() is Renewal.REVIVED
                node.told.__init__()  # type: ignore[misc]
        for number, operation in enumerate(operations):
            redis.advance(redis.now + 0.002)
            real, model = [await world.carry_out(*operation) for world in worlds]
            assert real == model, (number, operation)
            outcomes.add(real if isinstance(real, Outcome) else type(real).__name__)
            told = [await world.everything_arrived(marks) for world in worlds]
            assert told[0] == told[1], (number, operation)

    with asyncio.Runner() as runner:
        nodes = runner.run(connected())

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(_operation, min_size=12, max_size=50))
        @example(
            [
                ("create", 0, "r1", "films", {}),
                ("dies", 0),
                ("claim", 1, "r1"),
                ("commit", 0, "r1", 1, {}, {}, [], [(_NAMES[2], b"x")], None, False),
                ("forget", 1, "r1"),
                ("commit", 0, "r1", 1, {"room": b"x"}, {}, [], [], "films", True),
                ("find", 2, "r1", "films"),
            ]
        )
        @example(
            [
                ("create", 0, "r1", "films", {"room": b"x"}),
                ("create", 1, "r2", "films", {}),
                (
                    "commit",
                    0,
                    "r1",
                    1,
                    {"public": b"p"},
                    {"l1": 3},
                    [],
                    [(_NAMES[1], b"x"), (_NOBODY, b"y")],
                    None,
                    False,
                ),
                ("claim", 1, "r1"),
                ("public rooms", 2, None, 3),
                ("all is lost", 0),
                ("create", 1, "r2", "films", {}),
                ("commit", 0, "r1", 1, {}, {}, [], [], None, False),
                ("commit", 0, "r1", 1, {"room": b"y"}, {}, [], [(_NAMES[0], b"z")], "films", True),
                ("find", 2, "films", "films"),
                ("keep client", 0, "c1", "r1", b"p"),
                ("keep client", 1, "c1", "r2", b"p"),
                ("client", 2, "c1"),
                ("forget client", 0, "c1", "r1"),
            ]
        )
        def same(operations: list[tuple[Any, ...]]) -> None:
            runner.run(compare(operations, nodes))

        same()
        for node in nodes:
            runner.run(node.cluster.aclose())
    wanted = {Outcome.OK, Outcome.LOST, Outcome.WHOLE, "Owned", "Elsewhere", "NameTaken", "KeptClient", "Renewal"}
    assert outcomes >= wanted, wanted - outcomes
