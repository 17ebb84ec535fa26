"""The rooms that run at this node: each has its `Room` machine here, and is told and answers by links alone.

``owned``       all of them, and what is kept of them for the next owner
``owned_room``  one of them, and what it says to its links
``attaching``   what a room is told and says when an edge has attached
``relevance``   which inputs of a link count
``basic``       what is kept of members that say no Hello
"""
