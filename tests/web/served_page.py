"""A room server with the page, whose files a test may change, and which it may stop and start again at one address."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

import hangd.web
from hangd.server.app import serve
from hangd.server.settings import ServerSettings

_PATIENCE: Final = 30.0
_SOURCE: Final = Path(str(resources.files(hangd.web)))


class ServedPage:
    """See the module's docstring. ``folder`` has a copy of hangd/web."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "web"
        shutil.copytree(_SOURCE, self.folder)
        with socket.create_server(("127.0.0.1", 0)) as sock:
            self.port = sock.getsockname()[1]
        real = resources.files

        def files(package: str | ModuleType) -> Any:
            return self.folder if package == "hangd.web" else real(package)

        monkeypatch.setattr(resources, "files", files)

    @property
    def url(self) -> str:
        """The address of the page. The name is one that browsers trust without a certificate."""
        return f"http://localhost:{self.port}/"

    @property
    def plain_url(self) -> str:
        """The same page as on a home network, where browsers do not trust it."""
        return f"http://home.test:{self.port}/"

    @asynccontextmanager
    async def server(self, settings: ServerSettings | None = None) -> AsyncIterator[None]:
        """Run the server with the files that are there now."""
        stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
        sock = socket.create_server(("127.0.0.1", self.port))
        sock.setblocking(False)
        async with asyncio.TaskGroup() as group:
            chosen = settings or ServerSettings(keep_rooms=False)
            group.create_task(serve(chosen, stop=stop, ready=ready.set_result, sockets=[sock]))
            try:
                await asyncio.wait_for(ready, _PATIENCE)
                yield
            finally:
                stop.set()
