"""The subcommands desktop install and desktop remove: hang in this user's menus and file managers.

A package for all users installs the same files itself. pip and pipx put them where no desktop looks.
"""

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click

from hangctl.client import ControlError
from hangctl.options import subcommand
from hangctl.output import remark
from hangd.paths import data_home

_PLACES = {"hang.desktop": "applications", "hang.svg": "icons/hicolor/scalable/apps"}
"""The folder of each file, in the folder for data of programs."""


@subcommand("install")
def install() -> None:
    """Make hang known to this user's desktop: a menu entry, films in file managers, and invites that are clicked.

    Films for which you have chosen another program are still opened by that one.
    """
    try:
        for name, folder in _PLACES.items():
            target = data_home() / folder / name
            text = (_source() / name).read_text(encoding="utf-8")
            target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            target.write_text(_with_command(text, _hangctl()) if name.endswith(".desktop") else text, encoding="utf-8")
            remark(f"installed {target}")
    except OSError as error:
        raise ControlError(f"cannot install {error.filename}: {error.strerror}") from None
    _tell_desktop()


@subcommand("remove")
def remove() -> None:
    """Undo what install did."""
    try:
        for name, folder in _PLACES.items():
            target = data_home() / folder / name
            with suppress(FileNotFoundError):
                target.unlink()
                remark(f"removed {target}")
        _tell_desktop()
        _remove_empty_cache()
    except OSError as error:
        raise ControlError(f"cannot remove {error.filename}: {error.strerror}") from None


desktop = click.Group(
    "desktop", commands=[install, remove], help="Make hang known to this user's desktop, or undo that."
)


def _source() -> Path:
    """Return the folder with the files: in the package, or in a source tree."""
    package = Path(__file__).parent.parent
    installed = package / "desktop"
    return installed if installed.is_dir() else package.parent / "contrib" / "desktop"


def _hangctl() -> list[str]:
    """Return the command that starts this hangctl. A desktop's PATH often lacks ~/.local/bin."""
    script = os.path.abspath(sys.argv[0])
    if script.endswith(".py") or not os.access(script, os.X_OK):
        return [sys.executable, "-m", "hangctl"]
    return [script]


def _with_command(text: str, words: list[str]) -> str:
    """Return a desktop entry that starts the command ``words`` instead of hangctl."""
    commands = {"TryExec": words[0], "Exec": " ".join(map(_quote, words))}
    lines = []
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key in commands:
            line = f"{key}={_escape(commands[key])}{value.removeprefix('hangctl')}"
        lines.append(f"{line}\n")
    return "".join(lines)


def _quote(word: str) -> str:
    """Quote a word of the key Exec, if the Desktop Entry Specification wants that: xdg-open reads no quotes."""
    if re.fullmatch(r"[\w@+=:,./-]+", word):
        return word
    return '"' + re.sub(r'(["`$\\])', r"\\\1", word.replace("%", "%%")) + '"'


def _escape(value: str) -> str:
    """Escape a value of a key of the type string. It has no line ends: paths with such are not installed."""
    return value.replace("\\", "\\\\")


def _tell_desktop() -> None:
    """Let the desktop read its entries anew, where it has a program for that."""
    with suppress(OSError, subprocess.TimeoutExpired):
        words = ["update-desktop-database", "--quiet", str(data_home() / "applications")]
        subprocess.run(words, capture_output=True, timeout=10, check=False)


def _remove_empty_cache() -> None:
    """Remove what update-desktop-database has made in a folder where no other program has an entry."""
    cache = data_home() / "applications" / "mimeinfo.cache"
    with suppress(FileNotFoundError):
        if not cache.read_bytes().replace(b"[MIME Cache]", b"").strip():
            cache.unlink()
