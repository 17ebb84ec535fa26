"""Limits of connections by address, and of open files."""

import sys
import time

import pytest

from hangd.server.acceptor import AddressLimit, HubAcceptor
from hangd.server.app import allow_open_files
from hangd.server.pages import Pages
from hangd.server.proxies import TrustedProxies
from hangd.transport.http import Request
from tests.rooms.test_hub import make_hub
from tests.support.memory_transport import MemoryClient


def ask(target: str, *, upgrades: bool = False, **fields: str) -> Request:
    """Return a request with these header fields, in whose names an underscore stands for a hyphen."""
    values = {name.replace("_", "-"): value for name, value in fields.items()}
    return Request(target, lambda name: [values[name]] if name in values else [], upgrades)


def test_connections_are_counted_by_address() -> None:
    limit = AddressLimit(2)
    assert limit.enter("192.0.2.1")
    assert limit.enter("192.0.2.1")
    assert not limit.enter("192.0.2.1")
    assert limit.enter("192.0.2.2")
    limit.leave("192.0.2.1")
    assert limit.enter("192.0.2.1")


def test_ipv6_addresses_count_by_their_64_bit_prefix() -> None:
    limit = AddressLimit(1)
    assert limit.enter("2001:db8:1:2::3")
    assert not limit.enter("2001:db8:1:2:ffff::4")
    assert limit.enter("2001:db8:1:3::3")
    assert limit.enter("fe80::1%eth0")
    assert not limit.enter("fe80::2%eth1")
    assert limit.enter("192.0.2.1")
    assert not limit.enter("::ffff:192.0.2.1")


def test_an_address_that_is_not_ip_counts_as_itself() -> None:
    limit = AddressLimit(1)
    assert limit.enter("unknown")
    assert not limit.enter("unknown")
    limit.leave("unknown")
    assert limit.enter("unknown")


def test_peers_of_a_unix_socket_have_no_address_and_are_not_counted() -> None:
    limit = AddressLimit(1)
    assert limit.enter("") and limit.enter("")
    limit.leave("")


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


async def test_a_crowd_of_addresses_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    acceptor = HubAcceptor(make_hub(), most=2, most_per_address=1, proxies=TrustedProxies([]))
    for number in range(200):
        for _ in range(2):
            transport = MemoryClient(f"192.0.2.{number}").transport
            acceptor.accepted(transport)
            acceptor.requested(transport, ask("/ws", upgrades=True))
    assert len(caplog.messages) == 20
    assert "connections are refused: 2 are open, which is the most" in caplog.messages


async def test_the_end_waits_for_clients_and_not_for_connections_that_had_a_plain_answer() -> None:
    """A browser keeps its connection open after a 404, until its deadline of some seconds."""
    hub = make_hub()
    acceptor = HubAcceptor(hub, most=9, most_per_address=9, proxies=TrustedProxies([]))
    client, browser = MemoryClient(), MemoryClient()
    for one in (client, browser):
        acceptor.accepted(one.transport)
    assert acceptor.requested(client.transport, ask("/ws", upgrades=True)) is None
    client.listener = acceptor.opened(client.transport, 0.0)
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
    assert acceptor._clients._counts == acceptor._others._counts == {}


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
