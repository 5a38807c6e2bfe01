"""What the API shows of an item: pure functions from a folded state to JSON. Lists and single reads share them."""

from __future__ import annotations

from collections.abc import Sequence

from domain.areas import AreaState
from domain.capacity import Line
from domain.claim import ClaimState
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import ProjectState
from domain.round import RoundState
from domain.units import UnitState
from services.items import Item, State, is_delivered
from services.shapes import Doc, Open, instant, ledger, line_of, placed, window


def render(item: Item, open: Open, title: str | None = None) -> Doc:
    """The JSON of any item, its times included. `title` is that of the need, else the offer, of a claim or project."""
    doc = _view(item.state, item.version, open)
    doc["created_at"], doc["updated_at"] = instant(item.created_at), instant(item.updated_at)
    if item.kind in ("claim", "project"):
        doc["title"] = title
    return doc


def need_view(state: NeedState, version: int, open: Open) -> Doc:
    content = state.content
    return {
        **_head(state.id, state.number, state.status, version, content.owner, content.area, content.category),
        "title": open(content.title),
        "public": state.public,
        "note": open(content.note),
        "lines": ledger(state.capacity, state.occurrences, content.windows, tightest=False),
        "cover_pct": state.cover_pct,
        "urgency": content.urgency,
        "windows": [window(w) for w in content.windows],
        "beneficiaries": content.beneficiaries,
        "respond_by": instant(content.respond_by),
        "outside": content.outside,
        "skill": content.skill,
        "vulnerable": content.vulnerable,
        "group": content.group,
        "merged_into": state.merged_into,
        "reopened": state.reopened,
        "projects_fed_back": list(state.fed_back),
    }


def offer_view(state: OfferState, version: int, open: Open) -> Doc:
    """`unit` is the owner: a unit's id, or a committee's area id."""
    content = state.content
    return {
        **_head(state.id, state.number, state.status, version, content.owner, content.area, content.category),
        "unit": content.owner,
        "title": open(content.title),
        "public": state.public,
        "note": open(content.note),
        "lines": ledger(state.capacity, state.occurrences, content.windows, tightest=True),
        "reach": content.reach,
        "windows": [window(w) for w in content.windows],
        "skills": list(content.skills),
        "groups": list(content.groups),
        "minimum": content.minimum,
    }


def claim_view(state: ClaimState, version: int, open: Open) -> Doc:
    """`owner` is who proposed it. A line is held while proposed, committed once accepted, else free."""
    terms, place = state.terms, _CLAIM_PLACES.get(state.status, "free")
    return {
        **_head(state.id, state.number, state.status, version, state.proposed_by.org, terms.area, terms.category),
        "title": None,
        "note": open(state.note),
        "lines": [placed(line, {place: line.quantity}) for line in state.lines],
        "need": terms.need,
        "offer": terms.offer,
        "provider": terms.provider,
        "receiver": terms.receiver,
        "proposed_by": {"org": state.proposed_by.org, "role": state.proposed_by.role},
        "awaiting": list(state.awaiting),
        "members": [
            {"org": m.org, "lines": [line_of(x) for x in m.lines], "status": m.status, "lead": m.lead}
            for m in terms.members
        ],
        "project": state.project,
        "window": window(terms.window) if terms.window else None,
        "expires_at": instant(state.expires_at),
        "counters": state.counters,
        "reinstating": list(state.reinstating),
        "round": state.round,
    }


def project_view(state: ProjectState, version: int, open: Open) -> Doc:
    """`owner` is the provider. Lines: promised = quantity; committed until confirmed, then delivered or free again."""
    return {
        **_head(state.id, state.number, state.status, version, state.provider, state.area, state.category),
        "title": None,
        "lines": [_project_line(state, line) for line in state.lines],
        "claim": state.claim,
        "need": state.need,
        "offer": state.offer,
        "provider": state.provider,
        "members": list(state.members),
        "receiver": state.receiver,
        "milestones": [
            {"id": m.id, "title": open(m.title), "due": m.due.isoformat() if m.due else None, "status": m.status}
            for m in state.milestones
        ],
        "money": {
            "pledged_fen": state.pledged_fen, "received_fen": state.received_fen, "spent_fen": state.spent_fen,
        },
        "beneficiaries": state.beneficiaries,
        "fed_back": state.fed_back,
        "evaluations": [{"role": role, "score": score} for role, score in state.evaluations],
        "due_at": instant(state.due_at),
        "disputed_by": state.disputed_by,
        "outcome": state.outcome,
        "links_until": instant(state.links_until),
    }  # fmt: skip


def unit_view(state: UnitState, version: int, open: Open) -> Doc:
    return {
        **_head(state.id, state.number, state.status, version, state.id, state.areas[0] if state.areas else None, None),
        "unit": state.id,
        "title": state.name,
        "name": state.name,
        "code": state.code,
        "kind": state.kind,
        "areas": list(state.areas),
        "limit": state.limit,
        "lines": [],
    }


def area_view(state: AreaState, version: int, open: Open) -> Doc:
    """`centre` is [longitude, latitude] in millionths of a degree."""
    return {
        **_head(state.id, state.id, state.status, version, state.id, state.id, None),
        "title": state.name,
        "name": state.name,
        "kind": state.kind,
        "parent": state.parent,
        "since": state.since.isoformat(),
        "until": state.until.isoformat() if state.until else None,
        "successor": state.successor,
        "households": state.households,
        "centre": list(state.centre) if state.centre else None,
        "lines": [],
    }


def round_view(state: RoundState, version: int, open: Open) -> Doc:
    """The summary: the pairs are read with the round itself. `claims` and `dropped` count what has become of them;
    `to` is the area that was handed the `escalated` needs."""
    found, digests = state.outcome, state.digests
    return {
        **_head(state.id, state.number, state.status, version, state.area, state.area, state.category),
        "title": None,
        "lines": [],
        "mode": state.mode,
        "wave": state.wave,
        "parent": state.parent,
        "calendar": state.calendar,
        "cutoff": state.cutoff,
        "policy": state.policy,
        "algorithm": state.algorithm,
        "backend": state.backend,
        "needs": found.needs if found else 0,
        "candidates": found.candidates if found else 0,
        "pairs": len(found.pairs) if found else 0,
        "served": found.served if found else 0,
        "full": found.full if found else 0,
        "unserved": len(found.unserved) if found else 0,
        "value": found.value if found else 0,
        "pins": len(state.scope.pins),
        "prohibitions": len(state.scope.prohibitions),
        "result": digests.result if digests else None,
        "claims": len(state.proposed),
        "dropped": len(state.dropped),
        "escalated": list(state.escalated),
        "to": state.to,
    }


_CLAIM_PLACES = {"proposed": "held", "accepted": "committed", "fulfilled": "delivered"}


def _view(state: State, version: int, open: Open) -> Doc:
    match state:
        case NeedState():
            return need_view(state, version, open)
        case OfferState():
            return offer_view(state, version, open)
        case ClaimState():
            return claim_view(state, version, open)
        case ProjectState():
            return project_view(state, version, open)
        case UnitState():
            return unit_view(state, version, open)
        case AreaState():
            return area_view(state, version, open)
        case RoundState():
            return round_view(state, version, open)


def _head(
    id: str, number: str, status: str, version: int, owner: str, area: str | None, category: str | None
) -> Doc:
    return {
        "id": id, "number": number, "status": status, "version": version, "owner": owner, "area": area,
        "category": category,
    }  # fmt: skip


def _project_line(state: ProjectState, line: Line) -> Doc:
    reported, confirmed = _sum(state.reported, line), _sum(state.confirmed, line)
    if state.status in ("active", "reported", "disputed") and not is_delivered(state):
        used = {"committed": line.quantity}
    else:
        used = {"delivered": min(confirmed, line.quantity) if is_delivered(state) else 0}
    return {**placed(line, used), "promised": line.quantity, "reported": reported, "confirmed": confirmed}


def _sum(lines: Sequence[Line], like: Line) -> int:
    return sum(line.quantity for line in lines if (line.kind, line.unit) == (like.kind, like.unit))
