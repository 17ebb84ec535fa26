"""Where rooms are kept while no server runs: the port (``base``), in memory, and in an SQLite file (``sql``).

The server chooses one (`hangd.server.storage`), `hangd.rooms.persistence` writes to it. A store blocks, so it is called
on a thread; it never looks into a room. docs/store.md says what is kept and what a crash can lose.
"""
