"""One example of every fact, made from its type: for golden bytes and canaries. The same each time."""

from __future__ import annotations

import dataclasses
import typing
from datetime import UTC, date, datetime
from types import UnionType
from typing import Any

from domain.events import Event, Meta, Plain, Sealed

AT = datetime(2026, 3, 2, 1, 0, 0, 123456, tzinfo=UTC)
META = Meta(
    event_id="0f1e2d3c4b5a69788796a5b4.0", at=AT, actor="key-east",
    command_id="0f1e2d3c4b5a69788796a5b4c3d2e1f001234567",
    correlation="need-0001", rules="9f86d081884c7d65", on_behalf_of="310101001001", basis="phone",
)  # fmt: skip
PLAIN_VALUES = {
    str: "志愿者", int: 20, bool: True, datetime: datetime(2026, 3, 7, 1, 0, tzinfo=UTC), date: date(2026, 3, 7),
}  # fmt: skip


def example(cls: type[Event], text: str = "周末义诊") -> Event:
    """Every field set, every union at its richest, every text plain."""
    made: Event = _value(cls, text, None)
    return made


def least(cls: type[Event], text: str = "周末义诊") -> Event:
    """Only what has no default."""
    made: Event = _value(cls, text, {})
    return made


def like(cls: type[Event], data: dict[str, Any], text: str = "周末义诊") -> Event:
    """The example with only those fields that the stored data has: what came later takes its default."""
    made: Event = _value(cls, text, data)
    return made


def _value(hint: Any, text: str, raw: Any) -> Any:
    """`raw`: what was stored, None for everything that there can be, {} for nothing that can be left out."""
    if hint in PLAIN_VALUES:
        return PLAIN_VALUES[hint]
    if typing.get_origin(hint) in (typing.Union, UnionType):
        members = [member for member in typing.get_args(hint) if member not in (type(None), Sealed)]
        return Plain(text) if Plain in members else _value(members[0], text, raw)
    if typing.get_origin(hint) is tuple:
        first, *rest = typing.get_args(hint)
        kinds = _members(first) if rest == [...] else (first, *rest)
        return tuple(_value(kind, text, raw[n] if isinstance(raw, list) else raw) for n, kind in enumerate(kinds))
    hints = typing.get_type_hints(hint)
    fields = [
        field.name for field in dataclasses.fields(hint) if raw is None or field.name in raw or not _optional(field)
    ]
    return hint(**{name: _value(hints[name], text, raw.get(name, {}) if raw is not None else None) for name in fields})


def _optional(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _members(hint: Any) -> tuple[Any, ...]:
    """All kinds of a union, so that a tuple of windows holds one of each."""
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, UnionType) else (hint,)
