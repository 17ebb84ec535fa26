"""What hangctl tells of itself."""

import click

from hangctl.client import NoDaemon
from hangctl.options import Settings, verb
from hangctl.output import emit, emit_json, escape

__all__ = ["completion", "version_"]


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a completion script.

    For bash: hangctl completion bash > ~/.local/share/bash-completion/completions/hangctl
    """
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    assert complete is not None
    emit(complete(context.find_root().command, {}, "hangctl", "_HANGCTL_COMPLETE").source().rstrip("\n"))


@verb("version", reads=True)
@click.pass_obj
def version_(settings: Settings) -> None:
    """Print the versions of hangctl and the daemon."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        own = version("hang-sync")
    except PackageNotFoundError:
        own = "0"  # a source tree that nobody installed
    versions: dict[str, str | None] = {"hangctl": own, "hangd": None}
    try:
        with settings.connect() as connection:
            versions |= connection.read("hang-version")
    except NoDaemon:
        pass
    versions["hangd"] = versions.pop("hang-version", None)
    if settings.json:
        emit_json(versions)
        return
    for name, number in versions.items():
        if number is not None:
            emit(escape(f"{name} {number}"))
