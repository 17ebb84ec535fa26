"""The messages by which a server tells of a room's films: which one is shown, the queue, and what is known of them."""

from typing import Annotated

from msgspec import Meta

from hangd.protocol import model
from hangd.protocol.message import Message

_Members = Annotated[tuple[model.ClientId, ...], Meta(max_length=model.MEMBERS_MAX)]


class MediaChanged(Message, frozen=True):
    """The room changed to another film, because a member requested it or because the previous film has ended.

    Nobody is ready any more, no start is waited for, and nobody has the film, except ``copies``. A member that has it
    opens it and sends SetFile. From then on the room's gates wait for this member too.
    """

    file_hash: model.FileHash | None
    file: model.FileInfo
    timeline: model.Timeline
    change: model.QueueChange
    copies: _Members = ()
    """The members whose files, as they have told of them, are this film already."""
    verifying: _Members = ()
    """Those of ``copies`` whose files are still to be compared with the whole hash."""
    by: model.ClientId | None = None
    """Who requested it. None: the previous film has ended."""


class QueueChanged(Message, frozen=True):
    """An edit of the queue."""

    change: model.QueueChange
    by: model.ClientId | None = None
    """Who edited it. None: the room has learned what its film is."""


class EntryChanged(Message, frozen=True):
    """More is known of this entry than before: a hash, its duration. The queue's ``rev`` stays as it was."""

    entry: model.QueueEntry


class FilmDescribed(Message, frozen=True):
    """More is known of the film that is shown than before, and it is no entry of the queue, or just became one."""

    file_hash: model.FileHash | None
    file: model.FileInfo


FilmAnswer = MediaChanged | QueueChanged | EntryChanged | FilmDescribed
