"""Limits of connections by address, and of open files."""

import sys

import pytest

from hangd.server.acceptor import AddressLimit
from hangd.server.app import allow_open_files


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
    assert limit.enter("")
    assert not limit.enter("")
    limit.leave("")
    assert limit.enter("")


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_the_limit_of_open_files_is_never_lowered() -> None:
    before = allow_open_files(0)
    assert before is None or (allow_open_files(before) or 0) >= before
