"""Which picture, sound and subtitles play here, and what there is to choose from. Owner thread only."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from hangd.engine.player_messages import AddAudioFile, AddSubtitleFile, RemoveTrack, SelectTrack, Track, TrackKind
from hangd.player.vlc.tracks.added import AddedFiles, AddFile
from hangd.player.vlc.tracks.tracks import list_tracks

__all__ = ["VlcChoice"]

_NONE = -1
"""libVLC's id of no track."""


class VlcChoice:
    """``tell`` is given the tracks when they are others than before, ``refuse`` which command failed and why."""

    def __init__(
        self,
        vlc: ModuleType,
        player: Any,
        tell: Callable[[tuple[Track, ...]], None],
        refuse: Callable[[str, str], None],
    ) -> None:
        self._vlc = vlc
        self._player = player
        self._tell = tell
        self._refuse = refuse
        self._media: Any = None
        self._is_open = False
        self._tracks: tuple[Track, ...] = ()
        """What was told last."""
        self.added = AddedFiles(vlc, player, refuse)
        self._again: tuple[Track, ...] | None = None
        """The tracks that the film had which is being opened, if it is opened anew."""
        self._to_add: list[AddFile] = []

    # ---- the film comes and goes ----------------------------------------------------------------------------------

    def opening(self, media: Any, path: str, *, again: bool) -> None:
        """``again``: the same film, after its end."""
        self._media, self._is_open = media, False
        self._again = self._tracks if again else None
        self._to_add = self.added.to_add_again(self._tracks) if again else []
        self.added.opening(media, path)

    def opened(self) -> tuple[Track, ...]:
        tracks = list_tracks(self._vlc, self._player, self._media)
        self.added.opened(self._media, tracks)
        self._tracks = self.added.sort(tracks)
        self._is_open = True
        if self._again is not None:
            self._restore(self._again)
        return self._tracks

    def closed(self) -> None:
        self.added.closed()
        self._tracks, self._is_open = (), False

    def look(self, *, always: bool = False) -> None:
        """Tell the tracks if they have changed, or anyway."""
        if not self._is_open:
            return
        tracks = self.added.sort(list_tracks(self._vlc, self._player, self._media))
        if always or tracks != self._tracks:
            self._tracks = tracks
            self._tell(tracks)

    def _restore(self, before: tuple[Track, ...]) -> None:
        """Choose what was chosen before the film was opened anew: libVLC chooses by itself."""
        numbers = {(track.kind, track.id) for track in self._tracks}
        for kind in ("audio", "subtitle"):
            chosen = [track.id for track in before if track.kind == kind and track.selected]
            if not chosen or (kind, chosen[0]) in numbers:  # else it is in a file that is yet to be added
                self._set(kind, chosen[0] if chosen else _NONE)
        for file in self._to_add:
            self.added.add(file)

    # ---- commands -------------------------------------------------------------------------------------------------

    def do(self, command: SelectTrack | AddSubtitleFile | AddAudioFile | RemoveTrack) -> None:
        match command:
            case SelectTrack(kind=kind, id=number):
                self._select(kind, number)
            case RemoveTrack(kind=kind, id=number):
                self._remove(kind, number)
            case _:
                self.added.add(command)

    def _select(self, kind: TrackKind, number: int | None) -> None:
        hidden = number is not None and self.added.is_hidden(kind, number)
        if hidden or not self._set(kind, _NONE if number is None else number):
            self._refuse("SelectTrack", f"there is no {kind} track {number}")
        else:
            self.look(always=True)

    def _remove(self, kind: TrackKind, number: int) -> None:
        if not self.added.hide(kind, number):
            self._refuse("RemoveTrack", f"there is no {kind} track {number} that was added to the film")
            return
        if any(track.selected for track in self._tracks if (track.kind, track.id) == (kind, number)):
            self._set(kind, _NONE)
        self.look(always=True)

    def _set(self, kind: TrackKind, number: int) -> bool:
        match kind:
            case "video":
                result = self._player.video_set_track(number)
            case "audio":
                result = self._player.audio_set_track(number)
            case "subtitle":
                result = self._player.video_set_spu(number)
        return bool(result >= 0)
