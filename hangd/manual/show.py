"""Show a manual page, or the part of one that describes a command: on a terminal with man or a pager, else as text."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from hangd.manual import mdoc

PAGES: Final = {
    "hangctl": "hangctl.1",
    "hangd": "hangd.1",
    "hangd-server": "hangd-server.8",
    "hang.toml": "hang.toml.5",
    "hang-input": "hang-input.5",
    "hang-ipc": "hang-ipc.7",
    "hang-protocol": "hang-protocol.7",
}
"""The files of the pages, by name."""

_WHOLE: Final = {"server": "hangd-server", "hangd server": "hangd-server", "config.toml": "hang.toml"}
"""Commands and files that have a page of their own."""

_NAMED_MAX: Final = 5
"""How many commands are named for a word that is none itself."""

_VIEWERS: Final = (("man", "-l"), ("mandoc", "-a"))
"""Programs that show a page in mdoc, one screenful at a time."""
_PAGERS: Final = ("less", "more")
_WIDTH_MAX: Final = 80
"""Columns. Longer lines are hard to read."""


class NoSuchTopic(Exception):
    """There is no page of this name, and no such command. ``str()`` is a sentence that lists what there is."""


def show(topic: str, page: str) -> None:
    """Show the page that is called ``topic``, or else the part of ``page`` that describes the command ``topic``.

    Args:
        page: a key of PAGES; shown whole if the topic is empty.

    Raises:
        NoSuchTopic: there is neither.
    """
    name = re.sub(r"\(\d\)$|\.\d$", "", topic)  # hangctl(1), hangctl.1
    whole = _WHOLE.get(name, name) or page
    if whole in PAGES:
        _show_page(_folder() / PAGES[whole])
        return
    source = (_folder() / PAGES[page]).read_text(encoding="utf-8")
    own = _of_server(topic) if page == "hangd" else ""
    found = own or mdoc.sections(source, topic) or _of_server(topic) or _of_hangctl(topic)
    if not found:
        named = [f"'{command}'" for command in mdoc.mentioning(source, topic)[:_NAMED_MAX]]
        near = f"it is named in the help on {', '.join(named)}; or " if named else ""
        raise NoSuchTopic(
            f"there is no help on '{topic}': {near}name a command of {page}, or a page: {', '.join(PAGES)}"
        )
    _print(mdoc.text(found, _width(), page))


def _of_server(topic: str) -> str:
    """Return the part on a command beside a server, such as ``hangd ban``: hangd(1) only names it."""
    source = (_folder() / PAGES["hangd-server"]).read_text(encoding="utf-8")
    return mdoc.sections(source, f"hangd {topic.removeprefix('hangd ')}")


def _of_hangctl(topic: str) -> str:
    return mdoc.sections((_folder() / PAGES["hangctl"]).read_text(encoding="utf-8"), topic)


def _show_page(path: Path) -> None:
    interactive = sys.stdout.isatty()
    for viewer in _VIEWERS if interactive else ():
        if shutil.which(viewer[0]) and subprocess.run([*viewer, str(path)], check=False).returncode == 0:
            return
    text = mdoc.text(path.read_text(encoding="utf-8"), _width())
    pager = next(filter(None, map(shutil.which, _PAGERS)), None) if interactive else None
    if pager is None:
        _print(text)
    else:
        subprocess.run([pager], input=text.encode(sys.stdout.encoding, "replace"), check=False)


def _print(text: str) -> None:
    sys.stdout.buffer.write(text.encode(sys.stdout.encoding, "replace"))
    sys.stdout.flush()


def _width() -> int:
    return min(shutil.get_terminal_size((_WIDTH_MAX, 24)).columns, _WIDTH_MAX) - 2


def _folder() -> Path:
    here = Path(__file__).parent
    installed = here / "pages"
    return installed if installed.is_dir() else here.parent.parent / "man"
