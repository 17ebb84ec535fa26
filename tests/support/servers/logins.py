"""People who log in at servers, each with a home of their own, in this process."""

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tests.support.daemons.viewers import Watcher

__all__ = ["SECRET", "Person"]

SECRET = "correct horse battery"


class Person:
    """Somebody with a home. Each of its daemons is a `Watcher` that notes what it asks of the server."""

    def __init__(self, stack: AsyncExitStack, folder: Path, name: str, server: str) -> None:
        self._stack = stack
        self._folder = folder / name
        self._folder.mkdir()
        self._server = server
        self.name = name
        self.credentials = self._folder / "credentials.json"
        self.daemons = 0

    def daemon(self, **settings: Any) -> Watcher:
        self.daemons += 1
        watcher = Watcher(
            self._folder / str(self.daemons),
            name=self.name,
            duration=600.0,
            credentials=self.credentials,
            device=self._folder / "device-key",
            **{"server": self._server, **settings},
        )
        self._stack.push_async_callback(watcher.viewer.close)
        return watcher

    def kept(self) -> Any:
        """Return what is kept of the server."""
        return json.loads(self.credentials.read_bytes())["servers"].get(self._server, {})

    async def registers(self) -> Watcher:
        watcher = self.daemon()
        answer = await watcher.viewer.room("server-register", {"name": self.name, "password": SECRET})
        assert answer == {"account": self.name, "server": self._server}
        return watcher
