"""Picking, dropping and remembering files in a real Chromium."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.web.files.files_page import PLAIN, files_page
from tests.web.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

_BUTTON = """(call) => {
  const button = document.createElement("button");
  button.textContent = "pick";
  button.addEventListener("click", async () => {
    const {pickFiles, pickFolder} = await import("/files/picking.js");
    const picked = await (call === "folder" ? pickFolder() : pickFiles(call));
    window.picked = picked.map(({file, handle, folder}) => [folder, file.name, file.size, handle !== null]);
  });
  document.body.replaceChildren(button);
  delete window.picked;
  return import("/files/picking.js").then(() => {});
}"""

_LISTEN = """() => {
  const listen = (type) => window.addEventListener(type, (event) => event.preventDefault());
  listen("dragenter");
  listen("dragover");
  listen("drop");
  return import("/files/dropping.js").then(({filesOf, hasFiles}) => {
    window.addEventListener("drop", async (event) => {
      const had = hasFiles(event.dataTransfer);
      const picked = await filesOf(event.dataTransfer);
      window.picked = picked.map(({file, handle, folder}) => [folder, file.name, file.size, handle !== null, had]);
    });
  });
}"""


async def test_files_are_picked_by_an_input_over_plain_http(headless: Browser, tmp_path: Path) -> None:
    films = _films(tmp_path)
    async with files_page(headless, PLAIN) as page:
        assert await _picked(page, {}, films / "2.mkv") == [["", "2.mkv", 200, False]]
        several = await _picked(page, {"multiple": True}, films / "2.mkv", films / "10.mkv")
        assert sorted(several) == [["", "10.mkv", 10, False], ["", "2.mkv", 200, False]]
        assert await _picked(page, {"kind": "subtitles"}, films / "2.en.srt") == [["", "2.en.srt", 3, False]]


async def test_a_folder_gives_films_and_subtitles_as_people_count(headless: Browser, tmp_path: Path) -> None:
    films = _films(tmp_path)
    async with files_page(headless, PLAIN) as page:
        found = await _picked(page, "folder", films)
    assert found == [
        ["", "2.en.srt", 3, False],
        ["", "2.mkv", 200, False],
        ["", "10.mkv", 10, False],
        ["Series/One", "e1.mp4", 4, False],
    ]


async def test_a_dialog_that_is_closed_picks_nothing(headless: Browser, tmp_path: Path) -> None:
    async with files_page(headless, PLAIN) as page:
        await page.evaluate(_BUTTON, {})
        async with page.expect_file_chooser() as chooser:
            await page.click("button")
        await page.evaluate("document.querySelector('input').dispatchEvent(new Event('cancel'))")
        await until(page, "() => window.picked !== undefined")
        assert await page.evaluate("window.picked") == []
        assert await page.locator("input").count() == 0
        assert not (await chooser.value).is_multiple()


@pytest.mark.parametrize("host", ["127.0.0.1", PLAIN])
async def test_files_and_folders_are_dropped(headless: Browser, tmp_path: Path, host: str) -> None:
    films = _films(tmp_path)
    has_handles = host != PLAIN
    async with files_page(headless, host) as page:
        await page.evaluate(_LISTEN)
        dropped = await _dropped(page, films / "10.mkv", films / "2.mkv", films / "Series")
    assert dropped == [
        ["", "2.mkv", 200, has_handles, True],
        ["", "10.mkv", 10, has_handles, True],
        ["Series/One", "e1.mp4", 4, has_handles, True],
    ]


def _films(folder: Path) -> Path:
    films = folder / "films"
    deep = films / "Series" / "One"
    deep.mkdir(parents=True)
    for path, size in (
        (films / "10.mkv", 10),
        (films / "2.mkv", 200),
        (films / "2.en.srt", 3),
        (films / "._2.mkv", 1),
        (films / "notes.txt", 1),
        (deep / "e1.mp4", 4),
    ):
        path.write_bytes(bytes(size))
    return films


async def _picked(page: Page, call: Any, *paths: Path) -> list[list[Any]]:
    await page.evaluate(_BUTTON, call)
    async with page.expect_file_chooser() as chooser:
        await page.click("button")
    await (await chooser.value).set_files([str(path) for path in paths] if len(paths) > 1 else str(paths[0]))
    await until(page, "() => window.picked !== undefined")
    found: list[list[Any]] = await page.evaluate("window.picked")
    return found


async def _dropped(page: Page, *paths: Path) -> list[list[Any]]:
    session = await page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        await session.send("Input.dispatchDragEvent", {"type": kind, "x": 50, "y": 50, "data": data})
    await until(page, "() => window.picked !== undefined")
    found: list[list[Any]] = await page.evaluate("window.picked")
    return found
