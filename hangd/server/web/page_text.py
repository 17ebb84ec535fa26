"""What is done to the text of the page before it is served: comments and indents are left out, and parts are announced.

Both are for the first load. A third of the compressed scripts is comments, and a browser would learn of a script only
when it has read the one that imports it. Line numbers stay as they are in the files.
"""

import posixpath
import re
from collections.abc import Mapping
from typing import Final

_IMPORT: Final = re.compile(r'^(?:import|export|\}) ?[^"\';]*"(\.[^"]+)";?$', re.MULTILINE)
"""A static import, as the formatter of the page's code writes it: its last line, or the only one."""
_ENTRY: Final = re.compile(r'<script type="module" src="([^"]+)"></script>')
_END_OF_HEAD: Final = "  </head>"


def shortened(text: str, *, script: bool) -> str:
    """Return a script or a style without indents, and without comments that have lines of their own.

    Each line stays, if empty. A text of several lines in a script would be changed, too: the tests compare what the
    files of the page mean before and after.

    Args:
        script: whether ``//`` begins a comment.
    """
    kept = []
    in_comment = False
    for line in text.split("\n"):
        bare = line.strip()
        if in_comment or bare.startswith("/*"):
            _, end, behind = (bare if in_comment else bare[2:]).partition("*/")
            in_comment = not end
            # A type in front of an expression is a comment, too, but short.
            kept.append(bare if behind and bare.startswith("/*") else behind.lstrip())
        else:
            kept.append("" if script and bare.startswith("//") else bare)
    return "\n".join(kept)


def with_parts_announced(index: str, scripts: Mapping[str, str]) -> str:
    """Return the page's HTML with a ``modulepreload`` for each script that its own script imports, and they in turn.

    Args:
        scripts: the texts of all scripts, by their paths from the folder of the page.
    """
    entry = _ENTRY.search(index)
    if entry is None:
        return index
    links = "".join(
        f'    <link rel="modulepreload" href="{path}" />\n' for path in imported(entry[1], scripts) if path != entry[1]
    )
    return index.replace(_END_OF_HEAD, f"{links}{_END_OF_HEAD}", 1)


def imported(entry: str, scripts: Mapping[str, str]) -> list[str]:
    """Return the paths of a script and of all that it imports statically, those that are needed first in front."""
    found: dict[str, None] = {entry: None}
    for path in (waiting := [entry]):
        for name in _IMPORT.findall(scripts.get(path, "")):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            if target in scripts and target not in found:
                found[target] = None
                waiting.append(target)
    return list(found)
