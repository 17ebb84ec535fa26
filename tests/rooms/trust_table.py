"""Everything in one table: which message of whom a server allows, and with which error it refuses the others.

Three parts. `MEMBERS`: every message in every role, under each rule of who may control the room. `DOOR`: JoinRoom with
all that a client can show, at every kind of door. `SERVERS`: every message to a server that wants an account or has a
password of its own. ``python -m tools.security_table`` prints them for docs/security.md, and
``test_trust_table.py`` runs each row on a hub.

A row's outcomes are letters, one for each column: "+" is allowed, and `CODES` says which error the others are.
"""

from typing import Any, Final, NamedTuple

__all__ = ["CODES", "DOOR", "DOORS", "MEMBERS", "MESSAGES", "ROLES", "SERVERS", "STATES", "Row", "rows"]

CODES: Final = {
    "N": "NotInRoom",
    "A": "AlreadyInRoom",
    "F": "Forbidden",
    "I": "InvalidMessage",
    "U": "Unauthorized",
    "B": "Banned",
    "L": "RoomLocked",
    "P": "WrongPassword",
    "V": "InvalidInvite",
    "S": "RoomFull",
}

ROLES: Final = ("outside", "viewer", "controller", "host")
CONTROLS: Final = ("everyone", "controllers", "host")
STATES: Final = ("basic", "none", "account")
"""basic: it has not said Hello; none: it has, and has not logged in; account: it has logged in."""

_HASH = "a" * 64
_FILE: dict[str, Any] = {"size": 5, "duration": 60.0, "quick_hash": "b" * 64}
_KEYS = {"p256dh": "B" * 87, "auth": "A" * 22}
_SECRET = "a-secret-of-this-test"

MESSAGES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "Hello": ("Hello", {"protocol": 1, "name": "Zoe", "client": "test"}),
    "Ping": ("Ping", {"t0": 1.0}),
    "CreateRoom": ("CreateRoom", {"file_hash": _HASH}),
    "JoinRoom": ("JoinRoom", {"room_id": "friday", "file_hash": _HASH}),
    "ListRooms": ("ListRooms", {}),
    "LeaveRoom": ("LeaveRoom", {}),
    "Report": ("Report", {"state": "paused", "position": 0.0, "at": 0.0}),
    "SetReady": ("SetReady", {"ready": True}),
    "SetReady of another member": ("SetReady", {"ready": True, "client_id": "DORA"}),
    "SetFile": ("SetFile", {"file": _FILE, "file_hash": _HASH}),
    "Say": ("Say", {"text": "hello"}),
    "GetRoom": ("GetRoom", {}),
    "Play": ("SyncCommand", {"action": "Play", "timestamp": 0.0}),
    "Pause": ("SyncCommand", {"action": "Pause", "timestamp": 0.0}),
    "Seek": ("SyncCommand", {"action": "Seek", "timestamp": 0.0}),
    "Speed": ("SyncCommand", {"action": "Speed", "rate": 1.5}),
    "Stop": ("SyncCommand", {"action": "Stop"}),
    "SetMedia": ("SetMedia", {"file_hash": "c" * 64, "file": _FILE}),
    "QueueInsert": ("QueueInsert", {"after": "end", "entries": [{"file": _FILE}]}),
    "QueueRemove": ("QueueRemove", {"ids": []}),
    "QueueMove": ("QueueMove", {"ids": [], "after": None}),
    "SetEntry": ("SetEntry", {"id": "1-0", "file_hash": _HASH}),
    "SetPolicy": ("SetPolicy", {"wait": "everyone"}),
    "SetRole": ("SetRole", {"client_id": "DORA", "role": "controller"}),
    "Kick": ("Kick", {"client_id": "DORA"}),
    "Kick with a ban": ("Kick", {"client_id": "DORA", "ban": True}),
    "GetBans": ("GetBans", {}),
    "Unban": ("Unban", {"id": "BAN"}),
    "CreateInvite": ("CreateInvite", {}),
    "CreateInvite for a controller": ("CreateInvite", {"role": "controller"}),
    "GetInvites": ("GetInvites", {}),
    "RevokeInvites of one's own": ("RevokeInvites", {}),
    "RevokeInvites of another member": ("RevokeInvites", {"id": "0-i1-a1b2"}),
    "RevokeInvites of everybody": ("RevokeInvites", {"everybodys": True}),
    "PushSubscribe": (
        "PushSubscribe",
        {"name": "zoe", "endpoint": "https://push.example/1", "keys": _KEYS, "secret": _SECRET},
    ),
    "PushUnsubscribe": ("PushUnsubscribe", {"name": "zoe", "secret": _SECRET}),
    "PushInvite": ("PushInvite", {"name": "zoe"}),
    "Register": ("Register", {"name": "zoe", "password": "correct horse"}),
    "Login": ("Login", {"name": "zoe", "password": "right"}),
    "LoginByCode": ("LoginByCode", {"code": "BCDF-GHJK"}),
    "Refresh": ("Refresh", {"refresh": "refresh-token-1234"}),
    "Authenticate": ("Authenticate", {"token": "token-of-zoe"}),
    "Logout": ("Logout", {}),
    "CreatePairCode": ("CreatePairCode", {}),
}
"""What is sent, by its name in the table. DORA, BAN and INVITE stand for the ids of a member, a ban and an invite."""

_LOGINS: Final = ("Register", "Login", "LoginByCode", "Refresh", "Authenticate")
_FOR_ACCOUNTS: Final = ("Logout", "CreatePairCode")
_ACCOUNT_REQUESTS: Final = (*_LOGINS, *_FOR_ACCOUNTS)
FULL_ONLY: Final = frozenset(
    {
        "GetBans",
        "Unban",
        "CreateInvite",
        "CreateInvite for a controller",
        "GetInvites",
        "RevokeInvites of one's own",
        "RevokeInvites of another member",
        "RevokeInvites of everybody",
        "PushSubscribe",
        "PushUnsubscribe",
        "PushInvite",
        *_ACCOUNT_REQUESTS,
    }
)
"""Only a client that has said Hello may send these."""

MEMBERS: Final[dict[str, tuple[str, str, str]]] = {
    # By `CONTROLS`, each by `ROLES`.
    "Hello": ("IIII", "IIII", "IIII"),
    "Ping": ("++++", "++++", "++++"),
    "ListRooms": ("++++", "++++", "++++"),
    "CreateRoom": ("+AAA", "+AAA", "+AAA"),
    "JoinRoom": ("+AAA", "+AAA", "+AAA"),
    "LeaveRoom": ("N+++", "N+++", "N+++"),
    "Report": ("N+++", "N+++", "N+++"),
    "SetReady": ("N+++", "N+++", "N+++"),
    "SetFile": ("N+++", "N+++", "N+++"),
    "Say": ("N+++", "N+++", "N+++"),
    "GetRoom": ("N+++", "N+++", "N+++"),
    "Play": ("N+++", "NF++", "NFF+"),
    "Pause": ("N+++", "NF++", "NFF+"),
    "Seek": ("N+++", "NF++", "NFF+"),
    "Speed": ("N+++", "NF++", "NFF+"),
    "Stop": ("N+++", "NF++", "NFF+"),
    "SetMedia": ("N+++", "NF++", "NFF+"),
    "QueueInsert": ("N+++", "NF++", "NFF+"),
    "QueueRemove": ("N+++", "NF++", "NFF+"),
    "QueueMove": ("N+++", "NF++", "NFF+"),
    "SetEntry": ("N+++", "NF++", "NFF+"),
    "SetReady of another member": ("NFF+", "NFF+", "NFF+"),
    "SetPolicy": ("NFF+", "NFF+", "NFF+"),
    "SetRole": ("NFF+", "NFF+", "NFF+"),
    "Kick": ("NFF+", "NFF+", "NFF+"),
    "Kick with a ban": ("NFF+", "NFF+", "NFF+"),
    "GetBans": ("NFF+", "NFF+", "NFF+"),
    "Unban": ("NFF+", "NFF+", "NFF+"),
    "CreateInvite": ("N+++", "NF++", "NFF+"),
    "CreateInvite for a controller": ("NFF+", "NFF+", "NFF+"),
    "GetInvites": ("N+++", "N+++", "N+++"),
    "RevokeInvites of one's own": ("N+++", "N+++", "N+++"),
    "RevokeInvites of another member": ("NFF+", "NFF+", "NFF+"),
    "RevokeInvites of everybody": ("NFF+", "NFF+", "NFF+"),
    "PushSubscribe": ("++++", "++++", "++++"),
    "PushUnsubscribe": ("++++", "++++", "++++"),
    "PushInvite": ("N+++", "N+++", "N+++"),
    "Register": ("++++", "++++", "++++"),
    "Login": ("++++", "++++", "++++"),
    "LoginByCode": ("++++", "++++", "++++"),
    "Refresh": ("++++", "++++", "++++"),
    "Authenticate": ("++++", "++++", "++++"),
    "Logout": ("++++", "++++", "++++"),  # Of who has logged in. Others: Unauthorized.
    "CreatePairCode": ("++++", "++++", "++++"),
}
"""What a client that has logged in may send. What others may not besides: see `rows`."""

DOORS: Final = ("anyone", "locked", "password", "accounts", "invited", "full")
"""Rooms: without rules; locked; with a password; of those who have an account; of the invited; full."""

SHOWN: Final = (
    "nothing",
    "the password",
    "a wrong password",
    "an invite",
    "a forged or expired invite",
    "a used up invite",
    "a revoked invite",
    "another room's invite",
    "a return secret",
    "a wrong return secret",
    "the owner's secret",
)

_WITH_ACCOUNT: Final = {
    "nothing": "+LP+VS",
    "the password": "+L++VS",
    "a wrong password": "+LP+VS",
    "an invite": "+L+++S",
    "a forged or expired invite": "+LV+VS",
    "a used up invite": "+LV+VS",
    "a revoked invite": "+LV+VS",
    "another room's invite": "+LV+VS",
    "a return secret": "++P++S",
    "a wrong return secret": "+LP+VS",
    "the owner's secret": "++++++",
}

DOOR: Final[dict[str, dict[str, str]]] = {
    # By `DOORS`.
    "a stranger": {
        "nothing": "+LPUVS",
        "the password": "+L+UVS",
        "a wrong password": "+LPUVS",
        "an invite": "+L+++S",
        "a forged or expired invite": "+LVVVS",
        "a used up invite": "+LVVVS",
        "a revoked invite": "+LVVVS",
        "another room's invite": "+LVVVS",
        "a return secret": "++P++S",
        "a wrong return secret": "+LPUVS",
        "the owner's secret": "++++++",
    },
    "a basic client": {
        "nothing": "+LPUVS",
        "the password": "+L+UVS",
        "a wrong password": "+LPUVS",
        "an invite": "+L+++S",
        "a forged or expired invite": "+LVVVS",
        "a used up invite": "+LVVVS",
        "a revoked invite": "+LVVVS",
        "another room's invite": "+LVVVS",
        "a return secret": "+LPUVS",  # Only full members get one.
        "a wrong return secret": "+LPUVS",
        "the owner's secret": "++++++",
    },
    "somebody with an account": _WITH_ACCOUNT,
    "somebody whose account is banned": {**dict.fromkeys(SHOWN, "BBBBBB"), "the owner's secret": "++++++"},
    "somebody whose device is banned": {**dict.fromkeys(SHOWN, "BBBBBB"), "the owner's secret": "++++++"},
    "a stranger whose network is banned": {
        **dict.fromkeys(SHOWN, "BBBBBB"),
        "a return secret": "++P++S",
        "the owner's secret": "++++++",
    },
    "somebody with an account, whose network is banned": _WITH_ACCOUNT,  # Others' bans do not matter then.
}
"""Whether JoinRoom is allowed, by who asks and by what it shows."""

SERVERS: Final[dict[str, dict[str, str]]] = {
    # By `STATES`.
    "an account is needed": {
        **dict.fromkeys(MESSAGES, "UU+"),
        **dict.fromkeys(_LOGINS, "U++"),
        **{name: "UUN" for name, by_control in MEMBERS.items() if by_control[0][0] == "N"},
        "Hello": "+II",
        "Ping": "+++",
    },
    "it has a password": {
        **dict.fromkeys(MESSAGES, "U++"),
        **dict.fromkeys(_FOR_ACCOUNTS, "UU+"),
        **{name: "UNN" for name, by_control in MEMBERS.items() if by_control[0][0] == "N"},
        "Hello": "UII",  # Without the password; with it, it is welcome.
        "Ping": "+++",
    },
}
"""Whether a client in no room may send a message to such a server. Who is greeted by the latter knows the password."""


class Row(NamedTuple):
    """One row of the whole table: a message in one situation, and the code of the refusal. None: it is allowed."""

    message: str
    role: str
    policy: str
    """Who may control the room (`CONTROLS`), the door (`DOORS`), or the server (`SERVERS`)."""
    state: str
    """One of `STATES`, or who asks to be let in, as in `DOOR`."""
    expected: str | None
    shown: str = "nothing"
    """What is shown in JoinRoom."""


def rows() -> list[Row]:
    """Return all rows of the table."""
    return [*_member_rows(), *_door_rows(), *_server_rows()]


def _member_rows() -> list[Row]:
    made = []
    for message, by_control in MEMBERS.items():
        for control, by_role in zip(CONTROLS, by_control, strict=True):
            for role, letter in zip(ROLES, by_role, strict=True):
                for state in STATES:
                    made.append(Row(message, role, control, state, CODES.get(_for(message, role, state, letter))))
    return made


def _for(message: str, role: str, state: str, letter: str) -> str:
    """Return the letter for a client in this state, where ``letter`` is that for one that has logged in."""
    if state == "basic":
        if message == "Hello" and role == "outside":
            return "+"  # It becomes a full client.
        return "F" if message in FULL_ONLY else letter
    return "U" if state == "none" and message in _FOR_ACCOUNTS else letter


def _door_rows() -> list[Row]:
    return [
        Row("JoinRoom", "outside", door, who, CODES.get(letter), shown)
        for who, by_shown in DOOR.items()
        for shown, letters in by_shown.items()
        for door, letter in zip(DOORS, letters, strict=True)
    ]


def _server_rows() -> list[Row]:
    return [
        Row(message, "outside", server, state, CODES.get(letter))
        for server, by_message in SERVERS.items()
        for message, letters in by_message.items()
        for state, letter in zip(STATES, letters, strict=True)
    ]
