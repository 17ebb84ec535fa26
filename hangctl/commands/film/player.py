"""Subcommands for the player on this machine, which other members do not see: volume, mute, window, tracks."""

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from hangctl.client import HINTS, Command, ControlError, Refused
from hangctl.options import FILE, NothingLoaded, Settings, subcommand, switch_command

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

VOLUME_MAX = 130
"""Percent: that of the daemon."""

mute = switch_command("mute", "Mute (on), unmute (off), or the other one of the two.", action="mute")
fullscreen = switch_command(
    "fullscreen", "Enter fullscreen (on), leave it (off), or the other one of the two.", action="change to fullscreen"
)


@subcommand("window", waits=True)
@click.argument("setting", metavar="show|hide", type=click.Choice(["show", "hide"]))
@click.pass_obj
def window(settings: Settings, setting: str) -> None:
    """Show the window with the picture, or hide it. One that was closed is opened again."""
    if setting == "show":
        show_window(settings)
    else:
        settings.perform(["window-hide"], action="hide the window")


def show_window(settings: Settings) -> None:
    """Show the window; on this display, if the daemon has none because it was started before the desktop."""
    command = ["window-show"]
    if display := os.environ.get("DISPLAY"):
        command.append(display)
        if authority := os.environ.get("XAUTHORITY"):
            command.append(authority)
    settings.perform(command, action="show the window")


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
    if not found[1] and number > VOLUME_MAX:  # The daemon would take it for the maximum, as mpv does.
        raise click.BadParameter(f"'{level}' is no volume: it goes from 0 to {VOLUME_MAX}", param_hint="LEVEL")
    command = ["add", "volume", number] if found[1] else ["set_property", "volume", number]
    settings.perform(command, action=f"set the volume to {level}")


def _offer_tracks(
    type: str, *words: str
) -> "Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]":
    """Return a completer that offers ``words``, and the film's tracks of this type (mpv's name of it)."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
        from hangctl.completers import track_words  # Here, because key presses complete nothing.

        return track_words(context, incomplete, type, *words)

    return complete


def _offer_devices(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    from hangctl.completers import device_names

    return device_names(context, incomplete) if context.params.get("track") == "device" else []


@subcommand("audio", waits=True, reads=True)
@click.argument(
    "track",
    default="list",
    metavar="[list|N|next|off|device]",
    shell_complete=_offer_tracks("audio", "list", "next", "off", "device"),
)
@click.argument("device", required=False, metavar="[list|N|NAME]", shell_complete=_offer_devices)
@click.pass_obj
def audio(settings: Settings, track: str, device: str | None) -> None:
    """List the audio tracks, or select one; or list the devices that can play the sound, or choose one."""
    if track == "device":
        _list_or_choose_device(settings, device or "list")
    elif device is not None:
        raise click.UsageError("only `hangctl audio device` takes another word")
    else:
        _list_or_select(settings, _AUDIO, track)


def _list_or_choose_device(settings: Settings, which: str) -> None:
    from hangctl.output import emit, emit_json, escape

    with settings.connect() as connection:
        values = connection.get_properties("audio-device-list", "audio-device")
    devices, chosen = values["audio-device-list"] or [], values["audio-device"]
    if which == "list":
        for number, device in enumerate(devices, start=1):
            is_chosen = device["name"] == chosen
            if settings.json:
                emit_json({"id": number, **device, "selected": is_chosen})
            else:
                emit(escape(f"{'*' if is_chosen else ' '} {number} {device['description']} ({device['name']})"))
        return
    name = which
    if re.fullmatch(r"\d{1,9}", which, re.ASCII):
        if not 1 <= int(which) <= len(devices):
            raise ControlError(
                f"cannot choose audio device {which}: there are {len(devices)}", "`hangctl audio device` lists them"
            )
        name = devices[int(which) - 1]["name"]
    elif all(name != device["name"] for device in devices):
        raise ControlError(
            f"cannot choose '{name}': there is no such audio device now", "`hangctl audio device` lists them"
        )
    settings.perform(["set_property", "audio-device", name], action=f"choose audio device {which}")


@subcommand("subs", waits=True, reads=True)
@click.argument(
    "track",
    default="list",
    metavar="[list|N|next|off|add]",
    shell_complete=_offer_tracks("sub", "list", "next", "off", "add"),
)
@click.argument("file", required=False, type=FILE)
@click.pass_obj
def subs(settings: Settings, track: str, file: str | None) -> None:
    """List the subtitle tracks, select one, or add those in FILE."""
    if track == "add" and file is not None:
        settings.perform(["sub-add", settings.path(file)], action=f"add the subtitles in '{file}'")
    elif track == "add":
        raise click.UsageError("which file? `hangctl subs add FILE` adds the subtitles in it")
    elif file is not None:
        raise click.UsageError("only `hangctl subs add` takes a file")
    else:
        _list_or_select(settings, _SUBTITLE, track)


class _Kind(NamedTuple):
    """A kind of track: the subcommand for it, its name for people, and mpv's names of it and of the selection."""

    subcommand: str
    name: str
    type: str
    selector: str


_AUDIO = _Kind("audio", "audio", "audio", "aid")
_SUBTITLE = _Kind("subs", "subtitle", "sub", "sid")


def _list_or_select(settings: Settings, kind: _Kind, track: str) -> None:
    if track == "list":
        _list(settings, kind)
    elif track == "next":
        _select(settings, kind, ["cycle", kind.selector], f"select the next {kind.name} track")
    elif track == "off":
        _select(settings, kind, ["set_property", kind.selector, "no"], f"select no {kind.name} track")
    elif re.fullmatch(r"0*[1-9]\d{0,8}", track, re.ASCII):
        command = ["set_property", kind.selector, int(track)]
        _select(settings, kind, command, f"select {kind.name} track {track}")
    else:
        from hangctl.files import is_file

        if kind is _SUBTITLE and is_file(track, settings.answer_timeout()):
            raise click.UsageError(f"'{track}' is a file: `hangctl subs add FILE` adds the subtitles in it")
        raise click.BadParameter(f"'{track}' is none of list, a track's number from 1, next, off", param_hint="TRACK")


def _select(settings: Settings, kind: _Kind, command: Command, action: str) -> None:
    """Send a command about tracks. Raises ControlError, which tells how many there are where mpv's error does not."""
    try:
        # Where nothing is loaded, mpv keeps the choice for the next film: that is refused here, and put back.
        state = ["expand-text", f"${{=idle-active}} ${{=playlist-count}} ${{={kind.selector}}}"]
        seen = str(settings.request(state, command, *settings.done(), action=action)).split(" ")
    except Refused as error:
        if error.code is not None:
            raise
        there_are = _count(len(_tracks(settings, kind)), kind)
        raise ControlError(f"cannot {action}: {there_are}", f"`hangctl {kind.subcommand}` lists them") from None
    if seen[0] == "yes":
        settings.request(["set_property", kind.selector, seen[2]], action=action)
        raise NothingLoaded(action, seen[1])


def _count(number: int, kind: _Kind) -> str:
    if number == 0:
        return f"the film has no {kind.name} tracks"
    return f"there is 1 {kind.name} track" if number == 1 else f"there are {number} {kind.name} tracks"


def _tracks(settings: Settings, kind: _Kind) -> list[dict[str, Any]]:
    with settings.connect() as connection:
        values = connection.get_properties("track-list", "path")
    if not values["path"]:
        raise ControlError("no file is loaded, so there are no tracks", HINTS["NoMedia"])
    return [track for track in values["track-list"] or [] if track.get("type") == kind.type]


def _list(settings: Settings, kind: _Kind) -> None:
    from hangctl.output import emit, emit_json, escape, remark

    tracks = _tracks(settings, kind)
    if not tracks:
        remark(_count(0, kind))
    for track in tracks:
        if settings.json:
            emit_json(track)
            continue
        language = f"[{track['lang']}]" if track.get("lang") else ""
        parts = ["*" if track.get("selected") else " ", str(track.get("id")), language, track.get("title") or ""]
        emit(escape(" ".join(part for part in parts if part).rstrip()))
