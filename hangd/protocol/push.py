"""The requests about invitations by push. docs/push.md says how they are sent."""

from msgspec import Struct

from hangd.protocol import model, names
from hangd.protocol.message import Message, normalise


class PushKeys(Struct, frozen=True):
    """What a message for a browser is encrypted with, as in its PushSubscription."""

    p256dh: model.PushKey
    auth: model.PushAuth


class PushSubscribe(Message, frozen=True):
    """Be invited under this name by push, from now on. Answer: Done.

    The first client that asks for a name has it, and changes it or gives it up by the same secret. Refused as NameTaken
    where another one has it.
    """

    name: model.Name
    endpoint: model.PushEndpoint
    keys: PushKeys
    secret: model.Secret
    """Made by the client. It proves later that the name is its own."""

    def __post_init__(self) -> None:
        normalise(self, "name", names.member_name)


class PushUnsubscribe(Message, frozen=True):
    """Be invited under this name no more. Answer: Done, also where there is no such name, or it is another client's."""

    name: model.Name
    secret: model.Secret

    def __post_init__(self) -> None:
        normalise(self, "name", names.member_name)


class PushInvite(Message, frozen=True):
    """Invite who has subscribed under this name to the sender's room. Answer: Done, whoever there is."""

    name: model.Name
    invite: model.Token | None = None
    """A signed invite to that room, for the link that the notification opens. None: the link says where the room is."""

    def __post_init__(self) -> None:
        normalise(self, "name", names.member_name)


PushRequest = PushSubscribe | PushUnsubscribe | PushInvite
"""Only full clients may make these requests, and only some servers grant them."""
