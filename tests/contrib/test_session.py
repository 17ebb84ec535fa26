"""The user units on a bare i3, under a real systemd: the daemon starts with the desktop, and ends with it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from hangd.systemd import UNITS
from tests.support.daemons.party import BIN, wait_for
from tests.support.servers import box as boxes

ROOT: Final = Path(__file__).parent.parent.parent

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(300),
    pytest.mark.skipif(boxes.why_not() is not None, reason=str(boxes.why_not())),
]

_ENVIRONMENT: Final = f"""
export HOME=/root XDG_RUNTIME_DIR=/run/user/0 PATH={BIN}:$PATH PYTHONPATH={os.environ.get("PYTHONPATH", "")}
"""


class _Desktop:
    """A machine with a user whose systemd runs, whose units are installed, and who has no display yet."""

    def __init__(self, box: boxes.Box) -> None:
        self._box = box
        box.run("systemctl start user@0.service")
        self.run("systemctl --user set-environment HANG_PLAYER=simulated PYTHONPATH=$PYTHONPATH")
        self.run("rm -rf /root/.config/systemd && mkdir -p /root/.config/systemd/user")
        for unit in ("user", "user-session"):
            self.run(f"hangd --print-unit {unit} > /root/.config/systemd/user/{Path(UNITS[unit]).name}")
        self.run("systemctl --user daemon-reload; systemctl --user enable hangd.service 2>&1")

    def run(self, script: str) -> str:
        return self._box.run(_ENVIRONMENT + script)

    def state(self) -> str:
        return self.run("systemctl --user is-active hangd.service || true").strip()

    def waits_until(self, state: str) -> None:
        try:
            wait_for(lambda: self.state() == state, f"the daemon's state {state}")
        except AssertionError as error:
            raise AssertionError(self.run("systemctl --user status hangd hang-session.target || true")) from error


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[_Desktop]:
    with boxes.box(tmp_path) as box, box.booted():
        yield _Desktop(box)


def test_the_daemon_starts_with_i3_knows_its_display_and_ends_with_it(desktop: _Desktop) -> None:
    # As a person does who wants it: the lines that begin with "#exec", without the sign for a comment.
    lines = (ROOT / "contrib" / "i3" / "hang.conf").read_text().replace("#exec", "exec")
    desktop.run(f"mkdir -p /root/.config/i3; cat > /root/.config/i3/hang.conf <<'END'\n{lines}\nEND")
    desktop.run("printf '%s\\n' '# i3 config file (v4)' 'include hang.conf' > /root/.config/i3/config")
    desktop.run("setsid Xvfb :4242 -screen 0 320x240x24 >/dev/null 2>&1 &")
    desktop.run("until [ -S /tmp/.X11-unix/X4242 ]; do sleep 0.05; done; DISPLAY=:4242 setsid i3 >/dev/null 2>&1 &")

    desktop.waits_until("active")
    pid = desktop.run("hangctl get pid").strip()
    assert "DISPLAY=:4242" in desktop.run(f"tr '\\0' '\\n' < /proc/{pid}/environ").splitlines()

    desktop.run("DISPLAY=:4242 i3-msg restart || true")  # the answer may be lost with the connection
    wait_for(lambda: "major" in desktop.run("DISPLAY=:4242 i3-msg -t get_version || true"), "i3 after its restart")
    assert (desktop.state(), desktop.run("hangctl get pid").strip()) == ("active", pid)

    desktop.run("DISPLAY=:4242 i3-msg exit || true")
    desktop.waits_until("inactive")
