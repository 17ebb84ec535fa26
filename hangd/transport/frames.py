"""FrameCutter: cut what a client sends where its frames end, and read the plain ones without the library.

Nearly every frame that a server gets is a whole, masked text frame without extensions, of less than 64 KiB. To take
such a frame apart costs a microsecond here and eight in the library, which does it with generators. More important:
frames come one by one, so that a peer which has to wait does so after any of them. All other frames are only cut, and
the library judges them: control frames, fragments, binary messages, and everything that is wrong.
"""

from typing import Final

_TEXT: Final = 0x81
"""FIN set, no extension bits, opcode text (RFC 6455 section 5.2)."""
_MASKED: Final = 0x80


class FrameCutter:
    """Begin it where a frame begins: after the opening handshake. `feed` it with bytes, and `cut` them."""

    def __init__(self) -> None:
        self._data = b""
        self._start = 0
        self._left = 0
        """Bytes that are missing of a frame of which parts were handed out."""
        self._is_whole = False
        """Whether the last piece was a whole frame."""

    def feed(self, data: bytes) -> None:
        self._data = self._data[self._start :] + data if self._start < len(self._data) else data
        self._start = 0

    def cut(self) -> bytes | None:
        """Return the next frame, or the next part of one that has not arrived whole. None: there is nothing left.

        The first part of a frame has its header.
        """
        data, start = self._data, self._start
        if start == len(data):
            return None
        size, begins = self._left, self._left == 0
        if begins:
            if len(data) - start < 2:
                return None
            length = data[start + 1] & 0x7F
            header = 2 if length < 126 else 4 if length == 126 else 10
            if len(data) - start < header:
                return None
            if header > 2:
                length = int.from_bytes(data[start + 2 : start + header])
            size = header + length + (4 if data[start + 1] & _MASKED else 0)
        piece = data[start : start + size]
        self._start = start + len(piece)
        self._left = size - len(piece)
        self._is_whole = begins and self._left == 0
        return piece

    def plain_text(self, piece: bytes) -> bytes | None:
        """Return what is in the frame that was just cut, if it is whole and plain. None: give it to the library."""
        if not self._is_whole or piece[0] != _TEXT or piece[1] < _MASKED or piece[1] == _MASKED | 127:
            return None
        body = 8 if piece[1] == _MASKED | 126 else 6
        size = len(piece) - body
        mask = piece[body - 4 : body]
        key = (mask * (size // 4 + 1))[:size]
        return (int.from_bytes(piece[body:]) ^ int.from_bytes(key)).to_bytes(size)
