"""The subcommand completion, which prints a completion script for a shell. ``hangctl.completers`` is called by it."""

import os

import click

from hangctl.output import emit

_SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", required=False, type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str | None) -> None:
    """Print a completion script for bash, zsh or fish; without a name, for the shell in $SHELL.

    For bash: hangctl completion bash > ~/.local/share/bash-completion/completions/hangctl
    """
    from click.shell_completion import get_completion_class

    if shell is None:
        shell = os.path.basename(os.environ.get("SHELL", ""))
        if shell not in _SHELLS:
            raise click.UsageError(f"for which shell? Name one of {', '.join(_SHELLS)}")

    complete = get_completion_class(shell)
    assert complete is not None
    emit(complete(context.find_root().command, {}, "hangctl", "_HANGCTL_COMPLETE").source().rstrip("\n"))
