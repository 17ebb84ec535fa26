"""A choice in one film, found again in another one."""

import pytest

from hangd.client.tracks.pattern import Choice, describe, find, preferred
from hangd.engine.player_facts import Track

FILM, NEXT = "/show/e1.mkv", "/show/e2.mkv"


def tracks(*texts: str, selected: int = 0) -> list[Track]:
    """Make tracks of texts such as "ger Signs", "-" (nothing is known) or "/show/e1.de.srt"."""
    made = []
    for number, text in enumerate(texts, start=1):
        file = text if text.startswith("/") else None
        language, _, title = ("", "", "") if file or text == "-" else text.partition(" ")
        made.append(Track("subtitle", number + 4, "", number == selected, language or None, title or None, file=file))
    return made


@pytest.mark.parametrize(
    ("number", "before", "after", "found"),
    [
        (2, ["eng", "ger"], ["eng", "ger"], 2),
        (2, ["eng", "ger"], ["deu", "fra", "eng"], 1),
        (2, ["eng", "ger"], ["eng"], None),
        (0, ["eng", "ger"], ["eng"], 0),
        (3, ["eng", "ger Full", "ger Signs"], ["ger Signs", "ger Full"], 1),
        (3, ["eng", "ger Full", "ger Signs"], ["ger", "eng", "ger"], 3),
        (2, ["ger", "ger"], ["eng", "ger"], 2),
        (2, ["ger Signs", "ger"], ["ger signs", "ger", "ger Comments"], 2),
        (2, ["-", "-"], ["-", "-"], 2),
        (2, ["-", "-"], ["-", "-", "-"], None),
        (2, ["-", "-"], ["eng", "ger"], None),
        (2, ["eng", "/show/e1.de.srt"], ["eng", "/show/e2.en.srt", "/show/e2.de.srt"], 3),
        (2, ["eng", "/subs/other.srt"], ["eng"], None),
    ],
)
def test_the_track_that_was_meant(number: int, before: list[str], after: list[str], found: int | None) -> None:
    choice = describe(number, tracks(*before), FILM)
    assert find(choice, tracks(*after), NEXT) == found


def test_what_was_stored_by_somebody_else_harms_nothing() -> None:
    for number in (-5, 3, 10**9):
        assert find(Choice(number, count=2), tracks("-", "-"), NEXT) is None
        assert find(Choice(number, 2, "de", place=number), tracks("de", "-"), NEXT) == 1


@pytest.mark.parametrize(
    ("languages", "texts", "number"),
    [
        (["ja", "de"], ["eng", "ger", "jpn"], 3),
        (["fr", "de"], ["eng", "ger", "deu"], 2),
        (["pt-BR"], ["pt-PT", "pt-BR"], 2),
        (["de"], ["-", "eng"], None),
        ([], ["eng"], None),
    ],
)
def test_the_first_preferred_language_that_there_is(languages: list[str], texts: list[str], number: int | None) -> None:
    assert preferred(languages, tracks(*texts)) == number


def test_of_several_in_one_language_the_players_own_choice_is_taken() -> None:
    assert preferred(["de"], tracks("ger", "ger", "ger", selected=2)) == 2
