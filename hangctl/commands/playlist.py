"""The subcommand playlist and its own subcommands. In a room the playlist is the room's queue, which all members share.

Entries count from 1 here and in what is printed; on the control socket they count from 0.
"""

import os
import re

import click

from hangctl.client import Command, ControlError
from hangctl.options import FILE, Settings, absolute_path, action_command, shared_options, subcommand
from hangctl.output import emit, emit_json, escape


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
    entries = settings.request(["get_property", "playlist"], action="read the playlist")
    for number, entry in enumerate(entries, start=1):
        filename, title = str(entry.get("filename", "")), entry.get("title")
        current, playing = bool(entry.get("current")), bool(entry.get("playing"))
        if settings.json:
            about = {"number": number, "id": entry.get("id"), "filename": filename, "title": title}
            emit_json({**about, "current": current, "playing": playing})
        else:
            name = title or os.path.basename(filename) or filename
            emit(escape(f"{'*' if current else ' '} {number} {name}"))


@subcommand("add", waits=True)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--play", "playing", is_flag=True, help="Play the first of them, if nothing is loaded.")
@click.pass_obj
def add(settings: Settings, files: tuple[str, ...], playing: bool) -> None:
    """Add FILEs at the end."""
    from hangctl.progress import request_with_hashing

    paths = [absolute_path(file) for file in files]  # fails before the first is added if any cannot be read
    with settings.connect() as connection:
        for file, path in zip(files, paths, strict=True):
            commands: list[Command] = [["loadfile", path, "append-play" if playing else "append"]]
            if not settings.no_wait:
                commands.append(["hang-wait", "done"])
            request_with_hashing(connection, *commands, path=path, action=f"add '{file}'")


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
    index = to if to > number else to - 1
    settings.perform(["playlist-move", number - 1, index], action=f"move {number} to {to}")


@subcommand("play", waits=True)
@click.argument("number", type=_number)
@click.pass_obj
def play(settings: Settings, number: int) -> None:
    """Go on to entry NUMBER."""
    with settings.connect() as connection:
        count = connection.get_properties("playlist-count")["playlist-count"] or 0
    if number > count:  # playlist-play-index would end playback, as in mpv
        raise ControlError(f"cannot play {number}: the playlist ends at {count}", "`hangctl playlist` lists it")
    settings.perform(["playlist-play-index", number - 1], action=f"play {number}")


clear = action_command(
    "clear", "Remove all entries but the current one.", ["playlist-clear"], action="clear the playlist"
)
shuffle = action_command(
    "shuffle", "Put the entries in random order.", ["playlist-shuffle"], action="shuffle the playlist"
)

for _command in (list_, add, remove, move, clear, shuffle, play):
    playlist.add_command(_command)
