"""How a request that was refused, or a frame that was none, is told to its sender."""

from hangd.protocol.errors import HangProtocolError
from hangd.protocol.messages import Error

__all__ = ["as_error"]


def as_error(error: HangProtocolError) -> Error:
    """Return the Error message that says what ``error`` says."""
    return Error(code=error.code, message=error.message, retry=error.retry, details=error.details)
