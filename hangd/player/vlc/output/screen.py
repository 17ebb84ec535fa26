"""Choose VLC's video output for each film, show and hide its window, and tell if a film is played without a picture.

Owner thread only, except for `Screen.look`.

On X VLC draws in hang's window (`PictureWindow`), whoever chose VLC's output. On Wayland VLC opens a window of its own.
An output that was chosen for a film stays until the film is closed. So OutputStale asks for the film to be opened anew
where a display has come back, and where a window that is not hang's is to be hidden or shown.
"""

import os
import re
import threading
from collections.abc import Callable
from ctypes import c_bool, c_char_p, c_int, c_void_p
from typing import Final, TypeVar

from hangd.engine.player_messages import OutputStale, PictureChanged, PlayerDied, SetWindow, WindowChanged
from hangd.player.base import PictureWindow
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.core import STRING, load_core
from hangd.player.vlc.output import display
from hangd.player.vlc.thread import run_aside
from hangd.player.vlc.tracks.tracks import list_tracks

_Result = TypeVar("_Result")

_NOT_DECODED: Final = "no picture here: VLC cannot decode this film's picture"
_GONE: Final = "VLC draws with OpenGL on a display that is gone"
_DISPLAY: Final = "vout display"
"""VLC's log calls the video output so."""
_OUTPUT: Final = b"vout"
_WINDOW: Final = b"window"
_IN_WINDOW: Final = b"embed-xid,any"
_ANSWER_SECONDS: Final = 4.0
"""Longer than the window on X takes to say that its display does not answer."""
_LOCAL_DISPLAY: Final = re.compile(r":\d{1,5}(\.\d{1,2})?")


class Screen:
    """See the module's docstring.

    Args:
        output: VLC's video outputs that are tried, in their order.
        chooses: hangd chooses the output, and not the user.
        on_display: the output is to open a window on a display.
        window: hang's window on X; None: there is none, and VLC opens windows there too.
    """

    def __init__(
        self, context: PlayerContext, output: str, *, chooses: bool, on_display: bool, window: PictureWindow | None
    ) -> None:
        self._context = context
        self._on_display = on_display
        self._chooses = chooses
        self._window = window if on_display else None
        self._display = display.Display(self._window, lambda problem: context.post(lambda: self._lost(problem)))
        self._wanted = output
        self._output = output
        """What VLC was told to use, at its start (`libvlc`) or since."""
        self._drawable: int | None = None
        """The X window that VLC was told to draw in."""
        self._problem: str | None = None
        """Why there is no display, or no output for it."""
        self._told: tuple[int, str] | None = None
        """The generation of the film that was last said to have no picture, and why."""
        self._is_open = self._has_output = False
        """A film is open, and VLC has an output for it."""
        self._module = ""
        """VLC's module that shows the picture."""
        self._hidden = False
        self._is_selected = True
        """The viewer has not switched the film's picture off."""
        self._stale = False
        """The display of the film that is open was lost."""
        self._shown = False
        """What was told last."""
        functions = {"var_SetChecked": (c_void_p, c_char_p, c_int, c_char_p), "module_exists": (c_char_p,)}
        self._core = load_core(functions, without="one output for all")
        self._has_plugins = True
        if self._core is not None:
            self._core.module_exists.restype = c_bool
            self._has_plugins = any(self._core.module_exists(name.encode()) for name in display.OUTPUTS)
        if self._window is not None:
            for player in context.picture_players:
                player.video_set_key_input(False)
                player.video_set_mouse_input(False)

    # ---- films ------------------------------------------------------------------------------------------------------

    def look(self, check: Callable[[], _Result]) -> _Result:
        """Check the display along with the file. Runs on a thread of its own, because both can block.

        A display that does not answer costs the picture and not the film, so it has a deadline of its own.
        """
        if not self._on_display:
            return check()
        found: list[str | None] = []
        looking = threading.Thread(target=lambda: found.append(self._find_problem()), name="display", daemon=True)
        looking.start()
        result = check()
        looking.join(_ANSWER_SECONDS)
        self._problem = found[0] if found else display.silent()
        return result

    def opening(self) -> bool:
        """VLC is about to open a film. Return whether the output of the film before must not be used for it."""
        changes = self._stale
        self._is_open = True
        self._select(True)
        self._has_output = self._stale = self._shown = False
        found = self._display.drawable
        drawable = self._drawable if self._problem is not None else None if found is None else found.id
        output = self._wanted
        # Without a display VLC would try all its outputs again for each frame.
        if self._chooses and (self._problem is not None or (self._hidden and drawable is None)):
            output = display.NONE
        elif self._chooses and found is not None and not found.is_accelerated:
            output = ",".join(name for name in output.split(",") if name not in display.OPENGL)
        if (output, drawable) != (self._output, self._drawable):
            self._output, self._drawable = output, drawable
            self._tell_vlc(output, drawable)
            changes = True
        return changes

    def _tell_vlc(self, output: str, drawable: int | None) -> None:
        # VLC opens a window before it opens the output, also for one that needs none.
        window = b"none" if output == display.NONE else b"" if drawable is None else _IN_WINDOW
        for player in self._context.picture_players:
            player.set_xwindow(drawable or 0)
            if self._core is not None:
                # After the call before, which lets VLC try all outputs that it has.
                self._core.var_SetChecked(player, _OUTPUT, STRING, output.encode())
                self._core.var_SetChecked(player, _WINDOW, STRING, window)

    def options(self) -> list[str]:
        """Return the options with which VLC has to open the film: decoders of the hardware use the display too."""
        return [":avcodec-hw=none"] if self._chooses and self._problem is not None else []

    def opened(self, *, has_output: bool, has_failed: bool) -> None:
        """The film is open, and VLC has a video output or will not have one, perhaps because none opens."""
        if self._problem is not None:
            self._tell(self._problem)
        elif not has_output:
            self._tell(display.NO_OUTPUT if has_failed else _NOT_DECODED)
        else:
            self.output_appeared()

    def used(self, what: str, module: str) -> None:
        """VLC's log says that it uses this module for something."""
        if what == _DISPLAY:
            self._module = module

    def output_appeared(self) -> None:
        """VLC has opened a video output, perhaps later than it should have."""
        self._has_output = True
        if self._problem is None and self._on_display and self._is_told:
            self._told = None
            self._context.emit(PictureChanged(self._context.film.generation, None))
        self._tell_whether_shown()

    def output_ended(self) -> None:
        """VLC has closed its video output, or opened none, because there is no picture."""
        self._has_output = self._stale = False
        self._tell_whether_shown()

    def closed(self) -> None:
        """No film is open any more."""
        self._is_open = self._has_output = self._stale = self._shown = False
        if self._window is not None:
            self._window.film_closed()

    def close(self) -> None:
        self._display.close()

    # ---- the window -------------------------------------------------------------------------------------------------

    def set_window(self, command: SetWindow) -> None:
        """Show the window, or hide it, for this film and later ones."""
        self._hidden = not command.shown
        if command.shown and command.display is not None:
            self._learn_display(command.display, command.authority)
        if command.shown and (self._problem is not None or not self._is_open):
            run_aside(self._find_problem, self._looked_again, self._context.post)
        elif command.shown and self._told is not None and self._is_told:
            self._tell(self._told[1])
        elif self._has_output and self._chooses and self._drawable is None:
            if command.shown == (self._output == display.NONE):
                self._renew()  # There is no window that could be hidden and shown, as on Wayland.
        self._tell_whether_shown()

    def picture_selected(self, selected: bool) -> bool:
        """The viewer has switched the film's picture on or off. Return whether the film is to be opened anew.

        What VLC shows of a picture that is switched on is broken until the next key frame, and in a pause nothing at
        all.
        """
        comes_back = selected and not self._is_selected
        self._select(selected)
        if comes_back:
            self._renew()
        return comes_back

    def _select(self, selected: bool) -> None:
        self._is_selected = selected
        if self._window is not None:
            self._window.show_picture(selected)

    def set_fullscreen(self, fullscreen: bool) -> None:
        """Let the window fill the screen, or not, for this film and later ones."""
        if self._window is not None:
            self._window.set_fullscreen(fullscreen)
        if self._drawable is None:
            for player in self._context.picture_players:
                player.set_fullscreen(fullscreen)

    def _learn_display(self, name: str, authority: str | None) -> None:
        """Use this display, which a control client has named, if there was none so far. VLC looks there too."""
        has_none = self._problem is not None or not os.environ.get("DISPLAY")
        if self._window is not None and has_none and _LOCAL_DISPLAY.fullmatch(name):
            os.environ["DISPLAY"] = name
            if authority is not None and os.path.isabs(authority):
                os.environ["XAUTHORITY"] = authority

    def _looked_again(self, problem: str | None) -> None:
        self._problem = problem
        if problem is not None:
            self._tell(problem)
        elif self._has_output and not self._hidden:
            self._stale = True  # The window was lost with the display before.
            self._renew()
        elif not (self._is_open or self._hidden or self._window is None or self._display.drawable is None):
            self._window.show(None)

    def _renew(self) -> None:
        self._context.emit(OutputStale(self._context.film.generation))

    # ---- what is told -----------------------------------------------------------------------------------------------

    def _find_problem(self) -> str | None:
        return self._display.problem() or (None if self._has_plugins else display.NO_OUTPUT)

    def _lost(self, problem: str) -> None:
        self._problem = problem
        self._stale = True
        self._tell(problem)
        if problem != display.CLOSED and self._has_output and self._module in display.OPENGL:
            # Mesa draws a picture for minutes then, and VLC cannot close such an output.
            self._context.player.set_pause(1)  # Else its sound goes on beside that of the next player.
            self._context.emit(PlayerDied(self._context.film.generation, "hung", _GONE))

    @property
    def _is_told(self) -> bool:
        return self._told is not None and self._told[0] == self._context.film.generation

    def _tell(self, problem: str) -> None:
        film = self._context.film
        if film.is_announced:
            self._told = film.generation, problem
            self._context.emit(PictureChanged(film.generation, problem))
        self._tell_whether_shown()

    def _tell_whether_shown(self) -> None:
        shown = self._on_display and self._has_output and not self._hidden and self._problem is None
        if self._window is not None:
            if shown:
                self._window.show(film_size(self._context))
            elif self._is_open or self._hidden:
                self._window.hide()
        if shown != self._shown:
            self._shown = shown
            self._context.emit(WindowChanged(self._context.film.generation, shown))


def film_size(context: PlayerContext) -> tuple[int, int] | None:
    """Return the width and height of the picture as it is shown, if they are known."""
    if context.cover.is_shown:
        width, height = context.cover.player.video_get_size(0)
        return (width, height) if width and height else None
    for track in list_tracks(context):
        if track.kind == "video" and track.selected and track.width and track.height:
            width, height = round(track.width * (track.pixel_aspect or 1.0)), track.height
            return (height, width) if track.rotation in (90, 270) else (width, height)
    return None
