"""What a viewer shows, as control clients read it: of what the follower knows, and what its player says of itself."""

import time

from hangd.client.player_supervisor import PlayerSupervisor
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.picture import Motion
from hangd.engine.player_messages import Description, Track

__all__ = ["Shown"]


class Shown:
    """The readings of a `ViewerPort` that change nothing."""

    follower: Follower
    _player: PlayerSupervisor

    _plays_next: bool
    """What the last pause, or play, out of a room was: mpv's pause outlives its films."""

    @property
    def paused(self) -> bool:
        if self.follower.picture.path is None and not self.follower.in_room:
            return not self._plays_next
        return self.follower.paused

    @property
    def plays_next(self) -> bool:
        """Whether a film that is opened out of a room begins by itself."""
        return self._plays_next if self.path is None else not self.paused

    @property
    def path(self) -> str | None:
        picture = self.follower.picture
        return None if picture.motion is Motion.EMPTY else picture.path

    @property
    def player_name(self) -> str | None:
        return self._player.name

    @property
    def duration(self) -> float | None:
        return self.follower.picture.duration

    def position(self) -> float | None:
        return self.follower.position(time.monotonic())

    def aim(self) -> float | None:
        return self.follower.requested_position(time.monotonic())

    @property
    def speed(self) -> float:
        return self.follower.rate

    @property
    def seeking(self) -> bool:
        return self.follower.picture.motion in (Motion.LOADING, Motion.SEEKING)

    @property
    def ended(self) -> bool:
        return self.follower.picture.motion is Motion.ENDED

    @property
    def volume(self) -> float:
        return self._player.volume

    @property
    def mute(self) -> bool:
        return self._player.mute

    @property
    def fullscreen(self) -> bool:
        return self._player.fullscreen

    @property
    def tracks(self) -> tuple[Track, ...]:
        return self._player.tracks

    @property
    def description(self) -> Description:
        return self._player.description

    @property
    def playlist_entry_id(self) -> int | None:
        return None if self.path is None else self._player.entry

    @property
    def playing_entry(self) -> int:
        """The number of the film that was opened last."""
        return self._player.entry
