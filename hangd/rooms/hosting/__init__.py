"""Hosting: the rooms that this process owns.

``hosting``      gives inputs to the rooms, does what is due in them, keeps them
``directory``    rooms by id and by alias
``persistence``  writes rooms to the store as they change
``history``      records of what was watched, on their way to the store
``public_list``  the pages of the list of rooms
"""
