"""Hashing in a real Chromium: the whole of a film in a Worker, and the quick hash with crypto.subtle and without."""

import asyncio
import hashlib
import random
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.web.files.files_page import PLAIN, choose, files_page
from tests.web.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

_LARGE = (2 << 30) + 3
"""A number that does not fit into 32 bits with a sign. Nobody waits here until so much is hashed."""
_HASHED = (512 << 20) + 3
"""The number of its bits does not fit into 32 bits."""

_HASH = """async () => {
  const {hashWhole} = await import("/files/whole_hash.js");
  const file = document.querySelector("input").files[0];
  const shares = [];
  const begun = performance.now();
  const hash = await hashWhole(file, (share) => shares.push(share));
  return {hash, shares, seconds: (performance.now() - begun) / 1000, size: file.size};
}"""

_BEGIN = """async () => {
  const {hashWhole} = await import("/files/whole_hash.js");
  const file = document.querySelector("input").files[0];
  window.control = new AbortController();
  hashWhole(file, (share) => { document.title = `at ${share}`; }, window.control.signal)
    .catch((error) => { document.title = `end ${error.name}`; });
}"""

_QUICK = """async () => {
  const {quickHash} = await import("/files/quick_hash.js");
  return [crypto.subtle !== undefined, await quickHash(document.querySelector("input").files[0])];
}"""


async def test_a_worker_hashes_a_large_film_and_tells_how_far_it_is(headless: Browser, tmp_path: Path) -> None:
    path = _large(tmp_path, _HASHED)
    async with files_page(headless) as page:
        await choose(page, path)
        found = await page.evaluate(_HASH)
    print(f"{found['size'] / found['seconds'] / 1e6:.0f} MB/s")
    with path.open("rb") as file:
        assert found["hash"] == hashlib.file_digest(file, "sha256").hexdigest()
    assert found["shares"] == sorted(found["shares"])
    assert len(found["shares"]) > 3
    assert all(0 < share <= 1 for share in found["shares"])


@pytest.mark.parametrize("host", ["127.0.0.1", PLAIN])
async def test_hashes_are_those_of_hashlib(headless: Browser, tmp_path: Path, host: str) -> None:
    chance = random.Random(21)
    path = tmp_path / "film.mkv"
    async with files_page(headless, host) as page:
        await choose(page, path := _write(path, b""))
        for length in (0, 1, 63, 64, 8 << 20, (8 << 20) + 1, chance.randrange(20 << 20)):
            content = chance.randbytes(length)
            await page.set_input_files("input", str(_write(path, content)))
            assert (await page.evaluate(_HASH))["hash"] == hashlib.sha256(content).hexdigest()
            is_secure, quick = await page.evaluate(_QUICK)
            assert is_secure == (host != PLAIN)
            assert quick == _quick_hash(content)


async def test_a_hash_is_given_up(headless: Browser, tmp_path: Path) -> None:
    async with files_page(headless) as page:
        await choose(page, _large(tmp_path))
        await page.evaluate(_BEGIN)
        await _title(page, "at ")
        (worker,) = page.workers
        closed = asyncio.Event()
        worker.on("close", lambda _: closed.set())
        await page.evaluate("window.control.abort()")
        await _title(page, "end AbortError")
        await asyncio.wait_for(closed.wait(), 60)


async def test_a_file_that_shrinks_while_it_is_hashed_is_told(headless: Browser, tmp_path: Path) -> None:
    path = _large(tmp_path)
    async with files_page(headless) as page:
        await choose(page, path)
        await page.evaluate(_BEGIN)
        await _title(page, "at ")
        with path.open("r+b") as file:
            file.truncate(1000)
        await _title(page, "end Error")


async def _title(page: Page, beginning: str) -> None:
    await until(page, "(beginning) => document.title.startsWith(beginning)", beginning)


def _large(folder: Path, size: int = _LARGE) -> Path:
    path = folder / "large.mkv"
    with path.open("wb") as file:
        file.truncate(size)
    return path


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _quick_hash(content: bytes) -> str:
    size, part = len(content), 1 << 20
    parts = [content] if size <= 3 * part else [content[at : at + part] for at in (0, (size - part) // 2, size - part)]
    return hashlib.sha256(size.to_bytes(8) + b"".join(parts)).hexdigest()
