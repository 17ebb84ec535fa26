"""``hangd run``: the daemon that owns the player, the connection to a room server, and the control socket."""
