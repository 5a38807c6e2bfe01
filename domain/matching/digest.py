"""Facts as canonical JSON and back, and the SHA-256 that names them: sorted keys, no spaces, integers and texts only.

A field that is added to a fact later carries `field(default=…, metadata=LATER)`: where it stands at its default it is left
out, so that what was digested before keeps its digest for ever."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, TypeVar

from domain.matching.outcome import Certificate, Outcome, Scope
from domain.matching.policy import Policy
from domain.matching.snapshot import Snapshot

T = TypeVar("T")
LATER = {"later": True}
OPINION = ("certificate", "marks")  # of an outcome: proof and by-product, which solvers may put in other words


def digest(fact: Any) -> str:
    """SHA-256 of the canonical JSON, hex."""
    return hashlib.sha256(canonical(fact)).hexdigest()


@lru_cache(maxsize=8)
def policy_digest(policy: Policy) -> str:
    """As `digest`; asked again and again for the few that are in force."""
    return digest(policy)


def inputs_digest(snapshot: Snapshot, scope: Scope) -> str:
    return digest({"snapshot": plain(snapshot), "scope": plain(scope)})


def result_digest(outcome: Outcome) -> str:
    """Of everything that is decided; the same whichever solver was used."""
    return digest({name: value for name, value in plain(outcome).items() if name not in OPINION})


def certificate_digest(certificate: Certificate) -> str:
    return digest(certificate)


def canonical(fact: Any) -> bytes:
    return json.dumps(plain(fact), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def plain(fact: Any) -> Any:
    """Dataclasses as objects, tuples as lists, times as ISO 8601. TypeError for anything else, floats included."""
    if fact is None or type(fact) in (str, int, bool):
        return fact
    if isinstance(fact, datetime | date):
        return fact.isoformat()
    if isinstance(fact, dict):
        return {name: plain(value) for name, value in fact.items()}
    if isinstance(fact, Sequence):
        return [plain(value) for value in fact]
    if dataclasses.is_dataclass(fact) and not isinstance(fact, type):
        left_out = _later(type(fact))
        values = {name: getattr(fact, name) for name in _fields(type(fact))}
        return {name: plain(value) for name, value in values.items() if name not in left_out or value != left_out[name]}
    raise TypeError(f"not a plain fact: {type(fact).__name__}")


def restored(kind: type[T], data: Any) -> T:
    """The other way round. ValueError when it is not what the type says."""
    found: T = _restored(kind, data)
    return found


def _restored(kind: Any, data: Any) -> Any:
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return _one_of(typing.get_args(kind), data)
    if typing.get_origin(kind) is tuple:
        return _tuple(typing.get_args(kind), data)
    if dataclasses.is_dataclass(kind):
        return _fact(kind, data)
    if kind in (date, datetime) and isinstance(data, str):
        return kind.fromisoformat(data)
    if (kind is type(None) and data is None) or (kind in (str, int, bool) and type(data) is kind):
        return data
    raise ValueError(f"{data!r} is no {getattr(kind, '__name__', kind)}")


def _fact(kind: Any, data: Any) -> Any:
    if not isinstance(data, dict) or set(data) | set(_later(kind)) != set(_fields(kind)):
        raise ValueError(f"not a {kind.__name__}")
    return kind(**{name: _restored(hint, data[name]) for name, hint in _fields(kind).items() if name in data})


def _tuple(kinds: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise ValueError(f"{data!r} is no list")
    inner = (kinds[0],) * len(data) if kinds[1:] == (...,) else kinds
    if len(inner) != len(data):
        raise ValueError(f"{len(data)} instead of {len(inner)}")
    return tuple(_restored(each, value) for each, value in zip(inner, data, strict=True))


def _one_of(kinds: tuple[Any, ...], data: Any) -> Any:
    for kind in kinds:
        try:
            return _restored(kind, data)
        except ValueError:
            continue
    raise ValueError(f"{data!r} is none of {kinds}")


@cache
def _fields(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


@cache
def _later(kind: Any) -> dict[str, Any]:
    """Fields that came later, with their defaults."""
    return {field.name: field.default for field in dataclasses.fields(kind) if field.metadata.get("later")}
