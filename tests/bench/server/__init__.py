"""What the room server costs, measured from outside: `make bench-server`.

From ``__main__``, which names the cases, down: ``fanout`` compares servers, ``cases``, ``storm`` and ``watching``
measure hang alone; ``commands`` gives commands as people do; ``processes`` runs the servers, of which ``relays`` and
``relay.js`` are there for the comparison; ``clients`` and ``languages`` are the load.
"""
