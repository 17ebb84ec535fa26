"""Bans from the whole server, by account and by network, arranged so that each connection can be asked about."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Final

from hangd.protocol.errors import RequestRefused
from hangd.server.proxies import parse_address
from hangd.server.trust.tags import IPV6_PREFIX
from hangd.store.base import ServerBan

NETWORK: Final = "ip:"
"""The beginning of a tag that is a network, as the admin has written it. It is not kept as a digest, since many can
be in it."""


def network_tag(text: str) -> str:
    """Return the tag of an address or of a network; of an IPv6 address, its /64. Raises ValueError: it is neither."""
    network = ipaddress.ip_network(text.partition("%")[0], strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen > IPV6_PREFIX:
        network = network.supernet(new_prefix=IPV6_PREFIX)
    return f"{NETWORK}{network}"


class ServerBans:
    """All bans of a server. Questions take as long as there are different sizes of banned networks, at most 160."""

    def __init__(self, bans: Iterable[ServerBan] = ()) -> None:
        self._by_tag: dict[str, ServerBan] = {}
        self._by_network: dict[tuple[int, int], dict[int, ServerBan]] = {}
        """By IP version and prefix length, and then by address."""
        for ban in sorted(bans, key=lambda ban: float("inf") if ban.until is None else ban.until):  # the longest wins
            if not ban.tag.startswith(NETWORK):
                self._by_tag[ban.tag] = ban
                continue
            try:
                network = ipaddress.ip_network(ban.tag.removeprefix(NETWORK))
            except ValueError:  # somebody has written into the store by hand
                continue
            same_size = self._by_network.setdefault((network.version, network.prefixlen), {})
            same_size[int(network.network_address)] = ban

    def of_address(self, address: str, wall: float) -> ServerBan | None:
        """Return the ban of the network that has this address."""
        if not self._by_network:
            return None
        try:
            parsed = parse_address(address)
        except ValueError:
            return None
        number, bits = int(parsed), parsed.max_prefixlen
        for (version, length), networks in self._by_network.items():
            if version == parsed.version:
                ban = networks.get(number >> (bits - length) << (bits - length))
                if ban is not None and ban.holds(wall):
                    return ban
        return None

    def of_tags(self, tags: Sequence[str], wall: float) -> ServerBan | None:
        """Return the ban of somebody who has these tags."""
        for tag in tags:
            ban = self._by_tag.get(tag)
            if ban is not None and ban.holds(wall):
                return ban
        return None


def refusal(ban: ServerBan) -> RequestRefused:
    """Return what somebody is told who is banned."""
    reason = "" if not ban.reason else f": {ban.reason}"
    said = f"you are banned from this server{reason} (its admin can let you in again)"
    return RequestRefused("Banned", said, details={"of": "server"})
