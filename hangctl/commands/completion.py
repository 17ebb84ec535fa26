"""The subcommand completion, which prints a completion script for a shell. ``hangctl.completers`` is called by it."""

import click

from hangctl.output import emit


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
