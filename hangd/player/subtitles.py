"""Subtitle files that are not in UTF-8: which encoding they are in, and their text as UTF-8.

VLC takes text that is not UTF-8 for that of the locale's language, or not even that (ASS). So a player gives VLC a copy
in UTF-8. Blocks as a disk does: call this on a thread, with a deadline.

The encoding is found as in mpv: a byte order mark says it; what is valid UTF-8 is UTF-8; then the viewer's choice
(``sub-codepage``) counts, and if that is "auto", the encoding is guessed from the bytes.
"""

import codecs
import re
from typing import Final

AUTO: Final = "auto"

_BYTES_MAX: Final = 10 * 1024 * 1024
"""Subtitles of a long film with all its karaoke have a tenth of this. What is larger is left to VLC as it is."""

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as the one of UTF-16 does, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_LATIN: Final = "cp1250 cp1252 cp1254 cp1257 cp1258 iso8859-1 iso8859-2 iso8859-9 iso8859-15 iso8859-16".split()
_OTHER: Final = (
    "cp1251 koi8-r koi8-u cp866 iso8859-5 cp1253 iso8859-7 cp1255 iso8859-8 cp1256 iso8859-6 cp874"
    " gb18030 big5hkscs shift_jis_2004 cp932 euc_jis_2004 euc_kr cp949"
).split()
"""What subtitles are written in: Latin letters, and others. Encodings of old Macs, DOS and mainframes would only be
guessed by mistake."""
_LATIN_SHARE: Final = 0.2
"""Of text in Latin letters not more than this part is outside of ASCII (of Czech 0.15), of other text nearly all."""
_MARKUP: Final = re.compile(rb"^Dialogue:(?:[^,\n]*,){9}|<[^<>]*>|\{[^{}]*\}", re.MULTILINE)
"""What is in no language: the beginning of a line of ASS, tags. A tag without an end is given up where the next one
begins: to look for the end of each in the whole file would take hours, in which the interpreter does nothing else."""

_LARGER: Final = {"iso8859-1": "cp1252", "iso8859-9": "cp1254", "euc_kr": "cp949"}
"""Encodings that have all characters of the one that was guessed, at the same places, and some more."""

_ESCAPED_JAPANESE: Final = re.compile(rb"\x1b\$[@B]")
_CONTROLS: Final = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f\ufffe\uffff]")
"""No text has these, and bytes that are no text have them soon. (Escape is in ISO-2022-JP.)"""

_HEXADECIMAL: Final = re.compile("#([0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})")
_SHARE: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{0,9})?|\.[0-9]{1,9}", re.ASCII)
_CHANNELS: Final = 4


def check_encoding(name: str) -> str:
    """Return this choice of an encoding.

    Raises:
        ValueError: it is none. ``str()`` is the end of a sentence that begins with the setting's name.
    """
    try:
        known = name == AUTO or not _converts(name) or codecs.lookup(name.removeprefix("+"))._is_text_encoding
    except (LookupError, ValueError):
        known = False
    if not known:
        raise ValueError(f"must be auto or the name of an encoding, such as cp1251, not {name!r}")
    return name


def utf8_copy(path: str, choice: str) -> bytes | None:
    """Return the text of a file as UTF-8. None: it is that already, or no text, and can be used as it is.

    Args:
        choice: "auto", or an encoding for what is not UTF-8, or "+" and an encoding for what seems to be UTF-8 too.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        data = file.read(_BYTES_MAX + 1)
    if len(data) > _BYTES_MAX:
        return None
    text = _text(data, choice)
    return None if text is None else text.encode("utf-8", "replace")


def _text(data: bytes, choice: str) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\0" in data:
        return _without_mark(data)
    if choice.startswith("+") and _converts(choice):
        return data.decode(choice[1:], "replace")
    if _ESCAPED_JAPANESE.search(data):
        return data.decode("iso2022_jp_2", "replace")
    try:
        data.decode()
        return None
    except UnicodeDecodeError:
        pass
    if choice == AUTO:
        return data.decode(_guess(data), "replace")
    return data.decode(choice, "replace") if _converts(choice) else None


def _without_mark(data: bytes) -> str | None:
    """Return the text of UTF-16 that has no byte order mark; None if it is no text."""
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Read in the wrong order, the end of a line is one of the Gurmukhi letters that nobody has yet.
        if "\n" in text and not _CONTROLS.search(text):
            return text
    return None


def _guess(data: bytes) -> str:
    # Imported here, because most subtitles are UTF-8, and its models are read for a quarter of a second.
    import chardet

    text = b"\n".join(line for line in _MARKUP.sub(b"", data).splitlines() if not line.isascii()) or data
    other = sum(byte >= 0x80 for byte in text)
    is_latin = other <= _LATIN_SHARE * (other + sum(bytes((byte,)).isalpha() for byte in text))
    candidates = _LATIN if is_latin else [*_LATIN, *_OTHER]
    found = chardet.detect(text, include_encodings=candidates, compat_names=False)["encoding"]
    return "cp1252" if found is None else _LARGER.get(found, found)


def _converts(choice: str) -> bool:
    """Return whether a viewer's choice, which is not "auto", is another encoding than UTF-8."""
    return choice.lower().replace("-", "") not in ("", "utf8", "+utf8")


def parse_color(text: str) -> int:
    """Return a colour as 0xAARRGGBB, as mpv reads it: "#RRGGBB", "#AARRGGBB", or "r/g/b/a" with numbers from 0 to 1.

    Of the latter, the alpha may be missing, and so may two of the others, where all three are the same.

    Raises:
        ValueError: it is none. ``str()`` is the end of a sentence that begins with the setting's name.
    """
    if (found := _HEXADECIMAL.fullmatch(text)) is not None:
        return int(found[1] or "FF", 16) << 24 | int(found[2], 16)
    parts = [float(part) if _SHARE.fullmatch(part) else 2.0 for part in text.split("/")]
    if not all(part <= 1 for part in parts) or len(parts) > _CHANNELS:
        raise ValueError(f"must be a colour such as #RRGGBB or #AARRGGBB, not {text!r}")
    alpha = parts.pop() if len(parts) in (2, 4) else 1.0
    red, green, blue = (int(255 * part) for part in (parts * 3)[:3])
    return int(255 * alpha) << 24 | red << 16 | green << 8 | blue
