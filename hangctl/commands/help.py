"""The subcommand help, which shows the manual."""

import click

from hangctl.options import Completer


def _topics() -> Completer:
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from hangctl.main import SUBCOMMANDS
        from hangd.manual.show import PAGES

        return [word for word in (*PAGES, *SUBCOMMANDS) if word.startswith(incomplete)]

    return complete


@click.command("help")
@click.argument("topic", nargs=-1, shell_complete=_topics())
def help_(topic: tuple[str, ...]) -> None:
    """Show the manual, or the part on one command.

    TOPIC is a command, or one of the manual's pages: hangctl, hangd, hangd-server, hang.toml,
    hang-input, hang-ipc, hang-protocol.
    """
    from hangd.manual.show import NoSuchTopic, show

    try:
        show(" ".join(topic), "hangctl")
    except NoSuchTopic as error:
        raise click.UsageError(str(error)) from None
