"""`CoverPlayer`: show the cover of a piece of music, while another player plays its sound. Owner thread only.

VLC 3 has no track for a cover. As a second file of the sound's player it has a window, which stays black after the
first seek. So it has a player of its own, which knows no time and has no sound. That one belongs to a second libVLC
instance: what it logs is not taken for the film's, and it asks for no sound server.
"""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, Final

from hangd.player.cover.cover import Cover
from hangd.player.vlc.events import attach_log
from hangd.player.vlc.libvlc import open_instance
from hangd.player.vlc.tracks.copies import Copies

_OPTIONS: Final = ("--no-audio", "--aout=dummy")
_MEDIA_OPTIONS: Final = (":image-duration=-1", ":image-fps=1/1")
"""The picture has no end. Each second it is made anew."""
_OUTPUT: Final = "vout display"


class CoverPlayer:
    """See the module's docstring.

    Args:
        options: the user's options for libVLC.
        post: runs a function on the owner thread.
        appeared: called there when VLC has a video output for the cover.
        hidden: called there when the cover is not shown any more.
        used: called on VLC's threads with what one of VLC's modules is used for, and the module's name.
    """

    def __init__(
        self,
        vlc: ModuleType,
        options: Sequence[str],
        post: Callable[[Callable[[], object]], None],
        appeared: Callable[[], None],
        hidden: Callable[[], None],
        used: Callable[[str, str], None],
    ) -> None:
        self._instance = open_instance(vlc, [*options, *_OPTIONS])

        def output_used(what: str, module: str) -> None:
            if what == _OUTPUT:
                used(what, module)

        self._log = attach_log(vlc, self._instance, lambda: 0, lambda _: None, output_used, lambda: None)
        self.player: Any = self._instance.media_player_new()
        """python-vlc's player."""
        self._marquee = vlc.VideoMarqueeOption
        self._shown: Cover | None = None
        self._copies = Copies()
        self._hidden = hidden

        def output(event: Any) -> None:
            if event.u.new_count > 0:
                post(lambda: appeared() if self.is_shown else None)

        self.player.event_manager().event_attach(vlc.EventType.MediaPlayerVout, output)

    @property
    def is_shown(self) -> bool:
        """Whether the picture is the cover's, and not the film's."""
        return self._shown is not None

    def show(self, cover: Cover) -> None:
        """Show this cover, in the window of the one before. One that cannot be shown is nobody's fault."""
        if cover is self._shown:
            return
        self._copies.closed()
        try:
            url = self._copies.url(cover.content)
        except OSError:  # there is no memory for it
            self.hide()
            return
        media = self._instance.media_new(url)
        for option in _MEDIA_OPTIONS:
            media.add_option(option)
        self.player.set_media(media)
        self._copies.opened()
        self.player.play()
        media.release()
        self._shown = cover

    def hide(self) -> None:
        """Show no cover. VLC closes the window."""
        if self._shown is not None:
            self._shown = None
            self._copies.closed()
            # Else the last text would be drawn again on the next cover.
            self.player.video_set_marquee_int(self._marquee.Enable, 0)
            self.player.stop()
            self._copies.opened()
            self._hidden()

    def close(self) -> None:
        """No film is open any more."""
        self.hide()
        self.player.release()
        self._instance.log_unset()
        self._instance.release()
        self._copies.end()
