"""Files beside the film whose sound or subtitles are played with it (libVLC calls them slaves). Owner thread only.

libVLC does not tell which tracks came from which file, and only its log says that it cannot read one. So files are
added one at a time: the tracks that appear while one is being added are its own, and a file that brings none soon after
libVLC has opened it cannot be read either.

libVLC 3 cannot close such a file before the film is closed. So a track that is removed is only hidden.

Subtitles that are not UTF-8 are added as a copy that is (`hangd.player.subtitles`). Where libVLC has found such a file
beside the film by itself, the copy's track takes the place of that file's track, which is hidden.
"""

import functools
import os
import time
from collections import deque
from collections.abc import Iterable
from pathlib import PurePath
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from msgspec.structs import replace

from hangd.engine.player_facts import Track, TrackKind
from hangd.engine.player_messages import AddAudioFile, AddFile, AddSubtitleFile
from hangd.file_names import file_url
from hangd.player import files, subtitles
from hangd.player.container import TRANSPORT_STREAM
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.thread import run_aside
from hangd.player.vlc.tracks.copies import Copies
from hangd.player.vlc.tracks.structs import SlaveStruct, read_array
from hangd.player.vlc.tracks.texts import line

_CHECK_SECONDS: Final = 10.0
"""Deadline for looking at the file, which may be on a disk that has to spin up, or on a share that is gone."""
_OPEN_SECONDS: Final = 30.0
"""How long libVLC may take to begin with a file that it was given: on a busy machine more than three seconds."""
_FIRST_TRACK_SECONDS: Final = 3.0
"""How long after libVLC has opened a file its first track may come."""
_MORE_TRACKS_SECONDS: Final = 0.1
"""How long to wait for more tracks after one has come: they come within a millisecond of each other."""
_FILES_MAX: Final = 100
"""For one film."""
_SLAVES_MAX: Final = 100

_ONE_TRACK: Final = frozenset({".srt", ".ass", ".ssa", ".vtt", ".sub", ".smi", ".txt"})
"""Suffixes of files that hold a single text track."""
_PICTURES: Final = ".idx"
"""The suffix of a file that describes subtitles which are pictures."""
_TEXT: Final = frozenset({"subrip", "ass", "webvtt"})
_SUBTITLE_SLAVE: Final = 0

_Key = tuple[TrackKind, int]


class _Job(NamedTuple):
    """A file to be added. ``replaces``: the track of the same file that libVLC has found by itself."""

    file: AddFile
    replaces: _Key | None = None


class AddedFiles:
    """Adds files to the open film one after the other, and keeps which tracks are theirs."""

    def __init__(self, context: PlayerContext) -> None:
        self._context = context
        self.encoding = subtitles.AUTO
        """The viewer's choice for subtitles that are not UTF-8."""
        self._copies = Copies()
        self._queue: deque[_Job] = deque()
        self._current: _Job | None = None
        self._is_added = False
        """The current file has been checked and given to libVLC."""
        self._has_tracks = False
        """The current file has brought a track."""
        self.due: float | None = None
        """When to call `expire`: the current file has then brought all its tracks, or cannot be read."""
        self._known: set[_Key] = set()
        self._files: dict[_Key, AddFile] = {}
        """Where tracks came from, if not from the film."""
        self._found: set[_Key] = set()
        """The tracks of those files that libVLC found beside the film by itself, or of their copies."""
        self._originals: dict[_Key, _Key] = {}
        """The track that libVLC made by itself, by the track that has taken its place."""
        self._selected: set[_Key] = set()
        """What was selected when tracks were listed last."""
        self.hidden: set[_Key] = set()

    def opening(self) -> None:
        self.closed()
        if self._context.film.container == TRANSPORT_STREAM:
            # libVLC 3.0 takes a file beside a transport stream for another programme of it and switches to that one.
            self._context.media.add_option(":no-sub-autodetect-file")

    def opened(self, tracks: Iterable[Track]) -> None:
        """Store which tracks the film has from the beginning, and which of them libVLC found beside it.

        It is called again each time that libVLC has buffered anew before the first picture.
        """
        if self._is_added:
            return  # what has come since is not from the beginning
        texts = sorted((t for t in tracks if t.kind == "subtitle" and t.codec in _TEXT), key=lambda track: track.id)
        self._copies.opened()
        found = [path for path in _slaves(self._context) if PurePath(path).suffix.lower() != _PICTURES]
        # They come after the film's own tracks, in their order. If each brought just one, that tells which is which.
        if 0 < len(found) <= len(texts) and all(PurePath(path).suffix.lower() in _ONE_TRACK for path in found):
            for track, path in zip(texts[-len(found) :], found, strict=True):
                self._files[track.kind, track.id] = AddSubtitleFile(path)
        self._found = set(self._files)
        self._known = {(track.kind, track.id) for track in tracks}

    def primed(self) -> None:
        """libVLC has made the first picture, and has selected tracks."""
        for key in self._found - self._originals.keys():
            self._take(_Job(self._files[key], key))

    def closed(self) -> None:
        self._queue.clear()
        self._current = self.due = None
        self._is_added = False
        self._known, self._files, self._found, self.hidden, self._originals = set(), {}, set(), set(), {}
        self._copies.closed()

    def end(self) -> None:
        """libVLC has ended."""
        self._copies.end()

    def as_found(self, tracks: Iterable[Track]) -> tuple[Track, ...]:
        """Return these tracks with the ids that they have when the film has just been opened again."""
        return tuple(
            replace(track, id=self._originals[track.kind, track.id][1])
            if (track.kind, track.id) in self._originals
            else track
            for track in tracks
        )

    def to_add_again(self, tracks: Iterable[Track]) -> list[AddFile]:
        """Return the commands that add again what these tracks came from, for when the film is opened again."""
        again: dict[AddFile, bool] = {}
        for track in tracks:
            key = (track.kind, track.id)
            if key in self._files and key not in self._found:
                file = self._files[key]
                again[file] = again.get(file, False) or track.selected
        return [replace(file, select=selected) for file, selected in again.items()]

    def add(self, file: AddFile) -> None:
        if self._context.film.container == TRANSPORT_STREAM:
            message = "VLC cannot add anything to a transport stream without losing its picture"
            self._context.refuse(type(file).__name__, message)
        elif len(self._queue) + len(set(self._files.values())) >= _FILES_MAX:
            self._context.refuse(type(file).__name__, "there are too many files beside this film")
        else:
            self._take(_Job(file))

    def _take(self, job: _Job) -> None:
        self._queue.append(job)
        if self._current is None:
            self._next()

    def expire(self, now: float) -> None:
        if self.due is None or self.due > now:
            return
        job = self._current
        if job is not None and not self._is_added:
            self._refuse(job, str(files.too_slow(job.file.path, _CHECK_SECONDS)))
        elif job is not None and not self._has_tracks:
            self._refuse_unreadable(job)
        self._next()

    def demuxed(self) -> None:
        """libVLC has opened a file: the film, or one beside it."""
        if self._waits_for_track:
            self.due = time.monotonic() + _FIRST_TRACK_SECONDS

    def not_added(self) -> None:
        """libVLC says that it cannot read a file beside the film: one that it was given, or has found by itself."""
        if self._current is not None and self._waits_for_track:
            self._refuse_unreadable(self._current)
            self._next()

    @property
    def _waits_for_track(self) -> bool:
        """A file was given to libVLC, and has brought no track."""
        return self._current is not None and self._is_added and not self._has_tracks

    def _refuse_unreadable(self, job: _Job) -> None:
        self._refuse(job, f"{files.shown_name(job.file.path)} cannot be read, or not at this position")

    def _refuse(self, job: _Job, message: str) -> None:
        if job.replaces is None:  # else nobody has asked for it, and the track that is there stays
            self._context.refuse(type(job.file).__name__, message)

    def _next(self) -> None:
        """Begin with the next file: check it, on a thread of its own, because that can block."""
        self._current = self.due = None
        if self._queue:
            self._current = job = self._queue.popleft()
            self._is_added = self._has_tracks = False
            self.due = time.monotonic() + _CHECK_SECONDS
            then = functools.partial(self._checked, job)
            run_aside(functools.partial(_examine, job.file, self.encoding), then, self._context.post)

    def _checked(self, job: _Job, found: files.MediaUnusable | bytes | None) -> None:
        if job is not self._current or self._is_added:
            return  # the deadline has passed, or the film was closed
        if isinstance(found, files.MediaUnusable):
            self._refuse(job, str(found))
        elif found is None and job.replaces is not None:
            pass  # libVLC can read it as it is
        elif not self._give(job, found):
            self._refuse(job, f"{files.shown_name(job.file.path)} cannot be added")
        else:
            self._is_added = True
            self.due = time.monotonic() + _OPEN_SECONDS
            return
        self._next()

    def _give(self, job: _Job, copy: bytes | None) -> bool:
        """Give libVLC a file, or its copy. Return whether libVLC takes it."""
        kinds, player = self._context.vlc.MediaSlaveType, self._context.player
        kind = kinds.subtitle if isinstance(job.file, AddSubtitleFile) else kinds.audio
        select = job.file.select if job.replaces is None else job.replaces in self._selected
        try:
            url = file_url(job.file.path) if copy is None else self._copies.url(copy)
        except OSError:
            return False
        return bool(player.add_slave(kind, url, select) == 0)

    def sort(self, tracks: Iterable[Track]) -> tuple[Track, ...]:
        """Return the tracks as a viewer sees them: with their files, and without the hidden ones."""
        tracks = tuple(tracks)
        self._selected = {(track.kind, track.id) for track in tracks if track.selected}
        for track in tracks:
            self._learn((track.kind, track.id))
        shown: list[Track] = []
        for track in tracks:
            key = (track.kind, track.id)
            if key in self.hidden:
                continue
            file = self._files.get(key)
            if file is not None:
                # As in mpv, a file whose track has no title lends it its name.
                title = file.title or track.title or line(os.path.basename(file.path))
                language = file.language or track.language
                track = replace(track, file=file.path, title=title, language=language)
            shown.append(track)
        return tuple(shown)

    def _learn(self, key: _Key) -> None:
        """There is a track of this id. If it is new, it comes from the file that is being added."""
        if key in self._known:
            return
        self._known.add(key)
        job = self._current
        if job is None or not self._is_added:
            return
        self._files[key] = job.file
        self._has_tracks = True
        self.due = time.monotonic() + _MORE_TRACKS_SECONDS
        if job.replaces is not None:
            self.hidden.add(job.replaces)
            self._found.add(key)
            self._originals[key] = job.replaces

    def hide(self, kind: TrackKind, number: int) -> bool:
        """Hide a track. Return False if it was not added, or is hidden already."""
        key = (kind, number)
        if key not in self._files or key in self.hidden:
            return False
        self.hidden.add(key)
        return True


def _examine(file: AddFile, encoding: str) -> files.MediaUnusable | bytes | None:
    """Return why a file cannot be added, or what libVLC is to be given in its place, or None: the file itself."""
    refusal = files.refusal(file.path)
    if refusal is not None or isinstance(file, AddAudioFile):
        return refusal
    try:
        return subtitles.utf8_copy(file.path, encoding)
    except OSError as error:
        return files.problem("unreadable", file.path, error.strerror or "")


def _slaves(context: PlayerContext) -> list[str]:
    """Return the paths of the subtitle files that libVLC opened with the film, in the order of their tracks."""
    names = ("media_slaves_get", "media_slaves_release")
    slaves = read_array(context.vlc, *names, SlaveStruct, context.media, most=_SLAVES_MAX)
    uris: list[bytes] = [slave.uri or b"" for slave in slaves if slave.type == _SUBTITLE_SLAVE]
    return [os.fsdecode(unquote_to_bytes(urlsplit(uri).path)) for uri in uris]
