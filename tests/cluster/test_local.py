"""Nodes that share a process: the port without Redis. `test_model.py` compares all operations with a real one."""

import os
import subprocess
import sys
from typing import Any

import pytest

from hangd.cluster.base import PUBLIC, ClusterFailed, Elsewhere, NameTaken, Outcome, Owned, Renewal
from hangd.cluster.local import LocalCluster
from tests.cluster.listening import Node, Recorder, change
from tests.cluster.model_redis import ModelNode, ModelRedis, at_once


class Told(Recorder):
    """Keeps outcomes as well."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Outcome] = []


def _alone() -> tuple[LocalCluster, Told]:
    cluster, told = LocalCluster(), Told()
    at_once(cluster.start(told))
    return cluster, told


def _node(redis: ModelRedis, name: str) -> tuple[ModelNode, Told]:
    node, told = ModelNode(redis, f"{name}-00000000"), Told()
    at_once(node.start(told))
    node.renew(Node(node).info(), lambda _: None)
    return node, told


def _made(cluster: LocalCluster, room_id: str, alias_key: str | None = None, **fields: bytes) -> Owned:
    owned = at_once(cluster.create(room_id, alias_key, fields))
    assert isinstance(owned, Owned)
    return owned


def _commit(cluster: LocalCluster, told: Told, owned: Owned, room_id: str, number: int, **more: Any) -> Outcome:
    cluster.commit(change(room_id, owned.fence, number, **more), told.outcomes.append)
    return told.outcomes[-1]


def test_a_server_alone_has_every_answer_within_the_call() -> None:
    cluster, told = _alone()
    owned = _made(cluster, "r1", "films", room=b"a")
    assert at_once(cluster.create("r2", "films", {})) == NameTaken("r1")
    assert at_once(cluster.find("x", "films")) == "r1"
    parcels = [(cluster.node, b"to itself")]
    assert _commit(cluster, told, owned, "r1", 1, fields={PUBLIC: b"{}"}, parcels=parcels) is Outcome.OK
    assert told.parcels == [b"to itself"]
    assert at_once(cluster.public_rooms(None, 5)) == [("r1", b"{}")]
    cluster.beat(3)
    assert told.beats == [3]
    cluster.post("nobody", b"x")
    cluster.broadcast(b"x")
    assert (told.deaf, told.parcels) == (["nobody"], [b"to itself"])
    assert [info.node for info in at_once(cluster.nodes())] == [cluster.node]
    assert at_once(cluster.lead("clock", 1.0)) == cluster.node
    assert at_once(cluster.forget("r1", owned.fence))
    assert at_once(cluster.find("x", "films")) is None
    assert told.connections == [True]


def test_who_uses_the_port_of_one_server_imports_no_redis() -> None:
    code = "import sys, hangd.cluster.local; print({'redis', 'hiredis', 'asyncio'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, timeout=60)
    assert done.stdout == "set()\n", done.stderr


def test_what_nobody_renews_ends() -> None:
    redis = ModelRedis(keep=60.0)
    one, told = _node(redis, "one")
    two, _ = _node(redis, "two")
    owned = _made(one, "r1", "films")
    at_once(two.keep_client("c1", "r1", b"proof"))
    redis.advance(redis.now + 2.9)
    assert isinstance(at_once(two.claim("r1")), Elsewhere)
    two.renew(Node(two).info(), lambda _: None)
    redis.advance(redis.now + 0.2)
    assert isinstance(at_once(two.claim("r1")), Owned)
    assert _commit(one, told, owned, "r1", 1) is Outcome.LOST
    with pytest.raises(ClusterFailed, match="does not count as alive"):
        at_once(one.claim("r1"))
    redis.advance(redis.now + 58.0)
    assert at_once(two.client("c1")) is None
    assert at_once(two.find("r1", "films")) == "r1"
    redis.advance(redis.now + 60.0)
    assert at_once(two.find("r1", "films")) is None


def test_a_node_renews_its_rooms_with_its_life() -> None:
    redis = ModelRedis(keep=60.0)
    one = ModelNode(redis, "one-00000000", keep=60.0)
    at_once(one.start(Told()))
    one.renew(Node(one).info(), lambda _: None)
    _made(one, "r1", "films")
    for _ in range(100):
        redis.advance(redis.now + 2.0)
        one.renew(Node(one).info(), lambda _: None)
    assert at_once(one.find("r1", "films")) == "r1"


def test_what_ended_takes_no_memory() -> None:
    redis = ModelRedis(keep=60.0)
    one, _ = _node(redis, "one")
    for number in range(10_000):
        redis.advance(redis.now + 1.0)
        at_once(one.keep_client(f"c{number}", "r1", b"proof"))
    assert len(redis.memory.clients._kept) < 300


def test_a_node_that_is_cut_off_hears_nothing_and_its_commits_wait() -> None:
    redis = ModelRedis()
    one, told = _node(redis, "one")
    two, others = _node(redis, "two")
    owned = _made(one, "r1")
    one.cut()
    two.post(one.node, b"lost")
    two.broadcast(b"lost")
    one.post(two.node, b"lost")
    assert others.deaf == [one.node]
    one.commit(change("r1", owned.fence, 1, parcels=[(two.node, b"said")]), told.outcomes.append)
    renewals: list[Renewal] = []
    one.renew(Node(one).info(), renewals.append)
    with pytest.raises(ClusterFailed):
        at_once(one.find("r1", "r1"))
    assert (told.outcomes, others.parcels, renewals) == ([], [], [Renewal.FAILED])
    one.mend()
    assert (told.outcomes, others.parcels) == ([Outcome.OK], [b"said"])
    assert told.connections == [True, False, True]
    assert told.parcels == []


def test_what_is_said_takes_time_and_arrives_in_order() -> None:
    delays = iter([0.5, 0.1, 0.3, 0.2])
    redis = ModelRedis(delay=lambda: next(delays))
    one, _ = ModelNode(redis, "one-00000000"), None
    two, told = ModelNode(redis, "two-00000000"), Told()
    at_once(one.start(Told()))
    at_once(two.start(told))
    for number in range(3):
        one.post(two.node, b"%d" % number)
    redis.advance(redis.now + 0.4)
    assert told.parcels == []
    assert redis.deadline == pytest.approx(1000.5)
    redis.advance(redis.now + 0.2)
    assert told.parcels == [b"0", b"1", b"2"]
    one.post(two.node, b"3")
    two.die()
    redis.advance(redis.now + 1.0)
    assert told.parcels == [b"0", b"1", b"2"]
