"""What this person watched, alone and in rooms, kept on this machine.

`history.History` is told by the viewer what happens, and answers control clients. It knows no files of films.
"""
