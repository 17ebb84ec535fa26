"""Subcommands for the player on this machine, which other members do not see: volume, mute, fullscreen, tracks."""

import re
from typing import Any

import click

from hangctl.client import ControlError
from hangctl.options import FILE, Settings, absolute_path, action_command, subcommand, words

mute = action_command("mute", "Mute, or unmute.", ["cycle", "mute"], action="mute")
fullscreen = action_command(
    "fullscreen", "Enter fullscreen, or leave it.", ["cycle", "fullscreen"], action="change to fullscreen"
)


@subcommand("volume", waits=True, reads=True, signed=True)
@click.argument("level", required=False)
@click.pass_obj
def volume(settings: Settings, level: str | None) -> None:
    """Print the volume, or set it: 80, +5, -5."""
    if level is None:
        # Imported here because volume is bound to keys, and a key press that sets it prints nothing.
        from hangctl.output import emit, plain

        emit(plain(settings.request(["get_property", "volume"], action="read the volume")))
        return
    if (found := re.fullmatch(r"([+-]?)(\d+(?:\.\d*)?)%?", level, re.ASCII)) is None:
        raise click.BadParameter(f"'{level}' is no volume: write 80, +5 or -5", param_hint="LEVEL")
    number = float(found[1] + found[2])
    command = ["add", "volume", number] if found[1] else ["set_property", "volume", number]
    settings.perform(command, action=f"set the volume to {level}")


@subcommand("audio", waits=True, reads=True)
@click.argument("track", default="list", metavar="[list|N|next|off]", shell_complete=words("list", "next", "off"))
@click.pass_obj
def audio(settings: Settings, track: str) -> None:
    """List the audio tracks, or select one."""
    _list_or_select(settings, "audio", "aid", track)


@subcommand("subs", waits=True, reads=True)
@click.argument(
    "track", default="list", metavar="[list|N|next|off|add]", shell_complete=words("list", "next", "off", "add")
)
@click.argument("file", required=False, type=FILE)
@click.pass_obj
def subs(settings: Settings, track: str, file: str | None) -> None:
    """List the subtitle tracks, select one, or add those in FILE."""
    if (track == "add") != (file is not None):
        raise click.UsageError("`subs add` takes a file, and nothing else does")
    if file is not None:
        settings.perform(["sub-add", absolute_path(file)], action=f"add the subtitles in '{file}'")
    else:
        _list_or_select(settings, "sub", "sid", track)


def _list_or_select(settings: Settings, kind: str, selector: str, track: str) -> None:
    """List the tracks of one ``kind``, or set the property ``selector``. Both are mpv's names."""
    if track == "list":
        _list(settings, kind)
    elif track == "next":
        settings.perform(["cycle", selector], action=f"choose the next {kind} track")
    elif track == "off" or track.isdecimal():
        value = "no" if track == "off" else int(track)
        settings.perform(["set_property", selector, value], action=f"choose {kind} track {track}")
    else:
        raise click.BadParameter(f"'{track}' is none of list, a track's number, next, off", param_hint="TRACK")


def _list(settings: Settings, kind: str) -> None:
    from hangctl.output import emit, emit_json, escape

    with settings.connect() as connection:
        values = connection.get_properties("track-list", "path")
    if not values["path"]:
        raise ControlError("no file is loaded, so there are no tracks", "load one with `hangctl create FILE`")
    tracks: list[dict[str, Any]] = [track for track in values["track-list"] or [] if track.get("type") == kind]
    for track in tracks:
        if settings.json:
            emit_json(track)
            continue
        language = f"[{track['lang']}]" if track.get("lang") else ""
        parts = ["*" if track.get("selected") else " ", str(track.get("id")), language, track.get("title") or ""]
        emit(escape(" ".join(part for part in parts if part).rstrip()))
