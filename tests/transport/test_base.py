"""The prebuilt frame is the one that the library would have written."""

import pytest
from websockets.frames import Frame, Opcode

from hangd.transport.base import Encoded


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536, 100_000])
def test_the_prebuilt_frame_equals_the_librarys(length: int) -> None:
    payload = b"x" * length
    message = Encoded(payload)
    assert message.payload == payload
    assert message.frame == Frame(Opcode.TEXT, payload).serialize(mask=False)
