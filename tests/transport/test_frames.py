"""Frames are cut where they end, however the bytes arrive, and the plain ones are read as the library reads them."""

import struct

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from hangd.transport.frames import FrameCutter


def frame_of(opcode: Opcode, data: bytes, fin: bool, masked: bool, extension: int = 0) -> bytes:
    """Return a frame that need not be allowed: the library would not write a long control frame."""
    frame = bytearray(Frame(Opcode.TEXT, data, fin).serialize(mask=masked))
    frame[0] = frame[0] & 0x80 | extension << 4 | opcode
    return bytes(frame)


bodies = st.one_of(
    st.binary(max_size=300), st.integers(65_000, 70_000).map(lambda size: bytes(size)), st.just(b"\x81" * 200)
)
frames = st.builds(frame_of, st.sampled_from(list(Opcode)), bodies, st.booleans(), st.booleans())


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(st.lists(frames, max_size=5), st.lists(st.integers(0, 200_000), max_size=8))
def test_nothing_is_lost_and_no_piece_reaches_over_the_end_of_a_frame(sent: list[bytes], cuts: list[int]) -> None:
    cutter = FrameCutter()
    cut, ends = [], []
    for piece in pieces(b"".join(sent), cuts):
        cutter.feed(piece)
        while (one := cutter.cut()) is not None:
            cut.append(one)
    assert b"".join(cut) == b"".join(sent)
    at = 0
    for one in cut:
        at += len(one)
        ends.append(at)
    at = 0
    for one in sent:
        at += len(one)
        assert at in ends


@given(st.binary(max_size=66_000), st.binary(min_size=4, max_size=4))
def test_a_plain_frame_is_read_as_it_was_written(data: bytes, mask: bytes) -> None:
    size = len(data)
    head = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size & 0xFFFF)
    frame = head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
    cutter = FrameCutter()
    cutter.feed(frame)
    piece = cutter.cut()
    assert piece is not None
    assert cutter.plain_text(piece) == data[: len(piece) - len(head) - 4]


@given(st.sampled_from(list(Opcode)), st.booleans(), st.booleans(), st.integers(0, 7), st.integers(0, 70_000))
def test_every_other_frame_is_the_librarys(opcode: Opcode, fin: bool, masked: bool, extension: int, size: int) -> None:
    cutter = FrameCutter()
    cutter.feed(frame_of(opcode, bytes(size), fin, masked, extension))
    piece = cutter.cut()
    assert piece is not None
    is_plain = opcode is Opcode.TEXT and fin and masked and extension == 0 and size < 65536
    assert (cutter.plain_text(piece) is not None) == is_plain


def test_what_a_part_of_a_frame_looks_like_does_not_matter() -> None:
    frame = Frame(Opcode.BINARY, b"").serialize(mask=False)[:1] + b"\x05" + b"\x81\x81\x81\x81\x81"
    cutter = FrameCutter()
    for part in (frame[:2], frame[2:]):
        cutter.feed(part)
        piece = cutter.cut()
        assert piece == part
        assert cutter.plain_text(piece) is None
