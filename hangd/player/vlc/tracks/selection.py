"""Which video, audio and subtitle track is played, and which there are. Owner thread only."""

from typing import Final

from hangd.engine import player_messages as messages
from hangd.engine.player_messages import Track, TrackCommand, TrackKind
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.tracks.added import AddedFiles, AddFile
from hangd.player.vlc.tracks.tracks import list_tracks

_NONE: Final = -1
"""libVLC's id for no track."""


class TrackSelection:
    """Selects tracks. Reports all of them when one has changed, and after each SelectTrack and RemoveTrack."""

    def __init__(self, context: PlayerContext) -> None:
        self._context = context
        self._is_open = False
        self._tracks: tuple[Track, ...] = ()
        """The tracks as they were reported last."""
        self.added = AddedFiles(context)
        self._added_again: list[AddFile] = []
        """What is to be added to the film once more when it has been opened again."""

    def opening(self) -> None:
        again = self._context.film.is_announced
        self._added_again = self.added.to_add_again(self._tracks) if again else []
        self._is_open = False
        self.added.opening()

    def opened(self) -> tuple[Track, ...]:
        tracks = list_tracks(self._context)
        self.added.opened(tracks)
        before, self._tracks = self._tracks, self.added.sort(tracks)
        self._is_open = True
        if self._context.film.is_announced:  # it is the same film, opened once more after its end
            self._restore(before)
        return self._tracks

    def closed(self) -> None:
        self.added.closed()
        self._tracks, self._is_open = (), False

    def update(self, *, always: bool = False) -> None:
        """Report the tracks if they have changed, or in any case."""
        if not self._is_open:
            return
        tracks = self.added.sort(list_tracks(self._context))
        if always or tracks != self._tracks:
            self._tracks = tracks
            self._context.emit(messages.TracksChanged(self._context.film.generation, tracks))

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

    def do(self, command: TrackCommand) -> None:
        match command:
            case messages.SelectTrack(kind=kind, id=number):
                if (kind, number) in self.added.hidden or not self._set(kind, _NONE if number is None else number):
                    self._context.refuse("SelectTrack", f"there is no {kind} track {number}")
                else:
                    self.update(always=True)
            case messages.RemoveTrack(kind=kind, id=number):
                if not self.added.hide(kind, number):
                    self._context.refuse("RemoveTrack", f"there is no {kind} track {number} that was added to the film")
                    return
                if any(track.selected for track in self._tracks if (track.kind, track.id) == (kind, number)):
                    self._set(kind, _NONE)
                self.update(always=True)
            case _:
                self.added.add(command)

    def _set(self, kind: TrackKind, number: int) -> bool:
        player = self._context.player
        select = {"video": player.video_set_track, "audio": player.audio_set_track, "subtitle": player.video_set_spu}
        return bool(select[kind](number) >= 0)
