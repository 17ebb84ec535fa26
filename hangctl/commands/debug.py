"""The subcommand debug dump, which saves a trace of the daemon for a bug report."""

import click

from hangctl.client import ControlError
from hangctl.options import FILE, Settings, subcommand
from hangctl.output import emit, emit_json, escape, interactive


@subcommand("dump", reads=True)
@click.argument("file", required=False, type=FILE)
@click.pass_obj
def dump(settings: Settings, file: str | None) -> None:
    """Save the last half hour.

    The trace holds what the daemon was told and what it did. It is written to a file in the daemon's state directory,
    whose path is printed; or to FILE, where "-" is stdout. "hangd replay" plays it again. It contains no names, no
    chat, no passwords and no file names.
    """
    if file == "-" and settings.json:
        raise click.UsageError("--json prints the path, and with - there is none")
    path = settings.request(["hang-debug-dump"], action="write a trace")
    if file is not None:
        doing = f"read '{path}'"
        try:
            with open(path, "rb") as stream:
                trace = stream.read()
            doing = f"write '{file}'"
            with click.open_file(file, "wb") as copy:
                copy.write(trace)
        except BrokenPipeError:
            raise  # nobody reads stdout any more, which is no error
        except OSError as error:
            raise ControlError(f"cannot {doing}: {(error.strerror or str(error)).lower()}") from None
    if file == "-":
        return
    path = file or path
    if settings.json:
        emit_json({"path": path})
    else:
        emit(escape(path) if interactive() else path, raw=not interactive())


debug = click.Group("debug", commands=[dump], help="Save a trace of what the daemon was told and did.")
