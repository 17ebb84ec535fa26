"""The table of what was forged, replayed and guessed, as Markdown for docs/security.md. `tools.security_table` puts it
there.

Its rows are the cases of tests/server/trust/test_forged.py and test_forged_invites.py, which try each of them at a real
server, and those of tests/server/trust/replayed.py, each of which names its test.
"""

from collections.abc import Iterable

from tests.server.trust import test_forged, test_forged_invites
from tests.server.trust.replayed import REPLAYED

_ACCESS = "as none in Hello; Authenticate: Unauthorized"
_OUTSIDE = "InvalidMessage, unread"


def rows() -> list[tuple[str, str, str]]:
    """Return what kind of secret it was, what was tried with it, and what happened."""
    access = [("access token", name, _ACCESS) for name in test_forged.FORGED]
    outside = [("access token", name, _OUTSIDE) for name in test_forged.OUTSIDE]
    invites = [
        ("invite", name, f"InvalidInvite: \u201c{why}\u201d") for name, (_, why) in test_forged_invites.FORGED.items()
    ]
    replayed = [(one.kind, one.tried, one.outcome) for one in REPLAYED]
    return [*access, *outside, *invites, *replayed]


def table(lines: Iterable[tuple[str, str, str]]) -> str:
    """Return a table with a row for each kind of secret and outcome, and all that was tried in it."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for kind, name, outcome in lines:
        grouped.setdefault((kind, outcome), []).append(name)
    body = [f"| {kind} | {'; '.join(names)} | {outcome} |" for (kind, outcome), names in grouped.items()]
    return "\n".join(["| What | Tried | What happened |", "| --- | --- | --- |", *body])
