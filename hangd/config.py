"""Settings from the command line, ``HANG_*`` environment variables and the config file, in this order of precedence.

The file is TOML with the sections ``[shared]``, ``[client]`` and ``[server]``. A key is the name of a setting; the name
of its variable is ``HANG_`` and that name in capitals. No two sections have a key in common.

All errors are reported at once. A value is validated even if another one overrides it: otherwise the error would appear
only when the variable is removed. Lists in variables are split as a shell splits words, lists of folders as ``$PATH``.
"""

import difflib
import json
import os
import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.inspect import LiteralType, Metadata, Type, UnionType, VarTupleType, type_info

from hangd import paths
from hangd.client.settings import ClientSettings
from hangd.log import Format, Level
from hangd.protocol.validation import explain
from hangd.server.settings import ServerSettings


class SharedSettings(Struct, frozen=True, kw_only=True):
    """The settings of the daemon and of the server."""

    log_level: Level = "info"
    """The least important lines that are logged."""
    log_format: Format = "text"
    """How a line of the log looks: as text, or as a JSON object."""


SECTIONS: Final[dict[str, type[Struct]]] = {
    "shared": SharedSettings,
    "client": ClientSettings,
    "server": ServerSettings,
}
_FIELDS: Final = {
    field.name: (section, field) for section, kind in SECTIONS.items() for field in msgspec.structs.fields(kind)
}

# Variables that are read by hangctl, or before the settings: they are not settings, but not misspelt either.
_OTHER_VARIABLES: Final = ("HANG_CONFIG", "HANG_DEBUG", "HANG_PASSWORD_FILE")

_YES_NO: Final = dict.fromkeys(("yes", "on", "true", "1"), True) | dict.fromkeys(("no", "off", "false", "0"), False)

# A password in a URL, or in an option that seems to set one.
_SECRET: Final = re.compile(
    r"(?<=://)([^/@\s:]*:)[^/@\s]+(?=@)|((?:password|passwd|pwd|token|secret)=)\S+", re.IGNORECASE
)


class ConfigError(Exception):
    """The settings cannot be used. ``problems`` has a line for each error."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Given(NamedTuple):
    """A value from the command line, and the option that it was given with."""

    option: str
    value: object


class Config(Struct, frozen=True):
    """The settings, and for each of them, by name, where it comes from."""

    shared: SharedSettings
    client: ClientSettings
    server: ServerSettings
    origins: dict[str, str]
    warnings: tuple[str, ...]

    def show(self) -> str:
        """Return the settings as TOML, with the origin of each value as a comment. Passwords are masked."""
        blocks = []
        for section in SECTIONS:
            lines = [f"[{section}]"]
            for name, value in msgspec.structs.asdict(getattr(self, section)).items():
                setting = f"# {name} is not set" if value is None else f"{name} = {_toml(value)}"
                lines.append(f"{setting}  # {self.origins.get(name, 'default')}")
            blocks.append("\n".join(lines))
        return "\n\n".join(blocks)


def variables() -> tuple[str, ...]:
    """Return the names of the environment variables of all settings, and of the config file."""
    return ("HANG_CONFIG", *map(variable, _FIELDS))


def config_path(given: str | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the config file: ``given``, else $HANG_CONFIG, else `hangd.paths.config_file`."""
    named = given or environment.get("HANG_CONFIG")
    return Path(named).expanduser().absolute() if named else paths.config_file()


def load(
    *, file: str | None = None, flags: Mapping[str, Given] | None = None, environment: Mapping[str, str] = os.environ
) -> Config:
    """Read the settings. ``flags`` are the values from the command line, by the name of the setting.

    The config file must exist if it was named (``file`` or $HANG_CONFIG); at its default path it need not.

    Raises:
        ConfigError: with all errors.
    """
    problems: list[str] = []
    values: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    origins: dict[str, str] = {}

    def take(name: str, raw: object, origin: str, spoken: str, *, text: bool = False) -> None:
        section, field = _FIELDS[name]
        try:
            values[section][name] = _convert(raw, field.type, text=text)
            origins[name] = origin
        except ValueError as error:
            problems.append(f"{spoken}{error}")

    path = config_path(file, environment)
    required = bool(file or environment.get("HANG_CONFIG"))
    for section, name, raw in _read(path, required, problems):
        take(name, raw, str(path), f"{path}: [{section}] {name}")
    for name in _FIELDS:
        if raw := environment.get(variable(name)):
            take(name, raw, variable(name), variable(name), text=True)
    for name, given in (flags or {}).items():
        take(name, given.value, given.option, given.option, text=True)
    if problems:
        raise ConfigError(problems)
    return Config(
        shared=SharedSettings(**values["shared"]),
        client=ClientSettings(**values["client"]),
        server=ServerSettings(**values["server"]),
        origins=origins,
        warnings=tuple(_misspelt(environment)),
    )


def _read(path: Path, required: bool, problems: list[str]) -> list[tuple[str, str, object]]:
    """Return the settings in the file as (section, name, value). What is no setting is added to ``problems``."""
    try:
        with path.open("rb") as opened:
            document = tomllib.load(opened)
    except FileNotFoundError:
        if required:
            problems.append(f"{path}: there is no such file")
        return []
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror}")
        return []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path}: is not TOML: {error}")
        return []
    found = []
    for section, table in document.items():
        if section not in SECTIONS:
            problems.append(f"{path}: {_unknown(section, 'section', f'[{section}]', SECTIONS)}")
        elif not isinstance(table, dict):
            problems.append(f"{path}: [{section}] must be a section, not a value")
        else:
            for name, value in table.items():
                if name in _FIELDS and _FIELDS[name][0] == section:
                    found.append((section, name, value))
                else:
                    known = SECTIONS[section].__struct_fields__
                    problems.append(f"{path}: [{section}] {_unknown(name, 'setting', name, known)}")
    return found


def _unknown(name: str, kind: str, shown: str, known: Iterable[str]) -> str:
    if name in _FIELDS:
        return f"{shown} belongs in [{_FIELDS[name][0]}]"
    near = difflib.get_close_matches(name.lower().replace("-", "_"), list(known), n=1)
    return f"{shown} is no {kind}" + (f"; did you mean {near[0]}?" if near else "")


def _misspelt(environment: Mapping[str, str]) -> Iterable[str]:
    known = (*variables(), *_OTHER_VARIABLES)
    for name in environment:
        if name.startswith("HANG_") and name not in known:
            if near := difflib.get_close_matches(name, known, n=1, cutoff=0.8):
                yield f"{name} is not read by hangd; did you mean {near[0]}?"


def variable(name: str) -> str:
    """Return the name of the environment variable of a setting."""
    return f"HANG_{name.upper()}"


def _convert(raw: object, kind: Any, *, text: bool) -> object:
    """Convert a value to this type; ``text``: numbers are text. Raises ValueError with the end of a sentence."""
    info, extra = _inspect(type_info(kind))
    is_path = "path" in extra
    if "list" in extra and isinstance(raw, list):
        if not all(isinstance(each, str) for each in raw):
            raise ValueError(f" must be text or a list of texts, not {raw!r}")
        raw = ",".join(raw)
    if text and isinstance(raw, str):
        raw = _parse(raw, info, is_path)
    if isinstance(info, msgspec.inspect.StrType) and not is_path and not _is_unicode(raw):
        raise ValueError(f" must be text in UTF-8, not {raw!r}")
    words, given = (info.item_type, raw) if isinstance(info, VarTupleType) else (info, [raw])
    if isinstance(words, LiteralType) and isinstance(given, list | tuple):
        if wrong := [one for one in given if one not in words.values]:
            raise ValueError(f" must be {' or '.join(map(str, words.values))}, not {wrong[0]!r}")
    try:
        value = msgspec.convert(raw, kind, strict=not text)
    except msgspec.ValidationError as error:
        where, why = explain(error)
        # "or null" would not help: neither TOML nor a variable can express null. A setting that is absent is None.
        raise ValueError(f"{where} {why.replace(' or null', '')}") from None
    try:
        if check := extra.get("check"):
            check(value)
        if normal := extra.get("normal"):
            value = normal(value)
    except ValueError as error:
        raise ValueError(f" {error}") from None
    return _expanded(value) if is_path else value


def _is_unicode(raw: object) -> bool:
    """Return False for text that stands for bytes which are not UTF-8 (lone surrogates), as variables may have them."""
    return not (isinstance(raw, str) and any("\ud800" <= letter <= "\udfff" for letter in raw))


def _parse(raw: str, info: Type, is_path: bool) -> object:
    if isinstance(info, msgspec.inspect.BoolType):
        return _YES_NO.get(raw.lower(), raw)
    if isinstance(info, VarTupleType):
        if is_path:
            return [part for part in raw.split(os.pathsep) if part]
        try:
            return shlex.split(raw)
        except ValueError as error:
            raise ValueError(f" cannot be split into words: {error}") from None
    return raw


def _inspect(info: Type) -> tuple[Type, Mapping[str, Any]]:
    """Return the type without limits and without None, and the ``extra`` of the type or of its items.

    "path": a leading ~ is expanded. "list": a list of texts is joined by commas. "check", "normal": called with
    the value; raise ValueError with the end of a sentence. The setting is what "normal" returns.
    """
    if isinstance(info, Metadata):
        inner, extra = _inspect(info.type)
        return inner, info.extra or extra
    if isinstance(info, UnionType):  # Settings have no other unions than with None.
        return _inspect(next(one for one in info.types if not isinstance(one, msgspec.inspect.NoneType)))
    return info, _inspect(info.item_type)[1] if isinstance(info, VarTupleType) else {}


def _expanded(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(map(_expanded, value))
    return os.path.expanduser(value) if isinstance(value, str) else value


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        # JSON's escapes are valid in TOML. JSON does not escape DEL, and TOML requires it.
        return json.dumps(_mask(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _mask(text: str) -> str:
    return _SECRET.sub(lambda found: (found[1] or found[2]) + "***", text)
