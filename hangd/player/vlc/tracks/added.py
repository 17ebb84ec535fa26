"""Files beside the film whose sound or subtitles are played with it (libVLC calls them slaves). Owner thread only.

libVLC does not tell which tracks came from which file, nor that a file is unusable. So files are added one at a time:
the tracks that appear while one is being added are its own, and a file that brings none in time cannot be read.

libVLC 3 cannot close such a file before the film is closed. So a track that is removed is only hidden.
"""

import functools
import os
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from msgspec.structs import replace

from hangd.engine.player_messages import AddAudioFile, AddSubtitleFile, Track, TrackKind
from hangd.player import files
from hangd.player.container import TRANSPORT_STREAM
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.thread import run_aside
from hangd.player.vlc.tracks.structs import SlaveStruct, read_array

AddFile = AddSubtitleFile | AddAudioFile

_CHECK_SECONDS: Final = 10.0
"""Deadline for looking at the file, which may be on a disk that has to spin up, or on a share that is gone."""
_FIRST_TRACK_SECONDS: Final = 3.0
_MORE_TRACKS_SECONDS: Final = 0.1
"""How long to wait for more tracks after one has come: they come within a millisecond of each other."""
_FILES_MAX: Final = 100
"""For one film."""
_SLAVES_MAX: Final = 100

_ONE_TRACK: Final = frozenset({".srt", ".ass", ".ssa", ".vtt"})
"""Suffixes of files that hold a single text track."""
_TEXT: Final = frozenset({"subrip", "ass", "webvtt"})
_SUBTITLE_SLAVE: Final = 0

_Key = tuple[TrackKind, int]


class AddedFiles:
    """Adds files to the open film one after the other, and keeps which tracks are theirs."""

    def __init__(self, context: PlayerContext) -> None:
        self._context = context
        self._queue: deque[AddFile] = deque()
        self._current: AddFile | None = None
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
        """The tracks of those files that libVLC found beside the film by itself."""
        self.hidden: set[_Key] = set()

    def opening(self) -> None:
        self.closed()
        if self._context.film.container == TRANSPORT_STREAM:
            # libVLC 3.0 takes a file beside a transport stream for another programme of it and switches to that one.
            self._context.media.add_option(":no-sub-autodetect-file")

    def opened(self, tracks: Iterable[Track]) -> None:
        """Store which tracks the film has from the beginning, and which of them libVLC found beside it."""
        texts = sorted((t for t in tracks if t.kind == "subtitle" and t.codec in _TEXT), key=lambda track: track.id)
        found = _slaves(self._context)
        # They come after the film's own tracks, in their order. If each brought just one, that tells which is which.
        if 0 < len(found) <= len(texts) and all(PurePath(path).suffix.lower() in _ONE_TRACK for path in found):
            for track, path in zip(texts[-len(found) :], found, strict=True):
                self._files[track.kind, track.id] = AddSubtitleFile(path)
        self._found = set(self._files)
        self._known = {(track.kind, track.id) for track in tracks}

    def closed(self) -> None:
        self._queue.clear()
        self._current = self.due = None
        self._known, self._files, self._found, self.hidden = set(), {}, set(), set()

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
            self._queue.append(file)
            if self._current is None:
                self._next()

    def expire(self, now: float) -> None:
        if self.due is None or self.due > now:
            return
        file = self._current
        if file is not None and not self._is_added:
            self._context.refuse(type(file).__name__, str(files.too_slow(file.path, _CHECK_SECONDS)))
        elif file is not None and not self._has_tracks:
            name = files.shown_name(file.path)
            self._context.refuse(type(file).__name__, f"{name} cannot be read, or not at this position")
        self._next()

    def _next(self) -> None:
        """Begin with the next file: check it, on a thread of its own, because that can block."""
        self._current = self.due = None
        if self._queue:
            self._current = file = self._queue.popleft()
            self._is_added = self._has_tracks = False
            self.due = time.monotonic() + _CHECK_SECONDS
            then = functools.partial(self._checked, file)
            run_aside(functools.partial(files.refusal, file.path), then, self._context.post)

    def _checked(self, file: AddFile, refusal: files.MediaUnusable | None) -> None:
        if file is not self._current or self._is_added:
            return  # the deadline has passed, or the film was closed
        kinds = self._context.vlc.MediaSlaveType
        kind = kinds.subtitle if isinstance(file, AddSubtitleFile) else kinds.audio
        if refusal is not None:
            self._context.refuse(type(file).__name__, str(refusal))
        elif self._context.player.add_slave(kind, Path(file.path).as_uri(), file.select) != 0:
            self._context.refuse(type(file).__name__, f"{files.shown_name(file.path)} cannot be added")
        else:
            self._is_added = True
            self.due = time.monotonic() + _FIRST_TRACK_SECONDS
            return
        self._next()

    def sort(self, tracks: Iterable[Track]) -> tuple[Track, ...]:
        """Return the tracks as a viewer sees them: with their files, and without the hidden ones."""
        shown: list[Track] = []
        for track in tracks:
            key = (track.kind, track.id)
            if key not in self._known:
                self._known.add(key)
                if self._current is not None and self._is_added:
                    self._files[key] = self._current
                    self._has_tracks = True
                    self.due = time.monotonic() + _MORE_TRACKS_SECONDS
            if key in self.hidden:
                continue
            file = self._files.get(key)
            if file is not None:
                title, language = file.title or track.title, file.language or track.language
                track = replace(track, file=file.path, title=title, language=language)
            shown.append(track)
        return tuple(shown)

    def hide(self, kind: TrackKind, number: int) -> bool:
        """Hide a track. Return False if it was not added, or is hidden already."""
        key = (kind, number)
        if key not in self._files or key in self.hidden:
            return False
        self.hidden.add(key)
        return True


def _slaves(context: PlayerContext) -> list[str]:
    """Return the paths of the subtitle files that libVLC opened with the film, in the order of their tracks."""
    names = ("media_slaves_get", "media_slaves_release")
    slaves = read_array(context.vlc, *names, SlaveStruct, context.media, most=_SLAVES_MAX)
    uris: list[bytes] = [slave.uri or b"" for slave in slaves if slave.type == _SUBTITLE_SLAVE]
    return [os.fsdecode(unquote_to_bytes(urlsplit(uri).path)) for uri in uris]
