"""What mpv can do and hang does not: commands that are known and refused, each with its reason."""

from collections.abc import Mapping
from typing import Final

__all__ = ["REFUSED"]

_RUNS: Final = "control clients run no programs here"
_FILES: Final = "control clients write and load no files here"
_KEYS: Final = "hang has no keys of its own: bind them where the window is"
_FILTERS: Final = "VLC's filters can not be changed while it plays"
_DRAWS: Final = "nothing but a line of text can be drawn on the picture"
_SUBTITLES: Final = "VLC does not tell when subtitles come"
_LATER: Final = "hang keeps no positions for later"
_SCRIPTS: Final = "hang has no scripts and no profiles"

REFUSED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("run", "subprocess"), _RUNS),
    **dict.fromkeys(("load-script", "load-config-file", "load-input-conf", "screenshot-raw", "dump-cache"), _FILES),
    **dict.fromkeys(("ab-loop-dump-cache", "update-clipboard"), _FILES),
    **dict.fromkeys(("keybind", "keypress", "keydown", "keyup", "mouse", "context-menu"), _KEYS),
    **dict.fromkeys(("define-section", "enable-section", "disable-section", "begin-vo-dragging"), _KEYS),
    **dict.fromkeys(("af", "vf", "af-command", "vf-command", "change-list"), _FILTERS),
    **dict.fromkeys(("overlay-add", "overlay-remove", "osd-overlay"), _DRAWS),
    **dict.fromkeys(("sub-step", "sub-seek"), _SUBTITLES),
    **dict.fromkeys(("video-add", "video-remove", "video-reload"), "a film here has but its own pictures"),
    **dict.fromkeys(("quit-watch-later", "write-watch-later-config", "delete-watch-later-config"), _LATER),
    **dict.fromkeys(("script-binding", "apply-profile"), _SCRIPTS),
    **dict.fromkeys(("drop-buffers", "ao-reload", "ab-loop-align-cache"), "VLC can not do that while it plays"),
}
