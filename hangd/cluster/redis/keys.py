"""Keys: the names of everything that hang keeps in Redis. All begin alike, so that Redis can be shared with others."""

from typing import Final

from msgspec import Struct

PREFIX: Final = "hang:"

FIELD: Final = "f:"
"""What the names of a room's fields begin with in its hash."""
LINK: Final = "in:"
"""The same for the links, whose values are the numbers of the last inputs applied."""


class Keys(Struct, frozen=True):
    """The names, and the channels, which Redis does not keep apart by database."""

    prefix: str = PREFIX
    db: int = 0

    @property
    def life(self) -> str:
        """What the lives of nodes begin with."""
        return f"{self.prefix}n:"

    @property
    def room(self) -> str:
        return f"{self.prefix}r:"

    @property
    def inbox(self) -> str:
        return f"{self.prefix}i:{self.db}:"

    @property
    def all(self) -> str:
        """The channel of all nodes."""
        return f"{self.prefix}all:{self.db}"

    @property
    def nodes(self) -> str:
        """The index of nodes."""
        return f"{self.prefix}nodes"

    @property
    def public(self) -> str:
        """The index of public rooms."""
        return f"{self.prefix}public"

    def alias(self, alias_key: str) -> str:
        return f"{self.prefix}a:{alias_key}"

    def client(self, client_id: str) -> str:
        return f"{self.prefix}c:{client_id}"

    def small(self, kind: str, key: str) -> str:
        """Return the key of something small that nodes share. Kinds do not meet."""
        return f"{self.prefix}{kind}:{key}"
