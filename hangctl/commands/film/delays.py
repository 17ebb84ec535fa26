"""Subcommands for when this machine shows and plays what: delays within the film, and offsets for its devices.

All count in milliseconds here, and in seconds on the control socket.
"""

import re

import click

from hangctl.options import Settings, subcommand

DELAY_MAX, OFFSET_MAX = 10**9, 60_000
"""Milliseconds: those of the daemon."""


def _delay_command(name: str, help: str, property_name: str, most: int) -> click.Command:
    @subcommand(name, waits=True, reads=True, signed=True, help=help)
    @click.argument("milliseconds", metavar="[MS]", required=False)
    @click.pass_obj
    def delay(settings: Settings, milliseconds: str | None) -> None:
        if milliseconds is None:
            from hangctl.output import emit, plain

            seconds = settings.request(["get_property", property_name], action=f"read the {name}")
            emit(plain(round(1000 * seconds, 3)))
            return
        found = re.fullmatch(r"(=?)([+-]?)(\d+(?:\.\d*)?)(?:ms)?", milliseconds, re.ASCII)
        if found is None:
            raise click.BadParameter(
                f"'{milliseconds}' is no number of milliseconds: write 120, +20, -20, or =-120", param_hint="MS"
            )
        seconds = float(found[2] + found[3]) / 1000
        is_relative = found[2] and not found[1]
        if abs(seconds) > most / 1000:
            raise click.BadParameter(f"'{milliseconds}' is too much: it goes from -{most} to {most}", param_hint="MS")
        command = ["add" if is_relative else "set_property", property_name, seconds]
        settings.perform(command, action=f"set the {name} to {milliseconds}")

    return delay


audio_delay = _delay_command(
    "audio-delay", "Print by how many MS the film's sound comes after its picture, or set it.", "audio-delay", DELAY_MAX
)
sub_delay = _delay_command(
    "sub-delay", "Print by how many MS the subtitles come after the picture, or set it.", "sub-delay", DELAY_MAX
)
picture_offset = _delay_command(
    "picture-offset",
    "Print by how many MS this machine shows its picture earlier, or set it.",
    "video-offset",
    OFFSET_MAX,
)
sound_offset = _delay_command(
    "sound-offset", "Print by how many MS this machine plays its sound earlier, or set it.", "audio-offset", OFFSET_MAX
)
