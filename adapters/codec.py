"""Facts to bytes and back. The one place that lists every event; what is not listed is not read."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import orjson
from pydantic import ConfigDict, TypeAdapter

from domain import areas, claim, delegation, need, offer, policy_draft, project, round, rules, suggestion, units
from domain.events import Event, Meta, Plain, Recorded, Sealed
from services.ports import Stored, Vault

MODULES = (areas, units, rules, policy_draft, need, offer, claim, project, delegation, round, suggestion)
REGISTRY: dict[str, type[Event]] = {
    cls.TYPE: cls
    for module in MODULES
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, Event) and cls is not Event
}
T = TypeVar("T")
_ENVELOPE = tuple(field.name for field in dataclasses.fields(Meta) if field.name != "event_id")


class UnknownType(ValueError):
    """Data written by a newer version, or not by us."""


class JsonCodec:
    """`{"event_id": …, "at": …, …, "data": {…}}`; free text inside data is `{"ref": …, "ciphertext": …}`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._adapters, self._meta = _adapters()
        self._dumps = {cls: adapter.serializer.to_json for cls, adapter in self._adapters.items()}
        self._texts = _texts()
        self._places = {cls: _places(paths) for cls, paths in self._texts.items()}

    def seal(self, event: Event, *, stream: str, version: int, key: str) -> Event:
        place = f"{stream}/{version}/"
        return _changed(event, self._texts[type(event)], lambda text, name: self._sealed(text, place + name, key))

    def has_plain(self, event: Event) -> bool:
        for path in self._texts[type(event)]:  # noqa: SIM110 - asked of every fact, and any() takes twice as long
            if type(_at(event, path)) is Plain:
                return True
        return False

    def key_of(self, event: Event) -> str | None:
        """The key its text is sealed under, if it has any."""
        found = (_at(event, path) for path in self._texts[type(event)])
        return next((text.ref for text in found if isinstance(text, Sealed)), None)

    def encode(self, event: Event, meta: Meta) -> bytes:
        return self.encode_data(event, self.encode_meta(meta), meta.event_id)

    def encode_meta(self, meta: Meta) -> bytes:
        """The envelope without the event id: the same for all events of one command."""
        envelope = {name: value for name in _ENVELOPE if (value := getattr(meta, name)) is not None}
        return orjson.dumps(envelope, option=orjson.OPT_UTC_Z)[1:-1]

    def encode_data(self, event: Event, envelope: bytes, event_id: str) -> bytes:
        assert not self.has_plain(event), "plain text must be sealed before it is stored"
        cls = type(event)
        data = self._dumps[cls](event, exclude=self._places[cls], exclude_none=True)
        return b'{"event_id":"%b",%b,"data":%b}' % (event_id.encode(), envelope, data)

    def decode(self, stored: Stored) -> Recorded:
        """Fields that came later take their defaults; a TYPE or a field that we do not know is refused (ValueError),
        never dropped: it was written by a newer version."""
        cls = REGISTRY.get(stored.type)
        if cls is None:
            raise UnknownType(f"{stored.type} at position {stored.position}: written by a newer version?")
        raw = orjson.loads(stored.state)
        data = raw.pop("data")
        for path in self._texts[cls]:
            _place(data, path, f"{stored.stream}/{stored.version}/{path[-1]}")
        event, meta = self._adapters[cls].validate_python(data), self._meta.validate_python(raw)
        return Recorded(event=event, meta=meta, stream=stored.stream, version=stored.version, position=stored.position)

    def peek(self, stored: Stored) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(stored.state)
        return found

    def pack(self, answer: Mapping[str, Any]) -> bytes:
        return orjson.dumps(answer)

    def unpack(self, packed: bytes) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(packed)
        return found

    def _sealed(self, text: Plain | Sealed, place: str, key: str) -> Sealed:
        if isinstance(text, Sealed):
            opened = self._vault.open(text)
            return text if opened is None else self._vault.seal(key, opened, place)
        return self._vault.seal(key, text.text, place)


@cache
def _adapters() -> tuple[dict[type[Event], TypeAdapter[Any]], TypeAdapter[Meta]]:
    """Of all facts, and of their envelope. Made once: it takes longer than reading thousands of them."""
    for cls in (Meta, *REGISTRY.values()):
        _refuse_unknown_fields(cls)
    return {cls: TypeAdapter(cls) for cls in REGISTRY.values()}, TypeAdapter(Meta)


def _refuse_unknown_fields(cls: Any) -> None:
    """Of a fact and of everything that it is made of; pydantic takes its settings from the class."""
    fact = dataclasses.is_dataclass(cls)
    if fact:
        setattr(cls, "__pydantic_config__", ConfigDict(extra="forbid"))  # noqa: B010 - undeclared
    for part in typing.get_type_hints(cls).values() if fact else typing.get_args(cls):
        _refuse_unknown_fields(part)


def _place(data: Any, path: tuple[str, ...], place: str) -> None:
    """Tells a stored text where it stands. One that is not sealed has no place, and is refused for it."""
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    if isinstance(data, dict):
        data["place"] = place


@cache
def _texts() -> dict[type[Event], tuple[tuple[str, ...], ...]]:
    """Where each fact holds free text; looked up once."""
    return {cls: _text_paths(cls) for cls in REGISTRY.values()}


def _text_paths(cls: type) -> tuple[tuple[str, ...], ...]:
    """Where a fact holds free text: its own fields, and those of the content it carries."""
    paths: list[tuple[str, ...]] = []
    for name, hint in typing.get_type_hints(cls).items():
        members = _members(hint)
        if Plain in members:
            paths.append((name,))
        for member in members:
            if dataclasses.is_dataclass(member) and name == "content":
                paths += [(name, inner) for (inner,) in _text_paths(typing.cast(type, member))]
    return tuple(paths)


def _places(paths: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    """What is not stored: the place of each sealed text, as pydantic's `exclude` wants it."""
    unstored: dict[str, Any] = {}
    for path in paths:
        inner = unstored
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = {"place"}
    return unstored


def _members(hint: Any) -> tuple[Any, ...]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return tuple(m for arg in typing.get_args(hint) for m in _members(arg))
    return (hint,)


def _at(event: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        event = None if event is None else getattr(event, name)
    return event


def _changed(event: T, paths: tuple[tuple[str, ...], ...], change: Callable[[Plain | Sealed, str], Sealed]) -> T:
    """The same fact with all its texts changed; without any, itself."""
    own: dict[str, Any] = {}
    inner: dict[str, Any] = {}
    for path in paths:
        text = _at(event, path)
        if text is not None:
            (own if len(path) == 1 else inner)[path[-1]] = change(text, path[-1])
    if inner:
        own["content"] = _copy(_at(event, ("content",)), inner)
    return _copy(event, own) if own else event


def _copy(fact: T, changes: dict[str, Any]) -> T:
    """As `dataclasses.replace`, three times as fast: every fact that is written or read passes here."""
    copy = object.__new__(type(fact))
    for name in type(fact).__slots__:  # type: ignore[attr-defined]  # facts have slots
        object.__setattr__(copy, name, changes[name] if name in changes else getattr(fact, name))
    return copy
