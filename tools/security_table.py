"""Print the tables of docs/security.md as Markdown: what a server allows (tests/rooms/trust_table.py), whom a ban keeps
out (tests/server/trust/ban_table.py), what was forged and replayed (`tools.forged_table`), and what a server was
attacked with (tests/abuse/table.py).

``python -m tools.security_table`` writes each into docs/security.md, between two markers.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.abuse.table import AMPLIFIED, ATTACKS
from tests.rooms.trust_table import CODES, DOOR, DOORS, FULL_ONLY, MEMBERS, ROLES, SERVERS
from tests.server.trust import ban_table
from tools import forged_table

PAGE: Final = Path(__file__).parent.parent / "docs" / "security.md"
_MANY: Final = 8
"""So many names in one row are everything that is in no other row."""

_DOORS: Final = {
    "anyone": "without rules",
    "locked": "locked",
    "password": "with a password",
    "accounts": "`access: accounts`",
    "invited": "`access: invited`",
    "full": "full",
}


def table() -> str:
    """Return the table as Markdown."""
    return "\n\n".join([_members(), _door(), _servers()])


def put_into(page: str) -> str:
    """Return the page with each table between its markers. Raises ValueError: they are not there."""
    for name, made in _TABLES.items():
        marker = f"<!-- {name} -->"
        begin, end = page.index(marker) + len(marker), page.index(f"<!-- /{name} -->")
        page = f"{page[:begin]}\n\n{made()}\n\n{page[end:]}"
    return page


def bans() -> str:
    """Return the table of whom a ban keeps out as Markdown."""
    lines = _head(["What it does", *ban_table.WHO.values()])
    lines += [_row([tried, *map(_kept_out, letters)]) for tried, letters in ban_table.TRIES.items()]
    return "\n".join(lines)


def _kept_out(letters: str) -> str:
    """Return what happens from the banned member's network, and from another one where that differs."""
    here, elsewhere = (ban_table.CODES[letter] for letter in letters)
    if letters == "--":
        return ""
    if elsewhere in (here, ban_table.CODES["-"]):
        return f"**{here}**" if here == ban_table.CODES["+"] else here
    return f"{here}; from another network {elsewhere}"


def forged() -> str:
    """Return the table of what was forged, replayed and guessed as Markdown."""
    return forged_table.table(forged_table.rows())


def attacks() -> str:
    """Return the table of what a server was attacked with as Markdown."""
    lines = _head(["What was tried", "Before", "Now"])
    return "\n".join([*lines, *(_row([one.tried, one.before, one.now]) for one in ATTACKS)])


def amplified() -> str:
    """Return the table of what one message makes a server send as Markdown."""
    lines = _head(["Message", "Bytes up", "Bytes down, before", "Bytes down, now", "Times"])
    for name, one in AMPLIFIED.items():
        numbers = (one.up, one.before, one.now, one.now / one.up)
        lines.append(_row([name, *(f"{number:,.0f}" for number in numbers)]))
    return "\n".join(lines)


def _members() -> str:
    by_rule: dict[tuple[str, str, str], list[str]] = {}
    for message, rule in MEMBERS.items():
        by_rule.setdefault(rule, []).append(message)
    lines = _head(["Message", "`control`", *("in no room" if role == "outside" else role for role in ROLES)])
    for (everyone, controllers, host), messages in by_rule.items():
        names = _names(messages)
        rules = {"everyone": everyone, "controllers": controllers, "host": host}
        if everyone == controllers == host:
            rules = {"any": everyone}
        for control, letters in rules.items():
            lines.append(_row([names, control, *map(_word, letters)]))
            names = ""
    return "\n".join(
        [
            "**In a room.** By the member's role, and by the policy `control` where that matters. Messages with a star",
            "are for clients that have said Hello: a basic client's are Forbidden. Logout and CreatePairCode of",
            "who has not logged in are Unauthorized. The Hello here is a second one.",
            "",
            *lines,
        ]
    )


def _door() -> str:
    parts = [
        "**At the door.** Whether JoinRoom is allowed, by who asks, by what the message shows, and by the room.",
    ]
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for who, by_shown in DOOR.items():
        alike.setdefault(tuple(by_shown.items()), []).append(who)
    for items, people in alike.items():
        by_letters = _grouped(dict(items))
        lines = _head([f"Shown by {'; by '.join(people)}", *(_DOORS[door] for door in DOORS)])
        lines += [_row([shown, *map(_word, letters)]) for letters, shown in by_letters]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _servers() -> str:
    parts = ["**At a server that not everybody may use.** What a client in no room may send."]
    for server, by_message in SERVERS.items():
        states = ("basic client", "has said Hello", "has logged in")
        lines = _head([f"Where {server}", *states])
        lines += [_row([messages, *map(_word, letters)]) for letters, messages in _grouped(by_message)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _grouped(by_name: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the letters, and the names that have them, each group as one text. A large last one is anything else."""
    groups: dict[str, list[str]] = {}
    for name, letters in by_name.items():
        groups.setdefault(letters, []).append(name)
    largest = max(groups, key=lambda letters: len(groups[letters]))
    shown = [(letters, "; ".join(names)) for letters, names in groups.items() if letters != largest]
    names = groups[largest]
    return [*shown, (largest, "anything else" if len(names) > _MANY else ", ".join(names))]


def _names(messages: Sequence[str]) -> str:
    return ", ".join(f"{message}\\*" if message in FULL_ONLY else message for message in messages)


def _word(letter: str) -> str:
    return "yes" if letter == "+" else CODES[letter]


def _head(cells: Sequence[str]) -> list[str]:
    return [_row(cells), _row(["---"] * len(cells))]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


_TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "table": table,
    "bans": bans,
    "forged": forged,
    "attacks": attacks,
    "amplified": amplified,
}
"""By the name in the markers."""


def main() -> None:
    PAGE.write_text(put_into(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
