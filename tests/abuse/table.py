"""What a server was attacked with, and what happened before it was mended and happens now: as data.

The tests that are named try each row. ``python -m tools.security_table`` prints it for docs/security.md.
"""

from typing import Final, NamedTuple

__all__ = ["AMPLIFIED", "ATTACKS", "Amplified", "Attack"]


class Attack(NamedTuple):
    """One row. ``test`` is a function of this folder, by its file."""

    tried: str
    before: str
    now: str
    test: str


_SILENT: Final = "test_silent.py"
_FLOODS: Final = "test_floods.py"
_CHURN: Final = "test_churn.py"
_GUESSING: Final = "test_guessing.py"
_FRAMES: Final = "test_frames.py"
_CROWDS: Final = "test_crowds.py"

ATTACKS: Final = (
    Attack(
        "1,000 connections that ask nothing",
        "newcomers 11 of 116",
        "all newcomers come in",
        f"{_SILENT}::test_nothing_is_asked",
    ),
    Attack(
        "the same under TLS, without a handshake",
        "not counted; 53 KiB each",
        "counted by address, and refused above that",
        f"{_SILENT}::test_no_tls_handshake",
    ),
    Attack(
        "1,000 WebSockets of ten addresses, silent before or after Hello",
        "ServerFull for newcomers, for good",
        "all newcomers come in",
        f"{_SILENT}::test_silent_websockets",
    ),
    Attack(
        "slowloris: 1,000 send a byte of their request each half second",
        "cut off after 10 s",
        "cut off after 10 s; all newcomers come in",
        f"{_SILENT}::test_slowloris",
    ),
    Attack(
        "connecting and cutting off, 50 at a time",
        "held",
        "held",
        f"{_SILENT}::test_hold_as_many_as_one_address_may",
    ),
    Attack(
        "1,000 members of ten networks, in rooms, where 1,000 clients may be",
        "ServerFull for all newcomers",
        "all newcomers come in, in the place of the networks' last ones",
        f"{_CROWDS}::test_members_of_a_few_networks_fill_the_server",
    ),
    Attack(
        "one network makes connections all the time, with and without TLS",
        "as many as the processor could shake hands with: 870 a second",
        "300 at once and 20 a second, 7 % of a core",
        f"{_CROWDS}::test_one_network_connects_all_the_time",
    ),
    Attack(
        "thousands of networks make connections all the time",
        "the same",
        "1,256 at once and 200 a second; newcomers are refused with them, and the room plays on",
        f"{_CROWDS}::test_thousands_of_networks_connect_all_the_time",
    ),
    Attack(
        "one network asks for the page all the time",
        "as many requests as the processor could answer",
        "4,000 at once and 100 a second",
        f"{_CROWDS}::test_one_network_asks_for_the_page_all_the_time",
    ),
    Attack(
        "450 rooms with the longest queues, by nine networks",
        "1.7 MiB each, without a bound in all",
        "256 MiB in all, and 128 KiB for each room in any case",
        f"{_CROWDS}::test_rooms_with_the_longest_queues",
    ),
    Attack(
        "each of the 35 types of messages, 1,000 times at once",
        "4503",
        "4503",
        f"{_FLOODS}::test_each_type_by_one_member_above_the_rate",
    ),
    Attack(
        "each of the 35 types of messages, at the rate that is allowed",
        "held",
        "held",
        f"{_FLOODS}::test_each_type_by_one_member_at_the_rate",
    ),
    Attack(
        "99 members of one room, 60 messages each at once: Say of one letter, SetReady, SetMedia, GetRoom and others",
        "p99 12.8 s, and newcomers waited as long",
        "p99 13-70 ms; who owes is answered with RateLimited",
        f"{_FLOODS}::test_99_members_of_one_room_at_the_burst",
    ),
    Attack(
        "1,100 times create and leave, by one address or by six",
        "0 of 20 strangers' kept rooms were left",
        "20 of 20",
        f"{_CHURN}::test_rooms_are_made_and_left_more_often_than_there_may_be",
    ),
    Attack(
        "members come into a room and are cut off, 120 of them",
        "RoomFull for newcomers, for 90 s",
        "all newcomers come in",
        f"{_CHURN}::test_ghosts_fill_a_room",
    ),
    Attack(
        "1,020 rooms of one ghost each, by 25 addresses, of 1,000 that there may be",
        "ServerFull: 0 of 10 others can make a room",
        "10 of 10",
        f"{_CHURN}::test_ghosts_fill_the_server",
    ),
    Attack(
        "a room is filled, locked, or shows another film, and its owner comes back by its secret",
        "RoomFull",
        "let in, and host",
        f"{_CHURN}::test_the_owners_secret_lets_in_and_makes_host",
    ),
    Attack(
        "joining and leaving all the time, by 40 connections",
        "held",
        "held; 20 joins a minute each",
        f"{_CHURN}::test_members_join_and_leave_at_the_rate",
    ),
    Attack(
        "a room's password, guessed by 80 connections of eight addresses",
        "131-294 compared in a minute",
        "10 at once, and 12 a minute",
        f"{_GUESSING}::test_a_rooms_password",
    ),
    Attack(
        "a member's resume secret, the same",
        "no limit",
        "20 at once for each network, and 6 a minute",
        f"{_GUESSING}::test_a_resume_secret",
    ),
    Attack(
        "invites, the same",
        "20 at once for each network, and 6 a minute",
        "the same",
        f"{_GUESSING}::test_an_invite",
    ),
    Attack(
        "rooms with passwords, made by 95 connections; a friend joins another room",
        "the friend waited for 28 s",
        "for 2-4 other passwords to be hashed",
        f"{_GUESSING}::test_argon2_beside_a_friend_who_joins",
    ),
    Attack(
        "900 members that do not read, each in a room of its own with a full queue",
        "1.9 GB, kept for good; p99 16 s",
        "256-259 MiB more, all given back; p99 99-116 ms in five runs on a slow machine with nothing else to do, "
        "0.2-0.6 s where others use the processor, too (90 of them: 70 ms)",
        "test_slow_readers.py::test_members_that_do_not_read",
    ),
    Attack(
        "99 members ask for a room with a full queue, ten times each",
        "214 MiB for 38 KiB; p99 360 ms",
        "60 MiB at once and 10 MiB a second for each network",
        "test_amplification.py::test_99_members_ask_for_a_room_with_a_full_queue",
    ),
    Attack(
        "90 clients ask for 300 public rooms with long names",
        "136 MiB for 74 KiB; p99 1.1 s",
        "the same limits",
        "test_amplification.py::test_lists_of_many_rooms_with_long_names",
    ),
    Attack(
        "frames that are compressed, reserved, unmasked, binary, no UTF-8, too long, endless or in the wrong order",
        "closed with 1002, 1007, 1009, 4500 or 4503",
        "the same",
        f"{_FRAMES}::test_frames_as_they_must_not_be",
    ),
    Attack(
        "compression is offered",
        "not taken",
        "not taken",
        f"{_FRAMES}::test_compression_is_not_negotiated",
    ),
    Attack("pages of other sites", "403", "403", f"{_FRAMES}::test_foreign_origins"),
    Attack(
        "HTTP: pipelines, bodies, two lengths, many and long fields, other protocols",
        "held",
        "held",
        f"{_FRAMES}::test_plain_http_beside_the_rooms",
    ),
    Attack(
        "a viewer of a room that only its host controls tells a length of 1 s, or reports the end",
        "the film ended, for all",
        "nothing moves",
        "test_host_only.py::test_a_viewer_does_not_end_the_film",
    ),
    Attack(
        "a viewer invents stalls for five minutes in a room that waits for everyone",
        "the film stood still",
        "44 s of the five minutes",
        "test_host_only.py::test_invented_stalls_do_not_hold_the_film",
    ),
    Attack(
        "1,000,000 mutated frames",
        "held",
        "held",
        "test_mutated.py::test_mutated_frames",
    ),
)


class Amplified(NamedTuple):
    """Bytes: of one message, and of all that the server sent for it before and sends now. At most, rounded up."""

    up: int
    before: int
    now: int


AMPLIFIED: Final = {
    "Ping": Amplified(60, 120, 120),
    "Say, one letter": Amplified(60, 12_000, 12_000),
    "Say, 500 letters": Amplified(2_100, 210_000, 210_000),
    "SetReady": Amplified(70, 130_000, 130_000),
    "Report": Amplified(120, 140_000, 140_000),
    "Play": Amplified(90, 25_000, 25_000),
    "Seek": Amplified(90, 26_000, 26_000),
    "Pause": Amplified(90, 25_000, 25_000),
    "Speed": Amplified(90, 28_000, 28_000),
    "Stop": Amplified(80, 25_000, 25_000),
    "SetFile": Amplified(1_300, 260_000, 260_000),
    "SetPolicy": Amplified(70, 22_000, 22_000),
    "SetRole": Amplified(120, 23_000, 23_000),
    "Kick": Amplified(100, 11_000, 11_000),
    "GetBans": Amplified(60, 50, 50),
    "CreateInvite": Amplified(60, 440, 440),
    "GetInvites": Amplified(60, 130, 130),
    "RevokeInvites": Amplified(80, 50, 50),
    "GetRoom": Amplified(60, 560_000, 560_000),
    "ListRooms": Amplified(60, 420_000, 61_000),
    "QueueMove of one": Amplified(90, 53_000_000, 15_000),
    "QueueMove of all": Amplified(4_200, 53_000_000, 370_000),
    "QueueRemove of one": Amplified(70, 52_000_000, 14_000),
    "QueueInsert of one": Amplified(1_200, 53_000_000, 120_000),
    "QueueRemove of 30": Amplified(300, 49_000_000, 33_000),
    "QueueInsert of 30": Amplified(32_000, 53_000_000, 3_200_000),
    "SetEntry": Amplified(150, 120_000, 120_000),
    "SetMedia of an entry": Amplified(70, 110_000_000, 130_000),
    "SetMedia of a new film": Amplified(1_200, 110_000_000, 390_000),
    "LeaveRoom": Amplified(60, 32_000, 33_000),
    "JoinRoom": Amplified(190, 570_000, 580_000),
}
"""In a room of 99 with 500 entries of the longest names (`tests.abuse.amplification`), by the message."""
