"""`hangd server`: the room server as a process. Composition only; what it does is in hangd.rooms."""
