"""mpv's names of keys, as files of bindings and control clients write them: "SPACE", "Ctrl+s", "Shift+LEFT", "g-p"."""

import re
from typing import Final

from hangd.client.control.language.nearest import did_you_mean

_MODIFIERS: Final = ("Shift", "Alt", "Ctrl", "Meta")
"""In the order in which mpv writes them."""
NAMES: Final = (
    *"SPACE SHARP ENTER TAB BS DEL INS HOME END PGUP PGDWN ESC PRINT RIGHT LEFT DOWN UP".split(),
    *(f"F{number}" for number in range(1, 25)),
    *(f"KP{number}" for number in range(10)),
    *"KP_DEL KP_DEC KP_INS KP_ENTER MBTN_LEFT MBTN_MID MBTN_RIGHT WHEEL_UP WHEEL_DOWN WHEEL_LEFT WHEEL_RIGHT".split(),
    *"MBTN_BACK MBTN_FORWARD MBTN_LEFT_DBL MBTN_MID_DBL MBTN_RIGHT_DBL POWER MENU PLAY PAUSE PLAYPAUSE STOP".split(),
    *"FORWARD REWIND NEXT PREV VOLUME_UP VOLUME_DOWN MUTE HOMEPAGE WWW MAIL FAVORITES SEARCH SLEEP CANCEL".split(),
    *"RECORD CHANNEL_UP CHANNEL_DOWN PLAYONLY PAUSEONLY CLOSE_WIN".split(),
)
"""Every other key is named by the one character that it writes."""
_OLD_NAMES: Final = {
    **{f"XF86_{name}": name for name in ("PAUSE", "STOP", "PREV", "NEXT")},
    **{f"AXIS_{way}": f"WHEEL_{way}" for way in ("UP", "DOWN", "LEFT", "RIGHT")},
    **{f"MOUSE_BTN{number}": f"MBTN_{name}" for number, name in enumerate(("LEFT", "MID", "RIGHT"))},
    **{f"MOUSE_BTN{number}_DBL": f"MBTN_{name}_DBL" for number, name in enumerate(("LEFT", "MID", "RIGHT"))},
    **{f"MOUSE_BTN{number}": f"WHEEL_{way}" for number, way in enumerate(("UP", "DOWN", "LEFT", "RIGHT"), start=3)},
    "MOUSE_BTN7": "MBTN_BACK",
    "MOUSE_BTN8": "MBTN_FORWARD",
}
"""Names that old files of mpv's have, and what the keys are called now."""
_CHARACTERS: Final = {" ": "SPACE", "#": "SHARP"}
"""Characters that have a name, because they mean something else in a file of bindings."""
_HEXADECIMAL: Final = "0x"
SEQUENCE_MAX: Final = 4
"""Keys that can be pressed one after the other to mean one thing: as many as in mpv."""
_ONE_OF_SEQUENCE: Final = re.compile(r"((?:[A-Za-z]+\+)*(?:-|[^-]+))(?:-(?=.)|$)")


class UnknownKey(ValueError):
    """There is no such key. ``str()`` is a sentence that says so, and which name may be meant."""

    def __init__(self, spelled: str) -> None:
        super().__init__(f"there is no key {spelled}{did_you_mean(spelled.rpartition('+')[2].upper(), NAMES)}")


def key_name(spelled: str) -> str:
    """Return mpv's one name of a key that may be spelled in several ways: "Shift+ctrl+x" is "Ctrl+X".

    Raises UnknownKey.
    """
    modifiers: set[str] = set()
    key = spelled
    while True:
        first, plus, rest = key.partition("+")
        modifier = next((each for each in _MODIFIERS if each.casefold() == first.casefold()), None)
        if modifier is None or not plus or not rest:
            break
        modifiers.add(modifier)
        key = rest
    if key.startswith(_HEXADECIMAL) and len(key) > 3:
        try:
            key = chr(int(key, 16))
        except (ValueError, OverflowError):
            raise UnknownKey(spelled) from None
    if len(key) == 1:
        if "Shift" in modifiers:
            modifiers.remove("Shift")  # It is in the character.
            key = key.upper() if len(key.upper()) == 1 else key
        key = _CHARACTERS.get(key, key)
    else:
        key = _OLD_NAMES.get(key.upper(), key.upper())
        if key not in NAMES:
            raise UnknownKey(spelled)
    return "+".join([*(each for each in _MODIFIERS if each in modifiers), key])


def sequence_name(spelled: str) -> str:
    """Return the one name of keys that are pressed one after the other: "g-Shift+P" is "g-P".

    Raises UnknownKey, or ValueError, whose ``str()`` says what is wrong.
    """
    keys: list[str] = []
    at = 0
    while at < len(spelled) or not keys:
        if (found := _ONE_OF_SEQUENCE.match(spelled, at)) is None:
            raise UnknownKey(spelled)
        keys.append(key_name(found[1]))
        at = found.end()
    if len(keys) > SEQUENCE_MAX:
        raise ValueError(f"no more than {SEQUENCE_MAX} keys can be pressed one after the other")
    return "-".join(keys)
