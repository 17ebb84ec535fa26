"""Which addresses a message may be sent to. Clients name them, and the server connects to them.

Only push services that are known are allowed, by the names of their hosts: a list of what is forbidden (this machine,
its network) would have to be right about every kind of address and about names that are looked up twice.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from hangd.protocol.errors import RequestRefused

KNOWN_SERVICES: Final = (
    "fcm.googleapis.com",  # Chromium and its kin
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
"""Hosts of the browsers' push services. ``*.`` is any name in front."""


def check_endpoint(endpoint: str, further: Sequence[str] = ()) -> None:
    """Check that this is the https address of a push service. ``further``: more services, as HOST or HOST:PORT.

    Raises:
        RequestRefused: it is not.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        raise _refused("is not a URL") from None
    if parts.scheme != "https" or parts.username is not None or parts.password is not None or "\\" in endpoint:
        raise _refused("must be a plain https:// URL")
    if not any(_matches(host, port, service) for service in (*KNOWN_SERVICES, *further)):
        raise _refused("is not at a push service that this server knows")


def _matches(host: str, port: int, service: str) -> bool:
    name, _, own_port = service.partition(":")
    if port != int(own_port or 443):
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name


def _refused(why: str) -> RequestRefused:
    return RequestRefused.invalid("$.payload.endpoint", why)
