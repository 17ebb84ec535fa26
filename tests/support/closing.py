"""A base class for objects that are closed at the end of a ``with`` block."""

from types import TracebackType
from typing import Self

__all__ = ["Closing"]


class Closing:
    """Context manager that calls ``close``, which subclasses define."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
