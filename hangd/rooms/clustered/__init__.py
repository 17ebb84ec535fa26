"""Rooms of a cluster: several servers serve the clients of one room (docs/cluster.md).

Each room runs at one node, its owner, and only there (``owning``). Every node that has clients in it, the owner too, is
an edge (``edge``): it passes on what they say, and carries out what the room orders. Between them are the two ends of
a link (`hangd.engine.cluster`). A server that is alone uses nothing of this.

``items``   what travels on links, as bytes
``owning``  the rooms that run here
``edge``    the rooms that have clients here
``rooms``   all rooms of one node
``limits``  what one network may have at all nodes together
``node``    the life of a node: its beats, its clock, parcels that arrive
``hub``     the hub of a node
"""
