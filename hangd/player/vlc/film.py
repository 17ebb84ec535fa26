"""`Film`: the file that VLC has open, or is opening, and what has been learned of it since. Owner thread only."""

import math
import os
from typing import Final, NamedTuple

from hangd.engine.player_messages import FailureCode
from hangd.player import files
from hangd.player.container import container_of
from hangd.player.cover.cover import Cover
from hangd.player.cover.find import find_cover
from hangd.player.extent.extent import Extent, Incomplete
from hangd.player.extent.measure import measure
from hangd.player.header.header import Header
from hangd.player.header.read import read_header

_BUFFER_SECONDS: Final = 1.5
"""How long to wait for Buffering 100 after a seek."""
_DECODE_SECONDS: Final = 0.15
_DECODE_SECONDS_MAX: Final = 1.5
"""How long to wait for a seek's picture after Buffering 100: at first, and at most. Measured: 8-20 ms for a small clip,
up to 800 ms for a 1080p film whose key frames are 8 s apart."""
_END_SECONDS: Final = 1.0
_END_BUFFER_SECONDS: Final = 0.3
"""Within the last second Buffering 100 may not come, so it is waited for less long there."""
_LAST_PICTURE_SECONDS: Final = 2.0
"""Nearer to the end than this there may be nothing to make the first picture of."""
_FRAME_SECONDS: Final = 0.040
"""The length of a frame step if the file does not tell its frame rate."""
_RENDER_SECONDS: Final = 0.002
"""The picture's thread takes up the next frame this long before its time, and shows it even if a pause comes."""
_MEASURING_SECONDS: Final = 0.005
"""By so much the measured time of a frame may be wrong. On a quiet machine it is wrong by 0.5 ms."""
_USUAL: Final = 0.0001
"""By so great a part of it a usual frame rate, or 1001/1000 of it, is off a whole number. It may be an estimate, and of
Matroska VLC tells the length of a frame in whole microseconds: at 30 frames a second it is a frame off in an hour."""
_WALK_SECONDS: Final = 0.1
"""Some frames, so that the decoder runs as it does while a film plays. In a pause VLC has decoded only one picture, so
the first ones are late if decoding them takes long: for such films this grows."""
_GUESSED: Final = frozenset({"aac", "mp3"})
"""Containers that may not tell their duration: VLC guesses it from the size."""
_LOOK_SECONDS: Final = 2.0
"""So long before its end a film is measured anew, because its file may have grown. VLC reads a second ahead."""
_CUT_SECONDS: Final = 5.0
"""A file that ends so long before its duration is cut short. Less can be rounding, or a track that is shorter."""


class Measured(NamedTuple):
    """A file's extent when it had ``size`` bytes."""

    extent: Extent
    size: int


class Film:
    """One file, from its Load to the next. Positions are seconds of media."""

    def __init__(self, path: str, generation: int) -> None:
        self.path = path
        self.generation = generation
        self.container: str | None = None
        self.extent = Extent()
        """What the file's own data say of its length: headers can be wrong."""
        self.header = Header()
        """What VLC does not tell of the file, or tells otherwise."""
        self.cover: Cover | None = None
        """Its cover, once it is found, if it is a piece of music."""
        self.is_cover_wanted = True
        """The viewer has not deselected the cover."""
        self.duration: float | None = None
        self.frame_rate: float | None = None
        """Frames per second, if the file tells."""
        self.has_picture = True
        """Whether a picture is shown, or a display is lacking and one would be shown: known once the film is open."""
        self.opened_again = False
        """VLC has failed to open the film once, and was told to once more."""
        self.is_announced = False
        """Loaded has been emitted."""
        self.sought_at = math.inf
        """When VLC was last given a position (monotonic). Events from before belong to an older seek."""
        self.decode_seconds = _DECODE_SECONDS
        """How long after Buffering 100 a seek's picture is assumed to be decoded."""
        self.walk_seconds = _WALK_SECONDS
        """How long before its goal a walk (`still`) begins, to be at its full speed there."""
        self._status: os.stat_result | None = None
        self._size = self._measured = 0
        """How long the file was when VLC ended it last, and when it was measured: at first, when it was opened."""
        self._looked_at = -math.inf

    def check(self) -> files.MediaUnusable | None:
        """Return why the file cannot be opened; None if it can be. May block: call it on a thread of its own."""
        try:
            self._status = files.examine_film(self.path)
            self._size = self._measured = self._status.st_size
        except files.MediaUnusable as refused:
            return refused
        self.container = container_of(self.path)
        try:
            self.extent = measure(self.path, self.container)
        except Incomplete as missing:
            return files.problem("unrecognized", self.path, str(missing))
        self.duration = self.extent.duration
        self.header = read_header(self.path, self.container)
        return None

    def find_cover(self) -> Cover | None:
        """Return the film's cover, if it may be a piece of music. May block: call it on a thread of its own."""
        return None if self.header.video else find_cover(self.path, self.container)

    def options(self) -> list[str]:
        """Return the options with which VLC has to open this file."""
        # Without its index, which is at its end, an AVI that is cut short has no duration and cannot be sought in.
        index = [":avi-index=3"] if self.container == "avi" else []
        return index if self.extent.demuxer is None else [*index, f":demux={self.extent.demuxer}"]

    @property
    def is_known_film(self) -> bool:
        """Return whether the file's own data have shown that it is a film."""
        return self.extent.duration is not None

    def learn_duration(self, told: float) -> bool:
        """Take in the duration that VLC has found. Return whether the film's changes by that."""
        before, self.duration = self.duration, self.extent.duration_told(told)
        return self.duration != before

    def learn_played(self, position: float) -> bool:
        """Take in that there is something at this position. Return whether the duration changes by that."""
        if self.duration is None or position <= self.duration:
            return False
        self.duration = position
        if self.extent.duration is not None:
            self.extent = self.extent._replace(duration=position)
        return True

    def is_near_end(self, position: float) -> bool:
        """Return whether it is to be looked now whether the file has grown (`measure_again`)."""
        if self.duration is None or position < max(self.duration - _LOOK_SECONDS, self._looked_at + _LOOK_SECONDS / 2):
            return False
        self._looked_at = position
        return True

    def measure_again(self) -> Measured | None:
        """Return what the file has now; None: it has not grown since it was measured. May block."""
        try:
            size = os.stat(self.path).st_size
            return Measured(measure(self.path, self.container), size) if size > self._measured else None
        except (OSError, Incomplete):
            return None

    def take(self, measured: Measured) -> bool:
        """Take in how the file has grown. Return whether the film's duration changes by that."""
        self.extent, self._measured = measured
        return self.extent.duration is not None and self.learn_duration(self.extent.duration)

    def has_grown(self) -> bool:
        """Return whether the file has grown since this was last asked, or since it was opened."""
        try:
            size = os.stat(self.path).st_size
        except OSError:
            return False
        grown, self._size = size > self._size, size
        return grown

    @property
    def is_cut_at(self) -> files.MediaUnusable | None:
        """Return what is to be said of a file that ends before what its header announces; None if it does not."""
        if self.extent.whole or self._grows:
            return None
        return files.too_short(self.path, self.duration)

    def end(self, position: float) -> files.MediaUnusable | None:
        """VLC has ended the film at this position. Return why that is not its real end; None if it is."""
        cut, is_known = self.is_cut_at, not (self.container in _GUESSED or self._grows or self.extent.sparse)
        if cut is None and is_known and self.duration is not None and position < self.duration - _CUT_SECONDS:
            cut = files.problem("truncated", self.path)
        if cut is not None and self.cause("truncated") != "truncated":
            return files.problem("vanished", self.path)
        return cut

    @property
    def _grows(self) -> bool:
        return self._status is not None and self._size > self._status.st_size

    def cause(self, code: FailureCode) -> FailureCode:
        """Return ``code``, or "vanished" if the file is not what it was when it was opened."""
        return "vanished" if self._status is not None and files.has_changed(self.path, self._status) else code

    def learn_decoding(self, seconds: float) -> None:
        """A seek's picture was decoded so long after the seek, and that was later than was waited for."""
        self.decode_seconds = min(max(self.decode_seconds, 1.2 * seconds), _DECODE_SECONDS_MAX)

    @property
    def frame_seconds(self) -> float:
        return 1 / self.frame_rate if self.frame_rate else _FRAME_SECONDS

    @property
    def phase(self) -> float:
        """How long after multiples of 1 / ``regular_rate`` VLC shows this film's frames: less than a frame's length.

        The sound of a Matroska film often begins earlier than its pictures, by 23 ms. A frame is named without that, by
        the multiple. So all in a room name it alike, also if one of them has the film in a container without phase.
        """
        rate, first = self.regular_rate, self.extent.first_picture
        if rate is None or first is None:
            return 0.0
        return first - math.floor((first + _MEASURING_SECONDS) * rate) / rate

    def frame_at(self, clock: float) -> float:
        """Return the time of the frame that is shown if VLC's clock was stopped at ``clock``: the next one's."""
        rate, phase = self.regular_rate or self.frame_rate, self.phase
        if not rate:
            return clock
        frame = math.ceil((clock - phase + _RENDER_SECONDS) * rate)
        if self.duration is not None:
            frame = min(frame, math.ceil((self.duration - phase) * rate) - 1)
        return max(0, frame) / rate

    @property
    def regular_rate(self) -> float | None:
        """The exact frame rate, if it is a usual one: another is the average of a variable rate."""
        for share in (1.0, 1.001):
            told = (self.frame_rate or 0.0) * share
            if told and abs(told - round(told)) < _USUAL * told:
                return round(told) / share
        return None

    def nearest_frame(self, position: float) -> float:
        """Return the time of the frame that was measured to be at ``position``."""
        rate = self.regular_rate
        return round(position * rate) / rate if rate and self.is_regular(position) else position

    def first_frame(self, target: float) -> float:
        """Return the time of the first frame since ``target``; ``target`` if the film's frame rate does not tell it."""
        rate = self.regular_rate
        return target if rate is None else math.ceil((target - _MEASURING_SECONDS) * rate) / rate

    def is_regular(self, *positions: float) -> bool:
        """Return whether frames that were measured to be at these positions fit the film's frame rate."""
        rate = self.regular_rate
        return rate is not None and all(abs(round(p * rate) / rate - p) <= _MEASURING_SECONDS for p in positions)

    def is_step(self, before: float, after: float) -> bool:
        """Return whether these two frames follow each other by the film's frame rate."""
        return self.is_regular(before, after) and abs(after - before - self.frame_seconds) <= _MEASURING_SECONDS

    def has_frame_after(self, position: float) -> bool:
        """Return whether the next frame is surely one regular step after the one at ``position``."""
        last = math.inf if self.duration is None else self.duration - _END_SECONDS
        return self.regular_rate is not None and position + self.frame_seconds < last

    def shows(self, position: float, target: float) -> bool:
        """Return whether the frame that was measured to be at ``position`` is surely the first one since ``target``."""
        if abs(position - target) <= _MEASURING_SECONDS:
            return True
        if self.regular_rate is not None:
            return 0 <= position - target < self.frame_seconds - _MEASURING_SECONDS
        return False  # with a variable rate there may be another before it

    def frame_since(self, position: float, target: float) -> float | None:
        """Return when the first frame since ``target`` begins, counted from the one that was measured at ``position``.

        Frames can begin beside whole multiples of their length, where the sound begins first. None: not known.
        """
        rate = self.regular_rate
        return None if rate is None else position + math.ceil((target - _MEASURING_SECONDS - position) * rate) / rate

    def before_end(self, position: float) -> float:
        """Return ``position``, or an earlier one from which a first picture can be made."""
        return position if self.duration is None else min(position, max(0.0, self.duration - _LAST_PICTURE_SECONDS))

    def buffering_seconds(self, position: float) -> float:
        """Return how long to wait for Buffering 100 after a seek to ``position``."""
        at_end = self.duration is not None and position > self.duration - _END_SECONDS
        return _END_BUFFER_SECONDS if at_end else _BUFFER_SECONDS
