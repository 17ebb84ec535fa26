"""What the page shows of a room, and what hands do with it: in real Chromium, on a scripted session."""

import asyncio

import pytest
from playwright.async_api import Browser

from tests.web.page.drawn_page import DrawnPage, drawn_page, page_url

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

PLAYS = "() => session.set({playing: {...session.state.playing, motion: 'playing', paused: false}})"


async def text(drawn: DrawnPage, selector: str) -> str:
    words = await drawn.page.locator(selector).inner_text()
    return words.strip()


# ---- the start ------------------------------------------------------------------------------------------------------


async def test_a_link_needs_a_name_a_copy_and_one_button(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port, "caf%C3%A9%20night")) as drawn:
        assert "café night" in await text(drawn, "h1")
        assert await drawn.page.locator("#room").is_hidden()
        assert await text(drawn, ".join button[type=submit]") == "Join without the film"
        async with drawn.page.expect_file_chooser() as chooser:
            await drawn.run("() => { delete window.showOpenFilePicker; }")
            await drawn.page.click(".pick")
        await (await chooser.value).set_files({"name": "Film.mp4", "mimeType": "video/mp4", "buffer": b"abc"})
        await drawn.page.wait_for_selector(".pick[data-phase=open]")
        await drawn.page.click(".join button[type=submit]")
        await drawn.page.wait_for_selector("hang-room")
        asked = await drawn.asked()
        assert asked == [["openFile", "Film.mp4"], ["setName", "Guest"], ["join", "café night", {}]]


async def test_a_refusal_is_a_sentence_and_a_password_is_asked_for(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port, "friday")) as drawn:
        await drawn.run("() => session.answer = {ok: false, code: 'WrongPassword', text: 'This room has a password.'}")
        await drawn.page.click(".join button[type=submit]")
        await drawn.page.wait_for_selector("#password:focus")
        assert await text(drawn, ".problem") == "This room has a password."
        await drawn.page.keyboard.type("secret")
        await drawn.page.keyboard.press("Enter")
        await drawn.page.wait_for_selector("hang-room")
        assert ["join", "friday", {"password": "secret"}] in await drawn.asked()


async def test_a_link_is_typed_like_a_name_and_one_of_another_server_leads_there(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port)) as drawn:
        for invite, words in (
            ("http://films.test/#friday", "This link is for another server. Go to films.test"),
            ("hang://films.test:3005/friday", "hangctl join hang://films.test:3005/friday"),
        ):
            await drawn.page.fill("#room", invite)
            await drawn.page.keyboard.press("Enter")
            assert words in await text(drawn, ".join .problem")
        assert await drawn.asked() == []
        await drawn.page.fill("#room", f"{page_url(port)}#caf%C3%A9%20night")
        await drawn.page.keyboard.press("Enter")
        await drawn.page.wait_for_selector("hang-room")
        assert ["join", "café night", {}] in await drawn.asked()


async def test_another_film_is_said_once_with_the_one_that_is_wanted(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port)) as drawn:
        await drawn.run(
            """() => {
                const info = {name: "Night.mkv", size: 5, duration: 3, quick_hash: null};
                session.set({copy: {...session.state.copy, phase: "open", info, problem: "There is no sound."}});
            }"""
        )
        await drawn.page.wait_for_selector(".pick[data-flawed]")
        assert await drawn.page.locator(".join button.primary").count() == 0
        await drawn.run(
            """() => {
                const problem = "This is another film.";
                session.set({copy: {...session.state.copy, phase: "refused", problem}});
                const text = `${problem} Pick yours.`;
                session.answer = {ok: false, code: "FileHashMismatch", text, film: "Old Harbour.mkv"};
            }"""
        )
        await drawn.page.fill("#room", "SUNDAY")
        await drawn.page.keyboard.press("Enter")
        await drawn.page.wait_for_selector(".wanted:not(:empty)")
        assert await text(drawn, ".wanted") == "The film of the room is Old Harbour.mkv."
        assert (await text(drawn, ".join")).count("This is another film.") == 1


async def test_the_link_of_another_room_is_asked_about(room: DrawnPage) -> None:
    await room.run("() => document.querySelector('hang-page').invite('Friday')")
    await room.run("() => document.querySelector('hang-page').invite('sunday')")
    await room.page.wait_for_selector("dialog[open]")
    assert await text(room, "dialog h2") == "Leave this room for sunday?"
    await room.page.keyboard.press("Enter")
    await room.page.wait_for_selector("dialog", state="detached")
    assert await room.asked() == []
    await room.run("() => document.querySelector('hang-page').invite('sunday')")
    await room.page.click("dialog .danger")
    await room.page.wait_for_selector("hang-start")
    assert "sunday" in await text(room, "h1")


async def test_a_number_that_is_none_is_not_asked_for(room: DrawnPage) -> None:
    await room.open("rules")
    field = room.page.get_by_label("How many people may be here")
    for wrong in ("0", "1001", "2.5", ""):
        await field.fill(wrong)
        await field.blur()
        assert await text(room, "dialog .problem:not(:empty)") == "Write a whole number from 1 to 1000."
    assert await room.asked() == []
    await field.fill("7")
    await field.blur()
    assert await room.asked() == [["setPolicy", {"capacity": 7}]]
    assert await room.page.locator("dialog .problem:not(:empty)").count() == 0


async def test_notices_and_the_card_do_not_cover_one_another(headless: Browser, port: int) -> None:
    for width, height, film in ((390, 800, False), (1280, 760, True)):
        async with drawn_page(headless, page_url(port), width=width, height=height) as drawn:
            await drawn.enter(film=film)
            if film:
                await drawn.run("() => session.set({copy: {...session.state.copy, problem: 'There is no sound.'}})")
            await drawn.until(
                """() => {
                    // A notice goes after four seconds, which a slow machine may need to draw the card.
                    for (let n = document.querySelectorAll(".toast").length; n < 3; n += 1) {
                        session.notice("joined", `A guest with a long name, number ${n}`);
                    }
                    const shown = [...document.querySelectorAll(".toast")].map((one) => one.getBoundingClientRect());
                    const card = document.querySelector("hang-card").getBoundingClientRect();
                    const apart = ({left, right, bottom, width}) =>
                        width < 2 || bottom <= card.top || right <= card.left || left >= card.right;
                    return shown.length >= 3 && card.width > 0 && shown.every(apart);
                }"""
            )


async def test_who_is_removed_is_told_so_at_the_start(room: DrawnPage) -> None:
    await room.run("() => session.set({room: null, left: 'The host has removed you.'})")
    await room.page.wait_for_selector("hang-start")
    assert await text(room, ".join .problem") == "The host has removed you."


async def test_a_server_that_cannot_be_reached_is_told_at_the_start_until_it_can(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port)) as drawn:
        await drawn.run(
            "() => session.set({link: {phase: 'waiting', retryAt: performance.now() / 1000 + 60, problem: null}})"
        )
        await drawn.until("() => /The connection broke/.test(document.querySelector('.join .problem').textContent)")
        await drawn.run("() => session.set({link: {phase: 'up', retryAt: null, problem: null}})")
        await drawn.until("() => document.querySelector('.join .problem').textContent === ''")


# ---- the room's state -----------------------------------------------------------------------------------------------


async def test_who_is_waited_for_and_the_countdown_are_on_the_picture(room: DrawnPage) -> None:
    await room.run("() => session.setRoom({start: {by: 'bob', waiting_for: ['cem', 'me'], missing: 2, at: null}})")
    await room.until("() => document.querySelector('.condition').textContent.includes('Cem Şahin and you')")
    await room.page.click("text=Start now")
    assert ["startNow"] in await room.asked()
    await room.run(
        "() => session.setRoom({start: {by: 'bob', waiting_for: [], missing: 0, at: performance.now() / 1000 + 2.5}})"
    )
    for number in ("3", "2", "1"):
        await room.until(f"() => document.querySelector('.condition .count').textContent === '{number}'")


async def test_a_connection_that_broke_is_counted_down(room: DrawnPage) -> None:
    await room.run(
        "() => session.set({link: {phase: 'waiting', retryAt: performance.now() / 1000 + 3, problem: null}})"
    )
    await room.until("() => /again in 3 seconds/.test(document.querySelector('.condition').textContent)")
    await room.until("() => /again in 1 second\\./.test(document.querySelector('.condition').textContent)")


async def test_a_viewer_is_told_that_it_may_only_watch(room: DrawnPage) -> None:
    await room.run("() => session.set({mayControl: false, isHost: false})")
    await room.page.wait_for_selector(".play[aria-disabled=true]")
    await room.page.click(".play", force=True)
    assert "The host decides" in await text(room, ".toast[data-kind=refused]")
    assert await room.asked() == []
    await room.open("rules")
    assert await room.page.locator("dialog select:enabled").count() == 0


async def test_what_is_told_while_the_room_is_entered_is_read_there(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port)) as drawn:
        await drawn.run(
            "() => { session.join('friday').then(() => session.notice('problem', 'Another tab is in this room.')); }"
        )
        await drawn.page.wait_for_selector("hang-room")
        assert await text(drawn, "hang-toasts") == "Another tab is in this room."
        await drawn.run("() => session.set({room: null})")
        await drawn.page.wait_for_selector("hang-start")
        await drawn.enter()
        assert await drawn.page.locator(".toast", has_text="Another tab").count() == 0


async def test_at_most_three_notices_are_on_the_picture(room: DrawnPage) -> None:
    shown = await room.run(
        """() => {
            for (let i = 0; i < 7; i += 1) session.notice("joined", `notice ${i}`);
            return [...document.querySelectorAll(".toast")].map((one) => one.innerText);
        }"""
    )
    assert shown == ["notice 4", "notice 5", "notice 6"]


async def test_the_controls_hide_while_the_film_plays_and_come_back(room: DrawnPage) -> None:
    await room.run(PLAYS)
    await room.page.mouse.move(300, 300)
    await room.page.wait_for_selector(".room[data-idle]")
    await room.page.mouse.move(310, 310)
    await room.page.wait_for_selector(".room:not([data-idle])")
    await room.page.keyboard.press("Tab")  # the keyboard is in the page, and comes to the controls
    await room.run("() => document.querySelector('.play').focus()")
    await room.page.keyboard.press("Shift")
    pressed = await room.run("() => performance.now()")
    await room.until(f"() => performance.now() > {pressed} + 3100")  # longer than they stay without a hand
    await room.run("() => document.querySelector('hang-room').tick()")
    assert not await room.page.locator(".room[data-idle]").count()


# ---- hands ----------------------------------------------------------------------------------------------------------


async def test_a_drag_of_the_timeline_is_one_seek(room: DrawnPage) -> None:
    box = await room.page.locator(".track").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    await room.page.mouse.move(box["x"] + 20, y)
    await room.page.mouse.down()
    for share in (0.2, 0.3, 0.4, 0.5):
        await room.page.mouse.move(box["x"] + box["width"] * share, y)
    assert await room.asked() == []
    await room.page.mouse.up()
    ((method, position),) = await room.asked()
    assert method == "seek" and position == pytest.approx(6130 / 2, abs=10)


async def test_a_key_that_is_held_down_is_one_seek_when_it_rests(room: DrawnPage) -> None:
    # All at once: a busy machine would let more than the 0.3 s of rest go by between one and the next.
    await asyncio.gather(*(room.page.keyboard.down("ArrowRight") for _ in range(10)))
    await room.page.keyboard.up("ArrowRight")
    await room.until("() => session.asked.length === 2")
    assert await room.asked() == [["seekBy", 5], ["seek", 754 + 50]]


async def test_two_taps_seek_ten_seconds(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port), width=844, height=390, has_touch=True) as drawn:
        await drawn.enter()
        await drawn.asked()
        for x in (100, 740):
            # Both at once: a busy machine would let more than the 0.3 s of a double tap go by between them.
            await asyncio.gather(*(drawn.page.touchscreen.tap(x, 150) for _ in range(2)))
        await drawn.until("() => session.asked.length === 2")
        assert await drawn.asked() == [["seekBy", -10], ["seekBy", 10]]
        await drawn.page.touchscreen.tap(100, 150)
        assert await drawn.asked() == []


async def test_the_queue_is_moved_by_a_drag(room: DrawnPage) -> None:
    await room.page.click("#tab-queue")
    grip = await room.page.locator("[data-id=q3] .grip").bounding_box()
    first = await room.page.locator("[data-id=q1]").bounding_box()
    assert grip is not None and first is not None
    await room.page.mouse.move(grip["x"] + 10, grip["y"] + 20)
    await room.page.mouse.down()
    await room.page.mouse.move(grip["x"] + 10, first["y"] + 40)
    await room.page.mouse.move(grip["x"] + 10, first["y"] + first["height"] - 4)
    await room.page.mouse.up()
    assert await room.asked() == [["queueMove", ["q3"], "q1"]]
    await room.until("() => document.querySelectorAll('.entry')[1].dataset.id === 'q3'")


async def test_chat_that_is_not_seen_is_counted(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port), width=844, height=390) as drawn:
        await drawn.enter()
        await drawn.until("() => document.querySelector('.unread').textContent === '2'")
        await drawn.run("() => session.hear('bob', 'Bob', 'still there?')")
        await drawn.until("() => document.querySelector('.unread').textContent === '3'")
        await drawn.page.click(".panel-button")
        await drawn.page.wait_for_selector(".unread", state="hidden")
        stage = await drawn.page.locator("hang-stage").bounding_box()
        panel = await drawn.page.locator("hang-panel").bounding_box()
        assert stage is not None and panel is not None
        assert stage["x"] + stage["width"] <= panel["x"] + 1  # the chat is beside the film, not on its subtitles


async def test_full_screen_takes_everything_but_the_film_away(room: DrawnPage) -> None:
    await room.page.keyboard.press("f")
    await room.page.wait_for_selector(".room[data-full]")
    assert await room.page.locator(".bar").is_hidden()
    assert await room.page.locator("hang-panel").is_hidden()
    await room.page.keyboard.press("f")
    await room.page.wait_for_selector(".room:not([data-full])")


async def test_what_a_viewer_likes_is_kept(room: DrawnPage) -> None:
    await room.open("settings")
    await room.page.get_by_label("Look").select_option("light")
    await room.page.get_by_label("The sound comes late by").fill("150")
    assert ["setOffset", 0.15] in await room.asked()
    await room.page.reload()
    await room.page.wait_for_selector("hang-start")
    assert await room.page.locator("html").get_attribute("data-theme") == "light"


# ---- hostile rooms --------------------------------------------------------------------------------------------------

MARKUP = "<img src=x onerror=window.ran=1><script>window.ran=1</script>"


async def test_what_others_write_is_text(room: DrawnPage) -> None:
    await room.run(
        """(markup) => {
            const {members, queue} = session.state.room;
            session.setRoom({
                name: markup,
                members: [...members, fake.member("x", markup), fake.member("y", "\\u202Eevil\\u2066"),
                          fake.member("z", "n".repeat(32))],
                queue: {...queue, entries: [...queue.entries, {id: "bad", file: {size: 1, name: markup}}]},
            });
            session.hear("x", markup, markup + "w".repeat(400));
            session.notice("joined", markup);
            session.set({motd: markup, link: {phase: "refused", retryAt: null, problem: markup}});
        }""",
        MARKUP,
    )
    for tab in ("chat", "people", "queue"):
        await room.page.click(f"#tab-{tab}")
        await room.until(f"() => document.querySelector('#page-{tab}').textContent.includes('<img src=x')")
    assert await room.run("() => window.ran") is None
    assert await room.page.locator("hang-room img, hang-room script").count() == 0
    assert await room.run("() => document.documentElement.scrollWidth <= innerWidth")


async def test_five_hundred_members_and_films_and_a_flood_leave_it_usable(room: DrawnPage) -> None:
    await room.run(
        """() => {
            const members = Array.from({length: 500}, (_, i) => fake.member(`m${i}`, `Member ${i}`));
            const film = (i) => ({id: `e${i}`, file: {size: i, name: `Film ${i}`}, file_hash: null});
            const queue = {rev: 9, current: "e1", entries: Array.from({length: 500}, (_, i) => film(i))};
            session.setRoom({members: [...session.state.room.members, ...members], queue});
            for (let i = 0; i < 800; i += 1) session.hear("m1", "Member", `line ${i}`);
        }"""
    )
    slowest = 0.0
    for tab in ("people", "queue", "chat"):
        await room.page.click(f"#tab-{tab}")
        slowest = max(
            slowest,
            await room.run(
                """async () => {
                    let slowest = 0;
                    for (let round = 0; round < 4; round += 1) {
                        for (let i = 0; i < 25; i += 1) {
                            const id = `m${round * 125 + i}`;
                            session.setRoom({members: session.state.room.members.map((one) =>
                                one.client_id === id ? {...one, state: "playing", error: 0.001 * i} : one)});
                            session.hear(id, "Member", `line ${round} ${i}`);
                            session.notice("sought", `notice ${round} ${i}`);
                        }
                        const begun = performance.now();
                        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
                        slowest = Math.max(slowest, performance.now() - begun);
                    }
                    return slowest;
                }"""
            ),
        )
    print(f"slowest picture of a flood of 25 changes: {slowest:.0f} ms")
    assert slowest < 5000  # on a busy machine; on a quiet one less than 100
    assert await room.page.locator(".toast").count() <= 3
    assert await room.page.locator(".lines > li").count() <= 700
    await room.page.keyboard.press("Escape")
    await room.run("() => session.asked.splice(0)")
    await room.run("() => document.querySelector('hang-stage').focus()")
    await room.page.keyboard.press("Space")
    assert ["setPaused", False] in await room.asked()


# ---- what is refused, and asked -------------------------------------------------------------------------------------


async def test_who_has_not_got_the_film_cannot_be_ready(room: DrawnPage) -> None:
    await room.run("() => session.setRoom({members: session.state.room.members.map(m => ({...m, ready: false}))})")
    await room.draw()
    assert await room.page.locator(".ready[aria-disabled]").count() == 0
    await room.run("() => session.set({copy: {...session.state.copy, phase: 'none', info: null}})")
    ready = room.page.locator(".ready[aria-disabled=true]")
    reason = "Pick your copy of the film first. Then you can be ready."
    assert await ready.get_attribute("title") == reason
    await ready.click(force=True)
    await room.page.wait_for_selector(f"text={reason}")
    assert await room.asked() == []


async def test_a_wrong_film_leaves_the_wanted_one_on_the_card(room: DrawnPage) -> None:
    refused = {"ok": False, "code": "FileHashMismatch", "text": "This is another film."}
    await room.run("() => { delete window.showOpenFilePicker; }")
    await room.run(
        """(answer) => {
            session.set({copy: {...session.state.copy, phase: "none", info: null}});
            const closed = {...session.state.copy, phase: "none", info: null, problem: null};
            session.closeFile = () => session.set({copy: closed});
            session.openFile = async (file) => {
                const info = {name: file.name, size: file.size};
                session.set({copy: {...session.state.copy, phase: "refused", info, problem: answer.text}});
                return answer;
            };
        }""",
        refused,
    )
    async with room.page.expect_file_chooser() as chooser:
        await room.page.click("text=Pick a file")
    await (await chooser.value).set_files({"name": "Other.mp4", "mimeType": "video/mp4", "buffer": b"abc"})
    await room.page.wait_for_selector("hang-card[data-kind=refused]")
    card = await text(room, "hang-card")
    assert "The room's film: Night of the Long Trains.mkv" in card
    assert "1:42:10" in card
    assert "This is another film." in card
    assert await room.page.locator(".toast[data-kind=problem]").count() == 0
    await room.page.click("text=Add Other.mp4 to the queue")
    await room.page.wait_for_selector("hang-card[data-kind=none]")
    assert ["queueInsert", 1] in await room.asked()


async def test_a_ban_is_asked_about(room: DrawnPage) -> None:
    await room.page.click("#tab-people")
    await room.page.click("text=Bob >> xpath=ancestor::li >> button")
    await room.page.click("dialog >> text=Ban")
    assert await room.asked() == []
    assert "until you let them in again" in await text(room, ".ask-ban")
    await room.page.click("text=Do not ban")
    await room.page.click("dialog >> text=Ban")
    await room.page.click("text=Ban Bob >> nth=-1")
    await room.page.wait_for_selector("dialog", state="detached")
    assert await room.asked() == [["kick", "bob", {"ban": True}]]


async def test_a_double_click_shows_a_film_once(room: DrawnPage) -> None:
    await room.page.click("#tab-queue")
    await room.page.dblclick(".entry[data-id=q2] .show")
    assert [what for what, *_ in await room.asked()] == ["showEntry"]
