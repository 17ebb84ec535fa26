"""What comes next: the playlist, which in a room is the room's own, and everyone's.

Entries count from 1, as people count and as ``list`` prints them; on the socket they count from 0.
"""

import os
import re

import click

from hangctl.client import Command, ControlError
from hangctl.options import FILE, Settings, shared_options, verb
from hangctl.output import emit, emit_json, escape

__all__ = ["playlist"]


def _number(text: str) -> int:
    if re.fullmatch(r"0*[1-9]\d{0,8}", text, re.ASCII) is None:
        raise click.BadParameter(f"'{text}' is no number of an entry: `hangctl playlist` lists them, from 1")
    return int(text)


@click.group("playlist", invoke_without_command=True)
@click.pass_context
def playlist(context: click.Context) -> None:
    """List what comes next, or change it; in a room, for everyone."""
    if context.invoked_subcommand is None:
        _list(context.ensure_object(Settings))


playlist.params.extend(shared_options(reads=True))


@verb("list", reads=True)
@click.pass_obj
def list_(settings: Settings) -> None:
    """Print the entries, one a line."""
    _list(settings)


def _list(settings: Settings) -> None:
    with settings.connect() as connection:
        entries = connection.ask(["get_property", "playlist"], doing="read the playlist")[0]
    for number, entry in enumerate(entries, start=1):
        filename, title = str(entry.get("filename", "")), entry.get("title")
        current = bool(entry.get("current"))
        if settings.json:
            emit_json(
                {
                    "number": number,
                    "id": entry.get("id"),
                    "filename": filename,
                    "title": title,
                    "current": current,
                    "playing": bool(entry.get("playing")),
                }
            )
            continue
        name = title or os.path.basename(filename) or filename
        emit(escape(f"{'*' if current else ' '} {number} {name}"))


@verb("add", waits=True)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--play", "playing", is_flag=True, help="Play the first of them, where nothing is loaded.")
@click.pass_obj
def add(settings: Settings, files: tuple[str, ...], playing: bool) -> None:
    """Add FILEs at the end."""
    from hangctl.commands.room import existing
    from hangctl.progress import ask_for_hashing

    paths = [existing(file) for file in files]  # all are looked at before the first is added
    with settings.connect() as connection:
        for file, path in zip(files, paths, strict=True):
            commands: list[Command] = [["loadfile", path, "append-play" if playing else "append"]]
            if not settings.no_wait:
                commands.append(["hang-wait", "done"])
            ask_for_hashing(connection, *commands, path=path, doing=f"add '{file}'")


@verb("remove", waits=True)
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True, type=_number)
@click.pass_obj
def remove(settings: Settings, numbers: tuple[int, ...]) -> None:
    """Take entries out."""
    # From the last on, so that those before it keep their numbers.
    commands = [["playlist-remove", number - 1] for number in sorted(set(numbers), reverse=True)]
    settings.carry_out(*commands, doing=f"remove {', '.join(map(str, numbers))}")


@verb("move", waits=True)
@click.argument("number", type=_number)
@click.argument("to", type=_number)
@click.pass_obj
def move(settings: Settings, number: int, to: int) -> None:
    """Make entry NUMBER the one at place TO."""
    # mpv puts it before the entry that stands at the index now; further down, that is one more than where it ends up.
    index = to if to > number else to - 1
    settings.carry_out(["playlist-move", number - 1, index], doing=f"move {number} to {to}")


@verb("clear", waits=True)
@click.pass_obj
def clear(settings: Settings) -> None:
    """Take out all but what plays."""
    settings.carry_out(["playlist-clear"], doing="clear the playlist")


@verb("shuffle", waits=True)
@click.pass_obj
def shuffle(settings: Settings) -> None:
    """Put the entries in no order."""
    settings.carry_out(["playlist-shuffle"], doing="shuffle the playlist")


@verb("play", waits=True)
@click.argument("number", type=_number)
@click.pass_obj
def play(settings: Settings, number: int) -> None:
    """Go on to entry NUMBER."""
    with settings.connect() as connection:
        count = connection.read("playlist-count")["playlist-count"] or 0
    if number > count:  # mpv would end what plays
        raise ControlError(f"cannot play {number}: the playlist ends at {count}", "`hangctl playlist` lists it")
    settings.carry_out(["playlist-play-index", number - 1], doing=f"play {number}")


for _command in (list_, add, remove, move, clear, shuffle, play):
    playlist.add_command(_command)
