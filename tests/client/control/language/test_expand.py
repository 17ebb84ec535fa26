"""Property expansion, with the answers of mpv."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.client.control.language.expand import expand
from hangd.client.control.port import CommandRefused

VALUES = {"pause": ("yes", "yes"), "volume": ("100.000000", "100"), "mute": ("no", "no")}


def read(name: str, raw: bool) -> str:
    if name == "chapter":
        raise CommandRefused("property unavailable")
    if name not in VALUES:
        raise CommandRefused("property not found")
    return VALUES[name][0 if raw else 1]


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        # As mpv 0.35 answers.
        ("${nope} ${chapter} ${nope:fb} ${chapter:fb${volume}} ${volume:fb}", "(error) (unavailable) fb fb100 100"),
        ("${=nope}${=chapter}|${=volume}", "|100.000000"),
        ("${?nope:s} ${?volume:s} ${!nope:s} ${!chapter:n}${!volume:s}|", " s s n|"),
        ("${?pause==yes:PAUSED}${!pause==yes:PLAYING}${?pause==no:x} $$ $}", "PAUSED $ }"),
        ("$> ${pause} ${volume}", " ${pause} ${volume}"),
        ("a ${pause b", "a ${pause b"),
        ("${pause:${pause", "${pause:${pause"),
        ("${?pause==yes:${?mute==no:both}}", "both"),
        ("${?volume==100:v}${?=volume==100.000000:w}", "vw"),
        ("${mute:a}b}", "nob}"),
        ("${mute:a$}b}", "no"),
        ("${:x}${}|}$x $", "x(error)|}$x $"),
        ("${?nope==:x}${!nope==x:y}", "y"),
        ("${pause:${pause}", "yes"),
        ("a}${nope:b${volume}", "a}b100"),
        ("${nope:$>${volume}}", "$>100"),
        ("${nope:$$}$$x$}", "$$x}"),
        ("${?=pause==yes:a}${?volume==100.000000:b}${?=volume==100.000000:c}", "ac"),
        ("${!?pause:x}${=?pause:x}${?!pause:x}|", "xx|"),
        ("${pause==yes}${" + "pause" * 13 + "}", "(error)(error)"),
    ],
)
def test_expansion(text: str, expanded: str) -> None:
    assert expand(text, read) == expanded


@given(st.lists(st.sampled_from(["${", "}", "$", ":", "?", "!", "==", "=", "pause", "nope", "chapter", "x", "$>"])))
def test_any_combination_of_signs_expands(parts: list[str]) -> None:
    expand("".join(parts), read)


@given(st.text(st.characters(exclude_characters="$")))
def test_text_without_a_dollar_is_unchanged(text: str) -> None:
    assert expand(text, read) == text


def test_braces_may_nest_deeply_and_the_result_is_limited() -> None:
    assert expand("${nope:" * 10_000 + "x" + "}" * 10_000, read) == "x"
    with pytest.raises(CommandRefused, match="error running command"):
        expand("${pause}" * 10, lambda name, raw: "x" * 500_000)
