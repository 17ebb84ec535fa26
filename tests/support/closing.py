"""What is closed where its block ends."""

from types import TracebackType
from typing import Self

__all__ = ["Closing"]


class Closing:
    """Has ``close``, and so can stand in a ``with``."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
