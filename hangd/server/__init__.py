"""``hangd server``: the room server as a process.

`hangd.cli` calls `hangd.server.app.run`. The package puts sockets, TLS, limits, passwords and the store together with a
`hangd.rooms.hub.Hub`; it never looks at a message, and it is never imported by the client.
"""
