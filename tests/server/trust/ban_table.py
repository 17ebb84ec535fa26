"""What a member can try that the host has banned from a room, and what happens: as data.

``test_ban_table.py`` tries each row with a real server, sockets and addresses, before and after the server was killed.
``python -m tools.security_table`` prints it for docs/security.md.

A row's outcomes are two letters for each column: from the network of the banned member, and from another one. `CODES`
says what they are. Each try gives the room's password too, unless it is by an invite.
"""

from typing import Final

__all__ = ["CODES", "TRIES", "WHO"]

CODES: Final = {"+": "let in", "B": "Banned", "V": "InvalidInvite", "-": "cannot be tried"}

WHO: Final[dict[str, str]] = {
    "page": "neither account nor device",
    "device": "a device",
    "account": "an account and a device",
    "account only": "an account",
    "basic": "a basic client",
}
"""What the banned member was known by, and as what that is printed."""

TRIES: Final[dict[str, tuple[str, str, str, str, str]]] = {
    # It was: page, device, account, account only, basic.
    "asks again over the same connection": ("B-", "B-", "B-", "B-", "B-"),
    "connects again": ("B+", "BB", "BB", "BB", "B+"),
    "shows its resume secret": ("B+", "BB", "BB", "BB", "--"),
    "shows its return secret": ("B+", "BB", "BB", "BB", "--"),
    "shows the return secret of a second membership that it had": ("++", "BB", "BB", "BB", "--"),
    "takes a new name": ("B+", "BB", "BB", "BB", "--"),
    "shows an invite from before the ban": ("B+", "BB", "BB", "BB", "B+"),
    "shows an invite from after the ban": ("B+", "BB", "BB", "BB", "B+"),
    "shows an invite that it has made": ("BV", "BB", "BB", "BB", "--"),
    "logs out": ("--", "--", "BB", "++", "--"),
    "deletes its device's key": ("--", "B+", "BB", "--", "--"),
    "logs in with another account": ("++", "BB", "BB", "++", "--"),
    "deletes all that it has kept": ("B+", "B+", "++", "++", "B+"),
    "deletes all, and logs in with another account": ("++", "++", "++", "++", "--"),
    "guesses the owner's secret": ("B+", "BB", "BB", "BB", "B+"),
    "has the owner's secret": ("++", "++", "++", "++", "++"),
}
"""By what it does, the outcome for each of `WHO`."""
