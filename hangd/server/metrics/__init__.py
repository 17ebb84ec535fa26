"""Metrics of the room server for Prometheus (``--metrics``). Nothing here does anything unless it is asked for.

``opening``    puts the parts together, and says so if prometheus-client is not installed
``sources``    the parts of the server that keep numbers
``collector``  makes metrics of these numbers
``listener``   answers scrapes by HTTP, at a socket of its own
``lag``        measures for how long the event loop keeps others waiting
"""
