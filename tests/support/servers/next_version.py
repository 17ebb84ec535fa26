"""The next version of hang, made of this one: to see that nodes of both work together (docs/cluster.md, "Upgrading").

It has one more field in all that nodes keep in Redis and send each other, and in all that clients are told of a room;
a parcel, an order of rooms, a request of clients and a message to them that this version does not know.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["NEXT", "next_version"]

_ROOT: Final = Path(__file__).parents[3]

NEXT: Final = "99.0"
"""The next version's number."""

_FIELD: Final = '    later: tuple[str, ...] = msgspec.field(default_factory=lambda: ("later",))\n'
"""Its factory has it written also where defaults are omitted."""

_GROWN: Final[dict[str, Sequence[str] | None]] = {
    "cluster/base.py": ["NodeInfo"],
    "engine/cluster/clusterclock.py": ["Reference", "ClockPing", "ClockPong"],
    "engine/cluster/parcels.py": None,
    "engine/room/admission/identity.py": None,
    "engine/room/effects.py": None,
    "engine/room/inputs.py": None,
    "engine/room/roster.py": ["RoomMember"],
    "engine/room/saved.py": None,
    "engine/skew.py": None,
    "protocol/model.py": None,
    "rooms/clustered/owning/basic.py": ["_AtLink"],
    "rooms/clustered/items.py": None,
    "rooms/clustered/parcels.py": ["Moved", "Ended", "StoreChanged", "_Envelope"],
    "store/base.py": ["ClockMark", "KeptRoom", "SigningKey"],
}
"""Which structs of which files have one more field. None: all."""

_CHANGED: Final[dict[str, Sequence[tuple[str, str]]]] = {
    "lifetime.py": [('return installed_version("hang-sync")', f'return "{NEXT}"')],
    "protocol/messages.py": [
        (
            "class GetRoom(Message, frozen=True):",
            'class Wave(Message, frozen=True):\n    """Answer: Done."""\n\n\n'
            "class Waved(Message, frozen=True):\n    client_id: model.ClientId\n\n\n"
            "class GetRoom(Message, frozen=True):",
        ),
        ("| GetRoom | Kick", "| GetRoom | Kick | Wave"),
        ("| PolicyChanged | Said", "| PolicyChanged | Said | Waved"),
    ],
    "engine/room/requests.py": [
        (
            "        case messages.GetRoom():",
            '        case messages.Wave():\n            room.tell("full", messages.Waved(client_id))\n'
            "            room.send((client_id,), messages.Done(), re)\n        case messages.GetRoom():",
        )
    ],
    "rooms/clustered/items.py": [
        ("Order = Says | ", "class Later(Struct, frozen=True):\n    pass\n\n\nOrder = Later | Says | "),
        ("        Says,\n", "        Later,\n        Says,\n"),
    ],
    "rooms/clustered/owning/owned.py": [
        (
            "            words.tell_all(items.Stands(*line))",
            "            words.tell_all(items.Later())\n            words.tell_all(items.Stands(*line))",
        )
    ],
    "rooms/clustered/edge/deliveries.py": [
        (
            "            case items.Charges(",
            "            case items.Later():\n                pass\n            case items.Charges(",
        )
    ],
    "rooms/clustered/parcels.py": [
        (
            "Message = ",
            'class Later(Struct, frozen=True, array_like=True, tag="later"):\n    pass\n\n\nMessage = Later | ',
        )
    ],
    "rooms/clustered/node.py": [
        (
            "            case StoreChanged():",
            "            case Later():\n                pass\n            case StoreChanged():",
        ),
        (
            "            self.rooms.owned.check_some()",
            "            self._cluster.broadcast(self.post.encode(Later()))\n            self.rooms.owned.check_some()",
        ),
        ("import Ended, Moved", "import Ended, Later, Moved"),
    ],
}
"""What else is different: old and new text of each place."""


def next_version(folder: Path) -> Path:
    """Make the next version in this folder, and return the folder from which to run it."""
    package = folder / "hangd"
    shutil.copytree(_ROOT / "hangd", package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, changes in _CHANGED.items():
        path = package / name
        text = path.read_text()
        for old, new in changes:
            assert text.count(old) == 1, f"{name} has changed, and {old!r} is in it {text.count(old)} times"
            text = text.replace(old, new)
        path.write_text(text)
    for name, structs in _GROWN.items():
        path = package / name
        path.write_text("import msgspec\n" + _grown(path.read_text(), structs))
    return folder


def _grown(text: str, structs: Sequence[str] | None) -> str:
    """Add the field at the end of these structs' bodies."""
    grown: list[str] = []

    def grow(found: re.Match[str]) -> str:
        name: str = found[1]
        if structs is not None and name not in structs:
            return found[0]
        grown.append(name)
        return found[0].rstrip("\n") + "\n" + _FIELD + "\n\n"

    text = re.sub(r"^class (\w+)\(Struct\b[^\n]*\):\n(?:[ ][^\n]*\n|\n)+", grow, text, flags=re.MULTILINE)
    assert grown and (structs is None or sorted(grown) == sorted(structs)), (grown, structs)
    return text
