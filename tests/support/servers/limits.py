"""Settings under which nobody is limited: for tests in which one client does what many people do, or more."""

from typing import Any, Final

from hangd.rooms.edge.budgets import SharedSettings

__all__ = ["UNLIMITED", "UNLIMITED_OPTIONS", "UNLIMITED_RATES", "UNLIMITED_SHARES"]

_MINUTE: Final = 1_000_000.0
UNLIMITED_RATES: Final[dict[str, Any]] = {
    "messages_per_second": 100_000.0,
    "burst": 1_000_000,
    "chat_per_minute": _MINUTE,
    "rooms_per_minute": _MINUTE,
    "joins_per_minute": _MINUTE,
    "lists_per_minute": _MINUTE,
    "accounts_per_minute": _MINUTE,
}
"""For `hangd.engine.room.connection.session.SessionSettings`."""

UNLIMITED_SHARES: Final = SharedSettings(deliveries_per_member=1_000_000.0)

UNLIMITED: Final = {
    **UNLIMITED_RATES,
    "deliveries_per_member": UNLIMITED_SHARES.deliveries_per_member,
    "max_rooms_per_address": 1_000_000,
}
"""For `hangd.server.settings.ServerSettings`."""

UNLIMITED_OPTIONS: Final = tuple(f"--{name.replace('_', '-')}={value}" for name, value in UNLIMITED.items())
"""For ``hangd server``."""
