"""The edge: who is connected to this process. Peers, sessions and clients, what they are told, and what they may do.

``base``         what the edge knows of a room, and the port to whatever runs rooms
``orders``       carries out what rooms order for clients
``turns``        exceptions of one turn, sending to peers and closing them
``fair_turns``   lets rooms take turns, and members of a busy one wait
``fanout``       writes one frame to many members
``greeting``     answers Hello
``entering``     opens rooms, and asks them to let a client in
``identities``   requests about accounts
``listing``      answers who asks for the public rooms
``guesses``      counts wrong secrets for the network that they come from
``peer``         one connection: its transport, its session, its outbox
``outbox``       messages that wait for a peer that reads too slowly
``waiting_memory``  how much waits for all slow peers together
``clients``      clients by id; a client outlives its connection
``budgets``      what connections share of the limits
``idling``       who is idle, and who gives way in a full server
``journal``      the log's lines about connections
``invitations``  the port to what sends invitations by push
"""
