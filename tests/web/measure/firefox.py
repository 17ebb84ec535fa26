"""Firefox, driven by WebDriver BiDi over its own port: no driver is needed, and the profile is thrown away."""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect

from tests.support.daemons.party import PATIENCE
from tests.support.output import Output
from tests.web.measure.film import Film

FIREFOX: Final = "/usr/bin/firefox-esr"

_SETTINGS: Final[dict[str, object]] = {
    "media.autoplay.default": 0,
    "media.hardware-video-decoding.enabled": False,
    "full-screen-api.approval-required": False,
    "full-screen-api.warning.timeout": 0,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}


class FirefoxFilm(Film):
    """A `Film` whose page is in Firefox, and fills the screen."""

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__(None)
        self._socket = socket
        self._sent = 0
        self._context = ""

    async def begin(self, url: str) -> str:
        """Open the page. Return the browser's name and version."""
        session = await self._send("session.new", {"capabilities": {}})
        self._context = (await self._send("browsingContext.getTree", {}))["contexts"][0]["context"]
        await self._send("browsingContext.navigate", {"context": self._context, "url": url, "wait": "complete"})
        # The bar that tells of remote control stays away from a full screen.
        for _ in range(20):
            with contextlib.suppress(RuntimeError):  # refused until the window has the focus
                await self.call("() => document.documentElement.requestFullscreen()")
                break
            await asyncio.sleep(0.5)
        return f"Firefox {session['capabilities']['browserVersion']}"

    async def call(self, function: str, argument: Any = None) -> Any:
        expression = f"(async () => JSON.stringify((await ({function})({json.dumps(argument)})) ?? null))()"
        words = {"expression": expression, "target": {"context": self._context}, "awaitPromise": True}
        answer = await self._send("script.evaluate", {**words, "userActivation": True})
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    async def _send(self, method: str, parameters: dict[str, Any]) -> Any:
        self._sent += 1
        await self._socket.send(json.dumps({"id": self._sent, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await self._socket.recv())
            if answer.get("id") == self._sent:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['message']}")
                return answer["result"]


@contextlib.asynccontextmanager
async def firefox(display: str) -> AsyncIterator[FirefoxFilm]:
    """Run Firefox on this X display."""
    with _process(display) as address:
        async with connect(f"{address}/session", max_size=None) as socket:
            yield FirefoxFilm(socket)


@contextlib.contextmanager
def _process(display: str) -> Iterator[str]:
    """Run Firefox with a new profile. Return the address that it is driven at."""
    with tempfile.TemporaryDirectory(prefix="hang-firefox-", ignore_cleanup_errors=True) as profile:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _SETTINGS.items()]
        Path(profile, "user.js").write_text("\n".join(lines), encoding="utf-8")
        process = subprocess.Popen(
            [FIREFOX, "--profile", profile, "--no-remote", "--remote-debugging-port", "0", "--kiosk", "about:blank"],
            env={**os.environ, "DISPLAY": display, "HOME": profile},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield _address(process)
        finally:
            process.terminate()
            process.wait()


def _address(process: subprocess.Popen[str]) -> str:
    found = re.search(r"ws://\S+", Output(process.stderr).line("ws://", timeout=PATIENCE))
    assert found is not None
    return found[0]
