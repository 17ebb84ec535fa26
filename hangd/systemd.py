"""The unit files for systemd, made to start the hangd that prints them.

They are kept in contrib/systemd, where ExecStart names the path of a distribution's package. A wheel carries them
inside the package.
"""

import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["UNITS", "command", "unit"]

UNITS: Final = {
    "user": "user/hangd.service",
    "user-socket": "user/hangd.socket",
    "system": "system/hang-server.service",
    "system-socket": "system/hang-server.socket",
}
"""What ``--print-unit`` can print, and its file."""

_EXEC_START: Final = re.compile(r"^(ExecStart=)/usr/bin/hangd\b", re.MULTILINE)


def unit(name: str, words: Sequence[str]) -> str:
    """Return this unit (a key of ``UNITS``), with ``words`` as the command in place of /usr/bin/hangd."""
    quoted = " ".join(map(_quote, words))
    text = (_folder() / UNITS[name]).read_text(encoding="utf-8")
    return _EXEC_START.sub(lambda found: found[1] + quoted, text)


def command(argument: str | None = None) -> list[str]:
    """Return the words that start this very hangd again, from any folder."""
    name = sys.argv[0] if argument is None else argument
    if Path(name).name == "__main__.py":
        return [sys.executable, "-m", "hangd"]
    return [os.path.abspath(shutil.which(name) or name)]


def _folder() -> Path:
    package = Path(__file__).parent
    installed = package / "units"
    return installed if installed.is_dir() else package.parent / "contrib" / "systemd"


def _quote(word: str) -> str:
    """Return a word as ExecStart takes it (systemd.service(5), "Command lines")."""
    word = word.replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[\w@%+=:,./$-]+", word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
