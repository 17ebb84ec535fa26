"""Codes are frozen: clients in other languages compare them."""

from typing import get_args

import pytest

from hangd.protocol import errors
from hangd.protocol.errors import (
    ErrorCode,
    HangProtocolError,
    LocalProtocolError,
    RemoteProtocolError,
    RequestRefused,
    may_return,
)


def test_the_error_codes_are_those_of_the_protocol() -> None:
    assert " ".join(get_args(ErrorCode)) == (
        "FileHashMismatch RoomNotFound RoomFull RoomLocked WrongPassword Banned NotInRoom AlreadyInRoom Forbidden "
        "Unauthorized InvalidInvite RateLimited InvalidMessage UnknownType TooLarge UnsupportedProtocol NameTaken "
        "NoSuchEntry ServerFull Internal"
    )


def test_the_close_codes_are_those_of_the_protocol() -> None:
    codes = {name: getattr(errors, name) for name in dir(errors) if name.startswith("CLOSE_")}
    assert codes == {
        "CLOSE_GOING_DOWN": 4001,
        "CLOSE_TOO_SLOW": 4002,
        "CLOSE_IDLE": 4003,
        "CLOSE_PROTOCOL": 4500,
        "CLOSE_UNAUTHORIZED": 4501,
        "CLOSE_BANNED": 4502,
        "CLOSE_RATE_LIMITED": 4503,
        "CLOSE_REPLACED": 4504,
        "CLOSE_REMOVED": 4505,
    }


@pytest.mark.parametrize(
    ("code", "back"),
    [
        *((code, True) for code in (1000, 1006, 1012, 3999, 4000, 4001, 4002, 4499, 5000)),
        *((code, False) for code in (4500, 4502, 4504, 4999)),
    ],
)
def test_a_close_code_says_whether_to_come_back(code: int, back: bool) -> None:
    assert may_return(code) is back


def test_errors_that_pass_by_themselves_may_be_retried() -> None:
    tried = {code for code in get_args(ErrorCode) if RequestRefused(code, "no").retry}
    assert tried == {"RoomFull", "RoomLocked", "RateLimited", "ServerFull", "Internal"}


def test_exceptions_keep_code_message_and_details() -> None:
    remote = RemoteProtocolError("InvalidMessage", "that is none", path="$.payload.x", request_id=7)
    assert (remote.code, str(remote), remote.path, remote.request_id) == (
        "InvalidMessage",
        "that is none",
        "$.payload.x",
        7,
    )
    assert remote.details == {"path": "$.payload.x"}
    refused = RequestRefused("RateLimited", "later", details={"seconds": 2.0})
    assert (refused.message, refused.details) == ("later", {"seconds": 2.0})
    assert LocalProtocolError("a bug").code == "Internal"
    assert all(isinstance(error, HangProtocolError) for error in (remote, refused, LocalProtocolError("a bug")))
