"""What concerns this machine alone: volume, mute, fullscreen, and which sound and subtitles."""

import re
from typing import Any

import click

from hangctl.client import ControlError
from hangctl.options import FILE, Settings, verb, words

__all__ = ["audio", "fullscreen", "mute", "subs", "volume"]


@verb("volume", waits=True, reads=True, signed=True)
@click.argument("level", required=False)
@click.pass_obj
def volume(settings: Settings, level: str | None) -> None:
    """Print the volume, or set it: 80, +5, -5."""
    if level is None:
        from hangctl.output import emit, plain

        with settings.connect() as connection:
            emit(plain(connection.ask(["get_property", "volume"], doing="read the volume")[0]))
        return
    if (found := re.fullmatch(r"([+-]?)(\d+(?:\.\d*)?)%?", level, re.ASCII)) is None:
        raise click.BadParameter(f"'{level}' is no volume: write 80, +5 or -5", param_hint="LEVEL")
    number = float(found[1] + found[2])
    command = ["add", "volume", number] if found[1] else ["set_property", "volume", number]
    settings.carry_out(command, doing=f"set the volume to {level}")


@verb("mute", waits=True)
@click.pass_obj
def mute(settings: Settings) -> None:
    """Mute, or unmute."""
    settings.carry_out(["cycle", "mute"], doing="mute")


@verb("fullscreen", waits=True)
@click.pass_obj
def fullscreen(settings: Settings) -> None:
    """Fill the screen, or no longer."""
    settings.carry_out(["cycle", "fullscreen"], doing="change to fullscreen")


@verb("audio", waits=True, reads=True)
@click.argument("track", default="list", metavar="[list|N|next|off]", shell_complete=words("list", "next", "off"))
@click.pass_obj
def audio(settings: Settings, track: str) -> None:
    """List the sound tracks, or choose one."""
    _tracks(settings, "audio", "aid", track)


@verb("subs", waits=True, reads=True)
@click.argument(
    "track", default="list", metavar="[list|N|next|off|add]", shell_complete=words("list", "next", "off", "add")
)
@click.argument("file", required=False, type=FILE)
@click.pass_obj
def subs(settings: Settings, track: str, file: str | None) -> None:
    """List the subtitles, choose some, or add those in FILE."""
    if (track == "add") != (file is not None):
        raise click.UsageError("`subs add` takes a file, and nothing else does")
    if file is not None:
        from hangctl.commands.room import existing

        settings.carry_out(["sub-add", existing(file)], doing=f"add the subtitles in '{file}'")
    else:
        _tracks(settings, "sub", "sid", track)


def _tracks(settings: Settings, kind: str, selector: str, track: str) -> None:
    if track == "list":
        _list(settings, kind)
    elif track == "next":
        settings.carry_out(["cycle", selector], doing=f"choose the next {kind} track")
    elif track == "off" or track.isdecimal():
        value = "no" if track == "off" else int(track)
        settings.carry_out(["set_property", selector, value], doing=f"choose {kind} track {track}")
    else:
        raise click.BadParameter(f"'{track}' is none of list, a track's number, next, off", param_hint="TRACK")


def _list(settings: Settings, kind: str) -> None:
    from hangctl.output import emit, emit_json, escape

    with settings.connect() as connection:
        values = connection.read("track-list", "path")
    if not values["path"]:
        raise ControlError("no file is loaded, so there are no tracks", "load one with `hangctl create FILE`")
    tracks: list[dict[str, Any]] = [track for track in values["track-list"] or [] if track.get("type") == kind]
    for track in tracks:
        if settings.json:
            emit_json(track)
            continue
        language = f"[{track['lang']}]" if track.get("lang") else ""
        words = ["*" if track.get("selected") else " ", str(track.get("id")), language, track.get("title") or ""]
        emit(escape(" ".join(word for word in words if word).rstrip()))
