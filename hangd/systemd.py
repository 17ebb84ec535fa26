"""Print systemd's unit files for this installation of hangd. `hangd.cli` calls it for ``--print-unit``.

The files are in contrib/systemd, where ExecStart has the path of a distribution's package. A wheel has a copy of them
inside the package.
"""

import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

UNITS: Final = {
    "user": "user/hangd.service",
    "user-socket": "user/hangd.socket",
    "system": "system/hang-server.service",
    "system-socket": "system/hang-server.socket",
}
"""The file of each unit, by the argument of ``--print-unit``."""

_EXEC_START: Final = re.compile(r"^(ExecStart=)/usr/bin/hangd\b", re.MULTILINE)


def unit(name: str, words: Sequence[str]) -> str:
    """Return the text of this unit (a key of ``UNITS``), with ``words`` as the command instead of /usr/bin/hangd."""
    quoted = " ".join(map(_quote, words))
    text = (_folder() / UNITS[name]).read_text(encoding="utf-8")
    return _EXEC_START.sub(lambda found: found[1] + quoted, text)


def command(argument: str | None = None) -> list[str]:
    """Return the command that starts this installation of hangd from any folder."""
    name = sys.argv[0] if argument is None else argument
    if Path(name).name == "__main__.py":
        return [sys.executable, "-m", "hangd"]
    return [os.path.abspath(shutil.which(name) or name)]


def _folder() -> Path:
    package = Path(__file__).parent
    installed = package / "units"
    return installed if installed.is_dir() else package.parent / "contrib" / "systemd"


def _quote(word: str) -> str:  # systemd.service(5), "Command lines"
    word = word.replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[\w@%+=:,./$-]+", word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
