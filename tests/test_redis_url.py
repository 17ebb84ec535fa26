"""URLs of Redis: what is read of them, and what is said of wrong ones."""

import pytest

from hangd.redis_url import RedisPlace, check_redis_url, parse_redis_url


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("redis://127.0.0.1:6379/0", RedisPlace("redis", (("127.0.0.1", 6379),))),
        ("redis://redis.example.org", RedisPlace("redis", (("redis.example.org", 6379),))),
        ("rediss://[::1]:7000/3", RedisPlace("rediss", (("::1", 7000),), database=3)),
        ("redis://[::1]/", RedisPlace("redis", (("::1", 6379),))),
        ("redis://:hunter%2F2@h:1/2", RedisPlace("redis", (("h", 1),), database=2, password="hunter/2")),
        ("redis://hang:hunter2@h", RedisPlace("redis", (("h", 6379),), username="hang", password="hunter2")),
        ("redis://hang@h", RedisPlace("redis", (("h", 6379),), username="hang")),
        ("unix:///run/redis/redis.sock", RedisPlace("unix", (), "/run/redis/redis.sock")),
        ("unix:///r.sock?db=4&password=x", RedisPlace("unix", (), "/r.sock", database=4, password="x")),
        ("unix://hang:x@/r.sock", RedisPlace("unix", (), "/r.sock", username="hang", password="x")),
        (
            "redis+sentinel://:x@a,b:26380,[::1]:26381/films/1",
            RedisPlace(
                "redis+sentinel",
                (("a", 26379), ("b", 26380), ("::1", 26381)),
                service="films",
                database=1,
                password="x",
            ),
        ),
        ("redis+sentinel://a/films", RedisPlace("redis+sentinel", (("a", 26379),), service="films")),
        (
            "rediss://h/0?cacert=/etc/ca.pem&cert=/c.pem&key=/k.pem",
            RedisPlace("rediss", (("h", 6379),), authority="/etc/ca.pem", certificate="/c.pem", key="/k.pem"),
        ),
        (
            "rediss+sentinel://a/films?sentinel_username=watch&cacert=/ca.pem",
            RedisPlace(
                "rediss+sentinel", (("a", 26379),), service="films", authority="/ca.pem", sentinel_username="watch"
            ),
        ),
    ],
)
def test_a_url_is_read(text: str, place: RedisPlace) -> None:
    assert parse_redis_url(text) == place
    assert parse_redis_url(place.shown) == place._replace(password=None), "the same place, without the password"


def test_the_password_of_the_sentinels_is_not_shown() -> None:
    place = parse_redis_url("redis+sentinel://:x@a/films?sentinel_password=hunter2")
    assert (place.password, place.sentinel_password) == ("x", "hunter2")
    assert place.shown == "redis+sentinel://a:26379/films/0"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("localhost:6379", "must be redis://HOST:PORT/0, rediss://HOST:PORT/0, unix:///PATH or redis+sentinel://"),
        ("http://h", "must be redis://"),
        ("", "must be redis://"),
        ("redis://", "must name a host, as in redis://127.0.0.1:6379/0"),
        ("redis://:secret@", "must name a host"),
        ("redis://h:0", "must have a port from 1 to 65535, not '0'"),
        ("redis://h:65536", "must have a port from 1 to 65535, not '65536'"),
        ("redis://h:6379x", "must have a port from 1 to 65535, not '6379x'"),
        ("redis://[::1]x:1", "must have a port from 1 to 65535"),
        ("redis://h/films", "must end with the number of a database of Redis, as in /0, not 'films'"),
        ("redis://h/0/1", "must end with the number"),
        ("redis://h/0?db=1", "must have nothing behind a question mark"),
        ("redis://h/0?cacert=/ca.pem", "must have nothing behind a question mark"),
        ("rediss://h/0?db=1", "must have no 'db' behind the question mark: there may be cacert, cert, key"),
        ("rediss://h/0?cert=/c.pem", "must name both cert=FILE and key=FILE"),
        ("redis+sentinel://h/s?cacert=/c&sentinel_password=secret", "must have no 'cacert'"),
        ("redis://a,b/0", "must name one HOST:PORT; several are for redis+sentinel://"),
        ("redis+sentinel://a,b", "must name the service of the Sentinels"),
        ("redis+sentinel://a,,b/films", "must name a host"),
        ("unix://run/redis.sock", "must have the whole path of Redis' socket"),
        ("unix:///r.sock?database=1", "must have no 'database' behind the question mark"),
        ("redis://:hunter/2@h", "must have %2F for each / in its password"),
        ("redis://:hunter?2@h", "must have %3F for each"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(text: str, sentence: str) -> None:
    with pytest.raises(ValueError) as wrong:
        check_redis_url(text)
    assert str(wrong.value).startswith(sentence)
    assert "hunter" not in str(wrong.value) and "secret" not in str(wrong.value)
