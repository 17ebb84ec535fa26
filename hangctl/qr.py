"""Draw a QR code in the terminal, so that a phone can open an invite by looking at it."""

import io
from typing import TextIO

from hangctl.client import ControlError

_ON, _OFF = "\x1b[38;5;231;48;5;16m", "\x1b[0m"
"""White on black, whatever the colours of the terminal are."""


def draw_qr(text: str, file: TextIO) -> None:
    """Draw ``text`` as a QR code of half blocks, two rows of its squares in a line.

    A terminal gets it in black and white. Elsewhere it is drawn for a dark background, and most readers see the other
    one, too.

    Raises:
        ControlError: the text is too long for a QR code.
    """
    import segno

    try:
        code = segno.make(text, micro=False)
    except segno.DataOverflowError:
        raise ControlError("the invite is too long for a QR code", "give the room a shorter name") from None
    drawn = io.StringIO()
    try:
        "█▀▄".encode(file.encoding)
    except UnicodeEncodeError:
        code.terminal(drawn)  # of spaces, by turning the terminal's colours round
        file.write(drawn.getvalue())
    else:
        code.terminal(drawn, compact=True)
        start, end = (_ON, _OFF) if file.isatty() else ("", "")
        file.writelines(f"{start}{line}{end}\n" for line in drawn.getvalue().splitlines())
    file.flush()
