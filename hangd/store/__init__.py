"""What outlives a server: the port (``base``), and its implementation (``sql``) above two engines (``sqlite``,
``postgres``).

The server chooses one (`hangd.server.storage`) and calls it on a thread (``thread``), because it blocks;
`hangd.rooms.hosting.persistence` writes rooms to it. docs/store.md says what is kept and what a crash can lose.
"""
