"""The film: what its file is called, and what the file says of itself."""

from pathlib import PurePath
from typing import Final

from hangd.client.control.property_rows import Property, PropertyTable
from hangd.client.control.values import Text

__all__ = ["PROPERTIES"]


def _name(properties: PropertyTable) -> str | None:
    path = properties.path
    return None if path is None else PurePath(path).name


def _bare_name(properties: PropertyTable) -> str | None:
    path = properties.path
    return None if path is None else PurePath(path).stem


PROPERTIES: Final = (
    Property("path", "the film's file, with its folders", Text(), lambda p: p.path),
    Property("filename", "the film's file, without its folders", Text(), _name),
    Property("filename/no-ext", "the film's file, without folders and ending", Text(), _bare_name),
    Property("media-title", "what the film is called", Text(), _name),
)
