"""Read a film's chapters and tags from libVLC. Owner thread only."""

import os
from types import ModuleType
from typing import Any, Final

from hangd.engine.player_messages import Chapter, Description
from hangd.player.vlc.film import Film
from hangd.player.vlc.tracks import texts
from hangd.player.vlc.tracks.structs import ChapterStruct, read_array, read_meta

_CHAPTERS_MAX: Final = 1000
_CURRENT_TITLE: Final = -1

_TAGS: Final = dict(
    pair.split("=")
    for pair in """
title=Title artist=Artist album_artist=AlbumArtist album=Album date=Date genre=Genre description=Description
copyright=Copyright track=TrackNumber disc=DiscNumber show=ShowName season_number=Season episode_id=Episode
director=Director actors=Actors publisher=Publisher encoder=EncodedBy language=Language rating=Rating url=URL
""".split()
)
"""mpv's keys (FFmpeg's "generic tag names"), and libVLC's names. libVLC 3 gives access to no other tags."""

_TOTALS: Final = (("track", "TrackTotal"), ("disc", "DiscTotal"))


def describe(vlc: ModuleType, player: Any, media: Any, film: Film) -> Description:
    """Return what is to be said of the film that ``player`` has open as ``media``."""
    return Description(
        chapters=_chapters(vlc, player, film.duration),
        metadata=_metadata(vlc, media, film.path),
        file_format=film.container,
    )


def _chapters(vlc: ModuleType, player: Any, duration: float | None) -> tuple[Chapter, ...]:
    """Return the chapters in their order, without those that begin after the end."""
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

    found = {key: value for key, name in _TAGS.items() if (value := read(name))}
    if found.get("title") == texts.paragraph(os.path.basename(os.fsencode(path))):
        del found["title"]  # libVLC uses the file's name where there is no title
    if "artist" not in found and "album_artist" in found:
        found["artist"] = found.pop("album_artist")  # libVLC reads Matroska's ARTIST as the album's
    for key, name in _TOTALS:
        if key in found and "/" not in found[key] and (total := read(name)):
            found[key] += f"/{total}"
    return found
