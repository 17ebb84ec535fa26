"""Read a film's chapters and tags from libVLC. Owner thread only."""

import math
import os
import re
from typing import Final

from hangd.engine.player_facts import Chapter, Description
from hangd.player.vlc.context import PlayerContext
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
"""mpv's keys (FFmpeg's "generic tag names"), and libVLC's names, for containers whose header hangd does not read.

libVLC 3 gives access to no other tags, and takes some of them for others."""

_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")
"""Bytes of a name that are not UTF-8, as they stand in a string (PEP 383)."""

_TOTALS: Final = (("track", "TrackTotal"), ("disc", "DiscTotal"))


def describe(context: PlayerContext) -> Description:
    """Return what is to be said of the open film."""
    return Description(_chapters(context), _metadata(context), context.film.container)


def _chapters(context: PlayerContext) -> tuple[Chapter, ...]:
    """Return the chapters in their order, without those that begin after the end."""
    names = ("media_player_get_full_chapter_descriptions", "chapter_descriptions_release")
    source = (context.player, _CURRENT_TITLE)
    structs = read_array(context.vlc, *names, ChapterStruct, *source, most=_CHAPTERS_MAX)
    chapters = [Chapter(texts.line(struct.name), struct.start_ms / 1000) for struct in structs]
    end = math.inf if context.film.duration is None else context.film.duration
    return tuple(sorted((c for c in chapters if 0 <= c.start < end), key=lambda chapter: chapter.start))


def _metadata(context: PlayerContext) -> dict[str, str]:
    tags = context.film.header.tags
    if tags is not None:
        cleaned = {texts.line(name): texts.paragraph(value) for name, value in tags.items()}
        return {name: value for name, value in cleaned.items() if name and value}

    def read(name: str) -> str:
        return texts.paragraph(read_meta(context.vlc, context.media, name))

    found = {key: value for key, name in _TAGS.items() if (value := read(name))}
    # libVLC uses the file's name where there is no title, with question marks for bytes that are not UTF-8.
    if found.get("title") == texts.paragraph(_NOT_UTF8.sub("?", os.path.basename(context.film.path))):
        del found["title"]
    if "artist" not in found and "album_artist" in found:
        found["artist"] = found.pop("album_artist")  # libVLC reads Matroska's ARTIST as the album's
    for key, name in _TOTALS:
        if key in found and "/" not in found[key] and (total := read(name)):
            found[key] += f"/{total}"
    return found
