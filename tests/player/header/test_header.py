"""Tags and channels from the headers of files: whole ones, cut ones, and ones with wrong bytes."""

import random
import struct
from pathlib import Path

import pytest

from hangd.player.container import container_of
from hangd.player.header.header import TAG_BYTES_MAX, TAGS_MAX, Header, HeaderTrack
from hangd.player.header.read import read_header

MEDIA = Path(__file__).parents[2] / "media"
QUICKTIME = "mov,mp4,m4a,3gp,3g2,mj2"


def element(id: int, *parts: bytes) -> bytes:
    """Return a Matroska element."""
    data = b"".join(parts)
    return id.to_bytes((id.bit_length() + 7) // 8) + (1 << 56 | len(data)).to_bytes(8) + data


def simple(name: str, value: str) -> bytes:
    return element(0x67C8, element(0x45A3, name.encode()), element(0x4487, value.encode()))


def audio(*fields: bytes) -> bytes:
    return element(0xAE, element(0x83, b"\x02"), *fields)


def matroska(*parts: bytes) -> bytes:
    return element(0x1A45DFA3, b"") + element(0x18538067, *parts)


def box(kind: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def mp4(*moov: bytes) -> bytes:
    return box(b"ftyp", b"isom", bytes(4), b"isommp41") + box(b"moov", *moov)


def item(kind: bytes, value: bytes, what: int = 1) -> bytes:
    return box(kind, box(b"data", struct.pack(">II", what, 0), value))


def tagged(*items: bytes) -> bytes:
    return mp4(box(b"udta", box(b"meta", bytes(4), box(b"ilst", *items))))


def sound(channels: int, *inner: bytes, version: int = 0) -> bytes:
    entry = bytes(6) + b"\0\1" + struct.pack(">HHI", version, 0, 0) + struct.pack(">HHHHI", channels, 16, 0, 0, 0)
    described = box(b"stsd", bytes(7), b"\1", box(b"mp4a", entry, bytes(16) if version else b"", *inner))
    handler = box(b"hdlr", bytes(8), b"soun", bytes(12))
    return box(b"trak", box(b"mdia", handler, box(b"minf", box(b"stbl", described))))


def esds(config: int) -> bytes:
    """What an AAC decoder is told, with descriptors whose lengths have four bytes."""
    inner = b"\x05\x80\x80\x80\x02" + config.to_bytes(2)
    return box(b"esds", bytes(4), b"\x03\x80\x80\x80\x22", bytes(3), b"\x04\x80\x80\x80\x14", bytes(13), inner)


def read(folder: Path, data: bytes) -> Header:
    path = folder / "film"
    path.write_bytes(data)
    return read_header(str(path), container_of(str(path)))


def test_tags_of_matroska_keep_their_names(tmp_path: Path) -> None:
    tags = element(
        0x1254C367,
        element(0x7373, element(0x63C0, element(0x63C5, b"\7")), simple("BPS-eng", "96000")),
        element(0x7373, element(0x63C0, element(0x63C4, b"\7")), simple("TITLE", "of a chapter")),
        element(0x7373, simple("COMMENT", "a comment"), simple("my tag", "x"), simple("TITLE", "another")),
    )
    tracks = element(
        0x1654AE6B, audio(element(0x73C5, b"\7"), element(0xE1, element(0x9F, b"\x06"))), audio(), element(0xAE)
    )
    info = element(0x1549A966, element(0x7BA9, b"The title\0\0"))
    wanted = Header(
        {"TITLE": b"The title", "COMMENT": b"a comment", "my tag": b"x"},
        audio=(HeaderTrack(6, 96000), HeaderTrack(1)),
    )
    cluster = element(0x1F43B675, bytes(50))
    assert read(tmp_path, matroska(info, tracks, tags, cluster)) == wanted
    # As mkvmerge writes them: behind the film, and a table at the beginning says where.
    place = len(info) + len(tracks) + len(cluster)
    for _ in range(2):
        seek = element(0x4DBB, element(0x53AB, (0x1254C367).to_bytes(4)), element(0x53AC, place.to_bytes(4)))
        table = element(0x114D9B74, seek)
        place = len(table) + len(info) + len(tracks) + len(cluster)
    assert read(tmp_path, matroska(table, info, tracks, cluster, tags)) == wanted


def test_tags_of_mp4_have_ffmpegs_names(tmp_path: Path) -> None:
    header = read(
        tmp_path,
        tagged(
            item(b"\xa9nam", b"The title"), item(b"\xa9cmt", b"a comment"), item(b"trkn", b"\0\0\0\3\0\x0c\0\0", 0),
            item(b"tvsn", b"\0\0\0\2", 21), item(b"covr", b"\x89PNG", 14), item(b"\xa9day", b"2019"),
            box(b"----", box(b"mean", bytes(4), b"com"), box(b"name", bytes(4), b"own"),
                box(b"data", struct.pack(">II", 1, 0), b"value")),
        ),
    )  # fmt: skip
    assert header.tags == {
        "major_brand": b"isom", "minor_version": b"0", "compatible_brands": b"isommp41", "title": b"The title",
        "comment": b"a comment", "track": b"3/12", "season_number": b"2", "date": b"2019", "own": b"value",
    }  # fmt: skip


def test_the_time_of_making(tmp_path: Path) -> None:
    seconds = 3629404800  # from 1904 to 2019
    header = read(tmp_path, mp4(box(b"mvhd", bytes(4), struct.pack(">II", seconds, seconds), bytes(88))))
    assert header.tags is not None and header.tags["creation_time"] == b"2019-01-04T00:00:00.000000Z"


def test_channels_of_mp4(tmp_path: Path) -> None:
    stereo_says_mono = esds(0b00010_0100_0001_000)
    surround = esds(0b00010_0011_0110_000)
    header = read(
        tmp_path,
        mp4(
            sound(1), sound(2, stereo_says_mono), sound(2, surround, version=1), sound(0), sound(2, box(b"esds")),
            box(b"trak", box(b"mdia")),
        ),
    )  # fmt: skip
    assert [track.channels for track in header.audio] == [1, 1, 6, None, 2]


@pytest.mark.parametrize("each", [0, 500])
def test_bit_rates_of_mp4(tmp_path: Path, each: int) -> None:
    length = box(b"mdhd", bytes(12), struct.pack(">II", 1000, 2000), bytes(4))
    sizes = box(b"stsz", bytes(4), struct.pack(">II", each, 2), b"" if each else struct.pack(">II", 300, 700))
    handler = box(b"hdlr", bytes(8), b"vide", bytes(12))
    track = box(b"trak", box(b"mdia", length, handler, box(b"minf", box(b"stbl", sizes))))
    assert read(tmp_path, mp4(track)).video == (HeaderTrack(bitrate=4000),)


def test_no_more_is_read_than_anybody_needs(tmp_path: Path) -> None:
    many = [element(0x7373, simple(f"TAG{number}", "x" * 3 * TAG_BYTES_MAX)) for number in range(3 * TAGS_MAX)]
    tags = read(tmp_path, matroska(element(0x1254C367, *many))).tags
    assert tags is not None and len(tags) == TAGS_MAX and max(map(len, tags.values())) == TAG_BYTES_MAX


@pytest.mark.parametrize("name", ["tracks.mkv", "clip.mp4"])
def test_damaged_files_are_read_as_far_as_that_goes(tmp_path: Path, name: str) -> None:
    data = (MEDIA / name).read_bytes()
    data = data[: 20 << 10] + data[-(20 << 10) :]
    chance = random.Random(7)
    for _ in range(300):
        broken = bytearray(data)
        for _ in range(chance.randrange(1, 30)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        assert isinstance(read(tmp_path, bytes(broken[: chance.randrange(len(broken))])), Header)


def test_what_is_no_such_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path, tmp_path / "a\0b"):
        assert read_header(str(path), "mkv") == Header()
    assert read_header(str(MEDIA / "clip.mp4"), "mkv") == read_header(str(MEDIA / "clip.mp4"), "ogg") == Header()
