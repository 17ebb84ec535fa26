"""One tab of Chromium, driven by the DevTools protocol alone.

Playwright keeps every page visible and in focus, and counts what it evaluates as a click of the viewer. So what a
browser does with a page that is hidden, or in which nobody has clicked yet, can be seen only without it.
"""

import base64
import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from websockets.sync.client import ClientConnection, connect

from tests.support.browsers.browser import CHROMIUM
from tests.support.daemons.party import PATIENCE, wait_for

_PAGES: Final = Path(__file__).parents[1] / "browser"
_ARGUMENTS: Final = (
    "--no-sandbox --disable-gpu --test-type --no-first-run --disable-background-networking --remote-debugging-port=0"
).split()


class RawTab:
    """The tab with tests/web/browser/session.js in place of the page's own script."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._sent = 0
        self._session = ""
        self._target = self._browser("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._browser("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]

    def open(self, page: str) -> None:
        """Open this page, and wait for its session."""
        self.call("Page.enable")
        self.call("Fetch.enable", patterns=[{"urlPattern": "*/page/main.js"}])
        self.call("Page.navigate", url=page)
        wait_for(lambda: self.evaluate("typeof session === 'object'"), "the page's session")

    def evaluate(self, code: str) -> Any:
        """Return the value of an expression, and if that is a promise, its outcome."""
        result = self.call("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def pick(self, film: Path) -> Any:
        """Pick a film, and return the outcome once it stands ready or does not."""
        self.choose(film)
        return self.evaluate("session.openFile(input.files[0])")

    def choose(self, film: Path) -> None:
        """Choose a file in the page's input, and do nothing with it."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector="input")["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(film)])

    def tap(self) -> None:
        """Click on the button."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=20, y=20, button="left", clickCount=1)

    def hide(self) -> None:
        """Open another tab in front of this one."""
        self._browser("Target.createTarget", url="about:blank")

    def show(self) -> None:
        """Bring this tab to the front again."""
        self._browser("Target.activateTarget", targetId=self._target)

    def call(self, method: str, **parameters: Any) -> Any:
        return self._call(method, self._session, parameters)

    def _browser(self, method: str, **parameters: Any) -> Any:
        return self._call(method, "", parameters)

    def _call(self, method: str, session: str, parameters: dict[str, Any]) -> Any:
        number = self._send(method, session, parameters)
        while True:
            message = json.loads(self._socket.recv(PATIENCE))
            if message.get("method") == "Fetch.requestPaused":
                self._fulfil(message["params"]["requestId"])
            if message.get("id") == number:
                assert "error" not in message, (method, message)
                return message["result"]

    def _send(self, method: str, session: str, parameters: dict[str, Any]) -> int:
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        return self._sent

    def _fulfil(self, request: str) -> None:
        script = (_PAGES / "session.js").read_text(encoding="utf-8").replace("../../../hangd/web/", "../")
        headers = [{"name": "Content-Type", "value": "text/javascript"}]
        body = base64.b64encode(script.encode()).decode()
        fields = {"requestId": request, "responseCode": 200, "responseHeaders": headers, "body": body}
        self._send("Fetch.fulfillRequest", self._session, fields)


@contextlib.contextmanager
def raw_tab(display: str) -> Iterator[RawTab]:
    """Run Chromium with a profile of its own, and provide a tab.

    The display should be the browser's alone: a page whose window is behind another one is hidden.
    """
    with tempfile.TemporaryDirectory(prefix="hang-chromium-", ignore_cleanup_errors=True) as profile:
        words = [CHROMIUM, *_ARGUMENTS, f"--user-data-dir={profile}", f"--display={display}", "about:blank"]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            written = Path(profile) / "DevToolsActivePort"
            port, path = wait_for(lambda: written.exists() and _two(written.read_text()), "the browser's start")
            with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as socket:
                yield RawTab(socket)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _two(text: str) -> list[str] | None:
    """Return the two lines of the file that tells where the browser listens; None: it is still being written."""
    lines = text.split()
    return lines if len(lines) == 2 else None
