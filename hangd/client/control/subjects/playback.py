"""Playback: pause, speed, position and seeks. In a room, changes of them are requests to the room."""

import math
import time
from dataclasses import dataclass
from typing import Any, Final

from hangd.client.control.language.kinds import Choice, Double, Flag, FlagSet, Integer, Time
from hangd.client.control.port import CommandRefused, ViewerPort
from hangd.client.control.subjects.tracks import selected_track
from hangd.client.control.tables.command import Command, Context, Parameter
from hangd.client.control.tables.property import Property, PropertyTable, loaded
from hangd.engine.player_messages import StepFrame
from hangd.engine.timeline import playable_rate
from hangd.protocol.model import RATE_MAX, RATE_MIN

_END_SECONDS: Final = 0.06
"""A seek to the end ends 0.05 s before it, because a player would end there instead of standing."""
_ONE_SEEK: Final = 2.0
"""Seconds. Seeks that follow one another within this time are reverted together. As in mpv."""


@dataclass
class _History:
    """Positions to which ``revert-seek`` goes back, in one film."""

    before: float | None = None
    """The position before the last seek."""
    sought_at: float = -math.inf
    """Local time of the last seek."""
    marked: float | None = None
    permanent: bool = False


def _history(properties: PropertyTable) -> _History:
    return properties.state(_History, properties.viewer.playlist_entry_id)


def seek(properties: PropertyTable, position: float) -> None:
    """Seek, and remember the position before it for ``revert-seek``."""
    history, now = _history(properties), time.monotonic()
    if history.before is None or now > history.sought_at + _ONE_SEEK:
        history.before = properties.viewer.position()
    history.sought_at = now
    properties.viewer.seek(position)


def _revert_seek(context: Context, flags: str) -> None:
    history, position = _history(context.properties), context.viewer.position()
    if flags:
        history.marked, history.permanent = position, flags == "mark-permanent"
        return
    target = history.marked
    if target is None:
        # In a room it is the last seek of anybody; before that, this machine's last seek before it came there.
        room = context.viewer.position_before_seek()
        target = history.before if room is None else room
    if target is None:
        raise CommandRefused.failed("NotFound", "nothing has been sought yet")
    context.viewer.seek(target)
    if not history.permanent:
        history.marked, history.before = None, position


def _seek(context: Context, target: float, flags: str, **_: Any) -> None:
    viewer = context.viewer
    if viewer.path is None:
        raise context.no_media()
    # After a stop in a room nothing is loaded, but the viewer keeps the position for the next start.
    position, duration = viewer.requested_position() or 0.0, viewer.duration
    words = flags.split("+")
    if "absolute-percent" in words or "relative-percent" in words:
        if duration is None:
            raise CommandRefused.failed("NoMedia", "the duration of the file is not known")
        target *= duration / 100
    if "absolute" in words or "absolute-percent" in words:
        position = target if target >= 0 else (duration or 0.0) + target
    else:
        position += target
    if not {"absolute", "absolute-percent", "exact"} & {*words} and duration is not None and position >= duration:
        # mpv seeks to the end then, where no frame is left to show: the next film follows, also in a pause.
        if viewer.end_film():
            return
    # "exact" and "keyframes" make no difference, because hang's seeks are always exact.
    seek(context.properties, max(position if duration is None else min(position, duration), 0.0))


def _play(context: Context, flags: str) -> None:
    viewer = context.viewer
    if not viewer.playlist.play_stopped():
        viewer.set_paused(flags == "toggle" and not viewer.paused)


def _frame_back_step(context: Context) -> None:
    viewer, video = context.viewer, selected_track(context.properties, "video")
    if viewer.paused and not viewer.seeking and not viewer.ended:
        viewer.play_command(StepFrame(back=True))
        return
    # While it moves the player knows no picture to go back from.
    if video is None or not video.frame_rate:
        raise CommandRefused.failed("NotSupported", "the frame rate is not known")
    if not viewer.paused:
        viewer.set_paused(True)
    viewer.seek(max((viewer.position() or 0.0) - 1 / video.frame_rate, 0.0))


def _show_progress(context: Context, **_: Any) -> None:
    context.viewer.desktop.show_progress()


def _is_settled(context: Context) -> bool:
    """Return whether the picture is the room's: only then a key that is held down steps on from it."""
    return context.viewer.hang_property("sync/state") in ("synced", "alone")


_MODES: Final = ("relative", "-", "absolute", "absolute-percent", "relative-percent")

COMMANDS: Final = (
    Command("seek", "change the position by seconds or percent; a negative absolute target counts from the end",
        (Parameter("target", Time()), Parameter("flags", FlagSet((_MODES, ("exact", "keyframes"))), ""),
         Parameter("legacy", Choice(("default-precise", "keyframes", "exact")), None)), _seek, moves_film=True,
        repeats=True, show=_show_progress),
    Command("revert-seek",
        "go back to before the last seek (in a room: anybody's), or to a marked position; the flags mark it",
        (Parameter("flags", FlagSet((("mark", "mark-permanent"),)), ""),), _revert_seek, needs_file=True,
        moves_film=True, show=_show_progress),
    Command("hang-play", "play, or with toggle pause or play; after a stop out of a room, the same film again",
        (Parameter("flags", FlagSet((("toggle",),)), ""),), _play, moves_film=True),
    Command("frame-step", "pause on the next frame; in a room, for all members", (),
        lambda context: context.viewer.play_command(StepFrame()), needs_file=True, moves_film=True,
        repeats=_is_settled),
    Command("frame-back-step", "pause on the previous frame; in a room, for all members", (),
        _frame_back_step, needs_file=True, moves_film=True,
        repeats=_is_settled),
)  # fmt: skip


def _remaining(properties: PropertyTable) -> float | None:
    position, duration = properties.viewer.position(), properties.viewer.duration
    return None if position is None or duration is None else max(duration - position, 0.0)


def _remaining_at_speed(properties: PropertyTable) -> float | None:
    remaining = _remaining(properties)
    return None if remaining is None else remaining / properties.viewer.speed


def _percent(properties: PropertyTable) -> float | None:
    position, duration = properties.viewer.position(), properties.viewer.duration
    return None if position is None or not duration else min(max(100 * position / duration, 0.0), 100.0)


def _to_the_millisecond(seconds: float) -> str:
    """Return seconds as mpv shows them to people in a ``/full`` property: 00:01:30.250."""
    whole = round(abs(seconds) * 1000)
    clock = f"{whole // 3600000:02}:{whole // 60000 % 60:02}:{whole // 1000 % 60:02}.{whole % 1000:03}"
    return "-" + clock if seconds < 0 else clock


def _in_full(row: Property) -> Property:
    return Property(f"{row.name}/full", f"the same as {row.name}, shown to the millisecond",
        Time(show=_to_the_millisecond), row.read, moves=True,
        aliases=tuple(f"{alias}/full" for alias in row.aliases))  # fmt: skip


_TIMES: Final = (
    Property("time-pos", "position in seconds; writing it seeks", Time(), lambda p: p.viewer.position(),
        lambda p, position: p.viewer.seek(max(position, 0.0)), limits=(0.0, math.inf), moves=True,
        moves_film=True, aliases=("playback-time",)),
    Property("duration", "duration of the film, in seconds", Time(), loaded(lambda v: v.duration)),
    Property("time-remaining", "time to the end of the film, in seconds", Time(), _remaining, moves=True),
    Property("playtime-remaining", "time to the end of the film at this speed, in seconds", Time(),
        _remaining_at_speed, moves=True),
)  # fmt: skip


class _Speed(Double):
    """A speed, as the nearest one that players can play."""

    def parse(self, value: Any) -> float:
        return playable_rate(super().parse(value))


def _eof_reached(viewer: ViewerPort) -> bool:
    """Return whether the film has ended, or stands in a pause where a seek to its end leads: as in mpv."""
    position, duration = viewer.position(), viewer.duration
    if viewer.ended or not position or duration is None:
        return viewer.ended
    return viewer.paused and not viewer.seeking and position >= duration - _END_SECONDS


def _buffering(properties: PropertyTable) -> bool:
    return bool(properties.viewer.hang_property("player/state") == "buffering")


PROPERTIES: Final = (
    Property("pause", "whether playback is paused; in a room, for all members", Flag(),
        lambda p: p.viewer.paused, lambda p, paused: p.viewer.set_paused(paused), option=True, moves_film=True),
    Property("speed", "playback speed, 1 being normal; in a room, for all members",
        _Speed(RATE_MIN, RATE_MAX, show="{:.2f}".format),
        lambda p: p.viewer.speed, lambda p, rate: p.viewer.set_speed(rate), option=True,
        moves_film=True),
    Property("idle-active", "whether no file is loaded", Flag(), lambda p: p.path is None, aliases=("playback-abort",)),
    Property("core-idle", "whether playback stands still, for any reason", Flag(),
        lambda p: not p.moving or p.viewer.seeking or _buffering(p)
        or p.viewer.hang_property("room/start") is not None),
    Property("eof-reached", "whether the film has been played to its end", Flag(), loaded(_eof_reached)),
    Property("seeking", "whether the player is seeking or loading", Flag(), loaded(lambda v: v.seeking)),
    Property("seekable", "whether the film can be sought in", Flag(), loaded(lambda v: v.duration is not None)),
    Property("partially-seekable", "whether only buffered data can be sought in: no", Flag(), loaded(lambda v: False)),
    Property("demuxer-via-network", "whether the film comes from the network: no", Flag(), loaded(lambda v: False)),
    Property("paused-for-cache", "whether the player waits for data", Flag(),
        lambda p: None if p.path is None else _buffering(p)),
    Property("cache-buffering-state", "100 while the player does not wait for data, else unavailable", Integer(),
        lambda p: None if p.path is None or _buffering(p) else 100),
    *_TIMES,
    *map(_in_full, _TIMES),
    Property("time-start", "position of the beginning, always 0", Time(), lambda _: 0.0),
    Property("percent-pos", "position in percent of the duration; writing it seeks",
        Double(0.0, 100.0, show=lambda percent: str(round(percent))), _percent,
        lambda p, percent: p.viewer.seek(percent / 100 * (p.viewer.duration or 0.0)), moves=True, moves_film=True),
)  # fmt: skip
