"""Limits of connections by address, and of open files."""

import logging
import sys
import time

import pytest

from hangd.rooms.counters import Counters
from hangd.server.acceptor import HubAcceptor
from hangd.server.app import allow_open_files
from hangd.server.places import Places, largest_of
from hangd.server.proxies import TrustedProxies
from hangd.server.trust.tags import network_of
from hangd.server.web.pages import Pages
from hangd.transport.http import Request
from tests.rooms.test_hub import make_hub
from tests.support.network.memory_transport import MemoryClient


def ask(target: str, *, upgrades: bool = False, **fields: str) -> Request:
    """Return a request with these header fields, in whose names an underscore stands for a hyphen."""
    values = {name.replace("_", "-"): value for name, value in fields.items()}
    return Request(target, lambda name: [values[name]] if name in values else [], upgrades)


def test_networks() -> None:
    assert network_of("2001:db8:1:2::3") == network_of("2001:db8:1:2:ffff::4") != network_of("2001:db8:1:3::3")
    assert network_of("fe80::1%eth0") == network_of("fe80::2%eth1")
    assert network_of("192.0.2.1") == network_of("::ffff:192.0.2.1") != network_of("192.0.2.2")
    assert (network_of("unknown"), network_of("")) == ("unknown", "")


def test_connections_are_counted_by_network() -> None:
    places, (one, two, three) = Places(2), (MemoryClient().transport for _ in range(3))
    for transport in (one, two):
        assert not places.is_full("192.0.2.1")
        places.enter(transport, "192.0.2.1")
    assert places.is_full("192.0.2.1") and not places.is_full("192.0.2.2")
    assert places.oldest("192.0.2.1") is one and places.oldest("192.0.2.2") is None
    places.enter(three, "192.0.2.2")
    assert largest_of(places, Places(9)) == "192.0.2.1"
    places.leave(one, "192.0.2.1")
    places.leave(one, "192.0.2.1")
    assert places.oldest("192.0.2.1") is two and not places.is_full("192.0.2.1")
    places.leave(two, "192.0.2.1")
    places.leave(three, "192.0.2.2")
    assert places.networks == set() and largest_of(places) == ""


def test_peers_of_a_unix_socket_have_no_address_and_no_limit() -> None:
    places = Places(1)
    places.enter(MemoryClient().transport, "")
    assert not places.is_full("")


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_the_limit_of_open_files_is_never_lowered() -> None:
    before = allow_open_files(0)
    assert before is None or (allow_open_files(before) or 0) >= before


async def test_an_address_that_is_refused_is_named_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    acceptor = HubAcceptor(make_hub(), most=100, most_per_address=1, proxies=TrustedProxies([]))

    def come(*addresses: str) -> list[str]:
        caplog.clear()
        for address in addresses:
            transport = MemoryClient(address).transport
            acceptor.accepted(transport)
            acceptor.requested(transport, ask("/ws", upgrades=True))
        return caplog.messages

    now = time.monotonic()
    monkeypatch.setattr("hangd.log.time.monotonic", lambda: now)
    assert come("192.0.2.1", "2001:db8::1") == []
    sentence = "{} has 1 connections already, and is refused more (--max-per-address)"
    assert come(*["192.0.2.1"] * 3, "2001:db8::2") == [sentence.format("192.0.2.1"), sentence.format("2001:db8::/64")]
    now += 59
    assert come("192.0.2.1") == []
    now += 2
    assert come("192.0.2.1") == [sentence.format("192.0.2.1")]


async def test_the_origin_of_a_page_that_is_refused_is_named(caplog: pytest.LogCaptureFixture) -> None:
    acceptor = HubAcceptor(make_hub(), most=9, most_per_address=9, proxies=TrustedProxies([]))
    for address, origin in (("192.0.2.1", "https://other.example"), ("", "\x1b[2J" + "x" * 5000)):
        transport = MemoryClient(address).transport
        acceptor.accepted(transport)
        answer = acceptor.requested(transport, ask("/ws", upgrades=True, Origin=origin))
        assert answer is not None and answer.status == 403
    first, second = caplog.messages
    sentence = "a page of another site is refused, from {}: its origin is {}"
    assert first == sentence.format("192.0.2.1", "https://other.example (--web-origin lets it in)")
    assert second == sentence.format("this machine", "\\x1b[2J" + "x" * 196)


async def test_a_crowd_of_addresses_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    acceptor = HubAcceptor(make_hub(), most=2, most_per_address=1, proxies=TrustedProxies([]))
    for number in range(200):
        for _ in range(2):
            transport = MemoryClient(f"192.0.2.{number}").transport
            acceptor.accepted(transport)
            acceptor.requested(transport, ask("/ws", upgrades=True))
    assert len(caplog.messages) == 20
    assert "connections are refused: 2 are open, which is the most" in caplog.messages


async def test_what_clients_let_their_proxy_say_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A proxy that maintains X-Forwarded-For passes a client's own Forwarded on."""
    acceptor = HubAcceptor(make_hub(), most=100, most_per_address=100, proxies=TrustedProxies(["192.0.2.1"]))
    for number in range(200):
        transport = MemoryClient("192.0.2.1").transport
        acceptor.accepted(transport)
        said = "for=203.0.113.9" if number % 2 else ";;;"
        answer = acceptor.requested(transport, ask("/", X_Forwarded_For="203.0.113.1", Forwarded=said))
        assert answer is not None and answer.status == 400
        acceptor.ended(transport)
    assert len([line for line in caplog.messages if "proxy" in line]) == 1


async def test_the_end_waits_for_clients_and_not_for_connections_that_had_a_plain_answer() -> None:
    """A browser keeps its connection open after a 404, until its deadline of some seconds."""
    hub = make_hub()
    acceptor = HubAcceptor(hub, most=9, most_per_address=9, proxies=TrustedProxies([]))
    client, browser = MemoryClient(), MemoryClient()
    for one in (client, browser):
        acceptor.accepted(one.transport)
    assert acceptor.requested(client.transport, ask("/ws", upgrades=True)) is None
    client.listener = acceptor.opened(client.transport, time.monotonic())
    assert acceptor.requested(browser.transport, ask("/favicon.ico")) is not None
    await acceptor.wait_empty(0.0)
    assert (client.closed, browser.closed) == (None, (1006, ""))
    acceptor.ended(browser.transport)
    acceptor.ended(client.transport)
    await acceptor.wait_empty(30.0)
    await hub.aclose()


def status(acceptor: HubAcceptor, client: MemoryClient, request: Request) -> int | None:
    """Return the status of the answer; None: it may have a WebSocket."""
    answer = acceptor.requested(client.transport, request)
    return None if answer is None else answer.status


async def test_clients_are_counted_apart_from_other_connections() -> None:
    """A browser that loads the page must not take the places of clients, nor they its own."""
    acceptor = HubAcceptor(make_hub(), most=999, most_per_address=2, proxies=TrustedProxies([]))
    browsers = [MemoryClient() for _ in range(64)]
    for browser in browsers:
        acceptor.accepted(browser.transport)
        assert status(acceptor, browser, ask("/healthz")) == 200
    clients = [MemoryClient() for _ in range(3)]
    for client in clients:
        acceptor.accepted(client.transport)
    assert status(acceptor, clients[0], ask("/healthz")) == 429
    assert [status(acceptor, client, ask("/ws", upgrades=True)) for client in clients] == [None, None, 429]
    acceptor.ended(clients[0].transport)
    another = MemoryClient()
    acceptor.accepted(another.transport)
    assert status(acceptor, another, ask("/ws", upgrades=True)) is None
    acceptor.ended(browsers[0].transport)
    late = MemoryClient()
    acceptor.accepted(late.transport)
    assert status(acceptor, late, ask("/healthz")) == 200


async def test_a_connection_of_a_proxy_counts_for_whom_it_asks_last() -> None:
    acceptor = HubAcceptor(make_hub(), most=999, most_per_address=1, proxies=TrustedProxies(["192.0.2.1"]))
    proxies = [MemoryClient("192.0.2.1") for _ in range(80)]
    for proxy in proxies:
        acceptor.accepted(proxy.transport)
        assert status(acceptor, proxy, ask("/healthz", X_Forwarded_For="203.0.113.7")) in (200, 429)
    assert status(acceptor, proxies[0], ask("/ws", upgrades=True, X_Forwarded_For="203.0.113.8")) is None
    assert status(acceptor, proxies[1], ask("/ws", upgrades=True, X_Forwarded_For="203.0.113.8")) == 429
    assert status(acceptor, proxies[2], ask("/healthz", X_Forwarded_For="203.0.113.7")) == 200
    for proxy in proxies:
        acceptor.ended(proxy.transport)
    assert acceptor._clients.networks | acceptor._browsers.networks | acceptor._silent.networks == set()


async def test_browsers_that_keep_their_connections_give_way_to_others() -> None:
    acceptor = HubAcceptor(make_hub(), most=3, most_per_address=9, proxies=TrustedProxies([]))
    client, first, second, third = (MemoryClient() for _ in range(4))
    for one in (client, first, second):
        acceptor.accepted(one.transport)
    assert status(acceptor, client, ask("/ws", upgrades=True)) is None
    acceptor.requested(first.transport, ask("/healthz"))
    acceptor.requested(second.transport, ask("/healthz"))
    acceptor.requested(first.transport, ask("/healthz"))
    acceptor.accepted(third.transport)
    assert [one.closed is None for one in (client, first, second, third)] == [True, True, False, True]
    acceptor.ended(second.transport)
    assert status(acceptor, third, ask("/ws", upgrades=True)) is None


async def test_a_page_is_answered_and_a_websocket_of_another_page_is_not() -> None:
    acceptor = HubAcceptor(
        make_hub(), most=9, most_per_address=9, proxies=TrustedProxies([]), pages=Pages.load(), secure=True
    )
    browser = MemoryClient()
    acceptor.accepted(browser.transport)
    assert ("Strict-Transport-Security", "max-age=15552000") in acceptor.fields
    assert [status(acceptor, browser, ask(path)) for path in ("/", "/?x", "/page/main.js", "/ws", "/nothing")] == [
        200, 200, 200, None, 404,
    ]  # fmt: skip
    for path, origin, found in [
        ("/ws", "https://h", None),
        ("/", "https://h", None),
        ("/ws", "https://evil.example", 403),
        ("/page", "https://h", 404),
    ]:
        assert status(acceptor, browser, ask(path, upgrades=True, Origin=origin, Host="h")) == found


async def test_a_node_that_drains_lets_the_balancer_ask_another_one() -> None:
    why: list[str] = []
    counters = Counters()
    acceptor = HubAcceptor(
        make_hub(),
        most=9,
        most_per_address=9,
        proxies=TrustedProxies([]),
        pages=Pages.load(),
        counters=counters,
        why_elsewhere=lambda: why[0] if why else None,
    )
    one, other = MemoryClient().transport, MemoryClient().transport
    for transport in (one, other):
        acceptor.accepted(transport)
    assert acceptor.requested(one, ask("/ws", upgrades=True)) is None
    why.append("it is about to stop")
    answer = acceptor.requested(other, ask("/ws", upgrades=True))
    assert answer is not None and answer.status == 503 and answer.body == b"not here: it is about to stop\n"
    assert counters.turned_away == {"elsewhere": 1}
    page = acceptor.requested(other, ask("/"))
    assert page is not None and page.status == 200, "a page needs no room"


async def test_the_oldest_that_asks_for_nothing_gives_way_to_the_next_of_its_address() -> None:
    acceptor = HubAcceptor(make_hub(), most=999, most_per_address=9, proxies=TrustedProxies(["192.0.2.9"]))
    silent = [MemoryClient() for _ in range(66)]
    elsewhere = MemoryClient("192.0.2.2")
    for one in (elsewhere, *silent):
        acceptor.accepted(one.transport)
    assert [one.closed is None for one in silent] == [False, False, *[True] * 64]
    assert elsewhere.closed is None
    assert status(acceptor, silent[2], ask("/ws", upgrades=True)) is None
    late = MemoryClient()
    acceptor.accepted(late.transport)
    assert (silent[3].closed, late.closed) == (None, None)
    proxied = [MemoryClient("192.0.2.9") for _ in range(99)]
    for one in proxied:
        acceptor.accepted(one.transport)
    assert all(one.closed is None for one in proxied)
    for one in (elsewhere, late, *silent, *proxied):
        acceptor.ended(one.transport)
    assert acceptor._clients.networks | acceptor._browsers.networks | acceptor._silent.networks == set()


async def test_who_is_named_by_the_proxy_protocol_counts_from_then_on() -> None:
    acceptor = HubAcceptor(make_hub(), most=999, most_per_address=9, proxies=TrustedProxies(["192.0.2.9"]))
    silent = [MemoryClient("192.0.2.9") for _ in range(66)]
    for one in silent:
        assert acceptor.accepted(one.transport)
    for one in silent:
        one.transport.address = "203.0.113.7"
        acceptor.forwarded(one.transport)
    assert [one.closed is None for one in silent] == [False, False, *[True] * 64]


async def test_a_full_server_takes_newcomers_at_the_cost_of_the_address_that_has_most() -> None:
    acceptor = HubAcceptor(make_hub(), most=50, most_per_address=40, proxies=TrustedProxies([]))
    hoard = [MemoryClient("198.51.100.1") for _ in range(47)]
    others = [MemoryClient(f"192.0.2.{number}") for number in range(3)]
    newcomers = [MemoryClient(f"203.0.113.{number}") for number in range(9)]
    for one in (*others, *hoard, *newcomers):
        acceptor.accepted(one.transport)
    assert all(one.closed is None for one in (*others, *newcomers))
    assert [one.closed is None for one in hoard] == [*[False] * 9, *[True] * 38]


async def test_who_is_refused_counts_until_it_has_gone() -> None:
    acceptor = HubAcceptor(make_hub(), most=999, most_per_address=1, proxies=TrustedProxies([]))
    clients = [MemoryClient() for _ in range(70)]
    for client in clients:
        acceptor.accepted(client.transport)
        status(acceptor, client, ask("/ws", upgrades=True))
    assert sum(client.closed is None for client in clients) == 1 + 64


async def test_the_log_has_the_client_of_a_proxy_and_not_the_proxy(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hangd.rooms.edge.journal")
    hub = make_hub()
    acceptor = HubAcceptor(hub, most=9, most_per_address=1, proxies=TrustedProxies(["192.0.2.9"]))
    clients = [MemoryClient("192.0.2.9") for _ in range(2)]
    for client, found in zip(clients, (None, 429), strict=True):
        acceptor.accepted(client.transport)
        assert status(acceptor, client, ask("/ws", upgrades=True, X_Forwarded_For="2001:db8::7")) == found
    clients[0].listener = acceptor.opened(clients[0].transport, time.monotonic())
    clients[0].drop(time.monotonic())
    acceptor.ended(clients[0].transport)
    assert [line for line in caplog.messages if line[0] == "c"] == [
        "c2: is refused, from 2001:db8::/64: too many connections",
        "c1: begins, from 2001:db8::/64",
        "c1: ends after 0.0 s: lost; 0 messages in",
    ]
    await hub.aclose()
