"""Subcommands that control playback, for everyone in the room: play, pause, toggle, stop, next, seek, speed and so on.

People bind these to keys, so this module imports nothing that would make a key press slower.
"""

import re

import click

from hangctl.client import Command
from hangctl.options import NothingLoaded, Settings, action_command, film_command, number, subcommand

_PAUSE = "pause"

pause = film_command(
    "pause", "Pause, for everyone in the room.", ["set_property", _PAUSE, True], keeps=_PAUSE, action="pause"
)
next_ = action_command(
    "next", "Go on to the next film of the playlist.", ["playlist-next"], action="go on to the next film"
)
previous = action_command(
    "previous",
    "Go back to the previous film of the playlist.",
    ["playlist-prev"],
    action="go back to the previous film",
)
undo = action_command(
    "undo", "Go back to the position before the last seek; again: undo that.", ["revert-seek"], action="undo a seek"
)


@subcommand("step", waits=True)
@click.argument("direction", default="forward", metavar="[forward|back]", type=click.Choice(["forward", "back"]))
@click.pass_obj
def step(settings: Settings, direction: str) -> None:
    """Pause and show the next frame, or the one before."""
    back = direction == "back"
    settings.perform(["frame-back-step" if back else "frame-step"], action="step back" if back else "step")


@subcommand("stop", waits=True)
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop, for everyone, and go back to the start."""
    # Read in the same write: where nothing is loaded or listed, to stop changes nothing.
    state = ["expand-text", "${=idle-active} ${room/id:alone} ${=playlist-count}"]
    before = settings.request(state, ["stop"], *settings.done(), action="stop")
    if before == "yes alone 0":
        raise NothingLoaded("stop")


def _start(settings: Settings, name: str, request: Command) -> None:
    """Play or toggle, and say what keeps this machine, or the room, from showing the film."""
    # JSON, one value a line; empty where there is none.
    reads = "${=room/role}\n${=room/start}\n${=media/missing}\n${=media/error}"
    answer = settings.perform_on_film(request, keeps=_PAUSE, action=name, reads=reads) or "\n\n\n"
    role, start, missing, failure = answer.split("\n")
    if not start and not missing and not failure:
        return
    import json

    from hangctl.output import failure_text, missing_text, note

    if start:
        waiting = json.loads(start)
        note(str(waiting["text"]))
        hints = (
            ("`hangctl ready` says that you are ready", waiting.get("self")),
            ("`hangctl play --now` starts at once", role == "host" and waiting["missing"]),
        )
        if hint := "; ".join(words for words, applies in hints if applies):
            note(f"hint: {hint}")
    if missing:  # It succeeded: the others play.
        note(missing_text(json.loads(missing)))
    elif failure:
        note(failure_text(json.loads(failure), in_room=bool(role)))


@subcommand("play", waits=True)
@click.option("--now", is_flag=True, help="Start although not everybody is ready; the host only.")
@click.pass_obj
def play(settings: Settings, now: bool) -> None:
    """Play, for everyone in the room.

    Where the room's rule "start" says so, this waits until members are ready; a pause ends
    the waiting, and then somebody has to play again.
    """
    _start(settings, "play", ["room-start"] if now else ["hang-play"])


@subcommand("toggle", waits=True)
@click.pass_obj
def toggle(settings: Settings) -> None:
    """Pause if playing, play if paused."""
    _start(settings, "toggle", ["hang-play", "toggle"])


@subcommand("seek", waits=True, signed=True)
@click.argument("position")
@click.pass_obj
def seek(settings: Settings, position: str) -> None:
    """Go to a POSITION: +10, -10, 1:02:03, 90 or 50%."""
    amount, mode = parse_position(position)
    settings.perform(["seek", amount, mode], action=f"seek to {position}")


@subcommand("speed", waits=True)
@click.argument("rate", callback=lambda context, parameter, value: _rate(value))
@click.pass_obj
def speed(settings: Settings, rate: float) -> None:
    """Play RATE times as fast, 0.25 to 2."""
    settings.perform_on_film(["set_property", "speed", rate], keeps="speed", action=f"set the speed to {rate:g}")


def _rate(text: str) -> float:
    return number(text.removesuffix("x"), 0.25, 2, sentence="no speed: write a number from 0.25 to 2, such as 1.25")


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
        raise click.BadParameter(
            f"'{text}' is no position: minutes and seconds end at 59, percent at 100", param_hint="POSITION"
        )
    total = sum(number * 60**power for power, number in enumerate(reversed(numbers)))
    mode = ("relative" if sign else "absolute") + ("-percent" if percent else "")
    return (-total if sign == "-" else total), mode
