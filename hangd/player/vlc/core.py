"""libvlccore, which libVLC is made of: for the few things that libVLC itself has no call for.

Its interface is one for all of VLC 3 (its soname is 9). Where there is another core, or none that can be found, whoever
asks gets nothing, and does without.
"""

import ctypes
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["load_core", "object_of"]

_log = logging.getLogger(__name__)

_LIBRARY: Final = "libvlccore.so.9"


def load_core(functions: Mapping[str, Sequence[Any]], *, without: str) -> ctypes.CDLL | None:
    """Return the library with these functions, each with its arguments' types; None where it lacks one of them.

    ``without``: what is then missing, for the journal.
    """
    try:
        core = ctypes.CDLL(_LIBRARY)
        for name, types in functions.items():
            getattr(core, name).argtypes = types
    except (OSError, AttributeError) as error:
        _log.info("%s: %s", without, error)
        return None
    return core


def object_of(player: Any) -> ctypes.c_void_p:
    """Return the VLC object that a libVLC player (python-vlc's) is."""
    return ctypes.cast(player._as_parameter_, ctypes.c_void_p)
