"""Subcommands for the server and who you are there: connect, login, register, logout, whoami and pair."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from hangctl.asking import Asked, ask_password, can_ask, password_of_stdin, read_password
from hangctl.client import Connection, ControlError, Exit, Refused
from hangctl.options import FILE, Settings, subcommand
from hangctl.output import duration_text, emit, emit_json, escape, note, remark
from hangctl.server import at_server, show_motd

_NAMING = "name one behind the command"
_PASSWORD_MIN = 8
"""Characters of an account's password: the protocol's least."""
_name = click.option("--name", metavar="NAME", help="The account's name.")
_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@subcommand("connect")
@click.argument("server", required=False)
@click.option("--password-file", metavar="FILE", type=FILE, help="Read the server's own password from FILE.")
@_from_stdin
@click.pass_obj
def connect(settings: Settings, server: str | None, password_file: str | None, password_stdin: bool) -> None:
    """Connect the daemon to a room server. Without SERVER, to the one that it knows.

    A server may have a password of its own. In a terminal it is asked for, and the daemon keeps it for this server.
    Starts a daemon if there is none.
    """
    if password_stdin and password_file is not None:
        raise click.UsageError("--password-stdin and --password-file exclude each other")
    given = password_of_stdin() if password_stdin else read_password(settings, False, password_file, confirm=False)
    from hangctl.autostart import ensure_daemon

    with ensure_daemon(settings) as connection:
        url = server or _url(connection)
        if url is None:
            raise ControlError("cannot connect: the daemon knows no server", _NAMING)
        at_server(connection, url, lambda _: None, action=f"connect to {url}", naming=_NAMING, password=given)
        remark(f"connected to {_url(connection)}")


@subcommand("login")
@click.argument("server", required=False)
@_name
@_from_stdin
@click.option("--code", metavar="CODE", help="Log in with the code that `hangctl pair` shows on another machine.")
@click.pass_obj
def login(settings: Settings, server: str | None, name: str | None, password_stdin: bool, code: str | None) -> None:
    """Log in at a room server. Without SERVER, at the one that the daemon knows.

    Asks for the name and the password. Where standard input is no terminal, its first line is the password. The daemon
    stays logged in until `hangctl logout`. Starts a daemon if there is none.
    """
    if code is not None and (name is not None or password_stdin):
        raise click.UsageError("--code stands in for the name and the password")
    if code is None:
        _check_name(name, password_stdin)

    def credentials(connection: Connection) -> dict[str, str]:
        _check_server(connection, "log in", is_new=False)
        return {"code": code} if code is not None else _credentials(name, from_stdin=password_stdin, is_new=False)

    hint = "a code is good once and for some minutes: `hangctl pair` shows a new one" if code is not None else None
    _enter(settings, server, "server-login", credentials, action="log in", hints={"Unauthorized": hint})


@subcommand("register")
@click.argument("server", required=False)
@_name
@_from_stdin
@click.option(
    "--invite", metavar="TOKEN", help="What the server's admin gave you, where only the invited may register."
)
@click.pass_obj
def register(
    settings: Settings, server: str | None, name: str | None, password_stdin: bool, invite: str | None
) -> None:
    """Make an account at a room server. Without SERVER, at the one that the daemon knows. You are logged in then.

    Asks for a name, and twice for a password. Where standard input is no terminal, its first line is the password. A
    server that lets only the invited register wants --invite. Starts a daemon if there is none.
    """
    _check_name(name, password_stdin)

    hints = {
        "NameTaken": "choose another name with --name; if the account is yours: `hangctl login`",
        "InvalidInvite": "the server's admin makes one with `hangd user invite`",
    }

    def credentials(connection: Connection) -> dict[str, str]:
        _check_server(connection, "make an account", is_new=True, has_invite=invite is not None)
        given = _credentials(name, from_stdin=password_stdin, is_new=True)
        return given if invite is None else given | {"invite": invite}

    _enter(settings, server, "server-register", credentials, action="make an account", hints=hints)


def _check_name(name: str | None, password_stdin: bool) -> None:
    if name is None and (password_stdin or not sys.stdin.isatty()):
        raise click.UsageError("--name NAME is needed where nobody can be asked for it")


def _check_server(connection: Connection, doing: str, *, is_new: bool, has_invite: bool = False) -> None:
    """Raise ControlError where it is plain that the server grants this to nobody, before anybody types a password.

    Else tell a person where the password goes. ``is_new``: an account is made, with an invite or without one.
    """
    from hangd.urls import is_private

    values = connection.get_properties("server/url", "server/features")
    url, features = str(values["server/url"]), values["server/features"]
    if not is_private(url):
        raise ControlError(
            f"cannot {doing}: everybody on the way to {url} could read the password",
            "it needs a server with TLS, whose URL begins with wss:// or https://",
        )
    if isinstance(features, list):
        if "accounts" not in features:
            raise ControlError(f"cannot {doing}: {url} has no accounts")
        if is_new and "register" not in features and "register-invited" not in features:
            raise ControlError(f"cannot {doing}: at {url} only the server's admin makes accounts")
        if is_new and "register-invited" in features and not has_invite:
            raise ControlError(
                f"cannot {doing}: at {url} only the invited may", "--invite TOKEN is what the server's admin gave you"
            )
    if can_ask():
        note(f"{doing} at {url}")


def _credentials(name: str | None, *, from_stdin: bool, is_new: bool) -> dict[str, str]:
    """Return the name and the password, asked for where they are not given."""
    given_name: str = click.prompt("Name", err=True) if name is None else name
    if from_stdin or not sys.stdin.isatty():
        return {"name": given_name, "password": password_of_stdin()}
    prompt = f"Password (at least {_PASSWORD_MIN} characters)" if is_new else "Password"
    least = _PASSWORD_MIN if is_new else 0
    return {"name": given_name, "password": ask_password(prompt, confirm=is_new, least=least)}


def _enter(
    settings: Settings,
    server: str | None,
    command: str,
    credentials: Callable[[Connection], dict[str, str]],
    *,
    action: str,
    hints: Mapping[str, str | None],
) -> None:
    """Connect to the server, send the command with what ``credentials`` returns, and tell who is logged in.

    ``hints``: what to do about the codes of refusals that mean something else here than elsewhere.
    """
    from hangctl.autostart import ensure_daemon

    given: dict[str, str] = {}

    def work(_: Asked) -> Any:
        given.update(given or credentials(connection))
        try:
            return connection.request({"_name": command, **given}, action=action, on_event=show_motd)[0]
        except Refused as error:
            if error.needs is None and error.code in ("Unauthorized", *hints):
                error.hint = hints.get(error.code or "")  # To log in is what was tried.
            raise

    with ensure_daemon(settings) as connection:
        answer = at_server(connection, server or _url(connection), work, action=action, naming=_NAMING)
    remark(f"logged in as {answer['account']} at {answer['server']}")


@subcommand("logout")
@click.option("--everywhere", is_flag=True, help="End the logins of all your machines, too.")
@click.pass_obj
def logout(settings: Settings, everywhere: bool) -> None:
    """End your login at the server. With --everywhere, those of all your machines end, which leave their rooms."""
    request = {"_name": "server-logout", **({"everywhere": "yes"} if everywhere else {})}
    settings.request(request, action="log out")
    remark("logged out" + (" on all machines" if everywhere else ""))


@subcommand("whoami", reads=True)
@click.pass_obj
def whoami(settings: Settings) -> None:
    """Print the account that you are logged in as. The exit status is 1 if you are not logged in."""
    with settings.connect() as connection:
        values = connection.get_properties("server/account", "server/url", "server/state", "room/members")
    account, server = values["server/account"], values["server/url"]
    # While there is a connection, the server has said who this is, and ends it where that changes.
    knows = "" if values["server/state"] in (None, "connected") else ", as far as this machine knows: not connected"
    own = [member["name"] for member in values["room/members"] or [] if member.get("self")]
    if settings.json:
        emit_json({"account": account, "server": server, "name": own[0] if own else None})
    elif account is not None:
        emit(escape(str(account)))
        remark(f"at {server}" + (f", in the room as {own[0]}" if own and own[0] != account else "") + knows)
    if account is None:
        if not settings.json:
            note("not logged in" + ("" if server is None else f" at {server}") + ": `hangctl login` logs you in")
        raise click.exceptions.Exit(Exit.REFUSED)


@subcommand("pair", reads=True)
@click.pass_obj
def pair(settings: Settings) -> None:
    """Print a code to log in on another machine. It stands in for your name and your password there, once."""
    with settings.connect() as connection:
        answer = connection.request(["server-pair"], action="get a code for another machine")[0]
        server = _url(connection)
    letters = "".join(letter for letter in str(answer["code"]) if letter.isalnum()).upper()
    code = f"{letters[:4]}-{letters[4:]}"
    if settings.json:
        emit_json({"code": code, "expires_in": answer["expires_in"], "server": server})
        return
    emit(escape(code))
    from shlex import quote

    from hangd.urls import is_local

    # An address that only this machine reaches is of no use on another one.
    shown = "SERVER" if server is None or is_local(server) else quote(server)
    remark(f"on the other machine, once and within {duration_text(answer['expires_in'])}:")
    remark(f"hangctl login {shown} --code {code}")
    if shown == "SERVER":
        remark(f"note: SERVER is the address by which that machine reaches {server or 'the server'}")


def _url(connection: Connection) -> str | None:
    url: str | None = connection.get_properties("server/url")["server/url"]
    return url
