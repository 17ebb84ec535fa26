"""What the admin's commands say, which store they use, and whom a ban of an account keeps out. In this process."""

import json
import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from hangd.cli import stores
from hangd.cli.main import main
from hangd.engine.room.saved import SavedMember
from hangd.manual.show import show
from hangd.store.opening import open_file
from tests.store.samples import account, kept


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which no system service has run, and a home of its own."""
    for name in list(os.environ):
        if name.startswith(("HANG_", "XDG_", "STATE_DIRECTORY")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(stores, "SERVICE_CONFIG", tmp_path / "etc" / "config.toml")
    monkeypatch.setattr(stores, "SERVICE_FOLDER", tmp_path / "service")
    monkeypatch.setattr(stores, "_is_root", lambda: True)
    return tmp_path


def store_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    open_file(folder / "rooms.db").close()
    return folder


def hangd(*words: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(main, [*map(str, words)])
    assert done.exit_code == code, done.output
    return done


# ---- which store ----------------------------------------------------------------------------------------------------


def test_root_means_the_system_service_where_there_is_one(home: Path) -> None:
    store_in(home / "home" / ".local" / "state" / "hang")
    assert f"{home}/home/.local/state/hang/rooms.db" in hangd("bans").stderr
    service = store_in(home / "service")
    assert f"({service}/rooms.db)" in hangd("bans").stderr
    assert f"({service}/rooms.db)" in hangd("ban", "nobody", code=1).stderr
    assert f"({service}/rooms.db)" not in hangd("bans", "--data-dir", store_in(home / "named")).stderr


def test_another_user_has_a_store_of_their_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_in(home / "service")
    store_in(home / "home" / ".local" / "state" / "hang")
    monkeypatch.setattr(stores, "_is_root", lambda: False)
    assert f"({home}/home/" in hangd("bans").stderr


def test_the_services_settings_say_where_its_store_is(home: Path) -> None:
    store_in(home / "service")
    store_in(home / "elsewhere")
    (home / "etc").mkdir()
    (home / "etc" / "config.toml").write_text(f'[server]\ndata_dir = "{home}/elsewhere"\n')
    assert f"({home}/elsewhere/rooms.db)" in hangd("bans").stderr
    (home / "etc" / "config.toml").write_text("[server]\nmax_rooms = 5\n")
    assert f"({home}/service/rooms.db)" in hangd("bans").stderr
    named = hangd("bans", "--config", home / "etc" / "config.toml").stderr
    assert f"({home}/service/rooms.db)" in named, "the service's own settings mean its folder"


@pytest.mark.parametrize(
    ("option", "given", "of_service"),
    [
        ("data_dir", "/named", "/of-service"),
        ("database", "postgresql://named/hang", "postgresql://of-service/hang"),
        ("admin_socket", "/named.sock", "/of-service.sock"),
        ("cluster", "redis://named:6379/0", "redis://of-service:6379/0"),
        ("cluster_password_file", "/named-password", "/of-service-password"),
    ],
)
def test_an_option_counts_also_beside_the_services_settings(
    option: str, given: str, of_service: str, home: Path
) -> None:
    (home / "etc").mkdir()
    context = click.Context(click.Command("any"))
    context.params = {"config_file": None, option: given}
    for file in (f'{option} = "{of_service}"', "max_rooms = 5"):
        (home / "etc" / "config.toml").write_text(f"[server]\n{file}\n")
        assert getattr(stores.server_settings(context), option) == given
    context.params = {"config_file": None}
    (home / "etc" / "config.toml").write_text(f'[server]\n{option} = "{of_service}"\n')
    assert getattr(stores.server_settings(context), option) == of_service


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_in_the_services_folder_is_the_services(home: Path) -> None:
    (home / "service").mkdir()
    os.chown(home / "service", 12345, 12345)
    done = CliRunner().invoke(main, ["user", "add", "ada"], input="long password\n")
    assert done.exit_code == 0, done.output
    assert {path.stat().st_uid for path in (home / "service").iterdir()} == {12345}


def test_a_backup_replaces_nothing_unless_it_is_told_to(home: Path) -> None:
    store = store_in(home / "store")
    hangd("database", "backup", home / "copy", "--data-dir", store)
    (home / "copy").write_text("the copy of yesterday")
    assert "is there already" in hangd("database", "backup", home / "copy", "--data-dir", store, code=1).stderr
    assert (home / "copy").read_text() == "the copy of yesterday"
    hangd("database", "backup", home / "copy", "--force", "--data-dir", store)
    assert (home / "copy").read_text() != "the copy of yesterday"


# ---- bans -----------------------------------------------------------------------------------------------------------


def test_a_banned_account_is_banned_with_the_devices_that_it_has_in_rooms(home: Path) -> None:
    folder = store_in(home / "store")
    store = open_file(folder / "rooms.db", serving=False)
    ada = account(1, "ada")
    store.add_account(ada)
    own, other = f"acc:{ada.account_id}", "acc:another"
    members = (
        SavedMember("c1", "Ada", "host", tags=(own, "dev:phone", "net:home")),
        SavedMember("c2", "Bob", "viewer", tags=(other, "dev:laptop", "net:home")),
        SavedMember("c3", "Guest", "viewer", tags=("dev:tablet",)),
    )
    room = kept("a")
    store.write([replace(room, room=replace(room.room, members=members))], [])
    store.close()
    said = hangd("ban", "ada", "--data-dir", folder).stdout
    assert "ada is banned for good\nand so is its device\n" in said and "--require-token" in said
    listed = [json.loads(line) for line in hangd("bans", "--json", "--data-dir", folder).stdout.splitlines()]
    assert sorted((one["who"], one["kind"]) for one in listed) == [("ada", "account"), ("ada", "device")]
    store = open_file(folder / "rooms.db", serving=False)
    assert {one.tag for one in store.bans()} == {own, "dev:phone"}
    store.close()
    assert hangd("user", "unban", "ada", "--data-dir", folder).stdout == "ada may come in again\n"
    assert "nobody is banned" in hangd("bans", "--data-dir", folder).stderr
    hangd("ban", "ada", "--data-dir", folder)
    (device,) = (
        one["id"]
        for one in map(json.loads, hangd("bans", "--json", "--data-dir", folder).stdout.splitlines())
        if one["kind"] == "device"
    )
    assert hangd("unban", device, "--data-dir", folder).stdout == "ada may come in again\n"
    assert "nobody is banned" in hangd("bans", "--data-dir", folder).stderr


@pytest.mark.parametrize("network", ["0.0.0.0/0", "10.0.0.0/7", "::/0", "2a00::/18"])
def test_a_very_wide_network_is_banned_only_by_force(network: str, home: Path) -> None:
    folder = store_in(home / "store")
    assert "--force" in hangd("ban", network, "--data-dir", folder, code=1).stderr
    assert "nobody is banned" in hangd("bans", "--data-dir", folder).stderr
    hangd("ban", network, "--force", "--data-dir", folder)


@pytest.mark.parametrize("network", ["10.0.0.0/8", "2a00::/19", "192.0.2.0/24"])
def test_a_providers_network_is_banned(network: str, home: Path) -> None:
    folder = store_in(home / "store")
    assert hangd("ban", network, "--data-dir", folder).stdout == f"{network} is banned for good\n"


def test_an_address_with_a_prefix_says_what_it_bans(home: Path) -> None:
    said = hangd("ban", "203.0.113.17/24", "--data-dir", store_in(home / "store")).stdout
    assert "203.0.113.17/24 means the whole network 203.0.113.0/24, 256 addresses" in said


def test_an_address_in_a_banned_network_is_still_banned(home: Path) -> None:
    folder = store_in(home / "store")
    hangd("ban", "203.0.113.0/24", "--data-dir", folder)
    refused = hangd("unban", "203.0.113.17", "--data-dir", folder, code=1).stderr
    assert "the network is: `hangd unban` lifts 203.0.113.0/24 (id " in refused
    hangd("ban", "203.0.113.17", "--data-dir", folder)
    assert "but still by 203.0.113.0/24 (id " in hangd("unban", "203.0.113.17", "--data-dir", folder).stdout
    hangd("unban", "203.0.113.0/24", "--data-dir", folder)
    assert "is not banned" in hangd("unban", "203.0.113.17", "--data-dir", folder, code=1).stderr


def test_the_printed_invite_comes_with_what_a_friend_has_to_type(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANG_PUBLIC_URL", "wss://films.example.org/ws")
    done = hangd("user", "invite", "--data-dir", store_in(home / "store"))
    token = done.stdout.strip()
    assert "\n" not in token
    assert f"hangctl register wss://films.example.org/ws --invite {token}\n" in done.stderr
    assert "--register invited" in done.stderr, "the settings say that nobody may register"


# ---- a server that does not start -----------------------------------------------------------------------------------


def test_a_start_that_fails_leaves_no_file_behind(home: Path) -> None:
    words = ("server", "--listen", "127.0.0.1:0", "--data-dir", home / "new")
    hangd(*words, "--password-file", home / "none", code=2)
    assert not (home / "new").exists()


def test_help_on_a_command_beside_a_server_is_its_part_of_the_manual(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for command in ("ban", "unban", "bans", "user", "history", "database"):
        show(command, "hangd")
        assert capfdbinary.readouterr().out.decode().lstrip().startswith(f"hangd {command}")
    show("register", "hangd")
    assert capfdbinary.readouterr().out.decode().lstrip().startswith("register ")
