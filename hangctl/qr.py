"""Draw a QR code in the terminal, so that a phone can open an invite by looking at it."""

import io
import os
from typing import TextIO

from hangctl.client import ControlError
from hangctl.output import note

_ON, _OFF = "\x1b[38;5;231;48;5;16m", "\x1b[0m"
"""White on black, whatever the colours of the terminal are."""
_BORDER = 4
"""Squares of margin that the standard asks for."""


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
    has_blocks = _has_blocks(file)
    border = _border(int(code.symbol_size(border=0)[0]), 1 if has_blocks else 2, file)
    if border is None:
        return
    drawn = io.StringIO()
    code.terminal(drawn, border=border, compact=has_blocks)
    if not has_blocks:  # It is of spaces, by turning the terminal's colours round.
        file.write(drawn.getvalue())
    else:
        start, end = (_ON, _OFF) if file.isatty() else ("", "")
        file.writelines(f"{start}{line}{end}\n" for line in drawn.getvalue().splitlines())
    file.flush()


def _has_blocks(file: TextIO) -> bool:
    try:
        "█▀▄".encode(file.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _border(size: int, width: int, file: TextIO) -> int | None:
    """Return how many squares of margin fit on the terminal; None: not even one, which a person is told.

    The code of a signed invite is about as wide as most terminals are, and a line that is broken tears it apart.
    Readers find it with a narrow margin, too.

    Args:
        size: of the code, in squares.
        width: of a square, in columns.
    """
    try:
        columns = os.get_terminal_size(file.fileno()).columns
    except (OSError, ValueError):
        return _BORDER  # it is no terminal
    for border in range(_BORDER, 0, -1):
        if not columns or width * (size + 2 * border) <= columns:
            return border
    note(f"note: the QR code does not fit: it has {width * (size + 2)} columns, and this terminal has {columns}")
    return None
