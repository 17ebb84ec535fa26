"""Encrypt one message for one browser and hand it to the browser's push service. It blocks: it runs on a thread."""

import logging
from pathlib import Path
from typing import Final, Literal

from hangd.server.push.book import Subscription

_log = logging.getLogger(__name__)

_TIMEOUT: Final = 10.0
"""Seconds for the push service to accept the connection, and again to answer."""
_LIFETIME: Final = 3600
"""Seconds for which the push service keeps a message for a phone that is off: the film has begun by then."""

Sent = Literal["sent", "gone", "failed"]
"""``gone``: the push service says that there is no such browser any more."""


def send(subscription: Subscription, text: str, key: Path, contact: str) -> Sent:
    """Send a text. Raises nothing but what is a bug; a failure is logged, without the address, which is a secret."""
    import requests
    from pywebpush import WebPushException, webpush

    with requests.Session() as session:
        # A redirect could lead anywhere, also into the server's own network.
        session.max_redirects = 0
        try:
            webpush(
                {
                    "endpoint": subscription.endpoint,
                    "keys": {"p256dh": subscription.p256dh, "auth": subscription.auth},
                },
                text,
                vapid_private_key=str(key),
                vapid_claims={"sub": contact},
                ttl=_LIFETIME,
                timeout=_TIMEOUT,
                headers={"Urgency": "high"},
                requests_session=session,
            )
        except WebPushException as error:
            if error.status_code in (404, 410):
                return "gone"
            _log.warning("a push service refused a message: status %s", error.status_code)
        except requests.RequestException as error:
            _log.warning("a push service cannot be reached: %s", type(error).__name__)
        except ValueError:
            # The key of the browser is no point on the curve: whoever made the subscription made it up.
            return "gone"
        else:
            return "sent"
    return "failed"
