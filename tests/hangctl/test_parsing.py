"""Arguments that hangctl parses itself: positions and rooms."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangctl.commands.film.playback import parse_position
from hangctl.commands.room.entering import parse_room


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("+10", (10, "relative")),
        ("-10", (-10, "relative")),
        ("90", (90, "absolute")),
        ("90:00", (5400, "absolute")),
        ("1:02:03", (3723, "absolute")),
        ("1:02:03.5", (3723.5, "absolute")),
        ("-0:30", (-30, "relative")),
        (".5", (0.5, "absolute")),
        ("50%", (50, "absolute-percent")),
        ("-5%", (-5, "relative-percent")),
        ("100%", (100, "absolute-percent")),
    ],
)
def test_a_position_is_parsed(text: str, position: tuple[float, str]) -> None:
    assert parse_position(text) == position


@pytest.mark.parametrize(
    "text",
    ["", "+", "ten", "1:75", "1:60:00", "1:2:3:4", "101%", "1:00%", "--10", "1e9", "nan", "inf", "1 0", "10\n", "٣"],
)
def test_an_invalid_position_is_a_usage_error(text: str) -> None:
    with pytest.raises(click.BadParameter):
        parse_position(text)


@given(st.integers(0, 10**5), st.integers(0, 59), st.integers(0, 59))
def test_hours_minutes_and_seconds_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_position(f"{hours}:{minutes:02}:{seconds:02}") == (hours * 3600 + minutes * 60 + seconds, "absolute")


@given(st.text())
def test_any_text_is_a_position_or_a_usage_error(text: str) -> None:
    try:
        number, _ = parse_position(text)
    except click.BadParameter:
        return
    assert abs(number) >= 0  # false for NaN


@pytest.mark.parametrize(
    ("text", "room", "server"),
    [
        ("friday", "friday", None),
        ("0d9f0a7e-6f0c-4b3c-9a51-1f2b0e0a9a11", "0d9f0a7e-6f0c-4b3c-9a51-1f2b0e0a9a11", None),
        ("hang://films.example/friday", "friday", "ws://films.example:3005/ws"),
        ("hang://films.example:4000/friday/", "friday", "ws://films.example:4000/ws"),
        ("hang://[::1]:4000/friday", "friday", "ws://[::1]:4000/ws"),
        ("hangs://films.example/friday", "friday", "wss://films.example/ws"),
        ("hangs://films.example:3005/hang/ws/friday", "friday", "wss://films.example:3005/hang/ws"),
        ("https://films.example/#friday", "friday", "wss://films.example/ws"),
        ("hang://films.example/fri%2Dday", "fri-day", "ws://films.example:3005/ws"),
    ],
)
def test_a_room_is_parsed(text: str, room: str, server: str | None) -> None:
    assert parse_room(text) == (room, server, None)


@pytest.mark.parametrize(
    "text",
    [
        "hang://films.example",
        "hang://films.example/",
        "hang:///friday",
        "hang://films.example/a%2Fb",
        "hang://films.example:port/friday",
        "hang://films.example:99999/friday",
        "hang://user:secret@films.example/friday",
        "hang://[::1/friday",
        "http://films.example/friday",
    ],
)
def test_an_invalid_invite_is_a_usage_error(text: str) -> None:
    with pytest.raises(click.BadParameter):
        parse_room(text)


def test_the_end_of_an_invite_is_told_from_a_room() -> None:
    assert parse_room("friday#invite=a.b.c") == ("friday", None, "a.b.c")
    assert parse_room("friday#1") == ("friday#1", None, None)
    with pytest.raises(click.BadParameter, match="give all of it"):
        parse_room("eyJhbGciOiJFZERTQSJ9.e30.c2ln")
