"""The subcommand playlist and its own subcommands. In a room the playlist is the room's queue, which all members share.

Entries count from 1 here and in what is printed; on the control socket they count from 0.
"""

import os
import re
from contextlib import suppress
from typing import Any

import click

from hangctl.client import ControlError
from hangctl.options import FILE, Settings, action_command, shared_options, subcommand
from hangctl.output import emit, emit_json, escape, remark
from hangd.file_names import file_url


def _number(text: str) -> int:
    if re.fullmatch(r"0*[1-9]\d{0,8}", text, re.ASCII) is None:
        raise click.BadParameter(f"'{text}' is no number of an entry: `hangctl playlist` lists them, from 1")
    return int(text)


@click.group("playlist", invoke_without_command=True)
@click.pass_context
def playlist(context: click.Context) -> None:
    """List the playlist, or change it; in a room, for everyone."""
    if context.invoked_subcommand is None:
        _list(context.ensure_object(Settings))


playlist.params.extend(shared_options(reads=True))


@subcommand("list", reads=True)
@click.pass_obj
def list_(settings: Settings) -> None:
    """Print the entries, one a line."""
    _list(settings)


def _list(settings: Settings) -> None:
    entries = arranged(settings.request(["get_property", "playlist"], action="read the playlist"))
    if not entries:
        remark("the playlist is empty: `hangctl playlist add FILE` adds to it")
    for entry in entries:
        if settings.json:
            emit_json(entry)
        else:
            emit(escape(f"{'*' if entry['current'] else ' '} {entry['number']} {shown_name(entry)}"))


def arranged(entries: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Return the entries of the property ``playlist`` as --json prints them: always with the same keys."""
    return [
        {
            "number": number,
            "id": entry.get("id"),
            "filename": str(entry.get("filename", "")),
            "title": entry.get("title"),
            "current": bool(entry.get("current")),
            "playing": bool(entry.get("playing")),
        }
        for number, entry in enumerate(entries or [], start=1)
    ]


def shown_name(entry: dict[str, Any]) -> str:
    """Return what people call an entry that `arranged` returned: its title, or else the name of its file."""
    filename: str = entry["filename"]
    return entry["title"] or os.path.basename(filename) or filename


@subcommand("load", waits=True)
@click.argument("file", type=FILE)
@click.option("--append", is_flag=True, help="Add the films at the end, and keep those that are there.")
@click.pass_obj
def load(settings: Settings, file: str, append: bool) -> None:
    """Replace the playlist by the films that FILE lists: M3U, PLS, or one name a line."""
    settings.perform(["loadlist", settings.path(file), "append" if append else "replace"], action=f"load '{file}'")


@subcommand("save")
@click.argument("file", type=FILE)
@click.pass_obj
def save(settings: Settings, file: str) -> None:
    """Write the playlist to FILE, as M3U with titles; "-" is stdout."""
    entries = arranged(settings.request(["get_property", "playlist"], action="read the playlist"))
    content = "".join(map(_m3u_entry, entries)).encode("utf-8", "surrogateescape")
    _write(file, f"{_M3U}\n".encode() + content, settings.answer_timeout())


_M3U = "#EXTM3U"


def _m3u_entry(entry: dict[str, Any]) -> str:
    name: str = entry["filename"]
    if name.startswith("/") and (name != name.strip() or not name.isprintable()):
        # A path of which the reader of a list would lose a part: it takes the white space around a line away.
        name = file_url(name)
    elif not name.startswith("/"):
        # The room's name of a film that is not on this machine. With "./" none of them is a comment or a URL.
        name = "./" + escape(name)
    about = f"#EXTINF:-1,{escape(entry['title'])}\n" if entry["title"] else ""
    return f"{about}{name}\n"


def _write(file: str, content: bytes, timeout: float | None) -> None:
    """Write a list, in place of what the file holds only if that is a list too. Raises ControlError."""
    if file == "-":
        import sys

        sys.stdout.buffer.write(content)
        return
    from hangctl.files import apart

    problem = apart(lambda: _replace(file, content), timeout, f"save '{file}'")
    if problem is not None:
        raise ControlError(f"cannot save '{file}': {problem}", "choose another name; `-` is standard output")


def _replace(file: str, content: bytes) -> str | None:
    """Write a list, and return None, or return why the file is not replaced by it. Raises OSError."""
    # Under another name first, so that a full disk does not cost the list that is there.
    place = os.path.realpath(file)
    unfinished = f"{place}.{os.getpid()}.new"
    if os.path.lexists(place):
        if os.path.isdir(place):
            return "it is a directory"
        if not os.path.isfile(place):
            return "it exists, and is not a regular file"
        with open(place, "rb") as old:
            if old.read(len(_M3U)) not in (b"", _M3U.encode()):
                return "it exists, and is no M3U list"
    try:
        with open(unfinished, "xb") as new:
            new.write(content)
        os.replace(unfinished, place)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(unfinished)
        raise
    return None


@subcommand("add", waits=True)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--play", "playing", is_flag=True, help="Play the first of them, if nothing is loaded.")
@click.pass_obj
def add(settings: Settings, files: tuple[str, ...], playing: bool) -> None:
    """Add FILEs at the end: all of them, or none where one cannot be added."""
    paths = [file.path for file in settings.files(*files)]
    added = f"'{files[0]}'" if len(files) == 1 else f"these {len(files)} files"
    settings.perform(["hang-playlist-add", "append-play" if playing else "append", *paths], action=f"add {added}")


@subcommand("remove", waits=True)
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True, type=_number)
@click.pass_obj
def remove(settings: Settings, numbers: tuple[int, ...]) -> None:
    """Remove entries."""
    # The last entry first, because removing an entry changes the numbers of those after it.
    commands = [["playlist-remove", number - 1] for number in sorted(set(numbers), reverse=True)]
    settings.perform(*commands, action=f"remove {', '.join(map(str, numbers))}")


@subcommand("move", waits=True)
@click.argument("number", type=_number)
@click.argument("to", type=_number)
@click.pass_obj
def move(settings: Settings, number: int, to: int) -> None:
    """Move entry NUMBER so that it becomes entry TO."""
    # mpv moves an entry in front of the entry that has the index now. For a move towards the end, that is one more
    # than the index at which the entry ends up.
    _check_numbers(settings, number, to, action=f"move {number} to {to}")
    index = to if to > number else to - 1
    settings.perform(["playlist-move", number - 1, index], action=f"move {number} to {to}")


@subcommand("play", waits=True)
@click.argument("number", type=_number)
@click.pass_obj
def play(settings: Settings, number: int) -> None:
    """Go on to entry NUMBER."""
    _check_numbers(settings, number, action=f"play {number}")
    settings.perform(["playlist-play-index", number - 1], action=f"play {number}")


def _check_numbers(settings: Settings, *numbers: int, action: str) -> None:
    """Raise ControlError if there is no entry of such a number: as in mpv, the daemon would do something else then."""
    with settings.connect() as connection:
        count = connection.get_properties("playlist-count")["playlist-count"] or 0
    if max(numbers) > count:
        ends = f"the playlist ends at {count}" if count else "the playlist is empty"
        raise ControlError(f"cannot {action}: {ends}", "`hangctl playlist` lists it" if count else None)


clear = action_command(
    "clear", "Remove all entries but the current one.", ["playlist-clear"], action="clear the playlist"
)
shuffle = action_command(
    "shuffle", "Put the entries in random order.", ["playlist-shuffle"], action="shuffle the playlist"
)

for _command in (list_, load, save, add, remove, move, clear, shuffle, play):
    playlist.add_command(_command)
