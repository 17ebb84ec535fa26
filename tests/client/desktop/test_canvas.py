"""Drawing: text keeps to the place that it is given and obeys nothing that is in it; all icons can be drawn."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hangd.client.desktop import canvas
from hangd.client.desktop.canvas import Font, clean, draw_text, measure
from hangd.client.desktop.icons import Icon, draw_icon
from tests.client.desktop.painting import opaque
from tests.support.desktop.painted_window import cairocffi


def surface(width: int = 200, height: int = 100) -> tuple[Any, Any]:
    image = cairocffi.ImageSurface(cairocffi.FORMAT_ARGB32, width, height)
    return image, cairocffi.Context(image)


def painted(image: Any) -> set[tuple[int, int]]:
    image.flush()
    return opaque(image)


@pytest.mark.parametrize("text", ["long name " * 1000, "اسم طويل " * 200, "नाम " * 200, "日本語" * 200])
def test_text_is_cut_to_its_width_and_lines(text: str) -> None:
    image, context = surface()
    size = draw_text(context, clean(text), 20, 20, Font(14), width=100, lines=2)
    assert size.width <= 100
    pixels = painted(image)
    assert pixels
    assert all(18 <= x <= 122 and y < 20 + 2.5 * canvas.line_height(Font(14)) for x, y in pixels)


@pytest.mark.parametrize("text", ["Ann", "علی"])
def test_text_is_on_the_side_that_is_asked_for_whatever_its_direction(text: str) -> None:
    def middle(align: canvas.Align) -> float:
        image, context = surface()
        draw_text(context, text, 0, 20, Font(14), width=200, align=align)
        columns = [x for x, _ in painted(image)]
        return (min(columns) + max(columns)) / 2

    assert middle("left") < 50 < 90 < middle("centre") < 110 < 150 < middle("right")


def test_markup_is_drawn_as_it_is_written() -> None:
    _, context = surface()
    assert measure(context, clean("<b>&x;</b>"), Font(14)).width > 2 * measure(context, clean("&x;"), Font(14)).width


def test_cleaned_text_turns_nothing_around_and_covers_no_other_line() -> None:
    assert clean("a\u202egnp.exe\x1b[31m\u2066") == "agnp.exe\ufffd[31m"
    assert clean("Z" + "\u0301" * 50) == "Z" + "\u0301" * 4
    assert clean("a\nb\r\nc") == "a b c"
    assert clean("a\nb", lines=True) == "a\nb"
    assert clean("👩\u200d🎤 می\u200cروم") == "👩\u200d🎤 می\u200cروم"


@settings(deadline=None, max_examples=50)
@given(st.text(), st.integers(0, 150))
def test_no_text_raises(text: str, width: int) -> None:
    _, context = surface()
    draw_text(context, clean(text), 0, 0, Font(12), width=width)


@pytest.mark.parametrize("icon", get_args(Icon))
@pytest.mark.parametrize("size", [10, 24, 96])
def test_an_icon_stays_in_its_square(icon: Icon, size: int) -> None:
    image, context = surface(size + 20, size + 20)
    draw_icon(context, icon, 10, 10, size)
    pixels = painted(image)
    assert len(pixels) > size * size / 20
    assert all(10 <= x < 10 + size and 10 <= y < 10 + size for x, y in pixels)
