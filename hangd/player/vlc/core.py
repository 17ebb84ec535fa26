"""Access to libvlccore, the library below libVLC, for the few things that libVLC has no call for.

Its interface is the same in all of VLC 3 (its soname ends in 9). A libVLC player is one of its objects, so python-vlc's
player can be passed to its functions.
"""

import ctypes
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

_log = logging.getLogger(__name__)

_LIBRARY: Final = "libvlccore.so.9"


def load_core(functions: Mapping[str, Sequence[Any]], *, without: str) -> ctypes.CDLL | None:
    """Load the library, and declare these functions by the types of their arguments.

    Returns None if one is missing: callers do without. ``without``: what that means, for the log.
    """
    try:
        core = ctypes.CDLL(_LIBRARY)
        for name, types in functions.items():
            getattr(core, name).argtypes = types
    except (OSError, AttributeError) as error:
        _log.info("%s: %s", without, error)
        return None
    return core
