"""Bindings: what keys are bound to by hang itself, by the user's file and by clients, and which of it counts."""

from collections.abc import Iterable
from typing import Final

from hangd.client.control.language.input_conf import DEFAULT_SECTION, Binding
from hangd.client.control.language.key_names import SEQUENCE_MAX

_Place = tuple[str, bool, str]
"""Section, whether the binding is weak, and key: a binding takes the place of the one before it."""
OF_CLIENTS_MAX: Final = 1000
IGNORE: Final = "ignore"
"""The command of a key that does nothing. It does not end a sequence of keys either."""


class Bindings:
    def __init__(self) -> None:
        self.uses_defaults = True
        """Whether weak bindings count."""
        self._defaults: dict[_Place, Binding] = {}
        self._of_file: dict[_Place, Binding] = {}
        self._of_clients: dict[_Place, Binding] = {}
        self._pressed: list[str] = []
        """The last keys that were pressed and have not been part of anything yet."""
        self._held: tuple[str, Binding] | None = None

    # ---- which there are --------------------------------------------------------------------------------------------

    def set_defaults(self, bindings: Iterable[Binding]) -> None:
        self._defaults = _by_place(bindings)

    def set_file(self, bindings: Iterable[Binding]) -> None:
        """Take these for the bindings of the user's file, in place of those that it had before."""
        self._of_file = _by_place(bindings)

    def bind(self, binding: Binding) -> bool:
        """Bind a key for a control client. Returns False if clients have bound too many others."""
        places = {**self._of_clients, **_by_place([binding])}
        if len(places) > OF_CLIENTS_MAX:
            return False
        self._of_clients = places
        return True

    def all(self) -> list[Binding]:
        """Return all bindings; of those in one place, the last one."""
        return [*self._places().values()]

    def effective(self) -> list[Binding]:
        """Return the bindings that count, one for each key."""
        places = [each for each in self.all() if each.section == DEFAULT_SECTION]
        strong = {each.key for each in places if not each.is_weak}
        return [each for each in places if not each.is_weak or (self.uses_defaults and each.key not in strong)]

    def _places(self) -> dict[_Place, Binding]:
        return {**self._defaults, **self._of_file, **self._of_clients}

    # ---- which is meant ---------------------------------------------------------------------------------------------

    def pressed(self, key: str) -> Binding | None:
        """Return what is to be done now that this key was pressed; None: it is not bound.

        Of several bindings that end with this key, the one with the most keys before it counts, but a strong one
        before every weak one.
        """
        keys = [*self._pressed, key][-SEQUENCE_MAX:]
        places = self._places()
        self._held = None
        for is_weak in (False, True) if self.uses_defaults else (False,):
            for start in range(len(keys)):
                binding = places.get((DEFAULT_SECTION, is_weak, "-".join(keys[start:])))
                if binding is not None:
                    self._pressed = keys if binding.command == IGNORE else []
                    self._held = key, binding
                    return binding
        self._pressed = keys
        return None

    def repeated(self, key: str) -> Binding | None:
        """Return what is to be done again, because this key is held down since it was pressed last."""
        return self._held[1] if self._held is not None and self._held[0] == key else None


def together(bindings: Iterable[Binding]) -> dict[tuple[str, str], list[str]]:
    """Return the keys that do the same, by command and comment; without those that do nothing."""
    same: dict[tuple[str, str], list[str]] = {}
    for each in bindings:
        if each.command != IGNORE:
            same.setdefault((" ".join(each.command.split()), each.comment), []).append(each.key)
    return same


def _by_place(bindings: Iterable[Binding]) -> dict[_Place, Binding]:
    return {(each.section, each.is_weak, each.key): each for each in bindings}
