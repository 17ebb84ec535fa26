"""The page for everybody: what axe finds, the keyboard alone, narrow screens, large type, targets for fingers."""

from typing import Literal

import pytest
from playwright.async_api import Browser

from tests.web.page.drawn_page import AXE, GATES, DrawnPage, drawn_page, page_url

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

Theme = Literal["dark", "light"]

DIALOGS = ("rules", "settings", "invite", "account", "bans", "keys", "goto", "leave")


async def axe(drawn: DrawnPage) -> list[str]:
    """Return what axe-core finds: the rule and where."""
    await drawn.run(f"() => {{ if (!window.axe) {{ {AXE.read_text(encoding='utf-8')} }} }}")
    found: list[str] = await drawn.run(
        """async () => {
            await Promise.all(document.getAnimations().map((one) => one.finished));
            const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
            const {violations} = await axe.run(document, {runOnly: tags});
            const told = (one, node) => `${one.id}: ${node.html.slice(0, 120)} ${node.failureSummary}`;
            return violations.flatMap((one) => one.nodes.map((node) => told(one, node)));
        }"""
    )
    return found


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing_at_the_start(headless: Browser, port: int, theme: Theme) -> None:
    for room in ("", "friday"):
        async with drawn_page(headless, page_url(port, room), color_scheme=theme) as drawn:
            await drawn.run("() => document.querySelector('details').open = true")
            assert await axe(drawn) == []
            await drawn.run("() => session.openFile(new File(['x'], 'Night.mkv'))")
            await drawn.page.wait_for_selector(".pick[data-phase=open]")
            assert await axe(drawn) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing_where_the_server_asks_first(headless: Browser, port: int, theme: Theme) -> None:
    async with drawn_page(headless, page_url(port), color_scheme=theme) as drawn:
        await drawn.trust()
        for wants, label in GATES.items():
            await drawn.run("(wants) => session.set({wants})", wants)
            await drawn.page.get_by_label(label).wait_for()
            assert await axe(drawn) == [], wants
        for way in ("Log in with a code", "Make an account"):
            await drawn.page.click(f"text={way}")
            assert await axe(drawn) == [], way


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing_in_the_room(headless: Browser, port: int, theme: Theme) -> None:
    async with drawn_page(headless, page_url(port), color_scheme=theme) as drawn:
        await drawn.enter()
        await drawn.run(
            "() => session.setRoom({members: session.state.room.members.map((one) => ({...one, account: 'bob.s'}))})"
        )
        for tab in ("chat", "people", "queue"):
            await drawn.page.click(f"#tab-{tab}")
            assert await axe(drawn) == [], tab
        await drawn.run(
            """() => {
                session.setRoom({start: {by: "bob", waiting_for: ["cem"], missing: 1, at: null}});
                session.notice("refused", "You may not do that");
                session.set({mayControl: false});
            }"""
        )
        # The notice is written at once, and the rest with the next picture.
        await drawn.page.wait_for_selector(".condition:not([hidden])")
        await drawn.page.wait_for_selector(".play[aria-disabled=true]")
        await drawn.page.wait_for_selector(".toast[data-kind=refused]")
        assert await axe(drawn) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing_in_the_dialogs(headless: Browser, port: int, theme: Theme) -> None:
    async with drawn_page(headless, page_url(port), color_scheme=theme) as drawn:
        await drawn.trust()
        await drawn.enter()
        for dialog in DIALOGS:
            await drawn.open(dialog)
            assert await axe(drawn) == [], dialog
            await drawn.page.keyboard.press("Escape")
            await drawn.page.wait_for_selector("dialog", state="detached")


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing_on_a_phone_without_the_film(headless: Browser, port: int, theme: Theme) -> None:
    async with drawn_page(headless, page_url(port), width=390, height=800, color_scheme=theme, has_touch=True) as drawn:
        await drawn.enter(film=False)
        assert await axe(drawn) == []
        for phase in ("opening", "failed", "refused"):
            await drawn.run(
                "(phase) => session.set({copy: {...session.state.copy, phase, problem: 'It has another length.'}})",
                phase,
            )
            await drawn.page.wait_for_selector(f"hang-card[data-kind={phase}]")
            assert await axe(drawn) == [], phase


async def test_an_evening_by_keyboard_alone(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port)) as drawn:
        keys, page = drawn.page.keyboard, drawn.page
        assert await drawn.focused() == "Your name"
        await keys.type("Ada")
        await tab_to(drawn, "Room or link")
        await keys.type("friday")
        await keys.press("Enter")
        await page.wait_for_selector("hang-room")
        assert ["setName", "Ada"] in (asked := await drawn.asked())
        assert ["join", "friday", {}] in asked

        await keys.press("Space")
        await keys.press("ArrowRight")
        await keys.press("Shift+ArrowLeft")
        await keys.press("r")
        await keys.press("]")
        asked = await drawn.asked()
        assert ["setPaused", False] in asked
        assert [call for call in asked if call[0] == "seekBy"] == [["seekBy", 5], ["seekBy", -1]]
        assert ["setReady", False, "me"] in asked
        assert any(call[0] == "setSpeed" and call[1] == pytest.approx(1.1) for call in asked)

        await keys.press("c")
        await keys.type("good evening")
        await keys.press("Enter")
        await keys.press("Escape")
        assert ["say", "good evening"] in await drawn.asked()

        await tab_to(drawn, "Chat")
        await keys.press("End")
        await page.wait_for_selector("#page-queue:not([hidden])")
        await tab_to(drawn, "Move The Second Lighthouse.mp4")
        await keys.press("ArrowUp")
        await drawn.until("() => document.querySelector('.entry').dataset.id === 'q2'")
        assert (await drawn.focused()).startswith("Move The Second Lighthouse.mp4")  # it moved with its row
        assert ["queueMove", ["q2"], None] in await drawn.asked()
        await tab_to(drawn, "The Second Lighthouse.mp4")
        await keys.press("Enter")
        assert ["showEntry", "q2"] in await drawn.asked()

        await tab_to(drawn, "Queue", back=True)
        await keys.press("ArrowLeft")
        await tab_to(drawn, "Role of Bob")
        await keys.press("Enter")
        await page.wait_for_selector("dialog[open]")
        await tab_to(drawn, "Remove")
        await keys.press("Space")
        assert ["kick", "bob", {"ban": False}] in await drawn.asked()

        await tab_to(drawn, "Rules", back=True)
        await keys.press("Enter")
        await page.wait_for_selector("dialog[open]")
        await tab_to(drawn, "Who may play, pause and seek")
        await keys.press("ArrowDown")
        assert ["setPolicy", {"control": "controllers"}] in await drawn.asked()
        await keys.press("Escape")

        await keys.press("?")
        await page.wait_for_selector("dialog[open] kbd")
        await keys.press("Escape")
        await keys.press("Shift+Q")
        await page.wait_for_selector("dialog[open]")
        assert await drawn.focused() == "Leave"
        await keys.press("Enter")
        await page.wait_for_selector("hang-start")
        assert ["leave"] in await drawn.asked()


async def tab_to(drawn: DrawnPage, words: str, *, back: bool = False) -> None:
    """Press Tab until what has these words has the keyboard, and can be seen to have it."""
    passed = []
    for _ in range(60):
        await drawn.page.keyboard.press("Shift+Tab" if back else "Tab")
        passed.append(await drawn.focused())
        if passed[-1].startswith(words):
            width = await drawn.run("() => parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
            assert width >= 2
            return
    pytest.fail(f"Tab does not come to {words!r}: {passed}")


@pytest.mark.parametrize(
    ("width", "height"), [(320, 640), (320, 256), (390, 800), (640, 400), (667, 375), (700, 450), (1280, 760)]
)
async def test_nothing_is_outside_and_everything_is_large_enough_for_a_finger(
    headless: Browser, port: int, width: int, height: int
) -> None:
    # 640 x 400 is also what a window of 1280 x 800 is at a zoom of 200 %, and 320 x 256 that of 1280 x 1024 at 400 %.
    async with drawn_page(headless, page_url(port), width=width, height=height, has_touch=True) as drawn:
        await drawn.run("() => document.querySelector('details').open = true")
        assert await misfits(drawn) == []
        await drawn.trust()
        for wants, label in GATES.items():
            await drawn.run("(wants) => session.set({wants})", wants)
            await drawn.page.get_by_label(label).wait_for()
            assert await misfits(drawn) == [], wants
        await drawn.run("() => session.set({wants: null})")
        await drawn.enter()
        await drawn.run("() => document.querySelector('hang-room').setAttribute('data-panel', 'open')")
        for tab in ("chat", "people", "queue"):
            await drawn.page.click(f"#tab-{tab}")
            assert await misfits(drawn) == [], tab
        for dialog in DIALOGS:
            await drawn.open(dialog)
            assert await misfits(drawn) == [], dialog
            await drawn.page.keyboard.press("Escape")
            await drawn.page.wait_for_selector("dialog", state="detached")


async def misfits(drawn: DrawnPage) -> list[str]:
    """Return what is used by hand and is too small, or beyond the edge of the screen at its side."""
    found: list[str] = await drawn.run(
        """() => {
            const within = document.querySelector("dialog[open]") ?? document.body;
            const used = [...within.querySelectorAll("button, a, input, select, summary, [role=slider]")];
            const name = (one) => one.getAttribute("aria-label") || one.id || one.textContent;
            const wrong = [];
            for (const one of used.filter((one) => one.checkVisibility({visibilityProperty: true}))) {
                const target = one.type === "checkbox" ? one.closest("label") : one;
                const box = target.getBoundingClientRect();
                if (box.height < 43.5 || box.width < 43.5) wrong.push(`small: ${name(one)} ${box.width}x${box.height}`);
                if (box.left < -0.5 || box.right > innerWidth + 0.5) wrong.push(`outside: ${name(one)}`);
            }
            if (within === document.body) {
                for (const one of document.querySelectorAll(".bar button, [role=tablist] button")) {
                    one.scrollIntoView({block: "nearest"});
                    const {left, right, top, width, height} = one.getBoundingClientRect();
                    const seen = [left + 3, right - 3].map((x) => document.elementFromPoint(x, top + height / 2));
                    if (width > 0 && !seen.every((other) => one.contains(other))) wrong.push(`covered: ${name(one)}`);
                }
            }
            if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page is wider than the screen");
            return wrong;
        }"""
    )
    return found


async def test_motion_is_reduced_for_whom_it_is_harmful(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port), reduced_motion="reduce") as drawn:
        await drawn.enter()
        moving = await drawn.run(
            """() => [...document.querySelectorAll("*")].filter((one) => {
                const style = getComputedStyle(one);
                return parseFloat(style.transitionDuration) > 0 || parseFloat(style.animationDuration) > 0;
            }).length"""
        )
        assert moving == 0


async def test_plain_http_lacks_only_what_needs_more(headless: Browser, port: int) -> None:
    async with drawn_page(headless, page_url(port, "friday", "films.test")) as drawn:
        assert await drawn.run("() => window.isSecureContext") is False
        await drawn.enter()
        await drawn.open("invite")
        await drawn.page.click("dialog .primary")
        await drawn.until("() => document.querySelector('dialog [role=status]').textContent !== ''")
