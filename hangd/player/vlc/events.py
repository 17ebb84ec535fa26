"""What VLC tells on its own threads, copied and handed on. Nothing here calls libVLC: its threads hold its locks."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, NamedTuple

__all__ = ["Fact", "hear_events", "hear_log"]

_DECODED_LINE: Final = b"end of video preroll"


class Fact(NamedTuple):
    """Something that VLC told. ``load`` is the number of the load that was on then, ``at`` the monotonic time."""

    kind: str
    load: int
    at: float
    value: float = 0.0


def hear_events(vlc: ModuleType, player: Any, load: Callable[[], int], post: Callable[[Fact], None]) -> None:
    """Post the events of ``player``: kinds are VLC's names without "MediaPlayer"."""
    clock = vlc.libvlc_clock
    manager = player.event_manager()

    def hear(kind: str, read: Callable[[Any], float | None]) -> None:
        def told(event: Any) -> None:
            at = clock() / 1e6  # first of all: waiting for anything makes it late
            value = read(event.u)
            if value is not None:
                post(Fact(kind, load(), at, value))

        manager.event_attach(getattr(vlc.EventType, f"MediaPlayer{kind}"), told)

    hear("TimeChanged", lambda u: u.new_time)
    hear("LengthChanged", lambda u: u.new_length)
    hear("Vout", lambda u: u.new_count)
    hear("Buffering", lambda u: u.new_cache if u.new_cache in (0.0, 100.0) else None)
    for kind in ("Playing", "Paused", "ESAdded", "ESSelected", "EndReached", "EncounteredError"):
        hear(kind, lambda _: 0.0)


def hear_log(vlc: ModuleType, instance: Any, load: Callable[[], int], post: Callable[[Fact], None]) -> object:
    """Take VLC's log off stderr, and out of it the one line that tells of a picture decoded: kind "Decoded".

    Returns what has to be kept alive for as long as ``instance`` is.
    """
    clock = vlc.libvlc_clock

    @vlc.CallbackDecorators.LogCb  # type: ignore[untyped-decorator]
    def told(_data: object, _level: int, _context: object, template: bytes, _arguments: object) -> None:
        if template == _DECODED_LINE:
            post(Fact("Decoded", load(), clock() / 1e6))

    instance.log_set(told, None)
    return told
