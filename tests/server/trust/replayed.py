"""What was replayed, guessed, or used in a way that was not meant: what happens, and by which test that is known.

``python -m tools.security_table`` prints it for docs/security.md, below what was forged (`tools.forged_table`).
"""

from typing import Final, NamedTuple

__all__ = ["REPLAYED", "Replayed"]


class Replayed(NamedTuple):
    """One row. ``test`` is a function in the folder tests, by its file."""

    kind: str
    tried: str
    outcome: str
    test: str


_ACCOUNTS = "server/trust/test_accounts.py"
_GUESSES = "server/trust/test_guesses.py"
_INVITES = "server/trust/test_forged_invites.py"
_HUB = "rooms/test_trusted_rooms.py"

REPLAYED: Final = (
    Replayed(
        "refresh token",
        "used again after its successor was used",
        "Unauthorized, and the whole login ends, with its connections",
        f"{_ACCOUNTS}::test_a_token_that_is_used_once_more_ends_the_login",
    ),
    Replayed(
        "refresh token",
        "used again within 120 seconds of that, as the network may do",
        "RateLimited; nothing ends",
        "server/trust/test_rotation.py::test_a_request_that_was_delayed_by_the_network_proves_nothing",
    ),
    Replayed(
        "refresh token",
        "one that nobody made",
        "Unauthorized, and a wrong guess of its network",
        f"{_GUESSES}::test_refresh_tokens_that_nobody_made_are_guesses_too",
    ),
    Replayed(
        "invite",
        "used once too often",
        "InvalidInvite",
        f"{_INVITES}::test_an_invite_that_is_used_once_too_often",
    ),
    Replayed(
        "invite",
        "with one use left, used by 50 clients at once",
        "one is let in; InvalidInvite for the others",
        "server/trust/test_attacks.py::test_fifty_clients_use_an_invite_for_one",
    ),
    Replayed(
        "invite",
        "revoked, also before the server was killed",
        "InvalidInvite",
        "server/trust/test_attacks.py::test_revoked_and_used_up_invites_after_the_server_was_killed",
    ),
    Replayed(
        "invite to register",
        "used once too often, also by many at once",
        "InvalidInvite",
        f"{_ACCOUNTS}::test_an_invite_is_not_used_more_often_by_many_at_once",
    ),
    Replayed(
        "resume secret",
        "another member's id with a secret of one's own",
        "a new client is greeted, in no room; a wrong guess",
        f"{_HUB}::test_a_wrong_resume_secret_is_a_wrong_guess_and_the_right_one_is_not_limited",
    ),
    Replayed(
        "pair code",
        "used a second time, or after five minutes",
        "Unauthorized",
        f"{_ACCOUNTS}::test_a_code_is_good_once_and_for_five_minutes",
    ),
    Replayed(
        "pair code",
        "guessed by one network",
        "RateLimited after 5, then one in 5 minutes",
        f"{_GUESSES}::test_pair_codes_are_guessed_five_times_by_one_network",
    ),
    Replayed(
        "pair code",
        "guessed by many networks",
        "RateLimited after 200, then one a second: of 25.6 billion codes",
        f"{_GUESSES}::test_pair_codes_are_guessed_two_hundred_times_by_all",
    ),
    Replayed(
        "password of an account",
        "guessed by one network",
        "RateLimited after 10, then one in 20 seconds",
        f"{_GUESSES}::test_one_network_guesses_ten_passwords_and_then_one_in_twenty_seconds",
    ),
    Replayed(
        "password of an account",
        "guessed for one name by many networks",
        "RateLimited after 20, then one a minute",
        f"{_GUESSES}::test_one_name_is_guessed_twenty_times_from_all_networks_and_then_once_a_minute",
    ),
    Replayed(
        "password of an account",
        "guessed by many requests at the same time",
        "the same limits",
        f"{_GUESSES}::test_guesses_at_the_same_time_do_not_pass_the_limit_together",
    ),
    Replayed(
        "password of a room, secrets of members, forged invites",
        "guessed by one network",
        "RateLimited after 20, then one in 10 seconds; each room has a limit of its own too",
        f"{_HUB}::test_guesses_of_one_network_at_once_are_compared_one_by_one_and_limited",
    ),
    Replayed(
        "password of the server",
        "guessed by one network",
        "as a room's",
        f"{_GUESSES}::test_guesses_of_the_servers_password",
    ),
)
