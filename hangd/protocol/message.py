"""What all messages are made of."""

from collections.abc import Callable

from msgspec import Struct, ValidationError
from msgspec.structs import force_setattr


class Message(Struct, frozen=True, omit_defaults=True):
    """The payload of a message. Its name on the wire is that of the class."""


def normalise(message: Struct, field: str, normal: Callable[[str], str]) -> None:
    """Give a field of a decoded message its normal form. Raises ValidationError where ``normal`` raises ValueError."""
    try:
        force_setattr(message, field, normal(getattr(message, field)))
    except ValueError as error:
        raise ValidationError(f"{error} - at `$.{field}`") from None
