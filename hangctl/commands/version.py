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
    own = own_version()
    daemon = None
    with suppress(NoDaemon), settings.connect() as connection:
        daemon = connection.get_properties("hang-version")["hang-version"]
    if settings.json:
        emit_json({"hangctl": own, "hangd": daemon})
        return
    emit(escape(f"hangctl {own}"))
    if daemon is not None:
        emit(escape(f"hangd {daemon}"))


def own_version() -> str:
    """Return the version of this hangctl; "0" in a source tree that is not installed."""
    from importlib import metadata

    try:
        return metadata.version("hang-sync")
    except metadata.PackageNotFoundError:
        return "0"
