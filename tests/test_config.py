"""Settings: precedence, origins, and reports of all errors at once."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from hangd.client.settings import ClientSettings, default_name, loopback
from hangd.config import Config, ConfigError, Given, SharedSettings, config_path, load, variables
from hangd.protocol.model import Name
from hangd.server.settings import ServerSettings


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def problems(
    file: str | None = None, environment: dict[str, str] | None = None, flags: dict[str, Given] | None = None
) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(file=file, environment=environment or {}, flags=flags)
    return list(caught.value.problems)


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's config file out of these tests."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))


def test_defaults() -> None:
    config = load(environment={})
    assert (config.shared, config.client, config.server) == (SharedSettings(), ClientSettings(), ServerSettings())
    assert (config.client.server, config.client.allow_quit, config.origins) == ("ws://127.0.0.1:3005/ws", False, {})


def test_each_source_overrides_the_weaker_ones(tmp_path: Path) -> None:
    file = written(tmp_path, '[client]\nname = "File"\nserver = "ws://file/ws"\nplayer = "simulated"\n')
    config = load(
        file=file,
        environment={"HANG_NAME": "Variable", "HANG_SERVER": "ws://variable/ws"},
        flags={"name": Given("--name", "Flag")},
    )
    assert config.client.name == "Flag"
    assert config.client.server == "ws://variable/ws"
    assert config.client.player == "simulated"
    assert config.origins == {"name": "--name", "server": "HANG_SERVER", "player": file}


def test_the_default_config_file_is_read(tmp_path: Path) -> None:
    place = tmp_path / "home" / "config" / "hang"
    place.mkdir(parents=True)
    (place / "config.toml").write_text('[shared]\nlog_format = "json"\n')
    assert config_path(None, {}) == place / "config.toml"
    assert load(environment={}).shared.log_format == "json"


def test_a_config_file_that_is_named_must_exist(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert problems(file=str(missing)) == [f"{missing}: there is no such file"]
    assert problems(environment={"HANG_CONFIG": str(missing)}) == [f"{missing}: there is no such file"]
    assert config_path("a.toml", {"HANG_CONFIG": str(missing)}) == Path.cwd() / "a.toml"


def test_a_config_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    assert problems(file=str(tmp_path)) == [f"{tmp_path}: cannot be read: Is a directory"]
    [not_toml] = problems(file=written(tmp_path, "[client\n"))
    assert "is not TOML" in not_toml and "line 1" in not_toml
    (tmp_path / "latin.toml").write_bytes(b'[client]\nname = "\xe9"\n')
    [not_text] = problems(file=str(tmp_path / "latin.toml"))
    assert "is not TOML" in not_text


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """
        server = 3
        [clinet]
        name = "Ada"
        [client]
        servr = "ws://x/ws"
        video-offset = 3
        log_level = "info"
        player = "vcl"
        media_dirs = ["films", 3]
        audio_offset_ms = "3"
        zzz = 1
        """,
    )
    found = problems(
        file=file,
        environment={"HANG_LOG_LEVEL": "trace", "HANG_ALLOW_QUIT": "perhaps", "HANG_VLC_OPTIONS": "'open"},
        flags={"name": Given("--name", " "), "room_ttl": Given("--room-ttl", "soon")},
    )
    assert sorted(found) == sorted(
        [
            f"{file}: [server] must be a section, not a value",
            f"{file}: [clinet] is no section; did you mean client?",
            f"{file}: [client] servr is no setting; did you mean server?",
            f"{file}: [client] video-offset is no setting; did you mean video_offset_ms?",
            f"{file}: [client] log_level belongs in [shared]",
            f"{file}: [client] zzz is no setting",
            f"{file}: [client] player must be simulated or vlc, not 'vcl'",
            f"{file}: [client] media_dirs[1] must be text, not a whole number",
            f"{file}: [client] audio_offset_ms must be a number, not text",
            "HANG_LOG_LEVEL must be debug or error or info or warning, not 'trace'",
            "HANG_ALLOW_QUIT must be true or false, not text",
            "HANG_VLC_OPTIONS cannot be split into words: No closing quotation",
            "--name must be one line without control characters, and without spaces around it",
            "--room-ttl must be a number, not text",
        ]
    )


def test_languages_are_text_or_a_list(tmp_path: Path) -> None:
    config = load(file=written(tmp_path, "[client]\nalang = ['jpn', 'ger']\nslang = 'en,de'\n"), environment={})
    assert (config.client.alang, config.client.slang) == ("jpn,ger", "en,de")
    file = written(tmp_path, "[client]\nalang = ['jpn', 3]\nname = ['a']\nslang = 5\n")
    assert problems(file=file) == [
        f"{file}: [client] alang must be text or a list of texts, not ['jpn', 3]",
        f"{file}: [client] name must be text, not a list",
        f"{file}: [client] slang must be text, not a whole number",
    ]


def test_an_overridden_value_is_validated(tmp_path: Path) -> None:
    file = written(tmp_path, '[client]\nname = ""\n')
    assert problems(file=file, flags={"name": Given("--name", "Ada")}) == [f"{file}: [client] name must not be empty"]


@pytest.mark.parametrize(
    ("variable", "text", "setting", "value"),
    [
        ("HANG_ALLOW_QUIT", "yes", "allow_quit", True),
        ("HANG_ALLOW_QUIT", "ON", "allow_quit", True),
        ("HANG_SHARE_FILE_NAME", "0", "share_file_name", False),
        ("HANG_SHARE_FILE_NAME", "no", "share_file_name", False),
        ("HANG_VIDEO_OFFSET_MS", "-12.5", "video_offset_ms", -12.5),
        ("HANG_AUDIO_OFFSET_MS", "40", "audio_offset_ms", 40.0),
        ("HANG_VLC_OPTIONS", "--no-spu '--logfile=a b'", "vlc_options", ("--no-spu", "--logfile=a b")),
        ("HANG_MEDIA_DIRS", "/films:/more films:", "media_dirs", ("/films", "/more films")),
        ("HANG_NAME", "12", "name", "12"),
        ("HANG_SOCKET", "/run/x.sock", "socket", "/run/x.sock"),
    ],
)
def test_variables_are_converted_to_the_type_of_the_setting(
    variable: str, text: str, setting: str, value: object
) -> None:
    assert getattr(load(environment={variable: text}).client, setting) == value


def test_an_empty_variable_is_ignored() -> None:
    assert load(environment={"HANG_SOCKET": "", "HANG_NAME": ""}).origins == {}


def test_a_tilde_is_the_home_folder(tmp_path: Path) -> None:
    client = load(
        environment={"HANG_MEDIA_DIRS": "~/films"},
        flags={"socket": Given("--socket", "~/s"), "name": Given("--name", "~")},
    ).client
    home = tmp_path / "home"
    assert (client.media_dirs, client.socket, client.name) == ((f"{home}/films",), f"{home}/s", "~")


def test_flags_come_as_text_and_as_lists() -> None:
    config = load(
        environment={},
        flags={
            "listen": Given("--listen", ("127.0.0.1:0", "[::1]:0")),
            "max_rooms": Given("--max-rooms", "3"),
            "publish_rooms": Given("--publish-rooms", True),
            "vlc_options": Given("--vlc-option", ("--no-spu",)),
        },
    )
    assert config.server.listen == ("127.0.0.1:0", "[::1]:0")
    assert (config.server.max_rooms, config.server.publish_rooms) == (3, True)
    assert config.client.vlc_options == ("--no-spu",)


@pytest.mark.parametrize(
    ("given", "address"),
    [("127.0.0.1:9", ("127.0.0.1", 9)), ("127.9.8.7:65535", ("127.9.8.7", 65535)), ("[::1]:0", ("::1", 0))],
)
def test_control_by_tcp_is_at_an_address_of_this_machine(given: str, address: tuple[str, int]) -> None:
    assert load(environment={"HANG_CONTROL_TCP": given}).client.control_tcp == given
    assert loopback(given) == address


@pytest.mark.parametrize(
    "given",
    ["0.0.0.0:9", "[::]:9", "192.168.1.2:9", "localhost:9", "127.0.0.1", ":9", "9", "::1:9", "[127.0.0.1]:x",
     "127.0.0.1:-1", "127.1:9", "[::ffff:1.2.3.4]:9", "127.0.0.1:9 ", "127.0.0.1:9\n", "[::1%lo]:9"],
)  # fmt: skip
def test_control_by_tcp_is_refused_at_other_addresses(given: str) -> None:
    assert problems(environment={"HANG_CONTROL_TCP": given}) == [
        f"HANG_CONTROL_TCP must be an address of this machine alone, 127.0.0.1:PORT or [::1]:PORT, not {given!r}"
    ]


def test_control_by_tcp_needs_a_port() -> None:
    assert problems(flags={"control_tcp": Given("--control-tcp", "127.0.0.1:65536")}) == [
        "--control-tcp must have a port of at most 65535, not 65536"
    ]
    assert problems(file=None, environment={}, flags={"control_tcp": Given("--control-tcp", "")})


def test_a_misspelt_variable_is_a_warning() -> None:
    """It is not an error: the variable may belong to another program or version."""
    config = load(environment={"HANG_SEVER": "ws://x/ws", "HANG_DEBUG": "1", "HANG_MAN": "x", "HANGAR": "x"})
    assert config.warnings == ("HANG_SEVER is not read by hangd; did you mean HANG_SERVER?",)


def test_shown_settings_can_be_read_as_a_config_file(tmp_path: Path) -> None:
    before = load(
        environment={
            "HANG_NAME": 'Zoë "🎬" \\o/',
            "HANG_VLC_OPTIONS": "--a '--b=\x7f\t'",
            "HANG_MOTD": "one\ntwo",
            "HANG_SOCKET": "/x",
        }
    )
    after = load(file=written(tmp_path, before.show()), environment={})
    assert (after.shared, after.client, after.server) == (before.shared, before.client, before.server)


def test_shown_settings_have_their_origins(tmp_path: Path) -> None:
    file = written(tmp_path, "[server]\nroom_ttl = 5\n")
    lines = load(file=file, environment={"HANG_NAME": "Ada"}).show().splitlines()
    assert 'name = "Ada"  # HANG_NAME' in lines
    assert f"room_ttl = 5.0  # {file}" in lines
    assert 'player = "vlc"  # default' in lines
    assert "# motd is not set  # default" in lines


def test_passwords_are_not_shown() -> None:
    shown = load(
        environment={
            "HANG_VLC_OPTIONS": "--http-password=hunter2 --sout-token=hunter2 --proxy=http://ada:hunter2@h/ --no-spu",
        }
    ).show()
    assert "hunter2" not in shown
    client = tomllib.loads(shown)["client"]
    options = ["--http-password=***", "--sout-token=***", "--proxy=http://ada:***@h/", "--no-spu"]
    assert client["vlc_options"] == options
    with pytest.raises(ConfigError) as caught:
        load(environment={"HANG_SERVER": "wss://ada:hunter2@films.example.org/ws"})
    assert caught.value.problems == ("HANG_SERVER must not contain a user name or a password",)


def test_urls_and_names_are_normalised() -> None:
    environment = {"HANG_SERVER": "127.0.0.1:4000", "HANG_PUBLIC_URL": "Films.example.org", "HANG_NAME": "Jose\u0301"}
    config = load(environment=environment)
    assert config.client.server == "ws://127.0.0.1:4000/ws"
    assert config.server.public_url == "wss://films.example.org/ws"
    assert config.client.name == "Jos\u00e9"


def test_a_wrong_url_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        load(environment={"HANG_SERVER": "ftp://h", "HANG_PUBLIC_URL": "hang://h:1/friday", "HANG_NAME": "\u200d"})
    assert sorted(caught.value.problems) == [
        "HANG_NAME must have a character that can be seen",
        "HANG_PUBLIC_URL must be the URL of a server, not an invite: 'hang://h:1/friday'",
        "HANG_SERVER must be the URL of a server, such as ws://HOST:3005/ws or wss://HOST/ws, not 'ftp://h'",
    ]


def test_no_two_sections_share_a_key() -> None:
    """The name of a variable does not contain the section."""
    names = [name for kind in (SharedSettings, ClientSettings, ServerSettings) for name in kind.__struct_fields__]
    assert len(names) == len(set(names))
    assert set(variables()) == {"HANG_CONFIG", *(f"HANG_{name.upper()}" for name in names)}
    assert Config.__struct_fields__[:3] == ("shared", "client", "server")


@pytest.mark.parametrize("login", ["ada", "x" * 100, " ada ", "a\x1bda", "\x1b", " " * 40, "x" * 31 + " y"])
def test_the_default_name_is_a_valid_one(login: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", login)
    assert msgspec.convert(default_name(), Name)


def test_a_user_without_a_name_is_called_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "\x1b")
    assert ClientSettings().name == "viewer"


@pytest.mark.parametrize("given", ["none", "http://ada:secret@proxy:3128", "socks5h://[::1]"])
def test_a_proxy(given: str) -> None:
    config = load(environment={"HANG_PROXY": given})
    assert config.client.proxy == given
    assert "secret" not in config.show()


def test_a_wrong_proxy() -> None:
    assert problems(environment={"HANG_PROXY": "gopher://x"}) == [
        "HANG_PROXY must be the URL of a proxy, http://[NAME:PASSWORD@]HOST:PORT, or socks5h, socks5, socks4a or socks4"
    ]


def test_a_name_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(ConfigError) as raised:
        load(environment={"HANG_NAME": "\udcff\udcfe"})
    assert raised.value.problems == (r"HANG_NAME must be text in UTF-8, not '\udcff\udcfe'",)
