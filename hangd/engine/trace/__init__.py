"""Recordings of a follower's inputs and effects, as lines of JSON, and their replay.

The client's recorder (`hangd.client.follower.trace_recorder`) writes lines with ``trace``; the command
``hangd replay`` and the tests replay them with ``replay``. Nothing here opens a file, and no line tells who a person is
or what they watch.
"""
