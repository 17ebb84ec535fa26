"""Simulated nodes with a room between them: the relays, a model of Redis, and a network that loses and doubles.

The room is a list of items. An input that begins with ``!`` is appended to it and told to all links; any other one
changes nothing and says nothing. So all that is promised can be checked: `World.settle` asserts it.
"""

import heapq
import itertools
import json
from collections import deque
from collections.abc import Callable
from copy import deepcopy
from random import Random

from msgspec import Struct, field

from hangd.engine.cluster.edge_relay import GIVE_UP, EdgeRelay, EdgeState
from hangd.engine.cluster.effects import (
    Admit,
    Apply,
    Close,
    Deliver,
    Drop,
    EdgeEffect,
    Find,
    GiveUp,
    OwnerEffect,
    PostToEdge,
    PostToOwner,
    Published,
    Reset,
    Vanish,
)
from hangd.engine.cluster.owner_relay import OwnerRelay
from hangd.engine.cluster.parcels import Attach, Heard, Leave, Parcel, Told, stray

ROOM = "room"
LIFE, RENEWAL = 3.0, 0.75


class Record(Struct):
    """What Redis keeps of the room."""

    owner: str
    fence: int
    number: int = 0
    state: list[str] = field(default_factory=list)
    applied: dict[str, int] = field(default_factory=dict)


class Commit(Struct):
    number: int
    added: list[str]
    published: Published


class Owner:
    """The room at its owner: what `hangd.rooms` is to the relay."""

    def __init__(self, world: "World", node: "Node", record: Record) -> None:
        self.world, self.node = world, node
        self.state = list(record.state)
        self.number = record.number
        self.relay = OwnerRelay(ROOM, node.name, record.fence, world.now, record.applied)
        self.unanswered: deque[Commit] = deque()
        self.connection = 0
        """Rises when the connection to Redis breaks: what was on its way is lost."""
        self.sending_again = False

    def received(self, edge: str, parcel: Attach | Told | Heard | Leave) -> None:
        self.carry_out(self.relay.received(edge, parcel, self.world.now))

    def expire(self) -> None:
        self.carry_out(self.relay.expire(self.world.now))

    def carry_out(self, effects: list[OwnerEffect]) -> None:
        said: dict[str, list[bytes]] = {}
        added: list[str] = []
        must = False
        for effect in effects:
            match effect:
                case PostToEdge(node=node, parcel=parcel):
                    self.world.post(self.node.name, node, parcel)
                case Admit(link=link):
                    said.setdefault(link, []).append(b"state:" + json.dumps(self.state).encode())
                    must = True
                case Apply(items=items):
                    for item in items:
                        if item.startswith(b"!"):
                            self.state.append(item.decode())
                            added.append(item.decode())
                            for link in self.relay.links:
                                said.setdefault(link, []).append(b"said:%d:%b" % (len(self.state), item))
                case Drop():
                    must = True
        self.relay.check()
        if must or said or added:
            self.commit(said, added)

    def commit(self, said: dict[str, list[bytes]], added: list[str]) -> None:
        self.number += 1
        published = self.relay.commit(said, self.number, self.world.now)
        self.relay.check()
        commit = Commit(self.number, added, published)
        self.unanswered.append(commit)
        self.world.commit(self, commit)

    def answered(self, number: int) -> None:
        while self.unanswered and self.unanswered[0].number <= number:
            self.unanswered.popleft()
        self.relay.committed(number, self.world.now)
        self.relay.check()


class Edge:
    """One edge's end: what `hangd.rooms` is to the relay."""

    def __init__(self, world: "World", node: "Node") -> None:
        self.world, self.node = world, node
        self.link = f"link{next(world.numbers)}"
        self.relay = EdgeRelay(ROOM, self.link, world.random.uniform(*GIVE_UP))
        self.view: list[str] | None = None
        self.told: list[str] = []
        self.answered: set[str] = set()
        self.resets = 0
        self.end: EdgeEffect | None = None
        self.carry_out(self.relay.start(world.now))

    def tell(self, item: str) -> bool:
        effects = self.relay.tell(item.encode(), self.world.now)
        if effects is None:
            return False
        self.told.append(item)
        self.carry_out(effects)
        return True

    def expire(self) -> None:
        self.carry_out(self.relay.expire(self.world.now))

    def carry_out(self, effects: list[EdgeEffect]) -> None:
        self.relay.check()
        for effect in effects:
            match effect:
                case Find():
                    self.world.find(self)
                case PostToOwner(node=node, parcel=parcel):
                    self.world.post(self.node.name, node, parcel)
                case Deliver(items=items):
                    for item in items:
                        self.delivered(item)
                case Reset():
                    self.resets += 1
                    self.view = None
                case GiveUp() | Vanish() | Close():
                    assert self.end is None
                    self.end = effect

    def delivered(self, item: bytes) -> None:
        if item.startswith(b"state:"):
            view = json.loads(item[6:])
            assert self.answered <= set(view), "an answered input is not in a later state"
            self.view = view
            return
        _, length, text = item.decode().split(":", 2)
        assert self.view is not None, "something was said before the state"
        self.view.append(text)
        assert len(self.view) == int(length), "a batch is missing, or came twice"
        if text in self.told:
            self.answered.add(text)


class Node:
    def __init__(self, name: str) -> None:
        self.name = name
        self.up = True
        self.stopped = False
        self.cut = False
        self.slow = False
        """Whether what it sends is up to two seconds on its way to Redis."""
        self.waiting: list[Callable[[], None]] = []
        """What has arrived while the process was stopped."""
        self.renewed_at = 0.0
        """When the key was set, as Redis knows it."""
        self.owner: Owner | None = None
        self.edge: Edge | None = None


class World:
    """``loss`` and ``double``: the probability that a parcel is lost, or comes again up to some seconds later."""

    def __init__(self, seed: int, *, loss: float = 0.0, double: float = 0.0, nodes: int = 3) -> None:
        self.random = Random(seed)
        self.loss, self.double = loss, double
        self.now = 100.0
        self.numbers = itertools.count(1)
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.nodes: dict[str, Node] = {}
        self.record: Record | None = Record("", 0)
        self.redis_up = True
        self.last: dict[str, float] = {}
        self.parcels = 0
        self.edges: list[Edge] = []
        self.finds = 0
        for _ in range(nodes):
            self.add_node()

    def add_node(self) -> Node:
        node = Node(f"n{len(self.nodes) + 1}")
        node.renewed_at = self.now
        self.nodes[node.name] = node
        self.at(RENEWAL, lambda: self.renew(node))
        return node

    def connect(self, node: Node) -> Edge:
        """Make a new link at this node."""
        node.edge = edge = Edge(self, node)
        self.edges.append(edge)
        return edge

    # Faults.

    def kill(self, node: Node) -> None:
        node.up, node.owner, node.edge = False, None, None
        node.waiting.clear()

    def stop(self, node: Node) -> None:
        node.stopped = True

    def wake(self, node: Node) -> None:
        node.stopped = False
        waiting, node.waiting = node.waiting, []
        for arrived in waiting:
            arrived()

    def empty_redis(self) -> None:
        """Redis loses all it knows, the keys of the nodes, too."""
        self.record = None
        for node in self.nodes.values():
            node.renewed_at = float("-inf")

    # What Redis does.

    def renew(self, node: Node) -> None:
        if not node.up:
            return
        self.at(RENEWAL, lambda: self.renew(node))
        if not node.stopped:
            self.to_redis(node, lambda: self.renewed(node))

    def renewed(self, node: Node) -> None:
        if not self.redis_up:
            return
        lapsed = not self.lives(node.name)
        node.renewed_at = self.now
        self.arrive(node, lambda: self.told_of_others(node, lapsed=lapsed))

    def told_of_others(self, node: Node, *, lapsed: bool) -> None:
        if node.owner is None:
            return
        if lapsed:
            # Somebody may have claimed the room: a commit tells.
            node.owner.commit({}, [])
        for other in self.nodes.values():
            if not self.lives(other.name) and node.owner is not None:
                node.owner.carry_out(node.owner.relay.edge_died(other.name, self.now))

    def lives(self, name: str) -> bool:
        return name in self.nodes and self.now - self.nodes[name].renewed_at < LIFE

    def find(self, edge: Edge) -> None:
        self.finds += 1

        def found() -> None:
            if edge.node.edge is edge:
                relay, record = edge.relay, self.record
                where = None if record is None else (record.owner, record.fence)
                edge.carry_out(relay.missing(self.now) if where is None else relay.found(*where, self.now))

        self.claim(edge.node, found)

    def claim(self, node: Node, then: Callable[[], None] = lambda: None) -> None:
        """Let the node own the room if nobody who lives does."""

        def asked() -> None:
            if not self.redis_up:
                return
            claimed = None
            if self.record is not None and not self.lives(self.record.owner):
                self.record.owner = node.name
                self.record.fence += 1
                claimed = deepcopy(self.record)

            def answered() -> None:
                if claimed is not None:
                    node.owner = Owner(self, node, claimed)
                then()

            self.arrive(node, answered)

        self.to_redis(node, asked)

    def hand_over(self, owner: Owner) -> None:
        """Give the room up, once Redis has answered all commits."""
        node = owner.node
        if owner.unanswered:
            self.at(0.001, lambda: self.hand_over(owner))
        elif node.owner is owner and node.up:
            posts = owner.relay.release()
            node.owner = None

            def asked() -> None:
                if self.record is not None and self.record.owner == node.name:
                    self.record.owner = ""

            self.to_redis(node, asked)
            for effect in posts:
                assert isinstance(effect, PostToEdge)
                self.post(node.name, effect.node, effect.parcel)

    def commit(self, owner: Owner, commit: Commit) -> None:
        if not owner.sending_again:
            self.send(owner, commit)

    def send(self, owner: Owner, commit: Commit) -> None:
        fence, node, connection = owner.relay.fence, owner.node, owner.connection

        def asked() -> None:
            if not node.up or node.owner is not owner or owner.connection != connection:
                return
            record = self.record
            if node.cut or not self.redis_up:
                # The connection breaks: all that is not answered is sent when there is one again.
                owner.connection += 1
                owner.sending_again = True
                self.at(0.5, lambda: self.send_again(owner))
            elif record is None:
                self.arrive(node, lambda: self.write_back(owner))
            elif (record.owner, record.fence) != (node.name, fence):
                self.arrive(node, lambda: self.refused(owner, fence))
            else:
                if commit.number > record.number:
                    assert commit.number == record.number + 1, "a delta does not follow the last commit"
                    record.state += commit.added
                    self.keep(record, commit)
                self.arrive(node, lambda: owner.answered(commit.number) if node.owner is owner else None)

        self.at(self.fifo(f"to:{node.name}", slow=node.slow), asked)

    def send_again(self, owner: Owner) -> None:
        if owner.node.cut or not self.redis_up or owner.node.stopped:
            if owner.node.up:
                self.at(0.5, lambda: self.send_again(owner))
            return
        owner.sending_again = False
        for commit in owner.unanswered:
            self.send(owner, commit)

    def write_back(self, owner: Owner) -> None:
        """Redis has lost its memory: write the room whole, under the next fence."""
        if owner.node.owner is not owner or owner.sending_again or not owner.unanswered:
            return
        owner.sending_again = True
        fence = owner.relay.fence + 1
        owner.relay.refence(fence)
        unanswered = list(owner.unanswered)
        state, applied = list(owner.state), owner.relay.applied_by_link()

        def asked() -> None:
            if not owner.node.up or owner.node.owner is not owner:
                return
            if self.record is not None or not self.redis_up:
                self.at(0.5, lambda: self.send_again(owner))
                return
            self.record = Record(owner.node.name, fence, unanswered[-1].number, state, applied)
            for commit in unanswered:
                self.publish(owner.node.name, commit)
            self.arrive(owner.node, answered)

        def answered() -> None:
            if owner.node.owner is owner:
                owner.answered(unanswered[-1].number)
                self.send_again(owner)

        self.to_redis(owner.node, asked)

    def refused(self, owner: Owner, fence: int) -> None:
        """A refusal of what was sent before the fence was raised says nothing."""
        if owner.node.owner is owner and owner.relay.fence == fence:
            owner.node.owner = None

    def keep(self, record: Record, commit: Commit) -> None:
        record.number = commit.number
        for link, applied in commit.published.applied.items():
            if applied is None:
                record.applied.pop(link, None)
            else:
                record.applied[link] = applied
        self.publish(record.owner, commit)

    def publish(self, sender: str, commit: Commit) -> None:
        for name, parcels in commit.published.parcels.items():
            for parcel in parcels:
                self.carry(sender, name, parcel)

    # The network.

    def at(self, delay: float, do: Callable[[], None]) -> None:
        heapq.heappush(self.events, (self.now + delay, next(self.numbers), do))

    def fifo(self, channel: str, *, slow: bool = False) -> float:
        """Return the delay of what comes next through this channel: it keeps the order."""
        delay = self.random.uniform(0.0001, 2.0 if slow else 0.003)
        at = max(self.now + delay, self.last.get(channel, 0.0) + 1e-6)
        self.last[channel] = at
        return at - self.now

    def to_redis(self, node: Node, asked: Callable[[], None]) -> None:
        def sent() -> None:
            if node.up and not node.cut:
                asked()

        self.at(self.fifo(f"to:{node.name}", slow=node.slow), sent)

    def post(self, sender: str, receiver: str, parcel: Parcel) -> None:
        self.to_redis(self.nodes[sender], lambda: self.carry(sender, receiver, parcel))

    def carry(self, sender: str, receiver: str, parcel: Parcel) -> None:
        self.parcels += 1
        node = self.nodes.get(receiver)
        if node is None or not self.redis_up:
            return
        if self.random.random() >= self.loss:
            self.at(self.fifo(receiver), lambda: self.arrived(node, sender, parcel))
        if self.random.random() < self.double:
            self.at(self.random.uniform(0, 4.0), lambda: self.arrived(node, sender, parcel))

    def arrived(self, node: Node, sender: str, parcel: Parcel) -> None:
        if not node.cut:
            self.arrive(node, lambda: self.received(node, sender, parcel), delay=False)

    def arrive(self, node: Node, do: Callable[[], None], *, delay: bool = True) -> None:
        """Do this at the node, when its process runs."""

        def arrived() -> None:
            if node.stopped:
                node.waiting.append(arrived)
            elif node.up and not node.cut:
                do()

        if delay:
            self.at(self.fifo(node.name), arrived)
        else:
            arrived()

    def received(self, node: Node, sender: str, parcel: Parcel) -> None:
        if isinstance(parcel, Attach | Told | Heard | Leave):
            if node.owner is not None:
                # Also if it may not decide any more: what it does is refused.
                node.owner.received(sender, parcel)
                return
        elif node.edge is not None and node.edge.link == parcel.link:
            node.edge.carry_out(node.edge.relay.received(parcel, self.now))
            return
        if (answer := stray(parcel)) is not None:
            self.post(node.name, sender, answer)

    # Time.

    def machines(self) -> list[tuple[float, Callable[[], None]]]:
        """Return when each machine is due, and what is done then."""
        due: list[tuple[float, Callable[[], None]]] = []
        for node in self.nodes.values():
            if not node.up or node.stopped:
                continue
            for end in (node.owner, node.edge):
                if end is not None and (at := end.relay.deadline()) is not None:
                    due.append((at, end.expire))
        return due

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass. Return whether the condition came true; if so, time stops there."""
        end = self.now + seconds
        steps = 0
        while not until():
            steps += 1
            assert steps < 200_000, "something is done again and again"
            timers = self.machines()
            at, do = min(timers, key=lambda timer: timer[0], default=(float("inf"), lambda: None))
            if self.events and self.events[0][0] <= at:
                at, _, do = self.events[0]
                if at <= end:
                    heapq.heappop(self.events)
            if at > end:
                self.now = end
                return False
            self.now = max(self.now, at)
            do()
        return True

    def settle(self, seconds: float = 90.0) -> None:
        """End all faults, let time pass, and assert what is promised."""
        self.loss = self.double = 0.0
        self.redis_up = True
        for node in self.nodes.values():
            node.cut = node.slow = False
            if node.stopped:
                self.wake(node)
        self.run(seconds)
        assert self.record is not None
        state = self.record.state
        assert len(state) == len(set(state)), "an input was applied twice"
        for edge in self.edges:
            effectful = [item for item in edge.told if item.startswith("!")]
            applied = [item for item in state if item in set(effectful)]
            assert applied == [item for item in effectful if item in set(applied)], (
                "inputs were applied in another order"
            )
            assert edge.answered <= set(state), "an answered input is lost"
            if edge.node.up and edge.node.edge is edge and edge.end is None:
                assert edge.relay.state is EdgeState.ATTACHED
                assert applied == effectful, "an input was not applied"
                assert edge.view == state
                assert not edge.relay.inputs
            elif isinstance(edge.end, Close):
                assert applied == effectful, "an input was not applied"
        owner = self.nodes[self.record.owner].owner if self.record.owner else None
        if owner is not None:
            assert owner.state == state
            living = {edge.link for edge in self.edges if edge.node.edge is edge and edge.end is None}
            assert set(owner.relay.links) == living
            assert all(not link.batches for link in owner.relay._links.values())
            assert not owner.unanswered
