"""Who is who at a server, and who may come to it: accounts, tokens, bans, signed invites, guesses.

`service` implements the hub's port `hangd.rooms.trust.Trust`; the other modules are its parts.
"""
