"""Receive libVLC's events and log on libVLC's threads, copy them, and post them to the owner thread.

Nothing here calls libVLC: its threads hold its locks while they call back, and libVLC is not reentrant.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, NamedTuple

_DECODED_LINE: Final = b"end of video preroll"


class VlcEvent(NamedTuple):
    """An event of libVLC's. ``load`` numbers the load that was current then, ``at`` is the monotonic time."""

    kind: str
    load: int
    at: float
    value: float = 0.0


def attach_events(vlc: ModuleType, player: Any, load: Callable[[], int], post: Callable[[VlcEvent], None]) -> None:
    """Post the events of ``player``. Kinds are libVLC's names without "MediaPlayer"."""
    clock = vlc.libvlc_clock
    manager = player.event_manager()

    def attach(kind: str, read: Callable[[Any], float | None]) -> None:
        def called(event: Any) -> None:
            at = clock() / 1e6  # before anything else: every wait makes it late
            value = read(event.u)
            if value is not None:
                post(VlcEvent(kind, load(), at, value))

        manager.event_attach(getattr(vlc.EventType, f"MediaPlayer{kind}"), called)

    attach("TimeChanged", lambda u: u.new_time)
    attach("LengthChanged", lambda u: u.new_length)
    attach("Vout", lambda u: u.new_count)
    attach("Buffering", lambda u: u.new_cache if u.new_cache in (0.0, 100.0) else None)
    for kind in ("Playing", "Paused", "ESAdded", "ESSelected", "EndReached", "EncounteredError"):
        attach(kind, lambda _: 0.0)


def attach_log(vlc: ModuleType, instance: Any, load: Callable[[], int], post: Callable[[VlcEvent], None]) -> object:
    """Keep VLC's log off stderr, and post its one line that says that a seek's picture is decoded: kind "Decoded".

    Returns an object that has to be kept for as long as ``instance`` is.
    """
    clock = vlc.libvlc_clock

    @vlc.CallbackDecorators.LogCb  # type: ignore[untyped-decorator]
    def called(_data: object, _level: int, _context: object, template: bytes, _arguments: object) -> None:
        if template == _DECODED_LINE:
            post(VlcEvent("Decoded", load(), clock() / 1e6))

    instance.log_set(called, None)
    return called
