"""The PROXY protocol, versions 1 and 2: what a proxy sends before everything else, to say for whom it connects.

`ServerTransport` gives the first bytes of a connection whose peer is trusted to say that. The protocol's text is
"proxy-protocol.txt" of HAProxy.
"""

import ipaddress
import struct
from typing import Final, NamedTuple

_V1: Final = b"PROXY "
_V1_MAX: Final = 107
_V2: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_V2_HEAD: Final = 16
_V2_MAX: Final = 4096
"""Bytes of addresses and additions. The format allows 65535; proxies send less than 600."""
_ADDRESSES: Final = {1: 4, 2: 16}
"""Bytes of one address, by the family in version 2: IPv4 and IPv6. Of others (Unix sockets) there is none to count."""


class BadPreface(Exception):
    """The bytes begin like a header of the PROXY protocol, and are none."""


class Preface(NamedTuple):
    length: int
    """Bytes of the header. HTTP follows. 0: there is no header."""
    address: str | None = None
    """The client's address. None: the proxy says that it connects for itself, or does not know the client."""


def read_preface(data: bytes) -> Preface | None:
    """Return the header at the start of ``data``; None: more bytes are needed to tell.

    Raises:
        BadPreface: it is malformed.
    """
    if data.startswith(_V2):
        return _version_2(data)
    if data.startswith(_V1):
        return _version_1(data)
    return None if _V1.startswith(data) or _V2.startswith(data) else Preface(0)


def _version_1(data: bytes) -> Preface | None:
    line, end, _ = data[:_V1_MAX].partition(b"\r\n")
    if not end:
        if len(data) >= _V1_MAX:
            raise BadPreface
        return None
    words = line.decode("ascii", "replace").split(" ")
    length = len(line) + len(end)
    if words[1] == "UNKNOWN":
        return Preface(length)
    if words[1] not in ("TCP4", "TCP6") or len(words) != 6:
        raise BadPreface
    try:
        address = ipaddress.ip_address(words[2])
    except ValueError:
        raise BadPreface from None
    if f"TCP{address.version}" != words[1]:
        raise BadPreface
    return Preface(length, str(address))


def _version_2(data: bytes) -> Preface | None:
    if len(data) < _V2_HEAD:
        return None
    version_command, family, length = struct.unpack_from("!BBH", data, len(_V2))
    if version_command not in (0x20, 0x21) or length > _V2_MAX:
        raise BadPreface
    whole = _V2_HEAD + length
    if len(data) < whole:
        return None
    size = _ADDRESSES.get(family >> 4)
    if version_command == 0x20 or size is None:  # 0x20, LOCAL: the proxy looks whether the server works
        return Preface(whole)
    if length < 2 * size + 4:
        raise BadPreface
    return Preface(whole, str(ipaddress.ip_address(data[_V2_HEAD : _V2_HEAD + size])))
