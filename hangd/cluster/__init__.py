"""What the servers of one service share, and how they reach each other: the port (``base``), and its implementations
for one server alone (``local``) and over Redis (``redis``).

`hangd.rooms` uses the port: the owner of a room commits what changed, edges look for owners and post to them. Nothing
here knows what a room's fields or a parcel mean. docs/cluster.md says what holds when a part of it fails.
"""
