"""Which video, audio and subtitle track is played, and which there are. Owner thread only."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from hangd.engine.player_messages import AddAudioFile, AddSubtitleFile, RemoveTrack, SelectTrack, Track, TrackKind
from hangd.player.vlc.thread import Post
from hangd.player.vlc.tracks.added import AddedFiles, AddFile
from hangd.player.vlc.tracks.tracks import list_tracks

TrackCommand = SelectTrack | AddSubtitleFile | AddAudioFile | RemoveTrack

_NONE: Final = -1
"""libVLC's id for no track."""


class TrackSelection:
    """Selects tracks, and reports them when they change.

    Args:
        tell: called with the tracks when they have changed, and after each SelectTrack and RemoveTrack.
        refuse: called with a command's name and the reason why it failed.
    """

    def __init__(
        self,
        vlc: ModuleType,
        player: Any,
        tell: Callable[[tuple[Track, ...]], None],
        refuse: Callable[[str, str], None],
        post: Post,
    ) -> None:
        self._vlc = vlc
        self._player = player
        self._tell = tell
        self._refuse = refuse
        self._media: Any = None
        self._is_open = False
        self._tracks: tuple[Track, ...] = ()
        """The tracks as they were reported last."""
        self.added = AddedFiles(vlc, player, refuse, post)
        self._restored: tuple[Track, ...] | None = None
        """If the film is being opened again: the tracks that it had before."""
        self._added_again: list[AddFile] = []

    # ---- the film's life --------------------------------------------------------------------------------------------

    def opening(self, media: Any, container: str | None, *, again: bool) -> None:
        """``again``: the same film is opened once more, after its end."""
        self._media, self._is_open = media, False
        self._restored = self._tracks if again else None
        self._added_again = self.added.to_add_again(self._tracks) if again else []
        self.added.opening(media, container)

    def opened(self) -> tuple[Track, ...]:
        tracks = list_tracks(self._vlc, self._player, self._media)
        self.added.opened(self._media, tracks)
        self._tracks = self.added.sort(tracks)
        self._is_open = True
        if self._restored is not None:
            self._restore(self._restored)
        return self._tracks

    def closed(self) -> None:
        self.added.closed()
        self._tracks, self._is_open = (), False

    def update(self, *, always: bool = False) -> None:
        """Report the tracks if they have changed, or in any case."""
        if not self._is_open:
            return
        tracks = self.added.sort(list_tracks(self._vlc, self._player, self._media))
        if always or tracks != self._tracks:
            self._tracks = tracks
            self._tell(tracks)

    def _restore(self, before: tuple[Track, ...]) -> None:
        """Select what was selected before the film was opened again, because VLC makes its own choice."""
        present = {(track.kind, track.id) for track in self._tracks}
        for kind in ("audio", "subtitle"):
            selected = [track.id for track in before if track.kind == kind and track.selected]
            # A selected track that is missing is in a file that has yet to be added, which selects it then.
            if not selected or (kind, selected[0]) in present:
                self._set(kind, selected[0] if selected else _NONE)
        for file in self._added_again:
            self.added.add(file)

    # ---- commands -------------------------------------------------------------------------------------------------

    def do(self, command: TrackCommand) -> None:
        match command:
            case SelectTrack(kind=kind, id=number):
                hidden = number is not None and self.added.is_hidden(kind, number)
                if hidden or not self._set(kind, _NONE if number is None else number):
                    self._refuse("SelectTrack", f"there is no {kind} track {number}")
                else:
                    self.update(always=True)
            case RemoveTrack(kind=kind, id=number):
                if not self.added.hide(kind, number):
                    self._refuse("RemoveTrack", f"there is no {kind} track {number} that was added to the film")
                    return
                if any(track.selected for track in self._tracks if (track.kind, track.id) == (kind, number)):
                    self._set(kind, _NONE)
                self.update(always=True)
            case _:
                self.added.add(command)

    def _set(self, kind: TrackKind, number: int) -> bool:
        match kind:
            case "video":
                result = self._player.video_set_track(number)
            case "audio":
                result = self._player.audio_set_track(number)
            case "subtitle":
                result = self._player.video_set_spu(number)
        return bool(result >= 0)
