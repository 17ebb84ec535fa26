"""Hypothesis strategies made from msgspec types: they produce every value within a type's limits, and no other."""

import re
from typing import Any, get_args
from unicodedata import normalize

from hypothesis import strategies as st
from msgspec import NODEFAULT, UNSET, inspect

from hangd.protocol.model import (
    INVITE_ID,
    Alias,
    Device,
    Name,
    PairCodeText,
    PushAuth,
    PushEndpoint,
    PushKey,
    RefreshToken,
    ServerUrl,
    Token,
)
from hangd.protocol.names import member_key

__all__ = ["values"]

_END = r"(?!\n)"
_DEVICE, _PAIR_CODE = (get_args(kind)[1].pattern for kind in (Device, PairCodeText))
_TOKENS = [get_args(kind)[1] for kind in (Token, RefreshToken)]
_ALIAS, _NAME = (get_args(kind)[1].pattern for kind in (Alias, Name))
_URL, _PUSH_URL, _PUSH_KEY, _PUSH_AUTH = (
    get_args(kind)[1].pattern for kind in (ServerUrl, PushEndpoint, PushKey, PushAuth)
)

# Strategies for patterns that random text would hardly ever match. For other patterns random text is filtered.
_NARROW = {
    "^[0-9a-f]{64}$": st.text("0123456789abcdef", min_size=64, max_size=64),
    _PUSH_URL.removesuffix(_END): st.text("a:/?#%", min_size=1, max_size=20).map("https://h{}".format),
    _PUSH_KEY.removesuffix(_END): st.text("aZ09_-", min_size=87, max_size=87),
    _PUSH_AUTH.removesuffix(_END): st.text("aZ09_-", min_size=22, max_size=22),
    _DEVICE.removesuffix(_END): st.text("aZ09_-", min_size=43, max_size=43),
    _PAIR_CODE.removesuffix(_END): st.sampled_from(["BCDF-GHJK", "bcdfghjk", "BCDF GHJK"]),
    INVITE_ID.removesuffix(_END): st.builds(
        "{}-{}{}-{}".format,
        st.integers(0, 2000),
        st.sampled_from("iu"),
        st.integers(1, 99),
        st.text("0af", min_size=1, max_size=4),
    ),
    _URL.removesuffix(_END): st.text("aé:/?#", min_size=1, max_size=20).map("wss://h{}".format),
    # What `hangd.protocol.names` leaves as it is. A pattern allows a little more.
    _ALIAS.removesuffix(_END): st.text("aZ0 ._-'ßéцあ🎬", min_size=1, max_size=64),
    _NAME.removesuffix(_END): st.text("aZ0 ._-'ßéцあ🎬\u200d\u202e", min_size=1, max_size=32).filter(member_key),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a type: a struct, a union, or the type of a field."""
    # msgspec itself has no union of structs that only the envelope tells apart, so the types are taken one by one.
    return st.one_of([_of(info) for info in inspect.multi_type_info(get_args(kind) or [kind])])


def _of(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.Metadata():
            return _of(info.type)
        case inspect.StructType():
            return st.builds(info.cls, **{field.name: _field(field) for field in info.fields})
        case inspect.UnionType():
            return st.one_of([_of(one) for one in info.types])
        case inspect.LiteralType():
            return st.sampled_from(info.values)
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            # Without limits of its own: the integers that every JSON implementation represents exactly.
            low, high = -(2**53) + 1 if info.ge is None else info.ge, 2**53 - 1 if info.le is None else info.le
            return st.integers(low, high)
        case inspect.FloatType():
            return st.floats(info.ge, info.le, allow_nan=False, allow_infinity=False)
        case inspect.BytesType():
            return st.binary(max_size=32)
        case inspect.StrType():
            return _text(info)
        case inspect.VarTupleType():
            most = 3 if info.max_length is None else min(3, info.max_length)
            return st.lists(_of(info.item_type), min_size=info.min_length or 0, max_size=most).map(tuple)
        case inspect.DictType():
            return st.dictionaries(_of(info.key_type), _of(info.value_type), max_size=3)
        case _:
            raise NotImplementedError(f"no strategy for {info}")


def _field(field: inspect.Field) -> st.SearchStrategy[Any]:
    made = _of(field.type)
    # A missing field and a field with its default value are the same message; both should be frequent.
    default = field.default
    return made if field.required or default is NODEFAULT or default is UNSET else st.just(default) | made


def _text(info: inspect.StrType) -> st.SearchStrategy[str]:
    least, most = info.min_length or 0, 12 if info.max_length is None else info.max_length
    if info.pattern is None:
        # In NFC, because names are normalised when a message is made, and may become longer by that.
        texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=least, max_size=most)
        return texts.map(lambda text: normalize("NFC", text)[:most])
    free = st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=least, max_size=most
    )
    if info.pattern in [token.pattern for token in _TOKENS]:
        return st.text("aZ0._-", min_size=least, max_size=least + 20)
    return _NARROW.get(info.pattern.removesuffix(_END), free).filter(re.compile(info.pattern).search)
