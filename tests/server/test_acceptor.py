"""Limits of connections by address, and of open files."""

import sys
import time

import pytest

from hangd.server.acceptor import AddressLimit, HubAcceptor
from hangd.server.app import allow_open_files
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
