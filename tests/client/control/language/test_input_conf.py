"""Files of key bindings: what they bind, and which of their lines are wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.client.control.commands import complaint
from hangd.client.control.language.input_conf import Binding, parse


def test_what_a_file_binds() -> None:
    text = (
        "\ufeff# note\n\n  a  seek 5   # go on \r\nb {sec} no-osd set mute yes; ignore\nc {default} ignore\n"
        "default-bindings start # all that follows\ng-p show-text 'a # b' ;\n"
    )
    assert parse(text, complaint) == (
        [
            Binding("a", "seek 5", "go on"),
            Binding("b", "no-osd set mute yes; ignore", section="sec"),
            Binding("c", "ignore"),
            Binding("g-p", "show-text 'a # b' ;", is_weak=True),
        ],
        [],
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nokey ignore", "there is no key nokey"),
        ("LEFTT seek 5", "there is no key LEFTT; did you mean LEFT?"),
        ("a-b-c-d-e ignore", "no more than 4 keys can be pressed one after the other"),
        ("a", "there is no command"),
        ("a  # only a note", "there is no command"),
        ("a no-osd", "there is no command"),
        ("a ; ignore", "there is no command"),
        ("a seeek 5", "there is no command seeek; did you mean seek?"),
        ("a seek", "its arguments are wrong: seek target [flags] [legacy]"),
        ("a seek x", "its arguments are wrong: seek target [flags] [legacy]"),
        ("a ignore x", "its arguments are wrong: ignore"),
        ("a show-text hello; cycle-values", "its arguments are wrong: cycle-values arg0 ..."),
        ("a run xterm", "hang has no run: control clients cannot run programs"),
        ("a script-binding stats/display-stats", "hang has no script-binding: hang has no scripts and no profiles"),
        ('a show-text "x', "a quotation mark is not closed"),
        (r'a show-text "\q"', r'there is no such \ between quotation marks "..."'),
        ("a {unclosed ignore", "there is no command {unclosed"),
        ("default-bindings stop", "only 'default-bindings start' has a meaning"),
        ("default-bindings", "only 'default-bindings start' has a meaning"),
    ],
)
def test_a_wrong_line_is_named_with_its_reason_and_the_others_count(line: str, why: str) -> None:
    bindings, wrong = parse(f"x ignore\n{line}\ny ignore", complaint)
    assert [each.key for each in bindings] == ["x", "y"]
    assert [(each.number, each.why) for each in wrong] == [(2, why)]


def test_a_file_has_an_end() -> None:
    bindings, wrong = parse("a ignore\n" * 3000, complaint)
    assert (len(bindings), [each.number for each in wrong]) == (2000, [2001])


LINES = st.text() | st.builds(
    " ".join,
    st.lists(
        st.sampled_from(
            ["a", "SPACE", "g-p", "{s}", "{", "}", "seek", "5", "set", "mute", "yes", ";", "#", '"', "'", "`", "\\",
             "${", "no-osd", "raw", "default-bindings", "start", "\0", "\udc80", "keypress"]
        )
    ),
)  # fmt: skip


@given(st.lists(LINES))
def test_every_line_is_a_note_binds_or_is_named(lines: list[str]) -> None:
    text = "\n".join(lines)
    bindings, wrong = parse(text, complaint)
    assert all(each.why for each in wrong)
    assert len({each.number for each in wrong}) == len(wrong)
    # The lines that are not wrong say the same without the others.
    numbers = {each.number for each in wrong}
    rest = "\n".join("" if number in numbers else line for number, line in enumerate(text.split("\n"), start=1))
    assert parse(rest, complaint) == (bindings, [])


@given(st.lists(LINES))
def test_what_was_read_is_read_again(lines: list[str]) -> None:
    bindings, _ = parse("\n".join(lines), complaint)
    again = [f"{each.key} {{{each.section}}} {each.command}" for each in bindings if "}" not in each.section]
    read, wrong = parse("\n".join(again), complaint)
    assert wrong == []
    assert [(each.key, each.section, each.command) for each in read] == [
        (each.key, each.section, each.command) for each in bindings if "}" not in each.section
    ]
