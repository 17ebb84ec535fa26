"""Where a Redis is: what its URL says, as text and in parts.

It is read where the settings are checked, and where the connection is made. What is wrong with a URL is said without
the URL, which may have a password in it.
"""

from typing import Final, Literal, NamedTuple, cast
from urllib.parse import parse_qsl, unquote, urlencode

from hangd.urls import place

_FORMS: Final = (
    "redis://HOST:PORT/0, rediss://HOST:PORT/0, unix:///PATH or redis+sentinel://HOST:PORT,HOST:PORT/SERVICE/0"
)
_SCHEMES: Final = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
_DATABASE_MAX: Final = 9999

Scheme = Literal["redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel"]


class RedisPlace(NamedTuple):
    """What a URL says."""

    scheme: Scheme
    hosts: tuple[tuple[str, int], ...]
    """Of Redis; of the Sentinels with ``+sentinel``; none with ``unix``."""
    path: str = ""
    """Of the socket, with ``unix``."""
    service: str = ""
    """The name by which the Sentinels know the master."""
    database: int = 0
    username: str | None = None
    password: str | None = None
    authority: str | None = None
    """The file with the certificates of the authorities that are trusted, with TLS. None: the system's."""
    certificate: str | None = None
    """The file with the own certificate, for a Redis that asks for one."""
    key: str | None = None
    """The file with its key."""
    sentinel_username: str | None = None
    sentinel_password: str | None = None
    """With which to log in at the Sentinels. None: they want none."""

    @property
    def is_tls(self) -> bool:
        return self.scheme.startswith("rediss")

    @property
    def shown(self) -> str:
        """The URL without the passwords."""
        user = f"{self.username}@" if self.username else ""
        if self.scheme == "unix":
            return f"unix://{user}{self.path}?db={self.database}"
        service = f"/{self.service}" if self.service else ""
        hosts = ",".join(place(*host) for host in self.hosts)
        options = {"cacert": self.authority, "cert": self.certificate, "key": self.key}
        options["sentinel_username"] = self.sentinel_username
        query = urlencode({name: value for name, value in options.items() if value}, safe="/")
        return f"{self.scheme}://{user}{hosts}{service}/{self.database}" + (f"?{query}" if query else "")


def parse_redis_url(text: str) -> RedisPlace:
    """Return what a URL says.

    Raises:
        ValueError: ``str()`` is the end of a sentence that begins with the option's name.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _SCHEMES:
        raise ValueError(f"must be {_FORMS}, not {scheme[:20]!r}...")
    rest, _, query = rest.partition("?")
    given, at, rest = rest.rpartition("@")
    if not at and ("@" in query or "#" in rest):
        raise ValueError("must have %3F for each ? and %23 for each # in its password")
    if "/" in given:
        raise ValueError("must have %2F for each / in its password")
    username, password = _credentials(given)
    if scheme == "unix":
        return _unix(rest, query, username, password)
    sentinel = scheme.endswith("+sentinel")
    options = _options(query, tls=scheme.startswith("rediss"), sentinel=sentinel)
    hosts, _, path = rest.partition("/")
    service, database = "", path
    if sentinel:
        service, _, database = path.partition("/")
        if not service:
            raise ValueError("must name the service of the Sentinels, as in redis+sentinel://HOST:26379/SERVICE")
    elif "," in hosts:
        raise ValueError("must name one HOST:PORT; several are for redis+sentinel://")
    port = _SENTINEL_PORT if sentinel else _PORT
    return RedisPlace(
        scheme=cast(Scheme, scheme),
        hosts=tuple(_host(host, port) for host in hosts.split(",")),
        service=unquote(service),
        database=_database(database),
        username=username,
        password=password,
        authority=options.get("cacert"),
        certificate=options.get("cert"),
        key=options.get("key"),
        sentinel_username=options.get("sentinel_username"),
        sentinel_password=options.get("sentinel_password"),
    )


def check_redis_url(text: str) -> None:
    """Raises ValueError as `parse_redis_url` does."""
    parse_redis_url(text)


def _unix(path: str, query: str, username: str | None, password: str | None) -> RedisPlace:
    if not path.startswith("/"):
        raise ValueError("must have the whole path of Redis' socket, as in unix:///run/redis/redis.sock")
    more = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := more.keys() - {"db", "password"}:
        raise ValueError(f"must have no {sorted(unknown)[0][:20]!r} behind the question mark: there may be db=0")
    return RedisPlace(
        scheme="unix",
        hosts=(),
        path=unquote(path),
        database=_database(more.get("db", "")),
        username=username,
        password=more.get("password") or password,
    )


def _options(query: str, *, tls: bool, sentinel: bool) -> dict[str, str]:
    """Return what is behind the question mark of a URL with hosts."""
    known = (("cacert", "cert", "key") if tls else ()) + (
        ("sentinel_username", "sentinel_password") if sentinel else ()
    )
    found = dict(parse_qsl(query, keep_blank_values=True))
    if query and not known:
        raise ValueError("must have nothing behind a question mark, except unix:///PATH?db=0")
    if unknown := found.keys() - set(known):
        raise ValueError(
            f"must have no {sorted(unknown)[0][:20]!r} behind the question mark: there may be {', '.join(known)}"
        )
    if ("cert" in found) != ("key" in found):
        raise ValueError("must name both cert=FILE and key=FILE, or none of them")
    return found


def _credentials(text: str) -> tuple[str | None, str | None]:
    username, colon, password = text.partition(":")
    return unquote(username) or None, (unquote(password) or None) if colon else None


def _host(text: str, port: int) -> tuple[str, int]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        colon, number = bool(rest), rest.removeprefix(":")
    else:
        host, found, number = text.partition(":")
        colon = bool(found)
    if not host:
        raise ValueError("must name a host, as in redis://127.0.0.1:6379/0")
    if not colon:
        return host, port
    if not (number.isascii() and number.isdecimal() and len(number) <= 5 and 0 < int(number) <= 65535):
        raise ValueError(f"must have a port from 1 to 65535, not {number[:20]!r}")
    return host, int(number)


def _database(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_DATABASE_MAX))):
        raise ValueError(f"must end with the number of a database of Redis, as in /0, not {text[:20]!r}")
    return int(text)
