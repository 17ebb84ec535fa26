"""Which video, audio and subtitle track is played, and which there are. Owner thread only."""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from hangd.engine import player_messages as messages
from hangd.engine.player_facts import Track, TrackKind
from hangd.engine.player_messages import AddFile, TrackCommand
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.tracks.added import AddedFiles
from hangd.player.vlc.tracks.tracks import COVER, cover_track, list_tracks

_NONE: Final = -1
"""libVLC's id for no track."""


class TrackSelection:
    """Selects tracks. Reports all of them when one has changed, and after each SelectTrack and RemoveTrack."""

    def __init__(self, context: PlayerContext) -> None:
        self._context = context
        self._is_open = False
        self._tracks: tuple[Track, ...] = ()
        """The tracks as they were reported last."""
        self._shows_subtitles = True
        self._unshown: int | None = None
        """The subtitle track that is selected though VLC does not show it."""
        self.added = AddedFiles(context)
        self._added_again: list[AddFile] = []
        """What is to be added to the film once more when it has been opened again."""

    def opening(self) -> None:
        again = self._context.film.is_announced
        self._added_again = self.added.to_add_again(self._tracks) if again else []
        self._tracks = self.added.as_found(self._tracks)
        self._is_open, self._unshown = False, None
        self.added.opening()

    def opened(self) -> tuple[Track, ...]:
        tracks = self._list()
        self.added.opened(tracks)
        before, self._tracks = self._tracks, self._sort(tracks)
        self._is_open = True
        if self._context.film.is_announced:  # it is the same film, opened once more after its end
            self._restore(before)
        return self._tracks

    def primed(self) -> None:
        """VLC has made the first picture. It now knows what only a decoder can tell of the tracks."""
        self.update()
        self.added.primed()

    def closed(self) -> None:
        self.added.closed()
        self._tracks, self._is_open, self._unshown = (), False, None

    def update(self, *, always: bool = False) -> None:
        """Report the tracks if they have changed, or in any case."""
        if not self._is_open:
            return
        tracks = self._sort(self._list())
        if always or tracks != self._tracks:
            self._tracks = tracks
            self._context.emit(messages.TracksChanged(self._context.film.generation, tracks))

    def show_subtitles(self, shown: bool) -> None:
        """Show the selected subtitles, or do not: VLC has none selected then, but they are reported as selected."""
        self._shows_subtitles = shown
        if not self._is_open:
            return
        if shown and self._unshown is not None:
            self._set("subtitle", self._unshown)
        self._list()

    def _list(self) -> tuple[Track, ...]:
        """Return VLC's tracks. If subtitles are not to be shown, take away from VLC those that it has selected."""
        tracks = list_tracks(self._context)
        if self._shows_subtitles:
            self._unshown = None
            return tracks
        for track in tracks:
            if track.kind == "subtitle" and track.selected:
                self._unshown = track.id
                self._context.player.video_set_spu(_NONE)
        return tuple(
            replace(track, selected=track.id == self._unshown) if track.kind == "subtitle" else track
            for track in tracks
        )

    def _sort(self, tracks: Iterable[Track]) -> tuple[Track, ...]:
        """Return the tracks as a viewer sees them."""
        return (*self.added.sort(tracks), *cover_track(self._context))

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

    @property
    def has_picture(self) -> bool:
        """Whether a video track is played."""
        return any(track.kind == "video" and track.selected for track in self._tracks)

    def do(self, command: TrackCommand) -> None:
        match command:
            case messages.SelectTrack(kind="video" | "audio" as kind, id=None) if self._is_all(kind):
                self._context.refuse("SelectTrack", f"nothing but the {kind} of this film plays: VLC would end it")
                self.update(always=True)
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

    def _is_all(self, kind: TrackKind) -> bool:
        """Return whether nothing is played but a track of this kind, and perhaps subtitles."""
        playing = {track.kind for track in self._list() if track.selected} - {"subtitle"}
        return playing == {kind}

    def _set(self, kind: TrackKind, number: int) -> bool:
        player, film = self._context.player, self._context.film
        if kind == "video" and film.cover is not None:
            film.is_cover_wanted = number != _NONE
            if film.is_cover_wanted:
                self._context.cover.show(film.cover)
            else:
                self._context.cover.hide()
            return number in (_NONE, COVER)
        if kind == "subtitle" and number == _NONE:
            self._unshown = None
        select = {"video": player.video_set_track, "audio": player.audio_set_track, "subtitle": player.video_set_spu}
        return bool(select[kind](number) >= 0)
