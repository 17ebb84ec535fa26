"""``hangd ban``, ``unban`` and ``bans``: who may not come to a server at all. The server notices within seconds."""

import ipaddress
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from hangd.cli.stores import date, fail, opened, say, say_rows, seconds_of, server_settings, store_options

if TYPE_CHECKING:
    from hangd.store.base import Account, ServerBan, Store

_WIDEST: Final = {4: 8, 6: 19}
"""The shortest prefix of a network that is banned without --force, by IP version: no provider has a larger one."""

_KINDS: Final = {"acc:": "account", "dev:": "device"}
"""By the beginning of a tag."""

_RETURNS: Final = (
    "unless the server has --require-token, whoever has it can come back without the account, as somebody else; "
    "`hangd ban ADDRESS` keeps out a network"
)


@click.command()
@click.argument("who")
@click.option("--account", "is_account", is_flag=True, help="WHO is an account, also if it looks like an address.")
@click.option("--for", "seconds", callback=seconds_of(), metavar="TIME", help="How long: 24h, 7d. [default: for good]")
@click.option("--reason", metavar="TEXT", help="What they are told.")
@click.option("--force", is_flag=True, help="Ban a network also if it is a large part of the internet.")
@store_options
@click.pass_context
def ban(
    context: click.Context,
    /,
    who: str,
    is_account: bool,
    seconds: float | None,
    reason: str | None,
    force: bool,
    **_options: object,
) -> None:
    """Keep somebody out of the server: an account, an address, or a network like 192.0.2.0/24.

    An IPv6 address means its /64, in which one can choose another address. With an account go the devices of its
    members that are in rooms now.
    """
    tag = None if is_account else tag_of(who)
    with opened(context) as store:
        if tag is None:
            ban_account(context, store, who, seconds, reason)
            return
        network = ipaddress.ip_network(tag.partition(":")[2])
        if network.prefixlen < _WIDEST[network.version] and not force:
            fail(
                context,
                f"{network} is so large a part of the internet that it may have you and your friends in it: "
                "name a smaller network, or ban it with --force",
            )
        put(store, tag, str(network), seconds, reason)
        if "/" in who and who.partition("/")[0] != str(network.network_address):
            say(f"{who} means the whole network {network}, {network.num_addresses} addresses")


@click.command()
@click.argument("who")
@store_options
@click.pass_context
def unban(context: click.Context, /, who: str, **_options: object) -> None:
    """Let somebody in again: an account, an address, a network, or the id of a ban."""
    from hangd.protocol.names import member_key

    tag = tag_of(who)
    with opened(context) as store:
        kept = store.bans()
        meant = [one for one in kept if one.ban_id == who or one.tag == tag or member_key(one.name) == member_key(who)]
        # Who is let in is let in by account and by device, whichever of these bans is named.
        persons = {member_key(one.name) for one in meant if one.tag[:4] in _KINDS}
        meant += [one for one in kept if one not in meant and one.tag[:4] in _KINDS and member_key(one.name) in persons]
        lift(context, store, meant, who, elsewhere=wider_than(kept, tag))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@store_options
@click.pass_context
def bans(context: click.Context, /, as_json: bool, **_options: object) -> None:
    """List who is kept out of the server."""
    now = time.time()
    with opened(context) as store:
        found = [one for one in store.bans() if one.holds(now)]
    rows = [
        {
            "id": one.ban_id,
            "who": one.name,
            "kind": _KINDS.get(one.tag[:4], "network"),
            "since": one.created_at if as_json else date(one.created_at),
            "until": one.until if as_json or one.until is None else date(one.until),
            "reason": one.reason,
        }
        for one in sorted(found, key=lambda one: one.created_at)
    ]
    say_rows(rows, as_json=as_json, nothing="nobody is banned from this server")


def ban_account(context: click.Context, store: "Store", name: str, seconds: float | None, reason: str | None) -> None:
    """Ban the account of this name. If there is none, say so, and exit."""
    from hangd.server.trust.tags import account_tag

    account = store.account_named(name)
    if account is None and re.fullmatch(r"c\d+", name):
        fail(
            context, f"{name} is a connection: `hangd admin clients` lists its network and account, which can be banned"
        )
    if account is None:
        fail(
            context,
            f"{name!r} is no account, no address and no network: somebody without an account is kept out of a room by "
            "`hangctl ban`, and of the server by their address",
        )
    put(store, account_tag(account.account_id), account.name, seconds, reason)
    devices = devices_of(store, account)
    for tag in devices:
        put(store, tag, account.name, seconds, reason, quiet=True)
    if devices:
        say(f"and so are {len(devices)} of its devices" if len(devices) > 1 else "and so is its device")
    if not server_settings(context).require_token:
        say(_RETURNS)


def devices_of(store: "Store", account: "Account") -> list[str]:
    """Return the tags of the devices with which this account is a member of rooms now, as far as rooms are kept."""
    from hangd.server.trust.tags import account_tag

    own = account_tag(account.account_id)
    members = [member for kept in store.load() for member in kept.room.members if own in member.tags]
    return sorted({tag for member in members for tag in member.tags if tag.startswith("dev:")})


def tag_of(who: str) -> str | None:
    """Return the tag of the network that is meant. None: what was typed is neither an address nor a network."""
    from hangd.server.trust.bans import network_tag

    try:
        return network_tag(who)
    except ValueError:
        return None


def wider_than(kept: "Sequence[ServerBan]", tag: str | None) -> "list[ServerBan]":
    """Return those of these bans of other networks that have all of this one in them."""
    from hangd.server.trust.bans import NETWORK

    if tag is None:
        return []
    network, found, now = ipaddress.ip_network(tag.removeprefix(NETWORK)), [], time.time()
    for one in kept:
        if not one.tag.startswith(NETWORK) or one.tag == tag or not one.holds(now):
            continue
        try:
            other = ipaddress.ip_network(one.tag.removeprefix(NETWORK))
        except ValueError:  # somebody has written into the store by hand
            continue
        first, last = int(network.network_address), int(network.broadcast_address)
        is_inside = int(other.network_address) <= first and last <= int(other.broadcast_address)
        if other.version == network.version and is_inside:
            found.append(one)
    return found


def put(store: "Store", tag: str, name: str, seconds: float | None, reason: str | None, *, quiet: bool = False) -> None:
    """Ban whoever has this tag. It replaces an older ban of the same, and forgets all that are over."""
    import secrets

    from hangd.store.base import ServerBan

    now = time.time()
    for one in store.bans():
        if one.tag == tag or not one.holds(now):
            store.remove_ban(one.ban_id)
    until = None if seconds is None else now + seconds
    store.put_ban(ServerBan(secrets.token_hex(4), tag, name, now, until, reason))
    if not quiet:
        say(f"{name} is banned " + ("for good" if until is None else f"until {date(until)}"))


def lift(
    context: click.Context, store: "Store", meant: "list[ServerBan]", who: str, elsewhere: "Sequence[ServerBan]" = ()
) -> None:
    """Remove these bans. If there are none, say so, and exit. ``elsewhere``: other bans that still keep them out."""
    still = ", ".join(f"{one.name} (id {one.ban_id})" for one in elsewhere)
    if not meant and still:
        fail(context, f"{who} itself is not banned, but the network is: `hangd unban` lifts {still}")
    if not meant:
        fail(context, f"{who} is not banned: `hangd bans` shows who is")
    for one in meant:
        store.remove_ban(one.ban_id)
    for name in dict.fromkeys(one.name for one in meant):
        say(
            f"{name} may come in again"
            if not still
            else f"{name} is not banned by itself any more, but still by {still}"
        )
