"""MessageQueue: all messages are shown in the end or replaced, in their order, and no more than there is room for."""

from hypothesis import given
from hypothesis import strategies as st

from hangd.client.desktop.messages.queue import HURRIED, WAITING_MAX, Message, MessageQueue, reading_seconds


def queue(room: float = 5.0) -> MessageQueue:
    """A queue in which a message is as high as its text is long."""
    return MessageQueue(lambda message: len(message.text), lambda: room)


def message(text: str, seconds: float | None = 3.0, key: str = "") -> Message:
    return Message(text, seconds, key)


def shown(messages: MessageQueue) -> list[str]:
    return [each.text for each in messages.shown]


def test_messages_stand_below_one_another_and_go_when_their_time_is_over() -> None:
    messages = queue()
    messages.add(message("a"), 0.0)
    messages.add(message("bb", 5.0), 1.0)
    assert shown(messages) == ["a", "bb"]
    assert messages.due() == 3.0
    messages.refresh(3.0)
    assert shown(messages) == ["bb"]
    messages.refresh(6.0)
    assert (shown(messages), messages.due()) == ([], None)


def test_what_does_not_fit_waits_and_those_before_it_stay_for_a_shorter_time() -> None:
    messages = queue(room=2.0)
    for text in ("a", "b", "c", "d"):
        messages.add(message(text), 0.0)
    assert shown(messages) == ["a", "b"]
    due = messages.due()
    assert due == 3.0 * HURRIED
    messages.refresh(due)
    assert shown(messages) == ["c", "d"], "their time runs from now on"
    messages.refresh(due + 2.9)
    assert shown(messages) == ["c", "d"]


def test_a_message_that_is_higher_than_the_window_is_shown_alone() -> None:
    messages = queue(room=3.0)
    messages.add(message("aaaaaaaa"), 0.0)
    messages.add(message("b"), 0.0)
    assert shown(messages) == ["aaaaaaaa"]


def test_the_later_message_of_a_key_takes_the_place_of_the_other() -> None:
    messages = queue()
    for text, key, now in (("a", "ann", 0.0), ("b", "bob", 0.5), ("c", "ann", 1.0), ("d", "ann", 1.2)):
        messages.add(message(text, 3.0, key), now)
    assert shown(messages) == ["d", "b"]
    messages.refresh(3.9)
    assert shown(messages) == ["d"]
    messages.remove("ann", 4.0)
    assert shown(messages) == []


def test_what_lasts_stands_above_the_others_until_it_is_removed() -> None:
    messages = queue(room=2.0)
    messages.add(message("a"), 0.0)
    messages.add(message("b"), 0.0)
    messages.add(message("W", None, "start"), 0.5)
    assert shown(messages) == ["W", "a"], "the newest waits again"
    messages.add(message("V", None, "start"), 1.0)
    assert shown(messages)[0] == "V"
    messages.refresh(100.0)
    messages.refresh(200.0)
    assert shown(messages) == ["V"]
    messages.remove("start", 200.0)
    assert shown(messages) == []


def test_of_a_flood_the_newest_are_shown_and_the_number_of_the_others_is_told() -> None:
    messages = queue(room=30.0)
    for number in range(WAITING_MAX + 200):
        messages.add(message(f"{number:010}"), 0.0)
    seen = {each.text for each in messages.shown}
    now = 0.0
    while (due := messages.due()) is not None:
        now = max(now, due)
        messages.refresh(now)
        seen |= {each.text for each in messages.shown}
    assert f"{WAITING_MAX + 199:010}" in seen
    numbers = {text for text in seen if text.isdigit()}
    (note,) = seen - numbers
    assert note == f"{WAITING_MAX + 200 - len(numbers)} more messages are not shown"


_ADDED = st.builds(
    message, st.text("x", min_size=1, max_size=4), st.floats(0.5, 5.0), st.sampled_from(["", "", "k", "l"])
)
_STEPS = st.lists(st.one_of(_ADDED, st.floats(0.0, 3.0), st.sampled_from(["k", "l"])), max_size=40)


@given(_STEPS, st.floats(1.0, 8.0))
def test_all_are_shown_or_replaced_in_order_within_the_room_and_never_two_of_a_key(
    steps: list[Message | float | str], room: float
) -> None:
    messages, now = queue(room), 0.0
    # Each message gets a number as its name, so that it is recognized.
    added: list[Message] = []
    gone: set[str] = set()
    seen: list[str] = []

    def look() -> None:
        now_shown = messages.shown
        assert sum(len(each.text) for each in now_shown) <= room or len(now_shown) == 1
        keys = [each.key for each in now_shown if each.key]
        assert len(keys) == len(set(keys))
        seen.extend(each.name for each in now_shown if each.name not in seen)

    for step in steps:
        if isinstance(step, float):
            now += step
            messages.refresh(now)
        elif isinstance(step, str):
            gone |= {each.name for each in added if each.key == step}
            messages.remove(step, now)
        else:
            gone |= {each.name for each in added if step.key and each.key == step.key}
            added.append(Message(step.text, step.seconds, step.key, str(len(added))))
            messages.add(added[-1], now)
        look()
    while (due := messages.due()) is not None:
        assert due > now - 1e-9, "nothing is due that has been done"
        now = max(now, due)
        messages.refresh(now)
        look()
    assert messages.shown == ()
    assert {each.name for each in added} - set(seen) <= gone
    without_key = [int(name) for name in seen if not added[int(name)].key]
    assert without_key == sorted(without_key), "what nothing replaces is shown in the order in which it came"


def test_longer_texts_stay_longer_within_limits() -> None:
    assert reading_seconds("short", 3.0) == 3.0
    assert 3.0 < reading_seconds("x" * 100, 3.0) < 12.0
    assert reading_seconds("x" * 10_000, 3.0) == 12.0
