"""The relays of simulated nodes under random faults: each input is applied once, and nobody misses a batch.

`World.settle` says what is asserted.
"""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.engine.cluster.relay_world import Node, World

FAULTS = (
    *("kill", "stop", "wake", "cut", "join", "slow", "quick"),
    *("redis down", "redis up", "new link", "leave", "node died", "inbox", "nothing"),
)


def tell_all(world: World, count: int) -> None:
    for node in world.nodes.values():
        if node.up and not node.stopped and node.edge is not None and node.edge.end is None:
            for _ in range(count):
                number = next(world.numbers)
                node.edge.tell(f"!{number}" if number % 3 else f"quiet{number}")


def pick(world: World, which: int) -> Node:
    """Return a node: as often as not the owner."""
    owner = None if world.record is None else world.nodes.get(world.record.owner)
    return owner if which > 4 and owner is not None else list(world.nodes.values())[which % 5]


def do(world: World, fault: str, node: Node, *, last: bool) -> None:
    """Let this happen to the node. ``last``: never kill the last one that is left."""
    edge = node.edge
    match fault:
        case "kill" if not last:
            world.kill(node)
        case "stop":
            world.stop(node)
        case "wake":
            if node.stopped:
                world.wake(node)
        case "cut":
            node.cut = True
        case "join":
            node.cut = False
        case "slow":
            node.slow = True
        case "quick":
            node.slow = False
        case "redis down":
            world.redis_up = False
        case "redis up":
            world.redis_up = True
        case "new link" if node.up and not node.stopped and (edge is None or edge.end is not None):
            world.connect(node)
        case "leave" if edge is not None and not node.stopped:
            edge.carry_out(edge.relay.leave(world.now))
        case "node died" if edge is not None and world.record is not None and not node.stopped:
            edge.carry_out(edge.relay.node_died(world.record.owner, world.now))
        case "inbox" if edge is not None and not node.stopped:
            edge.carry_out(edge.relay.inbox_broke(world.now))


steps = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0005, 0.002, 0.01, 0.3, 1.1, 3.5, 8.0]),
        st.integers(0, 3),
        st.sampled_from(FAULTS),
        st.integers(0, 7),
    ),
    max_size=25,
)


@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.05, 0.3]),
    double=st.sampled_from([0.0, 0.1]),
    steps=steps,
)
@settings(max_examples=60)
def test_whatever_fails_each_input_is_applied_once(
    seed: int, loss: float, double: float, steps: list[tuple[float, int, str, int]]
) -> None:
    world = World(seed, loss=loss, double=double, nodes=5)
    for node in list(world.nodes.values())[:3]:
        world.connect(node)
    for seconds, count, fault, which in steps:
        tell_all(world, count)
        world.run(seconds)
        node = pick(world, which)
        do(world, fault, node, last=sum(node.up for node in world.nodes.values()) == 1)
    tell_all(world, 1)
    world.settle()


FAULTS_WITH_A_LIVING_OWNER = ("redis forgets", "redis forgets", "redis down", "redis up", "new link", "leave", "inbox")


@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.05, 0.3]),
    steps=st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.0005, 0.002, 0.01, 0.3, 1.1]),
            st.integers(0, 3),
            st.sampled_from(FAULTS_WITH_A_LIVING_OWNER),
            st.integers(0, 2),
        ),
        max_size=20,
    ),
)
@settings(max_examples=40)
def test_a_living_owner_brings_the_room_back_after_redis_has_lost_its_memory(
    seed: int, loss: float, steps: list[tuple[float, int, str, int]]
) -> None:
    world = World(seed, loss=loss)
    nodes = list(world.nodes.values())
    edges = [world.connect(node) for node in nodes]
    world.run(5.0, until=lambda: all(edge.view is not None for edge in edges))
    for seconds, count, fault, which in steps:
        tell_all(world, count)
        world.run(seconds)
        if fault == "redis forgets":
            world.empty_redis()
        else:
            do(world, fault, nodes[which], last=True)
    world.redis_up = True
    for node in nodes:
        if node.edge is None or node.edge.end is not None:
            world.connect(node)
        assert node.edge is not None
        assert node.edge.tell(f"!{next(world.numbers)}")
    world.settle()


@pytest.mark.parametrize("seed", range(20))
def test_after_the_death_of_the_owner_an_input_is_answered_within_four_seconds(seed: int) -> None:
    world = World(seed)
    edges = [world.connect(node) for node in world.nodes.values()]
    world.run(10.0 + world.random.random())
    assert world.record is not None
    owner = world.nodes[world.record.owner]
    world.kill(owner)
    told_at = world.now
    others = [edge for edge in edges if edge.node is not owner]
    for edge in others:
        edge.tell(f"!{edge.link}")
    assert world.run(4.0, until=lambda: all(f"!{edge.link}" in edge.answered for edge in others))
    print(f"answered after {world.now - told_at:.2f} s")
    assert world.record.owner != owner.name
    world.settle()


class TwoEdgesAndThreeOwners(RuleBasedStateMachine):
    """Two edges, and three nodes without clients that own the room one after the other."""

    @initialize(seed=st.integers(0, 2**32), loss=st.sampled_from([0.0, 0.1]))
    def begin(self, seed: int, loss: float) -> None:
        self.world = World(seed, nodes=5, loss=loss)
        nodes = list(self.world.nodes.values())
        self.owners = nodes[2:]
        for node in self.owners:
            self.world.claim(node)
        self.edges = [self.world.connect(node) for node in nodes[:2]]

    @property
    def owner(self) -> Node | None:
        """The node that owns the room now, as long as another one could."""
        assert self.world.record is not None
        node = self.world.nodes.get(self.world.record.owner)
        return node if node in self.owners else None

    @rule(which=st.integers(0, 1), count=st.integers(1, 5), changing=st.booleans())
    def tell(self, which: int, count: int, changing: bool) -> None:
        for _ in range(count):
            number = next(self.world.numbers)
            if self.edges[which].end is None:
                self.edges[which].tell(f"!{number}" if changing else f"quiet{number}")

    @rule(seconds=st.sampled_from([0.0005, 0.001, 0.003, 0.01, 0.25, 1.0, 4.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.world.run(seconds)

    @precondition(lambda self: self.owner is not None)
    @rule(how=st.sampled_from(["kill", "stop", "hand over"]))
    def lose_the_owner(self, how: str) -> None:
        node = self.owner
        assert node is not None
        self.owners.remove(node)
        if how == "kill":
            self.world.kill(node)
        elif how == "stop":
            self.world.stop(node)
            self.world.at(6.0, lambda: self.world.wake(node))
        elif node.owner is not None:
            self.world.hand_over(node.owner)
        for other in self.owners:
            self.world.at(3.2, partial(self.world.claim, other))

    @rule(which=st.integers(0, 1), cut=st.booleans())
    def cut_an_edge(self, which: int, cut: bool) -> None:
        self.edges[which].node.cut = cut

    @rule(which=st.integers(0, 1))
    def reach_a_broken_inbox(self, which: int) -> None:
        edge = self.edges[which]
        edge.carry_out(edge.relay.inbox_broke(self.world.now))

    @invariant()
    def what_was_answered_is_kept(self) -> None:
        if not hasattr(self, "world"):
            return
        assert self.world.record is not None
        for edge in self.edges:
            assert edge.answered <= set(self.world.record.state)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.settle()


TestTwoEdgesAndThreeOwners = TwoEdgesAndThreeOwners.TestCase
TestTwoEdgesAndThreeOwners.settings = settings(max_examples=40, stateful_step_count=30)
