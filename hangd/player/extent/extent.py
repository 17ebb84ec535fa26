"""`Extent`: what a file's own data say of the film's beginning and length, and how VLC has to open the file.

VLC believes the header. It does not seek beyond the duration that a Matroska header names; and of most containers it
shows the times as they are in the file, though the film begins at 100 s. Its demuxer "avformat" has neither fault: it
counts from the beginning, and seeks wherever there is something. But it loses what others have (the pictures of H.264
in a transport stream after a seek, the chapters of linked Matroska files), so it is used only where it is needed.
"""

import os
import struct
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

_Result = TypeVar("_Result")

AVFORMAT: Final = "avformat,any"
"""VLC's demuxer that is libavformat; if the machine has it not, whichever VLC takes."""

_BEGIN_MIN: Final = 0.1
"""Seconds. A film that begins earlier begins at 0: streams begin a few milliseconds apart."""

DURATION_TOLERANCE: Final = 1.0
"""Seconds. A header whose duration differs by less from that of the file's data is right."""


class Extent(NamedTuple):
    """``Extent()`` says that nothing is known, and that VLC opens the file by itself."""

    duration: float | None = None
    """Seconds that there are to be played; None: not known."""
    whole: bool = True
    """False: the file ends before what its header announces. Then ``duration`` is that of what there is."""
    demuxer: str | None = None
    """The demuxer with which VLC has to open the file; None: VLC chooses."""
    sparse: bool = False
    """Its pictures are more than a second apart, as slides are. VLC can end such a film long before its end."""
    first_picture: float | None = None
    """The time of a picture at the film's beginning, as VLC will tell it; None: not known. Measured: avformat counts
    from another beginning than the first block of all tracks."""

    def duration_told(self, told: float) -> float:
        """Return the film's duration if VLC says that it is ``told``."""
        # Where both are right, VLC's is more exact: it knows how long the last frames last.
        if self.duration is None or abs(told - self.duration) < DURATION_TOLERANCE:
            return told
        return self.duration


def between(
    begin: float,
    end: float,
    *,
    whole: bool,
    header_is_short: bool = False,
    sparse: bool = False,
    first_picture: float | None = None,
) -> Extent:
    """Return the extent of a film between these times of its data.

    ``header_is_short``: the header names an end before the real one, beyond which VLC would not seek.
    """
    begins_late = begin >= _BEGIN_MIN
    demuxer = AVFORMAT if begins_late or header_is_short else None
    return Extent(
        duration=end - (begin if begins_late else 0.0),
        whole=whole,
        demuxer=demuxer,
        sparse=sparse,
        first_picture=first_picture if demuxer is None else None,
    )


class Unreadable(Exception):
    """The file is not what it should be: nothing can be said of its extent."""


class Incomplete(Exception):
    """The file cannot be played as it is. ``str()`` says what is missing."""


class Reader:
    """Reads pieces of an open file. ``size`` is what it has now."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def at(self, offset: int, length: int) -> bytes:
        """Return these bytes; fewer at the end of the file. Raises Unreadable, OSError."""
        if offset < 0:
            raise Unreadable
        return os.pread(self._descriptor, length, offset)

    def unpack(self, form: struct.Struct, offset: int) -> tuple[Any, ...]:
        """Return the values at this place. Raises Unreadable if the file ends before."""
        data = self.at(offset, form.size)
        if len(data) < form.size:
            raise Unreadable
        return form.unpack(data)


def read_from(path: str, read: Callable[[Reader], _Result]) -> _Result | None:
    """Return what ``read`` makes of the file at ``path``; None if it cannot be read, or is not what ``read`` expects.

    ``read`` gets the bytes of strangers: what they make it raise counts as the latter. Incomplete is raised. May block.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        return read(Reader(descriptor))
    except (Unreadable, OSError, struct.error, IndexError, ValueError, ArithmeticError):
        return None
    finally:
        os.close(descriptor)
