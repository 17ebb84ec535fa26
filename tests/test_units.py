"""The unit files are valid, sandboxed, and start the hangd that prints them. The man pages are valid and complete."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from hangd.cli.main import main
from hangd.client.settings import ClientSettings
from hangd.config import variables
from hangd.systemd import UNITS, command, unit, unreachable
from tests.support.servers.unit_files import exposure, needs_systemd, root_folder, run, verified

ROOT = Path(__file__).parent.parent

needs_mandoc = pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")

# systemd's own scale goes from 0 (sealed) to 10. What is left is the network, which a server needs.
EXPOSURE_MAX = 1.5
EXPOSURE_WITHOUT_NETWORK = 0.4


@needs_systemd
@pytest.mark.parametrize("role", ["user", "system"])
def test_systemd_finds_nothing_wrong(role: str, tmp_path: Path) -> None:
    paths = []
    for name in (name for name in UNITS if name.split("-")[0] == role):
        path = tmp_path / Path(UNITS[name]).name
        path.write_text(unit(name, [sys.executable, "-m", "hangd"]))
        paths.append(path)
    done = run("systemd-analyze", f"--{role}", "--man=no", "verify", *paths, XDG_RUNTIME_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "")


def installed(folder: Path, way: str) -> Path:
    """Return the root of a machine on which hang has come by a package, or by pipx for all users."""
    root = folder / way
    programs = ["usr/bin/kill", "usr/bin/hangd"]
    command = ["/usr/bin/hangd"]
    if way == "pipx":
        programs[1] = "opt/pipx/venvs/hang-sync/bin/hangd"
        command = ["/usr/local/bin/hangd"]
    units = root_folder(root, *programs, units="usr/lib" if way == "package" else "etc")
    if way == "pipx":
        (root / "usr/local/bin").mkdir(parents=True)
        (root / "usr/local/bin/hangd").symlink_to("/opt/pipx/venvs/hang-sync/bin/hangd")
    for name in ("system", "system-socket"):
        (units / Path(UNITS[name]).name).write_text(unit(name, command))
    return root


@needs_systemd
@pytest.mark.parametrize("way", ["package", "pipx"])
def test_the_servers_units_are_valid_where_they_are_installed(way: str, tmp_path: Path) -> None:
    root = installed(tmp_path, way)
    units = [Path(UNITS[name]).name for name in ("system", "system-socket")]
    assert verified(root, *units) == ""
    (root / "usr/bin/hangd").unlink(missing_ok=True)
    (root / "usr/local/bin/hangd").unlink(missing_ok=True)
    assert "hangd is not executable" in verified(root, *units), "it looks into this root"


@needs_systemd
@pytest.mark.parametrize("way", ["package", "pipx"])
def test_the_servers_unit_is_sandboxed(way: str, tmp_path: Path) -> None:
    (unit_file,) = installed(tmp_path, way).glob("*/**/hang-server.service")
    assert exposure(unit_file) <= EXPOSURE_MAX


@needs_systemd
def test_a_server_that_gets_its_socket_needs_no_network(tmp_path: Path) -> None:
    """As the comment in the socket's unit says."""
    comment = re.findall(r"^#   (.*)$", (ROOT / "contrib/systemd" / UNITS["system-socket"]).read_text(), re.MULTILINE)
    assert comment[0] == "[Service]"
    unit_file = tmp_path / "hang-server.service"
    unit_file.write_text("\n".join((unit("system", ["/usr/bin/hangd"]), *comment, "")))
    assert exposure(unit_file) <= EXPOSURE_WITHOUT_NETWORK


@pytest.mark.parametrize("name", UNITS)
def test_a_printed_unit_starts_the_hangd_that_printed_it(name: str) -> None:
    kept = (ROOT / "contrib/systemd" / UNITS[name]).read_text()
    printed = unit(name, ["/opt/hang/bin/hangd"])
    assert "/usr/bin/hangd" not in printed
    assert printed.replace("/opt/hang/bin/hangd", "/usr/bin/hangd") == kept
    assert printed.count("ExecStart=/opt/hang/bin/hangd") == (1 if name in ("user", "system") else 0)


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("/opt/hang/bin/hangd", "/opt/hang/bin/hangd"),
        ("/home/Zoë/bin/hangd", "/home/Zoë/bin/hangd"),
        ("/my films/hangd", '"/my films/hangd"'),
        ("/100%/hangd", "/100%%/hangd"),
        ("/$HOME/hangd", "/$$HOME/hangd"),
        ('/a"b\\c/hangd', '"/a\\"b\\\\c/hangd"'),
    ],
)
def test_a_path_is_quoted_as_systemd_reads_it(word: str, quoted: str) -> None:
    assert f"\nExecStart={quoted} -m hangd server\n" in unit("system", [word, "-m", "hangd"])


def test_the_running_command_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "hangd"
    installed.write_text("#!/bin/sh\n")
    installed.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command("hangd") == [str(installed)]
    monkeypatch.chdir(tmp_path)
    assert command("./hangd") == [str(installed)]
    assert command("/x/hangd/__main__.py") == [sys.executable, "-m", "hangd"]


@pytest.mark.parametrize("folder", ["/home/ada", "/root", "/run/user/1000", "/tmp/x", "/var/tmp/x"])
def test_a_service_does_not_see_these_folders(folder: str) -> None:
    assert unreachable([Path("/usr/bin"), Path(folder) / "hangd"]) == (
        f"{folder}/hangd is in a folder that a system service does not see: install hangd for all users, "
        "as the examples in `hangd help server` do"
    )


def test_a_service_sees_what_every_user_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hangd.systemd._HIDDEN", (tmp_path / "home",))
    assert unreachable([Path("/usr/bin/env")]) is None
    for folder in (tmp_path / "pi px", tmp_path / "pi px" / "hang"):  # as after an installation with umask 077
        folder.mkdir(mode=0o700)
    outermost = next(
        part for part in (*reversed(tmp_path.parents), tmp_path, folder.parent) if not part.stat().st_mode & 1
    )
    assert unreachable([folder]) == (
        f"{outermost} may not be read by other users, and the service is one: "
        f"`sudo chmod -R go+rX {shlex.quote(str(outermost))}` lets them; see `hangd help server`"
    )
    (tmp_path / "link").symlink_to(tmp_path / "home" / "hangd")
    assert (unreachable([tmp_path / "link"]) or "").startswith(
        f"{tmp_path}/link is in a folder that a system service does not see (it leads to {tmp_path}/home/hangd): "
    )


def test_where_no_unit_is_printed_none_is_installed(tmp_path: Path) -> None:
    """README's line, with a hangd that refuses, and a sudo that would be noticed."""
    (line,) = (line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("hangd --print-unit"))
    for name, script in (("hangd", "exit 1"), ("sudo", "touch installed")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert subprocess.run(["sh", "-c", line], cwd=tmp_path, env={"PATH": path}).returncode == 1
    assert not (tmp_path / "installed").exists()


# ---- the man pages --------------------------------------------------------------------------------------------------

PAGES = {name: (ROOT / "man" / name).read_text(encoding="utf-8") for name in ("hangd.1", "hangd-server.8")}


@needs_mandoc
@pytest.mark.parametrize("page", PAGES)
def test_man_pages_are_valid_mdoc(page: str) -> None:
    done = run("mandoc", "-T", "lint", "-W", "warning", ROOT / "man" / page)
    assert (done.returncode, done.stdout) == (0, "")


def options(*commands: click.Command) -> set[str]:
    context = click.Context(main, **main.context_settings)
    return {
        option
        for command in commands
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
    }


def with_subcommands(command: click.Command) -> list[click.Command]:
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return [command, *(one for each in below for one in with_subcommands(each))]


BESIDE = [
    one
    for name, command in main.commands.items()
    if name not in ("run", "config", "server", "help", "replay", "protocol-schema")
    for one in with_subcommands(command)
]
"""The commands beside a server. Their page is that of the server."""


def told(page: str) -> set[str]:
    """Return the options that a page describes in a list, not those that it only mentions."""
    items = re.findall(r"^\.It (.*)", PAGES[page], re.MULTILINE)
    return {f"-{flag}" for item in items for flag in re.findall(r"Fl (\S+)", item)}


def test_each_option_is_described() -> None:
    assert told("hangd.1") == options(main, main.commands["run"], main.commands["config"])
    assert told("hangd-server.8") == options(main.commands["server"], *BESIDE)


def test_each_command_is_described() -> None:
    config = main.commands["config"]
    assert isinstance(config, click.Group)
    names = {*main.commands, *(f"config {name}" for name in config.commands)} - {"config"}
    assert set(re.findall(r"^\.It Cm (.*)", PAGES["hangd.1"], re.MULTILINE)) == names


def test_each_variable_that_is_named_exists() -> None:
    """hang.toml(5) has all of them (tests/tools/test_toml_manual.py)."""
    text = "".join(PAGES.values())
    assert set(re.findall(r"HANG_[A-Z_]+", text)) - {"HANG_"} <= set(variables())
    assert all(".Xr hang.toml 5" in page for page in PAGES.values())


def test_each_setting_without_an_option_is_named() -> None:
    given = {parameter.name for parameter in main.commands["run"].params}
    without = [name for name in ClientSettings.__struct_fields__ if name not in given]
    named = re.findall(r"sub_\w+|\w+", PAGES["hangd.1"].partition("These keys have no option:")[2].partition(".Ss ")[0])
    assert without and [name for name in without if name not in named] == []
    assert "motd" in PAGES["hangd-server.8"]
