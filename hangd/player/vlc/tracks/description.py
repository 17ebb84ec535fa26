"""What libVLC tells of a file as a whole: chapters and tags. Everything here runs on the owner thread."""

import os
from types import ModuleType
from typing import Any, Final

from hangd.engine.player_messages import Chapter, Description
from hangd.player.container import container_of
from hangd.player.vlc.structs import ChapterStruct, read_array, read_meta
from hangd.player.vlc.tracks import texts

__all__ = ["describe"]

_CHAPTERS_MAX: Final = 1000
_CURRENT_TITLE: Final = -1

_TAGS: Final = (
    ("title", "Title"),
    ("artist", "Artist"),
    ("album_artist", "AlbumArtist"),
    ("album", "Album"),
    ("date", "Date"),
    ("genre", "Genre"),
    ("description", "Description"),
    ("copyright", "Copyright"),
    ("track", "TrackNumber"),
    ("disc", "DiscNumber"),
    ("show", "ShowName"),
    ("season_number", "Season"),
    ("episode_id", "Episode"),
    ("director", "Director"),
    ("actors", "Actors"),
    ("publisher", "Publisher"),
    ("encoder", "EncodedBy"),
    ("language", "Language"),
    ("rating", "Rating"),
    ("url", "URL"),
)
"""mpv's keys (FFmpeg's "generic tag names"), and libVLC's. What else a file has, libVLC 3 does not hand out."""

_TOTALS: Final = (("track", "TrackTotal"), ("disc", "DiscTotal"))


def describe(vlc: ModuleType, player: Any, media: Any, path: str, duration: float | None) -> Description:
    """Describe the file at ``path``, which ``player`` has open as ``media``; ``duration`` is its length in seconds."""
    return Description(
        chapters=_chapters(vlc, player, duration),
        metadata=_metadata(vlc, media, path),
        file_format=container_of(path),
    )


def _chapters(vlc: ModuleType, player: Any, duration: float | None) -> tuple[Chapter, ...]:
    """Return the chapters in their order, without those that lie beyond the film."""
    chapters = read_array(
        vlc.ChapterDescription,
        lambda array: int(vlc.libvlc_media_player_get_full_chapter_descriptions(player, _CURRENT_TITLE, array)),
        vlc.libvlc_chapter_descriptions_release,
        ChapterStruct,
        lambda chapter: Chapter(texts.line(chapter.name), chapter.start_ms / 1000),
        most=_CHAPTERS_MAX,
    )
    inside = [c for c in chapters if c.start >= 0 and (duration is None or c.start < duration)]
    return tuple(sorted(inside, key=lambda chapter: chapter.start))


def _metadata(vlc: ModuleType, media: Any, path: str) -> dict[str, str]:
    def read(name: str) -> str:
        return texts.paragraph(read_meta(vlc, media, name))

    found = {key: value for key, name in _TAGS if (value := read(name))}
    if found.get("title") == texts.paragraph(os.path.basename(os.fsencode(path))):
        del found["title"]  # libVLC makes one of the file's name where there is none
    if "artist" not in found and "album_artist" in found:
        found["artist"] = found.pop("album_artist")  # libVLC takes Matroska's ARTIST for the album's
    for key, name in _TOTALS:
        if key in found and "/" not in found[key] and (total := read(name)):
            found[key] += f"/{total}"
    return found
