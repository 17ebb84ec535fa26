"""Opening libVLC: finding it, the options it is started with, and a sentence that says what to install where it fails.

`vlc` (python-vlc) is imported here and only when a player is made: importing it loads the library.
"""

import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final

from hangd.player.audio import pulse

__all__ = ["LibVlcUnavailable", "load_bindings", "open_instance", "plays_sound_itself", "version"]

_INSTALL: Final = "install VLC: apt install libvlc5 vlc-plugin-base vlc-plugin-video-output"

_OPTIONS: Final = (
    "--no-video-title-show",
    # Pauses, trims and starts are exact to a few milliseconds of sound only without the stretcher. Caching stays at its
    # default: below it, trims make the sound drift. Both were measured.
    "--no-audio-time-stretch",
    "--no-input-fast-seek",
    # A screenshot is told to who asked for it, and not drawn over the film.
    "--no-snapshot-preview",
    "--no-lua",
    "--no-metadata-network-access",
)


class LibVlcUnavailable(Exception):
    """libVLC is missing, or does not load or start. ``str()`` is fit for a user and says what to install."""


def load_bindings() -> ModuleType:
    """Import python-vlc and with it libVLC.

    Raises:
        LibVlcUnavailable: one of the two is missing.
    """
    try:
        import vlc
    except ImportError as error:
        raise LibVlcUnavailable("python-vlc is missing: pip install python-vlc") from error
    except (Exception, SystemExit) as error:  # NotImplementedError, OSError, or an exit, by the ways it did not find it
        raise LibVlcUnavailable(f"there is no libVLC here; {_INSTALL}") from error
    module: ModuleType = vlc
    return module


def open_instance(vlc: ModuleType, options: Sequence[str], *, window: bool) -> Any:
    """Start libVLC with our options, the outputs that this machine has, and then the user's ``options``.

    Raises:
        LibVlcUnavailable: libVLC does not start: it has no plugins, or does not know an option.
    """
    arguments = [*_OPTIONS, *_outputs(options, window=window), *options]
    try:
        instance = vlc.Instance(arguments)
    except Exception as error:
        raise LibVlcUnavailable(f"libVLC does not start ({error}); {_INSTALL}") from error
    if instance is None:
        given = f", or it does not know one of the options {' '.join(options)}" if options else ""
        raise LibVlcUnavailable(f"libVLC does not start: its plugins are missing{given}; {_INSTALL}")
    instance.set_user_agent("hang", "hang")
    return instance


def plays_sound_itself(options: Sequence[str]) -> bool:
    """Say whether VLC is to play the sound: where it was told how, and where there is no PulseAudio to play it to."""
    return _given(options, "aout", "A") or not _has_pulse() or not pulse.is_installed()


def version(vlc: ModuleType) -> str:
    """Return libVLC's version as a number: "3.0.24"."""
    words = vlc.libvlc_get_version().decode(errors="replace").split()
    return words[0] if words else "?"


def _outputs(options: Sequence[str], *, window: bool) -> list[str]:
    """Say which outputs not to look for in vain: without a display or a sound card VLC tries anew at each seek."""
    chosen = []
    if not _given(options, "vout", "V") and not (window and _has_display()):
        chosen.append("--vout=dummy")
    if not _given(options, "aout", "A") and not _has_sound():
        chosen.append("--aout=dummy")
    return chosen


def _given(options: Sequence[str], name: str, letter: str) -> bool:
    return any(option.split("=")[0] == f"--{name}" or option.startswith(f"-{letter}") for option in options)


def _has_display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _has_sound() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return _has_pulse() or os.path.exists("/proc/asound/card0")


def _has_pulse() -> bool:
    """Say whether a PulseAudio server, or PipeWire in its place, is to be reached."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    return bool(os.environ.get("PULSE_SERVER")) or os.path.exists(os.path.join(runtime, "pulse", "native"))
