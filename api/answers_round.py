"""What the API answers about rounds of matching."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from api.answers import ItemOut, LineShort

Mode = Literal["normal", "emergency"]
Status = Literal["opened", "computed", "published", "discarded"]


class RoundRowOut(ItemOut):
    """A round on a list: how many, not which. `result`: the digest of what was computed; `claims` and `dropped`: what has
    become of its pairs; `escalated`: needs that were handed to the area `to`."""

    mode: Mode
    wave: int
    parent: str | None
    calendar: bool
    cutoff: int
    policy: str
    algorithm: str
    backend: str | None
    needs: int
    candidates: int
    pairs: int
    served: int
    full: int
    unserved: int
    value: int
    pins: int
    prohibitions: int
    result: str | None
    claims: int
    dropped: int
    escalated: list[str]
    to: str | None


class NamesOut(BaseModel):
    need: str
    offer: str


class PairOut(NamesOut):
    """`parts`: criterion to points, together the score; `cover`: thousandths of the need; `halves`: common half-days.
    `claim` once it was proposed, or `dropped` with the code of the refusal."""

    unit: str
    lines: list[LineShort]
    window: dict[str, Any] | None
    score: int
    parts: dict[str, int]
    tier: str
    halves: int
    cover: int
    by: Literal["flow", "fill", "pin"]
    claim: str | None
    dropped: str | None


class UnservedOut(BaseModel):
    """How many offers each rule refused; LOST_IN_ROUND: they went to others."""

    need: str
    reasons: dict[str, int]


class RefusedPinOut(NamesOut):
    code: str


class FairnessOut(BaseModel):
    """How evenly things have fallen: before the round, and with it."""

    before: dict[str, int]
    after: dict[str, int]


class DigestsOut(BaseModel):
    """SHA-256, hex: of what the round was made from, of its policy, of what it decides, of the proof."""

    inputs: str
    rules: str
    result: str
    certificate: str


class CertificateOut(BaseModel):
    """Proof that no better choice exists in the network: the prices of its nodes. `unique`: there is no other as good."""

    bits: int
    slots: list[int]
    rooms: list[int]
    chosen: list[int]
    prices: list[int]
    unique: bool


class ScopeOut(BaseModel):
    pins: list[NamesOut]
    prohibitions: list[NamesOut]


class RoundOut(BaseModel):
    """One round, folded from its stream. `at`: its moment in minutes since 1970; `key`: of the lots; `scope`: what people
    decided. What is computed is empty before, and old while `status` is opened again. `acts`: what the one who asks may do."""

    id: str
    number: str
    version: int
    status: Status
    position: int
    area: str
    category: str | None
    mode: Mode
    wave: int
    parent: str | None
    calendar: bool
    cutoff: int
    at: int
    policy: str
    key: str
    algorithm: str
    backend: str | None
    scope: ScopeOut
    created_at: str
    updated_at: str
    needs: int
    candidates: int
    served: int
    full: int
    value: int
    proven: bool
    pairs: list[PairOut]
    unserved: list[UnservedOut]
    refused_pins: list[RefusedPinOut]
    fairness: FairnessOut | None
    digests: DigestsOut | None
    certificate: CertificateOut | None
    published_by: str | None
    escalated: list[str]
    to: str | None
    acts: list[str] | None = None


class SealedOut(BaseModel):
    """One fact of the round with the proof of its place in the ledger; `state`: its bytes, base64; the others hex."""

    position: int
    stream: str
    version: int
    type: str
    state: str
    leaf: str
    prev: str
    path: list[str]


class ExportOut(BaseModel):
    """All that a round's result depends on; `./dev cli round verify FILE` checks it without a database."""

    format: str
    round: str
    district: str
    size: int
    root: str
    algorithm: str
    events: list[SealedOut]
    policy: dict[str, Any]
    snapshot: dict[str, Any]
