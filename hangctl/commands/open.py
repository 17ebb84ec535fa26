"""The subcommand open: what a desktop runs for a film in its file manager, and for an invite that is clicked."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import click

from hangctl.client import Command, ControlError, Refused
from hangctl.commands.film.player import show_window
from hangctl.commands.room.entering import join
from hangctl.options import FILE, Settings, subcommand
from hangctl.output import escape, film_text, markup, missing_text, remark
from hangd.file_names import path_of

_NOTIFY_SECONDS = 5.0
"""The longest time that a notification may take."""


@subcommand("open")
@click.argument("names", metavar="[FILE...|INVITE]", nargs=-1, type=FILE)
@click.option("--notify", is_flag=True, help="Tell of errors, and of the room that was joined, on the desktop, too.")
@click.pass_context
def open_(context: click.Context, names: tuple[str, ...], notify: bool) -> None:
    """Play films, or join the room of an INVITE. This is what desktops run for a click.

    Outside rooms, the films replace the playlist, and play at once. In a room a FILE is opened only if the room shows
    its film and you are without it. Starts a daemon if there is none.
    """
    settings = context.find_object(Settings)
    assert settings is not None
    with _told_on_the_desktop() if notify else nullcontext():
        invites = [name for name in names if path_of(name, "/") is None]
        if invites and len(names) > 1:
            raise click.UsageError("an invite is opened alone")
        if invites:
            _join(context, settings, invites[0], notify=notify)
        elif names:
            _play(settings, names)
        else:
            _show(settings, notify=notify)


def _join(context: click.Context, settings: Settings, invite: str, *, notify: bool) -> None:
    try:
        context.invoke(join, room=invite)
    except Refused as error:
        if error.code == "WrongPassword":
            from shlex import quote

            error.hint = f"in a terminal: hangctl join --password {quote(invite)}"
        elif error.needs == "password":
            from shlex import quote

            error.hint = f"in a terminal: hangctl join {quote(invite)}"
        raise
    if notify:
        with settings.connect() as connection:
            values = connection.get_properties("room/name", "room/id", "media/missing")
        about = f"joined {values['room/name'] or values['room/id']}"
        if values["media/missing"]:
            about += f"; {missing_text(values['media/missing'])}"
        _notify(about)


def _play(settings: Settings, names: tuple[str, ...]) -> None:
    """Play films, all or none; in a room, open the film that this machine is without."""
    from hangctl.autostart import ensure_daemon

    files = settings.files(*names)
    with ensure_daemon(settings) as connection:
        values = connection.get_properties("room/id", "room/name", "room/policy", "media/missing", "path")
    if values["room/id"] is None:
        paths = [file.path for file in files]
        loaded: Command = ["hang-playlist-add", "replace+play", *paths]
        settings.perform(loaded, ["set_property", "pause", False], action=f"open '{names[0]}'")
        return
    if [file.path for file in files] == [values["path"]]:
        _show(settings, notify=False)
        return
    missing = values["media/missing"]
    # Any other file would move the room on to it, for everyone: a click is not meant so.
    if missing and len(files) == 1 and _may_be(missing, files[0].size, (values["room/policy"] or {}).get("match")):
        settings.request(["room-media", files[0].path], action=f"open '{names[0]}'")
        return
    room = values["room/name"] or values["room/id"]
    why = f"the room shows {film_text(missing)}" if missing else f"you are in the room '{room}'"
    raise ControlError(
        f"cannot open '{names[0]}': {why}",
        "`hangctl media FILE` opens a film in the room, for everyone; `hangctl leave` leaves the room",
    )


def _may_be(missing: dict[str, Any], size: int, match: str | None) -> bool:
    """Tell whether a file of this size may be the film that the room shows."""
    return match == "none" or missing.get("size") == size


def _show(settings: Settings, *, notify: bool) -> None:
    """Bring the film's window back, or tell how to open a film."""
    from hangctl.autostart import ensure_daemon

    with ensure_daemon(settings) as connection:
        is_idle = connection.request(["get_property", "idle-active"], action="show the window")[0]
    if is_idle:
        text = "nothing is open: open a film with hang, or click an invite"
        remark(text)
        if notify:
            _notify(text)
    else:
        show_window(settings)


@contextmanager
def _told_on_the_desktop() -> Iterator[None]:
    """Show an error also as a notification, because what a desktop starts has no terminal."""
    try:
        yield
    except ControlError as error:
        _notify(str(error), error.hint)
        raise
    except click.ClickException as error:
        _notify(error.format_message())
        raise


def _notify(text: str, hint: str | None = None) -> None:
    """Show a notification, if there is notify-send and a desktop that shows it."""
    body = "\n".join(markup(escape(line)) for line in (text, hint) if line)
    words = ["notify-send", "--app-name=hang", "--icon=hang", "--hint=string:desktop-entry:hang", "--", "hang", body]
    try:
        subprocess.run(words, capture_output=True, timeout=_NOTIFY_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return
