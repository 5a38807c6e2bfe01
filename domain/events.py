"""What every fact has in common: its envelope, erasable text, and the one way to refuse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


class Refused(Exception):
    """A command that may not happen now. `code` never changes; the sentences say what would help.

    kind: what sort of refusal, read by the one table in `api/errors.py`:
    "invalid" (the body), "state" (not now), "forbidden" (not you), "missing" (not visible to you).
    """

    def __init__(
        self, code: str, zh: str, en: str, *, kind: str = "state", field: str | None = None, legal: tuple[str, ...] = ()
    ) -> None:
        super().__init__(f"{code}: {zh} / {en}")
        self.code, self.zh, self.en, self.kind, self.field, self.legal = code, zh, en, kind, field, legal


@dataclass(frozen=True, slots=True)
class Plain:
    """Free text as it was typed; never stored in this form."""

    text: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """Free text as it is stored: AES-GCM under the item's key `ref`; destroying the key erases it.

    `place` is `stream/version/field`, the associated data; it is not stored but filled in on reading.
    """

    ref: str
    ciphertext: str  # base64
    place: str = ""


Text = Plain | Sealed


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Base of all facts. TYPE and field names are stored for ever: only add."""

    TYPE: ClassVar[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Meta:
    """Who, when and why of one stored event."""

    event_id: str
    at: datetime  # UTC; never before the last one in the ledger
    actor: str  # opaque principal id
    command_id: str
    correlation: str  # the item or round that this act belongs to
    rules: str  # digest of the rule book in force
    on_behalf_of: str | None = None
    basis: str | None = None  # phone, paper, visit, minutes


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """A fact read back from the ledger: `position` counts all events from 1, `version` those of the stream."""

    event: Event
    meta: Meta
    stream: str
    version: int
    position: int
