"""The tags by which clients are known again, and the networks that they come from."""

import hashlib
import hmac
import ipaddress
from functools import lru_cache
from typing import Final

from hangd.rooms.trust import Visitor, login_tag
from hangd.server.proxies import parse_address

IPV6_PREFIX: Final = 64
"""What one customer of a provider has at least. Whoever has an IPv6 address can choose another one within it."""
_DIGEST_CHARACTERS: Final = 32


@lru_cache(maxsize=1024)  # It is asked several times for each connection.
def network_of(address: str) -> str:
    """Return the network of an address: an IPv4 address itself, the /64 of an IPv6 address. What is no address (a
    proxy's word for a hidden client) stays as it is."""
    try:
        parsed = parse_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))


def account_tag(account_id: str) -> str:
    return f"acc:{account_id}"


def mark_tag(session_id: str, mark: str) -> str:
    """Return the tag of the connections that came by one refresh token of a login, or by an access token given out
    with it: see `hangd.server.trust.rotation`. It is not told to rooms for bans."""
    return f"{login_tag(session_id)}:{mark}"


def tags_of(visitor: Visitor, secret: bytes) -> tuple[str, ...]:
    """Return the tags of this client. ``secret``: the server's, without which nobody can find the network of a tag."""
    tags = []
    if visitor.account_id is not None:
        tags.append(account_tag(visitor.account_id))
    if visitor.device is not None:
        tags.append(f"dev:{visitor.device}")
    if visitor.address:
        digest = hmac.new(secret, b"network " + network_of(visitor.address).encode(), hashlib.sha256).hexdigest()
        tags.append(f"net:{digest[:_DIGEST_CHARACTERS]}")
    return tuple(tags)
