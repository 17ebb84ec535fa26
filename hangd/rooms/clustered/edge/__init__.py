"""The node as an edge: rooms that have clients here, wherever they run.

``place``        one such room
``deliveries``   carries out what a room says
``unanswered``   requests whose answers may have been lost
``whereabouts``  what the cluster keeps of clients that are connected here
"""
