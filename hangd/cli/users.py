"""``hangd user``: the accounts of a server, in its store. The server may run meanwhile, and notices within seconds."""

import sys
import time
from typing import TYPE_CHECKING, Final

import click

from hangd.cli.stores import date, fail, opened, say, say_rows, seconds_of, server_settings, store_options

if TYPE_CHECKING:
    from hangd.store.base import Account, Store

_PASSWORD_CHANGED: Final = "the admin of this server has changed your password: log in with the new one"
_INVITE_DAYS_MAX: Final = 30


@click.group()
def user() -> None:
    """Make, list and remove the accounts of a server (the extra "accounts")."""


@user.command()
@click.argument("name")
@store_options
@click.pass_context
def add(context: click.Context, /, name: str, **_options: object) -> None:
    """Make an account. Where the server has not run yet, this makes the file too, and says where.

    The password is asked for. If standard input is not a terminal, its first line is the password.
    """
    _need_extra(context)
    from hangd.server.passwords import hash_password
    from hangd.server.storage import open_shared
    from hangd.server.trust.logins import new_account
    from hangd.store.base import NameInUse

    name = _checked_name(context, name)
    with opened(context, open_shared) as store:
        if store.account_named(name) is not None:
            fail(context, f"there is an account of the name {name}, or of one that looks like it")
        first = not store.accounts()
        password_hash = hash_password(_new_password(context))
        try:
            store.add_account(new_account(name, password_hash, time.time()))
        except NameInUse as error:
            fail(context, str(error))
        where = store.where
    say(f"made the account {name}" + (f", the first in {where}" if first else ""))


@user.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@store_options
@click.pass_context
def list_command(context: click.Context, /, as_json: bool, **_options: object) -> None:
    """List the accounts."""
    from hangd.server.trust.bans import ServerBans
    from hangd.server.trust.tags import account_tag

    now = time.time()
    with opened(context) as store:
        accounts, bans = store.accounts(), ServerBans(store.bans())
        logins = [login for login in store.logins() if login.revoked is None]
    rows = []
    for account in accounts:
        own = [login for login in logins if login.account_id == account.account_id]
        used_at = max((login.used_at for login in own), default=None)
        is_banned = bans.of_tags([account_tag(account.account_id)], now) is not None
        row = {
            "name": account.name,
            "made": account.created_at if as_json else date(account.created_at),
            "logins": len(own),
            "used": used_at if as_json or used_at is None else date(used_at),
            "banned": is_banned if as_json else "yes" if is_banned else "no",
        }
        rows.append(row)
    say_rows(rows, as_json=as_json, nothing="there are no accounts: `hangd user add NAME` makes one")


@user.command()
@click.argument("name")
@store_options
@click.pass_context
def passwd(context: click.Context, /, name: str, **_options: object) -> None:
    """Give an account a new password, and end its logins."""
    from msgspec.structs import replace

    from hangd.server.passwords import hash_password
    from hangd.server.trust.logins import end_all

    with opened(context) as store:
        account = account_of(context, store, name)
        password_hash = hash_password(_new_password(context))
        with store.together():
            store.change_account(replace(account, password_hash=password_hash))
            ended = end_all(store, account.account_id, _PASSWORD_CHANGED)
    say(f"{account.name} has a new password; {len(ended)} logins have ended")


@user.command()
@click.argument("name")
@store_options
@click.pass_context
def remove(context: click.Context, /, name: str, **_options: object) -> None:
    """Remove an account and its logins. Whoever had it may come back as somebody else: `hangd user ban` keeps out."""
    with opened(context) as store:
        account = account_of(context, store, name)
        store.remove_account(account.account_id)
    say(f"removed the account {account.name}")


@user.command()
@click.argument("name")
@click.option("--for", "seconds", callback=seconds_of(), metavar="TIME", help="How long: 24h, 7d. [default: for good]")
@click.option("--reason", metavar="TEXT", help="What they are told.")
@store_options
@click.pass_context
def ban(context: click.Context, /, name: str, seconds: float | None, reason: str | None, **_options: object) -> None:
    """Keep an account out of the server, as `hangd ban --account` does."""
    from hangd.cli.bans import ban_account

    with opened(context) as store:
        ban_account(context, store, name, seconds, reason)


@user.command()
@click.argument("name")
@store_options
@click.pass_context
def unban(context: click.Context, /, name: str, **_options: object) -> None:
    """Let an account in again."""
    from hangd.cli.bans import lift
    from hangd.protocol.names import member_key
    from hangd.server.trust.tags import account_tag

    with opened(context) as store:
        account = account_of(context, store, name)
        tag = account_tag(account.account_id)
        meant = [
            one
            for one in store.bans()
            if one.tag == tag or (one.tag.startswith("dev:") and member_key(one.name) == member_key(account.name))
        ]
        lift(context, store, meant, account.name)


@user.command()
@click.option("--uses", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many accounts it makes.")
@click.option(
    "--expires",
    "seconds",
    callback=seconds_of(_INVITE_DAYS_MAX * 86400.0),
    default="7d",
    metavar="TIME",
    help="How long it is good: 24h, 7d; 30d at most.",
    show_default=True,
)
@store_options
@click.pass_context
def invite(context: click.Context, /, uses: int, seconds: float, **_options: object) -> None:
    """Print an invite with which somebody makes their own account, where the server says --register invited."""
    _need_extra(context)
    import secrets

    from hangd.server.trust.known import Known
    from hangd.server.trust.tokens import RegisterInvite

    wall = time.time()
    with opened(context) as store:
        signer = Known.read(store, wall).signer
    token = signer.register(RegisterInvite(secrets.token_hex(8), uses), seconds=seconds, wall=wall)
    click.echo(token)
    settings = server_settings(context)
    accounts = "one account" if uses == 1 else f"{uses} accounts"
    click.echo(f"It makes {accounts}, until {date(wall + seconds)}. What your friend types:", err=True)
    click.echo(f"  hangctl register {settings.public_url or 'SERVER'} --invite {token}", err=True)
    if settings.register == "closed":
        click.echo("The server has to run with --register invited (or open).", err=True)


@user.command(name="rotate-keys")
@click.option("--forget", is_flag=True, help="Forget the older keys: all invites are void, and clients get new tokens.")
@store_options
@click.pass_context
def rotate_keys(context: click.Context, /, forget: bool, **_options: object) -> None:
    """Sign with a new key from now on. The server does so by itself every 90 days."""
    from hangd.server.trust.keys import prepare_keys

    with opened(context) as store:
        prepare_keys(store, time.time(), rotate=True, forget=forget)
    say("a new key signs from now on" + ("; the older ones are forgotten" if forget else ""))


def account_of(context: click.Context, store: "Store", name: str) -> "Account":
    """Return the account of this name. If there is none, say so, and exit."""
    account = store.account_named(name)
    if account is None:
        fail(context, f"there is no account of the name {name}: `hangd user list` shows those that there are")
    return account


def _need_extra(context: click.Context) -> None:
    from hangd.server.trust.keys import EXTRA_NEEDED, has_extra

    if not has_extra():
        fail(context, EXTRA_NEEDED)


def _checked_name(context: click.Context, name: str) -> str:
    import msgspec

    from hangd.protocol.accounts import Login
    from hangd.protocol.validation import explain

    try:
        return msgspec.convert({"name": name, "password": "-"}, Login).name
    except msgspec.ValidationError as error:
        fail(context, f"NAME {explain(error)[1]}")


def _new_password(context: click.Context) -> str:
    import msgspec

    from hangd.protocol.model import AccountPassword
    from hangd.protocol.validation import explain

    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        return msgspec.convert(password, AccountPassword)
    except msgspec.ValidationError as error:
        fail(context, f"the password {explain(error)[1]}")
