"""Access to libvlccore, the library below libVLC, for the few things that libVLC has no call for.

Its interface is the same in all of VLC 3 (its soname ends in 9). A libVLC player is one of its objects, so python-vlc's
player can be passed to its functions.
"""

import contextlib
import ctypes
import logging
from collections.abc import Iterator, Mapping, Sequence
from ctypes import POINTER, Structure, Union, c_char_p, c_int, c_int64, c_void_p
from typing import Any, Final

_log = logging.getLogger(__name__)

_LIBRARY: Final = "libvlccore.so.9"

BOOL: Final = 0x0020
INTEGER: Final = 0x0030
STRING: Final = 0x0040
"""VLC_VAR_BOOL and so on in vlc_variables.h: kinds of variable."""
OUTPUT: Final = b"video output"
"""The type of those children of a player that show its picture."""


class _Value(Union):
    _fields_ = (("address", c_void_p), ("number", c_int64))


class _Children(Structure):
    _fields_ = (("type", c_int), ("count", c_int), ("values", POINTER(_Value)))


CHILDREN: Final[Mapping[str, Sequence[Any]]] = {
    "vlc_list_children": (c_void_p,),
    "vlc_list_release": (POINTER(_Children),),
}
"""What `children` needs of the library."""


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


@contextlib.contextmanager
def children(core: ctypes.CDLL, parent: Any, kind: bytes) -> Iterator[list[int]]:
    """Yield the addresses of those children of a VLC object whose type has this name. They are held meanwhile.

    A player has the children "input" and "video output" while a file is open, an input has "decoder".
    """
    core.vlc_list_children.restype = POINTER(_Children)
    found = core.vlc_list_children(parent)
    try:
        addresses = [value.address for value in found.contents.values[: found.contents.count]]
        # A VLC object begins with a pointer to the name of its type.
        yield [address for address in addresses if ctypes.cast(address, POINTER(c_char_p))[0] == kind]
    finally:
        core.vlc_list_release(found)
