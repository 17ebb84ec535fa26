"""What `hangd config check` looks at beside the settings: the files and the extras that a server with them needs."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from hangd.server.clustered.node import check_cluster, redis_place
from hangd.server.listening import WrongSetting, tls_context
from hangd.server.metrics.opening import check_extra
from hangd.server.settings import ServerSettings
from hangd.server.trust.server_password import ServerPassword
from hangd.server.trust.service import check_accounts
from hangd.store.opening import POSTGRES_NEEDS

_CREDENTIALS: Final = "/run/credentials/"
"""Where systemd puts files for a service, which are there only while it runs."""


def problems(settings: ServerSettings) -> list[str]:
    """Return why a server with these settings would not start, as far as that can be seen without starting it.

    What this user may not read is passed over: the server's user may.
    """
    found = []
    for check in _checks(settings):
        try:
            check()
        except WrongSetting as wrong:
            if not isinstance(wrong.__cause__, PermissionError):
                found.append(str(wrong))
    return found


def _checks(settings: ServerSettings) -> Iterator[Callable[[], object]]:
    certificate, key, password = settings.tls_cert, settings.tls_key, settings.server_password_file
    if not any(map(_is_credential, (certificate, key))):
        yield lambda: tls_context(certificate, key)
    yield lambda: check_cluster(settings)
    yield lambda: check_accounts(settings)
    if settings.cluster is not None and not _is_credential(settings.cluster_password_file):
        yield lambda: redis_place(settings)
    if password is not None and not _is_credential(password):
        yield lambda: ServerPassword(Path(password))
    if settings.metrics is not None:
        yield check_extra
    if settings.database is not None and settings.database.startswith("postgresql:"):
        yield _check_postgres


def _is_credential(path: str | None) -> bool:
    return path is not None and path.startswith(_CREDENTIALS)


def _check_postgres() -> None:
    if importlib.util.find_spec("psycopg") is None:
        raise WrongSetting(f"the database cannot be used: {POSTGRES_NEEDS}")
