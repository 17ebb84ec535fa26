"""Room passwords, with the real argon2."""

from hangd.server.passwords import RoomPasswords


async def test_hash_and_compare() -> None:
    passwords = RoomPasswords()
    hashed = await passwords.hash("correct horse")
    assert hashed.startswith("$argon2id$")
    assert hashed != await passwords.hash("correct horse")
    assert await passwords.matches("correct horse", hashed)
    assert not await passwords.matches("wrong horse", hashed)
    assert not await passwords.matches("correct horse", "no hash at all")
    passwords.close()
