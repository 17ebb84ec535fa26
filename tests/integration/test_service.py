"""The room server as an administrator installs it, under a real systemd, with the very lines of README and of
docs/running-a-server.md."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemons.party import CLIP, Person, wait_for
from tests.support.servers import box as boxes

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


def guide(title: str) -> list[str]:
    """Return the blocks of commands under a title of docs/running-a-server.md."""
    text = (ROOT / "docs" / "running-a-server.md").read_text()
    chapter = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)


_UPGRADE, _ = guide("Upgrading")[0].replace("sudo ", "env ").split("\n", 1)

# The package's files. Its installation would be a download for each run of the tests.
_CADDY = """
tar -C build/programs/caddy -c . | tar -x --keep-directory-symlink -C /
useradd --system --user-group --create-home --home-dir /var/lib/caddy caddy
mkdir /srv/hang
cp -r contrib /srv/hang
"""

# What Debian does when it installs the package, here without what this machine's own administrator may have made of it.
_POSTGRESQL = """
rm -rf /etc/postgresql /var/lib/postgresql/*
pg_createcluster "$(ls /usr/lib/postgresql | sort -n | tail -n 1)" main --start >/dev/null
"""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[boxes.Box]:
    """A machine on which README's lines were typed."""
    packages, install, *start = lines_for_administrators()
    assert packages == "env apt install pipx"  # .ci/setup installs it, before this machine is copied
    with boxes.box(tmp_path_factory.mktemp("box")) as made:
        # What this machine's own administrator may have set up is not there on a fresh one.
        made.before("rm -rf /etc/hang /etc/systemd/system/hang*")
        made.before(install)
        made.before(_UPGRADE)
        made.before(_CADDY)
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


def test_systemd_itself_finds_the_running_service_sandboxed(box: boxes.Box) -> None:
    assert box.run("systemd-analyze --man=no verify hang-server.service 2>&1 | grep hang || true") == ""
    said = box.run("systemd-analyze security --no-pager hang-server")
    found = re.search(r"Overall exposure level for hang-server\.service: (\d+\.\d)", said)
    assert found is not None, said
    print(found[0])
    assert float(found[1]) <= 1.5


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


# ---- docs/running-a-server.md ---------------------------------------------------------------------------------------

# What the guide's reader has and the container has not: sudo; answers to questions; a way to Debian's archive and to
# pip's, from which everything is installed already; a name on the internet, and so a certificate from there.
_READER = rf"""
cd /srv/hang
name={boxes.ADDRESS}
root=/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt
sudo() {{
    case "$1 ${{2-}} ${{3-}}" in
        'apt install '*|'PIPX_HOME=/opt/pipx '*' PIPX_MAN_DIR='*) ;;
        '-u postgres createuser')
            printf 'correcthorse\ncorrecthorse\n' | runuser -u postgres -- createuser --pwprompt hang ;;
        '-u postgres '*) shift 2; runuser -u postgres -- "$@" ;;
        'hangd user add') echo correct-password | env "$@" ;;
        'systemctl restart caddy') sed -i 's/^192.0.2.1 {{/&\ntls internal/' /etc/caddy/Caddyfile; env "$@" ;;
        *) env "$@" ;;
    esac
}}
curl() {{ env curl --retry 20 --retry-all-errors --retry-delay 1 --cacert "$root" "$@"; }}
"""


class Reader:
    """Types the guide's blocks, and knows which are left."""

    def __init__(self, box: boxes.Box) -> None:
        self._box = box
        text = (ROOT / "docs" / "running-a-server.md").read_text()
        self._left = {title: guide(title) for title in re.findall(r"^## (.*)$", text, re.MULTILINE)}

    def types(self, title: str, after: str = "") -> str:
        """Type the next block under this title, and then a script; return what both print."""
        block = self._left[title].pop(0).replace("name=films.example.org\n", "")
        block = block.replace("' c17:'", "' c[0-9]*:'")  # who that is depends on what came before
        return self._box.run(f"{_READER}{block}{after}")

    def skips(self, title: str, start: str) -> None:
        """Leave out the next block under this title, which has to begin like this."""
        assert self._left[title].pop(0).startswith(start)

    def left(self) -> list[str]:
        return [block for blocks in self._left.values() for block in blocks]


def test_the_guide_from_beginning_to_end(box: boxes.Box, tmp_path: Path) -> None:
    """Each of its blocks is typed, in an order that makes sense, and does what the text around it says."""
    reader = Reader(box)
    assert guide("Ten commands")[0].count("\n") - 6 == 10, "a file of 6 lines is one command"
    install = lines_for_administrators()[1]
    assert install in guide("Ten commands")[0].replace("sudo ", "env ")
    box.run("systemctl disable --now hang-server; rm /etc/systemd/system/hang-server.service")
    assert reader.types("Ten commands").endswith("ok\n")
    reader.types("Ten commands")
    (tmp_path / "root.crt").write_text(box.run("cat /var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"))
    ada, url = Stranger("ada", tmp_path / "ada", box), f"wss://{boxes.ADDRESS}/ws"
    ada.environment["HANG_TLS_CA"] = str(tmp_path / "root.crt")
    try:
        ada.ctl("create", CLIP, "--name", "saturday", "--server", url)
        assert f"https://{boxes.ADDRESS}/#saturday" in ada.ctl("invite")

        # Rooms that other tests have made in this box are kept.
        wait_for(
            lambda: "clients: 1, rooms: " in box.run("systemctl show -P StatusText hang-server"), "the status line"
        )
        said = reader.types("Watching over it")
        assert said.startswith("ok\n") and "Active: active (running)" in said and "clients: 1, rooms: " in said

        said = reader.types("Who may come", "systemctl is-active hang-server")
        assert said.endswith("active\n")
        eve = Stranger("eve", tmp_path / "eve", box)
        eve.environment["HANG_TLS_CA"] = str(tmp_path / "root.crt")
        try:
            assert "password" in eve.run("create", CLIP, "--server", url).stderr
        finally:
            eve.close()
        box.run("sed -i /^server_password_file/d /etc/hang/config.toml; systemctl restart hang-server")
        said = reader.types("Who may come")
        assert "ada" in said and "eyJ" in said, "an invite, and a list"

        said = reader.types("Trouble")
        assert "203.0.113.0/24" in said and "floods" in said
        said = reader.types("Trouble")
        assert "saturday" in said
        said = reader.types("Trouble")
        assert "is refused" in said and "begins, from " in said
    finally:
        ada.close()

    assert "wrote" in reader.types("Backups")
    reader.types("Backups", "/etc/cron.daily/hang; ls /var/backups/hang-???.jsonl")
    box.run("hangd user remove ada --config /etc/hang/config.toml")
    reader.types("Backups", "systemctl is-active hang-server")
    assert "ada" in box.run("hangd user list --config /etc/hang/config.toml")

    reader.types("Upgrading", "systemctl is-active hang-server")
    assert "takes nobody in" in reader.types("Upgrading")
    wait_for(lambda: "inactive" in box.run("systemctl is-active hang-server || true"), "the end of a drained server")
    box.run("systemctl start hang-server")

    box.run(_POSTGRESQL)
    reader.types("Moving to PostgreSQL")
    reader.types("Moving to PostgreSQL", "systemctl is-active hang-server")
    listed = box.run("set -a; . /etc/hang/database; exec hangd user list --config /etc/hang/config.toml")
    assert "ada" in listed

    reader.skips("Without a proxy", "sudo apt install certbot")
    box.run(f"""
        systemctl disable --now caddy
        mkdir -p /etc/letsencrypt/live/{boxes.ADDRESS}; cd /etc/letsencrypt/live/{boxes.ADDRESS}
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=hang -addext subjectAltName=IP:{boxes.ADDRESS} \
            -keyout privkey.pem -out fullchain.pem 2>/dev/null
        chmod 700 /etc/letsencrypt/live
    """)
    reader.types("Without a proxy", "root=/etc/letsencrypt/live/$name/fullchain.pem; curl -fsS https://$name/healthz")
    reader.types("Getting rid of it", "! test -e /usr/local/bin/hangd")
    assert reader.left() == []
