"""Controls: what MPRIS tells of the player and asks of it, in hang's commands and properties. Nothing here is D-Bus.

Times are in microseconds, as in MPRIS. The names of properties are those of org.mpris.MediaPlayer2.Player.
"""

from collections.abc import Callable
from typing import Any, Final

from hangd.client.control.port import CommandRefused, ViewerPort
from hangd.client.desktop.base import Read, Request
from hangd.client.desktop.opening import Opening
from hangd.client.settings import ClientSettings
from hangd.engine.player_messages import SetFullscreen, SetVolume
from hangd.file_names import file_url
from hangd.player.vlc.tracks.texts import line

MICROSECONDS: Final = 1_000_000
NO_TRACK: Final = "/org/mpris/MediaPlayer2/TrackList/NoTrack"
_TRACK: Final = "/hang/track/"

RELEVANT: Final = frozenset(
    "pause path playlist duration speed seeking eof-reached player/state player/picture volume metadata fullscreen"
    " window/shown room room/timeline server/state media/missing".split()
)
"""The announced changes after which a value may be another one."""


class Controls:
    """See the module's docstring.

    Args:
        art: returns the URL of a picture for the film at this path; None: there is none, or none yet.
        activate: brings the film's window before others, if there is one.
    """

    def __init__(
        self,
        viewer: ViewerPort,
        request: Request,
        read: Read,
        settings: Callable[[], ClientSettings],
        art: Callable[[str, str | None], str | None] = lambda path, container: None,
        activate: Callable[[], None] = lambda: None,
    ) -> None:
        self._viewer = viewer
        self._request = request
        self._read = read
        self._settings = settings
        self._art = art
        self._activate = activate
        self._opening = Opening(request, read, lambda: viewer.desktop)

    # ---- readings -------------------------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """Return the values of all properties but Position. Metadata's are pairs of a D-Bus signature and a value."""
        may_control, current = self._may_control(), self._viewer.playlist.current
        count, loops = len(self._viewer.playlist.entries()), self._loop_status()
        has_film = not self._read("idle-active")
        return {
            "PlaybackStatus": self.status(),
            "LoopStatus": loops,
            "Rate": float(self._viewer.speed),
            "Shuffle": bool(self._read("shuffle")),
            "Metadata": self._metadata(),
            "Volume": self._viewer.wanted(SetVolume).percent / 100,
            "CanGoNext": may_control and 0 <= current and (current < count - 1 or loops == "Playlist"),
            "CanGoPrevious": may_control and (0 < current or (current == 0 and loops == "Playlist")),
            "CanPlay": may_control and (has_film or self._viewer.path is not None or count > 0),
            "CanPause": may_control and has_film,
            "CanSeek": may_control and has_film and self._viewer.duration is not None,
        }

    def status(self) -> str:
        if self._read("idle-active"):
            return "Stopped"
        # While the room waits until members are ready it is not paused, but nothing moves, perhaps for long.
        stands = self._viewer.paused or self._viewer.ended or self._read("room/start") is not None
        return "Paused" if stands else "Playing"

    @property
    def is_moving(self) -> bool:
        """Whether the picture moves now: it does not while the player seeks or the room waits."""
        return self.status() == "Playing" and not self._read("core-idle")

    @property
    def film_has_picture(self) -> bool:
        """Whether the film has a picture that moves: the cover of a piece of music does not."""
        return any(track.kind == "video" and not track.is_cover for track in self._viewer.tracks)

    def position(self) -> int:
        return round((self._viewer.position() or 0.0) * MICROSECONDS)

    def track_id(self) -> str:
        entry = self._viewer.playlist_entry_id
        return NO_TRACK if entry is None or self._read("idle-active") else f"{_TRACK}{entry}"

    def _may_control(self) -> bool:
        try:
            self._viewer.check_control("error running command")
        except CommandRefused:
            return False
        return True

    def _loop_status(self) -> str:
        if self._read("loop-file"):
            return "Track"
        return "Playlist" if self._read("loop-playlist") else "None"

    def _metadata(self) -> dict[str, tuple[str, Any]]:
        track, path = self.track_id(), self._read("path")
        known: dict[str, tuple[str, Any]] = {"mpris:trackid": ("o", track)}
        if track == NO_TRACK or path is None:
            return known
        known["xesam:title"] = "s", line(self._read("media-title"))
        known["xesam:url"] = "s", file_url(path)
        if (duration := self._viewer.duration) is not None:
            known["mpris:length"] = "x", round(duration * MICROSECONDS)
        if (picture := self._art(path, self._read("file-format"))) is not None:
            known["mpris:artUrl"] = "s", picture
        tags = {name.casefold(): line(value) for name, value in (self._read("metadata") or {}).items()}
        for name, spellings in _LISTS.items():
            if value := next(filter(None, map(tags.get, spellings)), None):
                known[name] = "as", [value]
        if album := tags.get("album"):
            known["xesam:album"] = "s", album
        for name, spellings in _NUMBERS.items():
            number = next(filter(None, map(tags.get, spellings)), "").partition("/")[0].strip()
            if number.isascii() and number.isdecimal() and len(number) < 9:
                known[name] = "i", int(number)
        return known

    # ---- requests: each raises CommandRefused ------------------------------------------------------------------------

    async def play(self) -> None:
        await self._request("hang-play")

    async def pause(self) -> None:
        self._viewer.check_control("error running command")
        if not self._read("idle-active"):
            await self._request("set", "pause", "yes")

    async def play_pause(self) -> None:
        # As status() has it: a start that waits for members is ended by a pause.
        if self._viewer.paused or self._read("idle-active") or self._viewer.ended:
            await self.play()
        else:
            await self.pause()

    async def stop(self) -> None:
        """Do what the settings say: a headset that is switched off sends Stop, and nobody wants to lose the film."""
        match self._settings().mpris_stop:
            case "pause":
                await self.pause()
            case "stop":
                await self._request("stop", "keep-playlist")

    async def next(self) -> None:
        await self._step("playlist-next")

    async def previous(self) -> None:
        await self._step("playlist-prev")

    async def _step(self, command: str) -> None:
        try:
            await self._request(command, "weak")
        except CommandRefused as refused:
            if refused.code != "NoSuchEntry":  # then it has no effect, says MPRIS
                raise

    async def seek(self, offset: int) -> None:
        """Seek by so much. Beyond the end the next film follows, and in a room the film's end."""
        position, duration = self._viewer.requested_position(), self._viewer.duration
        beyond = position is not None and duration is not None and position + offset / MICROSECONDS >= duration
        if beyond and self._read("room/id") is None and self.values()["CanGoNext"]:
            await self.next()
        else:
            await self._request("seek", offset / MICROSECONDS, "relative+exact")

    async def set_position(self, track: str, position: int) -> None:
        """Seek to a position in this track; do nothing if another one plays by now, or if it is not that long."""
        duration = self._viewer.duration
        if track != self.track_id() or duration is None or not 0 <= position <= round(duration * MICROSECONDS):
            return
        await self._request("seek", position / MICROSECONDS, "absolute+exact")

    async def open(self, uri: str) -> None:
        """Open a film, or follow an invite, as if it was dropped on the window."""
        await self._opening.open([uri])

    async def close(self) -> None:
        await self._opening.close()

    async def set_rate(self, rate: float) -> None:
        """Set the speed. 0 is a pause, says MPRIS."""
        if rate == 0:
            await self.pause()
        else:
            await self._request("set", "speed", f"{rate:.6f}")

    async def set_volume(self, volume: float) -> None:
        limit: float = self._read("volume-max")
        await self._request("set", "volume", f"{min(max(volume * 100, 0.0), limit):.6f}")

    async def set_shuffle(self, shuffle: bool) -> None:
        await self._request("playlist-shuffle" if shuffle else "playlist-unshuffle")
        await self._request("set", "shuffle", "yes" if shuffle else "no")

    async def set_loop_status(self, status: str) -> None:
        """Set what is repeated. In a room that is its rule ``loop``, which the host changes."""
        if status not in _ROOM_LOOPS:
            raise CommandRefused.invalid("LoopStatus is None, Track or Playlist")
        if self._read("room/id") is not None:
            await self._request("room-set", "loop", _ROOM_LOOPS[status])
            return
        await self._request("set", "loop-file", "inf" if status == "Track" else "no")
        await self._request("set", "loop-playlist", "inf" if status == "Playlist" else "no")

    async def raise_window(self) -> None:
        await self._request("window-show")
        self._activate()

    async def quit(self) -> None:
        await self._request("quit")

    async def set_fullscreen(self, fullscreen: bool) -> None:
        await self._request("set", "fullscreen", "yes" if fullscreen else "no")

    # ---- the root interface ------------------------------------------------------------------------------------------

    def root_values(self) -> dict[str, Any]:
        """Return the values of the properties of org.mpris.MediaPlayer2 that can change."""
        shows = self.film_has_picture or bool(self._read("window/shown"))
        return {
            "CanQuit": self._settings().allow_quit,
            "CanRaise": shows,
            "CanSetFullscreen": shows,
            "Fullscreen": self._viewer.wanted(SetFullscreen).fullscreen,
        }


_ROOM_LOOPS: Final = {"None": "off", "Track": "film", "Playlist": "queue"}
_LISTS: Final = {
    "xesam:artist": ("artist", "performer"),
    "xesam:albumArtist": ("album_artist", "albumartist"),
    "xesam:composer": ("composer",),
    "xesam:genre": ("genre",),
}
"""Properties that are lists of texts, and the tags that they are made of: the first one that the film has."""
_NUMBERS: Final = {"xesam:trackNumber": ("track", "tracknumber"), "xesam:discNumber": ("disc", "discnumber")}
