"""`XThread`: a thread that owns a connection to the X server, and the film's window on it.

Everything that can block in the X server blocks here, and nowhere else. What is wanted of the window is kept as the
last wish of each kind, so a server that does not answer lets no queue grow, and a new connection gets all of them.
"""

import logging
import math
import os
import select
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from hangd.client.desktop.placement import Placements
from hangd.player.base import Drawable

if TYPE_CHECKING:  # They are loaded on the thread.
    from hangd.client.desktop.x11.session import Session
    from hangd.client.desktop.x11.window import MainWindow, Reports

_log = logging.getLogger(__name__)

_ANSWER_SECONDS: Final = 3.0
"""A display answers in a few milliseconds, on a busy machine in some tenths of a second."""
_CLOSE_SECONDS: Final = 1.0

Wish = Callable[["MainWindow"], object]


class XThread:
    """See the module's docstring. All methods may be called from any thread.

    Args:
        reports: told of what happens in the window, on the thread.
        placements: where the window was.
        lost: called on the thread when the connection has ended, with whether only the window was destroyed.
    """

    def __init__(self, reports: "Reports", placements: Placements, lost: Callable[[bool], None]) -> None:
        self._reports = reports
        self._placements = placements
        self._lost = lost
        self._lock = threading.Lock()
        self._wishes: dict[Hashable, Wish] = {}
        self._new: dict[Hashable, Wish] = {}
        """Those that have not been carried out."""
        self._asked: list[Future[Drawable]] = []
        self._closing = False
        self._thread: threading.Thread | None = None
        self._awake, self._waker = os.pipe()
        os.set_blocking(self._awake, False)
        os.set_blocking(self._waker, False)

    def find(self) -> Drawable:
        """Return the window to draw in, once the X server has answered. Connects if there is no connection.

        Blocks for three seconds at most.

        Raises:
            ConnectionError: the display cannot be opened.
            TimeoutError: it does not answer.
        """
        answer: Future[Drawable] = Future()
        with self._lock:
            if self._closing:
                raise ConnectionError
            self._asked.append(answer)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="x11", daemon=True)
                self._thread.start()
        self._wake()
        try:
            return answer.result(_ANSWER_SECONDS)
        finally:
            answer.cancel()

    def want(self, what: Hashable, wish: Wish) -> None:
        """Do ``wish`` with the window, now and whenever there is a new one. A later wish of this kind replaces it."""
        with self._lock:
            self._wishes[what] = wish
            self._new.pop(what, None)
            self._new[what] = wish
        self._wake()

    def close(self) -> None:
        """End the connection and the thread, as far as it can be ended."""
        with self._lock:
            self._closing = True
            thread = self._thread
        self._wake()
        if thread is not None:
            thread.join(_CLOSE_SECONDS)

    def _wake(self) -> None:
        try:
            os.write(self._waker, b".")
        except BlockingIOError:
            pass  # It is full, so the thread will wake.

    # ---- on the thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            asked = self._take_asked()
            if not asked:
                self._sleep([self._awake], None)
                continue
            try:
                session = self._connect()
            except ConnectionError:
                _refuse(asked)
                continue
            self._serve(session, asked)

    def _connect(self) -> "Session":
        try:
            from hangd.client.desktop.x11.session import Session
        except (ImportError, OSError) as error:
            _log.warning("no window for films: %s", error)
            raise ConnectionError from error
        return Session(self._reports, self._placements)

    def _serve(self, session: "Session", asked: list["Future[Drawable]"]) -> None:
        """Use the connection until it ends."""
        from hangd.client.desktop.x11.session import SessionEnded

        with self._lock:
            self._new = dict(self._wishes)
        try:
            while not self._closing:
                self._turn(session, asked)
            session.do(lambda window: window.hide())
            session.sync()
        except SessionEnded as ended:
            _refuse(asked)
            if not self._closing:
                self._lost(ended.destroyed)
        finally:
            session.close()

    def _turn(self, session: "Session", asked: list["Future[Drawable]"]) -> None:
        """Do what is to be done now, and sleep until there is more."""
        for wish in self._take_new():
            session.do(wish)
        asked += self._take_asked()
        if asked:
            session.sync()
            while asked:
                answer = asked.pop()
                if answer.set_running_or_notify_cancel():
                    answer.set_result(session.window.drawable)
        session.handle_events()
        now = time.monotonic()
        session.do(lambda window: window.expire(now))
        session.flush()
        if not session.has_events():
            due = session.window.due
            self._sleep([self._awake, session.fileno()], None if due is None else max(0.0, due - now))

    def _sleep(self, descriptors: list[int], seconds: float | None) -> None:
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        poll.poll(None if seconds is None else math.ceil(seconds * 1000))
        try:
            os.read(self._awake, 4096)
        except BlockingIOError:
            pass

    def _take_new(self) -> list[Wish]:
        with self._lock:
            new, self._new = self._new, {}
        return list(new.values())

    def _take_asked(self) -> list["Future[Drawable]"]:
        with self._lock:
            asked, self._asked = self._asked, []
        return asked


def _refuse(asked: list["Future[Drawable]"]) -> None:
    while asked:
        answer = asked.pop()
        if answer.set_running_or_notify_cancel():
            answer.set_exception(ConnectionError())
