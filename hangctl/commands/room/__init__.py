"""The subcommands for the room, its members and its rules, and for those who are to come in or to stay out."""
