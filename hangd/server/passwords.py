"""Hash and compare room passwords with argon2id, on threads."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE: Final = 2
"""Each hash takes 64 MiB and a core for tens of milliseconds (RFC 9106's low-memory profile, argon2-cffi's default)."""


class RoomPasswords:
    """Implements `hangd.rooms.settings.Passwords`. Call `close` at the end."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")

    async def hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def matches(self, password: str, password_hash: str) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._matches, password, password_hash)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
