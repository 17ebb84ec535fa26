"""The header of Matroska and WebM: the title, the tags of the film as a whole, channels and bit rates of tracks."""

from collections.abc import Iterator, Mapping
from typing import Final

from hangd.player.extent.extent import Reader, Unreadable
from hangd.player.extent.matroska import CLUSTER, INFO, SEGMENT, TRACK, TRACK_TYPE, TRACKS, Element, elements, number
from hangd.player.header.header import TAG_BYTES_MAX, TAGS_MAX, Header, HeaderTrack

_SEEK_HEAD: Final = 0x114D9B74
_SEEK: Final = 0x4DBB
_SEEK_ID: Final = 0x53AB
_SEEK_POSITION: Final = 0x53AC
_TITLE: Final = 0x7BA9
_AUDIO: Final = 0xE1
_CHANNELS: Final = 0x9F
_TRACK_UID: Final = 0x73C5
_VIDEO_TYPE: Final = 1
_AUDIO_TYPE: Final = 2
_TAGS: Final = 0x1254C367
_TAG: Final = 0x7373
_TARGETS: Final = 0x63C0
_TAG_TRACK: Final = 0x63C5
_OTHER_TARGETS: Final = (0x63C9, 0x63C4, 0x63C6)
"""An edition, a chapter, an attachment that a tag is about, and not the film or a track."""
_BITRATE: Final = "BPS"
_SIMPLE_TAG: Final = 0x67C8
_TAG_NAME: Final = 0x45A3
_TAG_STRING: Final = 0x4487
_ELEMENTS_MAX: Final = 1000
"""Before the first cluster; there are five to ten."""


def read(reader: Reader) -> Header:
    """Raises Unreadable, OSError."""
    found = parts(reader, _TAGS)
    tags: dict[str, bytes] = {}
    if INFO in found:
        for inner in inside(reader, found[INFO]):
            if inner.id == _TITLE and (title := text(reader, inner)):
                tags["TITLE"] = title
    if _TAGS in found:
        for track, name, value in _tags(reader, found[_TAGS]):
            if not track and len(tags) < TAGS_MAX:
                tags.setdefault(name, value)
    bitrates = dict(_bitrates(reader, found[_TAGS])) if _TAGS in found else {}
    tracks = list(_tracks(reader, found[TRACKS], bitrates)) if TRACKS in found else []
    video, audio = (tuple(track for kind, track in tracks if kind == wanted) for wanted in (_VIDEO_TYPE, _AUDIO_TYPE))
    return Header(tags, video, audio)


def parts(reader: Reader, wanted: int) -> dict[int, Element]:
    """Return the parts of the film that come before the clusters, and the wanted one, which may come behind them."""
    segment = next((each for each in elements(reader, 0, reader.size) if each.id == SEGMENT), None)
    if segment is None:
        raise Unreadable
    stop = reader.size if segment.end is None else min(segment.end, reader.size)
    found: dict[int, Element] = {}
    for count, element in enumerate(elements(reader, segment.data, stop)):
        if element.id == CLUSTER or element.end is None or count > _ELEMENTS_MAX:
            break
        found.setdefault(element.id, element)
    if wanted not in found and _SEEK_HEAD in found:
        for seek in inside(reader, found[_SEEK_HEAD]):
            fields = {inner.id: inner for inner in inside(reader, seek)} if seek.id == _SEEK else {}
            if fields.keys() >= {_SEEK_ID, _SEEK_POSITION} and number(reader, fields[_SEEK_ID]) == wanted:
                place = segment.data + number(reader, fields[_SEEK_POSITION])
                part = next(elements(reader, place, stop), None)
                if part is not None and part.id == wanted:
                    found[wanted] = part
    return found


def _tracks(reader: Reader, tracks: Element, bitrates: Mapping[int, int]) -> Iterator[tuple[int, HeaderTrack]]:
    """Yield type and track of each. ``bitrates``: by the ids of tracks."""
    for track in inside(reader, tracks):
        fields = {inner.id: inner for inner in inside(reader, track)} if track.id == TRACK else {}
        if TRACK_TYPE not in fields:
            continue
        channels = None
        if (kind := number(reader, fields[TRACK_TYPE])) == _AUDIO_TYPE:
            audio = {inner.id: inner for inner in inside(reader, fields[_AUDIO])} if _AUDIO in fields else {}
            channels = number(reader, audio[_CHANNELS]) if _CHANNELS in audio else 1
        uid = number(reader, fields[_TRACK_UID]) if _TRACK_UID in fields else 0
        yield kind, HeaderTrack(channels, bitrates.get(uid))


def _bitrates(reader: Reader, tags: Element) -> Iterator[tuple[int, int]]:
    """Yield the ids of tracks, and their bits a second, as mkvmerge writes them."""
    for track, name, value in _tags(reader, tags):
        if track and name.partition("-")[0] == _BITRATE and value.isdigit() and len(value) < 12:
            yield track, int(value)


def _tags(reader: Reader, tags: Element) -> Iterator[tuple[int, str, bytes]]:
    """Yield the track (0: the film), the name and the value of each tag that is about the film or a track of it."""
    for tag in inside(reader, tags):
        inner = list(inside(reader, tag)) if tag.id == _TAG else []
        targets = [target for each in inner if each.id == _TARGETS for target in inside(reader, each)]
        if any(target.id in _OTHER_TARGETS and number(reader, target) for target in targets):
            continue
        track = next((number(reader, target) for target in targets if target.id == _TAG_TRACK), 0)
        for simple in inner:
            if simple.id == _SIMPLE_TAG:
                fields = {each.id: each for each in inside(reader, simple)}
                if fields.keys() >= {_TAG_NAME, _TAG_STRING}:
                    name = text(reader, fields[_TAG_NAME]).decode(errors="replace")
                    yield track, name, text(reader, fields[_TAG_STRING])


def inside(reader: Reader, element: Element) -> Iterator[Element]:
    """Yield the elements inside of this one."""
    return iter(()) if element.end is None else elements(reader, element.data, min(element.end, reader.size))


def text(reader: Reader, element: Element) -> bytes:
    """Return the beginning of a text. Raises Unreadable, OSError."""
    if element.end is None:
        raise Unreadable
    return reader.at(element.data, min(element.end - element.data, TAG_BYTES_MAX)).partition(b"\0")[0]
