"""What was watched at this machine."""

from typing import Final

from hangd.client.control.language.kinds import Double, Integer
from hangd.client.control.tables.command import Command, Parameter, Waiting

COMMANDS: Final = (
    Command("history", "return what was watched here since this Unix time, the newest so many films, newest first",
        (Parameter("since", Double(low=0.0), 0.0), Parameter("limit", Integer(1, 10_000), 100)),
        lambda context, since, limit: Waiting(context.viewer.history.read(since, limit))),
    Command("history-clear", "forget what was watched here; return how many films that were", (),
        lambda context: Waiting(context.viewer.history.clear())),
)  # fmt: skip
