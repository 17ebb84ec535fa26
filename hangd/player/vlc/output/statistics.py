"""What VLC uses for the film, as its log tells, and what it counts while it plays. Owner thread only."""

from collections import deque
from collections.abc import Collection
from typing import Final

from msgspec.structs import replace

from hangd.engine.player_facts import Statistics
from hangd.engine.player_messages import StatisticsChanged
from hangd.player.vlc.context import PlayerContext

_FIELDS: Final = {
    "vout display": "video_output",
    "audio output": "audio_output",
    "demux": "demuxer",
    "hw decoder": "hardware_decoder",
}
"""VLC's names of what its modules are for."""
_NAMES: Final = {"vdummy": "null", "adummy": "null", "amem": "pulse"}
"""Modules that show or play nothing, which mpv calls null; and the one by which hangd itself plays the sound."""
_DECODER: Final = "video decoder"
_NO_DECODER: Final = "no"
_PERIOD: Final = 1.0
"""Seconds of the film between two changes of what is counted."""
_RATE_SECONDS: Final = (4.0, 10.0)
"""The shortest and the longest piece of the film from which its frame rate is estimated. VLC's counts are up to half a
second old, each time differently."""
_GAP_SECONDS: Final = 2.0
"""VLC tells its position more often than this. A longer step is a seek."""


class Work:
    """Emits StatisticsChanged. `opening` is called for each film, `used` and `played` as VLC tells."""

    def __init__(self, context: PlayerContext) -> None:
        self._context = context
        self._told = Statistics()
        self._generation = 0
        self._counted = context.vlc.MediaStats()
        self._dropped_before = 0
        """Frames of this film that were dropped before VLC opened it again, and began to count anew."""
        self._dropped = 0
        self._shown: deque[tuple[float, int]] = deque()
        """Positions without a seek between them, and how many frames had been decoded for the screen by then."""
        self._told_at = 0.0

    def opening(self) -> None:
        """VLC is about to open the film. It keeps its outputs, and says nothing of them then."""
        self._shown.clear()
        film = self._context.film.generation
        if film == self._generation:
            self._dropped_before, self._dropped = self._dropped_before + self._dropped, 0
            return
        self._generation, self._dropped_before, self._dropped = film, 0, 0
        self._told = Statistics(self._told.video_output, self._told.audio_output, frames_dropped=0)

    def used(self, what: str, module: str) -> None:
        """VLC's log says that it uses this module for something."""
        if what == "demux" and self._told.demuxer is not None:
            return  # VLC names the film's first, and then those of files beside the film.
        if what in _FIELDS:
            self._tell(replace(self._told, **{_FIELDS[what]: _NAMES.get(module, module)}))
        elif what == _DECODER:
            self._tell(replace(self._told, hardware_decoder=_NO_DECODER))

    def played(self, position: float) -> None:
        """The film has come to ``position`` while it plays."""
        if not self._context.media.get_stats(self._counted):
            return
        dropped = int(self._counted.lost_pictures)
        shown = int(self._counted.displayed_pictures) + dropped
        if self._shown and not 0 <= position - self._shown[-1][0] < _GAP_SECONDS:
            self._shown.clear()
        self._shown.append((position, shown))
        while position - self._shown[0][0] > _RATE_SECONDS[1]:
            self._shown.popleft()
        if abs(position - self._told_at) < _PERIOD:
            return
        self._told_at = position
        self._dropped = dropped
        long_enough = position - self._shown[0][0] >= _RATE_SECONDS[0]
        self._tell(
            replace(
                self._told,
                frames_dropped=self._dropped_before + self._dropped,
                frame_rate=_slope(self._shown) if long_enough else self._told.frame_rate,
            )
        )

    def _tell(self, statistics: Statistics) -> None:
        if statistics != self._told:
            self._told = statistics
            if self._generation:  # Else it is told with the first film.
                self._context.emit(StatisticsChanged(self._context.film.generation, statistics))


def _slope(points: Collection[tuple[float, int]]) -> float:
    """Return the slope of the line that fits these points best."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
