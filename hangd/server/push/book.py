"""The book of subscriptions: who is invited under which name, and whose a name is. It waits for nothing."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from hangd.protocol.errors import RequestRefused
from hangd.protocol.names import member_key
from hangd.protocol.push import PushSubscribe, PushUnsubscribe

MOST: Final = 1000
"""Subscriptions of one service. A name that its browser has not confirmed for `FORGOTTEN_AFTER` makes room."""
FORGOTTEN_AFTER: Final = 90 * 86400.0


class Subscription(Struct, frozen=True):
    """A browser that is invited under a name."""

    name: str
    endpoint: str
    p256dh: str
    auth: str
    proof: str
    """SHA-256 of the secret, in hex digits. The secret cannot be guessed, so a plain digest is enough."""
    seen: float
    """When its browser last confirmed it, in seconds since 1970."""


class Book:
    """Subscriptions by name. Names that look alike are one (`hangd.protocol.names`), as they are in rooms."""

    def __init__(self, subscriptions: Iterable[Subscription] = ()) -> None:
        self._by_name = {member_key(one.name): one for one in subscriptions}

    def __len__(self) -> int:
        return len(self._by_name)

    def all(self) -> list[Subscription]:
        return list(self._by_name.values())

    def find(self, name: str) -> Subscription | None:
        return self._by_name.get(member_key(name))

    def is_new(self, message: PushSubscribe) -> bool:
        """Tell whether this is another browser than the name's, or a new name."""
        old = self.find(message.name)
        return old is None or old.endpoint != message.endpoint

    def subscribe(self, message: PushSubscribe, today: float) -> tuple[Subscription, bool]:
        """Enter a subscription, or renew one. Returns it, and whether this browser or this name is a new one.

        A browser has one name: a name that it had before is free again.

        Raises:
            RequestRefused: the name is another one's (NameTaken), or there are too many (ServerFull).
        """
        key, proof = member_key(message.name), _proof(message.secret)
        old = self._by_name.get(key)
        if old is not None and not hmac.compare_digest(old.proof, proof):
            raise RequestRefused("NameTaken", f"somebody else gets invitations as {message.name!r} here")
        before = [other for other, one in self._by_name.items() if one.endpoint == message.endpoint]
        if any(not hmac.compare_digest(self._by_name[other].proof, proof) for other in before):
            raise RequestRefused("Forbidden", "this browser gets invitations under another name already")
        if old is None and not before and len(self) >= MOST:
            self._forget(today)
            if len(self) >= MOST:
                raise RequestRefused("ServerFull", "this server takes no more subscriptions")
        is_new = self.is_new(message)
        for other in before:
            del self._by_name[other]
        keys = message.keys
        made = Subscription(message.name, message.endpoint, keys.p256dh, keys.auth, proof, today)
        self._by_name[key] = made
        return made, is_new

    def unsubscribe(self, message: PushUnsubscribe) -> bool:
        """Remove a subscription if the secret is its own. Returns whether it was."""
        old = self.find(message.name)
        if old is None or not hmac.compare_digest(old.proof, _proof(message.secret)):
            return False
        del self._by_name[member_key(message.name)]
        return True

    def drop(self, subscription: Subscription) -> bool:
        """Remove this very subscription, which leads nowhere. Returns whether it was still there."""
        if self.find(subscription.name) != subscription:
            return False
        del self._by_name[member_key(subscription.name)]
        return True

    def _forget(self, today: float) -> None:
        self._by_name = {key: one for key, one in self._by_name.items() if today - one.seen < FORGOTTEN_AFTER}


def _proof(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
