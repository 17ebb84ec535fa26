"""How a room is kept in its hash, and what the scripts about rooms are given and answer."""

from typing import Final

from hangd.cluster.base import PUBLIC, Commit, Outcome, Owned
from hangd.cluster.messages import parcel
from hangd.cluster.redis.keys import FIELD, LINK, Keys
from hangd.cluster.redis.wire import Answer, Word

_OUTCOMES: Final = {b"ok": Outcome.OK, b"lost": Outcome.LOST, b"whole": Outcome.WHOLE}


def fields_of(fields: dict[str, bytes]) -> list[Word]:
    """Return names and values of a room's fields, as HSET takes them."""
    words: list[Word] = []
    for name, value in fields.items():
        words += (FIELD + name, value)
    return words


def commit_call(commit: Commit, keys: Keys, node: str, keep_ms: int) -> tuple[str, list[str], list[Word]]:
    """Return the script that carries out a commit, its keys and its arguments."""
    names = [keys.room + commit.room_id, keys.public]
    written: list[Word] = []
    dropped: list[Word] = []
    for name, value in commit.fields.items():
        if value is None:
            dropped.append(FIELD + name)
        else:
            written += (FIELD + name, value)
    for link, number in commit.applied.items():
        written += (LINK + link, number)
    public = ""
    if PUBLIC in commit.fields:
        # Longer than any room in it: a node that comes back takes rooms over as they are, and lists none anew.
        public = "0" if commit.fields[PUBLIC] is None else str(2 * keep_ms)
    words: list[Word] = [node, commit.fence, commit.number, commit.room_id, public, len(written)]
    if commit.whole:
        if commit.alias_key is not None:
            names.append(keys.alias(commit.alias_key))
        words += (keep_ms, keys.room)
        words += written
    else:
        dropped += [LINK + link for link in commit.ended]
        words.append(len(dropped))
        words += written
        words += dropped
    for told, content in commit.parcels:
        words += (keys.inbox + told, parcel(content))
    return "commit_whole" if commit.whole else "commit", names, words


def outcome_of(answer: Answer, keys: Keys) -> tuple[Outcome, list[str]]:
    """Return what became of a commit, and to which nodes its parcels did not get, each once."""
    deaf: list[bytes] = []
    if type(answer) is list:
        answer, *deaf = answer
    outcome = _OUTCOMES.get(answer, Outcome.FAILED) if type(answer) is bytes else Outcome.FAILED
    return outcome, [channel.decode().removeprefix(keys.inbox) for channel in dict.fromkeys(deaf)]


def owned_of(answer: list[bytes]) -> Owned:
    """Return what a new owner has to know, of all that is kept."""
    kept = dict(zip(map(bytes.decode, answer[::2]), answer[1::2], strict=True))
    return Owned(
        fence=int(kept["fence"]),
        number=int(kept["n"]),
        fields={name.removeprefix(FIELD): value for name, value in kept.items() if name.startswith(FIELD)},
        applied={name.removeprefix(LINK): int(value) for name, value in kept.items() if name.startswith(LINK)},
    )
