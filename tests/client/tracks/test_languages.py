"""Languages as people and films write them."""

import pytest

from hangd.client.tracks.languages import likeness, words


@pytest.mark.parametrize(
    ("wanted", "language", "fits"),
    [
        ("de", "ger", 1), ("deu", "ger", 1), ("ger", "de", 1), ("DE", "deu", 1), ("de", "de-AT", 1),
        ("de-AT", "de-at", 2), ("pt_BR", "pt-BR", 2), ("zh-Hant-TW", "chi-TW", 2), ("ja", "jpn", 1),
        ("de", "eng", 0), ("d", "de", 0), ("", "de", 0), ("de", "", 0), ("german", "german", 1), ("no", "nob", 0),
    ],
)  # fmt: skip
def test_how_well_a_language_fits(wanted: str, language: str, fits: int) -> None:
    assert likeness(wanted, language) == fits


def test_a_list_is_divided_by_commas() -> None:
    assert words("ja, de,,en") == ["ja", "de", "en"]
    assert words("") == []
