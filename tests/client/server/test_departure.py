"""What a viewer that is out of its room is told: what has happened, and what to do."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.client.server.departure import departure, not_let_in
from hangd.protocol.errors import Details, ErrorCode
from hangd.protocol.messages import Error
from hangd.protocol.model import Access, LeftReason

REASONS: tuple[LeftReason, ...] = get_args(LeftReason)
CODES: tuple[ErrorCode, ...] = get_args(ErrorCode)


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("said", [None, "spoilers"])
def test_every_reason_has_a_sentence_that_names_the_room_and_says_what_to_do(
    reason: LeftReason, said: str | None
) -> None:
    why = departure("0d9f", "friday", reason, said)
    assert "friday" in why.what and "0d9f" not in why.detail
    assert (why.advice == "") == (why.is_own_wish and said is None)
    if said is not None and reason != "closed":
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


@pytest.mark.parametrize(
    ("code", "details", "advice"),
    [
        ("Banned", None, "once that is lifted: hangctl join friday"),
        ("Unauthorized", {"need": "password"}, "give it: hangctl connect; then: hangctl join friday"),
        ("Unauthorized", None, "to come again: hangctl login; then: hangctl join friday"),
        ("Unauthorized", {"need": "something new"}, "to come again: hangctl login; then: hangctl join friday"),
    ],
)
def test_a_server_that_lets_nobody_in_is_not_the_rooms_host(
    code: ErrorCode, details: Details | None, advice: str
) -> None:
    refusal = Error(code, "these are the server's words", False, details)
    why = departure("0d9f", "friday", "lost", refusal.message, not_let_in(refusal))
    assert "these are the server's words" in why.what and "host" not in why.detail and why.advice == advice


def test_a_banned_viewer_is_told_by_what_it_is_known() -> None:
    anonymous, member = (departure("0d9f", "friday", "banned", None, has_account=known) for known in (False, True))
    assert "this device" in anonymous.advice and "24 hours" in anonymous.advice
    assert "your account" in member.advice and "network" not in member.advice


@pytest.mark.parametrize(("access", "advice"), [("anyone", "hangctl join friday"), ("invited", "an invite")])
def test_who_was_put_out_is_told_how_to_come_again(access: Access, advice: str) -> None:
    assert advice in departure("0d9f", "friday", "kicked", access=access).advice


def test_a_ban_from_the_server_is_told_until_it_lets_the_viewer_in() -> None:
    banned = departure("0d9f", "friday", "lost", "no", not_let_in(Error("Banned", "no", False, {"of": "server"})))
    assert banned.until_welcome
    assert not departure("0d9f", "friday", "kicked").until_welcome


def test_a_name_with_a_space_can_be_copied_into_a_shell() -> None:
    assert departure("0d9f", "fri day", "kicked").advice == "you may come again: hangctl join 'fri day'"


@given(name=st.text(), said=st.text(), reason=st.sampled_from(REASONS), code=st.none() | st.sampled_from(CODES))
def test_what_others_say_is_one_line_and_of_limited_length(
    name: str, said: str, reason: LeftReason, code: ErrorCode | None
) -> None:
    why = departure("0d9f", name[:64], reason, said * 100, code)
    assert why.detail.isprintable()
    assert len(why.what) < 6000
