"""Run a second, real systemd on this machine: a container whose disk is a copy-on-write view of this machine's.

What is done in it leaves no trace outside. It has a network of its own: one cable to a second, empty network, from
which clients come. All of it needs root, systemd-nspawn and the kernel's leave; `why_not` says what is missing.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.daemons.party import PATIENCE, wait_for

__all__ = ["ADDRESS", "Box", "box", "why_not"]

ROOT: Final = Path(__file__).parents[3]
ADDRESS: Final = "192.0.2.1"
"""The address of the container. Clients come from `_CLIENT`."""
_CLIENT: Final = "192.0.2.2"
_TIMEOUT: Final = 300.0

# In a mount namespace and a network namespace of its own, until its stdin is closed.
_HOLD: Final = """
set -eu
mount -t tmpfs tmpfs {folder}
mkdir {folder}/changes {folder}/work {folder}/root
mount -t overlay overlay -o lowerdir=/,upperdir={folder}/changes,workdir={folder}/work {folder}/root
unshare --net sh -c 'echo $$ > {folder}/inner; exec sleep infinity' &
trap "kill $!" EXIT
until [ -s {folder}/inner ]; do sleep 0.01; done
ip link add outside type veth peer name inside netns "$(cat {folder}/inner)"
ip address add {client}/24 dev outside
ip link set outside up
ip link set lo up
cat {folder}/inner
read -r _ || true
"""


def why_not() -> str | None:
    """Return why there can be no box here; None: there can be one."""
    if os.geteuid() != 0:
        return "a container needs root"
    for program in ("systemd-nspawn", "nsenter", "unshare", "ip"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if not Path("/lib/systemd/systemd").exists():
        return "systemd is not installed"
    if subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True).returncode != 0:
        return "this kernel gives no namespaces"
    return None


class Box:
    """The container. `before` runs in it without systemd, `run` with it, and `outside` on the clients' side."""

    def __init__(self, folder: Path, holder: int, inner: int) -> None:
        self.folder = folder
        self.root = folder / "root"
        self._holder = str(holder)
        self._network = f"--network-namespace-path=/proc/{inner}/ns/net"
        self._systemd = ""

    def outside(self) -> list[str]:
        """Return the words before a command that is to run on the clients' side of the cable."""
        return ["nsenter", "-t", self._holder, "-n"]

    def before(self, script: str) -> str:
        """Run a shell script in the container, not yet booted, in the checkout and with this machine's network."""
        kept = [
            f"--setenv={name}={value}"
            for name, value in os.environ.items()
            if "PIP_" in name or "PROXY" in name.upper()
        ]
        words = ["nsenter", "-t", self._holder, "-m", *self._nspawn(), "--pipe", f"--bind-ro={ROOT}:/checkout"]
        return _run([*words, *kept, "--setenv=HOME=/root", "--chdir=/checkout", "/bin/sh", "-euc", script])

    @contextlib.contextmanager
    def booted(self) -> Iterator[None]:
        """Boot systemd in the container, until the block is left."""
        words = ["nsenter", "-t", self._holder, "-m", *self._nspawn(), "--boot", self._network]
        if ROOT.is_relative_to("/tmp"):
            words.append(f"--bind-ro={ROOT}")  # the container has a /tmp of its own
        log = (self.folder / "log").open("w")
        nspawn = subprocess.Popen(
            [*words, "--console=pipe", "systemd.unit=basic.target", "systemd.mask=getty.target"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(lambda: self._up(nspawn.pid), "the container's start")
            self.run(f"ip link set inside up; ip link set lo up; ip address add {ADDRESS}/24 dev inside")
            yield
        finally:
            nspawn.terminate()  # which shuts the container down
            try:
                nspawn.wait(PATIENCE)
            except subprocess.TimeoutExpired:  # Killing only systemd-nspawn would leave the container behind.
                nspawn.kill()
                if self._systemd:
                    os.kill(int(self._systemd), signal.SIGKILL)
                nspawn.wait(PATIENCE)
            log.close()
            _remove_control_groups()

    def run(self, script: str) -> str:
        """Run a shell script in the booted container, as root."""
        return _run(["nsenter", "-t", self._systemd, "-a", "/usr/bin/env", "-i", _PATH, "/bin/sh", "-euc", script])

    def _up(self, nspawn: int) -> bool:
        for child in Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split():
            self._systemd = child
            with contextlib.suppress(AssertionError):
                return self.run("systemctl is-active basic.target").strip() == "active"
        return False

    def _nspawn(self) -> list[str]:
        words = ["systemd-nspawn", "--quiet", "--register=no", "--link-journal=no", "--resolv-conf=off"]
        if not Path("/run/systemd/system").exists():
            words.append("--keep-unit")  # This machine's systemd would give the container a unit, but none runs.
        return [*words, f"--setenv={_PATH}", f"--directory={self.root}"]


# The system's own interpreter, as an administrator has it.
_PATH: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@contextlib.contextmanager
def box(folder: Path) -> Iterator[Box]:
    """Provide a container, not yet booted. ``folder`` is an empty one."""
    hold = _HOLD.format(folder=folder, client=_CLIENT)
    words = ["unshare", "--mount", "--net", "/bin/sh", "-c", hold]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        try:
            yield Box(folder, holder.pid, inner=int(holder.stdout.readline()))
        finally:
            holder.stdin.close()


def _remove_control_groups() -> None:
    """Remove the control groups of a container that got no unit, and so nobody removes them."""
    for name in ("payload", "supervisor"):
        for top in Path("/sys/fs/cgroup").glob(f"*/{name}"):
            for folder, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)


def _run(words: list[str]) -> str:
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_TIMEOUT
    )
    assert done.returncode == 0, f"{words[-1]}: exit {done.returncode}: {done.stdout}"
    return done.stdout
