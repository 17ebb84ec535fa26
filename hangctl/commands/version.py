"""The subcommand version."""

from contextlib import suppress

import click

from hangctl.client import NoDaemon
from hangctl.options import Settings, subcommand
from hangctl.output import emit, emit_json, escape


@subcommand("version", reads=True)
@click.pass_obj
def version(settings: Settings) -> None:
    """Print the versions of hangctl and the daemon."""
    from importlib import metadata

    try:
        own = metadata.version("hang-sync")
    except metadata.PackageNotFoundError:
        own = "0"  # a source tree that is not installed
    daemon = None
    with suppress(NoDaemon), settings.connect() as connection:
        daemon = connection.get_properties("hang-version")["hang-version"]
    if settings.json:
        emit_json({"hangctl": own, "hangd": daemon})
        return
    emit(escape(f"hangctl {own}"))
    if daemon is not None:
        emit(escape(f"hangd {daemon}"))
