"""Subcommands that control playback, for everyone in the room: play, pause, toggle, stop, next, seek, speed and so on.

People bind these to keys, so this module imports nothing that would make a key press slower.
"""

import re

import click

from hangctl.options import Settings, action_command, subcommand

play = action_command("play", "Play, for everyone in the room.", ["set_property", "pause", False], action="play")
pause = action_command("pause", "Pause, for everyone in the room.", ["set_property", "pause", True], action="pause")
toggle = action_command("toggle", "Pause if playing, play if paused.", ["cycle", "pause"], action="toggle")
stop = action_command("stop", "Stop, for everyone, and go back to the start.", ["stop"], action="stop")
next_ = action_command(
    "next", "Go on to the next film of the playlist.", ["playlist-next"], action="go on to the next film"
)
previous = action_command(
    "previous",
    "Go back to the previous film of the playlist.",
    ["playlist-prev"],
    action="go back to the previous film",
)
step = action_command("step", "Pause and show the next frame.", ["frame-step"], action="step")


@subcommand("seek", waits=True, signed=True)
@click.argument("position")
@click.pass_obj
def seek(settings: Settings, position: str) -> None:
    """Go to a POSITION: +10, -10, 1:02:03, 90 or 50%."""
    number, mode = parse_position(position)
    settings.perform(["seek", number, mode], action=f"seek to {position}")


@subcommand("speed", waits=True)
@click.argument("rate", type=float)
@click.pass_obj
def speed(settings: Settings, rate: float) -> None:
    """Play RATE times as fast, 0.25 to 2."""
    if not 0.25 <= rate <= 2.0:
        raise click.BadParameter("a speed is between 0.25 and 2", param_hint="RATE")
    settings.perform(["set_property", "speed", rate], action=f"set the speed to {rate:g}")


def parse_position(text: str) -> tuple[float, str]:
    """Turn what a person writes into the arguments of mpv's ``seek``: a number, and its mode such as "relative".

    Raises:
        click.BadParameter: ``text`` is neither seconds, nor h:mm:ss, nor a percentage, with or without a sign.
    """
    found = re.fullmatch(r"([+-]?)((?:\d+:){0,2})(\d+(?:\.\d*)?|\.\d+)(%?)", text, re.ASCII)
    if found is None:
        raise click.BadParameter(f"'{text}' is no position: write +10, -10, 1:02:03, 90 or 50%", param_hint="POSITION")
    sign, larger, seconds, percent = found.groups()
    numbers = [*(int(part) for part in larger.split(":")[:-1]), float(seconds)]
    if any(number >= 60 for number in numbers[1:]) or (percent and (larger or numbers[0] > 100)):
        raise click.BadParameter(f"'{text}' is no position", param_hint="POSITION")
    total = sum(number * 60**power for power, number in enumerate(reversed(numbers)))
    mode = ("relative" if sign else "absolute") + ("-percent" if percent else "")
    return (-total if sign == "-" else total), mode
