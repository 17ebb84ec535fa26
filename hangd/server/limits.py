"""How many connections one address may have, and how many files the process may open."""

import ipaddress
from collections import Counter

__all__ = ["AddressLimit", "allow_open_files"]


class AddressLimit:
    """Counts connections by address. An IPv6 client is counted by its /64: that is what one household is given."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count one connection in. False: there are too many, and this one was not counted."""
        key = _network(address)
        if self._counts[key] >= self._most:
            return False
        self._counts[key] += 1
        return True

    def leave(self, address: str) -> None:
        """Count out a connection that was counted in."""
        key = _network(address)
        self._counts[key] -= 1
        if self._counts[key] <= 0:
            del self._counts[key]


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def allow_open_files(wanted: int) -> int | None:
    """Raise this process's limit of open files as far as is wanted and allowed. Returns it, or None: there is none.

    Shells commonly start programs with 1024, and each connection is one.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return None
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft
