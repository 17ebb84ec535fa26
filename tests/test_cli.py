"""The command line of hangd, in this process and as real processes."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hangd.cli.main import main
from hangd.client.settings import ClientSettings
from hangd.config import SharedSettings
from hangd.engine.follower.inputs import DeadlineReached, FileOpened
from hangd.engine.follower.state import Policies
from hangd.engine.player_messages import Load
from hangd.engine.trace.trace import FORMAT, Header, Step, encode
from hangd.protocol.schema import schema_text
from hangd.server.settings import ServerSettings

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's files and daemon out of these tests."""
    for name in os.environ:
        if name.startswith(("HANG_", "XDG_", "NOTIFY_", "WATCHDOG_", "LISTEN_", "JOURNAL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))


def hangd(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="hangd", env=environment)


def test_help_is_in_two_spellings_and_for_each_command() -> None:
    assert hangd("-h").output == hangd("--help").output
    for arguments in (["run"], ["server"], ["config"], ["config", "show"], ["protocol-schema"], ["replay"]):
        assert hangd(*arguments, "--help").output.startswith(f"Usage: hangd {' '.join(arguments)} ")


def test_the_default_command_is_run() -> None:
    """Both validate the settings and report the same errors."""
    for arguments in (["--name", ""], ["run", "--name", ""]):
        result = hangd(*arguments)
        assert (result.exit_code, result.output) == (2, "hangd: error: --name must not be empty\n")
    assert hangd(HANG_NAME=" ").exit_code == 2


@pytest.mark.parametrize(
    "arguments", [["--nonsense"], ["dance"], ["run", "x"], ["--player", "vcl"], ["server", "--echo", "x"], ["config"]]
)
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    result = hangd(*arguments)
    assert result.exit_code == 2
    assert "Usage: hangd" in result.output


def test_all_errors_are_reported_at_once() -> None:
    result = hangd("server", "--room-ttl", "soon", "--max-rooms", "0", HANG_LOG_LEVEL="trace")
    assert result.exit_code == 2
    assert (result.stdout, sorted(result.stderr.splitlines())) == (
        "",
        [
            "hangd: error: --max-rooms must be at least 1",
            "hangd: error: --room-ttl must be a number, not text",
            "hangd: error: HANG_LOG_LEVEL must be debug or error or info or warning, not 'trace'",
        ],
    )


_LOOK_OF_SUBTITLES = (
    "sub_font sub_font_size sub_bold sub_color sub_border_color sub_border_size sub_back_color sub_pos".split()
)


def test_every_setting_has_its_option_or_a_reason() -> None:
    def names(command: str) -> set[str]:
        return {parameter.name or "" for parameter in main.commands[command].params} - {"config_file"}

    shared = set(SharedSettings.__struct_fields__)
    # Chosen once, in the file: what others may see, who may end the daemon, tracks and the look of subtitles.
    in_the_file = {"share_file_name", "allow_quit", "remember_tracks", *_LOOK_OF_SUBTITLES}
    assert names("run") == {*ClientSettings.__struct_fields__, *shared} - in_the_file
    assert names("server") == {*ServerSettings.__struct_fields__, *shared, "motd_file"} - {"motd"}


def test_the_motd_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("x" * 4001)
    result = hangd("server", "--motd-file", str(tmp_path / "motd"))
    assert (result.exit_code, result.output) == (2, "hangd: error: --motd-file must have at most 4000 characters\n")
    assert hangd("server", "--motd-file", str(tmp_path / "none")).exit_code == 2
    (tmp_path / "latin").write_bytes(b"gr\xfc\xdfe")
    result = hangd("server", "--motd-file", str(tmp_path / "latin"))
    assert (result.exit_code, result.output) == (
        2,
        f"hangd: error: --motd-file {tmp_path}/latin must be text in UTF-8\n",
    )


@pytest.mark.parametrize("place", ["3005", "localhost", "127.0.0.1:99999", "::1:3005"])
def test_where_to_listen_is_checked_with_the_other_settings(place: str, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(f"[server]\nlisten = ['{place}']\n")
    results = [
        hangd("server", "--listen", place),
        hangd("server", HANG_LISTEN=place),
        hangd("server", "--config", str(tmp_path / "c.toml")),
    ]
    assert [result.exit_code for result in results] == [2, 2, 2]
    reasons = [
        result.output.removeprefix(f"hangd: error: {named} ")
        for result, named in zip(
            results, ("--listen", "HANG_LISTEN", f"{tmp_path}/c.toml: [server] listen"), strict=True
        )
    ]
    assert set(reasons) == {reasons[0]} and reasons[0].startswith("must ")
    assert hangd("config", "check", "--config", str(tmp_path / "c.toml")).exit_code == 1
    assert hangd("server", HANG_LISTEN=" ").exit_code == 2


def test_tls_files_that_are_wrong_are_wrong_settings(tmp_path: Path) -> None:
    result = hangd("server", "--tls-cert", str(tmp_path / "none.pem"), "--listen", "127.0.0.1:0")
    assert result.exit_code == 2
    assert f"cannot read {tmp_path}/none.pem (--tls-cert)" in result.output


def test_config_check_looks_at_what_the_server_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "c.toml"

    def checked(*lines: str) -> tuple[int, str]:
        file.write_text("\n".join(("[server]", *lines)))
        done = hangd("config", "check", "--config", str(file))
        return done.exit_code, done.stderr

    code, said = checked(f'tls_cert = "{tmp_path}/none.pem"', f'server_password_file = "{tmp_path}/none"')
    assert code == 1 and said.splitlines() == [
        f"hangd: error: cannot read {tmp_path}/none.pem (--tls-cert): No such file or directory",
        f"hangd: error: cannot read {tmp_path}/none (--password-file): No such file or directory",
    ]
    assert checked(f'tls_key = "{tmp_path}/none.pem"') == (
        1,
        "hangd: error: a TLS key needs its certificate (--tls-cert)\n",
    )
    credentials = "/run/credentials/hang-server.service"
    only_there = ("tls_cert", "tls_key", "server_password_file")
    assert checked(*(f'{name} = "{credentials}/none"' for name in only_there)) == (0, ""), "only the service sees these"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, said = checked('metrics = "9464"', 'register = "open"', 'database = "postgresql://hang@localhost/hang"')
    assert code == 1 and [line[-27:].partition("hang-sync")[2] for line in said.splitlines()] == [
        "[accounts]",
        "[metrics]",
        "[postgres]",
    ]


def test_config_path(tmp_path: Path) -> None:
    assert hangd("config", "path").output == f"{tmp_path}/.config/hang/config.toml\n"
    assert hangd("config", "path", "--config", "/x.toml").output == "/x.toml\n"
    assert hangd("config", "path", HANG_CONFIG="/y.toml").output == "/y.toml\n"


def test_config_show(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[client]\nname = 'Ada'\n")
    result = hangd("config", "show", "--config", str(tmp_path / "c.toml"), HANG_SERVER="h:4000")
    assert result.exit_code == 0
    assert f'name = "Ada"  # {tmp_path}/c.toml' in result.stdout
    assert 'server = "ws://h:4000/ws"  # HANG_SERVER' in result.stdout


def test_config_check(tmp_path: Path) -> None:
    good = hangd("config", "check", HANG_SEVER="x")
    assert (good.exit_code, good.stdout) == (0, "")
    assert good.stderr == "hangd: warning: HANG_SEVER is not read by hangd; did you mean HANG_SERVER?\n"
    (tmp_path / "c.toml").write_text("[client]\nnmae = 'Ada'\n[server]\nburst = 0\n")
    bad = hangd("config", "check", "--config", str(tmp_path / "c.toml"))
    assert bad.exit_code == 1
    assert bad.stderr.splitlines() == [
        f"hangd: error: {tmp_path}/c.toml: [client] nmae is no setting; did you mean name?",
        f"hangd: error: {tmp_path}/c.toml: [server] burst must be at least 1",
    ]


def test_protocol_schema() -> None:
    assert hangd("protocol-schema").stdout == schema_text()


@pytest.mark.real
def test_a_file_of_authorities_that_cannot_be_used_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "junk").write_text("junk")
    for name, why in (("none", "cannot be read: No such file"), ("junk", "contains no certificates in PEM format")):
        done = subprocess.run(
            [sys.executable, "-m", "hangd", "--player", "simulated"],
            env=os.environ | {"HANG_TLS_CA": str(tmp_path / name)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 2
        assert done.stderr.startswith(f"hangd: error: '{tmp_path}/{name}' (tls_ca) {why}")


def test_print_unit() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hangd", "--print-unit", "user"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert f"\nExecStart={sys.executable} -m hangd\n" in done.stdout


def test_a_system_unit_for_a_program_in_a_home_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The unit hides home folders, so the service could not start."""
    monkeypatch.setattr(sys, "argv", ["/home/ada/.local/bin/hangd"])
    refused = hangd("--print-unit", "system")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "/home/ada/.local/bin/hangd is in a folder that a system service does not see" in refused.stderr
    assert hangd("--print-unit", "user").stderr == hangd("--print-unit", "system-socket").stderr == ""


def test_the_version() -> None:
    assert re.fullmatch(r"hangd \d\S*\n", hangd("--version").output)


def test_help_imports_neither_an_event_loop_nor_a_library() -> None:
    """What a command needs is imported when it runs."""
    loaded = "[m for m in ('asyncio', 'msgspec', 'websockets', 'vlc') if m in sys.modules]"
    code = f"import sys, hangd.cli.main; print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n"


def test_an_option_of_the_server_that_people_expect_is_told_its_name() -> None:
    for typed, meant in (("--port", "--listen"), ("--bind", "--listen"), ("--cert", "--tls-cert")):
        assert f"There is no option '{typed}'; did you mean '{meant}'?\n" in hangd("server", typed, "4106").stderr


# ---- real processes -------------------------------------------------------------------------------------------------


@contextmanager
def started(tmp_path: Path, *arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start hangd, wait until it tells its service manager that it is ready, and make sure that it ends.

    Yields the process and the list of what it tells, complete once the block is left.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(1)
        process = subprocess.Popen(
            [sys.executable, "-m", "hangd", *arguments],
            cwd=ROOT,
            env=os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify")} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            said: list[str] = []
            while "READY=1" not in said:
                assert process.poll() is None, process.communicate()[1]
                with suppress(TimeoutError):
                    said += manager.recv(4096).decode().split("\n")
            yield process, said
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            manager.setblocking(False)
            while "STOPPING=1" not in said:
                said += manager.recv(4096).decode().split("\n")
        finally:
            process.kill()
            process.communicate()


@pytest.mark.real
def test_the_daemon_runs_until_sigterm(tmp_path: Path) -> None:
    path = tmp_path / "s" / "hangd.sock"
    with started(tmp_path, "--player", "simulated", "--socket", str(path), "--server", "ws://127.0.0.1:1/ws") as (
        process,
        said,
    ):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(str(path))
            client.sendall(b'{"command":["get_property","pause"]}\n')
            assert json.loads(client.makefile().readline())["error"] == "success"
    assert process.returncode == 0
    assert "STOPPING=1" in said
    assert not path.exists()


@pytest.mark.real
def test_a_folder_of_films_that_is_not_there_is_told_in_the_log(tmp_path: Path) -> None:
    options = ("--player", "simulated", "--socket", str(tmp_path / "s" / "hangd.sock"))
    with started(tmp_path, *options, "--media-dir", "/nope", "--media-dir", str(tmp_path)) as (process, _):
        assert process.stderr is not None
        for line in process.stderr:
            if "no films are looked for in" in line:
                break
        assert "in /nope: there is no such folder now" in line


@pytest.mark.real
def test_the_server_runs_until_sigterm(tmp_path: Path) -> None:
    with started(tmp_path, "server", "--listen", "127.0.0.1:0", WATCHDOG_USEC="100000000") as (process, said):
        [status] = [one for one in said if one.startswith("STATUS=")]
        found = re.search(r"127\.0\.0\.1:(\d+)", status)
        assert found is not None and "WATCHDOG=1" in said
        socket.create_connection(("127.0.0.1", int(found[1])), 60).close()
    assert process.returncode == 0


@pytest.mark.real
def test_a_port_in_use_ends_the_server_with_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(
            [sys.executable, "-m", "hangd", "server", "--listen", address],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert address in done.stderr and "Traceback" not in done.stderr


@pytest.mark.real
@pytest.mark.parametrize("role", ["run", "server"])
def test_a_socket_from_systemd_is_used(role: str, tmp_path: Path) -> None:
    """As a socket unit does: the socket is descriptor 3, and $LISTEN_PID is the process that runs."""
    arguments = ["--player", "simulated"] if role == "run" else []
    code = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid());"
        "os.execv(sys.executable, [sys.executable, '-m', 'hangd', *sys.argv[2:]])"
    )
    kind = socket.AF_UNIX if role == "run" else socket.AF_INET
    with socket.socket(kind) as listener, socket.socket(kind) as client:
        listener.bind(str(tmp_path / "handed") if role == "run" else ("127.0.0.1", 0))
        listener.listen()
        # Connected before there is a process: it is the backlog's to keep.
        client.settimeout(60)
        client.connect(listener.getsockname())
        hello = (
            b'{"command":["get_property","pause"]}\n' if role == "run" else b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        client.sendall(hello)
        high = os.dup(listener.fileno())
        os.set_inheritable(high, True)
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(high), role, *arguments],
            pass_fds=[high],
            cwd=ROOT,
            env=os.environ | {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "control" if role == "run" else "ws"},
        )
        # From here on it is the child's alone: were that to fail, the client would be told.
        os.close(high)
        listener.close()
        try:
            answer = client.makefile("rb").readline()
            assert b'"error":"success"' in answer if role == "run" else answer.startswith(b"HTTP/1.1 404")
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()


# ---- hangd replay ---------------------------------------------------------------------------------------------------


def trace(*steps: Step) -> str:
    header = Header(format=FORMAT, hangd="0.1", policies=Policies(), title="a try")
    return b"".join([encode(header), *map(encode, steps)]).decode()


def test_a_trace_that_comes_out_the_same_exits_0(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text(trace(Step(1.0, FileOpened("film-1"), [Load("film-1", 1)]), Step(2.5, DeadlineReached(), [])))
    result = hangd("replay", str(path))
    assert (result.exit_code, result.output) == (
        0,
        "hangd 0.1, a try\n2 steps in 1.5 s; corrections: none\ncomes out the same\n",
    )
    assert json.loads(hangd("replay", str(path), "--json").output) == {
        "same": True,
        "steps": 2,
        "span": 1.5,
        "corrections": {},
        "difference": None,
        "hangd": "0.1",
        "player": None,
        "date": None,
        "title": "a try",
    }


def test_a_trace_that_comes_out_otherwise_exits_1_and_says_where(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text(trace(Step(1.0, FileOpened("film-1"), [Load("film-1", 1, 3.0)])))
    result = hangd("replay", str(path))
    assert result.exit_code == 1
    assert result.output.splitlines()[2:] == [
        "line 2, at 1.000000 s, comes out otherwise",
        '  told:     {"type":"FileOpened","path":"film-1","start":0.0,"entry":0}',
        '  recorded: [{"type":"Load","path":"film-1","generation":1,"start":3.0,"entry":0}]',
        '  now:      [{"type":"Load","path":"film-1","generation":1,"start":0.0,"entry":0}]',
    ]
    found = json.loads(hangd("replay", str(path), "--json").output)
    assert (found["same"], found["difference"]["line"], found["difference"]["recorded"][0]["start"]) == (False, 2, 3.0)


def test_what_is_no_trace_exits_2_and_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text(trace() + "\x1b[31m\n")
    result = hangd("replay", str(path))
    assert result.exit_code == 2
    assert result.output.startswith(f"hangd: error: {path} is not a trace: line 2: ")
    assert result.output.count("\n") == 1
    assert hangd("replay", str(tmp_path / "nowhere")).exit_code == 2


def test_replaying_needs_neither_a_player_nor_a_loop(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text(trace(Step(1.0, DeadlineReached(), [])))
    probe = (
        "import sys; from hangd.cli.main import main; main(['replay', sys.argv[1]], standalone_mode=False);"
        " print(sorted({'vlc', 'asyncio', 'websockets', 'uvloop'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe, path], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("comes out the same\n[]\n"), done.stderr
