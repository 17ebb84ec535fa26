"""Load and start libVLC, with the options that hangd needs. An error says what to install. Runs on the owner thread.

`vlc` (python-vlc) is imported here, when a player is made, and nowhere else: importing it loads the library.
"""

import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final

from hangd.player.audio import pulse

_INSTALL: Final = "install VLC: apt install libvlc5 vlc-plugin-base vlc-plugin-video-output"

_OPTIONS: Final = (
    "--no-video-title-show",
    # Measured: the sound is exact to a few milliseconds after pauses, trims and starts only without the time-stretcher
    # (`pitch` switches it on at other speeds). File caching keeps its default: below it, trims make the sound drift.
    "--no-audio-time-stretch",
    "--no-input-fast-seek",
    # Do not draw a screenshot over the film: the control client that asked for it is answered.
    "--no-snapshot-preview",
    "--no-lua",
    "--no-metadata-network-access",
)


class LibVlcUnavailable(Exception):
    """libVLC is missing, or does not load or start. ``str()`` is fit for a user and says what to install."""


def load_bindings() -> ModuleType:
    """Import python-vlc, and libVLC with it. Can block for as long as the disk does.

    Raises:
        LibVlcUnavailable: one of the two is missing.
    """
    try:
        import vlc
    except ImportError as error:
        raise LibVlcUnavailable("python-vlc is missing: pip install python-vlc") from error
    except (Exception, SystemExit) as error:  # python-vlc raises OSError or NotImplementedError, or exits
        raise LibVlcUnavailable(f"there is no libVLC here; {_INSTALL}") from error
    module: ModuleType = vlc
    return module


def open_instance(vlc: ModuleType, options: Sequence[str]) -> Any:
    """Start libVLC with hangd's options, the outputs that this machine has, and then the user's ``options``.

    Raises:
        LibVlcUnavailable: libVLC does not start, because its plugins are missing or an option is unknown.
    """
    arguments = [*_OPTIONS, *_missing_outputs(options), *options]
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
    """Return whether VLC plays the sound and not hangd: an output was named, or there is no PulseAudio."""
    return _is_given(options, "aout", "A") or not _has_pulse() or not pulse.is_installed()


def version(vlc: ModuleType) -> str:
    """Return libVLC's version as a number: "3.0.24"."""
    words = vlc.libvlc_get_version().decode(errors="replace").split()
    return words[0] if words else "?"


def _missing_outputs(options: Sequence[str]) -> list[str]:
    """Return the options for outputs that this machine does not have: VLC would try to open them at each seek."""
    if not sys.platform.startswith("linux"):
        return []
    chosen = []
    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not has_display and not _is_given(options, "vout", "V"):
        chosen.append("--vout=dummy")
    if not _has_pulse() and not os.path.exists("/proc/asound/card0") and not _is_given(options, "aout", "A"):
        chosen.append("--aout=dummy")
    return chosen


def _is_given(options: Sequence[str], name: str, letter: str) -> bool:
    return any(option.split("=")[0] == f"--{name}" or option.startswith(f"-{letter}") for option in options)


def _has_pulse() -> bool:
    """Return whether there is a PulseAudio server, or PipeWire in its place."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    return bool(os.environ.get("PULSE_SERVER")) or os.path.exists(os.path.join(runtime, "pulse", "native"))
