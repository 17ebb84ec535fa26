"""The room server as an administrator installs it, with the very lines of README, under a real systemd."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import box as boxes
from tests.support.party import CLIP, Person

ROOT = Path(__file__).parent.parent.parent

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(600),
    pytest.mark.skipif(boxes.why_not() is not None, reason=str(boxes.why_not())),
]


def lines_for_administrators() -> list[str]:
    """Return the commands of README's block for an administrator, as root types them."""
    text = (ROOT / "README.md").read_text()
    found = re.search(r"## For an administrator\n.*?```\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return [line.replace("sudo ", "env ") for line in found[1].splitlines()]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[boxes.Box]:
    """A machine on which README's lines were typed."""
    packages, install, *start = lines_for_administrators()
    assert packages == "env apt install pipx"  # .ci/setup installs it, before this machine is copied
    with boxes.box(tmp_path_factory.mktemp("box")) as made:
        # What this machine's own administrator may have set up is not there on a fresh one.
        made.before("rm -rf /etc/hang /etc/systemd/system/hang*")
        made.before(install)
        with made.booted():
            for line in start:
                made.run(line)
            yield made


class Stranger(Person):
    """A viewer at the other end of the cable."""

    def __init__(self, name: str, folder: Path, box: boxes.Box) -> None:
        super().__init__(name, folder, display=None, player="simulated")
        self._words = box.outside()

    def words(self) -> list[str]:
        return [*self._words, *super().words()]


def test_a_client_from_another_address_makes_a_room(box: boxes.Box, tmp_path: Path) -> None:
    assert box.run("systemctl is-active hang-server") == "active\n"
    ada, ben = Stranger("ada", tmp_path / "ada", box), Stranger("ben", tmp_path / "ben", box)
    try:
        ada.ctl("create", CLIP, "--name", "friday", "--server", f"ws://{boxes.ADDRESS}:3005/ws")
        ben.ctl("join", f"hang://{boxes.ADDRESS}:3005/friday", CLIP)
        assert {json.loads(line)["name"] for line in ada.ctl("members", "--json").splitlines()} == {"ada", "ben"}
    finally:
        ada.close()
        ben.close()


def test_a_client_comes_by_an_address_with_a_zone(box: boxes.Box, tmp_path: Path) -> None:
    """Every machine has an address fe80::, which means something only together with the interface."""
    listed = box.run("ip -6 -o address show dev inside scope link")
    found = re.search(r"fe80::[0-9a-f:]+", listed)
    assert found is not None, listed
    cat = Stranger("cat", tmp_path / "cat", box)
    try:
        cat.ctl("create", CLIP, "--server", f"ws://[{found[0]}%25outside]:3005/ws")
        assert cat.get("room/id")
    finally:
        cat.close()


def test_the_service_is_nobody_and_sees_nothing(box: boxes.Box) -> None:
    pid = box.run("systemctl show -P MainPID hang-server").strip()
    assert box.run(f"stat -c %U /proc/{pid}") != "root\n"
    assert "ExecStart=/usr/local/bin/hangd server\n" in box.run("systemctl cat hang-server")
    assert box.run("stat -c %a /var/lib/private/hang") == "700\n"


def test_the_config_file_says_where_it_listens(box: boxes.Box) -> None:
    box.run("""echo '[server]\nlisten = ["127.0.0.1:4005"]' > /etc/hang/config.toml; systemctl restart hang-server""")
    try:
        assert "ws://127.0.0.1:4005/ws" in box.run("systemctl status hang-server")
    finally:
        box.run("rm /etc/hang/config.toml; systemctl restart hang-server")


def test_a_unit_for_a_home_is_refused(box: boxes.Box) -> None:
    """``pipx install`` alone puts hangd into root's home."""
    box.run("cp -r /opt/pipx/venvs/hang-sync /root/hang")
    done = box.run("python3 -m venv --upgrade /root/hang; ! /root/hang/bin/python -m hangd --print-unit system")
    assert "is in a folder that a system service does not see" in done
    assert "ExecStart" not in done


def test_an_installation_that_others_cannot_read_says_what_helps(box: boxes.Box) -> None:
    """As after umask 077."""
    box.run("chmod -R go= /opt/pipx")
    done = box.run("! hangd --print-unit system")
    found = re.search(r"`sudo (chmod -R go\+rX /opt/pipx)`", done)
    assert found is not None, done
    box.run(f"{found[1]}; hangd --print-unit system")
