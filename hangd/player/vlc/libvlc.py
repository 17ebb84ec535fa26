"""Load and start libVLC, with the options that hangd needs. An error says what to install. Runs on the owner thread.

`vlc` (python-vlc) is imported here, when a player is made, and nowhere else: importing it loads the library.
"""

import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final

from hangd.paths import runtime_dir
from hangd.player.audio import libpulse
from hangd.player.vlc.output.display import OUTPUTS
from hangd.player.vlc.output.xlib import survive

_INSTALL: Final = "install VLC: apt install libvlc5 vlc-plugin-base vlc-plugin-video-output"

_OPTIONS: Final = (
    # VLC's log comes by a callback; without this FFmpeg writes to stderr, thousands of lines for a damaged film.
    "--quiet",
    "--no-video-title-show",
    # Measured: the sound is exact to a few milliseconds after pauses, trims and starts only without the time-stretcher
    # (`pitch` switches it on at other speeds). File caching keeps its default: below it, trims make the sound drift.
    "--no-audio-time-stretch",
    "--no-input-fast-seek",
    # Of a screenshot VLC would draw a small copy and the file's path over the film. Whoever asked for it is answered.
    "--no-snapshot-preview",
    "--no-osd",
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
    arguments = [*_OPTIONS, *_outputs(options), *options]
    survive()
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
    return _is_given(options, "aout", "A") or not _has_pulse() or not libpulse.is_installed()


def chooses_output(options: Sequence[str]) -> bool:
    """Return whether hangd chooses VLC's video output, and not the user."""
    return sys.platform.startswith("linux") and not _is_given(options, "vout", "V")


def output(options: Sequence[str]) -> str:
    """Return VLC's video outputs that are tried, in their order: the user's, or else those that hangd chooses."""
    named = [option.partition("=")[2] for option in options if option.startswith("--vout=")]
    return named[-1] if named else ",".join(OUTPUTS)


def needs_display(options: Sequence[str]) -> bool:
    """Return whether the video output is one of those that open a window on a display."""
    is_named = any(option.startswith("--vout=") for option in options)
    return chooses_output(options) or (is_named and bool(set(OUTPUTS) & set(output(options).split(","))))


def version(vlc: ModuleType) -> str:
    """Return libVLC's version as a number: "3.0.24"."""
    words = vlc.libvlc_get_version().decode(errors="replace").split()
    return words[0] if words else "?"


def _outputs(options: Sequence[str]) -> list[str]:
    """Return the options that keep VLC from outputs that do harm, and from those that this machine does not have.

    VLC would try to open the latter at each seek.
    """
    if not sys.platform.startswith("linux"):
        return []
    chosen = []
    if chooses_output(options):
        chosen.append(f"--vout={','.join(OUTPUTS)}")
    if not _has_pulse() and not os.path.exists("/proc/asound/card0") and not _is_given(options, "aout", "A"):
        chosen.append("--aout=dummy")
    return chosen


def _is_given(options: Sequence[str], name: str, letter: str) -> bool:
    return any(option.split("=")[0] == f"--{name}" or option.startswith(f"-{letter}") for option in options)


def _has_pulse() -> bool:
    """Return whether there is a PulseAudio server, or PipeWire in its place."""
    runtime = runtime_dir() or ""
    return bool(os.environ.get("PULSE_SERVER")) or os.path.exists(os.path.join(runtime, "pulse", "native"))
