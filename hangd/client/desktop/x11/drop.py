"""`DropTarget`: files and links that are dropped on the window (the XDND protocol, version 5). On the X thread."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.protocol import event
from Xlib.xobject.drawable import Window

_VERSION: Final = 5
_TYPES: Final = ("text/uri-list", "UTF8_STRING", "text/plain;charset=utf-8", "text/plain")
"""In the order of preference."""
_WORDS_MAX: Final = 1 << 18
"""A list of names is read up to 1 MiB."""
_NAMES_MAX: Final = 1000


class DropTarget:
    """See the module's docstring. ``dropped`` is called with paths and URLs."""

    def __init__(self, display: Display, window: Window, dropped: Callable[[Sequence[str]], None]) -> None:
        self._display = display
        self._window = window
        self._dropped = dropped
        self._source = 0
        """The window that is being dragged from."""
        self._type: int | None = None
        """What the source offers and we take."""
        window.change_property(self._atom("XdndAware"), Xatom.ATOM, 32, [_VERSION])

    def _atom(self, name: str) -> int:
        return self._display.get_atom(name)

    def handle(self, happened: Any) -> bool:
        """Take an event of the window. Returns whether it belongs to a drop."""
        if happened.type == X.SelectionNotify:
            if happened.selection == self._atom("XdndSelection"):
                self._received(happened)
            return True
        if happened.type != X.ClientMessage or happened.data[0] != 32:
            return False
        kind, words = happened.client_type, list(happened.data[1])
        if kind == self._atom("XdndEnter"):
            self._source = words[0]
            self._type = self._choose(words)
        elif kind == self._atom("XdndPosition"):
            accepts = int(self._type is not None)
            action = self._atom("XdndActionCopy") if accepts else 0
            self._answer("XdndStatus", words[0], [self._window.id, accepts, 0, 0, action])
        elif kind == self._atom("XdndLeave"):
            self._source, self._type = 0, None
        elif kind == self._atom("XdndDrop"):
            self._source = words[0]
            if self._type is None:
                self._finish(taken=False)
            else:
                time = words[2]
                self._window.convert_selection(
                    self._atom("XdndSelection"), self._type, self._atom("_HANG_DROP"), time or X.CurrentTime
                )
        else:
            return False
        return True

    def _choose(self, words: Sequence[int]) -> int | None:
        offered: Sequence[int] = words[2:5]
        if words[1] & 1:  # There are more than three, and the source has a list of them.
            source = self._display.create_resource_object("window", words[0])
            found = source.get_full_property(self._atom("XdndTypeList"), Xatom.ATOM)
            offered = () if found is None else list(found.value)
        return next((atom for name in _TYPES if (atom := self._atom(name)) in offered), None)

    def _received(self, happened: Any) -> None:
        names: Sequence[str] = ()
        if happened.property != X.NONE:
            found = self._window.get_property(happened.property, X.AnyPropertyType, 0, _WORDS_MAX, delete=True)
            if found is not None and found.format == 8:
                value = found.value
                names = dropped_names(value if isinstance(value, bytes) else str(value).encode())
        self._finish(taken=bool(names))
        if names:
            self._dropped(names)

    def _finish(self, *, taken: bool) -> None:
        action = self._atom("XdndActionCopy") if taken else 0
        self._answer("XdndFinished", self._source, [self._window.id, int(taken), action, 0, 0])
        self._source, self._type = 0, None

    def _answer(self, kind: str, source: int, words: Sequence[int]) -> None:
        if source:
            target = self._display.create_resource_object("window", source)
            message = event.ClientMessage(window=target, client_type=self._atom(kind), data=(32, list(words)))
            target.send_event(message)


def dropped_names(content: bytes) -> list[str]:
    """Return the paths and URLs in a list that was dropped: one each line, files as ``file:`` URLs or as paths."""
    names = []
    for line in content.replace(b"\0", b"\n").splitlines():
        line = line.strip()
        if not line or line.startswith(b"#"):
            continue
        text = line.decode("utf-8", "surrogateescape")
        try:
            parts = urlsplit(text)
        except ValueError:
            continue
        if parts.scheme.lower() == "file":
            path = unquote_to_bytes(text[len("file:") :].removeprefix("//" + parts.netloc)).split(b"\0")[0]
            if path.startswith(b"/"):
                names.append(path.decode("utf-8", "surrogateescape"))
        elif text.startswith("/") or (parts.scheme and parts.netloc):
            names.append(text)
        if len(names) == _NAMES_MAX:
            break
    return names
