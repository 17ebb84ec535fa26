"""What loading the page costs, and joining with a large file."""

import contextlib
import shutil
import statistics
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.bench.skew.clips import Clip
from tests.bench.web.report import Row
from tests.bench.web.viewers import SESSION, HangdViewer, PageViewer
from tests.support.browsers.browser import ChromiumTab, chromium_tab
from tests.support.browsers.first_load import FIRST_LOAD_MAX, visited
from tests.support.daemons.party import person, room_server, wait_for
from tests.support.desktop.framebuffer import virtual_screen
from tests.support.desktop.skew import watching
from tests.support.network.badlink import BadLink

__all__ = ["first_load", "large_file"]

_LOADS: Final = 3
_INTERACTIVE_MAX: Final = 1.0
_PICTURE_MAX: Final = 2.0
_HASH_MIN: Final = 100e6
_LARGE: Final = 2 << 30


def first_load() -> list[Row]:
    """Load the page with an empty cache: bytes over the wire, and time until there is a button to press."""
    sizes, times, more = [], [], []
    for _ in range(_LOADS):
        with virtual_screen() as screen, room_server() as server, BadLink(server.port) as link:
            with chromium_tab(screen.display) as tab:
                began = time.monotonic()
                came = tab.run(visited(tab.page, f"http://127.0.0.1:{link.port}/"))
                times.append(time.monotonic() - began)
                sizes.append(sum(came.values()))
                _at_rest(link)
                more.append(link.carried()["back"] - sizes[-1])
    size, took = max(sizes), statistics.median(times)
    return [
        Row(
            "first load",
            "chromium",
            f"{FIRST_LOAD_MAX >> 10} KiB",
            size <= FIRST_LOAD_MAX,
            note=f"{size / 1024:.0f} KiB, and {max(more) / 1024:.0f} KiB afterwards, for what the service worker keeps",
        ),
        Row(
            "first load until there is a button",
            "chromium",
            f"{_INTERACTIVE_MAX:g} s",
            took <= _INTERACTIVE_MAX,
            note=f"{took:.2f} s (of {', '.join(f'{took:.2f}' for took in times)})",
        ),
    ]


def _at_rest(link: BadLink) -> None:
    """Wait until nothing more comes."""
    before = -1
    while (now := link.carried()["back"]) - before > 0:
        before = now
        time.sleep(1.5)


def large_file(clip: Clip) -> list[Row]:
    """Join a room whose film is a file of 2 GiB."""
    with (
        tempfile.TemporaryDirectory(prefix="hang-bench-") as name,
        virtual_screen() as left,
        virtual_screen() as right,
        room_server() as server,
        person("ada", Path(name), display=left.display) as ada,
        chromium_tab(right.display) as tab,
        watching(right) as (watch,),
    ):
        film = _padded(clip.path, Path(name) / "film.mp4")
        host, page = HangdViewer(ada), PageViewer(tab, "chromium")
        room = host.create(film, server.port)
        host.seek(2.0)
        page.open(server.port, room)
        began = time.monotonic()
        with _hashing(tab) as hashing:
            page.pick(film)
            page.request("join", room)
            page.fill()
            wait_for(lambda: watch.number is not None, "the picture")
            picture = time.monotonic() - began
            host.play()
            wait_for(lambda: hashing()["end"] is not None, "the whole hash", timeout=120)
            told = hashing()
            time.sleep(2.0)
        quality = tab.evaluate(
            "() => { const q = document.querySelector('video').getVideoPlaybackQuality();"
            " return [q.totalVideoFrames, q.droppedVideoFrames]; }"
        )
    took = ((told["end"] or 0.0) - (told["begin"] or 0.0)) / 1000
    speed = _LARGE / took if took > 0 else 0.0
    shown, dropped = quality
    return [
        Row(
            "joining with 2 GiB: picked to picture", "hangd, chromium", f"{_PICTURE_MAX:g} s",
            picture <= _PICTURE_MAX, note=f"{picture:.2f} s",
        ),
        Row(
            "joining with 2 GiB: the whole hash meanwhile", "hangd, chromium", f"{_HASH_MIN / 1e6:g} MB/s",
            speed >= _HASH_MIN, note=f"{speed / 1e6:.0f} MB/s",
        ),
        Row(
            "joining with 2 GiB: pictures left out meanwhile", "hangd, chromium", "", None,
            note=f"{dropped} of {shown}",
        ),
    ]  # fmt: skip


def _padded(film: Path, path: Path) -> Path:
    """Copy an MP4 and append a box that players skip, up to 2 GiB. Its zeros take no space on the disk."""
    shutil.copyfile(film, path)
    size = path.stat().st_size
    with open(path, "ab") as file:
        file.write(struct.pack(">I4sQ", 1, b"free", _LARGE - size))
        file.truncate(_LARGE)
    return path


@contextlib.contextmanager
def _hashing(tab: ChromiumTab) -> Iterator[Callable[[], dict[str, float | None]]]:
    """Watch when the page says that the hash is being made: in the page, because a question from here may wait."""
    tab.evaluate(
        f"""() => {{
            const told = (window.benchHashing = {{ begin: null, end: null }});
            const session = {SESSION};
            session.addEventListener("change", () => {{
                const {{ hashed }} = session.state.copy;
                if (hashed !== null) {{
                    told.begin ??= performance.now();
                    told.end = null;
                }} else if (told.begin !== null) {{
                    told.end ??= performance.now();
                }}
            }});
        }}"""
    )
    yield lambda: tab.evaluate("() => window.benchHashing")
