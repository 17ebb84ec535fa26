"""mpv's names of keys and buttons, from X's symbols."""

from typing import Final

import pytest
from Xlib import XK, X

from hangd.client.desktop.x11.keys import button_name, key_name, symbol_of

XK.load_keysym_group("cyrillic")
EURO: Final = 0x20AC
"""python-xlib does not know its name."""

NUM_LOCK = X.Mod2Mask
ALT_GR = X.Mod5Mask
SECOND_LAYOUT = 1 << 13


@pytest.mark.parametrize(
    ("symbol", "state", "expected"),
    [
        ("a", 0, ("a", "a")),
        ("A", X.ShiftMask, ("A", "A")),
        ("question", X.ShiftMask, ("?", "?")),
        ("numbersign", X.ShiftMask, ("SHARP", "#")),
        ("space", 0, ("SPACE", " ")),
        ("space", X.ShiftMask, ("Shift+SPACE", " ")),
        ("s", X.ControlMask, ("Ctrl+s", "")),
        ("S", X.ControlMask | X.ShiftMask, ("Ctrl+S", "")),
        ("Left", X.ShiftMask | X.Mod1Mask, ("Shift+Alt+LEFT", "")),
        ("Right", X.ControlMask | X.Mod4Mask, ("Ctrl+Meta+RIGHT", "")),
        ("Return", 0, ("ENTER", "")),
        ("ISO_Left_Tab", X.ShiftMask, ("Shift+TAB", "")),
        ("BackSpace", 0, ("BS", "")),
        ("Prior", 0, ("PGUP", "")),
        ("F11", 0, ("F11", "")),
        ("KP_Enter", 0, ("KP_ENTER", "")),
        ("KP_7", NUM_LOCK, ("KP7", "7")),
        ("KP_Add", 0, ("+", "+")),
        ("XF86_AudioPlay", 0, ("PLAYPAUSE", "")),
        ("adiaeresis", 0, ("ä", "ä")),
        ("EuroSign", ALT_GR, ("€", "€")),
        ("Cyrillic_ef", 0, ("ф", "ф")),
        ("Shift_L", 0, ("", "")),
        ("Multi_key", 0, ("", "")),
        ("dead_acute", 0, ("", "")),
    ],
)
def test_a_key_has_mpvs_name_and_its_text(symbol: str, state: int, expected: tuple[str, str]) -> None:
    number = _number(symbol)
    assert number != X.NoSymbol
    assert key_name(number, state) == expected


def _number(symbol: str) -> int:
    return EURO if symbol == "EuroSign" else XK.string_to_keysym(symbol)


def test_symbols_of_unicode() -> None:
    assert key_name(0x01000000 + ord("你"), 0) == ("你", "你")
    assert key_name(0x01000000 + 0xD800, 0) == ("", ""), "half of a character"
    assert key_name(0x01FFFFFF, 0) == ("", "")


def _symbol(columns: str, state: int) -> str:
    """Return which of a key's symbols applies; "." stands for none."""
    names = columns.split()
    numbers = [_number(name) if name != "." else 0 for name in names]
    found = symbol_of(lambda column: numbers[column] if column < len(numbers) else 0, state)
    return names[numbers.index(found)]


@pytest.mark.parametrize(
    ("columns", "state", "expected"),
    [
        ("a A", 0, "a"),
        ("a A", X.ShiftMask, "A"),
        ("a A", X.LockMask, "A"),
        ("a A", X.LockMask | X.ShiftMask, "a"),
        ("3 numbersign", X.LockMask, "3"),
        ("a A Cyrillic_ef Cyrillic_EF", SECOND_LAYOUT, "Cyrillic_ef"),
        ("a A Cyrillic_ef Cyrillic_EF", SECOND_LAYOUT | X.ShiftMask, "Cyrillic_EF"),
        ("Left . . .", SECOND_LAYOUT | X.ShiftMask, "Left"),
        ("e E e E EuroSign cent", ALT_GR, "EuroSign"),
        ("e E e E EuroSign cent", ALT_GR | X.ShiftMask, "cent"),
        ("e E", ALT_GR, "e"),
        ("KP_Home KP_7", 0, "KP_Home"),
        ("KP_Home KP_7", NUM_LOCK, "KP_7"),
        ("KP_Home KP_7", NUM_LOCK | X.ShiftMask, "KP_Home"),
    ],
)
def test_the_symbol_depends_on_layout_shift_and_locks(columns: str, state: int, expected: str) -> None:
    assert _symbol(columns, state) == expected


def test_buttons() -> None:
    assert button_name(1, 0) == "MBTN_LEFT"
    assert button_name(5, X.ControlMask) == "Ctrl+WHEEL_DOWN"
    assert button_name(77, 0) == ""
