"""Subtitles as the page takes and shows them, in real Chromium, on a scripted session."""

import pytest
from playwright.async_api import Browser, FilePayload

from tests.web.page.drawn_page import DrawnPage, drawn_page, page_url

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


async def test_subtitles_are_drawn_above_the_controls(room: DrawnPage) -> None:
    await room.run(
        """() => {
            const {copies} = document.querySelector("hang-room").parts;
            const vtt = "WEBVTT\\n\\n00:00.000 --> 09:00.000\\nGood <i>evening</i> <img src=x onerror=alert(1)>\\n";
            copies.tracks = [{label: "English", language: "en", vtt}];
            copies.choose(0);
        }"""
    )
    await room.page.wait_for_selector("hang-subtitles p i")
    assert await room.page.locator("hang-subtitles img").count() == 0
    line = await room.page.locator("hang-subtitles p").bounding_box()
    track = await room.page.locator(".track").bounding_box()
    assert line is not None and track is not None
    assert line["y"] + line["height"] <= track["y"]
    await room.page.keyboard.press("v")
    await room.page.wait_for_selector("hang-subtitles", state="hidden")


async def test_subtitles_that_were_chosen_at_the_start_are_in_each_room(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port)) as drawn:
        await drawn.run(
            """async () => {
                const {copies} = document.querySelector("hang-start").parts;
                session.set({copy: {...session.state.copy, phase: "open", info: {size: 1, name: "a.mp4"}}});
                await new Promise((done) => setTimeout(done, 100));
                const vtt = "WEBVTT\\n\\n00:00.000 --> 09:00.000\\nGood <i>evening</i>\\n";
                copies.tracks = [{label: "English", language: "en", vtt}];
                copies.choose(0);
                Object.assign(window, {copies, tracks: () => video.querySelectorAll("track").length});
            }"""
        )
        for _ in range(3):
            await drawn.enter(film=False)
            await drawn.page.wait_for_selector("hang-subtitles p i", state="attached")
            await drawn.run("() => copies.choose(0)")
            assert await drawn.run("() => tracks()") == 1
            await drawn.run("() => session.set({room: null})")
            await drawn.page.wait_for_selector("hang-start")
            assert await drawn.run("() => tracks()") == 0


async def test_subtitles_are_no_film_and_are_picked_by_their_button(room: DrawnPage) -> None:
    srt: FilePayload = {
        "name": "film.srt",
        "mimeType": "application/x-subrip",
        "buffer": b"1\n00:00:00,000 --> 01:00:00,000\nHello\n",
    }
    await room.run("() => { delete window.showOpenFilePicker; }")
    button = room.page.locator(".subs")
    assert await button.get_attribute("aria-pressed") == "false"
    async with room.page.expect_file_chooser() as chooser:
        await button.click()
    await (await chooser.value).set_files(srt)
    await room.page.wait_for_selector("hang-subtitles p")
    assert await button.get_attribute("aria-pressed") == "true"
    await button.click()
    await room.page.wait_for_selector("hang-subtitles", state="hidden")
    assert await button.get_attribute("aria-pressed") == "false"
    await room.run("() => session.set({copy: {...session.state.copy, phase: 'none', info: null}})")
    async with room.page.expect_file_chooser() as chooser:
        await room.page.click("text=Pick a file")
    await (await chooser.value).set_files(srt)
    await room.page.wait_for_selector("text=film.srt is no film.")
    assert await room.asked() == []
