"""The control server: sockets, connections, and what each client is sent.

``hangd.client.daemon`` starts `sockets.ControlServer` and closes it. ``accepting`` serves the Unix socket,
``tcp`` and ``token`` TCP; each client has a ``connection``, an ``outbox`` and perhaps ``log_messages``. Nothing
here knows what a command means, except for the ``protocol_commands`` that concern the connection itself.
"""
