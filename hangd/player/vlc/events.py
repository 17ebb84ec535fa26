"""Receive libVLC's events and log on libVLC's threads, copy them, and post them to the owner thread.

Nothing here calls libVLC: its threads hold its locks while they call back, and libVLC is not reentrant.
"""

import ctypes
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, NamedTuple

_LINES: Final = {
    b"end of video preroll": "Decoded",
    b"failed to create video output": "NoVout",
    b"failed to add %s as slave": "NotAdded",
    b"seek failed for new slave": "NotAdded",
}
"""What libVLC tells only in its log: a seek's picture is decoded; there is a picture and no output that opens; a file
beside the film cannot be read, or not at this position."""
_DECODER_CLOSED_LINE: Final = b"killing decoder fourcc `%4.4s'"
_TOGGLED_LINE: Final = b"toggling %s"
_MODULE_LINE: Final = b'using %s module "%s"'
_MODULE: Final = re.compile(r'using ([^"]+) module "([^"]+)"')
_LINE_BYTES: Final = 200


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


def attach_log(
    vlc: ModuleType,
    instance: Any,
    load: Callable[[], int],
    post: Callable[[VlcEvent], None],
    used: Callable[[str, str], None],
    decoder_closed: Callable[[], None],
) -> object:
    """Keep VLC's log off stderr, and post what nothing but its lines say, as events: see `_LINES`.

    Also posted is "Toggled": a decoder has heard of a pause or of its end. ``value`` is the decoder's address.

    ``used`` is called, on VLC's threads, with what one of VLC's modules is used for, and the module's name.
    ``decoder_closed`` is called there when a decoder has ended.
    Returns an object that has to be kept for as long as ``instance`` is.
    """
    clock = vlc.libvlc_clock
    vsnprintf = ctypes.CDLL(None).vsnprintf
    vsnprintf.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p)

    @vlc.CallbackDecorators.LogCb  # type: ignore[untyped-decorator]
    def called(_data: object, _level: int, context: Any, template: bytes, arguments: object) -> None:
        if (kind := _LINES.get(template)) is not None:
            post(VlcEvent(kind, load(), clock() / 1e6))
        elif template == _TOGGLED_LINE:
            at = clock() / 1e6
            # The context of a line begins with the address of the object that it is about.
            post(VlcEvent("Toggled", load(), at, ctypes.cast(context, ctypes.POINTER(ctypes.c_size_t))[0]))
        elif template == _DECODER_CLOSED_LINE:
            decoder_closed()
        elif template == _MODULE_LINE:
            line = ctypes.create_string_buffer(_LINE_BYTES)
            vsnprintf(line, _LINE_BYTES, template, arguments)
            if (found := _MODULE.fullmatch(line.value.decode(errors="replace"))) is not None:
                used(found[1], found[2])

    instance.log_set(called, None)
    return called
