"""LineEditor: typing, deleting and moving as in a shell's line, by what is seen as one character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.client.desktop.messages.line_editor import LineEditor


def typed(*keys: str, limit: int = 500) -> LineEditor:
    """Press keys: names of keys in capitals or with a modifier, other texts as they are written."""
    editor = LineEditor(limit)
    for key in keys:
        if len(key) > 1 and (key.isupper() or "+" in key):
            editor.key(key, "")
        else:
            editor.key("SPACE" if key == " " else key, key)
    return editor


@pytest.mark.parametrize(
    ("keys", "text", "caret"),
    [
        (["a", " ", "b"], "a b", 3),
        (["a", "b", "BS"], "a", 1),
        (["BS", "DEL", "LEFT", "Ctrl+w"], "", 0),
        (["a", "c", "LEFT", "b"], "abc", 2),
        (["b", "HOME", "a", "END", "c"], "abc", 3),
        (["a", "b", "HOME", "DEL"], "b", 0),
        (["one two  three", "Ctrl+w"], "one two  ", 9),
        (["one two  ", "Ctrl+w", "Ctrl+w"], "", 0),
        (["one two", "Ctrl+LEFT", "x"], "one xtwo", 5),
        (["one two", "HOME", "Ctrl+RIGHT", "Ctrl+u"], " two", 0),
        (["one", "LEFT", "Ctrl+k"], "on", 2),
        (["हिन्दी", "BS"], "हिन्", 4),
        (["e\u0301", "BS"], "", 0),
        (["x\U0001f469\u200d\U0001f469\u200d\U0001f467", "BS"], "x", 1),
        (["\U0001f44b\U0001f3fd", "LEFT", "a"], "a\U0001f44b\U0001f3fd", 1),
        (["\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", "BS"], "\U0001f1e9\U0001f1ea", 2),
        (["م", "ر", "BS"], "م", 1),
        (["one\ntwo\tthree\x07"], "one two three", 13),
    ],
)
def test_keys_edit_the_line(keys: list[str], text: str, caret: int) -> None:
    editor = typed(*keys)
    assert (editor.text, editor.caret) == (text, caret)


def test_the_line_is_no_longer_than_the_limit() -> None:
    editor = typed("abc", "defgh", "LEFT", "x", limit=5)
    assert (editor.text, editor.caret) == ("abcde", 4)


def test_keys_that_write_a_control_character_write_nothing() -> None:
    editor = LineEditor(10)
    for name, text in (("Ctrl+q", "\x11"), ("F5", ""), ("TAB", "\t"), ("Ctrl+j", "\n"), ("x", "\ud800")):
        editor.key(name, text)
    assert editor.text == " "


@given(
    st.lists(
        st.one_of(
            st.sampled_from("BS DEL LEFT RIGHT HOME END Ctrl+w Ctrl+u Ctrl+k Ctrl+LEFT Ctrl+RIGHT".split()), st.text()
        )
    )
)
def test_the_caret_stays_in_the_line_and_the_line_can_always_be_sent(keys: list[str]) -> None:
    editor = LineEditor(20)
    for key in keys:
        editor.key(key, "" if key.isascii() and key[:2].isupper() else key)
        assert 0 <= editor.caret <= len(editor.text) <= 20
        assert not any(letter in "\n\r\x00\x1b" for letter in editor.text)
        editor.text.encode()
