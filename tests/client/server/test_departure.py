"""What a viewer that is out of its room is told: what has happened, and what to do."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.client.server.departure import departure
from hangd.protocol.errors import ErrorCode
from hangd.protocol.model import LeftReason

REASONS: tuple[LeftReason, ...] = get_args(LeftReason)
CODES: tuple[ErrorCode, ...] = get_args(ErrorCode)


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("said", [None, "spoilers"])
def test_every_reason_has_a_sentence_that_names_the_room_and_says_what_to_do(
    reason: LeftReason, said: str | None
) -> None:
    why = departure("0d9f", "friday", reason, said)
    assert "friday" in why.what and "0d9f" not in why.detail
    assert (why.advice == "") == why.is_own_wish
    if said is not None and reason not in ("left", "closed"):
        assert said in why.what
    assert why.as_dict() == {
        "room_id": "0d9f",
        "name": "friday",
        "reason": reason,
        "detail": why.detail,
        "at": why.at,
    }


@pytest.mark.parametrize("code", CODES)
def test_every_refusal_of_a_return_has_a_sentence_that_says_what_to_do(code: ErrorCode) -> None:
    why = departure("0d9f", None, "lost", "some words of the server", code)
    assert "0d9f" in why.what and why.advice
    assert "name" not in why.as_dict()


def test_a_name_with_a_space_can_be_copied_into_a_shell() -> None:
    assert departure("0d9f", "fri day", "kicked").advice == "you may come again: hangctl join 'fri day'"


@given(name=st.text(), said=st.text(), reason=st.sampled_from(REASONS), code=st.none() | st.sampled_from(CODES))
def test_what_others_say_is_one_line_and_of_limited_length(
    name: str, said: str, reason: LeftReason, code: ErrorCode | None
) -> None:
    why = departure("0d9f", name[:64], reason, said * 100, code)
    assert why.detail.isprintable()
    assert len(why.what) < 6000
