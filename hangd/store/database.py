"""Database: the port of what is different between the engines (``sqlite``, ``postgres``). Above it is one `SqlStore`.

Statements are one text for all engines: parameters are ``?``, and of what follows the engine writes its own words:

- ``{serial}``: the type of a number that the database gives to each new row, and the primary key;
- ``{is:COLUMN}``: that a text column has a value which may be no text (`Value`);
- ``{locked}``: after a SELECT, that no other transaction changes its rows before this one has ended.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

Value: TypeAlias = str | bytes | int | float | None
"""A value of a column. Of a text column it is str; bytes: it is damaged, and no text in UTF-8."""

Row: TypeAlias = tuple[Value, ...]

Run: TypeAlias = Callable[..., list[Row]]
"""``run(statement, *parameters)`` carries out one statement and returns its rows."""


class Database(Protocol):
    """One open database. What fails raises `hangd.store.base.StoreFailed`."""

    where: str
    """A path, or a URL without its password."""
    lasting: bool
    """Whether what is written is still there after this process."""

    def reading(self) -> AbstractContextManager[Run]:
        """Begin a transaction that sees everything as it is at one moment, and changes nothing.

        Within another transaction it is a part of that one.
        """

    def writing(self) -> AbstractContextManager[Run]:
        """Begin a transaction. It is committed at the end of the block, or rolled back by an exception.

        Within another one that this method has begun, it is a part of that one.
        """

    def many(self, statement: str, rows: Sequence[Row]) -> None:
        """Carry out one statement for each of the rows, within a transaction."""

    def has_table(self, name: str) -> bool:
        """Return whether there is such a table, within a transaction."""

    def problems(self) -> list[str]:
        """Return what is wrong with the database as such: a sentence for each thing that its engine finds."""

    def hurry(self, seconds: float) -> None:
        """Wait for nothing after so many seconds: what takes longer fails, and so does what begins then.

        It may be called from any thread, also during a transaction.
        """

    def close(self) -> None: ...
