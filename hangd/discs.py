"""Discs: folders and images of DVDs and Blu-ray Discs, and how a file of the film on them is come by.

hang plays files. VLC plays a disc with its menus, begins with its first title, whichever that is, and seeks on it to
the nearest half second (measured with 3.0.23): no two machines would be at the same picture. And rooms compare files,
which a folder is not. The daemon and hangctl use this for what they say then. All of it blocks as a disk does.
"""

import os
import re

_IMAGE_MARK = 16 * 2048 + 1
"""Where the first volume descriptor of ISO 9660 or UDF has its name."""
_MARKS = (b"CD001", b"BEA01")
_MAKE_ONE = "make a file of its film, for example with MakeMKV or HandBrake"


def disc_image(path: str) -> str | None:
    """Return the end of a sentence about a file that is the image of a disc; None: it is none. Raises OSError."""
    with open(path, "rb") as file:
        file.seek(_IMAGE_MARK)
        return f"is the image of a disc: {_MAKE_ONE}" if file.read(5) in _MARKS else None


def disc_folder(path: str) -> str | None:
    """Return the end of a sentence about a folder that holds a disc; None: it holds none, as far as can be seen."""
    try:
        return _dvd(path) or _blu_ray(path)
    except OSError:
        return None


def _dvd(path: str) -> str | None:
    folder = _within(path, "VIDEO_TS")
    if folder is None:
        return None
    sizes: dict[tuple[str, str], int] = {}
    for name in os.listdir(os.path.join(path, folder)):
        # The parts of a title set, of a gigabyte each. Number 0 is its menu.
        if part := re.fullmatch(r"(VTS_\d\d_)[1-9](\.VOB)", name, re.IGNORECASE):
            key = (part[1], part[2])
            sizes[key] = sizes.get(key, 0) + os.path.getsize(os.path.join(path, folder, name))
    if not sizes:
        return f"is a DVD: {_MAKE_ONE}"
    begin, end = max(sizes, key=sizes.__getitem__)
    parts = os.path.join(folder, f"{begin}[1-9]{end}")
    return f"is a DVD: join the parts of its film (in that folder: cat {parts} > film.vob), or {_MAKE_ONE}"


def _blu_ray(path: str) -> str | None:
    folder = _within(path, "BDMV")
    if folder is None:
        return None
    streams = _within(os.path.join(path, folder), "STREAM")
    found = [] if streams is None else os.listdir(os.path.join(path, folder, streams))
    films = [os.path.join(folder, streams or "", name) for name in found if re.fullmatch(r"\d{5}\.m2ts", name, re.I)]
    if not films:
        return f"is a Blu-ray Disc: {_MAKE_ONE}"
    largest = max(films, key=lambda name: os.path.getsize(os.path.join(path, name)))
    return f"is a Blu-ray Disc: open its film, which is usually its largest file: {largest}"


def _within(path: str, name: str) -> str | None:
    """Return the folder of this name in a folder, "" if it is that folder itself, None if there is none."""
    if os.path.basename(os.path.abspath(path)).upper() == name:
        return ""
    return next((found for found in os.listdir(path) if found.upper() == name), None)
