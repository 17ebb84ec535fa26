"""For whom a proxy that the operator trusts connects: X-Forwarded-For and Forwarded (RFC 7239).

`hangd.server.acceptor` asks. The same fields from anybody else are ignored: every client can write them. The PROXY
protocol, which says the same before the first byte of HTTP, is read by `hangd.transport.preface`.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

_UNIX: Final = "unix"
"""The setting for proxies that connect to a Unix socket."""

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR: Final = re.compile(rf'[ \t]*({_TOKEN})=({_TOKEN}|"(?:[^"\\]|\\.)*")[ \t]*(;|,|$)')
_WITH_PORT: Final = re.compile(r"\[([^\]]*)\](?::[\w.-]+)?|([0-9.]+)(?::[\w.-]+)?")

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadForwarding(Exception):
    """A trusted proxy says something that makes no sense. ``str()`` is a sentence for its operator."""


def parse_network(text: str) -> _Network | None:
    """Return the network of a ``--trusted-proxy``; None for "unix".

    Raises:
        ValueError: ``str()`` is the end of a sentence that begins with the option's name.
    """
    if text == _UNIX:
        return None
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(
            f"must be an address, a network (10.0.0.0/8, without bits behind the prefix) or unix, not {text!r}"
        ) from None


class TrustedProxies:
    """Knows which peers are trusted, and for whom they connect."""

    def __init__(self, given: Sequence[str]) -> None:
        networks = [parse_network(text) for text in given]
        self._networks = [network for network in networks if network is not None]
        self._unix = None in networks

    def trusts(self, address: str) -> bool:
        """Return whether this peer's word counts. The address of a Unix socket's peer is empty."""
        if not address:
            return self._unix
        try:
            parsed = parse_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def client(self, peer: str, fields: Callable[[str], Sequence[str]]) -> str:
        """Return the address of the client for which ``peer`` connects: its own if it is not trusted, or says nothing.

        Each proxy adds the address of its own peer at the end. So the client is the last address that is not a trusted
        proxy's. What stands before it was written by the client.

        Args:
            fields: returns the values of the header fields of this name.

        Raises:
            BadForwarding: a field is malformed, or the two fields name different clients. A proxy maintains one of
                them; the other one may be the client's.
        """
        if not self.trusts(peer):
            return peer
        said = []
        if values := fields("X-Forwarded-For"):
            said.append(self._last([part.strip() for value in values for part in value.split(",")], "X-Forwarded-For"))
        if values := fields("Forwarded"):
            said.append(self._last(_forwarded(",".join(values)), "Forwarded"))
        if len(set(said)) > 1:
            raise BadForwarding("X-Forwarded-For and Forwarded name different clients.")
        return said[0] if said else peer

    def _last(self, nodes: Sequence[str], field: str) -> str:
        address = ""
        for node in reversed(nodes):
            address = _address(node, field)
            if not self.trusts(address):
                break
        return address


def _address(node: str, field: str) -> str:
    """Return the address of one node, without a port. A proxy may also hide it: "unknown", or "_" and a name."""
    if field == "Forwarded" and (node == "unknown" or re.fullmatch(r"_[\w.-]+", node)):
        return node
    found = _WITH_PORT.fullmatch(node)
    try:
        return str(parse_address((found[1] or found[2]) if found is not None else node))
    except ValueError:
        raise BadForwarding(f"{field} contains something that is no address.") from None


def _forwarded(value: str) -> list[str]:
    """Return what each element of Forwarded says behind "for". RFC 7239, section 4."""
    nodes, node, at = [], "unknown", 0
    while at < len(value):
        found = _PAIR.match(value, at)
        if found is None:
            raise BadForwarding("Forwarded is malformed.")
        if found[1].lower() == "for":
            node = re.sub(r"\\(.)", r"\1", found[2][1:-1]) if found[2].startswith('"') else found[2]
        if found[3] != ";":
            nodes.append(node)
            node = "unknown"
        at = found.end()
    return nodes


@lru_cache(maxsize=1024)  # It is asked several times for each connection, and takes microseconds.
def parse_address(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the address without a zone; an IPv4 address that is written as IPv6 as what it is. Raises ValueError."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed
