"""The pace of connections and requests, on simulated time."""

import contextlib
from collections import Counter

import pytest

from hangd.rooms.counters import Counters
from hangd.server.acceptor import HubAcceptor
from hangd.server.pace import Pace, TooFast
from hangd.server.proxies import TrustedProxies
from hangd.transport.http import Answer
from tests.rooms.test_hub import make_hub
from tests.server.test_acceptor import ask
from tests.support.network.memory_transport import MemoryClient


def test_what_comes_faster_waits_for_its_time_and_is_refused_if_that_is_long() -> None:
    pace = Pace(2.0, 3.0, 1000.0)

    def wait(now: float) -> float | None:
        with contextlib.suppress(TooFast):
            return pace.wait("net", now)
        return None

    waits = [wait(100.0) for _ in range(40)]
    assert waits[:5] == [0.0, 0.0, 0.0, 0.5, 1.0]
    assert waits[22:26] == [10.0, None, None, None], "what is refused does not count"
    assert pace.wait("another", 100.0) == 0.0
    assert wait(101.0) == 9.5
    assert [wait(200.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert all(pace.wait("", 100.0) == 0.0 for _ in range(100)), "a Unix socket's clients do not wait"


def test_many_networks_together_have_a_pace_too_and_those_that_have_a_client_another_one() -> None:
    pace = Pace(2.0, 3.0, 100.0)
    waits: Counter[float] = Counter()
    refused: Counter[str] = Counter()
    for number in range(5000):
        try:
            waits[pace.wait(f"stranger {number}", 100.0)] += 1
        except TooFast as too_fast:
            refused[too_fast.of] += 1
    assert waits[0.0] == 100 and max(waits) == 10.0, "then 20 a second"
    assert (waits.total(), refused) == (300, {"server": 4700})
    assert pace.wait("of a client", 100.0, has_client=True) == 0.0
    assert pace.wait("stranger again", 101.0) == pytest.approx(9.05)


async def test_connections_of_one_network_begin_at_a_pace_and_those_of_a_trusted_proxy_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    counters = Counters()
    acceptor = HubAcceptor(
        make_hub(),
        most=9999,
        most_per_address=70,
        proxies=TrustedProxies(["192.0.2.9"]),
        counters=counters,
        connections_per_second=0.001,
    )

    def comes(address: str) -> bool:
        """Tell whether a connection may begin at once. If it is not cut off, it goes."""
        client = MemoryClient(address)
        acceptor.accepted(client.transport)
        began = acceptor.pace_connection(client.transport) == 0.0 and client.closed is None
        acceptor.ended(client.transport)
        return began

    assert sum(comes("192.0.2.1") for _ in range(300)) == 3 * 70
    assert all(comes("192.0.2.9") for _ in range(300))
    assert comes("192.0.2.2")
    assert counters.turned_away["pace"] == 89, "one waits"
    assert caplog.messages == [
        "192.0.2.1 connects too often, and is refused more (--connections-per-second)",
    ]


async def test_requests_are_counted_for_whom_a_trusted_proxy_names() -> None:
    acceptor = HubAcceptor(
        make_hub(), most=99, most_per_address=1, proxies=TrustedProxies(["192.0.2.9"]), requests_per_second=0.001
    )
    proxy = MemoryClient("192.0.2.9").transport
    acceptor.accepted(proxy)

    def asks(client: str) -> float | Answer:
        return acceptor.pace_request(proxy, ask("/", X_Forwarded_For=client))

    answers = [asks("203.0.113.1") for _ in range(40 * 64 + 2)]
    assert answers[: 40 * 64] == [0.0] * (40 * 64)
    waits, refused = answers[-2:]
    assert isinstance(waits, float) and waits > 0.0
    assert isinstance(refused, Answer) and refused.status == 429 and ("Retry-After", "60") in refused.fields
    assert asks("203.0.113.2") == 0.0


async def test_strangers_of_many_networks_are_refused_before_those_of_whom_a_client_is_here(
    caplog: pytest.LogCaptureFixture,
) -> None:
    counters = Counters()
    proxies = TrustedProxies([])
    acceptor = HubAcceptor(
        make_hub(), most=300, most_per_address=70, proxies=proxies, counters=counters, connections_per_second=0.001
    )
    here = MemoryClient("198.51.100.1").transport
    acceptor.accepted(here)
    assert acceptor.requested(here, ask("/ws", upgrades=True)) is None

    def comes(address: str) -> bool:
        client = MemoryClient(address)
        acceptor.accepted(client.transport)
        began = acceptor.pace_connection(client.transport) == 0.0 and client.closed is None
        acceptor.ended(client.transport)
        return began

    assert sum(comes(f"192.0.{number // 250}.{number % 250}") for number in range(2000)) == 300
    assert counters.turned_away["pace"] == 1699, "one waits"
    assert comes("198.51.100.1")
    assert caplog.messages == ["too many clients connect, and more are refused"]


async def test_all_networks_together_are_answered_503_beyond_what_the_server_does() -> None:
    acceptor = HubAcceptor(
        make_hub(), most=99, most_per_address=1, proxies=TrustedProxies(["192.0.2.9"]), requests_per_second=0.001
    )
    proxy = MemoryClient("192.0.2.9").transport
    acceptor.accepted(proxy)
    asked = 4 * 40 * 64 + 2
    answers = [
        acceptor.pace_request(proxy, ask("/", X_Forwarded_For=f"203.0.{number // 250}.{number % 250}"))
        for number in range(asked)
    ]
    assert answers[: asked - 2] == [0.0] * (asked - 2)
    waits, refused = answers[-2:]
    assert isinstance(waits, float) and waits > 0.0
    assert isinstance(refused, Answer) and refused.status == 503 and ("Retry-After", "60") in refused.fields
