"""Debian's Firefox on an X display, driven by WebDriver BiDi: requests and answers over a WebSocket."""

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from websockets.sync.client import ClientConnection, connect

from tests.support.output import Output

__all__ = ["FIREFOX", "FirefoxTab", "firefox_tab"]

FIREFOX: Final = "/usr/bin/firefox-esr"
_PATIENCE: Final = 60.0
_LISTENING: Final = "WebDriver BiDi listening on "
_PREFERENCES: Final = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "full-screen-api.warning.timeout": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}
_KEYS: Final = {"Escape": "\ue00c", "Enter": "\ue007", "ArrowLeft": "\ue012", "ArrowRight": "\ue014", "Tab": "\ue004"}


class FirefoxTab:
    """A `Tab` (tests.support.browsers.browser) of Firefox."""

    name = "firefox"

    def __init__(self, socket: ClientConnection, pid: int) -> None:
        self._socket = socket
        self._pid = pid
        self._asked = 0
        self.console: list[str] = []
        """What the page wrote to its console, and errors that nothing caught."""
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self._context: str = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command and return its result. Raises RuntimeError if it fails."""
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(_PATIENCE))
            if message.get("type") == "event":
                self.console.append(f"{message['params']['level']}: {message['params'].get('text')}")
            elif message.get("id") == self._asked:
                if message["type"] == "error":
                    raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]

    def goto(self, url: str) -> None:
        self.ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, function: str, *arguments: Any) -> Any:
        # As JSON both ways: BiDi's own form of values would have to be translated.
        words = f"async (words) => JSON.stringify((await ({function})(...JSON.parse(words))) ?? null)"
        answer = self.ask(
            "script.callFunction",
            functionDeclaration=words,
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
            target={"context": self._context},
            awaitPromise=True,
            userActivation=False,
        )
        if answer["type"] != "success":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def _find(self, selector: str) -> dict[str, str]:
        locator = {"type": "css", "value": selector}
        nodes = self.ask("browsingContext.locateNodes", context=self._context, locator=locator)["nodes"]
        if not nodes:
            raise RuntimeError(f"nothing is {selector}")
        return {"sharedId": nodes[0]["sharedId"]}

    def set_files(self, selector: str, *paths: Path) -> None:
        self.ask("input.setFiles", context=self._context, element=self._find(selector), files=[*map(str, paths)])

    def press(self, key: str) -> None:
        value = _KEYS.get(key, key)
        actions = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._perform({"type": "key", "id": "keys", "actions": actions})

    def click(self, selector: str) -> None:
        origin = {"type": "element", "element": self._find(selector)}
        actions: list[dict[str, Any]] = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._perform({"type": "pointer", "id": "mouse", "actions": actions})

    def type(self, selector: str, text: str) -> None:
        self.evaluate("(selector) => { const f = document.querySelector(selector); f.focus(); f.select(); }", selector)
        actions = [{"type": kind, "value": letter} for letter in text for kind in ("keyDown", "keyUp")]
        self._perform({"type": "key", "id": "keys", "actions": actions})

    def group(self) -> int:
        return os.getpgid(self._pid)

    def _perform(self, source: dict[str, Any]) -> None:
        self.ask("input.performActions", context=self._context, actions=[source])


@contextlib.contextmanager
def firefox_tab(
    display: str, *, environment: Mapping[str, str] | None = None, preferences: Mapping[str, bool | int | str] = {}
) -> Iterator[FirefoxTab]:
    """Run Firefox with one page that fills the display. Its profile is new.

    ``preferences`` are those of about:config.
    """
    with tempfile.TemporaryDirectory(prefix="hang-firefox-", ignore_cleanup_errors=True) as profile:
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});"
            for name, value in {**_PREFERENCES, **preferences}.items()
        ]
        Path(profile, "user.js").write_text("\n".join(lines))
        words = [FIREFOX, "--remote-debugging-port", "0", "--profile", profile, "--no-remote", "--kiosk", "about:blank"]
        process = subprocess.Popen(
            words,
            env={**os.environ, **(environment or {}), "DISPLAY": display, "HOME": profile},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            output = Output(process.stderr)
            address = output.line(_LISTENING, timeout=_PATIENCE).split(_LISTENING)[1].strip()
            with connect(f"{address}/session", max_size=None, open_timeout=_PATIENCE) as socket:
                tab = FirefoxTab(socket, process.pid)
                yield tab
                with contextlib.suppress(Exception):
                    tab.ask("browser.close")
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
