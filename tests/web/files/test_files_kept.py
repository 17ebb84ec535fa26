"""What the page keeps of files from one evening to the next: handles and hashes, in a real Chromium's IndexedDB."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.web.files.files_page import PLAIN, files_page

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

# No program can answer showOpenFilePicker's dialog. Files of the origin's own disk have handles of the same kind.
_WRITE = """async ([name, text]) => {
  const folder = await navigator.storage.getDirectory();
  const handle = await folder.getFileHandle(name, {create: true});
  const stream = await handle.createWritable();
  await stream.write(text);
  await stream.close();
}"""
_REMEMBER = """async (name) => {
  const {remember} = await import("/files/handles.js");
  const {quickHash} = await import("/files/quick_hash.js");
  const handle = await (await navigator.storage.getDirectory()).getFileHandle(name);
  const file = await handle.getFile();
  await remember({file, handle, folder: ""});
  return {size: file.size, quick_hash: await quickHash(file)};
}"""
_RECALL = """async (film) => {
  const {recall, remembered} = await import("/files/handles.js");
  const found = await recall(film);
  const told = await remembered(film);
  return [told, found && [found.file.name, await found.file.text(), found.handle !== null]];
}"""
_MANY = """async (count) => {
  const {remember, remembered} = await import("/files/handles.js");
  const handle = await (await navigator.storage.getDirectory()).getFileHandle("film.mkv");
  const file = await handle.getFile();
  for (let at = 0; at < count; at++) {
    await remember({file, handle, folder: ""}, `hash ${at}`);
    while (Date.now() === (window.last ?? 0)) { await null; }
    window.last = Date.now();
  }
  const kept = [];
  for (let at = 0; at < count; at++) {
    kept.push(await remembered({size: file.size, quick_hash: `hash ${at}`}) !== null);
  }
  return kept;
}"""
_HASHES = """async (change) => {
  const {keepHash, knownHash} = await import("/files/known_hashes.js");
  const file = new File(["film"], "film.mkv", {lastModified: 1000});
  const other = new File(["film"], "film.mkv", {lastModified: 2000});
  if (change) {
    await keepHash(file, "quick", "whole");
  }
  return [await knownHash(file, "quick"), await knownHash(file, "other"), await knownHash(other, "quick")];
}"""


async def test_a_film_is_found_again_after_a_reload(headless: Browser) -> None:
    async with files_page(headless) as page:
        film = await _remembered(page, "film.mkv", "a film")
        other = await _remembered(page, "other.mkv", "another")
        await page.reload()
        assert await page.evaluate(_RECALL, film) == [
            {"name": "film.mkv", "needsTap": False},
            ["film.mkv", "a film", True],
        ]
        assert (await page.evaluate(_RECALL, other))[1] == ["other.mkv", "another", True]
        assert await page.evaluate(_RECALL, {**film, "quick_hash": "00" * 32}) == [None, None]
        assert await page.evaluate(_RECALL, {"size": film["size"]}) == [None, None]


async def test_a_film_that_was_changed_or_deleted_is_not_the_same(headless: Browser) -> None:
    async with files_page(headless) as page:
        film = await _remembered(page, "film.mkv", "a film")
        await page.evaluate(_WRITE, ["film.mkv", "b film"])
        assert (await page.evaluate(_RECALL, film))[1] is None
        await page.evaluate("async () => (await navigator.storage.getDirectory()).removeEntry('film.mkv')")
        assert (await page.evaluate(_RECALL, film))[1] is None


async def test_the_films_of_long_ago_are_forgotten(headless: Browser) -> None:
    async with files_page(headless) as page:
        await page.evaluate(_WRITE, ["film.mkv", "a film"])
        assert await page.evaluate(_MANY, 203) == [False] * 3 + [True] * 200
        assert (
            await page.evaluate("""async () => {
          const {forgetAll, remembered} = await import("/files/handles.js");
          await forgetAll();
          return remembered({size: 6, quick_hash: "hash 202"});
        }""")
            is None
        )


async def test_whole_hashes_are_kept(headless: Browser) -> None:
    async with files_page(headless) as page:
        assert await page.evaluate(_HASHES, False) == [None, None, None]
        assert await page.evaluate(_HASHES, True) == ["whole", None, None]
        await page.reload()
        assert await page.evaluate(_HASHES, False) == ["whole", None, None]


@pytest.mark.parametrize("broken", ["undefined", "{ open() { throw new DOMException('no', 'SecurityError'); } }"])
async def test_a_browser_that_keeps_nothing(headless: Browser, broken: str) -> None:
    async with files_page(headless, PLAIN) as page:
        await page.evaluate(f"() => {{ Object.defineProperty(window, 'indexedDB', {{value: {broken}}}); }}")
        assert await page.evaluate(_HASHES, True) == [None, None, None]
        assert await page.evaluate(_RECALL, {"size": 6, "quick_hash": "00" * 32}) == [None, None]


async def _remembered(page: Page, name: str, content: str) -> dict[str, Any]:
    await page.evaluate(_WRITE, [name, content])
    film: dict[str, Any] = await page.evaluate(_REMEMBER, name)
    return film
