"""Collector: what the parts of the server have counted, as metrics. They are read when somebody asks, and not before.

No label has a value that a client chose. Types and codes are all listed from the start, with zeros, so that the rate of
something that happens for the first time is right.
"""

import asyncio
import math
import platform
import time
from collections.abc import Iterator, Mapping
from itertools import accumulate, chain
from typing import Final, get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from hangd.cluster.base import Outcome
from hangd.engine.room.connection.limits import MessageClass
from hangd.engine.room.connection.session import Limited
from hangd.histogram import Histogram
from hangd.lifetime import version
from hangd.protocol import errors
from hangd.protocol.accounts import AccountRequest
from hangd.protocol.errors import ErrorCode
from hangd.protocol.messages import CLIENT_TYPES, SERVER_TYPES, Action
from hangd.rooms.counters import TurnedAway
from hangd.server.metrics.lag import LagMeter
from hangd.server.metrics.sources import Sources

_CLOSE_CODES: Final = (
    errors.CLOSE_GOING_DOWN,
    errors.CLOSE_TOO_SLOW,
    errors.CLOSE_PROTOCOL,
    errors.CLOSE_UNAUTHORIZED,
    errors.CLOSE_BANNED,
    errors.CLOSE_RATE_LIMITED,
    errors.CLOSE_REPLACED,
    1011,
    1013,
)
_LIMITED: Final[tuple[Limited, ...]] = (*get_args(MessageClass), "pings", "invitations", "deliveries")
_BY_THEMSELVES: Final = "left"
_GRANTED: Final = "Granted"


class ServerCollector(Collector):
    """Make it within a running event loop, and collect in its thread only."""

    def __init__(self, sources: Sources, lag: LagMeter) -> None:
        self._sources = sources
        self._lag = lag
        self._started = time.time()
        self._build = (
            version(),
            platform.python_version(),
            type(asyncio.get_running_loop()).__module__.partition(".")[0],
        )

    def collect(self) -> Iterator[Metric]:
        return chain(
            self._server(),
            self._connections(),
            self._rooms(),
            self._messages(),
            self._secrets(),
            self._store(),
            self._cluster(),
        )

    def _server(self) -> Iterator[Metric]:
        sources = self._sources
        build = GaugeMetricFamily("hang_build_info", "Always 1.", labels=("version", "python", "event_loop"))
        build.add_metric(self._build, 1)
        yield build
        yield _gauge("hang_start_time_seconds", "Unix time at which the server was started.", self._started)
        is_ready = sources.why_not_ready() is None
        yield _gauge("hang_ready", "Whether /readyz answers 200: 1 or 0.", is_ready)
        yield _counter("hang_internal_errors", "Exceptions that are bugs of hangd.", sources.counters.failures)
        yield _histogram("hang_event_loop_lag_seconds", "How late a timer was, twice a second.", self._lag.seconds)

    def _connections(self) -> Iterator[Metric]:
        counters = self._sources.counters
        websockets, others = self._sources.acceptor.connections()
        yield _gauges("hang_connections", "Open connections.", "kind", {"websocket": websockets, "http": others})
        yield _counter("hang_connections_accepted", "Connections of every kind.", counters.accepted)
        yield _counters(
            "hang_connections_refused",
            "Connections that were not let in, or not kept: too many from their address; too many from it that ask for "
            "nothing, of which the oldest goes; too many in all; too often; a page of a foreign site; "
            "a trusted proxy that does not say for whom it connects; banned; taken by another server of the cluster.",
            "reason",
            {reason: counters.turned_away[reason] for reason in get_args(TurnedAway)},
        )
        closed = dict.fromkeys(map(str, _CLOSE_CODES), 0) | {str(code): n for code, n in counters.closed.items()}
        yield _counters(
            "hang_connections_closed",
            "WebSockets that have ended, by the code with which the server closed them; "
            f"{_BY_THEMSELVES}: the client ended it, or its network did.",
            "code",
            closed | {_BY_THEMSELVES: counters.left},
        )

    def _rooms(self) -> Iterator[Metric]:
        sources = self._sources
        census = sources.hub.census()
        kinds = {"full": census.full_clients, "basic": census.basic_clients, "silent": census.silent_clients}
        yield _gauges(
            "hang_clients",
            "Clients: those that have said Hello; those that do without; those that have said nothing yet.",
            "kind",
            kinds,
        )
        yield _gauge("hang_clients_max", "The most clients that are taken (--max-clients).", sources.most_clients)
        yield _gauge("hang_clients_with_account", "Clients that are logged in.", census.account_clients)
        yield _gauge("hang_outbox_bytes", "Bytes that wait until slow clients have read others.", census.waiting_bytes)
        yield _gauge("hang_outbox_clients", "Clients for which something waits.", census.waiting_clients)
        yield _gauge(
            "hang_waiting_memory_bytes",
            "Memory for what waits for slow clients; what waits for many of them counts once.",
            sources.hub.waiting_memory,
        )
        yield _gauge(
            "hang_waiting_memory_max_bytes",
            "What may wait before slow clients are cut off (--max-waiting-memory).",
            sources.most_waiting,
        )
        yield _gauge("hang_queue_memory_bytes", "Memory for the queues of rooms.", sources.hub.queue_memory)
        yield _gauge(
            "hang_queue_memory_max_bytes",
            "What they may take before longer queues are refused (--max-queue-memory).",
            sources.most_queued,
        )
        states = {"playing": census.playing_rooms, "paused": census.paused_rooms, "empty": census.empty_rooms}
        yield _gauges("hang_rooms", "Rooms; empty: nobody is present.", "state", states)
        yield _gauge("hang_busy_rooms", "Rooms in which messages wait for their turn.", census.busy_rooms)
        yield _gauge("hang_rooms_max", "The most rooms that are taken (--max-rooms).", sources.most_rooms)
        members = {"present": census.present_members, "away": census.away_members}
        yield _gauges("hang_members", "Members of rooms; away: without a connection for now.", "state", members)
        over = sources.counters.limited
        limited: dict[str, float] = {kind: over[kind] + census.limited.get(kind, 0) for kind in _LIMITED}
        yield _counters(
            "hang_messages_limited",
            "Messages that were refused or dropped, by what there was too much of: messages of that class; or what was "
            "sent because of the client, its network or its room (deliveries).",
            "class",
            limited,
        )
        debtors = {"network": census.debtors.networks, "room": census.debtors.rooms}
        yield _gauges("hang_debtors", "Networks and rooms that wait for what was sent.", "kind", debtors)

    def _messages(self) -> Iterator[Metric]:
        counters = self._sources.counters
        received = dict.fromkeys(CLIENT_TYPES, 0)
        for kind, number in counters.received.items():
            received["SyncCommand" if issubclass(kind, Action) else kind.__name__] += number
        yield _counters("hang_messages_received", "Valid messages of clients.", "type", received)
        sent = dict.fromkeys(SERVER_TYPES, 0) | {kind.__name__: number for kind, number in counters.sent.items()}
        yield _counters("hang_messages_sent", "Messages to clients, one for each recipient.", "type", sent)
        yield _counter(
            "hang_sent_bytes", "Bytes of these messages, with the heads of their frames.", counters.sent_bytes
        )
        refusals: dict[str, int] = {code: counters.refusals[code] for code in get_args(ErrorCode)}
        yield _counters("hang_refusals", "Errors that clients were sent.", "code", refusals)

    def _secrets(self) -> Iterator[Metric]:
        counters, passwords = self._sources.counters, self._sources.passwords
        answers = CounterMetricFamily(
            "hang_account_requests",
            f"Answers to logins and other requests about accounts; outcome: {_GRANTED}, or the code of the error.",
            labels=("request", "outcome"),
        )
        numbers = {(kind, code): 0 for kind in get_args(AccountRequest) for code in (None, "Unauthorized")}
        for (kind, code), number in (numbers | counters.account_requests).items():
            answers.add_metric((kind.__name__, code or _GRANTED), number)
        yield answers
        yield _counter(
            "hang_wrong_secrets",
            "Wrong passwords of rooms and of the server, resume secrets and forged invites.",
            counters.wrong_secrets,
        )
        yield _counter("hang_password_hashes", "Passwords that were hashed or compared.", passwords.done)
        yield _gauge("hang_password_hashes_waiting", "Passwords that wait for a thread.", passwords.waiting)

    def _store(self) -> Iterator[Metric]:
        sources, store = self._sources, self._sources.store
        yield _counter("hang_rooms_written", "Rooms written to the store, each time.", sources.counters.rooms_written)
        yield _gauge(
            "hang_rooms_unwritten",
            "Rooms that have changed since the store has got them: what a crash would lose.",
            sources.hub.unwritten,
        )
        yield _histogram("hang_store_call_seconds", "Calls to the store, from begin to end.", store.seconds)
        yield _counter("hang_store_failures", "Calls to the store that have failed.", store.failures)
        yield _gauge("hang_store_waiting", "Calls to the store that have not ended.", store.waiting)
        works = not (store.failing or sources.hub.store_fails)
        yield _gauge("hang_store_up", "Whether the store works: 1 or 0.", works)
        yield _gauge(
            "hang_store_memory_only",
            "1: nothing outlives this server, because the file of the store could not be made.",
            sources.only_in_memory,
        )

    def _cluster(self) -> Iterator[Metric]:
        if self._sources.cluster is None:
            return
        now = self._sources.cluster()
        counted = now.counted
        yield _gauge("hang_cluster_alive", "Whether this node counts as alive, and decides: 1 or 0.", now.is_alive)
        yield _gauge(
            "hang_cluster_beat_age_seconds",
            "Age of the last beat that has come back through Redis; NaN: none has.",
            math.nan if now.beat_age is None else now.beat_age,
        )
        yield _histogram("hang_cluster_beat_seconds", "How long beats took through Redis and back.", counted.beats)
        yield _gauge(
            "hang_cluster_clock_bound_seconds", "How far this node may be from the cluster's time.", now.clock_bound
        )
        yield _gauge(
            "hang_cluster_tells_time", "Whether the others ask this node for the time: 1 or 0.", now.tells_time
        )
        yield _counter("hang_cluster_connections", "Connections to Redis that were made.", counted.connections)
        yield _gauge("hang_cluster_rooms", "Rooms that this node owns.", now.rooms)
        yield _counter(
            "hang_cluster_takeovers", "Rooms that this node has taken over from another owner.", counted.takeovers
        )
        links = {"edge": now.edge_links, "owner": now.owner_links}
        yield _gauges(
            "hang_cluster_links",
            "Links. edge: to owners of rooms in which clients of this node are; owner: to edges of its own rooms.",
            "end",
            links,
        )
        outcomes = {outcome.value: counted.commits[outcome] for outcome in Outcome}
        yield _counters(
            "hang_cluster_commits",
            "Commits. lost: the room was another's by then; whole: Redis had lost it, and got all of it anew.",
            "outcome",
            outcomes,
        )
        yield _gauge("hang_cluster_commits_waiting", "Commits that Redis has not answered.", now.commits_waiting)


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, value)


def _gauges(name: str, help: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, help, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family


def _counter(name: str, help: str, value: float) -> Metric:
    return CounterMetricFamily(name, help, value)


def _counters(name: str, help: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, help, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family


def _histogram(name: str, help: str, histogram: Histogram) -> Metric:
    # Another thread may add a value meanwhile: the sum is read once, and so is each class.
    bounds = [*map(str, histogram.bounds), "+Inf"]
    buckets = list(zip(bounds, accumulate(map(float, tuple(histogram.counts))), strict=True))
    return HistogramMetricFamily(name, help, buckets=buckets, sum_value=histogram.sum)
