"""What moves the film, for everyone in the room: play, pause, toggle, stop, next, previous, seek, speed, step.

These are bound to keys. Nothing is imported here that a key press would wait for.
"""

import re

import click

from hangctl.options import Settings, verb

__all__ = ["next_", "parse_place", "pause", "play", "previous", "seek", "speed", "step", "stop", "toggle"]


@verb("play", waits=True)
@click.pass_obj
def play(settings: Settings) -> None:
    """Play, for everyone in the room."""
    settings.carry_out(["set_property", "pause", False], doing="play")


@verb("pause", waits=True)
@click.pass_obj
def pause(settings: Settings) -> None:
    """Pause, for everyone in the room."""
    settings.carry_out(["set_property", "pause", True], doing="pause")


@verb("toggle", waits=True)
@click.pass_obj
def toggle(settings: Settings) -> None:
    """Pause what plays, play what is paused."""
    settings.carry_out(["cycle", "pause"], doing="toggle")


@verb("stop", waits=True)
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop, for everyone, and go back to the start."""
    settings.carry_out(["stop"], doing="stop")


@verb("next", waits=True)
@click.pass_obj
def next_(settings: Settings) -> None:
    """Go on to the playlist's next film."""
    settings.carry_out(["playlist-next"], doing="go on to the next film")


@verb("previous", waits=True)
@click.pass_obj
def previous(settings: Settings) -> None:
    """Go back to the playlist's previous film."""
    settings.carry_out(["playlist-prev"], doing="go back to the previous film")


@verb("seek", waits=True, signed=True)
@click.argument("place")
@click.pass_obj
def seek(settings: Settings, place: str) -> None:
    """Go to a PLACE: +10, -10, 1:02:03, 90 or 50%."""
    where, how = parse_place(place)
    settings.carry_out(["seek", where, how], doing=f"seek to {place}")


@verb("speed", waits=True)
@click.argument("rate", type=float)
@click.pass_obj
def speed(settings: Settings, rate: float) -> None:
    """Play RATE times as fast, 0.25 to 2."""
    if not 0.25 <= rate <= 2.0:
        raise click.BadParameter("a speed is between 0.25 and 2", param_hint="RATE")
    settings.carry_out(["set_property", "speed", rate], doing=f"set the speed to {rate:g}")


@verb("step", waits=True)
@click.pass_obj
def step(settings: Settings) -> None:
    """Show the next frame, paused."""
    settings.carry_out(["frame-step"], doing="step")


def parse_place(text: str) -> tuple[float, str]:
    """Turn what a person writes into seek's arguments: a number, and what it counts from. Raises BadParameter."""
    found = re.fullmatch(r"([+-]?)((?:\d+:){0,2})(\d+(?:\.\d*)?|\.\d+)(%?)", text, re.ASCII)
    if found is None:
        raise click.BadParameter(f"'{text}' is no place: write +10, -10, 1:02:03, 90 or 50%", param_hint="PLACE")
    sign, larger, seconds, percent = found.groups()
    numbers = [*(int(part) for part in larger.split(":")[:-1]), float(seconds)]
    if any(number >= 60 for number in numbers[1:]) or (percent and (larger or numbers[0] > 100)):
        raise click.BadParameter(f"'{text}' is no place", param_hint="PLACE")
    total = sum(number * 60**power for power, number in enumerate(reversed(numbers)))
    how = ("relative" if sign else "absolute") + ("-percent" if percent else "")
    return (-total if sign == "-" else total), how
