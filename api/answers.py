"""What the API answers: the shapes that OpenAPI promises, and the bytes that keep them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.errors import as_json
from services.boards import Page
from services.command import Done

JSON = "application/json"


class Receipt(BaseModel):
    """Proof of storage: the ledger index (position - 1) and the RFC 6962 leaf hash of the command's last event."""

    index: int
    leaf: str


class DoneOut(BaseModel):
    """The answer to a command; byte-equal whenever it is repeated with its Idempotency-Key."""

    id: str
    number: str | None
    version: int
    status: str
    position: int
    receipt: Receipt


class LinkOut(BaseModel):
    token: str
    url: str | None
    expires_at: str


class LinksOut(DoneOut):
    links: list[LinkOut]


class LineShort(BaseModel):
    kind: str
    unit: str
    quantity: int


class Occurrence(BaseModel):
    start: str
    end: str | None = None
    quantity: int
    held: int
    committed: int
    delivered: int
    free: int


class LineOut(LineShort):
    """free + held + committed + delivered = quantity. With windows the counts are those of one occurrence."""

    held: int
    committed: int
    delivered: int
    free: int
    by_window: list[Occurrence] | None = None


class ItemOut(BaseModel):
    """What all items have in common. `acts`: what the one who asks may do now (single items only)."""

    id: str
    number: str
    status: str
    version: int
    owner: str
    area: str | None
    category: str | None
    title: str | None
    lines: list[LineOut]
    created_at: str
    updated_at: str
    acts: list[str] | None = None


class NeedOut(ItemOut):
    cover_pct: int
    urgency: int
    windows: list[dict[str, Any]]
    beneficiaries: int
    respond_by: str | None
    outside: str | None
    skill: str | None
    vulnerable: bool
    group: str | None
    note: str | None
    merged_into: str | None
    reopened: int
    projects_fed_back: list[str]


class OfferOut(ItemOut):
    unit: str
    reach: str
    windows: list[dict[str, Any]]
    skills: list[str]
    groups: list[str]
    minimum: int
    note: str | None


class ProposerOut(BaseModel):
    org: str
    role: Literal["provider", "receiver", "tier", "matcher"]


class MemberOut(BaseModel):
    org: str
    lines: list[LineShort]
    status: Literal["invited", "joined", "declined", "left"]
    lead: bool


class ClaimOut(ItemOut):
    need: str | None
    offer: str | None
    provider: str
    receiver: str
    proposed_by: ProposerOut
    awaiting: list[str]
    members: list[MemberOut]
    project: str | None
    window: dict[str, Any] | None
    expires_at: str
    note: str | None
    counters: int
    reinstating: list[str]
    round: str | None


class ProjectLine(LineOut):
    promised: int
    reported: int
    confirmed: int


class MilestoneOut(BaseModel):
    id: int
    title: str | None
    due: str | None
    status: Literal["planned", "met", "slipped"]


class MoneyOut(BaseModel):
    pledged_fen: int
    received_fen: int
    spent_fen: int


class EvaluationOut(BaseModel):
    role: str
    score: int


class ProjectOut(ItemOut):
    lines: list[ProjectLine]  # type: ignore[assignment]  # a project's line is a line and more
    claim: str
    need: str | None
    offer: str | None
    provider: str
    members: list[str]
    receiver: str
    milestones: list[MilestoneOut]
    money: MoneyOut
    beneficiaries: int
    fed_back: bool
    evaluations: list[EvaluationOut]
    due_at: str
    disputed_by: str | None
    outcome: str | None
    links_until: str | None


class UnitOut(ItemOut):
    unit: str
    name: str
    code: str
    kind: str
    areas: list[str]
    limit: int | None


class AreaOut(ItemOut):
    name: str
    kind: str
    parent: str | None
    since: str
    until: str | None
    successor: str | None
    households: int
    centre: list[int] | None


class ListOut(BaseModel):
    """`next` is the `cursor` of the next page, null at the end; `position` is what the list is true for."""

    next: str | None
    position: int


class HistoryItem(BaseModel):
    """One fact: `data` as it was, free text opened, null where it was erased."""

    type: str
    at: str
    actor: str
    position: int
    version: int
    on_behalf_of: str | None
    basis: str | None
    data: dict[str, Any]


class HistoryOut(ListOut):
    items: list[HistoryItem]


class EventItem(HistoryItem):
    stream: str


class EventsOut(BaseModel):
    """`next` is the `after` to go on from; `position` the ledger's end."""

    items: list[EventItem]
    next: int
    position: int


KINDS: Mapping[str, type[ItemOut]] = {
    "needs": NeedOut, "offers": OfferOut, "claims": ClaimOut, "projects": ProjectOut, "units": UnitOut,
    "areas": AreaOut,
}  # fmt: skip


def done(answer: Done, status: int = 200, **more: Any) -> Response:
    """The answer to a command; `ETag` is the version."""
    body = {
        "id": answer.id, "number": answer.number, "version": answer.version, "status": answer.status,
        "position": answer.position, "receipt": {"index": answer.index, "leaf": answer.leaf}, **answer.extra, **more,
    }  # fmt: skip
    return Response(as_json(body), status, {"ETag": f'"{answer.version}"'}, JSON)


def page(request: Request, found: Page) -> Response:
    """A list, with a link to its next page (RFC 8288)."""
    body = as_json({"items": found.items, "next": found.next, "position": found.position})
    headers = {}
    if found.next is not None:
        more = request.url.include_query_params(cursor=found.next)
        headers["Link"] = f'<{more.path}?{more.query}>; rel="next"'
    return hashed(request, body, headers)


def hashed(request: Request, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """Tagged by its content."""
    return tagged(request, body, f'W/"{hashlib.sha256(body).hexdigest()[:16]}"', headers)


def tagged(request: Request, body: bytes, etag: str, headers: Mapping[str, str] | None = None) -> Response:
    """The body, or 304 when the one who asks has it already."""
    wearing = {"ETag": etag, **(headers or {})}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag.removeprefix("W/") in known:
        return Response(None, 304, wearing)
    return Response(body, 200, wearing, JSON)


