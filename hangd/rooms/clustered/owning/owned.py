"""OwnedRooms: the rooms that run at this node, and what is kept of them for whoever owns them next.

What a room orders leaves only with a commit, which keeps at once what the room has become, and is refused if the room
is another's by now. So whatever anybody was told is kept, and an owner that has lost its room is mute. Members that are
connected to this node are told by the same way as all others: a room knows links, and no connections.
"""

import logging
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final, assert_never

from msgspec.structs import replace

from hangd.cluster.base import PUBLIC, Cluster, Commit, Outcome, Owned
from hangd.engine.cluster.effects import Admit, Apply, Drop, OwnerEffect, PostToEdge
from hangd.engine.cluster.owner_relay import OwnerRelay
from hangd.engine.cluster.parcels import ToOwner
from hangd.engine.room import effects, inputs
from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.protocol.messages import RoomLeft
from hangd.protocol.names import room_key
from hangd.rooms.clustered import items
from hangd.rooms.clustered.asking import all_done, until_done
from hangd.rooms.clustered.numbers import Counted
from hangd.rooms.clustered.owning import basic
from hangd.rooms.clustered.owning.attaching import admitted
from hangd.rooms.clustered.owning.ending import Ending
from hangd.rooms.clustered.owning.owned_room import OwnedRoom, Words, kept_chat, kept_room
from hangd.rooms.clustered.owning.relevance import what_counts
from hangd.rooms.clustered.parcels import Post
from hangd.rooms.clustered.timekeeping import ClusterServerClock
from hangd.rooms.clustered.unreadable import Unknown, Unreadable
from hangd.rooms.counters import Counters
from hangd.rooms.edge.turns import Turns
from hangd.rooms.hosting.directory import Directory, Hosted, new_room, restored_room
from hangd.rooms.hosting.history import watched
from hangd.store.base import Watched
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_CHECK_SECONDS: Final = 30
_AGAIN: Final = 0.25
"""Seconds after which a room looks again whether this node may decide."""


class OwnedRooms:
    """The arguments are those of `hangd.rooms.clustered.hub.ClusterHub`, or parts of it.

    Args:
        post: sends a parcel to a node, which may be this one.
        may_decide: whether this node counts as alive.
        clock: of the rooms. All times here that do not come from it, or go to it, are local ones.
        hop: as `hangd.rooms.clustered.timekeeping.Timekeeper.hop`.
    """

    def __init__(
        self,
        settings: RoomSettings,
        *,
        directory: Directory,
        cluster: Cluster,
        post: Post,
        may_decide: Callable[[], bool],
        turns: Turns,
        clock: ClusterServerClock,
        hop: Callable[[], float],
        tasks: Tasks,
        publish_rooms: bool,
        changed: Callable[[], None],
        keep_watched: Callable[[Watched, str | None], None],
        counters: Counters,
        counted: Counted,
    ) -> None:
        self._settings = settings
        self._rooms = directory
        self._cluster = cluster
        self._post = post
        self.may_decide = may_decide
        self._turns = turns
        self._clock = clock
        self._hop = hop
        self._tasks = tasks
        self._to_check: list[OwnedRoom] = []
        self._taken_over: list[OwnedRoom] = []
        """Rooms that have come here, and of which nobody has looked yet whether the servers of their members live."""
        self._checks = 0
        """How many of these are checked at once."""
        self._publish_rooms = publish_rooms
        self._changed = changed
        self._keep_watched = keep_watched
        self._counters = counters
        self._counted = counted
        self._unknown = Unknown()
        self._ending = Ending(cluster, tasks)
        self.ending: Final = self._ending.rooms
        self.unreadable: set[str] = set()
        """Rooms that this node cannot restore."""

    def get(self, room_id: str) -> OwnedRoom | None:
        found = self._rooms.get(room_id)
        assert found is None or isinstance(found, OwnedRoom)
        return found

    def __iter__(self) -> Iterator[OwnedRoom]:
        return iter([hosted for hosted in self._rooms if isinstance(hosted, OwnedRoom)])

    # ---- begin and end ----------------------------------------------------------------------------------------------

    def create(self, room_id: str, alias: str | None, password_hash: str | None, network: str, owned: Owned) -> None:
        """Run a new room, which the cluster has made. Its first input comes by a link."""
        share = self._rooms.queue_space.share(network)
        hosted = self._hosted(new_room(self._settings, password_hash, self._clock.now(), share, room_id), alias, owned)
        self._rooms.add(hosted, network)
        self._changed()

    def adopt(self, room_id: str, owned: Owned) -> bool:
        """Run a room that had another owner. Returns whether it can be run."""
        if (before := self.get(room_id)) is not None:
            if owned.fence <= before.relay.fence:
                return True
            if owned.number <= before.number:
                before.relay.refence(owned.fence)
                return True
            self.lose(before)  # It has been another's meanwhile, who has gone on with it.
        share = self._rooms.queue_space.share()
        try:
            kept, basics = kept_room(owned)
            room = restored_room(kept, self._settings, self._clock, self._clock.now(), share)
        except KeyError:
            share.end()
            # Its owner ended before the room's first input.
            self._ending.forget(room_id, owned.fence)
            return False
        except Exception:
            share.end()
            self.unreadable.add(room_id)
            _log.exception("room %s cannot be restored, and stays where it is kept", room_id)
            releasing = until_done(partial(self._cluster.release, room_id, owned.fence))
            self._tasks.start(releasing, name="release a room that cannot be restored")
            return False
        hosted = self._hosted(room, kept.room.name, owned, basics.edges)
        hosted.where = basics.where
        hosted.kept_queue = kept.room.queue
        hosted.kept_basic = owned.fields.get(basic.FIELD)
        hosted.kept_public = owned.fields.get(PUBLIC)
        hosted.changes_written = room.changes
        if basics.members:
            self._taken_over.append(hosted)
        self._rooms.restore(hosted)
        self._changed()
        self._arm(hosted)
        self._counted.takeovers += 1
        _log.info("room %s runs here now (fence %d)", room_id[:8], owned.fence)
        return True

    def _hosted(
        self, room: Room, alias: str | None, owned: Owned, edges: Mapping[str, str] = MappingProxyType({})
    ) -> OwnedRoom:
        chat = kept_chat(owned.fields)
        now = self._clock.local()
        relay = OwnerRelay(room.room_id, self._cluster.node, owned.fence, now, owned.applied, edges, chat)
        hosted = OwnedRoom(room, alias, relay, owned.number, self._expired, self._relay_due)
        hosted.note_chat(chat, now)
        return hosted

    def close(self, hosted: OwnedRoom, why: str | None = None) -> None:
        """End a room, unless it is ending. Its members are told."""
        if hosted.is_closing:
            return
        hosted.is_closing = True
        # The others wait to be let in. Their edges, which know how they have asked, refuse them.
        members = tuple(filter(hosted.room.is_member, hosted.where))
        told = [effects.SendTo(members, RoomLeft(hosted.room_id, "closed", why))] if members else []
        gone = [effects.ForgetMember(client_id, "closed") for client_id in hosted.where]
        self._publish(hosted, [*told, *gone, effects.ForgetRoom()], None)

    def end(self, hosted: OwnedRoom) -> None:
        """Forget a room in which nobody is, at once."""
        fence = hosted.relay.fence
        self.lose(hosted)
        self._ending.forget(hosted.room_id, fence)

    def unmake(self, room_id: str) -> None:
        """Forget a room of which nobody knows whether the cluster has made it, for want of an answer."""
        self._ending.unmake(room_id)

    def lose(self, hosted: OwnedRoom) -> None:
        """A room is not this node's any more: let the edges find out whose it is."""
        if hosted in self._rooms:
            hosted.stop()
            self._rooms.remove(hosted)
            self._changed()
            for post in hosted.relay.release():
                self._post.to_edge(post.node, post.parcel)

    def check_all(self) -> None:
        """Find out which rooms are still this node's, after it did not count as alive."""
        for hosted in self:
            self._commit(hosted, {}, {}, [])

    def check_some(self) -> None:
        """Find it out of some rooms, so that each is looked at every half minute when this is called once a second.

        What was kept of a room that nothing changes may be lost without a sign, as by a Redis that comes back twice.
        """
        if not self._to_check:
            self._to_check = list(self)
            self._checks = -(-len(self._to_check) // _CHECK_SECONDS)
        some, self._to_check = self._to_check[: self._checks], self._to_check[self._checks :]
        for hosted in some:
            if hosted in self._rooms and not hosted.in_flight and self.may_decide():
                self._commit(hosted, {}, {}, [])

    def woken(self) -> None:
        """This node may decide again: do what has become due."""
        for hosted in self:
            self._arm(hosted)

    def edge_died(self, node: str) -> None:
        for hosted in self:
            self._obey(hosted, hosted.relay.edge_died(node, self._clock.local()))

    def alive(self, nodes: Container[str]) -> None:
        """These nodes are alive, so servers may have died before their rooms have come here: their clients are gone."""
        taken_over, self._taken_over = self._taken_over, []
        for hosted in taken_over:
            if hosted in self._rooms:
                self._obey(hosted, hosted.relay.edges_alive(nodes))

    async def give_up_all(self) -> None:
        """Let the rooms be restored from what is kept, by this node or another one. Raises as `release_all`."""
        rooms = list(self)
        for hosted in rooms:
            self.lose(hosted)
        await all_done(self._cluster.release(hosted.room_id, hosted.relay.fence) for hosted in rooms)

    async def release_all(self) -> None:
        """Let others have the rooms, at the end of this node. Raises ClusterFailed: some could not be released."""
        releases = []
        for hosted in self:
            hosted.stop()
            self._rooms.remove(hosted)
            posts = [post for post in hosted.relay.release() if post.node != self._cluster.node]
            parcels = [(post.node, self._post.encode(post.parcel)) for post in posts]
            releases.append(self._cluster.release(hosted.room_id, hosted.relay.fence, parcels))
        await all_done(releases)

    # ---- inputs -----------------------------------------------------------------------------------------------------

    def received(self, edge: str, parcel: ToOwner) -> bool:
        """Take a parcel for a room. Returns whether that is here."""
        hosted = self.get(parcel.room)
        if hosted is None:
            return False
        if self.may_decide():  # Else it is sent again.
            self._obey(hosted, hosted.relay.received(edge, parcel, self._clock.local()))
        return True

    def tell(self, hosted: OwnedRoom, input: inputs.RoomInput, now: float) -> None:
        """Give a room an input that comes from no edge."""
        self._take(hosted, input, self._clock.to_cluster(now))

    def _expired(self, hosted: Hosted, now: float) -> None:
        assert isinstance(hosted, OwnedRoom)
        if not self.may_decide():
            return hosted.timer.arm(now + _AGAIN)
        with self._turns.turn(now, None):
            try:
                orders = hosted.room.expire(self._clock.due(now, hosted.room.deadline()))
            except Exception:
                _log.exception("room %s failed at its deadline, and is closed", hosted.room_id)
                self._counters.failures += 1
                self.close(hosted)
            else:
                self._publish(hosted, orders, None)
            self._arm(hosted)

    def _relay_due(self, hosted: OwnedRoom, now: float) -> None:
        if not self.may_decide():
            return hosted.relay_timer.arm(now + _AGAIN)
        self._obey(hosted, hosted.relay.expire(now))

    def _obey(self, hosted: OwnedRoom, orders: Iterable[OwnerEffect]) -> None:
        now = self._clock.now()
        with self._turns.turn(self._clock.local(), None):
            for order in orders:
                match order:
                    case PostToEdge(node=node, parcel=parcel):
                        self._post.to_edge(node, parcel)
                    case Admit():
                        self._admit(hosted, order, now)
                    case Apply(link=link, items=told):
                        self._apply(hosted, link, told, now)
                    case Drop(link=link):
                        self._drop(hosted, link, now)
                    case _:
                        assert_never(order)
            self._arm(hosted)

    def _admit(self, hosted: OwnedRoom, order: Admit, now: float) -> None:
        """An edge has attached: whoever is there is present, and is told the room as it is."""
        said = admitted(hosted, order, lambda input: self._fed(hosted, input, now), now)
        self._publish(hosted, said, None, force=True, unheard={order.link: order.unheard})

    def _apply(self, hosted: OwnedRoom, link: str, told: tuple[bytes, ...], now: float) -> None:
        for data in told:
            try:
                input = items.decode_input(data)
            except Unreadable as error:
                self._unknown.tell(error)
                self._publish(hosted, hosted.refusal(link, error), None)
                continue
            if isinstance(input, inputs.LatencyMeasured):
                input = replace(input, rtt=input.rtt + self._hop())  # The edge has added its own way.
            # Only now: whether an input counts follows from those before it, such as the end of a connection.
            if (counted := what_counts(hosted, link, input)) is not None:
                payer = input.client_id if isinstance(input, inputs.MessageReceived) else None
                self._take(hosted, counted, now, payer)

    def _drop(self, hosted: OwnedRoom, link: str, now: float) -> None:
        for client_id in hosted.at(link):
            self._take(hosted, inputs.ConnectionLost(client_id), now)
        for lost in hosted.hash_lost(link):
            self._take(hosted, lost, now)

    def _take(self, hosted: OwnedRoom, input: inputs.RoomInput, now: float, payer: str | None = None) -> None:
        """Give a room an input, and publish what it orders."""
        self._publish(hosted, self._fed(hosted, input, now), payer)

    def _fed(self, hosted: OwnedRoom, input: inputs.RoomInput, now: float) -> list[effects.RoomEffect]:
        """Return what a room orders after an input."""
        if not isinstance(input, inputs.ConnectionLost):
            return self._handled(hosted, input, now)
        hosted.lost(input.client_id)
        orders = self._handled(hosted, input, now)
        # What its edge finds out of its password does not count any more (`what_counts`), or is not told.
        orders += self._handled(hosted, inputs.CheckLost(input.client_id), now)
        if not hosted.room.is_member(input.client_id):
            hosted.forget(input.client_id)
        return orders

    def _handled(self, hosted: OwnedRoom, input: inputs.RoomInput, now: float) -> list[effects.RoomEffect]:
        """Return what a room orders after an input. If it fails, it is brought in line again, or closed."""
        if hosted not in self._rooms:
            return []
        try:
            return hosted.room.handle(input, now)
        except Exception:
            _log.exception("internal error")
            self._counters.failures += 1
            try:
                return hosted.room.recover(now, hosted.where)
            except Exception:
                _log.exception("room %s cannot recover from an internal error, and is closed", hosted.room_id)
                self.close(hosted)
                return []

    # ---- what it orders ---------------------------------------------------------------------------------------------

    def _publish(
        self,
        hosted: OwnedRoom,
        orders: list[effects.RoomEffect],
        payer: str | None,
        *,
        force: bool = False,
        unheard: Mapping[str, Sequence[bytes]] = MappingProxyType({}),
    ) -> None:
        """Commit what a room orders, and what it has become. ``payer``: the client whose message led to it."""
        words = Words(hosted)
        own: list[effects.HostingOrder] = []
        price = 0.0
        for order in orders:
            match order:
                case effects.KeepWatched() | effects.ForgetRoom():
                    own.append(order)
                case effects.SendTo():
                    price += words.send(order)
                case _:
                    is_here = words.tell(order.client_id, order)
                    if isinstance(order, effects.ForgetMember):
                        self._forget_member(hosted, order.client_id, here=is_here)
                    elif isinstance(order, effects.ShowRoom) and order.room is None:
                        hosted.forget(order.client_id)  # It is no member, and its edge forgets it with this.
        if payer is not None and price > 0.0:
            words.tell(payer, items.Charges(payer, price))
        line = hosted.room.timeline.epoch, hosted.room.timeline.rev
        if line != hosted.told_line or force:
            hosted.told_line = line
            words.tell_all(items.Stands(*line))
        if hosted.room.changes != hosted.shown_at or force:
            hosted.shown_at = hosted.room.changes
            shown = hosted.shown()
            if shown != hosted.told_shown or force:  # A command changes the room, and nothing of this.
                hosted.told_shown = shown
                words.tell_all(shown)
        for link, chat in unheard.items():
            words.by_link.setdefault(link, []).extend(chat)
        fields = hosted.changed_fields(self._clock.mark(), public=self._publish_rooms)
        if words.by_link or fields or own or force:
            self._commit(hosted, words.by_link, fields, own)
        self._arm(hosted)

    def _forget_member(self, hosted: OwnedRoom, client_id: str, *, here: bool) -> None:
        hosted.forget(client_id)
        if not here:
            forgetting = until_done(
                partial(self._cluster.forget_client, client_id, hosted.room_id),
                unless=lambda: hosted.room.has(client_id),
            )
            self._tasks.start(forgetting, name="forget a client")

    def _commit(
        self,
        hosted: OwnedRoom,
        said: dict[str, list[bytes]],
        fields: dict[str, bytes | None],
        own: list[effects.HostingOrder],
        *,
        whole: bool = False,
        parcels: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        hosted.number += 1
        chat, hosted.chat = hosted.chat, []
        published = hosted.relay.commit(said, hosted.number, self._clock.local(), chat)
        if chat or whole or (fields and hosted.keeps_chat):
            fields = {**fields, **hosted.chat_field(chat, self._clock.local())}
        posts = [(node, self._post.encode(one)) for node, ones in published.parcels.items() for one in ones]
        commit = Commit(
            room_id=hosted.room_id,
            fence=hosted.relay.fence,
            number=hosted.number,
            fields=fields,
            applied={link: number for link, number in published.applied.items() if number is not None},
            ended=tuple(link for link, number in published.applied.items() if number is None),
            parcels=(*parcels, *posts),
            whole=whole,
            alias_key=None if hosted.alias is None else room_key(hosted.alias),
        )
        if whole:
            commit = replace(commit, applied=hosted.relay.applied_by_link(), ended=())
        hosted.in_flight += 1
        self._cluster.commit(commit, partial(self._committed, hosted, commit, own))

    def _committed(self, hosted: OwnedRoom, commit: Commit, own: list[effects.HostingOrder], outcome: Outcome) -> None:
        hosted.in_flight -= 1
        self._counted.commits[outcome] += 1
        if hosted not in self._rooms:
            return
        match outcome:
            case Outcome.OK:
                hosted.relay.committed(commit.number, self._clock.local())
                for order in own:
                    self._carry_out_own(hosted, order)
                self._arm(hosted)
            case Outcome.WHOLE | Outcome.LOST if outcome is Outcome.WHOLE or commit.fence < hosted.relay.fence:
                # LOST under an older fence: this node has claimed the room again meanwhile.
                hosted.refused.append((commit, own))
            case Outcome.LOST | Outcome.FAILED:
                _log.info(
                    "room %s is not this node's any more (%s, fence %d)",
                    hosted.room_id[:8],
                    outcome.value,
                    commit.fence,
                )
                return self.lose(hosted)
            case _:
                assert_never(outcome)
        if hosted.refused and not hosted.in_flight:
            refused, hosted.refused = hosted.refused, []
            hosted.forget_kept()
            parcels = [parcel for one, _ in refused for parcel in one.parcels]
            orders = [order for _, owns in refused for order in owns]
            self._commit(
                hosted,
                {},
                hosted.changed_fields(self._clock.mark(), public=self._publish_rooms),
                orders,
                whole=True,
                parcels=parcels,
            )

    def _carry_out_own(self, hosted: OwnedRoom, order: effects.HostingOrder) -> None:
        match order:
            case effects.KeepWatched():
                self._keep_watched(watched(order, hosted.room_id, self._clock.mark()), hosted.network)
            case effects.ForgetRoom():
                self.end(hosted)
            case _:
                assert_never(order)

    def _arm(self, hosted: OwnedRoom) -> None:
        if hosted in self._rooms:
            # An hour of another clock may be 0.4 s longer; but a room that plays is armed again with each report.
            hosted.timer.arm(self._clock.to_local(hosted.room.deadline()))
            hosted.relay_timer.arm(hosted.relay.deadline())
