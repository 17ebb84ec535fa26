"""The on-screen controller: what appears below the film when the mouse moves.

`controller.py` takes the mouse and decides what is shown and when; `state.py` reads what the film and the room are
like; `layout.py` says where everything is, `frame.py` what is drawn there, `drawing.py` draws it, and `views.py` has it
drawn on the window's panels. Drawing runs on the window's thread, all else on the event loop. Nobody but
`hangd.client.desktop.desktop` calls it.
"""
