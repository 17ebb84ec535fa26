"""The film's window on a display of the test's own, with a window manager, as the event loop sees it."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from Xlib import XK, X, Xatom
from Xlib.display import Display
from Xlib.ext import screensaver, xfixes, xtest
from Xlib.protocol import event

from hangd.client.desktop.window import FilmWindow
from tests.support.desktop.managed import managed_display

pytestmark = pytest.mark.real


class Listener:
    """Keeps what is told of the window."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def key_pressed(self, name: str, text: str, repeated: bool) -> None:
        self.told.append(("key", name, text, repeated))

    def button_pressed(self, name: str, x: int, y: int) -> None:
        self.told.append(("pressed", name, x, y))

    def button_released(self, name: str, x: int, y: int) -> None:
        self.told.append(("released", name, x, y))

    def pointer_moved(self, x: int, y: int) -> None:
        self.told.append(("moved", x, y))

    def pointer_left(self) -> None:
        self.told.append(("left",))

    def resized(self) -> None:
        self.told.append(("resized",))

    def dropped(self, names: Sequence[str]) -> None:
        self.told.append(("dropped", *names))

    def close_requested(self) -> None:
        self.told.append(("close",))


@pytest.fixture(scope="module")
def display() -> Iterator[Display]:
    with managed_display() as display:
        yield display


class Shown:
    """A film's window that is shown, and the test's own view of it."""

    def __init__(self, window: FilmWindow, listener: Listener, display: Display, id: int) -> None:
        self.window, self.listener, self.display = window, listener, display
        self.video = display.create_resource_object("window", id)
        self.main = self.video.query_tree().parent

    async def until(self, condition: Callable[[], Any], what: str) -> None:
        until = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < until, (what, self.listener.told)
            await asyncio.sleep(0.02)

    def place(self) -> tuple[int, int, int, int]:
        size = self.main.get_geometry()
        corner = self.display.screen().root.translate_coords(self.main, 0, 0)
        return corner.x, corner.y, size.width, size.height

    def states(self) -> list[int]:
        found = self.main.get_full_property(self.display.get_atom("_NET_WM_STATE"), Xatom.ATOM)
        return [] if found is None else list(found.value)

    def press(self, *names: str) -> None:
        codes = [self.display.keysym_to_keycode(XK.string_to_keysym(name)) for name in names]
        for code in codes:
            xtest.fake_input(self.display, X.KeyPress, code)
        for code in reversed(codes):
            xtest.fake_input(self.display, X.KeyRelease, code)
        self.display.sync()

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        left, top, _, _ = self.place()
        data = self.display.screen().root.get_image(left + x, top + y, 1, 1, X.ZPixmap, 0xFFFFFFFF).data
        return data[2], data[1], data[0]


@contextlib.asynccontextmanager
async def opened(display: Display, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shown]:
    """Show the window for a film of 400 by 300 pixels."""
    monkeypatch.setenv("DISPLAY", display.get_display_name())
    window = FilmWindow(folder / "window.json")
    window.listener = listener = Listener()
    try:
        id = (await asyncio.to_thread(window.find)).id
        window.show((400, 300))
        shown = Shown(window, listener, display, id)
        await shown.until(lambda: window.is_shown and shown.main.get_attributes().map_state == X.IsViewable, "shown")
        shown.main.set_input_focus(X.RevertToParent, X.CurrentTime)  # A manager that has just started may give it none.
        await shown.until(lambda: display.get_input_focus().focus == shown.main, "the focus")
        yield shown
    finally:
        window.close()


@pytest_asyncio.fixture
async def shown(display: Display, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shown]:
    async with opened(display, tmp_path, monkeypatch) as shown:
        yield shown


async def test_panels_stand_above_the_picture_and_only_where_they_are_painted(shown: Shown) -> None:
    child = shown.video.create_window(0, 0, 400, 300, 0, X.CopyFromParent, background_pixel=0x0000FF)
    child.map()  # as a player does, and after a panel was made
    colour = child.create_gc(foreground=0x0000FF)

    def play() -> None:
        """Draw the next picture of the film, which is as blue as the one before."""
        child.fill_rectangle(colour.id, 0, 0, 400, 300)
        shown.display.sync()

    panel, above = shown.window.panel(), shown.window.panel()

    def paint(context: Any) -> None:
        context.set_source_rgb(1, 0, 0)
        context.rectangle(0, 0, 20, 20)
        context.fill()

    def paint_white(context: Any) -> None:
        context.set_source_rgb(1, 1, 1)
        context.paint()

    panel.draw(100, 100, 40, 40, paint)
    above.draw(110, 110, 5, 5, paint_white)
    await shown.until(lambda: shown.pixel(112, 112) == (255, 255, 255), "the upper panel")
    assert shown.pixel(105, 105) == (255, 0, 0)
    assert shown.pixel(130, 130) == (0, 0, 255), "the picture, where nothing is painted"
    panel.draw(200, 100, 40, 40, paint)
    await shown.until(lambda: shown.pixel(205, 105) == (255, 0, 0), "the panel, moved")
    assert shown.pixel(105, 105) == (255, 0, 0), "what was there stays until the next picture, and is never black"
    play()
    assert shown.pixel(105, 105) == (0, 0, 255)
    panel.hide()

    def is_hidden() -> bool:
        play()
        return shown.pixel(205, 105) == (0, 0, 255)

    await shown.until(is_hidden, "the panel, hidden")


async def test_keys_and_buttons_are_told_by_mpvs_names(shown: Shown) -> None:
    told = shown.listener.told
    for keys, expected in (
        (("a",), ("key", "a", "a", False)),
        (("Shift_L", "a"), ("key", "A", "A", False)),
        (("Control_L", "Right"), ("key", "Ctrl+RIGHT", "", False)),
        (("space",), ("key", "SPACE", " ", False)),
        (("Shift_L", "3"), ("key", "SHARP", "#", False)),
    ):
        shown.press(*keys)
        await shown.until(lambda expected=expected: expected in told, str(keys))  # type: ignore[misc]
    left, top, _, _ = shown.place()
    xtest.fake_input(shown.display, X.MotionNotify, x=left + 50, y=top + 60)
    shown.display.sync()
    await shown.until(lambda: ("moved", 50, 60) in told, "a move")
    for button in (1, 1, 4):
        xtest.fake_input(shown.display, X.ButtonPress, button)
        xtest.fake_input(shown.display, X.ButtonRelease, button)
    shown.display.sync()
    await shown.until(lambda: ("pressed", "WHEEL_UP", 50, 60) in told, "the wheel")
    assert [each[:2] for each in told if each[0] in ("pressed", "released")] == [
        ("pressed", "MBTN_LEFT"),
        ("released", "MBTN_LEFT"),
        ("pressed", "MBTN_LEFT"),
        ("pressed", "MBTN_LEFT_DBL"),
        ("released", "MBTN_LEFT"),
        ("pressed", "WHEEL_UP"),
    ]


async def test_two_clicks_at_two_places_are_no_double_click(shown: Shown) -> None:
    left, top, _, _ = shown.place()
    told = shown.listener.told
    for x, clicks in ((50, 1), (150, 2)):
        xtest.fake_input(shown.display, X.MotionNotify, x=left + x, y=top + 60)
        shown.display.sync()
        await shown.until(lambda x=x: ("moved", x, 60) in told, "a move")  # type: ignore[misc]
        for _ in range(clicks):
            xtest.fake_input(shown.display, X.ButtonPress, 1)
            xtest.fake_input(shown.display, X.ButtonRelease, 1)
        shown.display.sync()
        await shown.until(lambda x=x: ("released", "MBTN_LEFT", x, 60) in told, "a click")  # type: ignore[misc]
    await shown.until(lambda: ("pressed", "MBTN_LEFT_DBL", 150, 60) in told, "a double click")
    assert [each for each in told if each[0] == "pressed"] == [
        ("pressed", "MBTN_LEFT", 50, 60),
        ("pressed", "MBTN_LEFT", 150, 60),
        ("pressed", "MBTN_LEFT", 150, 60),
        ("pressed", "MBTN_LEFT_DBL", 150, 60),
    ]


async def test_it_keeps_the_screen_saver_off_as_long_as_it_is_asked_to(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hangd.client.desktop.window._AWAKE_SECONDS", 0.05)
    root = shown.display.screen().root

    def saver_is_on(force: bool) -> bool:
        if force:
            shown.display.force_screen_saver(X.ScreenSaverActive)
        return bool(root.screensaver_query_info().state == screensaver.StateOn)

    assert saver_is_on(force=True)
    shown.window.keep_awake(True)
    for _ in range(2):
        await shown.until(lambda: not saver_is_on(force=False), "the saver, off")
        saver_is_on(force=True)
    shown.window.keep_awake(False)
    await asyncio.to_thread(shown.window.find)  # which answers when all that was asked before is done
    await shown.until(lambda: saver_is_on(force=True), "the saver, on")
    await asyncio.sleep(0.3)
    assert saver_is_on(force=False)
    shown.display.force_screen_saver(X.ScreenSaverReset)


async def test_it_knows_whether_it_has_the_keyboard(shown: Shown) -> None:
    await shown.until(lambda: shown.window.is_focused, "the keyboard")
    other = shown.display.screen().root.create_window(0, 0, 50, 50, 0, X.CopyFromParent)
    other.map()
    await shown.until(lambda: other.get_attributes().map_state == X.IsViewable, "another window")
    other.set_input_focus(X.RevertToParent, X.CurrentTime)
    shown.display.sync()
    await shown.until(lambda: not shown.window.is_focused, "the keyboard is the other window's")
    shown.window.activate()
    await shown.until(lambda: shown.window.is_focused, "the keyboard again")
    other.destroy()


async def test_it_fills_the_screen_and_comes_back(shown: Shown) -> None:
    full = shown.display.get_atom("_NET_WM_STATE_FULLSCREEN")
    before = shown.place()
    assert before[2:] == (400, 300)
    shown.window.set_fullscreen(True)
    await shown.until(lambda: shown.place() == (0, 0, 800, 600) and full in shown.states(), "the full screen")
    await shown.until(lambda: shown.window.size == (800, 600), "its size")
    size = shown.video.get_geometry()
    assert (size.width, size.height) == (800, 600)
    shown.window.set_fullscreen(False)
    await shown.until(lambda: shown.place() == before and full not in shown.states(), "the window as before")


async def test_it_fills_the_monitor_that_it_is_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with managed_display(900, 500, monitors=(500, 400)) as display:
        async with opened(display, tmp_path, monkeypatch) as shown:
            x, _, width, _ = shown.place()
            assert 0 <= x and x + width <= 500, "it opens on the first monitor"
            shown.window.set_fullscreen(True)
            await shown.until(lambda: shown.place() == (0, 0, 500, 500), "the first monitor, full")
            shown.window.set_fullscreen(False)
            await shown.until(lambda: shown.place()[2] == width, "the window as before")
            shown.main.configure(x=560, y=100, width=300, height=200)
            display.sync()
            await shown.until(lambda: shown.place()[0] > 500, "the window on the second monitor")
            shown.window.set_fullscreen(True)
            await shown.until(lambda: shown.place() == (500, 0, 400, 500), "the second monitor, full")


async def test_without_a_window_manager_it_fills_its_monitor_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with managed_display(900, 500, monitors=(500, 400), manager=False) as display:
        async with opened(display, tmp_path, monkeypatch) as shown:
            before = shown.place()
            shown.window.set_fullscreen(True)
            await shown.until(lambda: shown.place() == (0, 0, 500, 500), "the first monitor, full")
            shown.window.set_fullscreen(False)
            await shown.until(lambda: shown.place() == before, "the window as before")


async def test_a_dense_screen_is_known_by_its_resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with managed_display(manager=False) as display:
        resources = b"*foo:\tbar\nXft.dpi:\t192\nXft.hinting:\t1\n"
        display.screen().root.change_property(Xatom.RESOURCE_MANAGER, Xatom.STRING, 8, resources)
        display.sync()
        async with opened(display, tmp_path, monkeypatch) as shown:
            assert shown.window.scale == 2.0


async def test_what_window_managers_are_told(shown: Shown) -> None:
    main, display = shown.main, shown.display
    assert main.get_wm_class() == ("hang", "hang")
    shown.window.set_title("Ärger – 映画 - hang")
    name = display.get_atom("_NET_WM_NAME"), display.get_atom("UTF8_STRING")
    await shown.until(lambda: main.get_full_property(*name).value == "Ärger – 映画 - hang".encode(), "the title")
    assert list(main.get_full_property(display.get_atom("_NET_WM_PID"), Xatom.CARDINAL).value) == [os.getpid()]
    icon = main.get_full_property(display.get_atom("_NET_WM_ICON"), Xatom.CARDINAL).value
    assert list(icon[:2]) == [16, 16]
    hidden = display.get_atom("WM_PROTOCOLS")
    close = event.ClientMessage(
        window=main, client_type=hidden, data=(32, [display.get_atom("WM_DELETE_WINDOW"), X.CurrentTime, 0, 0, 0])
    )
    main.send_event(close)
    display.sync()
    await shown.until(lambda: ("close",) in shown.listener.told, "the request to close")


async def test_the_pointer_is_hidden_and_shown(shown: Shown) -> None:
    xfixes.query_version(shown.display)
    left, top, _, _ = shown.place()
    xtest.fake_input(shown.display, X.MotionNotify, x=left + 50, y=top + 60)
    shown.display.sync()

    def size() -> tuple[int, int]:
        image = xfixes.get_cursor_image(shown.display, shown.main)
        return image.width, image.height

    await shown.until(lambda: size() > (1, 1), "a pointer")
    shown.window.show_pointer(False)
    await shown.until(lambda: size() == (1, 1), "no pointer")
    shown.window.show_pointer(True)
    await shown.until(lambda: size() > (1, 1), "the pointer")


async def test_files_that_are_dropped(shown: Shown) -> None:
    display, main = shown.display, shown.main
    atom = display.get_atom
    source = display.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    source.set_selection_owner(atom("XdndSelection"), X.CurrentTime)
    content = b"file:///films/a%20b.mp4\r\nfile://localhost/\xc3\xa4.mkv\r\nhttps://example.org/x\r\n"

    def send(kind: str, *words: int) -> None:
        data = (32, [source.id, *words, *[0] * (4 - len(words))])
        main.send_event(event.ClientMessage(window=main, client_type=atom(kind), data=data))
        display.sync()

    send("XdndEnter", 5 << 24, atom("text/plain"), atom("text/uri-list"))
    send("XdndPosition", 0, 0, X.CurrentTime, atom("XdndActionCopy"))
    messages: list[Any] = []

    def received(kind: str) -> Any:
        while display.pending_events():
            messages.append(display.next_event())
        return next(
            (each for each in messages if each.type == X.ClientMessage and each.client_type == atom(kind)), None
        )

    await shown.until(lambda: received("XdndStatus"), "the answer")
    assert received("XdndStatus").data[1][1] & 1, "it is accepted"
    send("XdndDrop", 0, X.CurrentTime)

    def request() -> Any:
        received("")
        return next((each for each in messages if each.type == X.SelectionRequest), None)

    await shown.until(request, "the request of the content")
    asked = request()
    assert asked.target == atom("text/uri-list")
    asked.requestor.change_property(asked.property, asked.target, 8, content)
    answer = event.SelectionNotify(
        time=asked.time,
        requestor=asked.requestor,
        selection=asked.selection,
        target=asked.target,
        property=asked.property,
    )
    asked.requestor.send_event(answer)
    display.sync()
    await shown.until(
        lambda: ("dropped", "/films/a b.mp4", "/ä.mkv", "https://example.org/x") in shown.listener.told, "the drop"
    )
    await shown.until(lambda: received("XdndFinished"), "the end")


async def test_the_place_is_kept_and_the_aspect_is_the_films(shown: Shown, tmp_path: Path) -> None:
    shown.main.configure(x=100, y=80, width=500, height=400)
    shown.display.sync()
    await shown.until(lambda: shown.window.size == (500, 400), "the new size")
    place = shown.place()
    shown.window.hide()
    await shown.until(lambda: not shown.window.is_shown, "hidden")
    shown.window.show(None)
    await shown.until(lambda: shown.window.is_shown, "shown again")
    await shown.until(lambda: shown.place() == place, f"where it was: {place}")
    shown.window.show((600, 200))
    await shown.until(lambda: abs(shown.window.size[0] / shown.window.size[1] - 3) < 0.02, "the next film's aspect")
    assert (tmp_path / "window.json").exists()
