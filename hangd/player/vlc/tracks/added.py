"""Files beside the film whose sound or subtitles are played with it ("slaves", as libVLC has it). Owner thread only.

libVLC tells neither which tracks came from which file nor that a file is no good. So files are added one at a time: the
tracks that come while one is being added are its own, and one that brings none in time can not be read.

What libVLC 3 can not do at all is to let go of such a file: a track that is taken away is hidden here, and its file is
closed with the film.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from msgspec.structs import replace

from hangd.engine.player_messages import AddAudioFile, AddSubtitleFile, Track, TrackKind
from hangd.player import files
from hangd.player.container import TRANSPORT_STREAM, container_of
from hangd.player.vlc.structs import SlaveStruct, read_array

__all__ = ["AddFile", "AddedFiles"]

AddFile = AddSubtitleFile | AddAudioFile

_ANSWER_SECONDS: Final = 3.0
"""For the first track to come."""
_REST_SECONDS: Final = 0.1
"""For the others, after one has: they come within a millisecond."""
_FILES_MAX: Final = 100
"""For one film."""
_SLAVES_MAX: Final = 100

_ONE_TRACK: Final = frozenset({".srt", ".ass", ".ssa", ".vtt"})
"""Endings of files in which there is one track of text."""
_TEXT: Final = frozenset({"subrip", "ass", "webvtt"})
_SUBTITLE_SLAVE: Final = 0

_Key = tuple[TrackKind, int]


class _Found(NamedTuple):
    """A file that libVLC found beside the film by itself."""

    path: str
    title: str | None = None
    language: str | None = None


class AddedFiles:
    """See the module's docstring. ``refuse`` is told which command failed and why."""

    def __init__(self, vlc: ModuleType, player: Any, refuse: Callable[[str, str], None]) -> None:
        self._vlc = vlc
        self._player = player
        self._refuse = refuse
        self._takes_none = False
        """The film is a transport stream."""
        self._queue: deque[AddFile] = deque()
        self._current: AddFile | None = None
        self._came = False
        """The current one has brought a track."""
        self.due: float | None = None
        """When the current one has brought all its tracks, or counts as unreadable."""
        self._known: set[_Key] = set()
        self._files: dict[_Key, AddFile | _Found] = {}
        self._hidden: set[_Key] = set()

    # ---- the film comes and goes ----------------------------------------------------------------------------------

    def opening(self, media: Any, path: str) -> None:
        self.closed()
        self._takes_none = container_of(path) == TRANSPORT_STREAM
        if self._takes_none:
            # libVLC 3.0 takes a file beside it for another programme, switches over, and the film is gone.
            media.add_option(":no-sub-autodetect-file")

    def opened(self, media: Any, tracks: Iterable[Track]) -> None:
        """Learn which tracks there are from the beginning, and which of them libVLC found beside the film."""
        texts = sorted((t for t in tracks if t.kind == "subtitle" and t.codec in _TEXT), key=lambda track: track.id)
        found = _slaves(self._vlc, media)
        # They come after the film's own, in their order. That tells which is which, if each brought just one.
        if 0 < len(found) <= len(texts) and all(PurePath(path).suffix.lower() in _ONE_TRACK for path in found):
            for track, path in zip(texts[-len(found) :], found, strict=True):
                self._files[track.kind, track.id] = _Found(path)
        self._known = {(track.kind, track.id) for track in tracks}

    def closed(self) -> None:
        self._queue.clear()
        self._current = self.due = None
        self._known, self._files, self._hidden = set(), {}, set()

    def to_add_again(self, tracks: Iterable[Track]) -> list[AddFile]:
        """Return what to add when the same film is opened anew, if these were its tracks."""
        again: dict[AddFile, bool] = {}
        for track in tracks:
            file = self._files.get((track.kind, track.id))
            if isinstance(file, AddFile):
                again[file] = again.get(file, False) or track.selected
        return [replace(file, select=selected) for file, selected in again.items()]

    # ---- adding ---------------------------------------------------------------------------------------------------

    def add(self, file: AddFile) -> None:
        try:
            files.examine(file.path)
            if self._takes_none:
                raise ValueError("VLC can not add anything to a transport stream without losing its picture")
            if len(self._queue) + len(set(self._files.values())) >= _FILES_MAX:
                raise ValueError("there are too many files beside this film")
        except (files.MediaUnusable, ValueError) as problem:
            self._refuse(type(file).__name__, str(problem))
            return
        self._queue.append(file)
        if self._current is None:
            self._begin()

    def expire(self, now: float) -> None:
        if self.due is None or self.due > now:
            return
        file, self._current, self.due = self._current, None, None
        if file is not None and not self._came:
            self._refuse(type(file).__name__, f"{files.shown_name(file.path)} can not be read, or not at this place")
        self._begin()

    def _begin(self) -> None:
        while self._queue and self._current is None:
            file = self._queue.popleft()
            kinds = self._vlc.MediaSlaveType
            kind = kinds.subtitle if isinstance(file, AddSubtitleFile) else kinds.audio
            if self._player.add_slave(kind, _uri(file.path), file.select) != 0:
                self._refuse(type(file).__name__, f"{files.shown_name(file.path)} can not be added")
                continue
            self._current, self._came = file, False
            self.due = time.monotonic() + _ANSWER_SECONDS

    # ---- what became of it ----------------------------------------------------------------------------------------

    def sort(self, tracks: Iterable[Track]) -> tuple[Track, ...]:
        """Return the tracks as there are for a viewer: with their files, and without those that were taken away."""
        shown: list[Track] = []
        for track in tracks:
            key = (track.kind, track.id)
            if key not in self._known:
                self._known.add(key)
                if self._current is not None:
                    self._files[key] = self._current
                    self._came = True
                    self.due = time.monotonic() + _REST_SECONDS
            if key in self._hidden:
                continue
            file = self._files.get(key)
            if file is not None:
                track = replace(
                    track,
                    file=file.path,
                    title=file.title or track.title,
                    language=file.language or track.language,
                )
            shown.append(track)
        return tuple(shown)

    def hide(self, kind: TrackKind, number: int) -> bool:
        """Show this track no more. False: it is none that was added."""
        key = (kind, number)
        if key not in self._files or key in self._hidden:
            return False
        self._hidden.add(key)
        return True

    def is_hidden(self, kind: TrackKind, number: int) -> bool:
        return (kind, number) in self._hidden


def _uri(path: str) -> str:
    return Path(path).as_uri()


def _slaves(vlc: ModuleType, media: Any) -> list[str]:
    """Return the paths of the subtitle files that libVLC opened with the film, in the order of their tracks."""

    def read(slave: SlaveStruct) -> tuple[int, str]:
        path: bytes = urlsplit(slave.uri or b"").path
        return slave.type, os.fsdecode(unquote_to_bytes(path))

    slaves = read_array(
        vlc.MediaSlave,
        lambda array: int(vlc.libvlc_media_slaves_get(media, array)),
        vlc.libvlc_media_slaves_release,
        SlaveStruct,
        read,
        most=_SLAVES_MAX,
    )
    return [path for kind, path in slaves if kind == _SUBTITLE_SLAVE]
