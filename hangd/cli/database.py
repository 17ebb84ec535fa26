"""``hangd database``: copy everything that a server keeps, put it back, and look whether it is whole."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from hangd.cli.stores import fail, opened, say, store_options

if TYPE_CHECKING:
    from hangd.store.base import Store


@click.group()
def database() -> None:
    """Back up, restore or check what the server keeps: rooms, accounts, bans, history."""


@database.command()
@click.argument("file", metavar="FILE")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@store_options
@click.pass_context
def backup(context: click.Context, /, file: str, force: bool, **_options: object) -> None:
    """Write everything into FILE, as it is at this moment; "-" writes it to stdout. The server may run meanwhile.

    FILE has the hashes of all passwords in it, and the server's keys: only its owner may read it.
    """
    if file != "-" and not force and os.path.lexists(file):
        fail(context, f"{file} is there already: name another file, or replace it with --force")
    with opened(context, tell=file == "-") as store:
        if file == "-":
            for line in store.dump():
                sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            return
        try:
            rows = _write(store, Path(file))
        except OSError as error:
            fail(context, f"{file}: {error.strerror or error}")
        say(f"wrote {rows} rows of {store.where} to {file}")


@database.command()
@click.argument("file", metavar="FILE")
@store_options
@click.pass_context
def restore(context: click.Context, /, file: str, **_options: object) -> None:
    """Read everything from FILE, which "hangd database backup" wrote; "-" reads it from stdin.

    The store must be empty, and no server may run with it. It may be another kind of store than the one that was backed
    up: so a server moves from a file to PostgreSQL, and back.
    """
    from hangd.server.storage import open_alone

    with _reading(context, file) as lines, opened(context, open_alone, tell=False) as store:
        rows = store.restore(lines)
        say(f"put {rows} rows into {store.where}")


@database.command()
@store_options
@click.pass_context
def check(context: click.Context, /, **_options: object) -> None:
    """Read everything, count it, and tell what is damaged; exit 1 if anything is. The server may run meanwhile."""
    with opened(context, tell=False) as store:
        found = store.check()
        say(f"{store.where}, tables of version {found.version}")
        for kind, count in found.counts.items():
            say(f"{kind}: {count}")
        for problem in found.problems:
            click.echo(f"hangd: error: {problem}", err=True)
    context.exit(1 if found.problems else 0)


def _write(store: "Store", path: Path) -> int:
    """Write the backup beside ``path``, and rename it when it is complete. Returns the number of rows."""
    import secrets

    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    rows = -2  # the first line and the last one are none
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            for line in store.dump():
                written.write(line)
                rows += 1
            written.flush()
            os.fsync(written.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return rows


@contextlib.contextmanager
def _reading(context: click.Context, file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        opened_file = open(file, "rb")
    except OSError as error:
        fail(context, f"{file}: {error.strerror or error}")
    with opened_file:
        yield opened_file
