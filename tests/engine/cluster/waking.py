"""Wake one end of a link when it is due."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

__all__ = ["wake"]

_Effect_co = TypeVar("_Effect_co", covariant=True)


class _Relay(Protocol[_Effect_co]):
    def deadline(self) -> float | None: ...

    def expire(self, now: float) -> Sequence[_Effect_co]: ...

    def check(self) -> None: ...


def wake(relay: _Relay[_Effect_co], until: float) -> list[tuple[float, _Effect_co]]:
    """Wake the relay at its deadlines. Return what it orders, and when."""
    ordered = []
    while (due := relay.deadline()) is not None and due <= until:
        effects = relay.expire(due)
        relay.check()
        assert effects or relay.deadline() != due, "it would be woken at once, again and again"
        ordered += [(round(due, 3), effect) for effect in effects]
    return ordered
