"""Print systemd's unit files for this installation of hangd. `hangd.cli` calls it for ``--print-unit``.

The files are in contrib/systemd, where ExecStart has the path of a distribution's package. A wheel has a copy of them
inside the package.
"""

import os
import re
import shlex
import shutil
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

UNITS: Final = {
    "user": "user/hangd.service",
    "user-socket": "user/hangd.socket",
    "user-session": "user/hang-session.target",
    "system": "system/hang-server.service",
    "system-socket": "system/hang-server.socket",
}
"""The file of each unit, by the argument of ``--print-unit``."""

_HIDDEN: Final = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))
"""Folders of this machine that a service with ProtectHome= and PrivateTmp= does not see (systemd.exec(5))."""

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


def installation(words: Sequence[str]) -> list[Path]:
    """Return what has to be readable where the command ``words`` runs: the command, the interpreter, the packages."""
    package = Path(__file__).parent
    return [Path(words[0]), Path(sys.executable), Path(sys.base_prefix), Path(sys.prefix), package]


def unreachable(paths: Iterable[Path]) -> str | None:
    """Return why the service of the unit "system" cannot read one of ``paths``, and what helps. None: it can.

    The service runs as a user of its own, which sees no home folders. Links are followed: a link in /usr/local/bin may
    lead into a home.
    """
    for path in paths:
        real = path.resolve()
        if any(real.is_relative_to(folder) for folder in _HIDDEN):
            leads = "" if real == path else f" (it leads to {real})"
            return (
                f"{path} is in a folder that a system service does not see{leads}: install hangd for all users, "
                "as the examples in `hangd help server` do"
            )
        for part in (*reversed(real.parents), real):
            needed = stat.S_IXOTH if part.is_dir() else stat.S_IROTH
            if part.exists() and not part.stat().st_mode & needed:
                # The outermost: after an installation with umask 077, all that is in it has to be opened too.
                return (
                    f"{part} may not be read by other users, and the service is one: "
                    f"`sudo chmod -R go+rX {shlex.quote(str(part))}` lets them; see `hangd help server`"
                )
    return None


def _folder() -> Path:
    package = Path(__file__).parent
    installed = package / "units"
    return installed if installed.is_dir() else package.parent / "contrib" / "systemd"


def _quote(word: str) -> str:  # systemd.service(5), "Command lines"
    word = word.replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[\w@%+=:,./$-]+", word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
