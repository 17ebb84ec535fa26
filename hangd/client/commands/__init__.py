"""Commands of the control socket that ask something of the server, beside those of `hangd.client.server_commands`."""
