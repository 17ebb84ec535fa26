"""Names of keys: one for each way to spell it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.client.control.language.key_names import NAMES, UnknownKey, key_name, sequence_name

MODIFIERS = ("Shift+", "alt+", "CTRL+", "Meta+")


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("F5", "F5"), ("enter", "ENTER"), ("a", "a"), ("A", "A"), ("ü", "ü"), (" ", "SPACE"), ("#", "SHARP"),
        ("0x41", "A"), ("Ctrl+Shift+x", "Ctrl+X"), ("shift+CTRL+F1", "Shift+Ctrl+F1"), ("Ctrl++", "Ctrl++"), ("+", "+"),
        ("Meta+Alt+pgup", "Alt+Meta+PGUP"), ("XF86_NEXT", "NEXT"), ("mouse_btn0_dbl", "MBTN_LEFT_DBL"),
        ("AXIS_UP", "WHEEL_UP"), ("Shift+ß", "ß"),
    ],
)  # fmt: skip
def test_one_key_has_one_name(spelled: str, name: str) -> None:
    assert key_name(spelled) == key_name(name) == name


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("a", "a"), ("a-b", "a-b"), ("g-Shift+p", "g-P"), ("-", "-"), ("--a", "--a"), ("Ctrl+-", "Ctrl+-"),
        ("Ctrl+--a", "Ctrl+--a"), ("a--", "a--"), ("space-SPACE", "SPACE-SPACE"), ("a-b-c-d", "a-b-c-d"),
    ],
)  # fmt: skip
def test_keys_one_after_the_other_have_one_name(spelled: str, name: str) -> None:
    assert sequence_name(spelled) == sequence_name(name) == name


@pytest.mark.parametrize("spelled", ["", "aa", "Alt+", "nosuchkey", "0xZZ", "0x", "0xffffffffff", "Ctrl+nope", "a-"])
def test_names_of_no_key(spelled: str) -> None:
    with pytest.raises(UnknownKey):
        sequence_name(spelled)


def test_a_wrong_name_is_answered_with_the_one_that_may_be_meant() -> None:
    with pytest.raises(UnknownKey, match="there is no key Ctrl\\+PAGEUP; did you mean PGUP\\?"):
        key_name("Ctrl+PAGEUP")
    with pytest.raises(ValueError, match="no more than 4 keys"):
        sequence_name("a-b-c-d-e")


@given(st.text())
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        name = sequence_name(text)
    except ValueError as error:
        assert str(error)
    else:
        assert sequence_name(name) == name


KEYS = st.builds(
    lambda held, key: "".join(held) + key,
    st.lists(st.sampled_from(MODIFIERS), unique=True),
    st.sampled_from(NAMES) | st.characters(min_codepoint=0x21, max_codepoint=0x7E),
)


@given(st.lists(KEYS, min_size=1, max_size=4))
def test_the_name_of_a_sequence_is_that_of_its_keys(keys: list[str]) -> None:
    assert sequence_name("-".join(keys)) == "-".join(map(key_name, keys))
