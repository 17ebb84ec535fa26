"""The page for browsers, as the server sends it: ``pages`` its files, ``page_text`` without comments.

``origins`` decides which pages may open a connection to the rooms.
"""
