"""mpv's names of keys and buttons, from what the X server tells of them. Pure functions; nothing here asks the server.

A key's *symbol* is what the keyboard's layout makes of it: X's number for "a", for the left arrow, and so on.
"""

import ctypes
import functools
import unicodedata
from collections.abc import Callable
from typing import Final

from Xlib import XK, X

_MODIFIERS: Final = (("Shift", X.ShiftMask), ("Alt", X.Mod1Mask), ("Ctrl", X.ControlMask), ("Meta", X.Mod4Mask))
"""In the order in which mpv writes them."""
_LEVEL3: Final = X.Mod5Mask
"""AltGr is held."""
_NUM_LOCK: Final = X.Mod2Mask
_GROUP_SHIFT: Final = 13
"""Bits of an event's state that number the layout in use (XKB)."""
_NAMED_CHARACTERS: Final = {" ": "SPACE", "#": "SHARP"}

_LIBRARY: Final = "libxkbcommon.so.0"

_NAMES: Final = {
    **dict(
        pair.split("=")
        for pair in """
Return=ENTER Escape=ESC BackSpace=BS Tab=TAB ISO_Left_Tab=TAB Left=LEFT Right=RIGHT Up=UP Down=DOWN Home=HOME End=END
Prior=PGUP Next=PGDWN Insert=INS Delete=DEL Menu=MENU Print=PRINT Pause=PAUSE Cancel=CANCEL
KP_Enter=KP_ENTER KP_Delete=KP_DEL KP_Insert=KP_INS KP_Decimal=KP_DEC KP_Separator=KP_DEC
KP_End=KP1 KP_Down=KP2 KP_Next=KP3 KP_Left=KP4 KP_Begin=KP5 KP_Right=KP6 KP_Home=KP7 KP_Up=KP8 KP_Prior=KP9
XF86_AudioPlay=PLAYPAUSE XF86_AudioPause=PAUSE XF86_AudioStop=STOP XF86_AudioNext=NEXT XF86_AudioPrev=PREV
XF86_AudioForward=FORWARD XF86_AudioRewind=REWIND XF86_AudioRecord=RECORD XF86_AudioMute=MUTE
XF86_AudioRaiseVolume=VOLUME_UP XF86_AudioLowerVolume=VOLUME_DOWN XF86_HomePage=HOMEPAGE XF86_WWW=WWW XF86_Mail=MAIL
XF86_Favorites=FAVORITES XF86_Search=SEARCH XF86_Sleep=SLEEP XF86_PowerOff=POWER
""".split()
    ),
    **{f"F{number}": f"F{number}" for number in range(1, 25)},
    **{f"KP_{number}": f"KP{number}" for number in range(10)},
}
"""X's names of symbols, and mpv's."""
_KEYPAD: Final = {"KP_Add": "+", "KP_Subtract": "-", "KP_Multiply": "*", "KP_Divide": "/", "KP_Equal": "="}
"""Symbols of the keypad that write a character. mpv names them by it too."""
_BUTTONS: Final = {
    1: "MBTN_LEFT",
    2: "MBTN_MID",
    3: "MBTN_RIGHT",
    4: "WHEEL_UP",
    5: "WHEEL_DOWN",
    6: "WHEEL_LEFT",
    7: "WHEEL_RIGHT",
    8: "MBTN_BACK",
    9: "MBTN_FORWARD",
}

for _group in ("xf86", "xkb"):
    XK.load_keysym_group(_group)


def _symbols(names: dict[str, str]) -> dict[int, str]:
    return {symbol: name for key, name in names.items() if (symbol := XK.string_to_keysym(key)) != X.NoSymbol}


_BY_SYMBOL: Final = _symbols(_NAMES)
_KEYPAD_BY_SYMBOL: Final = _symbols(_KEYPAD)
_KEYPAD_RANGE: Final = range(0xFF80, 0xFFBA)
"""The symbols of the keypad: which of two applies is decided by Num Lock."""


def symbol_of(symbols: Callable[[int], int], state: int) -> int:
    """Return the symbol that a key has with these modifiers.

    Args:
        symbols: returns the key's symbol in a column of the server's table; 0: it has none there.
        state: what the event says of modifiers, Num Lock and the layout.
    """
    shift = bool(state & X.ShiftMask)
    if symbols(1) in _KEYPAD_RANGE:
        return symbols(int(shift != bool(state & _NUM_LOCK)))
    column = 2 if state >> _GROUP_SHIFT & 1 else 0
    if state & _LEVEL3:
        column = 4
    symbol = symbols(column + shift) or symbols(column) or symbols(int(shift)) or symbols(0)
    if state & X.LockMask:
        text = _character(symbol)
        if len(text) == 1 and text.isalpha():
            return symbols(column + (not shift)) or symbol
    return symbol


def key_name(symbol: int, state: int) -> tuple[str, str]:
    """Return mpv's name of a key with its modifiers, and the text that it writes; "" for a key that mpv has not."""
    held = [name for name, mask in _MODIFIERS if state & mask]
    name = _BY_SYMBOL.get(symbol)
    text = ""
    if name is None:
        character = _KEYPAD_BY_SYMBOL.get(symbol) or _character(symbol)
        if not character:
            return "", ""
        name = _NAMED_CHARACTERS.get(character, character)
        if character != " " and "Shift" in held:
            held.remove("Shift")  # It is in the character.
        if not any(each in held for each in ("Alt", "Ctrl", "Meta")):
            text = character
    elif name.startswith("KP") and name[2:].isdigit() and state & _NUM_LOCK:
        text = name[2:]
    return "+".join([*held, name]), text


def button_name(number: int, state: int) -> str:
    """Return mpv's name of a mouse button with its modifiers; "" for one that mpv has not."""
    name = _BUTTONS.get(number, "")
    return name and "+".join([*(held for held, mask in _MODIFIERS if state & mask), name])


def is_wheel(number: int) -> bool:
    """Return whether this button is a turn of the wheel, which is pressed only."""
    return 4 <= number <= 7


def _character(symbol: int) -> str:
    """Return the character that a symbol writes, or "" for none."""
    if 0x20 <= symbol <= 0x7E or 0xA0 <= symbol <= 0xFF:
        code = symbol
    elif symbol & 0xFF000000 == 0x01000000:
        code = symbol & 0x00FFFFFF
    else:
        code = _code_point()(symbol)
    try:
        character = chr(code)
    except (ValueError, OverflowError):
        return ""
    return "" if code == 0 or unicodedata.category(character) in ("Cc", "Cs") else character


@functools.cache
def _code_point() -> Callable[[int], int]:
    """Return the function that knows the characters of the older symbols: Cyrillic, Greek, Arabic, Hebrew, ..."""
    try:
        function = ctypes.CDLL(_LIBRARY).xkb_keysym_to_utf32
    except (OSError, AttributeError):
        return lambda symbol: 0  # Such keys then have no name.
    function.argtypes, function.restype = (ctypes.c_uint32,), ctypes.c_uint32
    return lambda symbol: int(function(symbol))
